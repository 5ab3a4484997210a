"""The executors of one process: kernels by session, ended when they are idle or not needed."""

import asyncio
import logging
from pathlib import Path

from leonidas_jupyter.assistant.executors.base import Executor, Kernels, Place
from leonidas_jupyter.assistant.executors.notebook import NotebookKernel
from leonidas_jupyter.assistant.executors.session import (
    SessionKernel,
    SessionState,
    remove_folder,
)
from leonidas_jupyter.assistant.executors.worker import Limits

log = logging.getLogger(__name__)

MAX_CULL_SECONDS = 60.0
"""How often, at least, it is looked for kernels that do nothing."""


class KernelExecutors:
    """Executors over the kernels of a Jupyter server; see `base.Executors`.

    ``directory`` holds a folder for each session, in which its kernel works.
    """

    def __init__(self, kernels: Kernels, directory: Path, limits: Limits) -> None:
        self._kernels = kernels
        self._directory = directory
        self._limits = limits
        self._sessions: dict[str, SessionState] = {}
        self._notebooks: dict[str, SessionState] = {}
        self._culling: asyncio.Task[None] | None = None
        self._closed = False

    def session(self, place: Place) -> SessionKernel:
        """As `base.Executors.session`."""
        state = self._sessions.get(place.session_id)
        if state is None:
            state = SessionState(self._directory / place.session_id)
            self._sessions[place.session_id] = state
        if self._culling is None and not self._closed:
            self._culling = asyncio.create_task(self._cull_now_and_then())
        return SessionKernel(place, state, self._kernels, self._limits)

    def kernel(self, place: Place, kernel_id: str) -> Executor:
        """As `base.Executors.kernel`."""
        state = self._notebooks.setdefault(kernel_id, SessionState(self._directory))
        other = self.session(place)
        return NotebookKernel(kernel_id, place, state, self._kernels, self._limits, other)

    async def refresh(self, session_id: str) -> None:
        """As `base.Executors.refresh`."""
        state = self._sessions.get(session_id)
        if state is not None:
            await state.halt(self._kernels)
        await asyncio.to_thread(remove_folder, self._directory / session_id)

    async def forget(self, session_id: str) -> None:
        """As `base.Executors.forget`."""
        if (state := self._sessions.get(session_id)) is not None:
            state.gone = True
        await self.refresh(session_id)
        self._sessions.pop(session_id, None)

    async def close(self) -> None:
        """As `base.Executors.close`; notebooks' kernels live on."""
        self._closed = True
        if self._culling is not None:
            self._culling.cancel()
            await asyncio.wait([self._culling])
        await asyncio.gather(
            *(state.halt(self._kernels) for state in self._sessions.values()),
            *(state.leave() for state in self._notebooks.values()),
        )

    async def cull(self) -> None:
        """End the sessions' kernels that have done nothing for long, and forget the dead."""
        for kernel_id, state in list(self._notebooks.items()):
            if not state.lock.locked() and await self._kernels.life(kernel_id) is None:
                if state.worker is not None:
                    state.worker.close()
                self._notebooks.pop(kernel_id, None)
        for state in list(self._sessions.values()):
            worker = state.worker
            if worker is None or state.lock.locked():
                continue
            idle = self._kernels.idle_seconds(worker.kernel_id)
            dead = await self._kernels.life(worker.kernel_id) is None
            if dead or (idle is not None and idle > self._limits.idle_seconds):
                async with state.lock:
                    await state.end(self._kernels)

    async def _cull_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(min(MAX_CULL_SECONDS, self._limits.idle_seconds / 2))
            try:
                await self.cull()
            except Exception:
                log.exception("Idle kernels could not be looked for; tried again soon.")
