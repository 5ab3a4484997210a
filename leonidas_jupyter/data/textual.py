"""Why a column that looks like numbers or dates is kept as text: the first cell that broke it."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from leonidas_jupyter.data.counting import Column, one_row
from leonidas_jupyter.data.plans import literal

if TYPE_CHECKING:
    import duckdb

SAMPLE_ROWS = 1000
SAMPLE_CELLS = 5
"""Cells that a judgement rests on at least."""

MOSTLY = 0.8
"""A column whose cells look so to this share is said to be mixed."""

MOST_COLUMNS = 50
"""Columns of a frame that are looked at closely, at most: each is read once more."""

MOST_SAMPLED = 1000
"""Columns of which some cells are looked at, at most."""

CELL = 100
"""Characters of a cell that are looked at; one cell may be as large as a file."""

ROW_NUMBER = "file_row_number"

SHOWN = 40
"""Where a cell is cut in a sentence."""

LOOKS = {
    "numbers": r"[-+]?[$€£¥]?[ ]?([0-9][0-9.,' ]*|[.][0-9]+)([eE][-+]?[0-9]+)?[ ]?[%€$£¥]?",
    "dates": r"([0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.]"
    r"([0-9]{4}|[0-9]{2}))([T ][0-9]{1,2}:[0-9]{2}.*)?",
}
"""What cells look like, as regular expressions of Python's and of RE2."""

REASONS = (
    ("zeros in front would be lost", r"[-+]?0[0-9].*"),
    ("not all of so many digits would be kept", r"[^0-9]*([0-9][^0-9]*){16,}"),
    ("an exponent would be written otherwise", r".*[eE].*"),
)
"""Why cells that all look like numbers are kept as text."""


def say_why(
    connection: "duckdb.DuckDBPyConnection", parquet: Path, columns: Sequence[Column]
) -> None:
    """Add a warning to each column of text that looks like numbers or dates, with the first cell.

    Args:
        connection: reads the file.
        parquet: the frame.
        columns: some of its columns, of any type.
    """
    texts = [column for column in columns if column.type == "text" and column.profile.distinct > 1]
    if not texts or any(column.name.lower() == ROW_NUMBER for column in columns):
        return  # DuckDB numbers no rows beside a column of that name
    source = f"read_parquet({literal(str(parquet))})"
    texts = texts[:MOST_SAMPLED]
    names = ", ".join(f"left({column.sql}, {CELL})" for column in texts)
    rows = connection.execute(f"SELECT {names} FROM {source} LIMIT {SAMPLE_ROWS}").fetchall()  # noqa: S608 - quoted names
    looked = [
        (column, look)
        for column, cells in zip(texts, zip(*rows, strict=True), strict=False)
        if (look := _look([cell.strip() for cell in cells if cell and cell.strip()]))
    ]
    for column, look in looked[:MOST_COLUMNS]:
        column.profile.warnings.append(_why(connection, str(parquet), column, look))


def _look(cells: Sequence[str]) -> str | None:
    """What most of the cells look like, if anything."""
    if len(cells) < SAMPLE_CELLS:
        return None
    # Dates with points look like numbers, too.
    for look in ("dates", "numbers"):
        pattern = re.compile(LOOKS[look])
        if sum(pattern.fullmatch(cell) is not None for cell in cells) >= MOSTLY * len(cells):
            return look
    return None


def _why(connection: "duckdb.DuckDBPyConnection", parquet: str, column: Column, look: str) -> str:
    cell = f"trim(left({column.sql}, {CELL}))"
    misfit = f"{cell} <> '' AND NOT regexp_full_match({cell}, {literal(LOOKS[look])})"
    odd, first, row = _first(connection, parquet, column, misfit)
    if odd:
        counted = f"SELECT count({column.sql}) FROM read_parquet({literal(parquet)})"  # noqa: S608 - quoted name
        share = 100 * (1 - odd / one_row(connection, counted)[0])
        return (
            f"kept as text: {min(share, 99.9):.3g} % of the cells look like {look}, but not "
            f"{_quoted(first)} in row {row + 1:,}"
        )
    for reason, pattern in REASONS if look == "numbers" else ():
        fits = f"regexp_full_match({cell}, {literal(pattern)})"
        found, first, row = _first(connection, parquet, column, fits)
        if found:
            return f"{look} kept as text: {reason}, as in {_quoted(first)} in row {row + 1:,}"
    return f"{look} kept as text: they are not all written in one way"


def _first(
    connection: "duckdb.DuckDBPyConnection", parquet: str, column: Column, where: str
) -> tuple[int, str, int]:
    """How many cells are so, the first of them and its row, from 0."""
    numbered = f"read_parquet({literal(parquet)}, file_row_number = true)"
    found = one_row(
        connection,
        f"SELECT count(*), arg_min(left({column.sql}, {CELL}), file_row_number), "  # noqa: S608 - own SQL
        f"min(file_row_number) FROM {numbered} WHERE {where}",
    )
    return int(found[0]), str(found[1]), int(found[2] or 0)


def _quoted(cell: str) -> str:
    text = " ".join(cell.split())
    return f"“{text if len(text) <= SHOWN else text[: SHOWN - 1] + '…'}”"
