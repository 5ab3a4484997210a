"""The profile of a frame, computed by DuckDB over its Parquet file in batches of columns.

The first scan counts and finds ranges, the second counts values. So the work grows with the number
of cells, never with the square of the number of columns.
"""

import datetime
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leonidas_jupyter.data.counting import (
    EPOCH,
    EXACT_ROWS,
    Column,
    count_long,
    count_short,
    one_row,
)
from leonidas_jupyter.data.keynames import names_things
from leonidas_jupyter.data.profile import ColumnProfile, ColumnType, FrameProfile, Scalar
from leonidas_jupyter.data.sketches import SketchedProfile, sketch_keys
from leonidas_jupyter.data.textual import say_why

if TYPE_CHECKING:
    import duckdb
    import pyarrow.parquet as pq

COUNTED_ROWS = 20_000
"""In frames of at most so many rows every column gets every value counted."""

BATCH_COLUMNS = 100
BATCH_CELLS = 8_000_000
DETAILED_COLUMNS = 1000
"""Frames wider than this get fewer top values and no histograms, to keep the profile small."""

TOP_VALUES_WIDE = 3
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
RANGED = ("integer", "number", "date", "datetime")


def quoted(name: str) -> str:
    """A name as SQL's quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def profile_frame(
    connection: "duckdb.DuckDBPyConnection", parquet: Path, originals: dict[str, str]
) -> SketchedProfile:
    """Profile a frame's Parquet file; ``originals`` maps names to names as written."""
    import pyarrow.parquet as pq

    source = "read_parquet('" + str(parquet).replace("'", "''") + "')"
    described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608
    rows = int(one_row(connection, f"SELECT count(*) FROM {source}")[0])  # noqa: S608
    columns = [_column(str(row[0]), str(row[1]), originals) for row in described]
    size = max(1, min(BATCH_COLUMNS, BATCH_CELLS // max(rows, 1)))
    opened = pq.ParquetFile(parquet)
    for start in range(0, len(columns), size):
        batch = columns[start : start + size]
        _profile_batch(connection, opened, source, batch, rows, len(columns) <= DETAILED_COLUMNS)
    say_why(connection, parquet, columns)
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
    detailed: bool,
) -> None:
    """Fill in the profiles of some columns."""
    short = None
    if rows <= COUNTED_ROWS:
        # DuckDB reads a file's whole metadata with each query: slow where columns are many.
        short = parquet.read(columns=[column.name for column in columns])
        connection.register("short", short)
        source = "short"
    first = [_first_scan(column, rows) for column in columns]
    found = one_row(connection, f"SELECT {', '.join(first)} FROM {source}")  # noqa: S608
    for column, values in zip(columns, found, strict=True):
        _take_first(column, values, rows)
    if short is not None:
        count_short(short, columns)
    else:
        for column in columns:
            count_long(connection, source, column, rows)
    for column in columns:
        profile = column.profile
        if not detailed:
            profile.top, profile.histogram = profile.top[:TOP_VALUES_WIDE], None
        exact = profile.distinct_exact and profile.nulls == 0
        profile.candidate_key = exact and profile.distinct == rows and rows > 1
        _warn(profile, rows)


def _first_scan(column: Column, rows: int) -> str:
    """SQL of one struct: counts, range, moments and quartiles of a column."""
    name = column.sql
    fields = {"n": f"count({name})", "d": f"approx_count_distinct({name})"}
    if column.type == "text":
        length = f"length({name})"
        fields |= {"low": f"min({length})", "high": f"max({length})", "mean": f"avg({length})"}
    elif column.type != "boolean":
        fields |= {"low": f"min({name})", "high": f"max({name})"}
    if column.type in ("integer", "number"):
        fields |= {"mean": f"avg({name})", "std": f"stddev_samp({name})"}
    if column.type in RANGED:
        value = f"epoch({name})" if column.type in ("date", "datetime") else name
        exact = rows <= EXACT_ROWS
        fields["q"] = (
            f"quantile_cont({value}, [0.25, 0.5, 0.75])"
            if exact
            else f"approx_quantile({value}, [0.25, 0.5, 0.75])"
        )
    if column.type in ("date", "datetime"):
        fields |= {"low": f"min(epoch({name}))", "high": f"max(epoch({name}))"}
    return "{" + ", ".join(f"'{key}': {value}" for key, value in fields.items()) + "}"


def _take_first(column: Column, found: dict[str, Any], rows: int) -> None:
    profile = column.profile
    profile.nulls = rows - found["n"]
    profile.distinct = min(found["d"], found["n"])
    profile.distinct_exact = False
    low, high = found.get("low"), found.get("high")
    if low is None or high is None:
        return
    if column.type == "text":
        profile.min_length, profile.max_length = low, high
        profile.mean_length = _finite(found["mean"])
        return
    profile.min, profile.max = _scalar(low, column), _scalar(high, column)
    if column.type in RANGED:
        column.bounds = (float(low), float(high))
        quartiles = [_scalar(value, column) for value in found["q"]]
        profile.q25, profile.median, profile.q75 = quartiles
        if rows > EXACT_ROWS:
            profile.quantiles_exact = False
            profile.warnings.append("quartiles are approximate")
    if column.type in ("integer", "number"):
        profile.mean = _finite(found["mean"])
        profile.std = _finite(found["std"])


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _scalar(value: Any, column: Column) -> Scalar:  # noqa: ANN401 - as DuckDB gives it
    """A statistic as JSON carries it; ``date`` and ``datetime`` come as POSIX seconds."""
    if column.type in ("date", "datetime"):
        moment = EPOCH + datetime.timedelta(seconds=value)
        if column.zoned:
            moment = moment.replace(tzinfo=datetime.UTC)
        whole_day = column.type == "date" and moment.time() == datetime.time()
        return moment.date().isoformat() if whole_day else moment.isoformat()
    found: Scalar = value.isoformat() if isinstance(value, datetime.time) else value
    return found


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
