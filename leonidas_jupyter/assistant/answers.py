"""Where answers and their runs are stored: grown, paused, taken up again, given up."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from leonidas_jupyter.assistant.journal import FINISHED
from leonidas_jupyter.assistant.record import Draft
from leonidas_jupyter.assistant.shapes import (
    APPROVAL,
    RUN,
    AnswerRow,
    RunFinished,
    RunRow,
    RunStatus,
    StoredCall,
    ToolResult,
    Usage,
)
from leonidas_jupyter.core.ids import now
from leonidas_jupyter.tables.base import (
    Database,
    Missing,
    Operation,
    Put,
    Stale,
    TableSpec,
    Update,
)
from leonidas_jupyter.tables.leases import Leases

C = TypeVar("C", bound=RunRow, contravariant=True)
R = TypeVar("R", bound=RunRow)
A = TypeVar("A", bound=AnswerRow)

FREE: Mapping[str, Any] = {
    "active_session": None,
    "unfinished": None,
    "worker_id": None,
    "lease_until": None,
}
"""A run that nobody works on."""


class Counting(Protocol[C]):
    """Counts what runs use, in the transaction that ends them."""

    def operations(self, run: C, usage: Usage, moment: datetime) -> Sequence[Operation]:
        """What adds the usage that is not counted yet."""

    async def begin_day(self, run: C, moment: datetime) -> None:
        """Make the row which the operations add to, where it is missing."""


@dataclass(frozen=True)
class AnswerTables(Generic[R, A]):
    """The tables of runs and messages, and how an event is put.

    ``patience`` is how long calls wait for somebody.
    """

    database: Database
    runs: TableSpec[R]
    messages: TableSpec[A]
    event: Callable[[RunRow, int, str, Mapping[str, Any]], Put]
    counting: Counting[R]
    patience: timedelta

    async def waiting(self, run_id: str) -> tuple[R, A] | None:
        """A run that waits for somebody, and its answer; None when it does not (any more)."""
        run = await self.database.table(self.runs).get(run_id)
        if run is None or run.unfinished != APPROVAL:
            return None
        answer = await self.database.table(self.messages).get((run.session_id, run.message_id))
        return None if answer is None else (run, answer)

    async def keep_calls(self, answer: A, calls: Sequence[StoredCall]) -> None:
        """Store what has changed of the calls. Raises Stale, Missing."""
        key = self.messages.key_of(answer)
        changes = {"tool_calls": list(calls)}
        await self.database.table(self.messages).update(key, changes, if_version=answer.version)

    async def take_up(
        self,
        run: R,
        answer: A,
        calls: Sequence[StoredCall],
        leases: Leases,
        also: Sequence[Operation],
    ) -> R:
        """Let a run that waited go on, in this process.

        Raises:
            Exists: another run goes in the session.
            Stale, Missing: somebody was quicker.
        """
        going: dict[str, Any] = {
            "status": RunStatus.RUNNING,
            "active_session": run.session_id,
            "cancel_requested": False,
            **leases.fields(RUN),
        }
        answered = {"tool_calls": list(calls), "run_status": RunStatus.RUNNING}
        await self.database.transact(
            [
                Update(self.runs, run.run_id, going, run.version),
                Update(self.messages, self.messages.key_of(answer), answered, answer.version),
                *also,
            ]
        )
        return run.model_copy(update={**going, "version": run.version + 1})

    async def give_up(
        self, run: R, answer: A, refused: Sequence[StoredCall], end: RunFinished
    ) -> None:
        """End a run that waited: the ``refused`` calls and its end, all or nothing.

        Raises:
            Stale, Missing, Exists: somebody was quicker.
        """
        told: list[tuple[str, dict[str, Any]]] = [
            (
                "tool_result",
                ToolResult(id=call.id, ok=False, summary=call.summary or "", outputs=[]).model_dump(
                    mode="json"
                ),
            )
            for call in refused
        ]
        told.append((FINISHED, end.model_dump(mode="json")))
        by_id = {call.id: call for call in refused}
        calls = [by_id.get(call.id, call) for call in answer.tool_calls]
        ended = {**FREE, "status": end.status, "error": end.error, "finished_at": now()}
        changes = {"tool_calls": calls, "run_status": end.status}
        number = run.paused_at or 0
        await self.database.transact(
            [
                Update(self.runs, run.run_id, ended, run.version),
                Update(self.messages, self.messages.key_of(answer), changes, answer.version),
                *(
                    self.event(run, number + place, name, data)
                    for place, (name, data) in enumerate(told, start=1)
                ),
            ]
        )


class RunStore(Generic[R, A]):
    """Where one run's events and its answer go, written only while its lease is held."""

    def __init__(self, tables: AnswerTables[R, A], run: R, leases: Leases) -> None:
        self._tables = tables
        self._runs = tables.database.table(tables.runs)
        self._run = run
        self._leases = leases
        self._key = (run.session_id, run.message_id)

    async def record(
        self, number: int, name: str, data: Mapping[str, Any], draft: Draft | None
    ) -> None:
        """See AnswerStore. Raises Exists (the number is taken), Missing (the answer)."""
        tables = self._tables
        operations: list[Operation] = [tables.event(self._run, number, name, data)]
        if draft is not None:
            operations.append(Update(tables.messages, self._key, _stored(draft, number)))
        await tables.database.transact(operations)

    async def keep_said(self, said: str) -> None:
        """See AnswerStore. Raises Missing (the answer)."""
        await self._tables.database.transact(
            [Update(self._tables.messages, self._key, {"said": said})]
        )

    async def finish(
        self, number: int, name: str, data: Mapping[str, Any], draft: Draft, end: RunFinished
    ) -> None:
        """See AnswerStore. Raises LeaseLost, Exists, Missing (the answer)."""
        tables, moment, day_begun = self._tables, now(), False
        ended = self._ended(number, draft, end, moment)
        answer = {
            **_stored(draft, number),
            "receipts": draft.receipts,
            "run_status": end.status,
        }
        while True:
            held = await self._leases.check(self._runs, self._run)
            counted = tables.counting.operations(held, draft.usage or Usage(), moment)
            try:
                await tables.database.transact(
                    [
                        Update(tables.runs, self._run.run_id, ended, held.version),
                        tables.event(self._run, number, name, data),
                        Update(tables.messages, self._key, answer),
                        *counted,
                    ]
                )
            except Stale:  # the lease was renewed, or somebody asked to cancel
                continue
            except Missing:  # perhaps the day's first count
                if day_begun:
                    raise
                day_begun = True
                await tables.counting.begin_day(self._run, moment)
                continue
            return

    def _ended(
        self, number: int, draft: Draft, end: RunFinished, moment: datetime
    ) -> dict[str, Any]:
        ended = {**FREE, "status": end.status, "error": end.error, "counted": draft.usage}
        if end.status is not RunStatus.PENDING:
            return {**ended, "finished_at": moment}
        until = moment + self._tables.patience
        return {**ended, "unfinished": APPROVAL, "lease_until": until, "paused_at": number}


def _stored(draft: Draft, number: int) -> dict[str, Any]:
    return {
        "content": draft.content,
        "content_until": number,
        "said": draft.said,
        "tool_calls": draft.tool_calls,
        "usage": draft.usage,
    }
