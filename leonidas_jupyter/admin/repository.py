"""What administration needs stored: everything of one person, wherever it stands."""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any

from leonidas_jupyter.admin.schemas import ERASE, ERASED, ERASED_QUESTION, ErasureNote
from leonidas_jupyter.assistant.prompt import title_of
from leonidas_jupyter.auth.repository import FAMILIES, USERS
from leonidas_jupyter.auth.schemas import StoredUser
from leonidas_jupyter.chat.repository import BY_SESSION, MESSAGES, RUN_EVENTS, RUNS
from leonidas_jupyter.chat.schemas import Message, Run
from leonidas_jupyter.files.repository import FILES
from leonidas_jupyter.projects.repository import MEMBERS, PROJECTS
from leonidas_jupyter.projects.schemas import Member, Project
from leonidas_jupyter.sessions.repository import SESSIONS
from leonidas_jupyter.sessions.schemas import Session
from leonidas_jupyter.tables.amend import amend
from leonidas_jupyter.tables.base import Database, KeyPart, M, Missing, TableSpec
from leonidas_jupyter.tables.leases import Leases
from leonidas_jupyter.usage.repository import USAGE

PAGE = 100


class AdminRepository:
    """A person's rows in every table."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.users = database.table(USERS)

    async def user(self, user_id: str) -> StoredUser | None:
        """The user."""
        return await self.users.get(user_id)

    async def mark(self, user: StoredUser, leases: Leases) -> StoredUser:
        """Mark a user as being erased. Raises Missing, Stale."""
        changes = leases.fields(ERASE)
        return await self.users.update(user.user_id, changes, if_version=user.version)

    async def projects(self, user_id: str) -> AsyncIterator[Project]:
        """The projects that somebody owns, also those that are being deleted."""
        async for project in self._of(PROJECTS, "owner", user_id):
            yield project

    async def rows_of(self, name: str, project_id: str) -> AsyncIterator[Any]:
        """The ``members``, ``files`` or ``sessions`` of a project."""
        specs: dict[str, TableSpec[Any]] = {each.name: each for each in (MEMBERS, FILES, SESSIONS)}
        spec = specs[name]
        async for row in self._of(spec, None if name == "members" else "project", project_id):
            yield row

    async def said(self, session_id: str) -> AsyncIterator[Message]:
        """The messages of a session."""
        async for message in self._of(MESSAGES, None, session_id):
            yield message

    async def runs(self, session_id: str) -> AsyncIterator[Run]:
        """The runs of a session."""
        async for run in self._of(RUNS, BY_SESSION.name, session_id):
            yield run

    async def families(self, user_id: str) -> AsyncIterator[Any]:
        """Somebody's sign-ins."""
        async for family in self._of(FAMILIES, "user", user_id):
            yield family

    async def usage(self, user_id: str) -> AsyncIterator[Any]:
        """What somebody used, by day and model."""
        async for day in self._of(USAGE, None, f"user:{user_id}"):
            yield day

    async def memberships(self, username: str) -> AsyncIterator[Member]:
        """Where somebody is a member."""
        async for member in self._of(MEMBERS, "member", f"user:{username}"):
            yield member

    async def asked(self, user_id: str) -> AsyncIterator[Run]:
        """Every run of somebody, in whoever's project; looks at all runs that there are."""
        async for run in self._all(RUNS):
            if run.user_id == user_id:
                yield run

    async def question(self, run: Run) -> Message | None:
        """What was asked."""
        return await self._database.table(MESSAGES).get((run.session_id, run.question_id))

    async def sign_out(self, user_id: str) -> None:
        """End all sign-ins, and forget them."""
        table = self._database.table(FAMILIES)
        async for family in self.families(user_id):
            await table.delete(family.family_id)

    async def forget_usage(self, user_id: str) -> None:
        """Remove what is counted."""
        table = self._database.table(USAGE)
        async for day in self.usage(user_id):
            await table.delete((day.subject, day.entry))

    async def leave(self, username: str, user_id: str) -> None:
        """End all memberships; who was let in by this person stays, by nobody's hand."""
        table = self._database.table(MEMBERS)
        async for member in self.memberships(username):
            await table.delete((member.project_id, member.member))
        async for member in self._all(MEMBERS):
            if member.added_by in (username, user_id):
                with suppress(Missing):
                    await table.update((member.project_id, member.member), {"added_by": ERASED})

    async def owned(self, user_id: str, note: ErasureNote) -> list[str]:
        """Add to a note what somebody owns; the projects that there are."""
        projects = [project.project_id async for project in self.projects(user_id)]
        for project_id in projects:
            async for file in self.rows_of("files", project_id):
                note.items.append(file.file_id)
                note.frames += [file.frame_hash] if file.frame_hash is not None else []
            async for session in self.rows_of("sessions", project_id):
                note.items.append(session.session_id)
                note.items += [run.run_id async for run in self.runs(session.session_id)]
        note.projects += projects
        return projects

    async def purge(self, note: ErasureNote) -> None:
        """Remove what is kept beside the rows that a note tells of."""
        await self._database.purge([*note.projects, *note.items])

    async def erase_words(self, user_id: str, runs: Sequence[Run]) -> None:
        """Take a person's words out of other people's projects: questions, and whose they are.

        The answers stay: they are those projects'. Repeating it changes nothing.
        """
        for run in runs:
            question = await self.question(run)
            with suppress(Missing):
                if question is not None:
                    await self._forget_in_session(run.session_id, user_id, question.content)
                    key = MESSAGES.key_of(question)
                    await self._database.table(MESSAGES).update(key, {"content": ERASED_QUESTION})
            await self._forget_events(run)
            stop = {"cancel_requested": True} if run.unfinished else {}
            with suppress(Missing):
                await self._database.table(RUNS).update(run.run_id, {"user_id": ERASED, **stop})

    async def remove_user(self, user_id: str) -> None:
        """Remove the row itself."""
        await self.users.delete(user_id)

    async def _forget_in_session(self, session_id: str, user_id: str, question: str) -> None:
        """What a session says itself of a question: its summary, its title, who allowed code."""

        def decide(session: Session) -> dict[str, Any]:
            allowed = session.python_allowed or ()
            others = [each for each in allowed if not each.startswith(f"{user_id}/")]
            changes: dict[str, Any] = {"summary": None, "python_allowed": others or None}
            return changes | ({"title": ""} if session.title == title_of(question) else {})

        await amend(self._database.table(SESSIONS), session_id, decide)

    async def _forget_events(self, run: Run) -> None:
        table = self._database.table(RUN_EVENTS)
        if run.unfinished is None:
            async for event in self._of(RUN_EVENTS, None, run.run_id):
                await table.delete((event.run_id, event.number))

    async def _of(
        self, spec: TableSpec[M], index: str | None, partition: KeyPart
    ) -> AsyncIterator[M]:
        """All rows of a partition; those that are read may be removed meanwhile."""
        after: str | None = None
        while True:
            page = await self._database.table(spec).query(index, partition, after=after, limit=PAGE)
            for row in page.items:
                yield row
            if (after := page.next) is None:
                return

    async def _all(self, spec: TableSpec[M]) -> AsyncIterator[M]:
        after: str | None = None
        while True:
            page = await self._database.table(spec).scan(after=after, limit=PAGE)
            for row in page.items:
                yield row
            if (after := page.next) is None:
                return
