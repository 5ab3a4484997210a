"""The profile of a frame, computed by DuckDB over its Parquet file in batches of columns.

The first scan counts and finds ranges, the second counts values. So the work grows with the number
of cells, never with the square of the number of columns.
"""

import datetime
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leonidas_jupyter.data.profile import Bin, ColumnProfile, ColumnType, FrameProfile, TopValue

if TYPE_CHECKING:
    import duckdb

EXACT_ROWS = 2_000_000
"""Up to so many rows distinct counts, quartiles and duplicate rows are exact."""

COUNTED_VALUES = 10_000
"""Columns with (about) at most so many distinct values get every value counted, whatever their length."""

COUNTED_ROWS = 100_000
"""In frames of at most so many rows every column gets every value counted."""

BATCH_COLUMNS = 100
BATCH_CELLS = 8_000_000
TOP_VALUES = 20
CATEGORIES = 200
CATEGORY_LENGTH = 100
BINS = 20
DUPLICATE_COLUMNS = 1000

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


@dataclass
class Column:
    """A column while it is being profiled."""

    sql: str
    name: str
    type: ColumnType
    profile: ColumnProfile
    zoned: bool = False
    bounds: tuple[float, float] | None = None


def quoted(name: str) -> str:
    """A name as SQL's quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def profile_frame(
    connection: "duckdb.DuckDBPyConnection", parquet: Path, originals: dict[str, str]
) -> FrameProfile:
    """Profile a frame's Parquet file; ``originals`` maps names to names as written, where they differ."""
    source = "read_parquet('" + str(parquet).replace("'", "''") + "')"
    described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    counted = connection.execute(f"SELECT count(*) FROM {source}").fetchone()  # noqa: S608
    rows = int(counted[0]) if counted else 0
    columns = [_column(str(row[0]), str(row[1]), originals) for row in described]
    size = max(1, min(BATCH_COLUMNS, BATCH_CELLS // max(rows, 1)))
    for start in range(0, len(columns), size):
        _profile_batch(connection, parquet, source, columns[start : start + size], rows)
    return FrameProfile(
        rows=rows,
        columns=[column.profile for column in columns],
        duplicate_rows=_duplicates(connection, source, columns, rows),
    )


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
    parquet: Path,
    source: str,
    columns: list[Column],
    rows: int,
) -> None:
    """Fill in the profiles of some columns."""
    first = [_first_scan(column, rows) for column in columns]
    found = connection.execute(f"SELECT {', '.join(first)} FROM {source}").fetchone() or ()  # noqa: S608
    for column, values in zip(columns, found, strict=True):
        _take_first(column, values, rows)
    if rows <= COUNTED_ROWS:
        _count_small(parquet, columns, rows)
    else:
        for column in columns:
            _count_large(connection, source, column, rows)
    for column in columns:
        profile = column.profile
        exact = profile.distinct_exact and profile.nulls == 0
        profile.candidate_key = exact and profile.distinct == rows and rows > 1
        _warn(profile, rows)


def _first_scan(column: Column, rows: int) -> str:
    """SQL of one struct: counts, range, moments and quartiles of a column."""
    name = column.sql
    fields = {"n": f"count({name})", "d": f"approx_count_distinct({name})"}
    if column.type == "text":
        fields |= {"low": f"min(length({name}))", "high": f"max(length({name}))"}
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
        return
    profile.min, profile.max = _scalar(low, column.type), _scalar(high, column.type)
    if column.type in RANGED:
        column.bounds = (float(low), float(high))
        quartiles = [_scalar(value, column.type) for value in found["q"]]
        profile.q25, profile.median, profile.q75 = quartiles
        if rows > EXACT_ROWS:
            profile.warnings.append("quartiles are approximate")
    if column.type in ("integer", "number"):
        profile.mean = _finite(found["mean"])
        profile.std = _finite(found["std"])


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _scalar(value: Any, kind: ColumnType) -> Any:
    """A statistic as JSON carries it; ``date`` and ``datetime`` come as POSIX seconds."""
    if kind in ("date", "datetime"):
        moment = _EPOCH + datetime.timedelta(seconds=value)
        whole_day = kind == "date" and moment.time() == datetime.time()
        return moment.date().isoformat() if whole_day else moment.isoformat()
    return value.isoformat() if isinstance(value, datetime.time) else value


_EPOCH = datetime.datetime(1970, 1, 1)  # noqa: DTZ001 - frames hold naive times


def _count_small(parquet: Path, columns: list[Column], rows: int) -> None:
    """Count every value of some columns of a short frame, one column in memory at a time."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(parquet, columns=[column.name for column in columns])
    for column, values in zip(columns, table.columns, strict=True):
        counted = pc.value_counts(values)
        pairs = zip(
            counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True
        )
        _take_counts(column, [pair for pair in pairs if pair[0] is not None], rows)


def _count_large(
    connection: "duckdb.DuckDBPyConnection", source: str, column: Column, rows: int
) -> None:
    """Count a column's values where they are few enough, else only how many there are."""
    name, profile = column.sql, column.profile
    if profile.distinct <= COUNTED_VALUES:
        value = f"CAST({name} AS VARCHAR)" if column.zoned else name
        found = connection.execute(
            f"SELECT {value}, count(*) FROM {source} WHERE {name} IS NOT NULL GROUP BY ALL"  # noqa: S608
        )
        _take_counts(column, found.fetchall(), rows)
        return
    if rows <= EXACT_ROWS:
        exact = connection.execute(f"SELECT count(DISTINCT {name}) FROM {source}").fetchone()  # noqa: S608
        profile.distinct, profile.distinct_exact = int(exact[0]) if exact else 0, True
    if column.bounds is not None:
        bins = connection.execute(
            f"SELECT {_bin_expression(column)}, count(*) FROM {source} "  # noqa: S608
            f"WHERE {name} IS NOT NULL GROUP BY ALL"
        ).fetchall()
        profile.histogram = _bins(column.bounds, dict(bins))


def _bin_expression(column: Column) -> str:
    low, high = column.bounds or (0.0, 0.0)
    value = f"epoch({column.sql})" if column.type in ("date", "datetime") else column.sql
    width = (high / BINS) - (low / BINS)
    position = f"({value}::DOUBLE - ({low!r})::DOUBLE) / ({width!r})::DOUBLE"
    return f"greatest(0, least({BINS - 1}, floor({position})))::TINYINT"


def _take_counts(column: Column, counts: list[tuple[Any, int]], rows: int) -> None:
    """All that follows from knowing how often each value occurs."""
    profile = column.profile
    profile.distinct, profile.distinct_exact = len(counts), True
    counts.sort(key=lambda pair: (-pair[1], pair[0]))
    profile.top = [
        TopValue(value=_cell(value), count=count) for value, count in counts[:TOP_VALUES]
    ]
    profile.categories = _categories(column.type, [value for value, _ in counts])
    if column.bounds is not None:
        low, high = column.bounds
        width = (high / BINS) - (low / BINS)
        bins: Counter[int] = Counter()
        for value, count in counts:
            position = (_number(value) - low) / width if width > 0 else 0
            bins[max(0, min(BINS - 1, math.floor(position)))] += count
        profile.histogram = _bins(column.bounds, bins)


def _number(value: Any) -> float:
    """A value on the axis of its histogram; dates and times as POSIX seconds."""
    if isinstance(value, str):
        value = datetime.datetime.fromisoformat(value)
    if isinstance(value, datetime.datetime):
        return (value.replace(tzinfo=None) - _EPOCH).total_seconds()
    if isinstance(value, datetime.date):
        return (value - _EPOCH.date()).total_seconds()
    return float(value)


def _cell(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _categories(kind: ColumnType, values: list[Any]) -> list[str] | None:
    if kind == "boolean":
        return sorted(str(value).lower() for value in values)
    if kind != "text" or len(values) > CATEGORIES:
        return None
    if any(len(value) > CATEGORY_LENGTH for value in values):
        return None
    return sorted(values)


def _bins(bounds: tuple[float, float], counts: Mapping[int, int]) -> list[Bin]:
    low, high = bounds
    if low == high:
        return [Bin(low=low, high=high, count=sum(counts.values()))]
    width = (high / BINS) - (low / BINS)
    edges = [low + number * width for number in range(BINS)] + [high]
    return [
        Bin(low=edges[number], high=edges[number + 1], count=counts.get(number, 0))
        for number in range(BINS)
    ]


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


def _duplicates(
    connection: "duckdb.DuckDBPyConnection", source: str, columns: list[Column], rows: int
) -> int | None:
    """Rows beyond the first of each equal group; None where counting would take too long."""
    if any(column.profile.candidate_key for column in columns):
        return 0
    if rows > EXACT_ROWS or len(columns) > DUPLICATE_COLUMNS or not columns:
        return None
    names = ", ".join(column.sql for column in columns)
    found = connection.execute(f"SELECT count(DISTINCT hash({names})) FROM {source}").fetchone()  # noqa: S608
    return rows - int(found[0]) if found else None
