"""Counting the values of columns: what occurs how often, in which ranges."""

import datetime
import heapq
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leonidas_jupyter.data.profile import Bin, ColumnProfile, ColumnType, Scalar, TopValue

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

EXACT_ROWS = 2_000_000
"""Up to so many rows distinct counts, quartiles and duplicate rows are exact."""

COUNTED_VALUES = 10_000
"""Columns with (about) at most so many distinct values get every value counted."""

TOP_VALUES = 20
TOP_VALUES_WIDE = 3
CATEGORIES = 200
CATEGORY_LENGTH = 100
BINS = 20
EPOCH = datetime.datetime(1970, 1, 1)  # noqa: DTZ001 - frames hold naive times


@dataclass
class Column:
    """A column while it is being profiled."""

    sql: str
    name: str
    type: ColumnType
    profile: ColumnProfile
    zoned: bool = False
    bounds: tuple[float, float] | None = None


def one_row(connection: "duckdb.DuckDBPyConnection", sql: str) -> tuple[Any, ...]:
    """The one row of an aggregate query, read to its end."""
    rows: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
    return rows[0]


def count_short(table: "pa.Table", columns: list[Column], *, detailed: bool = True) -> None:
    """Count every value of some columns of a short frame."""
    import pyarrow.compute as pc

    for column, values in zip(columns, table.columns, strict=True):
        counted = pc.value_counts(values)
        pairs = zip(
            counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True
        )
        # Arrow tells 0.0 from -0.0, which are one value to SQL and to Python.
        counts: Counter[Any] = Counter()
        for value, count in pairs:
            if value is not None:
                counts[value] += count
        take_counts(column, list(counts.items()), detailed=detailed)


def count_long(
    connection: "duckdb.DuckDBPyConnection",
    source: str,
    column: Column,
    rows: int,
    *,
    detailed: bool = True,
) -> None:
    """Count a column's values where they are few enough, else only how many there are.

    Without ``detailed`` there are fewer top values and no histogram.
    """
    name, profile = column.sql, column.profile
    if profile.distinct <= COUNTED_VALUES:
        value = f"CAST({name} AS VARCHAR)" if column.zoned else name
        found = connection.execute(
            f"SELECT {value}, count(*) FROM {source} WHERE {name} IS NOT NULL GROUP BY ALL"  # noqa: S608
        )
        take_counts(column, found.fetchall(), detailed=detailed)
        return
    if rows <= EXACT_ROWS:
        exact = one_row(connection, f"SELECT count(DISTINCT {name}) FROM {source}")  # noqa: S608
        profile.distinct, profile.distinct_exact = int(exact[0]), True
    if column.bounds is not None and detailed:
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


def take_counts(column: Column, counts: list[tuple[Any, int]], *, detailed: bool = True) -> None:
    """All that follows from knowing how often each value occurs."""
    profile = column.profile
    profile.distinct, profile.distinct_exact = len(counts), True
    shown = TOP_VALUES if detailed else TOP_VALUES_WIDE
    top = heapq.nsmallest(shown, counts, key=lambda pair: (-pair[1], pair[0]))
    profile.top = [TopValue(value=_cell(value), count=count) for value, count in top]
    profile.categories = _categories(column.type, [value for value, _ in counts])
    if column.bounds is not None and detailed:
        low, high = column.bounds
        width = (high / BINS) - (low / BINS)
        bins: Counter[int] = Counter()
        for value, count in counts:
            position = (_number(value) - low) / width if width > 0 else 0
            bins[max(0, min(BINS - 1, math.floor(position)))] += count
        profile.histogram = _bins(column.bounds, bins)


def _number(value: Any) -> float:  # noqa: ANN401 - as DuckDB or pyarrow gives it
    """A value on the axis of its histogram; dates and times as POSIX seconds."""
    if isinstance(value, str):
        value = datetime.datetime.fromisoformat(value)
    if isinstance(value, datetime.datetime):
        return (value.replace(tzinfo=None) - EPOCH).total_seconds()
    if isinstance(value, datetime.date):
        return (value - EPOCH.date()).total_seconds()
    return float(value)


def _cell(value: Any) -> Scalar:  # noqa: ANN401 - as DuckDB or pyarrow gives it
    found: Scalar = value.isoformat() if hasattr(value, "isoformat") else value
    return found


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
