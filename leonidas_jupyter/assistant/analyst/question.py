"""The typed question: what was understood.

With the spans of the question that each part accounts for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

Spans = frozenset[int]
NONE: Spans = frozenset()


class Ambiguous(Exception):
    """A phrase means two things equally well; ``choices`` are the readings to offer."""

    def __init__(self, phrase: str, choices: Sequence[str]) -> None:
        super().__init__(phrase)
        self.phrase = phrase
        self.choices = tuple(dict.fromkeys(choices))


class Unfit(Exception):
    """The words were read, but what they ask does not fit the frame.

    ``reason`` says why in one sentence.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Condition:
    """One test of a column.

    ``op`` is a comparison (``=``, ``!=``, ``>``, ``>=``, ``<``, ``<=``), ``between``, ``in``,
    ``null``, ``contains``, ``starts``, ``ends``, ``period`` (values are the first instant and
    the first after it, ISO), ``>column`` style comparisons with another column or ``>mean``
    style with an aggregate. ``part`` compares a part of a date instead of the date. ``worked`` are
    the spans of words that went into the values otherwise than as they stand ("last 3 months").
    """

    column: str
    op: str
    values: tuple[Any, ...] = ()
    negated: bool = False
    part: str | None = None
    spans: Spans = NONE
    note: str = ""
    worked: Spans = NONE


@dataclass(frozen=True)
class Where:
    """Conditions that hold together, joined by ``and`` or by ``or``."""

    conditions: tuple[Condition, ...] = ()
    joiner: str = "and"

    @property
    def spans(self) -> Spans:
        """The spans that the conditions account for."""
        return union(condition.spans for condition in self.conditions)

    def plus(self, more: Iterable[Condition]) -> "Where":
        """Return this with ``more`` conditions that must hold, too."""
        return Where((*self.conditions, *more), self.joiner)


@dataclass(frozen=True)
class Group:
    """A column to group by, or a part of a date.

    ``part`` is year, month, quarter, week, day, dayofweek, monthofyear, hour, decade.
    """

    column: str
    part: str | None = None
    spans: Spans = NONE


@dataclass(frozen=True)
class Measure:
    """An aggregate of a column.

    Without a column it counts rows. ``parameter`` is a quantile's share.
    """

    agg: str
    column: str | None = None
    parameter: float | None = None
    spans: Spans = NONE


@dataclass(frozen=True)
class Having:
    """A test of a group as a whole: its number of rows, or an aggregate of them."""

    measure: Measure
    op: str
    values: tuple[Any, ...]
    spans: Spans = NONE
    note: str = ""


@dataclass(frozen=True)
class Order:
    """Whether the largest come first, after how many are passed over.

    And how many are asked for.
    """

    descending: bool = True
    skip: int = 0
    limit: int | None = None
    spans: Spans = NONE


@dataclass(frozen=True)
class Question:
    """Everything that was understood of one question about one frame.

    ``operation`` names an entry of the table of operations; ``view`` is what the SQL reads from
    where that is not the frame itself (``view.View``); ``called`` are columns whose names only
    stand for rows ("of the countries").
    """

    operation: str
    frame: str
    measures: tuple[Measure, ...] = ()
    columns: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    where: Where = field(default_factory=Where)
    target: Where = field(default_factory=Where)
    order: Order | None = None
    pair: tuple[str, str] | None = None
    chart: str | None = None
    option: str | None = None
    decimals: int | None = None
    spans: Spans = NONE
    notes: tuple[str, ...] = ()
    having: tuple[Having, ...] = ()
    view: str | None = None
    called: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """What the SQL reads from: the view over the frame where there is one, else the frame."""
        return self.view or self.frame

    @property
    def accounted(self) -> Spans:
        """Every span of the question that some part of this accounts for."""
        parts: list[Spans] = [self.spans, self.where.spans, self.target.spans]
        parts += [measure.spans for measure in self.measures] + [
            group.spans for group in self.groups
        ]
        parts += [having.spans for having in self.having]
        if self.order is not None:
            parts.append(self.order.spans)
        return union(parts)

    def noting(self, *notes: str) -> "Question":
        """Return this with notes on how it was read."""
        return replace(self, notes=tuple(dict.fromkeys((*self.notes, *notes))))


def union(parts: Iterable[Spans]) -> Spans:
    """Return all spans of ``parts``."""
    found: set[int] = set()
    for part in parts:
        found |= part
    return frozenset(found)
