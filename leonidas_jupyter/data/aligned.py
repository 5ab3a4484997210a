"""Columns that stand below one another, with nothing but spaces between them: of fixed width."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from leonidas_jupyter.data.cellkinds import VALUES, kind
from leonidas_jupyter.data.lines import line_end_of, split_lines

HEAD = 1 << 18
"""How much of the beginning is looked at for columns, in bytes."""

LOOKED_AT = 400
FEWEST_LINES = 3
MAX_TITLES = 4
"""Lines above the table, and below it, that are tried without."""

RULE = frozenset("-= ")
APART = re.compile(r"\S {2,}\S")
MOSTLY = 0.8

Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Alignment:
    """Where each column begins and ends, in characters, and how many lines stand above."""

    spans: Spans
    above: int


def find_alignment(text: Path) -> Alignment | None:
    """The columns of a UTF-8 text in which spaces alone separate them, if it is such a text."""
    with text.open("rb") as source:
        head = source.read(HEAD + 1).decode("utf-8", "ignore")
    lines = split_lines(head, line_end_of(head))
    whole = len(head) <= HEAD
    numbered = [(number, line.rstrip()) for number, line in enumerate(lines, 1) if line.strip()][
        :LOOKED_AT
    ]
    if not whole:
        numbered = numbered[:-1]
    apart = sum(APART.search(line) is not None for _, line in numbered)
    if len(numbered) < FEWEST_LINES or apart < 0.5 * len(numbered) or "\t" in head:
        return None
    for dropped in range(MAX_TITLES + 1):
        for cut in (0, 1, 2):
            kept = numbered[dropped : len(numbered) - cut]
            if len(kept) >= FEWEST_LINES and (spans := _columns([line for _, line in kept])):
                return Alignment(spans, kept[0][0] - 1)
    return None


def _columns(lines: list[str]) -> Spans | None:
    """The columns that every line keeps to; None where that may be chance."""
    width = max(map(len, lines))
    padded = [line.ljust(width) for line in lines]
    filled = [any(line[at] != " " for line in padded) for at in range(width)]
    edges = [at for at, (a, b) in enumerate(pairwise([False, *filled, False])) if a != b]
    spans = list(zip(edges[::2], edges[1::2], strict=True))
    merged: list[tuple[int, int]] = []
    for start, stop in spans:
        if merged and _one(padded, merged[-1], (start, stop)):
            merged[-1] = (merged[-1][0], stop)
        else:
            merged.append((start, stop))
    return tuple(merged) if len(merged) > 1 and _like_a_table(padded, merged) else None


def _one(lines: list[str], left: tuple[int, int], right: tuple[int, int]) -> bool:
    """Whether what stands left and right of a gap is one column: words that chance to align."""
    rows = lines[1:]
    if right[0] - left[1] > 1:
        return False
    if not any(line[slice(*right)].strip() for line in rows):
        return True
    if not lines[0][slice(*right)].strip():
        return True  # what has no name of its own goes on with what has one
    wide = sum(line[left[1] - 1 : right[0] + 1].count(" ") > 1 for line in rows)
    return wide < 0.5 * len(rows)


def _like_a_table(lines: list[str], spans: list[tuple[int, int]]) -> bool:
    """Whether most cells of some column are values, and most cells there are."""
    rows = [line for line in lines[1:] if not set(line) <= RULE]
    filled = sum(bool(line[slice(*span)].strip()) for line in rows for span in spans)
    if filled < 0.6 * len(rows) * len(spans):
        return False
    for span in spans:
        cells = [cell for line in rows if (cell := line[slice(*span)].strip())]
        values = sum(kind(cell) in VALUES for cell in cells)
        if cells and values >= MOSTLY * len(cells):
            return True
    return False


def as_cells(lines: Iterator[str], alignment: Alignment) -> Iterator[str]:
    """The lines with bars between their cells, without ends; one that crosses a gap is one cell.

    Dashes under the header become a blank line.
    """
    gaps = [(a, b) for (_, a), (b, _) in pairwise(alignment.spans)]
    spans = [*alignment.spans[:-1], (alignment.spans[-1][0], None)]
    for line in lines:
        text = line.rstrip()
        if set(text) <= RULE and "--" in text.replace("=", "-"):
            yield ""
        elif any(text[a:b].strip() for a, b in gaps) or not text:
            yield _quoted(text.strip())
        else:
            yield "|".join(_quoted(text[a:b].strip()) for a, b in spans)


def _quoted(cell: str) -> str:
    if "|" in cell or '"' in cell:
        return '"' + cell.replace('"', '""') + '"'
    return cell
