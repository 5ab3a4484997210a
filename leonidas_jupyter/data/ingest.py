"""From a file to a frame: recognise, read as text, type faithfully, write Parquet, profile."""

import hashlib
import os
import shutil
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from pydantic import BaseModel, Field

from leonidas_jupyter.data.advance import Rising, Watched
from leonidas_jupyter.data.dialect import Dialect, DialectOverride
from leonidas_jupyter.data.errors import UnreadableFile
from leonidas_jupyter.data.formats import Opened, Outcome, open_file
from leonidas_jupyter.data.plans import literal
from leonidas_jupyter.data.prepare import Prepared, prepare
from leonidas_jupyter.data.readers import (
    BadRow,
    BadRows,
    duckdb_relation,
    ends_in_delimiter,
    read_leniently,
)
from leonidas_jupyter.data.rounds import type_text
from leonidas_jupyter.data.sketches import SketchedProfile
from leonidas_jupyter.data.typing_pass import Typing, row_group, write_typed

if TYPE_CHECKING:
    import duckdb

__all__ = ["BadRow", "BadRows", "IngestReport", "UnreadableFile", "ingest"]

READER_VERSION = 4
"""Raised when the same file and dialect may give another frame; it is part of ``frame_hash``."""

DUCKDB_MEMORY = "320MiB"
"""What DuckDB may use; Python, pyarrow and the buffers of writers come on top."""

TYPED, PROFILED = 0.7, 0.98
"""How far reading has come when the frame is written, and when it is profiled, too."""

Progress = Callable[[float], None]
Found = TypeVar("Found")


class IngestReport(BaseModel):
    """What came of reading a file; ``frame_size`` (bytes) and ``frame_sha256``: its Parquet's.

    ``sheets`` are the other sheets of a workbook that hold something.
    """

    dialect: Dialect
    profile: SketchedProfile
    rows: int
    columns: int
    bad_rows: BadRows | None = None
    frame_hash: str
    frame_size: int
    frame_sha256: str | None = None
    sheets: list[str] = Field(default_factory=list)


def frame_hash(content_sha256: str, dialect: Dialect, override: DialectOverride | None) -> str:
    """The name of what reading these bytes under this dialect gives: a sha256 in hexadecimal.

    What a person said counts, too: which columns stay text shows in no dialect.
    """
    said = override.model_dump_json(exclude_none=True) if override else ""
    text = f"{content_sha256}\n{dialect.model_dump_json()}\n{said}\n{READER_VERSION}"
    return hashlib.sha256(text.encode()).hexdigest()


def ingest(
    source: Path,
    target: Path,
    *,
    filename: str,
    override: DialectOverride | None,
    progress: Progress,
) -> IngestReport:
    """Read ``source`` into a Parquet file at ``target``; ``progress`` hears of 0 to 1.

    Raises:
        UnreadableFile: its sentence names what is wrong, and the line where there is one.
    """
    from leonidas_jupyter.data.summarise import profile_frame

    progress = Rising(progress)
    digest = Background(lambda: _sha256(source))
    scratch = Path(tempfile.mkdtemp(prefix=".reading-", dir=target.parent))
    try:
        opened = open_file(source, scratch, filename=filename, override=override)
        progress(0.05)
        connection = _connect(scratch)
        typed = scratch / "typed.parquet"
        outcome = _read_format(connection, opened, filename, override, typed, progress)
        progress(TYPED)
        profile = profile_frame(connection, typed, outcome.originals, progress.towards(PROFILED))
        connection.close()
        os.replace(typed, target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    progress(1.0)
    return _report(outcome, profile, digest.result(), target, override)


def _read_format(
    connection: "duckdb.DuckDBPyConnection",
    opened: Opened,
    filename: str,
    override: DialectOverride | None,
    typed: Path,
    progress: Rising,
) -> Outcome:
    """Write the typed Parquet file at ``typed`` by the reader of the file's format."""
    if opened.format in ("parquet", "arrow"):
        from leonidas_jupyter.data.columnar import read_columnar

        return read_columnar(connection, opened, override, typed, progress)
    if opened.format == "excel":
        from leonidas_jupyter.data.sheettable import read_sheet

        return read_sheet(connection, opened, override, typed, progress)
    if opened.format == "json":
        from leonidas_jupyter.data.jsontable import read_json

        return read_json(connection, opened, filename, override, typed, progress)
    prepared = prepare(opened, typed.parent, filename=filename, override=override)
    progress(0.1)
    typing, bad_rows = _read(connection, prepared, override, typed, progress)
    found = prepared.found
    originals = dict(zip(found.names, found.written, strict=True))
    typing.describe(found.dialect)
    return Outcome(found.dialect, originals, bad_rows)


def _report(
    outcome: Outcome,
    profile: SketchedProfile,
    sha256: str,
    target: Path,
    override: DialectOverride | None,
) -> IngestReport:
    profile.total_at = outcome.dialect.total_at
    return IngestReport(
        dialect=outcome.dialect,
        profile=profile,
        rows=profile.rows,
        columns=len(profile.columns),
        bad_rows=outcome.bad_rows,
        sheets=outcome.sheets,
        frame_hash=frame_hash(sha256, outcome.dialect, override),
        frame_size=target.stat().st_size,
        frame_sha256=_sha256(target),
    )


class Background(Generic[Found]):
    """One computation in a thread beside other work (hashing and counting free the interpreter)."""

    def __init__(self, compute: Callable[[], Found]) -> None:
        self._future: Future[Found] = Future()
        threading.Thread(target=self._run, args=(compute,), daemon=True).start()

    def _run(self, compute: Callable[[], Found]) -> None:
        try:
            self._future.set_result(compute())
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked for
            self._future.set_exception(error)

    def result(self) -> Found:
        """The result, once it is there."""
        return self._future.result()


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _connect(scratch: Path) -> "duckdb.DuckDBPyConnection":
    import duckdb

    connection = duckdb.connect(
        config={
            "memory_limit": DUCKDB_MEMORY,
            "threads": min(4, os.cpu_count() or 1),
            "temp_directory": str(scratch / "spill"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = true")
    connection.execute("SET enable_progress_bar_print = false")
    return connection


def _read(
    connection: "duckdb.DuckDBPyConnection",
    prepared: Prepared,
    override: DialectOverride | None,
    typed: Path,
    progress: Rising,
) -> tuple[Typing, BadRows | None]:
    """Write the typed Parquet file; returns how columns are typed and the rows that misfit."""
    import duckdb

    text, found = prepared.text, prepared.found
    raw = typed.with_name("raw.parquet")
    relation = duckdb_relation(text, found)
    if relation is not None:
        typing = Typing(found, override, progress.towards(TYPED, 0.05))
        try:
            if _read_clean(connection, prepared, relation, typing, typed, progress):
                return typing, None
        except duckdb.Error:
            # Not as clean as it looked: rows that do not fit, odd quotes, lines without end.
            typed.unlink(missing_ok=True)
    bad_rows = read_leniently(text, found, raw, progress.towards(TYPED, 0.6))
    # What DuckDB misread has taught the first typing wrong things.
    typing = Typing(found, override, progress.towards(TYPED, 0.5))
    type_text(connection, typing, raw, typed, progress, TYPED)
    return typing, bad_rows


def _read_clean(
    connection: "duckdb.DuckDBPyConnection",
    prepared: Prepared,
    relation: str,
    typing: Typing,
    typed: Path,
    progress: Rising,
) -> bool:
    """Let DuckDB read the file; false if it left cells out. Raises DuckDB's error on a bad row."""
    found = prepared.found
    ends = Background(lambda: ends_in_delimiter(prepared.text, found))
    with Watched(connection, progress.towards(TYPED, 0.6)):
        written = write_typed(connection, typing, relation, typed)
    if not written:
        raw = typed.with_name("raw.parquet")
        with Watched(connection, progress.towards(TYPED, 0.5)):
            connection.execute(
                f"COPY (FROM {relation}) TO {literal(str(raw))} "
                f"(FORMAT parquet, ROW_GROUP_SIZE {row_group(found.width)})"
            )
        type_text(connection, typing, raw, typed, progress, TYPED)
    last = typing.columns[-1]
    if last.plan.dialect.null_words or last.plan.padded:
        counted = f"SELECT count(*) - count(c{found.width - 1}) FROM {relation}"  # noqa: S608
    else:
        name = '"' + last.name.replace('"', '""') + '"'
        counted = f"SELECT count(*) - count({name}) FROM read_parquet({literal(str(typed))})"  # noqa: S608
    return bool(connection.execute(counted).fetchall()[0][0] == ends.result())
