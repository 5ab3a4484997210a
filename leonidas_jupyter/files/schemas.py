"""The shapes of files: what is stored, what comes in, what goes out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from leonidas_jupyter.core.filenames import check_filename
from leonidas_jupyter.data.dialect import Dialect, DialectOverride
from leonidas_jupyter.data.ingest import BadRows
from leonidas_jupyter.data.profile import ColumnType, FrameProfile, Scalar
from leonidas_jupyter.tables.leases import Leased

UPLOAD = "upload"
"""Unfinished while bytes are awaited; what never comes is swept."""
INGEST = "ingest"
"""Unfinished while confirmed bytes are being read."""


class FileStatus(StrEnum):
    """Where a file is on its way from bytes to a frame."""

    UPLOADING = "UPLOADING"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


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
    """What the installation allows: sizes in bytes, times in seconds."""

    max_upload_bytes: int = 2 * 1024**3
    upload_seconds: int = 3600
    download_seconds: int = 3600
    ingest_memory_bytes: int = 1024**3
    ingest_timeout_seconds: float = 3600.0


class Incoming(BaseModel):
    """Content on its way: awaited until ``expires_at``, then confirmed, then read.

    ``sha256`` is what the uploader said until the bytes are confirmed, then what the server
    computed.
    ``attempts`` counts how often reading it began.
    """

    content_version: int
    filename: str
    size: int
    sha256: str | None = None
    override: DialectOverride | None = None
    expires_at: datetime
    attempts: int = 0


class StoredFile(Leased):
    """A file as stored.

    ``filename`` to ``bad_rows`` describe the content that stands; it stays readable while other
    content is ``incoming``. ``frame_key`` is ``project_id/frame_name``, unique, and null once the
    file is marked as deleted.
    """

    file_id: str
    project_id: str
    filename: str
    frame_name: str
    frame_key: str | None
    status: FileStatus
    source: FileSource
    derived_from: str | None = None
    size: int
    sha256: str | None = None
    content_version: int = 1
    frame_hash: str | None = None
    frame_size: int | None = None
    rows: int | None = None
    columns: int | None = None
    bad_rows: BadRows | None = None
    dialect: Dialect | None = None
    override: DialectOverride | None = None
    reason: str | None = None
    incoming: Incoming | None = None
    deleted_at: datetime | None = None


Filename = Annotated[str, AfterValidator(check_filename)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class UploadRequest(BaseModel):
    """What is about to be uploaded; ``replaces`` is the id of a file whose content it becomes."""

    model_config = ConfigDict(extra="forbid")

    filename: Filename
    size: int = Field(ge=0)
    sha256: Sha256 | None = None
    replaces: str | None = None


class UploadPart(BaseModel):
    """Where to PUT one part of an upload in several."""

    number: int
    url: str
    size: int


class PresignedUrlResponse(BaseModel):
    """Where to PUT the bytes, until when, and the file's id for confirming."""

    file_id: str
    upload_url: str
    method: str
    headers: Mapping[str, str]
    expires_at: datetime
    parts: list[UploadPart] | None = None


class ConfirmedPart(BaseModel):
    """What the store answered to one part."""

    model_config = ConfigDict(extra="forbid")

    number: int
    etag: str


class ConfirmRequest(BaseModel):
    """The bytes are there; ``sha256`` is optional, the server always computes it."""

    model_config = ConfigDict(extra="forbid")

    sha256: Sha256 | None = None
    parts: list[ConfirmedPart] | None = None


class DownloadUrlResponse(BaseModel):
    """Where to GET the bytes, until when."""

    download_url: str
    method: str
    headers: Mapping[str, str]
    expires_at: datetime


class FileRename(BaseModel):
    """A new name; the frame's name follows it."""

    model_config = ConfigDict(extra="forbid")

    filename: Filename


class FileResponse(BaseModel):
    """A file as the project's members see it; ``profile`` only where one file is read.

    ``status`` speaks of the newest content, the other fields of the content that stands.
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
    status: FileStatus
    source: FileSource
    derived_from: str | None
    reason: str | None
    rows: int | None
    columns: int | None
    bad_rows: BadRows | None
    dialect: Dialect | None
    profile: FrameProfile | None = None
    created_at: datetime
    updated_at: datetime
    version: int


class PreviewColumn(BaseModel):
    """A column's name and type."""

    name: str
    type: ColumnType


class PreviewResponse(BaseModel):
    """The first rows of a frame as records; ``rows`` is how many the whole frame has."""

    columns: list[PreviewColumn]
    records: list[dict[str, Scalar]]
    rows: int
