"""Runs on their way through this process: begun, paused, taken up again, read, and ended."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Generic, Protocol, TypeVar

from leonidas_jupyter.assistant.answers import AnswerTables
from leonidas_jupyter.assistant.approvals import Reads, Rules, allowance, unanswered
from leonidas_jupyter.assistant.journal import FINISHED, RunEvent
from leonidas_jupyter.assistant.models.registry import ModelEntry
from leonidas_jupyter.assistant.namespace import ClientFrame
from leonidas_jupyter.assistant.pending import STOPPED, Pending
from leonidas_jupyter.assistant.policy import Gate, Policy
from leonidas_jupyter.assistant.runs import Runs, RunsStore
from leonidas_jupyter.assistant.shapes import (
    APPROVAL,
    RUN,
    AnswerRow,
    RunFinished,
    RunningSummary,
    RunRow,
    RunStarted,
    RunStatus,
)
from leonidas_jupyter.assistant.summary import Memory
from leonidas_jupyter.assistant.telemetry import Waiting
from leonidas_jupyter.assistant.toolbox import overwritten
from leonidas_jupyter.assistant.turn import Turn
from leonidas_jupyter.assistant.workbench import Bench, Workbench
from leonidas_jupyter.core.errors import ErrorCode, LeonidasError, conflict
from leonidas_jupyter.core.exposure import DataExposure, strictest
from leonidas_jupyter.core.security import Caller
from leonidas_jupyter.core.tasks import Tasks
from leonidas_jupyter.tables.leases import Leases

TURN_MESSAGES = 60
"""Messages of a session that are read for a new turn, so that its cost does not grow with age."""

R = TypeVar("R", bound=RunRow)
A = TypeVar("A", bound=AnswerRow)


class DeskStore(RunsStore[R], Protocol[R, A]):
    """Where runs and their answers are kept."""

    @property
    def answers(self) -> AnswerTables[R, A]:
        """Their tables."""

    async def active(self, session_id: str) -> R | None:
        """The run that goes in a session."""

    async def newest(self, session_id: str, many: int) -> Sequence[R]:
        """The newest runs of a session, newest first."""

    async def before(self, run: R, since: str | None, limit: int) -> Sequence[A]:
        """The newest messages before a run's question, from ``since`` on, oldest first."""

    async def request_cancel(self, run_id: str) -> R | None:
        """Ask the run's owner to stop; the run as it stands then, None when it is gone."""

    async def remove_some(self, session_id: str) -> bool:
        """Remove some messages or runs of a session; false when there are none."""

    async def text_of(self, message: A) -> str:
        """What an answer that is being made elsewhere says so far."""

    async def message(self, session_id: str, message_id: str) -> A | None:
        """One message."""

    async def remember(self, session_id: str, summary: RunningSummary, since: str | None) -> None:
        """Keep what sums a session up, where its conversation still begins at ``since``."""


@dataclass(frozen=True)
class Holds:
    """What holds for a caller in a session now.

    Attributes:
        caller: who asks, or answers.
        project_id: in whose files.
        session_id: in which conversation, with its ``title``.
        policy: what is allowed in the project.
        exposure: what the session and its project let a model see.
        kernel_name: the project's kernelspec.
        context_from: where the conversation begins; null: with the first message.
        python_allowed: whose Python runs unasked, and where; see `approvals.allowance`.
        summary: what sums up the older part of the conversation.
        tokens_left: what the caller's budget leaves for today; None where none bounds it.
    """

    caller: Caller
    project_id: str
    session_id: str
    title: str
    policy: Policy
    exposure: DataExposure
    kernel_name: str | None = None
    context_from: str | None = None
    python_allowed: Collection[str] = ()
    summary: RunningSummary | None = None
    tokens_left: int | None = None


@dataclass(frozen=True)
class Asked:
    """A question with all that holds for its answer now."""

    text: str
    bench: Bench
    model: ModelEntry
    gate: Gate
    policy: Policy
    past: Callable[[], Awaitable[Sequence[AnswerRow]]]
    memory: Memory


class Desk(Generic[R, A]):
    """The runs of this process, and a way to those of others.

    ``ended`` is called after each end, or pause, that this process has stored.
    """

    def __init__(
        self,
        store: DeskStore[R, A],
        bench: Workbench,
        leases: Leases,
        tasks: Tasks,
        ended: Callable[[R, RunStatus], Awaitable[None]],
    ) -> None:
        self._store = store
        self._bench = bench
        self._leases = leases
        self._tell = ended
        self._waits = Waiting()
        self.runs: Runs[R] = Runs(store, leases, tasks, self._ended)
        self.pending: Pending[R, A] = Pending(store.answers, leases)

    def asked(
        self,
        run: R,
        text: str,
        holds: Holds,
        model: ModelEntry,
        frames: Sequence[ClientFrame] | None,
    ) -> Asked:
        """The question of a run, held to what holds now where that is stricter than when it began.

        Raises:
            LeonidasError: ``forbidden_by_policy`` when the model may not be asked (any more).
        """
        policy = holds.policy
        policy.allowed_model(run.model)
        exposure = strictest([run.exposure, policy.exposure_max, holds.exposure])
        bench = Bench(
            caller=holds.caller,
            project_id=holds.project_id,
            session_id=holds.session_id,
            title=holds.title,
            kernel_name=holds.kernel_name,
            runs_in=run.runs_in,
            kernel_id=run.kernel_id,
            python=policy.python,
            # Who lets another's answer go on does so without what that person has allowed.
            allowed=run.user_id == holds.caller.user_id and allowance(run) in holds.python_allowed,
            frames=frames or (),
        )
        return Asked(
            text=text,
            bench=bench,
            model=model,
            gate=policy.gate(run.model, local=model.local, exposure=exposure),
            policy=replace(policy, user_tokens=None if model.local else holds.tokens_left),
            past=partial(self._store.before, run, holds.context_from, TURN_MESSAGES),
            memory=Memory(holds.summary, partial(self._remember, holds)),
        )

    async def begin(self, run: R, asked: Asked) -> None:
        """Answer a question, in the background."""
        turn = self._turn(asked)
        self._waits.change(run.run_id, RunStatus.RUNNING)
        await self.runs.start(run, lambda record: (turn.answer(record.emit), turn.used))

    async def go_on(self, run: R, asked: Asked) -> None:
        """Go on with an answer once all its calls are answered, in the background."""
        turn = self._turn(asked)
        self._waits.change(run.run_id, RunStatus.RUNNING)
        await self.runs.start(run, lambda record: (turn.go_on(record, run.exposure), turn.used))

    async def waiting(self, session_id: str, run_id: str | None) -> R:
        """The run of a session that waits for somebody.

        Raises:
            LeonidasError: ``conflict`` when none waits, or another than ``run_id``, or it has
                waited too long.
        """
        found = await self._store.newest(session_id, 1)
        run = found[0] if found else None
        if run is None or run.unfinished != APPROVAL or run_id not in (None, run.run_id):
            raise conflict("Nothing waits for an answer here (any more); read the session again.")
        if await self._expired(run):
            raise conflict("It has waited too long and has expired; ask again.")
        if run.cancel_requested:
            await self.give_up(run, STOPPED)
        return run

    async def give_up_waiting(self, session_id: str, why: str, *, besides: str = "") -> None:
        """End what waits in a session, its calls refused, but for the run ``besides``."""
        for run in await self._store.newest(session_id, 2):
            if run.run_id != besides and run.unfinished == APPROVAL:
                await self.give_up(run, why)

    async def give_up(self, run: R, why: str) -> R | None:
        """End a run that waits, its calls refused; None when it does not wait (any more)."""
        ended = await self.pending.give_up(run.run_id, why, RunStatus.CANCELLED)
        if ended is not None:
            await self._ended(ended, RunStatus.CANCELLED)
        return ended

    async def recover(self) -> None:
        """End the runs that killed processes left, and those that waited too long."""
        await self.runs.recover()
        for run in await self._leases.expired(self._store.runs, APPROVAL):
            await self._expired(run)

    def rules(self, run: R, caller: Caller, bench: Bench, files: Reads = ()) -> Rules:
        """Who answers to a run's calls, and what holds now; ``files`` are the project's frames."""
        context = self._bench.sources(bench, _no_past).context(())
        return Rules(
            user_id=caller.user_id,
            owner=run.user_id,
            via="kernel" if caller.kernel else "user",
            kernel_busy=self._bench.kernel_work.busy(caller.user_id),
            runs_in=run.runs_in,
            off=self._bench.off(bench),
            overwrites=lambda code: overwritten(context, code),
            beside=[frame.name for frame in bench.frames],
            files=files,
        )

    async def events(self, run: R) -> AsyncIterator[RunEvent]:
        """What follows from an answer to a run's calls: what still waits, or how it goes on."""
        started = RunStarted.model_validate(run, from_attributes=True)
        yield RunEvent(None, "run_started", started.model_dump(mode="json"))
        if run.unfinished == RUN:
            async for event in self.runs.follow(run.run_id, run.paused_at or 0):
                yield event
            return
        answer = await self._store.message(run.session_id, run.message_id)
        still = [call.id for call in unanswered(answer)]
        end = RunFinished(status=RunStatus.PENDING, message_id=run.message_id, pending=still)
        yield RunEvent(None, FINISHED, end.model_dump(mode="json"))

    async def make_way(self, session_id: str) -> None:
        """See that no run goes in a session; one whose process was killed is ended first.

        Raises:
            LeonidasError: ``run_in_progress`` with its ``run_id``.
        """
        active = await self._store.active(session_id)
        if active is not None and not await self.runs.take_over(active):
            raise LeonidasError(
                ErrorCode.RUN_IN_PROGRESS,
                "An answer is still being made in this session; wait for it, or cancel it.",
                detail={"run_id": active.run_id},
            )

    async def cancel(self, run: R) -> R | None:
        """Ask a run to stop, wherever it goes; the run as it stands then, None when it is gone."""
        asked = await self._store.request_cancel(run.run_id)
        self.runs.stop(run.run_id)
        if asked is None or asked.unfinished != APPROVAL:
            return asked
        await self.give_up(asked, STOPPED)
        return await self._store.runs.get(run.run_id)

    async def ended(self, run: R) -> tuple[R, A] | None:
        """A run and its answer once it has ended or waits for somebody; None when it is gone."""
        last = await self.runs.wait(run.run_id)
        answer = await self._store.message(run.session_id, run.message_id)
        return None if last is None or answer is None else (last, answer)

    async def remove_all(self, session_id: str) -> None:
        """Stop what runs in the session, then remove everything; can be repeated and resumed."""
        while (active := await self._store.active(session_id)) is not None:
            await self.cancel(active)
            await self.runs.wait(active.run_id)
        while await self._store.remove_some(session_id):
            pass

    async def shown(self, message: A) -> A:
        """A message with what it says so far, where its answer is still being made."""
        if message.run_status is not RunStatus.RUNNING or message.run_id is None:
            return message
        text = self.runs.text(message.run_id)
        if text is None:
            text = await self._store.text_of(message)
        return message.model_copy(update={"content": text})

    def _turn(self, asked: Asked) -> Turn:
        sources = self._bench.sources(asked.bench, asked.past)
        return Turn(asked.text, sources, asked.model, asked.gate, asked.policy, asked.memory)

    async def _remember(self, holds: Holds, summary: RunningSummary) -> None:
        await self._store.remember(holds.session_id, summary, holds.context_from)

    async def _ended(self, run: R, status: RunStatus) -> None:
        self._waits.change(run.run_id, status)
        await self._tell(run, status)
        if status is RunStatus.PENDING:
            await self._stop_what_paused(run.run_id)

    async def _stop_what_paused(self, run_id: str) -> None:
        """Give up a run that somebody asked to stop in the moment in which it paused."""
        paused = await self._store.runs.get(run_id)
        if paused is not None and paused.unfinished == APPROVAL and paused.cancel_requested:
            await self.give_up(paused, STOPPED)

    async def _expired(self, run: R) -> bool:
        ended = await self.pending.expire(run)
        if ended is None:
            return False
        await self._ended(ended, RunStatus.FAILED)
        return True


async def _no_past() -> Sequence[AnswerRow]:
    return ()
