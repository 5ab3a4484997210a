"""What the tools of one answer computed, laid out so that numbers are found in it quickly."""

import math
import re
from bisect import bisect_left
from calendar import month_name
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from leonidas_jupyter.assistant.receipts.figures import NUMBER_WORDS, figures
from leonidas_jupyter.assistant.receipts.moments import Calendar, moments
from leonidas_jupyter.assistant.results import Results

MAX_VALUES = 60_000
"""Cells that are looked at; a result keeps fewer rows than that anyway."""

MAX_TEXT = 20_000
"""Characters of one text (what a program printed) that are searched for numbers."""

MAX_NAMES = 3_000
MAX_LABELLED = 200
"""Rows of a table that can be meant by their labels."""

MAX_DEPTH = 8
_MONTHS = tuple(name.lower() for name in month_name)
MAX_WHOLES = 6
ROWS = ("rows", "n", "count", "total", "row_count")
"""What a number of rows is called."""

_DIGIT = re.compile(r"\d")
_NUMBERED = re.compile(rf"\d|\b(?:{'|'.join(NUMBER_WORDS)})\b", re.IGNORECASE)
_NUMERIC = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?")


@dataclass
class Column:
    """The numbers of one column, None where a cell has none."""

    name: str
    values: list[float | None]

    @property
    def numbers(self) -> list[float]:
        """The cells that are numbers."""
        return [value for value in self.values if value is not None]


@dataclass
class Table:
    """One table of a result: its columns of numbers, and what names each row."""

    columns: list[Column]
    labels: list[tuple[str, ...]]
    size: int


@dataclass
class Ledger:
    """The numbers, dates and names of some results.

    Attributes:
        ordered: every number by its size, without its sign; see ``near``.
        tables: for what is derived from columns.
        scalars: single numbers by what they are called: cells of one-row results, and sizes.
        sizes: how many rows and columns there are.
        names: names and cells with digits in them, which are no numbers.
    """

    ordered: list[float] = field(default_factory=list)
    signs: dict[float, int] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    scalars: dict[str, float] = field(default_factory=dict)
    sizes: set[int] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    calendar: Calendar = field(default_factory=Calendar)
    _left: int = MAX_VALUES
    _seen: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, results: Results) -> "Ledger":
        """What stands in the results of one answer."""
        ledger = cls()
        for call_id, result in results:
            ledger.take(call_id, result, 0)
        ledger.ordered = sorted(ledger.signs)
        return ledger

    def near(self, value: float, half: float) -> list[float]:
        """The numbers within ``half`` of a size, none with a minus sign."""
        slack = half + abs(value) * 1e-12
        first = bisect_left(self.ordered, abs(value) - slack)
        found = []
        for number in self.ordered[first:]:
            if number > abs(value) + slack:
                break
            found.append(number)
        return found

    def wholes(self) -> list[int]:
        """How many rows there are of what was read: of results, and what calls itself so."""
        told = {int(v) for name, v in self.scalars.items() if name.split(".")[-1] in ROWS and v > 0}
        return sorted(self.sizes | told, reverse=True)[:MAX_WHOLES]

    def whole(self) -> set[int]:
        """The whole numbers below 3000: years, months and hours come as such."""
        return {int(n) for n in self.ordered[: bisect_left(self.ordered, 3000)] if n.is_integer()}

    def take(self, name: str, value: object, depth: int) -> None:
        """Read a result, or a part of one, by what it is called."""
        if depth > MAX_DEPTH or self._left <= 0:
            return
        if isinstance(value, Mapping):
            self._mapping(name, value, depth)
        elif isinstance(value, list | tuple):
            self._list(name, value, depth)
        elif isinstance(value, str):
            self._text(value)
        else:
            number = as_number(value)
            if number is not None:
                self._number(number)
                self.scalars.setdefault(name, number)

    def _mapping(self, name: str, value: Mapping[str, Any], depth: int) -> None:
        columns, rows = value.get("columns"), value.get("rows")
        if isinstance(columns, list) and isinstance(rows, list):
            self._table([_column_name(each) for each in columns], rows)
            return
        for key, part in value.items():
            if key in ("elapsed_ms", "content_version"):
                continue
            self._word(str(key))
            self.take(str(key) if depth == 0 else f"{name}.{key}", part, depth + 1)

    def _list(self, name: str, value: Sequence[Any], depth: int) -> None:
        self._size(len(value))
        if value and all(isinstance(each, Mapping) for each in value):
            names = list(dict.fromkeys(key for each in value[:50] for key in each))
            self._table(names, [[each.get(key) for key in names] for each in value], depth)
            return
        if len(value) > 1 and all(as_number(each) is not None for each in value):
            self._table([name], [[each] for each in value], depth)
            return
        for number, part in enumerate(value):
            self.take(f"{name}.{number}", part, depth + 1)

    def _table(self, names: Sequence[str], rows: Sequence[Sequence[Any]], depth: int = 0) -> None:
        self._size(len(rows))
        self._size(len(names))
        for name in names:
            self._word(name)
            if _NUMBERED.search(name):
                self._name(name)
                for figure in figures(name.replace("_", " "), words=False):
                    self._number(figure.value)
        kept = rows[: max(1, self._left // max(1, len(names)))]
        columns = [Column(name, []) for name in names]
        labels = []
        for row in kept:
            labelled: list[str] = []
            for column, cell in zip(columns, row, strict=False):
                column.values.append(self._cell(column.name, cell, labelled, depth))
            labels.append(tuple(labelled) if len(rows) <= MAX_LABELLED else ())
        if len(kept) == 1:
            self.scalars.update(
                {c.name: c.values[0] for c in columns if c.values and c.values[0] is not None}
            )
        numeric = [column for column in columns if column.numbers]
        self.tables.append(Table(numeric, labels, len(rows)))

    def _cell(self, name: str, cell: object, labels: list[str], depth: int) -> float | None:
        """A cell as a number; where it is a text, what it calls its row goes to ``labels``."""
        number = as_number(cell)
        if number is not None:
            self._number(number)
            if not labels and number.is_integer():
                labels.append(str(int(number)))
        elif isinstance(cell, str):
            self._text(cell)
            labels += labels_of(cell)
        elif isinstance(cell, Mapping | list):
            self.take(name, cell, depth + 2)
        return number

    def _number(self, number: float) -> None:
        self._left -= 1
        sign = 1 if number > 0 else 2 if number < 0 else 3
        size = abs(number)
        self.signs[size] = self.signs.get(size, 0) | sign

    def _size(self, count: int) -> None:
        self.sizes.add(count)
        self._number(float(count))

    def _text(self, text: str) -> None:
        self._left -= 1
        if len(text) < 80 and text[:1].isalpha():
            self._word(text)
        if not _NUMBERED.search(text) or self.calendar.add_iso(text):
            return
        if len(text) <= 80 and not _NUMERIC.fullmatch(text):
            self._name(text)
        part = text[:MAX_TEXT]
        for figure in figures(part, words=False):
            self._number(figure.value)
        for moment in moments(part) if len(part) > 4 else ():
            self.calendar.add(moment)

    def _name(self, name: str) -> None:
        if len(self.names) < MAX_NAMES and len(name) > 1:
            self.names.add(name)

    def _word(self, text: str) -> None:
        if len(self.words) < MAX_NAMES and text not in self._seen:
            self._seen.add(text)
            self.words.update(stems(text))


def labels_of(cell: str) -> Iterator[str]:
    """What a text calls the row that holds a cell, in lower case; a date also by its month."""
    yield cell.casefold()[:80]
    if len(cell) >= len("2024-01-01") and cell[4:5] == cell[7:8] == "-":
        yield cell[:10]
        if cell[5:7].isdigit() and 1 <= int(cell[5:7]) <= 12:
            yield _MONTHS[int(cell[5:7])]


def stems(text: str) -> Iterable[str]:
    """The words of a name, in lower case and in the singular."""
    for word in re.findall(r"[a-z]{3,}", text.lower()):
        yield stem(word)


def stem(word: str) -> str:
    """A noun in the singular, roughly: enough to tell that two forms are one word."""
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def as_number(value: object) -> float | None:
    """A cell as a finite number; truth values and texts are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _column_name(column: object) -> str:
    return str(column.get("name", "")) if isinstance(column, Mapping) else str(column)
