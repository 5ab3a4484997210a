"""One kernel at work: frames brought in, code run within its limits, values taken out."""

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from leonidas_jupyter.assistant.executors.base import Execution, KernelGone, Kernels
from leonidas_jupyter.assistant.executors.channel import Channel, NoAnswer, Request
from leonidas_jupyter.assistant.executors.names import Bound
from leonidas_jupyter.assistant.executors.outcome import TABLE_BYTES, TABLE_ROWS, execution, given
from leonidas_jupyter.assistant.executors.outputs import Outputs, plain
from leonidas_jupyter.assistant.tools.base import ToolFailed
from leonidas_jupyter.data.frames import Frame

LOOK_SECONDS = 0.1
"""How often it is looked whether a kernel that works is still alive."""

INTERRUPT_SECONDS = 2.0
"""How long code may take to end once it is interrupted."""

MAX_SAID = 1_000
"""Characters of what went wrong in a kernel that are told."""

INSIDE = (
    ("_leonidas_frames", "leonidas_jupyter.kernel", "conversion.py"),
    ("_leonidas_tables", "leonidas_jupyter.assistant.executors", "tables.py"),
    ("_leonidas", "leonidas_jupyter.assistant.executors", "inside.py"),
)
"""The modules that are made in the kernel: their names there, and whose text they have."""

T = TypeVar("T")


@dataclass(frozen=True)
class Limits:
    """What Python may take: seconds for one run, bytes of memory, seconds to start and to wait.

    ``busy_seconds`` is how long a kernel that works on something else is waited for, and
    ``idle_seconds`` after how long a session's kernel that does nothing is ended.
    """

    seconds: float = 300.0
    memory_bytes: int = 4 * 1024**3
    idle_seconds: float = 3600.0
    start_seconds: float = 60.0
    busy_seconds: float = 20.0


class NotRun(ToolFailed):
    """The code did not run, or was ended: said in words of our own, so that a model may know."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, safe=True)


class Died(Exception):
    """The kernel ended while it worked."""


class Stopped(Exception):
    """The caller gave up; what ran was interrupted. ``still`` when it runs on all the same."""

    def __init__(self, *, still: bool) -> None:
        super().__init__()
        self.still = still


class TookTooLong(Stopped):
    """The time was over; what ran was interrupted."""


class Busy(Exception):
    """The kernel works on something else."""


class Refused(Exception):
    """Something of ours failed in the kernel: the exception's name and its message."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name


class Worker:
    """A kernel and our conversation with it; the caller sees to it that nothing interleaves."""

    def __init__(self, kernels: Kernels, kernel_id: str, life: str, limits: Limits) -> None:
        self.kernel_id = kernel_id
        self.life = life
        self._kernels = kernels
        self.limits = limits
        self._channel = Channel(kernels.connection(kernel_id))
        self._stop = asyncio.Event()

    async def connect(self) -> None:
        """Reach the kernel. Raises KernelGone."""
        try:
            await self._alive(self._channel.open(self.limits.start_seconds))
        except (NoAnswer, Died) as error:
            raise KernelGone from error

    def stop(self) -> None:
        """Interrupt what runs, and begin nothing more of the run in hand."""
        self._stop.set()

    def begin(self) -> None:
        """Before each run."""
        self._stop = asyncio.Event()

    async def ready(self, memory_bytes: int | None) -> None:
        """Wait until the kernel is free, and make our modules in it where they are not.

        Raises:
            Busy: it works on something else.
            Refused, Died, Stopped: as every request.
            NotRun: pandas or pyarrow are not installed there.
        """
        # Nothing but this small question may be left behind in the queue of a busy kernel.
        there = await self._evaluate("'_leonidas' in __import__('sys').modules", patient=False)
        if there.get("text/plain") == "True":
            return
        texts = await asyncio.to_thread(_inside)
        for name, text in texts:
            module = f"__import__('types').ModuleType({name!r})"
            modules = "__import__('sys').modules"
            await self._evaluate(
                f"exec(compile({text!r}, '<{name}>', 'exec'), "
                f"{modules}.setdefault({name!r}, {module}).__dict__)"
            )
        missing = (await self._lists("set_up", "missing", memory_bytes=memory_bytes))["missing"]
        if missing:
            await self._evaluate("__import__('sys').modules.pop('_leonidas')")
            raise NotRun(
                f"The kernel has no {' and no '.join(missing)}: install {' and '.join(missing)} "
                "there, or choose another kernel for the project."
            )

    async def load(self, frames: Mapping[str, tuple[Frame, Path]]) -> dict[str, list[str]]:
        """Bind frames from their local files; says which names are bound, own, and renewed."""
        wanted = [
            {
                "name": name,
                "hash": frame.frame_hash,
                "path": str(path),
                "shape": [frame.profile.rows, len(frame.profile.columns)],
            }
            for name, (frame, path) in frames.items()
        ]
        return await self._lists("load", "frames", "own", "renewed", frames=wanted)

    async def existing(self, bound: Bound) -> list[str]:
        """Which of the names that code binds are there already."""
        named = {"assigned": sorted(bound.assigned), "imported": sorted(bound.imported)}
        return _names(await self.call("existing", **named))

    async def restore(self) -> list[str]:
        """Put back what `remember` noted; says which names. Raises Busy where code goes on.

        It is done all the same, once that code ends.
        """
        restored = await self._evaluate(_call("restore", {}), patient=False)
        return _names(restored.get("application/json"))

    async def write(self, kept: str, target: Path) -> list[str]:
        """Write a kept table; says which columns are text. Raises NotRun when it is not kept."""
        written = await self.call("write", key=kept, path=str(target))
        if given(written, "gone"):
            raise NotRun("That result is not in the kernel any more; compute it again.")
        return _names(given(written, "text_columns"))

    async def run(self, code: str) -> Execution:
        """Run the user's code; what it raises is part of what came of it.

        Raises:
            TookTooLong, Stopped, Died: it was ended, or the kernel ended.
        """
        key, outputs, began = uuid.uuid4().hex, Outputs(), time.perf_counter()
        arguments = {
            "key": key,
            "keep": True,
            "max_rows": TABLE_ROWS,
            "max_bytes": TABLE_BYTES,
        }
        request = Request(
            code, expressions={"table": _call("result", arguments)}, sink=outputs.take
        )
        reply = await self._attend(request, self.limits.seconds)
        return execution(reply, outputs, (time.perf_counter() - began) * 1000)

    async def call(self, name: str, **arguments: Any) -> Any:  # noqa: ANN401 - JSON
        """Call a function of `inside`. Raises Refused, Died, Stopped."""
        return (await self._evaluate(_call(name, arguments))).get("application/json")

    async def _lists(self, name: str, *fields: str, **arguments: Any) -> dict[str, list[str]]:  # noqa: ANN401 - JSON
        """The lists of names that a function of `inside` gives."""
        found = await self.call(name, **arguments)
        return {field: _names(given(found, field)) for field in fields}

    async def _evaluate(self, expression: str, *, patient: bool = True) -> dict[str, Any]:
        request = Request("", silent=True, expressions={"value": expression})
        if patient:
            patience = max(self.limits.start_seconds, self.limits.seconds)
            reply = await self._attend(request, patience)
        else:
            reply = await self._when_free(request)
        value = given(reply, "user_expressions", "value")
        data = given(value, "data")
        if given(value, "status") != "ok" or not isinstance(data, dict):
            broken = reply if given(value, "ename") is None else value
            raise Refused(
                plain(str(given(broken, "ename") or "Error"))[:200],
                plain(str(given(broken, "evalue") or "no answer"))[:MAX_SAID],
            )
        return data

    async def _when_free(self, request: Request) -> Mapping[str, Any]:
        executing = asyncio.ensure_future(self._channel.execute(request))
        try:
            return await asyncio.wait_for(
                self._alive(asyncio.shield(executing)), self.limits.busy_seconds
            )
        except TimeoutError:
            raise Busy from None
        finally:
            executing.cancel()

    async def _attend(self, request: Request, seconds: float) -> Mapping[str, Any]:
        """The reply to a request that is interrupted when its time is over or it is to stop."""
        if self._stop.is_set():
            raise Stopped(still=False)
        executing = asyncio.ensure_future(self._channel.execute(request))
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            waited = {executing, stopping}
            done, _ = await self._alive(
                asyncio.wait(waited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            )
            if executing in done:
                return executing.result()
            still = not await self._interrupted(executing, request)
            raise (Stopped if stopping in done else TookTooLong)(still=still)
        finally:
            stopping.cancel()
            executing.cancel()

    async def _interrupted(
        self, executing: "asyncio.Future[Mapping[str, Any]]", request: Request
    ) -> bool:
        """Whether what runs has ended after an interrupt; what has not begun is left alone."""
        if not request.started.is_set():
            return False  # an interrupt would hit somebody else's code
        await self._kernels.interrupt(self.kernel_id)
        done, _ = await self._alive(asyncio.wait({executing}, timeout=INTERRUPT_SECONDS))
        return bool(done)

    async def _alive(self, work: Awaitable[T]) -> T:
        """The result of ``work``, unless the kernel ends before. Raises Died."""
        working = asyncio.ensure_future(work)
        try:
            while True:
                await asyncio.wait({working}, timeout=LOOK_SECONDS)
                if working.done():
                    return working.result()
                if await self._kernels.life(self.kernel_id) != self.life:
                    raise Died
        finally:
            working.cancel()

    def close(self) -> None:
        """Let go of the kernel; it lives on."""
        self._channel.close()


def _names(found: object) -> list[str]:
    """Names that a kernel gives. Raises Refused where it gives something else."""
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise Refused("Error", "the code has changed what works there for DS Bro")
    return [plain(name) for name in found]


def _inside() -> list[tuple[str, str]]:
    return [
        (name, resources.files(package).joinpath(file).read_text("utf-8"))
        for name, package, file in INSIDE
    ]


def _call(name: str, arguments: Mapping[str, Any]) -> str:
    return f"__import__('sys').modules['_leonidas'].call({name!r}, {json.dumps(arguments)!r})"
