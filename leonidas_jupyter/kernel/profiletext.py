"""What a profile says of a column in words and figures."""

import math
from collections.abc import Mapping
from typing import Any

SHOWN = 24
"""Where a value is cut."""

CELL_DIGITS = 8
"""Significant digits of what is a cell, or lies between two."""

TOLD = 3
"""Common values that are named."""


def number_text(value: object, digits: int = 4) -> str:
    """A figure, short: whole numbers whole, others to some significant digits; dates as they are.

    Midnight is left out of times.
    """
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value).lower()
    if isinstance(value, int) and abs(value) < 10**15:
        return f"{value:,}"
    if isinstance(value, int | float):
        number = float(value)
        if number.is_integer() and abs(number) < 10**15:
            return f"{number:,.0f}"
        if not 1e-3 <= abs(number) < 1e15:
            return f"{number:.{digits}g}"
        decimals = max(0, digits - 1 - math.floor(math.log10(abs(number))))
        plain = f"{number:,.{decimals}f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    text = str(value).removesuffix("T00:00:00").replace("T", " ")
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def share_text(part: int, whole: int) -> str:
    """A share in per cent: none is a dash, and little is not none."""
    if not part or not whole:
        return "–"
    per_cent = 100 * part / whole
    if per_cent < 0.1:
        return "<0.1 %"
    if part < whole and per_cent > 99.9:
        return ">99.9 %"
    return f"{per_cent:.1f} %".replace(".0 %", " %")


def values_text(column: Mapping[str, Any], rows: int) -> str:
    """The range of numbers and dates, common values of the rest."""
    if column.get("median") is not None and column["type"] != "text":
        about = "" if column.get("quantiles_exact", True) else "about "
        names = ("min", "max", "median")
        low, high, median = (number_text(column[name], CELL_DIGITS) for name in names)
        text = f"{low} … {high}, median {about}{median}"
        if column.get("mean") is not None:
            text += f", mean {number_text(column['mean'])}"
        if column.get("std") is not None:
            text += f" ± {number_text(column['std'])}"
        return text
    if column["type"] == "time" and column.get("min") is not None:
        return f"{column['min']} … {column['max']}"
    if common := _common(column, rows):
        return common
    return _lengths(column)


def _common(column: Mapping[str, Any], rows: int) -> str:
    """The most common values and their shares; nothing where none stands twice."""
    present = rows - column["nulls"]
    top = [each for each in column.get("top") or () if each["count"] > 1][:TOLD]
    shown = [
        f"{number_text(each['value']) or '(empty)'} {share_text(each['count'], present)}"
        for each in top
    ]
    more = column["distinct"] - len(shown)
    return ", ".join([*shown, *(["…"] if shown and more > 0 else [])])


def _lengths(column: Mapping[str, Any]) -> str:
    low, high = column.get("min_length"), column.get("max_length")
    if low is None or high is None:
        return ""
    if low == high:
        return f"{low:,} characters each"
    mean = column.get("mean_length")
    about = f", {number_text(round(mean, 1))} on average" if mean is not None else ""
    return f"{low:,} to {high:,} characters{about}"


def key_text(join: Mapping[str, Any]) -> str:
    """How well two columns fit, in words."""
    parts = []
    if (share := join.get("share")) is not None:
        about = "" if join.get("exact") else "about "
        parts.append(f"{about}{_per_cent(share)} of the values are there")
    unique = {
        (True, True): "one to one",
        (True, False): "one row here, many there",
        (False, True): "many rows here, one there",
        (False, False): "many to many: rows multiply",
    }
    parts.append(unique[bool(join.get("unique_here")), bool(join.get("unique_there"))])
    return ", ".join(parts)


def _per_cent(share: float) -> str:
    return share_text(round(share * 10_000), 10_000) if share else "0 %"
