"""What the sentences of a closed-form question say, gathered before the names are filled."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.formula import Expression
from leonidas_jupyter.assistant.analyst.closed.marks import C, Marks

RecipeStep = dict[str, Any]


class Declined(Exception):
    """The question is not understood; ``reason`` says in one sentence what of it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Condition:
    """A condition on a column, and the words by which a name may call it."""

    column: str
    op: str
    value: Any
    words: tuple[str, ...] = ()

    @property
    def shape(self) -> dict[str, Any]:
        """The condition as a recipe takes it."""
        if self.op == "between":
            low, high = self.value
            return {"op": "between", "left": self.column, "low": low, "high": high}
        if self.op in ("contains", "starts_with"):
            return {"op": self.op, "left": self.column, "text": self.value}
        if self.op in ("in", "not_in"):
            return {"op": self.op, "left": self.column, "values": list(self.value)}
        if self.op == "month_in":
            part = {"op": "date_part", "value": self.column, "part": "month"}
            return {"op": "in", "left": part, "values": list(self.value)}
        if self.op in ("is_null", "not_null"):
            return {"op": self.op, "left": self.column}
        if self.op.endswith("_column"):
            return {"op": self.op.removesuffix("_column"), "left": self.column, "right": self.value}
        return {"op": self.op, "left": self.column, "value": self.value}


@dataclass
class Preparation:
    """A step in the making: what it does (``kind``), where the text first says so."""

    kind: str
    at: tuple[int, int]
    columns: list[str]
    how: dict[str, Any] = field(default_factory=dict)


@dataclass
class Rule:
    """What "if p < 0.05 and |r| ≥ 0.5, report …" says: its tests, the text of its consequence."""

    tests: list[tuple[str, str, float]]
    consequence: str
    otherwise: bool = False


@dataclass
class Facts:
    """What was found in the sentences; ``texts`` are marked and without case."""

    marks: Marks
    texts: list[str]
    preparations: list[Preparation] = field(default_factory=list)
    derived: dict[str, Expression] = field(default_factory=dict)
    classes: dict[str, list[str]] = field(default_factory=dict)
    flags: dict[str, bool] = field(default_factory=dict)
    conditions: list[Condition] = field(default_factory=list)
    excluded: list[Condition] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    alpha: float = 0.05
    allowed: set[str] = field(default_factory=set)
    proper: set[str] = field(default_factory=set)
    least: int = 1
    top: int | None = None
    told: list[str] = field(default_factory=list)
    autocorrelated: list[str] = field(default_factory=list)
    model: object = None
    claimed: list[set[tuple[int, int]]] = field(default_factory=list)
    spans: list[set[tuple[int, int]]] = field(default_factory=list)
    _loose: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.spans = [set() for _ in self.texts]
        self.claimed = [set() for _ in self.texts]

    @property
    def loose(self) -> list[str]:
        """The sentences with columns marked that only a part of their name tells."""
        if not self._loose:
            self._loose = [self.marks.loosely(text) for text in self.texts]
        return self._loose

    def use(self, sentence: int, match: re.Match[str], group: int | str = 0) -> None:
        """Note that a stretch of a sentence is understood."""
        self.spans[sentence].add(match.span(group))

    def claim(self, sentence: int, match: re.Match[str]) -> None:
        """Note that a stretch of a sentence is the limit of a class, and no condition on rows."""
        self.spans[sentence].add(match.span())
        self.claimed[sentence].add(match.span())

    def used(self, sentence: int, start: int, end: int) -> bool:
        """Return whether a stretch lies within what is understood."""
        return any(first <= start and end <= last for first, last in self.spans[sentence])

    def finds(self, pattern: re.Pattern[str]) -> Iterator[tuple[int, re.Match[str]]]:
        """Yield every match of a pattern with its sentence."""
        for at, text in enumerate(self.texts):
            for match in pattern.finditer(text):
                yield at, match

    def says(self, pattern: str) -> bool:
        """Return whether any sentence has the pattern."""
        return any(re.search(pattern, text) for text in self.texts)

    def add(self, preparation: Preparation) -> None:
        """Add a step, or what is new of it, where the text says it twice."""
        for other in self.preparations:
            same = other.kind == preparation.kind and (
                not set(other.columns)
                or not set(preparation.columns)
                or set(other.columns) & set(preparation.columns)
            )
            if same:
                other.columns = list(dict.fromkeys([*other.columns, *preparation.columns]))
                other.how = {**preparation.how, **other.how}
                return
        self.preparations.append(preparation)

    def step(self, kind: str) -> Preparation | None:
        """Return the first step of a kind."""
        return next((each for each in self.preparations if each.kind == kind), None)


def lowered(text: str) -> str:
    """Return a marked text without case, "0.7 or higher" as "≥ 0.7"; the signs stay."""
    plain = text.lower().replace("\u2019", "'").replace("\u2013", "-").replace("\u2014", "-")
    plain = re.sub(r"\bstrictly\s+", "", plain)
    plain = _SCALED.sub(_unscaled, plain)
    plain = _WORDED.sub(lambda match: f"{match[1]}{_NUMBERS.index(match[2])}", plain)
    plain = _OR_MORE.sub(r"≥ \1", plain)
    return _OR_LESS.sub(r"≤ \1", plain)


_NUMBERS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
)  # fmt: skip
_WORDED = re.compile(
    rf"({C}\s*(?:values?\s+)?(?:(?:that|which)\s+)?(?:is|are|was|were)?\s*"
    r"(?:of|=|equals?|equal\s+to|below|above|over|under|at\s+least|at\s+most"
    r"|(?:less|lower|fewer|greater|higher|more|larger|smaller)\s+than(?:\s+or\s+equal\s+to)?)\s+)"
    rf"({'|'.join(_NUMBERS)})\b(?!\s+(?:decimals?|standard|times|of)\b)"
)
"""A number in words beside a column: "a rating of five"."""

_SCALED = re.compile(r"\b(\d+(?:\.\d+)?)\s+(thousand|million|billion)\b")
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9}


def _unscaled(match: re.Match[str]) -> str:
    """Return "2.5 million" as a number."""
    return f"{float(match[1]) * _SCALES[match[2]]:.0f}"


_OR_MORE = re.compile(
    r"(-?\d+(?:\.\d+)?)\s+or\s+(?:higher|more|greater|above|larger|over)\b(?!\s+than)"
)
_OR_LESS = re.compile(
    r"(-?\d+(?:\.\d+)?)\s+or\s+(?:lower|less|fewer|smaller|below|under)\b(?!\s+than)"
)


def numbers_in(text: str) -> Sequence[re.Match[str]]:
    """Return the numbers of a marked text."""
    return list(re.finditer(r"(?<![\w.])-?\d+(?:[.,]\d+)*(?:e[-+]?\d+)?(?=%|\b)", text))
