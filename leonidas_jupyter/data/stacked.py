"""Tables that stand below one another in one file, and headers that come again."""

from leonidas_jupyter.data.cellkinds import VALUES, kind
from leonidas_jupyter.data.layout import Layout
from leonidas_jupyter.data.tokens import Record

FIRST_ROWS = 20
"""How many rows tell which columns of the first table hold values."""

WORDS = ("token", "text")


def same_header(row: Record, header: list[list[str]]) -> bool:
    """Whether a row is the header's last row again; files put together may hold marks in it."""
    if not header or len(row.fields) != len(header[-1]):
        return False
    first = row.fields[0].removeprefix("\ufeff")
    return first == header[-1][0] and row.fields[1:] == header[-1][1:]


def next_table(layout: Layout) -> int | None:
    """Where in the body another table's header stands; None where all is one table.

    It is sure where words stand in every column that only had values, none twice and none missing,
    values follow below, and either more than one column says so, or the width changes or a blank
    line stands before it.
    """
    body = layout.body
    typed = _only_values(body[: min(FIRST_ROWS, max(2, len(body) // 3))], layout.width)
    if not typed or not layout.header:
        return None
    for index in range(2, len(body) - 1):
        row, before, after = body[index], body[index - 1], body[index + 1]
        if not _all_words(row.fields, typed) or same_header(row, layout.header):
            continue
        apart = row.line > before.line + before.lines or len(row.fields) != len(before.fields)
        below = zip(row.fields, after.fields, strict=False)
        if (apart or len(typed) > 1) and any(kind(cell) in VALUES for _, cell in below):
            return index
    return None


def _only_values(rows: list[Record], width: int) -> list[int]:
    """The columns that hold nothing but values, and in two rows at least."""
    found = []
    for column in range(width):
        cells = [kind(row.fields[column]) for row in rows if column < len(row.fields)]
        filled = [each for each in cells if each not in ("empty", "null")]
        if len(filled) >= 2 and all(each in VALUES for each in filled):
            found.append(column)
    return found


def _all_words(fields: list[str], typed: list[int]) -> bool:
    first = typed[0]
    if first >= len(fields) or kind(fields[first]) not in WORDS or len(fields) < 2:
        return False
    # Quoted cells of many words are notes.
    words = [cell.strip() for cell in fields if cell.strip()]
    distinct = len(set(words)) == len(words) and len(words) >= len(fields) - 1
    return distinct and all(kind(cell) in WORDS and len(cell) <= 60 for cell in words)
