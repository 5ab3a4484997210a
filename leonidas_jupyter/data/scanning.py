"""The first look at a frame's columns: counts, ranges, moments and quartiles, by DuckDB."""

import datetime
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from leonidas_jupyter.data.counting import EPOCH, EXACT_ROWS, Column, one_row
from leonidas_jupyter.data.profile import Scalar
from leonidas_jupyter.data.stacks import stacked, stacks_of

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

RANGED = ("integer", "number", "date", "datetime")


def scan(
    connection: "duckdb.DuckDBPyConnection", source: str, columns: Sequence[Column], rows: int
) -> None:
    """Fill in what one query over ``source`` says of some columns."""
    first = [_first_scan(column, rows) for column in columns]
    found = one_row(connection, f"SELECT {', '.join(first)} FROM {source}")  # noqa: S608 - quoted names
    for column, values in zip(columns, found, strict=True):
        _take_first(column, values, rows)


def scan_stacked(
    connection: "duckdb.DuckDBPyConnection", table: "pa.Table", columns: Sequence[Column]
) -> None:
    """As ``scan``, of a table that holds just these columns: one query for all of a type."""
    rows = table.num_rows
    keys = [
        (column.type, column.zoned, field.type)
        for column, field in zip(columns, table.schema, strict=True)
    ]
    for _, numbers in stacks_of(keys, rows):
        connection.register("stack", stacked(table, numbers))
        asked = _first_scan(replace(columns[numbers[0]], sql="cell"), rows)
        found = connection.execute(f"SELECT place, {asked} FROM stack GROUP BY place").fetchall()  # noqa: S608 - own SQL
        for place, values in found:
            _take_first(columns[numbers[place]], values, rows)
        connection.unregister("stack")


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
