"""The other sheets of a workbook, as files of their own beside it.

A workbook's file is its first sheet. When that has been read for the first time, each further sheet
that holds something becomes a file of the project with a copy of the bytes, read as that sheet.
They are made before the workbook counts as read, under ids that follow from its id and the sheet's
name: a server that is killed in between finds again what it had begun, and begins nothing twice.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import NAMESPACE_OID, uuid5

from pydantic_core import PydanticCustomError

from leonidas_jupyter.core.errors import LeonidasError
from leonidas_jupyter.core.filenames import MAX_FILENAME, check_filename
from leonidas_jupyter.data.arrivals import UPLOAD, Arrivals
from leonidas_jupyter.data.dialect import DialectOverride
from leonidas_jupyter.data.frames import EXTENSIONS
from leonidas_jupyter.data.ingest import IngestReport
from leonidas_jupyter.data.reading import FileRecord, Incoming
from leonidas_jupyter.storage.base import ObjectStore
from leonidas_jupyter.tables.base import Missing, Stale, Table

R = TypeVar("R", bound=FileRecord)

NAMED = 10
"""How many frames are named in a sentence."""


@dataclass(frozen=True)
class Siblings(Generic[R]):
    """Makes files of sheets.

    ``begin`` stores a file that awaits content, under the id that it is given; ``start`` begins to
    read one; ``of_project`` lists a project's files, and ``discard`` deletes one of them;
    ``max_bytes`` is what the copies of one workbook may take together.
    """

    table: Table[R]
    store: ObjectStore
    arrivals: Arrivals[R]
    begin: Callable[[str, Incoming, str], Awaitable[R]]
    start: Callable[[R], Awaitable[None]]
    of_project: Callable[[str], Awaitable[list[R]]]
    discard: Callable[[str], Awaitable[None]]
    max_bytes: int

    async def make(self, file: R, report: IngestReport) -> IngestReport:
        """Make the files of the report's other sheets; the report then says what they are called.

        Of a workbook that was read before nothing is made, and what was made stays as it is.
        """
        if not report.sheets:
            return report
        if file.frame_hash is not None:
            return _saying(report, await self._kept(file, report.sheets))
        allowed = max(1, self.max_bytes // max(file.arriving.size, 1))
        made = []
        for sheet in report.sheets[:allowed]:
            with suppress(Missing, Stale, LeonidasError):  # somebody deletes it, or the project
                made.append((await self._make(file, sheet)).frame_name)
        note = f"The other sheets are frames, too: {_listed(made)}." if made else ""
        if (left := len(report.sheets) - allowed) > 0:
            note += f" {left} more would take too much space: upload them in a workbook each."
        return _saying(report, note.strip())

    async def drop(self, workbook: R) -> None:
        """Delete what was made of a workbook that was itself deleted before it had been read.

        The sheets of one that had been read are files on their own, and stay.
        """
        if workbook.frame_hash is not None:
            return
        for file in await self.of_project(workbook.project_id):
            said = (file.override, file.incoming.override if file.incoming else None)
            sheets = [override.sheet for override in said if override and override.sheet]
            if any(file.file_id == _sibling_id(workbook, sheet) for sheet in sheets):
                await self.discard(file.file_id)

    async def _make(self, file: R, sheet: str) -> R:
        file_id = _sibling_id(file, sheet)
        sibling = await self.table.get(file_id)
        if sibling is None:
            changes = {
                "content_version": 1,
                "filename": sheet_filename(file.arriving.filename, sheet),
                "override": DialectOverride(sheet=sheet),
                "attempts": 0,
            }
            incoming = file.arriving.model_copy(update=changes)
            sibling = await self.begin(file.project_id, incoming, file_id)
            # Who deletes the workbook from now on finds this file; who did before did not.
            workbook = await self.table.get(file.file_id)
            if workbook is None or workbook.deleted_at is not None:
                await self.discard(sibling.file_id)
                raise Missing
        if sibling.deleted_at is None and sibling.unfinished == UPLOAD:
            await self.store.copy(file.arriving_content.original, sibling.arriving_content.original)
            confirmed = await self.arrivals.confirm(sibling, None)
            if confirmed is not None:
                await self.start(confirmed)
        return sibling

    async def _kept(self, file: R, sheets: list[str]) -> str:
        """What to say of the sheets of a workbook that was read before."""
        names = []
        for sheet in sheets:
            sibling = await self.table.get(_sibling_id(file, sheet))
            if sibling is not None and sibling.deleted_at is None:
                names.append(sibling.frame_name)
        if not names:
            return "The other sheets are not read: upload the workbook as a new file for them."
        return (
            f"What was made of the other sheets earlier stays as it is: {_listed(names)}. "
            "Upload the workbook to those files, too, where it is to change."
        )


def sheet_filename(filename: str, sheet: str) -> str:
    """What the file of a sheet is called: ``Book.xlsx`` gives ``Book (Data).xlsx``."""
    stem = EXTENSIONS.sub("", filename)
    extension = filename[len(stem) :]
    inside = " ".join(sheet.translate({ord("/"): "_", ord("\\"): "_"}).split()) or "sheet"
    inside = inside[: MAX_FILENAME // 2]
    stem = stem[: MAX_FILENAME - len(inside) - len(extension) - 3]
    try:
        return check_filename(f"{stem} ({inside}){extension}")
    except PydanticCustomError:  # a sheet's name may hold what no file's may
        return check_filename(f"{stem} (sheet){extension}")


def _sibling_id(file: FileRecord, sheet: str) -> str:
    return str(uuid5(NAMESPACE_OID, f"{file.file_id}/{sheet}"))


def _saying(report: IngestReport, note: str) -> IngestReport:
    if not note:
        return report
    assumed = [*report.dialect.assumed, note]
    dialect = report.dialect.model_copy(update={"assumed": assumed})
    return report.model_copy(update={"dialect": dialect})


def _listed(names: list[str]) -> str:
    if len(names) > NAMED:
        return ", ".join(names[:NAMED]) + f" and {len(names) - NAMED} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
