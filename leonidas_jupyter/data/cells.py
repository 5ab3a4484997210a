"""Cells of a DuckDB result as JSON carries them."""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from leonidas_jupyter.data.profile import Scalar

MAX_RESULT_CHARACTERS = 64 * 1024 * 1024
"""Longest text that one result may carry; what comes after is left out, and said so."""

EXACT_DIGITS = 15
"""Every decimal number of so many digits survives the way through a binary double."""

AS_JSON = ("STRUCT", "MAP", "UNION", "VARIANT", "ARRAY")
AS_TEXT = ("INTERVAL", "BLOB", "UUID", "ENUM", "BIT", "TIME WITH TIME ZONE", "TIMESTAMP_NS")
ZONED = "TIMESTAMP WITH TIME ZONE"

Converter = Callable[[Any], Scalar]


def projection(sql: str, types: list[str]) -> str:
    """The query with the columns that Python cannot carry turned into text by DuckDB itself.

    Lists, structs and maps become JSON; intervals, blobs, UUIDs and times with zones become text.
    """
    wrapped = [_expression(f"#{number}", kind) for number, kind in enumerate(types, 1)]
    if all(expression.startswith("#") for expression in wrapped):
        return sql
    return f"SELECT {', '.join(wrapped)} FROM (\n{sql}\n)"  # noqa: S608 - a checked statement


def _expression(column: str, kind: str) -> str:
    if kind.endswith("]") or kind.startswith(AS_JSON):
        return f"CAST(to_json({column}) AS VARCHAR)"
    if kind.startswith(ZONED) or kind.startswith(AS_TEXT):
        return f"CAST({column} AS VARCHAR)"
    return column


def converters(types: list[str], cell_characters: int) -> list[Converter]:
    """Per column, what makes a JSON cell of a non-null value."""

    def cut(text: str) -> str:
        return text if len(text) <= cell_characters else text[:cell_characters] + "…"

    def as_text(value: object) -> Scalar:
        return cut(str(value))

    def as_zoned(value: object) -> Scalar:
        text = str(value).replace(" ", "T", 1)
        return text + ":00" if text[-3:-2] in "+-" else text

    def pick(kind: str) -> Converter:
        if kind == "BOOLEAN" or kind.endswith("INT") or kind.endswith("INTEGER"):
            return lambda value: value
        if kind in ("DOUBLE", "FLOAT"):
            return as_float
        if kind.startswith("DECIMAL"):
            return as_decimal
        if kind in ("DATE", "TIMESTAMP", "TIME", "TIMESTAMP_S", "TIMESTAMP_MS"):
            return as_moment
        return as_zoned if kind.startswith(ZONED) else as_text

    return [pick(kind) for kind in types]


def as_float(value: float) -> Scalar:
    """A float, or the text NaN, Infinity or -Infinity, which JSON has no number for."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def as_decimal(value: Decimal) -> Scalar:
    """A float where that is exact, else the digits as text."""
    digits = value.normalize().as_tuple().digits
    return float(value) if len(digits) <= EXACT_DIGITS else format(value, "f")


def as_moment(value: object) -> Scalar:
    """ISO 8601; DuckDB gives text for what is outside Python's years 1 to 9999."""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
