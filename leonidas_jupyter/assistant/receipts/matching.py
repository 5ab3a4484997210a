# ruff: noqa: RUF002 - answers are written with signs for minus, times, alpha
"""Each number of an answer beside what backs it."""

import math
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

from leonidas_jupyter.assistant.receipts import derive
from leonidas_jupyter.assistant.receipts.claims import (
    FENCE,
    Given,
    counts_rows,
    is_claim,
    shown_rows,
    without_names,
)
from leonidas_jupyter.assistant.receipts.figures import Figure, figures
from leonidas_jupyter.assistant.receipts.ledger import Ledger
from leonidas_jupyter.assistant.receipts.moments import moments
from leonidas_jupyter.assistant.receipts.pools import Candidates, Formula, Kind, Pool, shown
from leonidas_jupyter.assistant.results import Results
from leonidas_jupyter.assistant.shapes import Derived, Receipts, Unmatched

MAX_FIGURES = 2_000
"""Numbers of one answer that are looked at."""

MAX_TOLD = 12
"""Numbers of a paragraph that are compared with each other."""

ROUGHLY = 0.05
"""What a rough figure of one digit may be off by: "about 50" is told of 48 as of 52."""

ROUNDED_DIGITS = 3

MAX_DERIVED = 100
"""Formulas that are kept with one answer."""

UNITS: dict[str, tuple[float, ...]] = {
    "kg": (1e3,),
    "km": (1e3,),
    "m": (1e2, 1e3),
    "cm": (10,),
    "l": (1e3,),
    "t": (1e3,),
    "tonnes": (1e3,),
    "min": (60,),
    "minutes": (60,),
    "h": (60, 3600),
    "hours": (60, 3600),
    "days": (24, 1440, 86400),
    "weeks": (7,),
    "years": (12, 365.25),
    "s": (1e3,),
    "seconds": (1e3,),
    "kb": (1e3, 1024),
    "mb": (1e6, 1048576),
    "gb": (1e9, 1073741824),
}
"""How many of a smaller unit a unit is: a result in grams may be told in kilograms."""

_PARAGRAPH = re.compile(r"\n[ \t]*\n")
_POINTS = ("point", "points", "pp", "ppt")

_STEPS = (
    derive.totals,
    derive.extremes,
    derive.leading,
    derive.shares,
    derive.steps,
    derive.pairs,
    derive.stretches,
)
"""Where it is looked without a hint in the text, the likely first."""

_CHANGE = re.compile(
    r"\b(?:more|less|fewer|than|increas\w*|decreas\w*|grew|grow\w*|rose|fell|drop\w*|declin\w*"
    r"|up|down|above|below|higher|lower|heavier|lighter|larger|smaller|better|worse|ahead|gain\w*"
    r"|los[st]\w*|chang\w*)\b",
    re.IGNORECASE,
)
_LEFT = re.compile(
    r"\s+(?:more|other|others|further|additional|remaining)\b(?P<columns> columns?\b)?"
)
_ONE_IN = re.compile(r"\b(?:1|one)\s+(?:in|out of)\s+(?:every\s+)?$", re.IGNORECASE)


@dataclass
class _Paragraph:
    """A part of the answer: its text, and the results that stand in it."""

    start: int
    text: str
    said: str
    told: list[float] = field(default_factory=list)
    wholes: list[int] = field(default_factory=list)
    _made: tuple[int, Candidates] | None = None

    def candidates(self) -> Candidates:
        """What follows from what it tells so far."""
        if self._made is None or self._made[0] != len(self.told):
            operands = list(dict.fromkeys(self.told))[:MAX_TOLD]
            fences = bool(FENCE.search(self.text))
            self._made = len(self.told), derive.told(operands, self.wholes, fences=fences)
        return self._made[1]


class Matching:
    """The numbers of one answer, and the results of its run."""

    def __init__(self, text: str, question: str, results: Results) -> None:
        self._given = Given(question, results.codes.values())
        self._ledger = Ledger.of(results)
        self._shown = set(shown_rows(text))
        self._original = text
        self._text = without_names(text, self._ledger.names)
        self._paragraphs = _paragraphs(self._text, text, self._ledger.wholes())
        self._starts = [paragraph.start for paragraph in self._paragraphs]
        self._wide: dict[str, Candidates] = {}
        self.receipts = Receipts()

    def run(self) -> Receipts:
        """Look at every number; direct matches first, for others follow from them."""
        open_figures: list[Figure] = []
        for figure in self._figures():
            if self._given.holds(figure) or not is_claim(figure, self._text, self._ledger):
                continue
            self.receipts.checked += 1
            found = self._direct(figure)
            if found is None:
                open_figures.append(figure)
            else:
                self._tell(figure, found)
        # A percentage is told of amounts that may themselves follow from results.
        for figure in sorted(open_figures, key=lambda each: each.percent):
            formula = self._derived(figure)
            if formula is None:
                self._unmatched(figure.start, figure.end)
                continue
            self._tell(figure, [])
            if len(self.receipts.derived) < MAX_DERIVED:
                self.receipts.derived.append(Derived(text=figure.text, formula=formula))
        self.receipts.unmatched.sort(key=lambda each: each.start)
        return self.receipts

    def _tell(self, figure: Figure, found: Sequence[float]) -> None:
        """What was matched can be what the next number follows from, as shown and as found."""
        told = abs(figure.value) / (100 if figure.percent else 1)
        self._paragraph(figure).told += [told, *found[:1]]

    def _figures(self) -> Iterator[Figure]:
        """The numbers that are no part of a date; dates are looked at on the way."""
        text = self._text
        for moment in moments(text):
            calendar, others = self._ledger.calendar, self._whole
            self.receipts.checked += 1
            given = self._given.calendar.knows(moment, others=self._given.whole)
            if not given and not calendar.knows(moment, others=others):
                self._unmatched(moment.start, moment.end)
            gap = " " * (moment.end - moment.start)
            text = text[: moment.start] + gap + text[moment.end :]
        for count, figure in enumerate(figures(text)):
            if count >= MAX_FIGURES:
                return
            yield figure

    @cached_property
    def _counts(self) -> dict[int, Formula]:
        return derive.counts(self._ledger)

    @cached_property
    def _whole(self) -> set[int]:
        return self._ledger.whole()

    def _unmatched(self, start: int, end: int) -> None:
        text = self._original[start:end]
        self.receipts.unmatched.append(Unmatched(text=text, start=start, end=end))

    def _paragraph(self, figure: Figure) -> _Paragraph:
        return self._paragraphs[bisect_right(self._starts, figure.start) - 1]

    def _direct(self, figure: Figure) -> list[float] | None:
        """The results that a figure shows; None when there are none."""
        ledger, wider = self._ledger, _tolerance(figure) / figure.half if figure.half else 1.0
        for value, half in figure.readings():
            found = [n for n in ledger.near(value, half * wider) if self._sign_fits(figure, n)]
            if found:
                return found
        if self._is_one_in(figure):
            found = ledger.near(1 / figure.value, 1 / (figure.value - 0.5) - 1 / figure.value)
            if found:
                return found
        if figure.percent:
            found = ledger.near(figure.value / 100, figure.half * wider / 100)
            if found:
                return found
        year = int(figure.value) if figure.whole and 1000 <= figure.value < 3000 else None
        if year is not None and year in ledger.calendar.years:
            return []
        return [] if self._is_left(figure) else None

    def _is_one_in(self, figure: Figure) -> bool:
        before = self._text[max(0, figure.start - 24) : figure.start]
        return figure.value > 1 and bool(_ONE_IN.search(before))

    def _sign_fits(self, figure: Figure, size: float) -> bool:
        """A minus sign has to stand in the result; without one, "fell by 3" may be −3."""
        return not figure.signed or bool(self._ledger.signs[size] & 2)

    def _is_left(self, figure: Figure) -> bool:
        """Whether it counts the rows that a table or a list of the answer leaves out."""
        left = _LEFT.match(self._text[figure.end : figure.end + 24])
        if not figure.whole or not left:
            return False
        if left["columns"]:
            return True  # of a wide table the answer shows some, and the result holds no others
        return any(int(figure.value) + shown in self._ledger.sizes for shown in self._shown)

    def _derived(self, figure: Figure) -> str | None:
        """The simplest formula that gives the figure, and is no likely coincidence."""
        if (formula := self._converted(figure)) is not None:
            return formula
        if counts_rows(figure, self._text, self._ledger):
            counted = self._counts.get(int(figure.value))
            if counted is not None:
                return counted()
        limit = derive.LIMITS.get(figure.digits, derive.FEW)
        expected = 0.0
        for bearable, source in self._sources(figure):
            candidates = source()
            for pool, value, half in self._looked_for(figure, candidates):
                expected += pool.expected(value, half)
                if expected > limit * bearable:
                    break
                if (found := pool.nearest(value, half, self._kind(figure))) is not None:
                    return f"{found[1]()} = {shown(found[0])}"
            if bearable > 1:
                expected = 0.0  # what the text names is no large search
        return None

    def _sources(self, figure: Figure) -> Iterator[tuple[float, Callable[[], Candidates]]]:
        paragraph = self._paragraph(figure)
        yield derive.CLOSE, paragraph.candidates
        lowered = paragraph.said.casefold()
        yield derive.CLOSE, partial(derive.named, self._ledger, lowered)
        yield derive.CLOSE, partial(derive.across, self._ledger, lowered)
        for step in _STEPS:
            yield 1.0, partial(self._widely, step)

    def _kind(self, figure: Figure) -> Kind:
        """What the words around a percentage make of it."""
        around = self._text[max(0, figure.start - 30) : figure.end + 30]
        return "change" if _CHANGE.search(around) else ""

    def _widely(self, step: Callable[[Ledger], Candidates]) -> Candidates:
        if step.__name__ not in self._wide:
            self._wide[step.__name__] = step(self._ledger)
        return self._wide[step.__name__]

    def _looked_for(
        self, figure: Figure, candidates: Candidates
    ) -> Iterator[tuple[Pool, float, float]]:
        """In which pools a figure can stand, and as what."""
        size, half = abs(figure.value), _tolerance(figure)
        if figure.percent or figure.unit in _POINTS:
            yield candidates.shares, size / 100, half / 100
            yield candidates.amounts, size, half
            yield candidates.amounts, size / 100, half / 100
            return
        if self._is_one_in(figure):
            yield candidates.shares, 1 / size, 1 / (size - 0.5) - 1 / size
            return
        if figure.times:
            yield candidates.ratios, size, max(half, 0.05 * size if figure.rough else half)
            return
        yield candidates.amounts, size, half
        yield candidates.ratios, size, half
        if size < 1 and not figure.whole:
            yield candidates.shares, size, half

    def _converted(self, figure: Figure) -> str | None:
        """A result in a smaller unit than the figure's."""
        if figure.digits < 2:
            return None
        for factor in UNITS.get(figure.unit, ()):
            found = self._ledger.near(figure.value * factor, _tolerance(figure) * factor)
            if found:
                return f"{shown(found[0])} ÷ {factor:g}"
        return None


def _tolerance(figure: Figure) -> float:
    """What rounding can have changed; after "about" zeros at the end are no digits.

    Nor are they after three others: quantiles come to a model that does not see cells like that.
    """
    if not figure.value:
        return figure.half
    if not figure.rough:
        rounded = figure.whole and figure.digits == ROUNDED_DIGITS
        size = 10.0 ** (math.floor(math.log10(abs(figure.value))) - ROUNDED_DIGITS + 1)
        return max(figure.half, 0.5 * size) if rounded else figure.half
    unit = 10.0 ** (math.floor(math.log10(abs(figure.value))) - figure.digits + 1)
    return max(figure.half, unit if figure.digits > 1 else ROUGHLY * abs(figure.value))


def _paragraphs(text: str, original: str, wholes: list[int]) -> Sequence[_Paragraph]:
    gaps = [(gap.start(), gap.end()) for gap in _PARAGRAPH.finditer(text)]
    starts = [0, *(end for _, end in gaps)]
    ends = [*(start for start, _ in gaps), len(text)]
    return [
        _Paragraph(start, text[start:end], original[start:end], wholes=wholes)
        for start, end in zip(starts, ends, strict=True)
    ]
