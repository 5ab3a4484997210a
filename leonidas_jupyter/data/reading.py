"""A file's way from bytes to a frame, and away: written on its row, worked on under leases."""

import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, Self, TypeVar

from pydantic import BaseModel

from leonidas_jupyter.core.errors import LeonidasError, conflict, invalid, not_found
from leonidas_jupyter.core.events import EventBus, FileProgress, FileReady, FileStatusChanged
from leonidas_jupyter.core.tasks import Tasks
from leonidas_jupyter.data.dialect import Dialect, DialectOverride
from leonidas_jupyter.data.errors import DataError, IngestFailed, OtherBytes
from leonidas_jupyter.data.formats import misplaced
from leonidas_jupyter.data.framestore import Content, FrameStore, Standing, file_prefix
from leonidas_jupyter.data.ingest import BadRows, IngestReport
from leonidas_jupyter.data.worker import WorkerLimits
from leonidas_jupyter.storage.base import ObjectMissing, ObjectStore, PartedUpload
from leonidas_jupyter.tables.amend import amend
from leonidas_jupyter.tables.base import Table
from leonidas_jupyter.tables.leases import Leased, Leases
from leonidas_jupyter.tables.resumable import Resumable

INGEST = "ingest"
"""Unfinished while confirmed bytes are being read."""

PROGRESS_SECONDS = 0.1
"""The least time between two words on how far reading a file has come."""

MAX_ATTEMPTS = 5
"""How often reading may begin; a file that brings the server down each time ends as FAILED."""


class FileStatus(StrEnum):
    """Where a file is on its way from bytes to a frame."""

    UPLOADING = "UPLOADING"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


class Incoming(BaseModel):
    """Content on its way: awaited, then confirmed, then read.

    ``sha256`` is what the uploader said until the bytes are confirmed, then what the server
    computed, or computes when it reads them. ``source`` and ``derived_from`` say where content that
    takes the place of other content comes from. ``attempts`` counts how often reading it began.
    ``parts`` is the store's word for an upload in parts.
    """

    content_version: int = 1
    filename: str
    size: int
    sha256: str | None = None
    override: DialectOverride | None = None
    source: str | None = None
    derived_from: str | None = None
    attempts: int = 0
    parts: PartedUpload | None = None

    def goes_on(self, awaited: "Incoming | None") -> bool:
        """Whether this is the content that is awaited already, so that its upload can go on."""
        if awaited is None or self.sha256 is None:
            return False
        own = {"content_version", "attempts", "parts"}
        return self.model_dump(exclude=own) == awaited.model_dump(exclude=own)

    def facts(self) -> dict[str, Any]:
        """What a file's row says of content that is its own."""
        return self.model_dump(include={"content_version", "filename", "size", "sha256"})


class FileRecord(Leased):
    """The row of a file, as far as reading goes.

    ``filename`` to ``override`` describe the content that stands; it stays readable while other
    content is ``incoming``. ``newest_version`` is the highest content version ever begun, so that
    no two contents share their keys. ``status`` and ``reason`` speak of the newest content.
    """

    file_id: str
    project_id: str
    frame_name: str = ""
    status: FileStatus
    reason: str | None = None
    filename: str
    size: int
    sha256: str | None = None
    content_version: int = 1
    frame_hash: str | None = None
    frame_size: int | None = None
    frame_sha256: str | None = None
    rows: int | None = None
    columns: int | None = None
    bad_rows: BadRows | None = None
    dialect: Dialect | None = None
    override: DialectOverride | None = None
    newest_version: int = 1
    incoming: Incoming | None = None
    deleted_at: datetime | None = None

    @property
    def prefix(self) -> str:
        """Before the keys of everything that belongs to the file."""
        return file_prefix(self.project_id, self.file_id)

    @property
    def content(self) -> Content:
        """Where the content that stands is kept."""
        return Content(self.project_id, self.file_id, self.content_version)

    @property
    def arriving(self) -> Incoming:
        """The content on its way, of a file that has some. Raises ValueError."""
        if self.incoming is None:
            raise ValueError("No content is on its way.")
        return self.incoming

    @property
    def arriving_content(self) -> Content:
        """Where the content on its way is kept. Raises ValueError."""
        return Content(self.project_id, self.file_id, self.arriving.content_version)

    @property
    def standing(self) -> Standing | None:
        """The frame that can be asked now."""
        if self.frame_hash is None or self.deleted_at is not None:
            return None
        return Standing(self.frame_name, self.filename, self.content, self.frame_hash)

    def again(self, override: DialectOverride) -> Incoming:
        """The content that stands, to be read as ``override`` says."""
        return Incoming(
            content_version=self.content_version,
            filename=self.filename,
            size=self.size,
            sha256=self.sha256,
            override=override,
        )

    def read_as(self, report: IngestReport) -> dict[str, Any]:
        """The changes that make the frame of the incoming content the file's."""
        return {
            **self._arrived(),
            "status": FileStatus.COMPLETED,
            "reason": None,
            "incoming": None,
            "dialect": report.dialect,
            "rows": report.rows,
            "columns": report.columns,
            "bad_rows": report.bad_rows,
            "frame_hash": report.frame_hash,
            "frame_size": report.frame_size,
            "frame_sha256": report.frame_sha256,
        }

    def holding(self, sha256: str | None) -> Self:
        """The file with what the server computed of the bytes that are read; None: as it is."""
        if sha256 is None:
            return self
        incoming = self.arriving.model_copy(update={"sha256": sha256})
        return self.model_copy(update={"incoming": incoming})

    def unreadable(self, sentence: str) -> dict[str, Any]:
        """The changes after the incoming content could not be read; a frame that stood stands."""
        changes: dict[str, Any] = {"status": FileStatus.FAILED, "incoming": None}
        if self.frame_hash is None:
            return changes | self._arrived() | {"reason": sentence}
        return changes | {"reason": f"{sentence} What stood before still stands."}

    def _arrived(self) -> dict[str, Any]:
        incoming = self.arriving
        changes = {**incoming.facts(), "override": incoming.override}
        if incoming.source is not None:
            changes |= {"source": incoming.source, "derived_from": incoming.derived_from}
        if incoming.content_version == self.content_version:
            del changes["filename"]  # it may have been renamed meanwhile
        return changes


def busy(file: FileRecord) -> LeonidasError:
    """The file cannot be changed so while content is on its way."""
    return conflict(f"{file.filename} is being uploaded or read; try again when that is done.")


R = TypeVar("R", bound=FileRecord)


class Reading(Generic[R]):
    """Reads the confirmed content of files, in the background, and says what came of it.

    Each step stands being repeated: objects are named by what they hold, and the row changes last,
    in one write, while the lease is held. ``beside`` does what else is to be done with a report
    before that, and may add to it; it, too, stands being repeated.
    """

    def __init__(
        self,
        *,
        table: Table[R],
        frames: FrameStore,
        store: ObjectStore,
        bus: EventBus,
        leases: Leases,
        tasks: Tasks,
        limits: WorkerLimits,
        beside: Callable[[R, IngestReport], Awaitable[IngestReport]] | None = None,
    ) -> None:
        self._table = table
        self._beside = beside
        self._frames = frames
        self._store = store
        self._bus = bus
        self._leases = leases
        self._limits = limits
        self._work = Resumable(
            INGEST,
            table,
            self._read,
            after=self._settle,
            leases=leases,
            tasks=tasks,
            at_once=2,
        )
        self.stop = self._work.stop
        self.recover = self._work.recover

    async def start(self, file: R) -> None:
        """Begin to read a file whose row says that this is to be done."""
        await self.announce(file)
        self._work.start(file.file_id)

    async def again(
        self, file_id: str, override: DialectOverride, *, if_version: int | None = None
    ) -> R:
        """Begin to read the content that stands again; its frame stands until that is done.

        Raises:
            LeonidasError: ``not_found``, ``conflict`` when it is being uploaded or read, or
                ``invalid_request`` when a file of its format has nothing of the kind.
            Missing, Stale: there is no such file, or it has another version.
        """

        def decide(file: R) -> dict[str, Any]:
            if file.deleted_at is not None:
                raise not_found("file")
            if file.unfinished is not None:
                raise busy(file)
            known = override.format or (file.dialect.format if file.dialect else None)
            if known and (refusal := misplaced(override, known)):
                raise invalid(refusal)
            again = {"status": FileStatus.PROCESSING, "incoming": file.again(override)}
            return {"reason": None, **again, **self._leases.fields(INGEST)}

        file = await amend(self._table, file_id, decide, if_version=if_version)
        await self.start(file)
        return file

    async def announce(self, file: FileRecord, status: str | None = None) -> None:
        """Publish the file's status, or another one."""
        word = status or file.status.value
        await self._bus.publish(FileStatusChanged(file.project_id, file.file_id, word, file.reason))

    async def _read(self, file: R) -> None:
        incoming = file.arriving
        try:
            if incoming.attempts >= MAX_ATTEMPTS:
                raise IngestFailed(f"Reading the file broke off {MAX_ATTEMPTS} times: split it.")
            attempt = incoming.model_copy(update={"attempts": incoming.attempts + 1})
            await self._leases.update(self._table, file, {"incoming": attempt})
            report, computed = await self._frames.ingest(
                file.arriving_content,
                filename=incoming.filename,
                sha256=incoming.sha256,
                override=incoming.override,
                limits=self._limits,
                on_progress=_Throttled(self._bus, file),
            )
            file = file.holding(computed)
            if self._beside is not None:
                report = await self._beside(file, report)
            changes = file.read_as(report)
        except OtherBytes as error:
            changes = file.holding(error.sha256).unreadable(error.sentence)
        except DataError as error:
            changes = file.unreadable(error.sentence)
        except ObjectMissing:
            changes = file.unreadable("The uploaded bytes are gone: upload the file again.")
        await self._leases.finish(self._table, file, changes)

    async def _settle(self, file: R) -> None:
        """Say what came of reading, and remove the objects that are of no use after it."""
        current = await self._table.get(file.file_id)
        if current is None or current.deleted_at is not None:
            await self._store.delete_prefix(file.arriving_content.prefix)
            return
        if current.unfinished == INGEST:
            return
        for content in {file.content, file.arriving_content} - {current.content}:
            await self._store.delete_prefix(content.prefix)
        if file.content == current.content and file.frame_hash not in (None, current.frame_hash):
            await self._frames.drop(file.content, file.frame_hash)
        await self.announce(current)
        if current.status is FileStatus.COMPLETED:
            await self._bus.publish(
                FileReady(current.project_id, current.file_id, current.frame_name)
            )


class _Throttled:
    """Publishes how far reading a file has come, but not more often than people can follow."""

    def __init__(self, bus: EventBus, file: FileRecord) -> None:
        self._bus = bus
        self._file = file
        self._next = float("-inf")

    async def __call__(self, progress: float) -> None:
        if (moment := time.monotonic()) < self._next:
            return
        self._next = moment + PROGRESS_SECONDS
        await self._bus.publish(FileProgress(self._file.project_id, self._file.file_id, progress))
