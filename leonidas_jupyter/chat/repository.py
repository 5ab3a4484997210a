"""What chat needs stored: messages, runs, and the events of runs."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from leonidas_jupyter.assistant.answers import AnswerTables, RunStore
from leonidas_jupyter.assistant.journal import TEXT
from leonidas_jupyter.assistant.journal import RunEvent as SaidEvent
from leonidas_jupyter.assistant.record import AnswerRecord, Draft
from leonidas_jupyter.assistant.shapes import RunningSummary, RunRow, RunStarted, RunStatus, Usage
from leonidas_jupyter.chat.schemas import Message, MessageRole, Run, RunEvent
from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.core.ids import now
from leonidas_jupyter.core.paging import Page
from leonidas_jupyter.projects.repository import PROJECTS
from leonidas_jupyter.sessions.repository import SESSIONS, keep_summary, outdated, used_in
from leonidas_jupyter.sessions.schemas import Session
from leonidas_jupyter.tables.amend import amend
from leonidas_jupyter.tables.base import (
    MAX_OPERATIONS,
    Database,
    Delete,
    Index,
    Missing,
    Operation,
    Put,
    Stale,
    TableSpec,
    Update,
)
from leonidas_jupyter.tables.leases import UNFINISHED, Leases
from leonidas_jupyter.usage.repository import UsageRepository, counting
from leonidas_jupyter.usage.schemas import beyond

MESSAGES = TableSpec("messages", Message, key=("session_id", "message_id"))
BY_SESSION = Index("by_session", partition="session_id", sort="created_at")
RUNS = TableSpec(
    "runs",
    Run,
    key=("run_id",),
    unique=("active_session",),
    indexes=(BY_SESSION, UNFINISHED),
)
RUN_EVENTS = TableSpec("run_events", RunEvent, key=("run_id", "number"), ttl="expires_at")

SPECS: tuple[TableSpec[Any], ...] = (MESSAGES, RUNS, RUN_EVENTS)
"""The tables of this domain."""

BATCH = MAX_OPERATIONS - 1
"""How many items are read or removed at once; one operation is left for counting."""

LATEST = "latest"
"""``before=latest`` is the newest page of a history."""

EVENTS_LAST = timedelta(days=7)
"""How long a run's events can be replayed; its message stays."""


class ChatRepository:
    """Messages, runs and run events, and the number of messages in their session.

    ``patience`` is how long calls wait for somebody; it is shorter than EVENTS_LAST.
    """

    def __init__(self, database: Database, patience: timedelta = timedelta(days=1)) -> None:
        self._database = database
        self.answers: AnswerTables[Run, Message] = AnswerTables(
            database, RUNS, MESSAGES, _event, _Counting(UsageRepository(database)), patience
        )
        self.messages = database.table(MESSAGES)
        self.runs = database.table(RUNS)
        self._events = database.table(RUN_EVENTS)
        self._sessions = database.table(SESSIONS)
        self._projects = database.table(PROJECTS)

    async def begin(
        self, session: Session, run: Run, question: Message, level: DataExposure, *, edited: bool
    ) -> None:
        """Store the question (new, or edited), the empty answer, the run and its first event.

        ``level`` is what the model sees of the data.

        Raises:
            Exists: another run goes in the session (``active_session``).
            Stale: the session, or the edited question, has changed or is marked as deleted.
            Missing: one of them is gone.
        """
        answer = Message(
            session_id=run.session_id,
            message_id=run.message_id,
            role=MessageRole.ASSISTANT,
            run_id=run.run_id,
            run_status=run.status,
            model=run.model,
            exposure=level,
        )
        started = RunStarted.model_validate(run, from_attributes=True)
        changes: dict[str, Any] = {
            "last_message_at": answer.created_at,
            "message_count": session.message_count + (1 if edited else 2),
        }
        if edited:
            changes |= outdated(session, question.message_id)
        key = MESSAGES.key_of(question)
        asked: Operation = (
            Update(MESSAGES, key, {"content": question.content}, question.version)
            if edited
            else Put(MESSAGES, question, if_absent=True)
        )
        await self._database.transact(
            [
                # First, because it is what says that a run goes already.
                Put(RUNS, run, if_absent=True),
                Update(SESSIONS, session.session_id, changes, session.version),
                asked,
                Put(MESSAGES, answer, if_absent=True),
                _event(run, 1, "run_started", started.model_dump()),
            ]
        )

    async def stands(self, run: Run) -> bool:
        """Whether the run's session and project are not being deleted."""
        session = await self._sessions.get(run.session_id)
        project = await self._projects.get(run.project_id)
        return all(each is not None and each.deleted_at is None for each in (session, project))

    async def active(self, session_id: str) -> Run | None:
        """The run that goes in a session."""
        return await self.runs.find("active_session", session_id)

    async def message(self, session_id: str, message_id: str) -> Message | None:
        """One message."""
        return await self.messages.get((session_id, message_id))

    async def history(
        self,
        session_id: str,
        *,
        after: str | None = None,
        since: str | None = None,
        until: str | None = None,
        limit: int,
        descending: bool = False,
    ) -> Page[Message]:
        """Messages by time; ``since`` and ``until`` are message ids, both included."""
        return await self.messages.query(
            None,
            session_id,
            after=after,
            between=(since, until),
            limit=limit,
            descending=descending,
        )

    async def page(
        self, session_id: str, *, after: str | None, before: str | None, limit: int
    ) -> Page[Message]:
        """A page of messages, oldest first, forwards or, with ``before``, backwards."""
        if before is None:
            return await self.history(session_id, after=after, limit=limit)
        cursor = None if before == LATEST else before
        page = await self.history(session_id, after=cursor, limit=limit, descending=True)
        return Page(items=page.items[::-1], next=page.next)

    async def before(self, run: Run, since: str | None, limit: int) -> list[Message]:
        """The newest messages before a run's question, from ``since`` on, oldest first."""
        page = await self.history(
            run.session_id, since=since, until=run.question_id, limit=limit, descending=True
        )
        return [each for each in page.items[::-1] if each.message_id != run.question_id]

    async def record_of(self, run: Run, leases: Leases) -> AnswerRecord | None:
        """The answer of a run as far as it is stored; None when its message is gone."""
        message = await self.message(run.session_id, run.message_id)
        if message is None:
            return None
        stored: list[SaidEvent] = []
        while events := await self.events(run.run_id, len(stored)):
            stored += events
        draft = Draft(
            content=message.content,
            tool_calls=message.tool_calls,
            usage=message.usage,
            said=message.said,
            receipts=message.receipts,
        )
        return AnswerRecord(RunStore(self.answers, run, leases), run.message_id, draft, stored)

    async def events(self, run_id: str, after: int) -> list[SaidEvent]:
        """Some stored events with a number above ``after``, in order; none when there are none."""
        page = await self._events.query(None, run_id, between=(after + 1, None), limit=BATCH)
        return [SaidEvent(event.number, event.event, event.data) for event in page.items]

    async def text_of(self, message: Message) -> str:
        """What an answer that is being made elsewhere says so far."""
        text, number = message.content, message.content_until or 0
        while message.run_id is not None and (events := await self.events(message.run_id, number)):
            text += "".join(event.data["text"] for event in events if event.name == TEXT)
            number = events[-1].number or number
        return text

    async def newest(self, session_id: str, many: int) -> list[Run]:
        """The newest runs of a session, newest first."""
        page = await self.runs.query(BY_SESSION.name, session_id, limit=many, descending=True)
        return page.items

    async def settle(self, run: Run, leases: Leases) -> None:
        """Remove what an edited question took back, newest first, so that a rest is a beginning.

        Raises:
            LeaseLost: the run is somebody else's by now.
            Stale, Missing: the messages or their session are being removed.
        """
        while run.cut_from is not None:
            page = await self.history(
                run.session_id,
                since=run.cut_from,
                until=run.message_id,
                limit=BATCH,
                descending=True,
            )
            kept = (run.cut_from, run.message_id)
            taken_back = [each for each in page.items if each.message_id not in kept]
            if not taken_back:
                run = await leases.update(self.runs, run, {"cut_from": None})
                continue
            await self.remove(taken_back, count_in=run.session_id)

    async def abandon(self, run: Run, leases: Leases) -> None:
        """End a run whose message is gone. Raises LeaseLost."""
        ended = {"active_session": None, "status": RunStatus.FAILED, "finished_at": now()}
        await leases.finish(self.runs, run, ended)

    async def request_cancel(self, run_id: str) -> Run | None:
        """Ask the run's owner to stop; the run as it stands then, None when it is gone."""

        def decide(run: Run) -> dict[str, Any] | None:
            return {"cancel_requested": True} if run.unfinished else None

        try:
            return await amend(self.runs, run_id, decide)
        except Missing:
            return None

    async def remember(self, session_id: str, summary: RunningSummary, since: str | None) -> None:
        """Keep what sums a session up, where its conversation still begins at ``since``."""
        await keep_summary(self._sessions, session_id, summary, since)

    async def remove_some(self, session_id: str) -> bool:
        """Remove some messages of a session, or else some runs; false when there are none."""
        if messages := (await self.history(session_id, limit=BATCH)).items:
            with suppress(Stale, Missing):
                await self.remove(messages, count_in=None)
            return True
        runs = (await self.runs.query(BY_SESSION.name, session_id, limit=BATCH)).items
        for run in runs:
            await self.forget_run(run.run_id)
        return bool(runs)

    async def forget_run(self, run_id: str) -> None:
        """Remove a run, its events first; what is left of it can be removed again."""
        while events := await self.events(run_id, 0):
            numbers = [event.number for event in events if event.number is not None]
            await self._database.transact([Delete(RUN_EVENTS, (run_id, n)) for n in numbers])
        await self.runs.delete(run_id)

    async def remove(self, messages: Sequence[Message], *, count_in: str | None) -> None:
        """Remove at most BATCH messages with their runs, and count them down in a session.

        Raises:
            Stale, Missing: a message or the session has changed or is gone; nothing was removed.
        """
        for message in messages:
            if message.run_id is not None:
                await self.forget_run(message.run_id)
        deletions = [
            Delete(MESSAGES, MESSAGES.key_of(message), message.version) for message in messages
        ]
        if count_in is None:
            await self._database.transact(deletions)
            return
        session = await self._sessions.get(count_in)
        if session is None:
            raise Missing
        left: dict[str, Any] = {"message_count": session.message_count - len(messages)}
        for message in messages:
            left |= outdated(session, message.message_id)
        await self._database.transact(
            [*deletions, Update(SESSIONS, count_in, left, session.version)]
        )


def _event(run: RunRow, number: int, name: str, data: Mapping[str, Any]) -> Put:
    event = RunEvent(
        run_id=run.run_id,
        number=number,
        event=name,
        data=dict(data),
        expires_at=now() + EVENTS_LAST,
    )
    return Put(RUN_EVENTS, event, if_absent=True)


class _Counting:
    """See assistant.answers.Counting: what a run uses, added to its user's day and its session."""

    def __init__(self, usage: UsageRepository) -> None:
        self._usage = usage

    def operations(self, run: Run, usage: Usage, moment: datetime) -> list[Operation]:
        """What is not counted yet."""
        fresh = beyond(usage, run.counted)
        if fresh == Usage(cost=fresh.cost) and not fresh.cost:
            return []
        runs = 1 if run.counted is None else 0
        return [
            counting(run.user_id, run.model, moment, fresh, runs=runs),
            used_in(run.session_id, fresh),
        ]

    async def begin_day(self, run: Run, moment: datetime) -> None:
        """Make the day's row."""
        await self._usage.begin_day(run.user_id, run.model, moment)
