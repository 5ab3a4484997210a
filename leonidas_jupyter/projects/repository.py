"""What the rules of projects need stored."""

from typing import Any

from leonidas_jupyter.core.paging import Page
from leonidas_jupyter.projects.schemas import Member, Project
from leonidas_jupyter.tables.base import Database, Index, TableSpec
from leonidas_jupyter.tables.leases import UNFINISHED

PROJECTS = TableSpec(
    name="projects",
    model=Project,
    key=("project_id",),
    indexes=(Index("owner", partition="owner_id", sort="created_at"), UNFINISHED),
)
MEMBERS = TableSpec(
    name="members",
    model=Member,
    key=("project_id", "member"),
    indexes=(Index("member", partition="member", sort="created_at"),),
)
SPECS: tuple[TableSpec[Any], ...] = (PROJECTS, MEMBERS)


class ProjectsRepository:
    """Projects and their members."""

    def __init__(self, database: Database) -> None:
        self.projects = database.table(PROJECTS)
        self._members = database.table(MEMBERS)

    async def add(self, project: Project) -> Project:
        """Store a new project."""
        return await self.projects.put(project, if_absent=True)

    async def get(self, project_id: str) -> Project | None:
        """The project, also one that is marked as deleted."""
        return await self.projects.get(project_id)

    async def owned(self, owner_id: str, *, after: str | None, limit: int) -> Page[Project]:
        """The owner's projects, newest first, also those marked as deleted."""
        return await self.projects.query(
            "owner", owner_id, after=after, limit=limit, descending=True
        )

    async def change(
        self, project_id: str, changes: dict[str, Any], *, if_version: int | None
    ) -> Project:
        """Change fields. Raises Missing, Stale."""
        return await self.projects.update(project_id, changes, if_version=if_version)

    async def member(self, project_id: str, member: str) -> Member | None:
        """The membership of ``user:<username>`` in a project."""
        return await self._members.get((project_id, member))

    async def remove(self, project_id: str) -> None:
        """Remove the project's members and, at last, its row."""
        while (page := await self._members.query(None, project_id, limit=100)).items:
            for member in page.items:
                await self._members.delete((member.project_id, member.member))
        await self.projects.delete(project_id)
