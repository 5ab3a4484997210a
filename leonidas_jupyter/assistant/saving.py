"""Results made into files of the project: written beside the server's memory, then read in."""

import asyncio
import shutil
import stat
import tempfile
from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from leonidas_jupyter.assistant.tools.base import ToolFailed, WriteFile
from leonidas_jupyter.core.errors import LeonidasError
from leonidas_jupyter.core.security import Caller
from leonidas_jupyter.data.dialect import DialectOverride
from leonidas_jupyter.data.errors import DataError
from leonidas_jupyter.data.frames import Frame
from leonidas_jupyter.data.sql import Export
from leonidas_jupyter.tables.base import Unavailable

LOOK_SECONDS = 0.05
READING_SECONDS = 120.0
"""How long a file that was saved is waited for until it can be asked."""

Kind = TypeVar("Kind", contravariant=True)


class SavedFile(Protocol):
    """A file, as far as waiting for it needs it."""

    @property
    def file_id(self) -> str:
        """Its id."""

    @property
    def status(self) -> str:
        """UPLOADING, PROCESSING, COMPLETED or FAILED."""

    @property
    def reason(self) -> str | None:
        """Why it could not be read."""


class ProjectFiles(Protocol[Kind]):
    """What saving needs of the files of a project; all raise LeonidasError."""

    async def room(self, caller: Caller, project_id: str, filename: str) -> int:
        """How many bytes a file of this name may have."""

    def export(
        self, project_id: str, sql: str, target: Path, *, max_bytes: int
    ) -> Awaitable[Export]:
        """Write a query's whole result. Raises DataError."""

    async def add(
        self,
        caller: Caller,
        project_id: str,
        filename: str,
        source: Path,
        kind: Kind,
        *,
        derived_from: str | None = None,
        override: DialectOverride | None = None,
    ) -> SavedFile:
        """Take a file of this machine in."""

    async def read(self, caller: Caller, file_id: str) -> SavedFile:
        """One file."""

    def frames(self, project_id: str) -> Awaitable[Sequence[Frame]]:
        """The frames that can be asked."""


class Saving(Generic[Kind]):
    """Saves results into one project for one caller; see `tools.base.SaveResults`."""

    def __init__(
        self, files: ProjectFiles[Kind], caller: Caller, project_id: str, kind: Kind
    ) -> None:
        self._files = files
        self._caller = caller
        self._project_id = project_id
        self._kind = kind

    async def query(self, sql: str, filename: str, sources: Sequence[Frame]) -> Frame:
        """As `SaveResults.query`."""
        room = await self._room(filename)

        async def write(target: Path) -> Sequence[str]:
            export = await self._files.export(self._project_id, sql, target, max_bytes=room)
            return export.text_columns

        return await self._save(write, filename, sources, room)

    async def file(self, write: WriteFile, filename: str, sources: Sequence[Frame]) -> Frame:
        """As `SaveResults.file`."""
        return await self._save(write, filename, sources, await self._room(filename))

    async def _room(self, filename: str) -> int:
        try:
            return await self._files.room(self._caller, self._project_id, filename)
        except LeonidasError as error:
            raise ToolFailed(error.message, safe=True) from error

    async def _save(
        self, write: WriteFile, filename: str, sources: Sequence[Frame], room: int
    ) -> Frame:
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="leonidas-save-"))
        try:
            target = folder / "result.csv"
            text_columns = await write(target)
            written = await asyncio.to_thread(target.lstat)
            if not stat.S_ISREG(written.st_mode):  # code in a kernel may have put a pipe there
                raise ToolFailed("The result could not be written as a file.", safe=True)
            if written.st_size > room:
                raise ToolFailed(
                    "The project has no room for this result as a file: save less of it, or delete "
                    "files that are not needed any more.",
                    safe=True,
                )
            added = await self._files.add(
                self._caller,
                self._project_id,
                filename,
                target,
                self._kind,
                derived_from=",".join(frame.file_id for frame in sources) or None,
                override=as_written(text_columns),
            )
            return await self._standing(added, filename)
        except DataError as error:
            raise ToolFailed(error.sentence) from error
        except (LeonidasError, Unavailable) as error:
            raise ToolFailed(str(error)) from error
        finally:
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))

    async def _standing(self, file: SavedFile, filename: str) -> Frame:
        """The file's frame, once it has been read."""
        clock = asyncio.get_running_loop()
        until = clock.time() + READING_SECONDS
        while file.status in {"UPLOADING", "PROCESSING"}:
            if clock.time() > until:
                raise ToolFailed(f"{filename} is saved and still being read.", safe=True)
            await asyncio.sleep(LOOK_SECONDS)
            file = await self._files.read(self._caller, file.file_id)
        for frame in await self._files.frames(self._project_id):
            if frame.file_id == file.file_id:
                return frame
        raise ToolFailed(f"{filename} was saved and cannot be read: {file.reason}")


def as_written(text_columns: Sequence[str]) -> DialectOverride:
    """How the files that are saved here are written, so that nothing about them is guessed."""
    return DialectOverride(
        encoding="utf-8",
        delimiter=",",
        quote='"',
        escape='"',
        comment="",
        skip_rows=0,
        header_rows=1,
        footer_rows=0,
        decimal=".",
        thousands="",
        text_columns=list(text_columns),
    )
