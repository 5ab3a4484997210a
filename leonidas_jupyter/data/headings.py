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
    uniques = _Uniques(taken)
    for position, name in enumerate(written[:width], 1):
        names.append(uniques.of(name or f"column_{position}"))
    return names, written[:width]


class _Uniques:
    """Tells names that are the same, but for case, apart by numbers."""

    def __init__(self, taken: set[str]) -> None:
        self._taken = taken
        self._seen: set[str] = set()
        self._numbers: dict[str, int] = {}

    def of(self, name: str) -> str:
        """The name, or with a number where it was given before."""
        plain = name.lower()
        if plain in self._seen:
            # Where the last one stopped: a header may be one name thousands of times.
            number = self._numbers.get(plain, 2)
            while f"{plain}_{number}" in self._seen or f"{plain}_{number}" in self._taken:
                number += 1
            self._numbers[plain] = number + 1
            name = f"{name}_{number}"
        self._seen.add(name.lower())
        return name


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
