"""The profile of a frame, computed by DuckDB over its Parquet file in batches of columns.

The first scan counts and finds ranges, the second counts values. So the work grows with the number
of cells, never with the square of the number of columns.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from leonidas_jupyter.data.advance import Steps
from leonidas_jupyter.data.counting import EXACT_ROWS, Column, count_long, count_short, one_row
from leonidas_jupyter.data.keynames import names_things
from leonidas_jupyter.data.profile import ColumnProfile, ColumnType, FrameProfile
from leonidas_jupyter.data.scanning import scan, scan_stacked
from leonidas_jupyter.data.sketches import SketchedProfile, sketch_keys
from leonidas_jupyter.data.textual import say_why

if TYPE_CHECKING:
    import duckdb
    import pyarrow.parquet as pq

COUNTED_ROWS = 20_000
"""In frames of at most so many rows every column gets every value counted."""

BATCH_COLUMNS = 100
BATCH_WIDE = 1000
BATCH_CELLS = 8_000_000
DETAILED_COLUMNS = 1000
"""Frames wider than this get fewer top values and no histograms, to keep the profile small."""

DUPLICATE_COLUMNS = 1000

NEARLY_CONSTANT = 0.95
"""A value in at least this share of a column's cells is said."""

FEW_ROWS = 20
"""Below so many rows shares say nothing."""

TYPES: dict[str, ColumnType] = {
    "BIGINT": "integer",
    "DOUBLE": "number",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "datetime",
    "TIMESTAMP WITH TIME ZONE": "datetime",
    "TIME": "time",
    "VARCHAR": "text",
}


def quoted(name: str) -> str:
    """A name as SQL's quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def profile_frame(
    connection: "duckdb.DuckDBPyConnection",
    parquet: Path,
    originals: dict[str, str],
    progress: Callable[[float], None],
) -> SketchedProfile:
    """Profile a frame's Parquet file; ``originals`` maps names to names as written.

    ``progress`` hears of 0 to 1.
    """
    import pyarrow.parquet as pq

    # Else each query reads all of it again, which takes long where columns are many.
    connection.execute("SET parquet_metadata_cache = true")

    source = "read_parquet('" + str(parquet).replace("'", "''") + "')"
    described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608
    rows = int(one_row(connection, f"SELECT count(*) FROM {source}")[0])  # noqa: S608
    columns = [_column(str(row[0]), str(row[1]), originals) for row in described]
    wide = len(columns) > DETAILED_COLUMNS
    size = max(1, min(BATCH_WIDE if wide else BATCH_COLUMNS, BATCH_CELLS // max(rows, 1)))
    steps = Steps(connection, progress, 2 * len(columns) + 2)
    with pq.ParquetFile(parquet) as opened:
        for start in range(0, len(columns), size):
            batch = columns[start : start + size]
            _profile_batch(connection, opened, source, batch, rows, wide, steps)
    with steps.next():
        say_why(connection, parquet, columns)
    with steps.next():
        profile = SketchedProfile(
            rows=rows,
            columns=[column.profile for column in columns],
            duplicate_rows=_duplicates(connection, source, columns, rows),
            keys=sketch_keys(connection, source, columns, rows),
        )
    _warn_of_rows(profile)
    return profile


def _column(name: str, kind: str, originals: dict[str, str]) -> Column:
    original = originals.get(name, name)
    column_type = TYPES.get(kind, "text")
    profile = ColumnProfile(
        name=name, original_name=original, type=column_type, nulls=0, distinct=0
    )
    zoned = kind == "TIMESTAMP WITH TIME ZONE"
    return Column(quoted(name), name, column_type, profile, zoned)


def _profile_batch(
    connection: "duckdb.DuckDBPyConnection",
    parquet: "pq.ParquetFile",
    source: str,
    columns: list[Column],
    rows: int,
    wide: bool,
    steps: Steps,
) -> None:
    """Fill in the profiles of some columns."""
    if rows <= COUNTED_ROWS:
        # DuckDB reads a file's whole metadata with each query: slow where columns are many.
        short = parquet.read(columns=[column.name for column in columns])
        with steps.next(2 * len(columns)):
            if wide:
                scan_stacked(connection, short, columns)
            else:
                connection.register("short", short)
                scan(connection, "short", columns, rows)
            count_short(short, columns, detailed=not wide)
    else:
        with steps.next(len(columns)):
            scan(connection, source, columns, rows)
        for column in columns:
            with steps.next():
                count_long(connection, source, column, rows, detailed=not wide)
    for column in columns:
        profile = column.profile
        exact = profile.distinct_exact and profile.nulls == 0
        profile.candidate_key = exact and profile.distinct == rows and rows > 1
        _warn(profile, rows)


def _warn(profile: ColumnProfile, rows: int) -> None:
    """Say what a person should know before using the column."""
    if rows == 0:
        return
    if profile.nulls == rows:
        profile.warnings.append("empty: every cell is missing")
    elif profile.nulls * 2 > rows:
        profile.warnings.append(f"mostly missing: {profile.nulls:,} of {rows:,} cells")
    if profile.distinct == 1 and rows > 1 and profile.distinct_exact:
        profile.warnings.append("constant: one value only")
    elif rows >= FEW_ROWS and profile.top:
        first, present = profile.top[0], rows - profile.nulls
        if first.count >= NEARLY_CONSTANT * present and profile.nulls * 2 <= rows:
            share = min(100 * first.count / present, 99.9)
            profile.warnings.append(f"nearly constant: one value in {share:.3g} % of the cells")
    if _counts_rows(profile, rows):
        profile.warnings.append("an identifier: sums and means of it say nothing")


def _counts_rows(profile: ColumnProfile, rows: int) -> bool:
    """Whether whole numbers only tell rows apart: by their name, or because they count them."""
    if profile.type != "integer" or not profile.candidate_key or rows < FEW_ROWS:
        return False
    low, high = profile.min, profile.max
    dense = isinstance(low, int) and isinstance(high, int) and high - low + 1 == rows
    return names_things(profile.name) or (dense and low in (0, 1))


def _warn_of_rows(profile: FrameProfile) -> None:
    """Say what a person should know of the rows."""
    repeated = profile.duplicate_rows
    if repeated is None:
        profile.warnings.append("repeated rows were not counted: the frame is too large")
    elif repeated:
        rows = "1 row repeats another" if repeated == 1 else f"{repeated:,} rows repeat others"
        profile.warnings.append(f"{rows} in every cell")


def _duplicates(
    connection: "duckdb.DuckDBPyConnection", source: str, columns: list[Column], rows: int
) -> int | None:
    """Rows beyond the first of each equal group; None where counting would take too long."""
    if any(column.profile.candidate_key for column in columns):
        return 0
    if rows > EXACT_ROWS or len(columns) > DUPLICATE_COLUMNS or not columns:
        return None
    names = ", ".join(column.sql for column in columns)
    return rows - int(one_row(connection, f"SELECT count(DISTINCT hash({names})) FROM {source}")[0])  # noqa: S608
