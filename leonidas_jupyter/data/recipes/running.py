"""Running a compiled program within the worker, and its results as JSON carries them."""

import datetime
import math
import time
import traceback
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from leonidas_jupyter.data.recipes.errors import RecipeFailed
from leonidas_jupyter.data.recipes.guard import check_program, confined, names_for

if TYPE_CHECKING:
    import pandas as pd

Facts = Mapping[str, Any]
PROGRAM = "<recipe>"
MAX_CHARACTERS = 16 * 1024 * 1024
"""Longest text that the tables of one result may carry."""

SQL_TYPES = {
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "datetime": "TIMESTAMP",
    "time": "TIME",
    "text": "VARCHAR",
}


def run_program(request: Facts, cell: int) -> dict[str, Any]:
    """Run a program over its frames; returns a RecipeResult as JSON-able values.

    Raises:
        RecipeRefused: it holds what no program may.
        RecipeFailed: it ran into an error.
    """
    started = time.perf_counter()
    code = request["code"]
    check_program(code)
    names = names_for({name: load(**frame) for name, frame in request["frames"].items()})
    try:
        with confined():
            exec(compile(code, PROGRAM, "exec"), names)  # noqa: S102 - checked and confined
    except Exception as error:
        raise RecipeFailed(_sentence(error, request["marks"])) from error
    used = {name: int(count) for name, count in names.get("rows_used", {}).items()}
    for name, sources in request["sources"].items():
        used[name] = min((used[source] for source in sources), default=0)
    result = _figures(request["figures"], names, used, cell)
    result["tables"] = _tables(request["tables"], names, used, cell)
    result["elapsed_ms"] = round((time.perf_counter() - started) * 1000, 3)
    return result


def load(path: str, columns: list[str]) -> "pd.DataFrame":
    """A frame's columns as a kernel would have them."""
    from pyarrow import parquet

    from leonidas_jupyter.kernel.conversion import to_pandas

    # The file's own reader: a path is no data set here, whatever its folder is called.
    with parquet.ParquetFile(path) as file:
        return to_pandas(file.read(columns=columns))


def _figures(
    figures: Iterable[Facts],
    names: Facts,
    used: Mapping[str, int],
    cell: int,
) -> dict[str, Any]:
    columns, row, facts = [], [], []
    for figure in figures:
        value = as_cell(names[figure["variable"]], figure["type"], cell)
        columns.append({"name": figure["name"], "type": _type(figure["type"], [value])})
        row.append(value)
        output = figure["output"]
        facts.append(
            {"output": output, "used": used.get(output, 0), "aggregate": figure["aggregate"]}
        )
    return {"columns": columns, "rows": [row] if columns else [], "facts": facts}


def _tables(
    tables: Iterable[Facts],
    names: Facts,
    used: Mapping[str, int],
    cell: int,
) -> list[dict[str, Any]]:
    left = MAX_CHARACTERS
    shown = []
    for part in tables:
        frame: pd.DataFrame = names[part["variable"]]
        whole = len(frame)
        frame = frame.head(part["limit"])
        if part["index"] is not None:
            frame = frame.rename_axis(index=part["index"]).reset_index(allow_duplicates=True)
        labels = [str(as_cell(label, "unknown", cell)) for label in frame.columns]
        types = [part["types"].get(label, "unknown") for label in labels]
        values = [
            [as_cell(value, kind, cell) for value in frame.iloc[:, number].astype(object)]
            for number, kind in enumerate(types)
        ]
        rows = [list(row) for row in zip(*values, strict=True)]
        kept = _within(rows, left)
        left -= sum(_length(row) for row in kept)
        shown.append(
            {
                "name": part["name"],
                "columns": [
                    {"name": label, "type": _type(kind, column)}
                    for label, kind, column in zip(labels, types, values, strict=True)
                ],
                "rows": kept,
                "truncated": len(kept) < whole,
                "used": used.get(part["name"], 0),
                "row_counts": part["row_counts"],
                "aggregate": part["aggregate"],
            }
        )
    return shown


def _length(row: list[Any]) -> int:
    return sum(len(value) for value in row if isinstance(value, str)) + 8 * len(row)


def _within(rows: list[list[Any]], characters: int) -> list[list[Any]]:
    for kept, row in enumerate(rows):
        characters -= _length(row)
        if characters < 0:
            return rows[:kept]
    return rows


def as_cell(value: Any, kind: str, characters: int) -> Any:  # noqa: ANN401 - whatever a frame holds
    """A value as JSON carries it: missing is null, infinite is text, dates are ISO 8601."""
    import numpy as np
    import pandas as pd

    if isinstance(value, np.ndarray):
        value = value.item()
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return _number(float(value), kind)
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat() if kind == "date" else value.isoformat()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    text = str(value)
    return text if len(text) <= characters else text[:characters] + "…"


def _number(value: float, kind: str) -> float | int | str | None:
    if math.isnan(value):
        return None
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return int(value) if kind == "integer" and value.is_integer() else value


def _type(kind: str, values: list[Any]) -> str:
    if kind in SQL_TYPES:
        return SQL_TYPES[kind]
    found = {type(value) for value in values if value is not None}
    if found == {bool}:
        return "BOOLEAN"
    if found == {int}:
        return "BIGINT"
    return "DOUBLE" if found and found <= {int, float} else "VARCHAR"


def _sentence(error: Exception, marks: list[Mapping[str, Any]]) -> str:
    """What happened, and in which step or output; a traceback knows the line."""
    lines = [
        frame.lineno or 0
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == PROGRAM
    ]
    line = lines[0] if lines else 0
    where = next((mark["label"] for mark in reversed(marks) if mark["line"] <= line), "the frame")
    return f"In {where}: {_what(error)}"


def _what(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "there is not enough memory: choose fewer rows or columns first."
    text = " ".join(str(error).split())[:300].rstrip(".")
    if "unpack" in text:
        return "the column has not exactly two groups with values: name two in groups."
    if "attempt to get argm" in text or "index 0 is out of bounds" in text or "empty" in text:
        return "there are no values left to take it of: look at the steps before."
    if isinstance(error, IndexError):
        return "there are not so many rows: ask for an earlier one."
    if isinstance(error, KeyError):
        return f"there is no column or group {text}."
    return f"{text or type(error).__name__}."
