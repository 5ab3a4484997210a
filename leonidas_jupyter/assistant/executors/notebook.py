"""The kernel of the notebook that asked: the user's own namespace, which is left as it is."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from leonidas_jupyter.assistant.executors.base import (
    Execution,
    Executor,
    KernelGone,
    Kernels,
    Place,
)
from leonidas_jupyter.assistant.executors.frames import bring
from leonidas_jupyter.assistant.executors.names import Bound, names_bound
from leonidas_jupyter.assistant.executors.session import SessionState, guarded
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

GONE = "The notebook's kernel is not there; start it, and ask again from the notebook."
BUSY = (
    "The notebook's kernel is busy with a cell of its own; wait until that is done, and ask again."
)
ASK_SECONDS = 3.0
"""How long a notebook's kernel is asked for its names; a busy one is taken to have them all."""


class NotebookKernel:
    """Runs code in a notebook's kernel; see `base.Executor`. ``other`` runs it for other languages.

    The kernel is never ended or restarted from here. Frames are bound under names that are free.
    """

    def __init__(
        self,
        kernel_id: str,
        place: Place,
        state: SessionState,
        kernels: Kernels,
        limits: Limits,
        other: Executor,
    ) -> None:
        self._kernel_id = kernel_id
        self._place = place
        self._state = state
        self._kernels = kernels
        self._limits = limits
        self._other = other

    async def run(
        self, code: str, frames: Sequence[Frame], *, may_overwrite: Collection[str] = ()
    ) -> Execution:
        """As `base.Executor.run`."""
        if (language := self._language()) != "python":
            execution = await self._other.run(code, frames, may_overwrite=may_overwrite)
            note = (
                f"The notebook runs {language}, so the code ran in this session's own Python; "
                "the notebook's variables are not there."
            )
            return replace(execution, notes=(note, *execution.notes))

        async def work() -> Execution:
            worker = await self._worker(self._limits)
            bound = names_bound(code)
            return await self._kept_from(worker, code, frames, bound, frozenset(may_overwrite))

        return await guarded(self._state, work, self._stop)

    async def overwrites(self, code: str) -> Sequence[str]:
        """As `base.Executor.overwrites`; of a busy kernel, all the names that the code binds."""
        bound = names_bound(code)
        if self._language() != "python" or not bound.assigned | bound.imported:
            return ()

        async def work() -> Sequence[str]:
            limits = replace(self._limits, busy_seconds=ASK_SECONDS, start_seconds=ASK_SECONDS)
            worker = await self._worker(limits)
            try:
                await worker.ready(None)
                return await worker.existing(bound)
            except Busy:
                return sorted(bound.assigned | bound.imported)
            except (Died, Refused, Stopped) as error:
                raise NotRun(GONE) from error

        return await guarded(self._state, work, self._stop)

    async def write(self, kept: str, target: Path) -> Sequence[str]:
        """As `base.Executor.write`."""
        if self._language() != "python":
            return await self._other.write(kept, target)

        async def work() -> Sequence[str]:
            worker = await self._worker(self._limits)
            try:
                await worker.ready(None)
                return await worker.write(kept, target)
            except (Busy, Refused, Died, Stopped) as error:
                raise NotRun("The result could not be written from the notebook.") from error

        return await guarded(self._state, work, self._stop)

    def _language(self) -> str:
        """The kernel's language. Raises ToolFailed where it is not there, or not the caller's."""
        try:
            language = self._kernels.language(self._kernel_id)
        except KernelGone:
            raise NotRun(GONE) from None
        if not self._kernels.usable_by(self._place.username):
            raise NotRun(GONE)  # what is not the caller's is not there for them
        return language

    def _stop(self) -> None:
        if self._state.worker is not None:
            self._state.worker.stop()

    async def _worker(self, limits: Limits) -> Worker:
        """A conversation with the kernel as it lives now."""
        life = await self._kernels.life(self._kernel_id)
        if life is None:
            raise NotRun(GONE)
        old = self._state.worker
        if old is not None and old.life == life and old.limits == limits:
            old.begin()
            return old
        if old is not None:
            old.close()
        try:
            worker = self._state.worker = Worker(self._kernels, self._kernel_id, life, limits)
            await worker.connect()
        except KernelGone:
            self._state.worker = None
            raise NotRun(GONE) from None
        return worker

    async def _kept_from(
        self,
        worker: Worker,
        code: str,
        frames: Sequence[Frame],
        bound: Bound,
        given: frozenset[str],
    ) -> Execution:
        """Run the code, unless it would overwrite what nobody gave away."""
        try:
            await worker.ready(None)
            if taken := [name for name in await worker.existing(bound) if name not in given]:
                raise NotRun(
                    f"The code would overwrite what the notebook has as {', '.join(taken)}; use "
                    "other names, or ask the user to agree."
                )
            brought = await bring(worker, code, frames, self._place, "notebook")
            await worker.call("remember", given=sorted(given))
            try:
                execution = await worker.run(code)
            finally:
                # What is assigned by no name in the code (exec, a magic) comes back all the same.
                restored = await _restored(worker)
        except TookTooLong as stopped:
            seconds = f"{self._limits.seconds:g} seconds"
            raise NotRun(f"The code took longer than {seconds} and {_end(stopped)}") from None
        except Stopped as stopped:
            raise NotRun(f"The code {_end(stopped)}") from None
        except Died:
            raise NotRun("The notebook's kernel ended while the code ran.") from None
        except Busy:
            raise NotRun(BUSY) from None
        except Refused as error:
            raise ToolFailed(
                f"The notebook's kernel could not take the frames ({error})."
            ) from error
        notes = (*brought.notes, *restored, *execution.notes)
        return replace(execution, notes=notes, frames=brought.frames, own=brought.own)


async def _restored(worker: Worker) -> Sequence[str]:
    """Put the user's variables back that the code replaced; a kernel that does not answer, not."""
    worker.begin()
    try:
        lost = await worker.restore()
    except (Busy, Died, Refused, Stopped):
        return ()
    return [f"`{name}` was put back: the code had replaced the notebook's own." for name in lost]


def _end(stopped: Stopped) -> str:
    if stopped.still:
        return "does not stop; interrupt the notebook's kernel."
    return "was stopped."
