"""What the rules of sessions need stored."""

from contextlib import suppress
from typing import Any

from leonidas_jupyter.assistant.shapes import RunningSummary, Usage
from leonidas_jupyter.core.paging import Page
from leonidas_jupyter.projects.repository import PROJECTS
from leonidas_jupyter.sessions.schemas import Session
from leonidas_jupyter.tables.amend import amend
from leonidas_jupyter.tables.base import (
    Add,
    Database,
    Index,
    Missing,
    Put,
    Table,
    TableSpec,
    Update,
)
from leonidas_jupyter.tables.leases import UNFINISHED

SESSIONS = TableSpec(
    name="sessions",
    model=Session,
    key=("session_id",),
    indexes=(Index("project", partition="project_id", sort="created_at"), UNFINISHED),
)
SPECS: tuple[TableSpec[Any], ...] = (SESSIONS,)


def used_in(session_id: str, used: Usage) -> Add:
    """The operation that counts what an answer took in its session."""
    also = {"output_tokens": used.output_tokens, "cost_micros": used.cost_micros}
    return Add(SESSIONS, session_id, "input_tokens", used.input_tokens, also)


def outdated(session: Session, message_id: str) -> dict[str, Any]:
    """The change that a changed or removed message makes to the summary that covers it."""
    covered = session.summary is not None and message_id <= session.summary.until
    return {"summary": None} if covered else {}


async def keep_summary(
    sessions: Table[Session], session_id: str, summary: RunningSummary, since: str | None
) -> None:
    """Keep what sums a session up, where its conversation still begins at ``since``."""

    def decide(session: Session) -> dict[str, Any] | None:
        same = session.context_from == since and session.deleted_at is None
        return {"summary": summary} if same else None

    with suppress(Missing):
        await amend(sessions, session_id, decide)


class SessionsRepository:
    """Sessions, and their number in their project."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.sessions = database.table(SESSIONS)

    async def add(self, session: Session) -> None:
        """Store a new session and count it. Raises Missing when the project is gone."""
        await self._database.transact(
            [
                Put(SESSIONS, session, if_absent=True),
                Add(PROJECTS, session.project_id, "session_count", 1),
            ]
        )

    async def get(self, session_id: str) -> Session | None:
        """The session, also one that is marked as deleted."""
        return await self.sessions.get(session_id)

    async def of_project(self, project_id: str, *, after: str | None, limit: int) -> Page[Session]:
        """A project's sessions, newest first, also those marked as deleted."""
        return await self.sessions.query(
            "project", project_id, after=after, limit=limit, descending=True
        )

    async def change(
        self, session_id: str, changes: dict[str, Any], *, if_version: int | None
    ) -> Session:
        """Change fields. Raises Missing, Stale."""
        return await self.sessions.update(session_id, changes, if_version=if_version)

    async def mark_deleted(self, session: Session, changes: dict[str, Any]) -> None:
        """Mark as deleted and count down, in one write. Raises Missing, Stale."""
        await self._database.transact(
            [
                Update(SESSIONS, session.session_id, changes, if_version=session.version),
                Add(PROJECTS, session.project_id, "session_count", -1),
            ]
        )

    async def remove(self, session_id: str) -> None:
        """Remove the row."""
        await self.sessions.delete(session_id)
