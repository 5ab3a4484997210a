"""Executors that note what they are given: no kernel, but everything that a kernel is asked."""

import asyncio
from dataclasses import dataclass, field

from leonidas_jupyter.assistant.executors import Execution


@dataclass
class Kernel:
    """Runs nothing, and says so; ``names`` are the user's own variables."""

    names: set[str] = field(default_factory=set)
    ran: list[str] = field(default_factory=list)
    allowed: list[tuple[str, ...]] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    hold: asyncio.Event | None = None
    error: str | None = None
    text: str = "printed 41.5"

    async def run(self, code, frames, *, may_overwrite=()):
        self.ran.append(code)
        self.allowed.append(tuple(may_overwrite))
        self.begun.set()
        if self.hold is not None:
            await self.hold.wait()
        return Execution(
            ok=self.error is None,
            text=self.text,
            outputs=[{"text/plain": self.text}],
            error=self.error,
            frames=list(frames),
        )

    async def overwrites(self, code):
        return sorted(name for name in self.names if f"{name} =" in code)

    async def write(self, kept, target):
        raise AssertionError(f"nobody saves {kept} to {target} here")


@dataclass
class Kernels:
    """One session kernel and one notebook, whoever asks."""

    own: Kernel = field(default_factory=Kernel)
    notebook: Kernel = field(default_factory=Kernel)
    places: list[object] = field(default_factory=list)

    def session(self, place):
        self.places.append(place)
        return self.own

    def kernel(self, place, kernel_id):
        self.places.append((place, kernel_id))
        return self.notebook
