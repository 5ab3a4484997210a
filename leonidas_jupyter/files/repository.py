"""What the rules of files need stored: the rows, and each step of a file's life as one write."""

from collections.abc import Sequence
from typing import Any

from leonidas_jupyter.core.errors import ErrorCode, LeonidasError
from leonidas_jupyter.core.ids import now
from leonidas_jupyter.core.paging import Page
from leonidas_jupyter.core.text import byte_words
from leonidas_jupyter.data.frames import frame_name
from leonidas_jupyter.files.schemas import FileSource, StoredFile, UploadRequest
from leonidas_jupyter.projects.repository import PROJECTS
from leonidas_jupyter.projects.schemas import CASCADE
from leonidas_jupyter.tables.base import (
    Add,
    Database,
    Exists,
    Index,
    Missing,
    Put,
    Stale,
    TableSpec,
    Update,
)
from leonidas_jupyter.tables.leases import UNFINISHED, Leases

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

    async def add(self, file: StoredFile) -> StoredFile:
        """Store a new file under the next free frame name, and count it.

        Where a file of this id is stored already, it is that one, as it stands.

        Raises:
            Missing: the project is gone.
        """
        taken: set[str] = set()
        while True:
            name = frame_name(file.filename, taken)
            named = file.model_copy(update=file.named(file.filename, name))
            count = Add(PROJECTS, file.project_id, "file_count", 1)
            try:
                await self._database.transact([Put(FILES, named, if_absent=True), count])
            except Exists:
                if (stored := await self.files.get(file.file_id)) is not None:
                    return stored
                taken.add(name)
            else:
                return named

    async def get(self, file_id: str) -> StoredFile | None:
        """The file, also one that is marked as deleted."""
        return await self.files.get(file_id)

    async def expect(self, project_id: str, file_ids: Sequence[str]) -> None:
        """See that these are files of the project.

        Raises:
            Missing: one is not.
        """
        for file_id in file_ids:
            file = await self.files.get(file_id)
            if file is None or file.deleted_at is not None or file.project_id != project_id:
                raise Missing

    async def of_project(
        self, project_id: str, *, after: str | None, limit: int
    ) -> Page[StoredFile]:
        """A project's files, newest first, also those marked as deleted."""
        return await self.files.query(
            "project", project_id, after=after, limit=limit, descending=True
        )

    async def all_of_project(self, project_id: str) -> list[StoredFile]:
        """A project's files, oldest first, also those marked as deleted."""
        found: list[StoredFile] = []
        after: str | None = None
        while True:
            page = await self.files.query("project", project_id, after=after, limit=200)
            found += page.items
            if (after := page.next) is None:
                return found

    async def check_room(self, project_id: str, wanted: UploadRequest, most: int) -> None:
        """See that results saved from sessions take at most so many bytes of a project together.

        Raises:
            LeonidasError: ``file_too_large`` where a further one would take more.
        """
        if wanted.source is not FileSource.APP_GENERATED:
            return
        files = await self.all_of_project(project_id)
        others = [f for f in files if f.deleted_at is None and f.file_id != wanted.replaces]
        saved = sum(file.size for file in others if file.source is FileSource.APP_GENERATED)
        if wanted.size > (left := max(most - saved, 0)):
            raise LeonidasError(
                ErrorCode.FILE_TOO_LARGE,
                f"{wanted.filename} is {byte_words(wanted.size)}; saved results may take "
                f"{byte_words(left)} more in this project: delete some that nobody needs.",
                detail={"size": wanted.size, "limit": left},
            )

    async def names(self, project_id: str) -> dict[str, str]:
        """The names of a project's files by their ids, without those marked as deleted."""
        files = await self.all_of_project(project_id)
        return {file.file_id: file.filename for file in files if file.deleted_at is None}

    async def rename(
        self, file: StoredFile, filename: str, *, if_version: int | None
    ) -> StoredFile:
        """Rename the file, and its frame to the next free name. Raises Missing, Stale."""
        taken: set[str] = set()
        while True:
            name = frame_name(filename, taken)
            try:
                return await self.files.update(
                    file.file_id, file.named(filename, name), if_version=if_version
                )
            except Exists:
                taken.add(name)

    async def mark_deleted(self, file: StoredFile, leases: Leases) -> None:
        """Mark as deleted, free the frame's name and count down, in one write.

        Raises:
            Missing: the file or its project is gone.
            Stale: the file has changed meanwhile.
        """
        mark = {
            "deleted_at": now(),
            "frame_key": None,
            "incoming": None,
            **leases.fields(CASCADE),
        }
        await self._database.transact(
            [
                Update(FILES, file.file_id, mark, if_version=file.version),
                Add(PROJECTS, file.project_id, "file_count", -1),
            ]
        )

    async def discard(self, file_id: str, leases: Leases) -> None:
        """Mark a file as deleted, whatever happens to it meanwhile, if it is not yet."""
        while (file := await self.get(file_id)) is not None and file.deleted_at is None:
            try:
                return await self.mark_deleted(file, leases)
            except Stale:
                continue
            except Missing:
                return None
        return None

    async def remove(self, file_id: str) -> None:
        """Remove the row."""
        await self.files.delete(file_id)
