"""The rules of sessions: conversations in a project, and how they come and go."""

from typing import Any

from leonidas_jupyter.core.errors import ErrorCode, LeonidasError, invalid, not_found
from leonidas_jupyter.core.events import EventBus, ProjectDeleted, SessionDeleted, SessionRefreshed
from leonidas_jupyter.core.exposure import DataExposure, strictest
from leonidas_jupyter.core.ids import new_id, now
from leonidas_jupyter.core.paging import Page
from leonidas_jupyter.core.security import Action, Caller
from leonidas_jupyter.core.tasks import Tasks
from leonidas_jupyter.projects.schemas import CASCADE, Project
from leonidas_jupyter.projects.service import ProjectsService
from leonidas_jupyter.sessions.repository import SESSIONS, SessionsRepository
from leonidas_jupyter.sessions.schemas import (
    Session,
    SessionCreate,
    SessionResponse,
    SessionUpdate,
    SessionUsage,
)
from leonidas_jupyter.tables.amend import amend
from leonidas_jupyter.tables.base import Missing, Operation, Stale, Update
from leonidas_jupyter.tables.leases import Leases
from leonidas_jupyter.tables.resumable import Resumable

_AFRESH: dict[str, Any] = {"summary": None, "python_allowed": None}
"""What of a session does not outlive its context."""


class SessionsService:
    """Sessions: listing, making, naming, refreshing, deleting."""

    def __init__(
        self,
        *,
        repository: SessionsRepository,
        projects: ProjectsService,
        bus: EventBus,
        tasks: Tasks,
        leases: Leases,
    ) -> None:
        self._repository = repository
        self._projects = projects
        self._bus = bus
        self._leases = leases
        self._cascades = Resumable(
            CASCADE,
            repository.sessions,
            self._cascade,
            leases=leases,
            tasks=tasks,
        )
        bus.subscribe(ProjectDeleted, self._project_deleted)

    async def of_project(
        self, caller: Caller, project_id: str, *, after: str | None = None, limit: int = 50
    ) -> Page[SessionResponse]:
        """A project's sessions, newest first. Raises LeonidasError: ``not_found``."""
        project = await self._projects.authorize(caller, project_id, Action.READ)
        page = await self._repository.of_project(project_id, after=after, limit=limit)
        standing = [session for session in page.items if session.deleted_at is None]
        return Page(items=[self._shown(s, project) for s in standing], next=page.next)

    async def create(
        self, caller: Caller, project_id: str, wanted: SessionCreate
    ) -> SessionResponse:
        """Begin a session. Raises LeonidasError: ``not_found``, ``forbidden_by_policy``."""
        project = await self._projects.authorize(caller, project_id, Action.CHAT)
        session = Session(session_id=new_id(), project_id=project_id, title=wanted.title or "")
        try:
            await self._repository.add(session)
        except Missing:
            raise not_found("project") from None
        try:
            await self._projects.authorize(caller, project_id, Action.CHAT)
        except LeonidasError:
            # The project was deleted meanwhile, and its cascade may have listed its sessions
            # already.
            await self._repository.remove(session.session_id)
            raise
        return self._shown(session, project)

    async def read(self, caller: Caller, session_id: str) -> SessionResponse:
        """One session. Raises LeonidasError: ``not_found``."""
        session, project = await self._resolve(caller, session_id, Action.READ)
        return self._shown(session, project)

    async def change(
        self,
        caller: Caller,
        session_id: str,
        wanted: SessionUpdate,
        *,
        if_version: int | None = None,
    ) -> SessionResponse:
        """Change what the caller sent.

        Raises:
            LeonidasError: ``not_found``, ``invalid_request``, or ``forbidden_by_policy`` where the
                role or the project's exposure stands against it.
            Stale: the session has another version than ``if_version``.
        """
        session, project = await self._resolve(caller, session_id, Action.EDIT)
        changes = wanted.model_dump(exclude_unset=True)
        if "title" in changes and changes["title"] is None:
            raise invalid("title: It takes text; leave it out to keep it.")
        ceiling = self._projects.exposure(project)
        if (level := wanted.data_exposure) is not None and level.rank > ceiling.rank:
            raise LeonidasError(
                ErrorCode.FORBIDDEN_BY_POLICY,
                f"This project lets models see at most “{ceiling}”; "
                "choose that or a stricter level.",
                detail={"data_exposure_max": ceiling.value},
            )
        if changes or if_version is not None:
            session = await self._change(session_id, changes, if_version)
        return self._shown(session, project)

    async def refresh(self, caller: Caller, session_id: str) -> SessionResponse:
        """Start afresh: what was said stays readable, but the conversation goes on without it.

        Raises:
            LeonidasError: ``not_found``, ``forbidden_by_policy``.
        """
        session, project = await self._resolve(caller, session_id, Action.CHAT)
        session = await self._change(session_id, _AFRESH | {"context_from": new_id()}, None)
        await self._bus.publish(SessionRefreshed(session.project_id, session_id))
        return self._shown(session, project)

    async def allowing(self, session_id: str, what: str) -> list[Operation]:
        """What allows somebody's Python for the rest of the session, to be stored with an answer.

        Storing it raises Stale or Missing where the session has changed or is gone.
        """
        session = await self._repository.get(session_id)
        if session is None or session.deleted_at is not None:
            raise not_found("session")
        allowed = sorted({*(session.python_allowed or ()), what})
        change = {"python_allowed": allowed}
        return [Update(SESSIONS, session_id, change, if_version=session.version)]

    async def entitle(self, session_id: str, title: str) -> None:
        """Give a session that has no title one; does nothing where it has one, or is gone."""

        def decide(session: Session) -> dict[str, Any] | None:
            return None if session.title or session.deleted_at else {"title": title}

        try:
            await amend(self._repository.sessions, session_id, decide)
        except Missing:
            return

    async def delete(
        self, caller: Caller, session_id: str, *, if_version: int | None = None
    ) -> None:
        """Delete a session: it is gone at once, its messages in the background.

        Raises:
            LeonidasError: ``not_found``, ``forbidden_by_policy``.
            Stale: the session has another version than ``if_version``.
        """
        while True:
            session = await self.authorize(caller, session_id, Action.EDIT)
            if if_version is not None and session.version != if_version:
                raise Stale
            mark = {"deleted_at": now(), **self._leases.fields(CASCADE)}
            try:
                await self._repository.mark_deleted(session, mark)
            except Stale:
                continue
            except Missing:
                raise not_found("session") from None
            self._cascades.start(session_id)
            return

    async def authorize(self, caller: Caller, session_id: str, action: Action) -> Session:
        """The session, if the caller may do this in its project.

        Raises:
            LeonidasError: ``not_found``, ``forbidden_by_policy``.
        """
        return (await self._resolve(caller, session_id, action))[0]

    async def recover(self) -> None:
        """Go on with deletions that a stopped process left."""
        await self._cascades.recover()

    async def _resolve(
        self, caller: Caller, session_id: str, action: Action
    ) -> tuple[Session, Project]:
        session = await self._repository.get(session_id)
        if session is None or session.deleted_at is not None:
            raise not_found("session")
        project = await self._projects.authorize(caller, session.project_id, action, what="session")
        return session, project

    async def _change(
        self, session_id: str, changes: dict[str, Any], if_version: int | None
    ) -> Session:
        try:
            return await self._repository.change(session_id, changes, if_version=if_version)
        except Missing:
            raise not_found("session") from None

    async def _cascade(self, session: Session) -> None:
        await self._bus.deliver(SessionDeleted(session.project_id, session.session_id))
        await self._repository.remove(session.session_id)

    async def _project_deleted(self, event: ProjectDeleted) -> None:
        while (
            page := await self._repository.of_project(event.project_id, after=None, limit=100)
        ).items:
            for session in page.items:
                await self._cascade(session)

    def _shown(self, session: Session, project: Project) -> SessionResponse:
        stored = session.model_dump(include=set(SessionResponse.model_fields))
        level = self.exposure(session, project)
        shown = {"data_exposure": level, "usage": SessionUsage.of(session)}
        return SessionResponse(**stored | shown)

    def exposure(self, session: Session, project: Project) -> DataExposure:
        """The level that holds in the session: its own, or the project's where that is stricter."""
        return strictest([self._projects.exposure(project), session.data_exposure])
