"""The kernel of a chat session: DS Bro's own, started when code first runs."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from leonidas_jupyter.assistant.executors.base import (
    Execution,
    KernelGone,
    KernelNotStarted,
    Kernels,
    Place,
)
from leonidas_jupyter.assistant.executors.environment import session_environment
from leonidas_jupyter.assistant.executors.frames import bring
from leonidas_jupyter.assistant.executors.worker import (
    Busy,
    Died,
    Limits,
    NotRun,
    Refused,
    Stopped,
    TookTooLong,
    Worker,
)
from leonidas_jupyter.assistant.tools.base import ToolFailed
from leonidas_jupyter.data.frames import Frame

T = TypeVar("T")

AFRESH = (
    "The session's Python was started afresh: variables of earlier answers are gone, so make anew "
    "what is needed."
)
MIB = 1024 * 1024
HALT_SECONDS = 0.5
"""How long code may take to end, once it is interrupted, before its kernel is ended with it."""

LEAVE_SECONDS = 3.0
"""The same, before a kernel that is not ours is left with it."""


class SessionState:
    """What belongs to one session's kernel, for as long as this process knows it.

    ``halting`` is set while somebody ends it from outside, ``gone`` once its session is deleted.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = asyncio.Lock()
        self.worker: Worker | None = None
        self.halting = False
        self.gone = False
        self.background: set[asyncio.Task[object]] = set()

    async def end(self, kernels: Kernels) -> None:
        """End the kernel, by whoever has the lock."""
        worker, self.worker = self.worker, None
        if worker is not None:
            worker.close()
            await kernels.shutdown(worker.kernel_id)

    async def halt(self, kernels: Kernels) -> None:
        """Stop what runs and end the kernel."""
        self.halting = True
        try:
            if self.worker is not None:
                self.worker.stop()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._free(), HALT_SECONDS)
            if self.worker is not None:
                await kernels.shutdown(self.worker.kernel_id)
            async with self.lock:
                await self.end(kernels)
        finally:
            self.halting = False

    async def leave(self) -> None:
        """Stop what runs, and let go of a kernel that is somebody else's."""
        if self.worker is not None:
            self.worker.stop()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._free(), LEAVE_SECONDS)
        if self.worker is not None:
            self.worker.close()
            self.worker = None

    async def _free(self) -> None:
        async with self.lock:
            return


async def guarded(
    state: SessionState, work: Callable[[], Awaitable[T]], stop: Callable[[], None]
) -> T:
    """Do the work of a session's kernel, one after the other.

    A caller that is cancelled goes at once; ``stop`` ends the work, and the next one waits for it.
    """
    await state.lock.acquire()
    task: asyncio.Task[T] = asyncio.ensure_future(work())
    task.add_done_callback(lambda _: state.lock.release())
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if not task.done():
            stop()
            state.background.add(task)
            task.add_done_callback(_look_at)
            task.add_done_callback(state.background.discard)
        raise


def _look_at(task: "asyncio.Task[T]") -> None:
    """Nobody waits for it any more, so what it raises is of no use to anybody."""
    if not task.cancelled():
        task.exception()


class SessionKernel:
    """Runs code in the session's own kernel; see `base.Executor`."""

    def __init__(self, place: Place, state: SessionState, kernels: Kernels, limits: Limits) -> None:
        self._place = place
        self._state = state
        self._kernels = kernels
        self._limits = limits
        self._stopped = False

    async def run(
        self,
        code: str,
        frames: Sequence[Frame],
        *,
        may_overwrite: Collection[str] = (),  # noqa: ARG002 - nothing here is a user's
    ) -> Execution:
        """As `base.Executor.run`."""
        self._stopped = False
        return await guarded(self._state, lambda: self._run(code, frames), self._stop)

    async def overwrites(self, code: str) -> Sequence[str]:  # noqa: ARG002 - see may_overwrite
        """As `base.Executor.overwrites`."""
        return ()

    async def write(self, kept: str, target: Path) -> Sequence[str]:
        """As `base.Executor.write`."""

        async def work() -> Sequence[str]:
            worker = self._state.worker
            if worker is None or await self._kernels.life(worker.kernel_id) != worker.life:
                raise NotRun("That result is not in the kernel any more; compute it again.")
            worker.begin()
            try:
                return await worker.write(kept, target)
            except (Refused, Died, Stopped) as error:
                raise ToolFailed(f"The result could not be written ({error}).") from error

        return await guarded(self._state, work, self._stop)

    def _stop(self) -> None:
        self._stopped = True
        if self._state.worker is not None:
            self._state.worker.stop()

    async def _run(self, code: str, frames: Sequence[Frame]) -> Execution:
        if self._state.gone:
            # Nobody would end a kernel that was started now.
            raise NotRun("The session is deleted, so its code does not run.")
        worker, notes = await self._worker()
        if self._stopped or self._state.halting:
            raise NotRun("The run was stopped before its code began.")
        worker.begin()
        try:
            await worker.ready(self._limits.memory_bytes)
            brought = await bring(worker, code, frames, self._place, "session")
            execution = await worker.run(code)
        except Stopped as stopped:
            return await self._ended(stopped)
        except Died:
            await self._state.end(self._kernels)
            raise NotRun(self._why_it_died()) from None
        except Busy:
            raise NotRun(
                "The session's Python is busy with something else (a console?); wait, or stop that."
            ) from None
        except Refused as error:
            raise ToolFailed(
                f"The session's Python could not take the frames ({error})."
            ) from error
        return replace(
            execution,
            notes=(*notes, *brought.notes, *execution.notes),
            frames=brought.frames,
            own=brought.own,
        )

    async def _worker(self) -> tuple[Worker, Sequence[str]]:
        """The session's kernel, started where there is none, and what is to be said of it."""
        worker = self._state.worker
        if worker is not None:
            life = await self._kernels.life(worker.kernel_id)
            if life == worker.life:
                return worker, ()
            if life is None:
                await self._state.end(self._kernels)
            else:  # somebody restarted it from the list of running kernels
                worker.close()
                return await self._connect(worker.kernel_id), (AFRESH,)
        folder = self._state.folder
        notes = (AFRESH,) if await asyncio.to_thread(_made_before, folder) else ()
        try:
            kernel_id = await self._kernels.start(
                self._place.kernel_name,
                env=session_environment(),
                cwd=folder,
                name=f"DS Bro: {self._place.title or 'a session'}",
                path=f"ds-bro/{self._place.session_id}",
            )
        except KernelNotStarted as error:
            raise NotRun(error.sentence) from error
        return await self._connect(kernel_id), notes

    async def _connect(self, kernel_id: str) -> Worker:
        life = await self._kernels.life(kernel_id)
        try:
            worker = Worker(self._kernels, kernel_id, life or "", self._limits)
            self._state.worker = worker
            await worker.connect()
        except KernelGone:
            self._state.worker = None
            await self._kernels.shutdown(kernel_id)
            raise NotRun(
                "The session's kernel ended as it started; the server's log says why. Try again, "
                "or choose another kernel for the project."
            ) from None
        return worker

    async def _ended(self, stopped: Stopped) -> Execution:
        """What is said of a run that was ended before its end; a kernel that goes on is killed."""
        if stopped.still:
            await self._state.end(self._kernels)
        said = (
            f"The code took longer than {self._limits.seconds:g} seconds and was stopped"
            if isinstance(stopped, TookTooLong)
            else "The code was stopped"
        )
        lost = "; it did not stop when asked, so its kernel was ended with all variables"
        raise NotRun(said + (lost if stopped.still else "") + ". Do less at a time.")

    def _why_it_died(self) -> str:
        memory = self._limits.memory_bytes / (1024 * MIB)
        return (
            "The kernel ended while the code ran: it left Python, or took too much memory (the "
            f"limit is {memory:g} GiB). Its variables are gone; a fresh one starts with the next "
            "code."
        )


def _made_before(folder: Path) -> bool:
    """Make the folder; true where it was there, so that a kernel worked in it before."""
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        return True
    return False


def remove_folder(folder: Path) -> None:
    """Remove a session's folder and what its code left there."""
    shutil.rmtree(folder, ignore_errors=True)
