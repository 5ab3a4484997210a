"""Column names from header rows: joined, filled in, made unique."""

from itertools import zip_longest

MAX_NAME = 200
"""Longest column name kept, in characters."""


def column_names(header: list[list[str]], width: int) -> tuple[list[str], list[str]]:
    """Unique names for ``width`` columns, and the names as written.

    Several header rows are joined by a space, each column's parts from top to bottom; a part that
    stands left of empty cells in an upper row holds for those, too; repeated parts count once. A
    missing name becomes ``column_3`` (counted from 1); a name that comes again gets ``_2``, ``_3``
    and so on, compared without case, since SQL does not tell ``X`` from ``x``.
    """
    spread = [_spread(row, width) for row in header[:-1]] + [
        _fitted(row, width) for row in header[-1:]
    ]
    written = [_joined(parts) for parts in zip_longest(*spread, fillvalue="")] if spread else []
    written += [""] * (width - len(written))
    taken = {name.lower() for name in written if name}
    names: list[str] = []
    seen: set[str] = set()
    for position, name in enumerate(written[:width], 1):
        unique = _unique(name or f"column_{position}", seen, taken)
        seen.add(unique.lower())
        names.append(unique)
    return names, written[:width]


def _unique(name: str, seen: set[str], taken: set[str]) -> str:
    if name.lower() not in seen:
        return name
    number = 2
    while f"{name}_{number}".lower() in seen | taken:
        number += 1
    return f"{name}_{number}"


def _fitted(row: list[str], width: int) -> list[str]:
    """A header row brought to the table's width."""
    cells = [" ".join(cell.split())[:MAX_NAME] for cell in row]
    if len(cells) > width:
        empties = [index for index, cell in enumerate(cells) if not cell]
        for index in reversed(empties[: len(cells) - width]):
            del cells[index]
    return (cells + [""] * width)[:width]


def _spread(row: list[str], width: int) -> list[str]:
    """An upper header row with each part repeated over the empty cells to its right."""
    cells = _fitted(row, width)
    current = ""
    for index, cell in enumerate(cells):
        current = cell or current
        cells[index] = current
    return cells


def _joined(parts: tuple[str, ...]) -> str:
    kept: list[str] = []
    for part in parts:
        if part and part not in kept:
            kept.append(part)
    return " ".join(kept)[:MAX_NAME]
