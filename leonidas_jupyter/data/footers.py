"""Rows at a file's end that are no data: notes, empty rows; and totals, which are kept."""

import re

from leonidas_jupyter.data.cellkinds import kind
from leonidas_jupyter.data.tokens import Record

TAIL_NOTE = re.compile(
    r"\s*(?:source|sources|note|notes|nb|n\.b\.|quelle|fuente|fonte|legend|copyright|©|\*|†|"
    r"footnote|last updated|data (?:from|as of)|generated|end of|\(\d+\)|\[\d+\])",
    re.I,
)
TOTAL = re.compile(
    r"\s*(?:grand[ -]|sub[ -]?|sous-)?(?:totals?|totale|totaal|totalt|sum|summe|gesamt(?:summe)?|"
    r"insgesamt|zusammen|somme|suma|soma|razem|итого|всего|yhteensä|toplam)\b|"
    r"\s*(?:合計|総計|合计|总计|小计|합계|총계)",
    re.I,
)


def footer_rows(tail: list[Record], width: int, longest: list[int]) -> int:
    """How many records at the file's end are notes or empty rows and not data.

    ``longest`` is the longest cell of each column in the sample's body.
    """
    count = 0
    for row in reversed(tail):
        if not _is_footer(row.fields, width, longest):
            return count
        count += 1
    return count if count < len(tail) else 0


def _is_footer(fields: list[str], width: int, longest: list[int]) -> bool:
    filled = [(i, cell) for i, cell in enumerate(fields) if cell.strip()]
    if not filled:
        # Blank lines are no records: in a single column this is a cell written as two quotes.
        return width > 1
    if len(filled) > 1 or width < 3:
        return False
    index, cell = filled[0]
    if kind(cell) not in ("token", "text", "date"):
        return False
    usual = longest[index] if index < len(longest) else 0
    return TAIL_NOTE.match(cell) is not None or len(cell) > max(usual, 12) or len(fields) < width


def looks_total(fields: list[str]) -> bool:
    """Whether a row sums the others up: the word stands first, values follow."""
    first = next((cell for cell in fields if cell.strip()), "")
    return TOTAL.match(first) is not None and any(kind(cell) == "number" for cell in fields)
