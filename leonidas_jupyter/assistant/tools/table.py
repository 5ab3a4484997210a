"""Tables for people: Markdown, short, whatever the cells hold."""

import math
from collections.abc import Sequence
from typing import Any

from leonidas_jupyter.data.profile import Scalar

SHOWN_ROWS = 20
"""Rows of a table in Markdown; the rest is counted below it."""

SHOWN_CHARACTERS = 200
"""Where a cell is cut."""

_ESCAPES = str.maketrans(
    {char: f"\\{char}" for char in "\\|`*_[]<>~$#!&"} | {"\n": " ", "\r": " ", "\t": " "}
)
"""What Markdown would read as markup, HTML or mathematics."""


def counted(number: int, noun: str) -> str:
    """``1 row``, ``1,234 rows``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def number(value: float) -> str:
    """Six significant digits, in plain notation where that is readable."""
    if value == 0 or not math.isfinite(value) or not 1e-4 <= abs(value) < 1e15:
        return f"{value:.6g}"
    decimals = max(0, 5 - math.floor(math.log10(abs(value))))
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def cell(value: Scalar) -> str:
    """A value as Markdown text that shows exactly its characters, cut when long."""
    if value is None:
        return ""
    text = number(value) if isinstance(value, float) else str(value)
    if len(text) > SHOWN_CHARACTERS:
        text = text[: SHOWN_CHARACTERS - 1] + "…"
    return text.translate(_ESCAPES)


def markdown_table(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table in Markdown (GitHub's pipe tables); rows beyond SHOWN_ROWS are counted below it."""
    lines = [
        "| " + " | ".join(cell(name) for name in names) + " |",
        "|" + " --- |" * len(names),
        *("| " + " | ".join(cell(value) for value in row) + " |" for row in rows[:SHOWN_ROWS]),
    ]
    text = "\n".join(lines)
    if len(rows) > SHOWN_ROWS:
        text += f"\n\n… and {counted(len(rows) - SHOWN_ROWS, 'more row')}"
    return text
