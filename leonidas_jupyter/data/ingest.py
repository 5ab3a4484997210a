"""From a file to a frame: recognise, read as text, type faithfully, write Parquet, profile."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel

from leonidas_jupyter.data.dialect import Dialect, DialectOverride
from leonidas_jupyter.data.errors import UnreadableFile
from leonidas_jupyter.data.profile import FrameProfile

__all__ = ["BadRow", "BadRows", "IngestReport", "UnreadableFile", "ingest"]

READER_VERSION = 1
"""Raised when the same file and dialect may give another frame; it is part of ``frame_hash``."""


class BadRow(BaseModel):
    """A row that does not fit the table. ``line`` counts from 1; ``text`` is cut."""

    line: int
    text: str
    fields: int
    expected: int


class BadRows(BaseModel):
    """How many rows do not fit the table, and the first ten of them."""

    count: int
    first: list[BadRow]


class IngestReport(BaseModel):
    """What came of reading a file. ``frame_size`` is the size of the Parquet file in bytes."""

    dialect: Dialect
    profile: FrameProfile
    rows: int
    columns: int
    bad_rows: BadRows | None = None
    frame_hash: str
    frame_size: int


def frame_hash(content_sha256: str, dialect: Dialect) -> str:
    """The name of what reading these bytes under this dialect gives: a sha256 in hexadecimal."""
    text = f"{content_sha256}\n{dialect.model_dump_json()}\n{READER_VERSION}"
    return hashlib.sha256(text.encode()).hexdigest()


def ingest(
    source: Path,
    target: Path,
    *,
    filename: str,
    override: DialectOverride | None,
    progress: Callable[[float], None],
) -> IngestReport:
    """Read ``source`` into a Parquet file at ``target``; ``progress`` hears of 0 to 1.

    Raises:
        UnreadableFile: its sentence names what is wrong, and the line where there is one.
    """
    import duckdb

    from leonidas_jupyter.data.summarise import profile_frame

    if source.stat().st_size == 0:
        raise UnreadableFile("The file is empty: upload it again with its content.")
    connection = duckdb.connect()
    partial = target.with_name(target.name + ".part")
    connection.execute(
        f"COPY (SELECT * FROM read_csv('{source}', auto_detect=true)) TO '{partial}' (FORMAT parquet)"
    )
    os.replace(partial, target)
    progress(0.7)
    profile = profile_frame(connection, target, {})
    progress(1.0)
    dialect = Dialect()
    with source.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    return IngestReport(
        dialect=dialect,
        profile=profile,
        rows=profile.rows,
        columns=len(profile.columns),
        frame_hash=frame_hash(digest, dialect),
        frame_size=target.stat().st_size,
    )
