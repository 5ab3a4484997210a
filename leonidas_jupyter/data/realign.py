"""Rows of too few or too many cells, brought to the table's width as their cells tell.

Each is reported with its text, whatever is made of it here. Where one reading, and no other, puts
under every column what that column holds, it is taken; else cells are cut off or filled up.
"""

import itertools
import re
from dataclasses import replace

from leonidas_jupyter.data.cellkinds import VALUES, kind
from leonidas_jupyter.data.recognise import Recognition
from leonidas_jupyter.data.tokens import Record, Tokenizer

REALIGNED_CELLS = 2
"""How many surplus empty cells of a row are tried as the ones too many."""

OTHER_DELIMITERS = (",", ";", "\t", "|", " ")
WIDEST = 1000
"""Wider rows are not looked at so closely."""

LONGEST = 200
"""Longer cells are not looked at for a place where a delimiter is missing, in characters."""

SAMPLED = 500
MOST_SHAPES = 40
"""A column of more different shapes than this holds free text."""


class Realigner:
    """Brings the rows of one table to its width."""

    def __init__(self, found: Recognition) -> None:
        self._syntax = found.syntax
        self._width = found.width
        self._kinds = found.layout.kinds
        self._valued = sum(each in VALUES for each in self._kinds)
        self._sample = found.sample[:SAMPLED]
        self._shapes: list[frozenset[str] | None] | None = None

    def fit(self, record: Record) -> list[str]:
        """The record's cells, as many as the table has columns."""
        fields, width = record.fields, self._width
        if len(fields) > width:
            return self._shortened(record, self._syntax.delimiter)
        if width <= WIDEST and self._valued > 1:
            parted = self._otherwise(record) if len(fields) <= width // 2 else None
            parted = parted or (self._parted(fields) if len(fields) == width - 1 else None)
            if parted:
                return parted
        return fields + [""] * (width - len(fields))

    def _shortened(self, record: Record, delimiter: str) -> list[str]:
        """A long row without its surplus cells, or with those joined that a delimiter cut."""
        dropped = self._dropped(record.fields)
        if self._width > WIDEST or not self._valued:
            return dropped
        joined = self._joined(record, delimiter)
        if joined is not None and self._agreement(joined) > self._agreement(dropped):
            return joined
        return dropped

    def _dropped(self, fields: list[str]) -> list[str]:
        """A long row without surplus empty cells, where the rest then fits best."""
        width = self._width
        extra = len(fields) - width
        if not any(map(str.strip, fields[width:])):
            trimmed = fields[:width]
            if extra > REALIGNED_CELLS or self._agreement(trimmed) == width:
                return trimmed
        empties = [index for index, cell in enumerate(fields) if not cell.strip()]
        if extra > REALIGNED_CELLS or len(empties) < extra or width > WIDEST:
            return fields[:width]
        choices = itertools.islice(itertools.combinations(reversed(empties), extra), 200)
        options = [
            [cell for index, cell in enumerate(fields) if index not in chosen] for chosen in choices
        ]
        return max(options, key=self._agreement)

    def _joined(self, record: Record, delimiter: str) -> list[str] | None:
        """The cells with one run of unquoted ones joined, if one run alone makes all fit."""
        fields = record.fields
        extra = len(fields) - self._width
        quoted = Tokenizer(replace(self._syntax, delimiter=delimiter)).quoted(record.text)
        if len(quoted) != len(fields):
            return None
        fitting = []
        for start in range(self._width):
            stop = start + extra + 1
            parts = fields[start:stop]
            if self._kinds[start] != "text" or any(quoted[start:stop]) or not all(parts):
                continue
            cells = [*fields[:start], delimiter.join(parts), *fields[stop:]]
            if self._values_fit(cells):
                fitting.append(cells)
        return fitting[0] if len(fitting) == 1 else None

    def _otherwise(self, record: Record) -> list[str] | None:
        """The cells of a row that another delimiter separates."""
        for mark in OTHER_DELIMITERS:
            if mark == self._syntax.delimiter or record.text.count(mark) < self._width - 1:
                continue
            fields, _ = Tokenizer(replace(self._syntax, delimiter=mark)).split(record.text)
            if len(fields) > self._width:
                fields = self._shortened(replace(record, fields=fields), mark)
            if len(fields) == self._width and self._values_fit(fields):
                return fields
        return None

    def _parted(self, fields: list[str]) -> list[str] | None:
        """The cells with one of them cut where a delimiter is missing, if one place alone fits."""
        fitting = []
        for index, cell in enumerate(fields):
            beside = (self._kinds[index], self._kinds[index + 1])
            if len(cell) > LONGEST or not VALUES.intersection(beside):
                continue
            for place in range(1, len(cell)):
                cells = [*fields[:index], cell[:place], cell[place:], *fields[index + 1 :]]
                if self._known(cells, index) and self._values_fit(cells):
                    fitting.append(cells)
        return fitting[0] if len(fitting) == 1 else None

    def _known(self, cells: list[str], index: int) -> bool:
        """Whether two neighbouring cells are of shapes that their columns have."""
        if self._shapes is None:
            columns = zip(*self._sample, strict=True)
            found = [frozenset(map(_shape, column)) for column in columns]
            self._shapes = [each if len(each) <= MOST_SHAPES else None for each in found]
        return bool(self._shapes) and all(
            (shapes := self._shapes[at]) is not None and _shape(cells[at]) in shapes
            for at in (index, index + 1)
        )

    def _values_fit(self, cells: list[str]) -> bool:
        """Whether every cell in a column of values is one, or missing, and two at least are."""
        found = [
            kind(cell) for cell, usual in zip(cells, self._kinds, strict=True) if usual in VALUES
        ]
        usual = [each for each in self._kinds if each in VALUES]
        same = sum(a == b for a, b in zip(found, usual, strict=True))
        missing = sum(each in ("empty", "null") for each in found)
        return same > 1 and same + missing == len(found)

    def _agreement(self, fields: list[str]) -> int:
        """How many cells look like what their columns hold."""
        score = 0
        for cell, usual in zip(fields, self._kinds, strict=False):
            found = kind(cell)
            words = found in ("token", "text") and usual == "text"
            score += found == usual or words or (found == "empty" and usual == "empty")
        return score


def _shape(cell: str) -> str:
    """A cell with its digits as one and the same, and its runs of letters as one sign each."""
    return re.sub(r"\d", "9", re.sub(r"[^\W\d_]+", "a", cell))
