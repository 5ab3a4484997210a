"""The shapes of files: what is stored, what comes in, what goes out."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from leonidas_jupyter.core.errors import conflict
from leonidas_jupyter.core.filenames import check_filename
from leonidas_jupyter.data.dialect import Dialect, DialectOverride
from leonidas_jupyter.data.framestore import Standing
from leonidas_jupyter.data.ingest import BadRows
from leonidas_jupyter.data.joins import Join
from leonidas_jupyter.data.profile import ColumnType, FrameProfile, Scalar
from leonidas_jupyter.data.reading import FileRecord, FileStatus, Incoming
from leonidas_jupyter.data.sql import QueryResult
from leonidas_jupyter.data.statement import MAX_STATEMENT
from leonidas_jupyter.data.worker import WorkerLimits
from leonidas_jupyter.storage.base import SignedPart, SignedUrl


class FileSource(StrEnum):
    """Who made the file: a person's upload, or a result saved from a session."""

    USER_UPLOAD = "USER_UPLOAD"
    APP_GENERATED = "APP_GENERATED"


class Form(StrEnum):
    """What to download: the bytes as uploaded, or the typed frame (Parquet)."""

    ORIGINAL = "original"
    FRAME = "frame"


@dataclass(frozen=True)
class FileLimits:
    """What the installation allows: sizes in bytes, times in seconds.

    ``saved_bytes`` is what results that were saved may take in one project.
    """

    max_upload_bytes: int = 2 * 1024**3
    saved_bytes: int = 1024**3
    upload_seconds: int = 3600
    download_seconds: int = 3600
    sql_seconds: float = 30.0
    reading: WorkerLimits = field(default_factory=WorkerLimits)

    def room(self, files: "Sequence[StoredFile]", filename: str) -> int:
        """How many bytes a result that is saved beside a project's files may have.

        Raises:
            LeonidasError: ``conflict`` where one of them has its name.
        """
        if any(file.filename.casefold() == filename.casefold() for file in files):
            raise conflict(f"The project has a file {filename} already; choose another name.")
        saved = sum(file.size for file in files if file.source is FileSource.APP_GENERATED)
        return min(max(self.saved_bytes - saved, 0), self.max_upload_bytes)


class StoredFile(FileRecord):
    """A file as stored.

    ``frame_key`` is ``project_id/frame_name``, unique, and null once the file is marked as deleted.
    ``derived_from`` are the ids of the files that a saved result was computed from, with commas.
    """

    frame_key: str | None = None
    source: FileSource
    derived_from: str | None = None

    @classmethod
    def awaited(
        cls, file_id: str, project_id: str, incoming: Incoming, awaiting: Mapping[str, Any]
    ) -> Self:
        """A new file whose content is on its way; ``awaiting`` are the fields that say so."""
        return cls(
            file_id=file_id,
            project_id=project_id,
            status=FileStatus.UPLOADING,
            source=FileSource(incoming.source or FileSource.USER_UPLOAD),
            derived_from=incoming.derived_from,
            **incoming.facts(),
            **awaiting,
        )

    @property
    def standing(self) -> Standing | None:
        """The frame that can be asked now."""
        frame = super().standing
        generated = self.source is FileSource.APP_GENERATED
        return None if frame is None else replace(frame, generated=generated)

    def named(self, filename: str, frame: str) -> dict[str, Any]:
        """The changes that give the file and its frame these names."""
        return {
            "filename": filename,
            "frame_name": frame,
            "frame_key": f"{self.project_id}/{frame}",
        }


Filename = Annotated[str, AfterValidator(check_filename)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class UploadRequest(BaseModel):
    """What is about to be uploaded; ``replaces`` is the id of a file whose content it becomes.

    A result that is saved says so (``source``), with the ids of the project's files that it was
    computed from. ``dialect`` is what is known of how the file is written.
    """

    model_config = ConfigDict(extra="forbid")

    filename: Filename
    size: int = Field(ge=0, le=2**63 - 1)
    sha256: Sha256 | None = None
    replaces: str | None = None
    source: FileSource = FileSource.USER_UPLOAD
    derived_from: list[Annotated[str, Field(max_length=64)]] = Field(
        default_factory=list, max_length=100
    )
    dialect: DialectOverride | None = None

    def incoming(self) -> Incoming:
        """The content that is awaited then."""
        return Incoming(
            filename=self.filename,
            size=self.size,
            sha256=self.sha256,
            override=self.dialect,
            source=self.source,
            derived_from=",".join(dict.fromkeys(self.derived_from)) or None,
        )


class UploadPart(BaseModel):
    """Where to PUT one part: ``size`` bytes, the parts in the order of their numbers.

    ``etag`` is there where the store has the part already, so that it need not be sent again.
    """

    number: int
    url: str
    size: int
    etag: str | None = None


class PresignedUrlResponse(BaseModel):
    """Where to PUT the bytes, until when, and the file's id for confirming.

    A large upload may go in ``parts`` instead, without further headers, several at once; where it
    is interrupted, asking again for the same content (``replaces`` this file, with the same
    ``sha256``) gives fresh URLs and says which parts are there.
    """

    file_id: str
    upload_url: str
    method: str
    headers: Mapping[str, str]
    expires_at: datetime
    parts: list[UploadPart] | None = None

    @classmethod
    def of(cls, file_id: str, url: SignedUrl, parts: Sequence[SignedPart]) -> Self:
        """What goes out for the signed URLs of an upload."""
        signed = [
            UploadPart(number=part.number, url=part.url.url, size=part.size, etag=part.etag)
            for part in parts
        ]
        return cls(file_id=file_id, upload_url=url.url, parts=signed or None, **_facts(url))


class ConfirmedPart(BaseModel):
    """What the store answered to one part."""

    model_config = ConfigDict(extra="forbid")

    number: int
    etag: str


class ConfirmRequest(BaseModel):
    """The bytes are there; ``sha256`` is optional, the server always computes it.

    ``parts`` are those that were sent, where the upload went in parts; the store knows them, too.
    """

    model_config = ConfigDict(extra="forbid")

    sha256: Sha256 | None = None
    parts: list[ConfirmedPart] | None = None

    @property
    def numbers(self) -> list[int] | None:
        """The numbers of the parts that were sent."""
        return None if self.parts is None else [part.number for part in self.parts]


class DownloadUrlResponse(BaseModel):
    """Where to GET the bytes, until when."""

    download_url: str
    method: str
    headers: Mapping[str, str]
    expires_at: datetime

    @classmethod
    def of(cls, url: SignedUrl) -> Self:
        """What goes out for a signed URL."""
        return cls(download_url=url.url, **_facts(url))


def _facts(url: SignedUrl) -> dict[str, Any]:
    return {"method": url.method, "headers": url.headers, "expires_at": url.expires_at}


class FileRename(BaseModel):
    """A new name; the frame's name follows it."""

    model_config = ConfigDict(extra="forbid")

    filename: Filename


class FileResponse(BaseModel):
    """A file as the project's members see it; ``profile`` and ``joins`` only where one is read.

    ``status`` speaks of the newest content, the other fields of the content that stands.
    ``derived_from_names`` are the names of the files in ``derived_from``, those that are gone as
    "a deleted file". ``joins`` tell by which columns the frame is likely to join with others.
    ``progress``, of one file, is how far this server has come reading it: 0 to 1, or null.
    """

    file_id: str
    project_id: str
    filename: str
    frame_name: str
    size: int
    sha256: str | None
    content_version: int
    frame_hash: str | None
    frame_size: int | None
    frame_sha256: str | None
    status: FileStatus
    source: FileSource
    derived_from: str | None
    derived_from_names: list[str] | None = None
    reason: str | None
    progress: float | None = None
    rows: int | None
    columns: int | None
    bad_rows: BadRows | None
    dialect: Dialect | None
    override: DialectOverride | None
    profile: FrameProfile | None = None
    joins: list[Join] | None = None
    created_at: datetime
    updated_at: datetime
    version: int

    @classmethod
    def of(cls, file: StoredFile, profile: FrameProfile | None = None) -> Self:
        """What goes out for a stored file."""
        stored = {name: getattr(file, name) for name in cls.model_fields if name not in _ADDED}
        return cls(**stored, profile=profile)


_ADDED = frozenset({"profile", "joins", "derived_from_names", "progress"})
GONE = "a deleted file"
"""What stands for the name of a file that is gone."""


async def with_sources(
    files: list[FileResponse], names: Callable[[str], Awaitable[Mapping[str, str]]]
) -> list[FileResponse]:
    """Files of one project, those that were computed from others with what these are called now.

    Args:
        files: they change.
        names: the names of a project's files by their ids; asked only where one was computed.
    """
    derived = [(file, file.derived_from) for file in files if file.derived_from]
    if derived:
        known = await names(derived[0][0].project_id)
        for file, sources in derived:
            file.derived_from_names = [known.get(each, GONE) for each in sources.split(",")]
    return files


class QueryRequest(BaseModel):
    """One query in DuckDB's SQL over the project's frames, which are tables by their names."""

    model_config = ConfigDict(extra="forbid")

    sql: str = Field(max_length=MAX_STATEMENT)
    limit: int | None = Field(
        default=None, ge=1, description="How many rows at most; the server has a limit of its own."
    )


class PreviewColumn(BaseModel):
    """A column's name and type."""

    name: str
    type: ColumnType


class PreviewResponse(BaseModel):
    """The first rows of a frame as records; ``rows`` is how many the whole frame has."""

    columns: list[PreviewColumn]
    records: list[dict[str, Scalar]]
    rows: int

    @classmethod
    def of(cls, profile: FrameProfile, result: QueryResult) -> Self:
        """What goes out for the first rows of a frame."""
        names = [column.name for column in profile.columns]
        return cls(
            columns=[PreviewColumn(name=c.name, type=c.type) for c in profile.columns],
            records=[dict(zip(names, row, strict=True)) for row in result.rows],
            rows=profile.rows,
        )
