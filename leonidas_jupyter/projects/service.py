"""The rules of projects: who may do what in them, and how they come and go."""

import asyncio
from contextlib import suppress
from typing import Any

from leonidas_jupyter.assistant.policy import Narrower, Policy
from leonidas_jupyter.core.errors import ErrorCode, LeonidasError, invalid, not_found
from leonidas_jupyter.core.events import EventBus, ProjectDeleted
from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.core.ids import new_id, now
from leonidas_jupyter.core.paging import Page
from leonidas_jupyter.core.security import Action, Caller, Role, allows
from leonidas_jupyter.core.tasks import Tasks
from leonidas_jupyter.projects.repository import ProjectsRepository
from leonidas_jupyter.projects.schemas import (
    CASCADE,
    Project,
    ProjectCreate,
    ProjectResponse,
    ProjectUpdate,
)
from leonidas_jupyter.tables.base import Missing, Stale
from leonidas_jupyter.tables.leases import Leases
from leonidas_jupyter.tables.resumable import Resumable

ELSEWHERE_SECONDS = 1.0
"""How often it is looked whether another process has done its work."""

_CONFIGURING = frozenset(
    {"data_exposure", "python", "models", "tool_rounds", "run_tokens", "kernel_name"}
)
"""What only the owner changes."""


class ProjectsService:
    """Projects: listing, making, changing, deleting; every other domain asks it who may do what.

    ``policy`` is the installation's, which no project loosens.
    """

    def __init__(
        self,
        *,
        repository: ProjectsRepository,
        bus: EventBus,
        tasks: Tasks,
        leases: Leases,
        policy: Policy | None = None,
    ) -> None:
        self._repository = repository
        self._bus = bus
        self._leases = leases
        self.policy = policy or Policy()
        self._cascades = Resumable(
            CASCADE,
            repository.projects,
            self._cascade,
            leases=leases,
            tasks=tasks,
        )

    async def mine(
        self, caller: Caller, *, after: str | None = None, limit: int = 50
    ) -> Page[ProjectResponse]:
        """The caller's own projects, newest first."""
        page = await self._repository.owned(caller.user_id, after=after, limit=limit)
        standing = [project for project in page.items if project.deleted_at is None]
        return Page(items=[self._shown(p, Role.OWNER) for p in standing], next=page.next)

    async def create(self, caller: Caller, wanted: ProjectCreate) -> ProjectResponse:
        """Make a project that the caller owns."""
        project = Project(
            project_id=new_id(),
            name=wanted.name,
            description=wanted.description,
            owner_id=caller.user_id,
        )
        return self._shown(await self._repository.add(project), Role.OWNER)

    async def read(self, caller: Caller, project_id: str) -> ProjectResponse:
        """One project. Raises LeonidasError: ``not_found``."""
        project = await self.authorize(caller, project_id, Action.READ)
        return self._shown(project, await self.role(caller, project))

    async def change(
        self,
        caller: Caller,
        project_id: str,
        wanted: ProjectUpdate,
        *,
        if_version: int | None = None,
    ) -> ProjectResponse:
        """Change what the caller sent.

        Raises:
            LeonidasError: ``not_found``, ``invalid_request``, or ``forbidden_by_policy`` where the
                role or the installation's ceiling stands against it.
            Stale: the project has another version than ``if_version``.
        """
        changes = wanted.model_dump(exclude_unset=True)
        action = Action.CONFIGURE if _CONFIGURING & changes.keys() else Action.EDIT
        project = await self.authorize(caller, project_id, action)
        self._check(changes)
        if changes or if_version is not None:
            try:
                project = await self._repository.change(project_id, changes, if_version=if_version)
            except Missing:
                raise not_found("project") from None
        return self._shown(project, await self.role(caller, project))

    def _check(self, changes: dict[str, Any]) -> None:
        for field in ("name", "description"):
            if field in changes and changes[field] is None:
                raise invalid(f"{field}: It takes text; leave it out to keep it.")
        chosen = Narrower(
            exposure=changes.get("data_exposure"),
            python=changes.get("python"),
            models=changes.get("models"),
            tool_rounds=changes.get("tool_rounds"),
            run_tokens=changes.get("run_tokens"),
        )
        if (looser := self.policy.looser(chosen)) is not None:
            raise LeonidasError(
                ErrorCode.FORBIDDEN_BY_POLICY,
                looser.sentence,
                detail={looser.field: looser.allowed},
            )

    async def delete(
        self, caller: Caller, project_id: str, *, if_version: int | None = None
    ) -> None:
        """Delete a project: it is gone at once for everybody, its content in the background.

        Raises:
            LeonidasError: ``not_found``, or ``forbidden_by_policy`` where the role is against it.
            Stale: the project has another version than ``if_version``.
        """
        await self.authorize(caller, project_id, Action.DELETE_PROJECT)
        mark = {"deleted_at": now(), **self._leases.fields(CASCADE)}
        try:
            await self._repository.change(project_id, mark, if_version=if_version)
        except Missing:
            raise not_found("project") from None
        self._cascades.start(project_id)

    async def remove(self, project_id: str) -> None:
        """Delete a project, whosesoever, and wait until its content is gone.

        Raises:
            Unavailable, StoreUnavailable: it is not yet; repeat it.
        """
        while (project := await self._repository.get(project_id)) is not None:
            if project.deleted_at is None:
                mark = {"deleted_at": now(), **self._leases.fields(CASCADE)}
                with suppress(Stale, Missing):
                    await self._repository.change(project_id, mark, if_version=project.version)
                continue
            work = self._cascades.start(project_id)
            await asyncio.wait([work])
            work.result()
            if await self._repository.get(project_id) is not None:
                await asyncio.sleep(ELSEWHERE_SECONDS)  # another process is at it

    async def _cascade(self, project: Project) -> None:
        await self._bus.deliver(ProjectDeleted(project.project_id))
        await self._repository.remove(project.project_id)

    async def recover(self) -> None:
        """Go on with deletions that a stopped process left."""
        await self._cascades.recover()

    async def authorize(
        self, caller: Caller, project_id: str, action: Action, *, what: str = "project"
    ) -> Project:
        """The project, if the caller may do this in it; ``what`` names what was asked for.

        Raises:
            LeonidasError: ``not_found`` to who is no member and for a project being deleted,
                ``forbidden_by_policy`` to a member whose role does not allow it.
        """
        project = await self._repository.get(project_id)
        if project is None or project.deleted_at is not None:
            raise not_found(what)
        role = await self.role(caller, project, what=what)
        if not allows(role, action):
            raise LeonidasError(
                ErrorCode.FORBIDDEN_BY_POLICY,
                f"As {role.value} of this project you may not do that; ask its owner.",
                detail={"role": role.value, "action": action.value},
            )
        return project

    async def role(self, caller: Caller, project: Project, *, what: str = "project") -> Role:
        """What the caller is in the project. Raises LeonidasError: ``not_found`` if nothing."""
        if project.owner_id == caller.user_id:
            return Role.OWNER
        member = await self._repository.member(project.project_id, f"user:{caller.username}")
        if member is None:
            raise not_found(what)
        return member.role

    def exposure(self, project: Project) -> DataExposure:
        """The level that holds in the project: its own, unless the installation's is stricter."""
        return self.limits(project).exposure_max

    def limits(self, project: Project) -> Policy:
        """What is allowed in the project: nothing looser than in the installation."""
        return self.policy.narrowed(project.chosen)

    def _shown(self, project: Project, role: Role) -> ProjectResponse:
        limits = self.limits(project)
        holds = {
            "data_exposure": limits.exposure_max,
            "python": limits.python,
            "models": limits.choices(),
            "tool_rounds": limits.tool_rounds,
            "run_tokens": limits.run_tokens,
        }
        return ProjectResponse.model_validate({**vars(project), **holds, "my_role": role})
