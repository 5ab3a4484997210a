"""Values as tables of JSON cells: the module ``_leonidas_tables`` inside the kernel; see `inside`.

A table has ``columns`` ({name, type}, types named as SQL does), ``rows``, ``total_rows``, and
``truncated`` where rows or cells were left out.
"""

import json
import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any

CELL_CHARACTERS = 10_000
"""Where a text cell is cut."""

MAX_ITEMS = 100_000
"""Longest list or dict that is looked at as a table."""

_SCALARS = (bool, int, float, complex, str, Decimal, datetime, date, time, timedelta)
_PLAIN_TYPES = {bool: "BOOLEAN", int: "BIGINT", float: "DOUBLE"}


def table_of(
    value: Any,  # noqa: ANN401 - any value
    max_rows: int,
    max_bytes: int,
) -> dict[str, Any] | None:
    """The value as a table, its first rows; None when it is none.

    A table: a DataFrame, a Series, a one- or two-dimensional array; a list or tuple of single
    values (of a named tuple its fields), a dict of them, or one single value.
    """
    pandas = import_module("pandas")
    if value is None:
        return None
    if not isinstance(value, (pandas.DataFrame, pandas.Series)):
        value = _framed(value)
        if value is None:
            return None
    total = len(value)
    frame = flat(value.iloc[:max_rows])
    rows: list[list[Any]] = []
    left, cut = max_bytes, total > max_rows
    columns = [frame.iloc[:, number].tolist() for number in range(frame.shape[1])]
    for raw in zip(*columns, strict=True):
        row = [cell(item) for item in raw]
        left -= len(json.dumps(row)) + 1
        if left < 0:
            cut = True
            break
        rows.append(row)
    return {
        "columns": [
            {"name": str(name), "type": type_of(frame.iloc[:, number])}
            for number, name in enumerate(frame.columns)
        ],
        "rows": rows,
        "total_rows": total,
        "truncated": cut,
    }


def flat(value: Any) -> Any:  # noqa: ANN401 - a DataFrame of a DataFrame or Series
    """A DataFrame whose index, where it says something, has become columns, with plain names."""
    pandas = import_module("pandas")
    if isinstance(value, pandas.Series):
        value = value.to_frame("value" if value.name is None else value.name)
    frame = value.copy(deep=False)
    frame.columns = _unique([_plain_name(name) for name in frame.columns])
    if isinstance(frame.index, pandas.RangeIndex) and frame.index.name is None:
        return frame.reset_index(drop=True)
    levels = [
        (_plain_name(name) if name is not None else "index", frame.index.get_level_values(number))
        for number, name in enumerate(frame.index.names)
    ]
    names = _unique([name for name, _ in levels] + list(frame.columns))
    frame.columns = names[len(levels) :]
    for number, (_, values) in enumerate(levels):
        frame.insert(number, names[number], values)
    return frame.reset_index(drop=True)


def cell(value: Any) -> Any:  # noqa: ANN401 - one branch for each kind of value
    """A value as JSON has it: missing is null, moments are ISO text, what is not finite is text."""
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        value = value.item()
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return value if math.isfinite(value) else "Infinity" if value > 0 else "-Infinity"
    if value is import_module("pandas").NaT or value is import_module("pandas").NA:
        return None
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= CELL_CHARACTERS else text[: CELL_CHARACTERS - 1] + "…"


def type_of(series: Any) -> str:  # noqa: ANN401 - a Series
    """The column's type as SQL names it."""
    kind = series.dtype.kind if hasattr(series.dtype, "kind") else "O"
    if kind in "iu":
        return "BIGINT"
    if kind in "fbMm":
        return {"f": "DOUBLE", "b": "BOOLEAN", "M": "TIMESTAMP", "m": "INTERVAL"}[kind]
    kinds = {type(item) for item in series.tolist() if item is not None}
    return _PLAIN_TYPES.get(kinds.pop(), "VARCHAR") if len(kinds) == 1 else "VARCHAR"


def _framed(value: Any) -> Any:  # noqa: ANN401 - see table_of
    pandas = import_module("pandas")
    dimensions = getattr(value, "ndim", None)
    if dimensions in (1, 2) and hasattr(value, "tolist"):
        return pandas.DataFrame(value) if dimensions == 2 else pandas.Series(value)
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if _single(value):
        return pandas.DataFrame({"value": pandas.Series([value])})
    if not isinstance(value, (list, tuple, dict)) or not 0 < len(value) <= MAX_ITEMS:
        return None
    items = value.values() if isinstance(value, dict) else value
    if not all(_single(item) for item in items):
        return None
    columns: dict[str, Any] = {}
    if isinstance(value, dict):
        columns["key"] = [str(key) for key in value]
    columns["value"] = pandas.Series(list(items), dtype=None if _alike(items) else "object")
    return pandas.DataFrame(columns)


def _single(value: Any) -> bool:  # noqa: ANN401 - any value
    return (
        value is None
        or isinstance(value, _SCALARS)
        or (hasattr(value, "item") and getattr(value, "shape", None) == ())
    )


def _alike(items: Any) -> bool:  # noqa: ANN401 - any collection
    return len({type(item) for item in items}) == 1


def _plain_name(name: object) -> str:
    if isinstance(name, tuple):
        return " ".join(str(part) for part in name if str(part))
    return str(name)


def _unique(names: list[str]) -> list[str]:
    taken: set[str] = set()
    for number, name in enumerate(names):
        unused, count = name, 1
        while unused in taken:
            count += 1
            unused = f"{name}_{count}"
        names[number] = unused
        taken.add(unused)
    return names
