"""What an operation is: one entry of the table.

From the pattern that calls for it to the sentence that answers.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from leonidas_jupyter.assistant.analyst.column import NamedColumn
from leonidas_jupyter.assistant.analyst.items import Item, spans_of
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.plan import PlannedCall, ToolOutcome
from leonidas_jupyter.assistant.analyst.question import (
    Group,
    Having,
    Measure,
    Question,
    Spans,
    Where,
    union,
)


class Called(str):
    """The name of a column that only stands for rows, as the value of an item of rows."""

    __slots__ = ()


@dataclass(frozen=True)
class Parse:
    """A question after the rules: the core, and the groups and conditions taken out of it.

    ``full`` keeps the conditions in their places, for operations that care where they stand.
    """

    core: tuple[Item, ...]
    full: tuple[Item, ...]
    groups: tuple[Group, ...]
    where: Where
    chart: str | None
    lexicon: FrameLexicon
    loose: Spans = frozenset()
    having: tuple[Having, ...] = ()

    @property
    def spans(self) -> Spans:
        """The spans of the core, and those that only hold it together."""
        return spans_of(self.core) | self.loose

    def items(self, kinds: str) -> list[Item]:
        """Return the core's items of the given kinds."""
        return [item for item in self.core if item.kind in kinds]

    def columns(self) -> list[NamedColumn]:
        """Return the core's columns."""
        return [self.lexicon.column(item.value) for item in self.items("C")]

    def measures(self) -> tuple[Measure, ...]:
        """Return the core's measures."""
        return tuple(measure for item in self.items("7") for measure in item.value)

    def number(self) -> int | None:
        """Return the core's only number when it is a whole one from 1 to 1000."""
        found = self.items("N")
        if (
            len(found) != 1
            or not found[0].value.value.is_integer()
            or not 1 <= found[0].value.value <= 1000
        ):
            return None
        return int(found[0].value.value)

    def ask(self, operation: str, **parts: object) -> Question:
        """Return a question with this parse's frame, groups, conditions and spans.

        And the given parts.
        """
        given: dict[str, object] = {
            "operation": operation,
            "frame": self.lexicon.frame.name,
            "groups": self.groups,
            "where": self.where,
            "chart": self.chart,
            "spans": self.spans,
            "having": self.having,
            "called": tuple(str(item.value) for item in self.full if _called(item)),
            "view": self.lexicon.view.name if self.lexicon.view else None,
        }
        return Question(**{**given, **parts})  # type: ignore[arg-type]


def _called(item: Item) -> bool:
    return item.kind == "R" and isinstance(item.value, Called)


Build = Callable[[Parse], "Question | None"]
Compile = Callable[[Question, FrameLexicon], Sequence[PlannedCall]]
Render = Callable[[Question, FrameLexicon, Sequence[ToolOutcome]], str]


@dataclass(frozen=True)
class Operation:
    """One thing that the analyst can do.

    ``patterns`` are regular expressions over the kinds of the core's items; ``build`` makes the
    typed question of a parse that matched, or None where its types do not fit; ``examples``
    are questions with ``{number}``, ``{category}`` … in place of columns, for suggesting.
    """

    name: str
    patterns: tuple[re.Pattern[str], ...]
    build: Build
    compile: Compile
    render: Render
    examples: tuple[str, ...] = field(default=())


def patterns(*texts: str) -> tuple[re.Pattern[str], ...]:
    """Return compiled patterns; ``^[lqa]*`` in front is understood."""
    return tuple(re.compile(f"[lqa]*(?:{text})") for text in texts)


def query(sql: str) -> PlannedCall:
    """Return a call of the query tool."""
    return PlannedCall("query", {"sql": sql})


def all_spans(items: Sequence[Item]) -> Spans:
    """Return the spans of some items."""
    return union(item.spans for item in items)
