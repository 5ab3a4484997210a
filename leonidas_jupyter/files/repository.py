"""What the rules of files need stored."""

from typing import Any

from leonidas_jupyter.core.paging import Page
from leonidas_jupyter.files.schemas import StoredFile
from leonidas_jupyter.projects.repository import PROJECTS
from leonidas_jupyter.tables.base import Add, Database, Index, Put, TableSpec, Update
from leonidas_jupyter.tables.leases import UNFINISHED

FILES = TableSpec(
    name="files",
    model=StoredFile,
    key=("file_id",),
    unique=("frame_key",),
    indexes=(Index("project", partition="project_id", sort="created_at"), UNFINISHED),
)
SPECS: tuple[TableSpec[Any], ...] = (FILES,)


class FilesRepository:
    """Files, and their number in their project."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.files = database.table(FILES)

    async def add(self, file: StoredFile) -> None:
        """Store a new file and count it. Raises Exists (``frame_key``), Missing (the project)."""
        await self._database.transact(
            [Put(FILES, file, if_absent=True), Add(PROJECTS, file.project_id, "file_count", 1)]
        )

    async def get(self, file_id: str) -> StoredFile | None:
        """The file, also one that is marked as deleted."""
        return await self.files.get(file_id)

    async def of_project(
        self, project_id: str, *, after: str | None, limit: int, descending: bool = True
    ) -> Page[StoredFile]:
        """A project's files by the time of their making, also those marked as deleted."""
        return await self.files.query(
            "project", project_id, after=after, limit=limit, descending=descending
        )

    async def change(
        self, file_id: str, changes: dict[str, Any], *, if_version: int | None
    ) -> StoredFile:
        """Change fields. Raises Missing, Stale, Exists (``frame_key``)."""
        return await self.files.update(file_id, changes, if_version=if_version)

    async def mark_deleted(self, file: StoredFile, changes: dict[str, Any]) -> None:
        """Mark as deleted and count down, in one write. Raises Missing, Stale."""
        await self._database.transact(
            [
                Update(FILES, file.file_id, changes, if_version=file.version),
                Add(PROJECTS, file.project_id, "file_count", -1),
            ]
        )

    async def remove(self, file_id: str) -> None:
        """Remove the row of a file that is marked as deleted."""
        await self.files.delete(file_id)
