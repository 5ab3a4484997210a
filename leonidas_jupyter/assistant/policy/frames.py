"""What of a frame's profile passes at each level."""

import datetime
from typing import Any

from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.data.frames import Frame
from leonidas_jupyter.data.profile import ColumnProfile, Scalar

MODEL_CHARACTERS = 200
"""Where a cell is cut for a model."""

GENERATED = "a result that was saved here; its columns are not told at this data exposure"

CATEGORICAL = ("text", "boolean", "integer")
"""Columns whose common values are said to be categories."""


def shown_frame(frame: Frame, level: DataExposure, k: int) -> dict[str, Any]:
    """The frame's profile, as far as the level lets it pass.

    Args:
        frame: whose profile it is.
        level: what the model may see; at ``none`` it is not asked at all.
        k: below ``rows``, what passes is shared by so many rows.
    """
    profile = frame.profile
    if level is DataExposure.ROWS:
        return {
            "name": frame.name,
            "filename": frame.filename,
            "rows": profile.rows,
            "columns": [_whole(column) for column in profile.columns],
        }
    if frame.generated:
        # Computing it may have copied a row k times, or made names out of cells.
        return {"name": frame.name, "columns": [], "note": GENERATED}
    if level.rank < DataExposure.SUMMARY.rank:
        columns = [{"name": column.name, "type": column.type} for column in profile.columns]
        return {"name": frame.name, "columns": columns}
    return {
        "name": frame.name,
        "rows": at_least(profile.rows, k),
        "columns": [_summary(column, profile.rows, level, k) for column in profile.columns],
    }


def at_least(number: int, k: int) -> int | str:
    """A count that says nothing about few rows."""
    return number if number >= k else f"fewer than {k}"


def short(value: object) -> object:
    """A cell as a model gets it: cut when it is long."""
    if isinstance(value, str) and len(value) > MODEL_CHARACTERS:
        return value[: MODEL_CHARACTERS - 1] + "…"
    return value


def _whole(column: ColumnProfile) -> dict[str, Any]:
    shown = column.model_dump(
        mode="json",
        include={"name", "type", "nulls", "distinct", "min", "max", "top"},
        exclude_none=True,
    )
    for value in ("min", "max"):
        if value in shown:
            shown[value] = short(shown[value])
    return {**shown, "top": [{**each, "value": short(each["value"])} for each in shown["top"]]}


def _summary(column: ColumnProfile, rows: int, level: DataExposure, k: int) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": column.name, "type": column.type}
    present = rows - column.nulls
    if rows >= k:
        shown["null_share"] = round(column.nulls / rows, 2)
    if present < k:
        return shown
    shown["distinct"] = column.distinct
    quantiles = [_rounded(value) for value in (column.q25, column.median, column.q75)]
    if None not in quantiles:
        shown["quartiles"] = quantiles
    if level is DataExposure.AGGREGATES and column.mean is not None:
        shown |= {"mean": column.mean, "std": column.std}
    if column.type in CATEGORICAL:
        common = [top for top in column.top if top.count >= k]
        if common:
            shown["categories"] = [
                {"value": short(each.value), "count": each.count} for each in common
            ]
    return shown


def _rounded(value: Scalar) -> Scalar:
    """A quantile to two significant digits; a date to its month."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        number = float(f"{value:.2g}")
        return int(number) if number.is_integer() and abs(number) < 1e15 else number
    try:
        return datetime.datetime.fromisoformat(value).strftime("%Y-%m")
    except ValueError:
        return None
