"""A question as a row of items, and the rewriting of it.

Rules replace what they understand by one item.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.question import Spans, union
from leonidas_jupyter.assistant.analyst.spans import Span

FILTER, GROUP, MEASURE, PAIR, BOUND, TIME, HAVING = "5", "6", "7", "8", "3", "4", "Ω"
"""Kinds of the items that rules make.

A condition, groups, measures, two values, a comparison with a number, one with a time, and a test
of groups as a whole.
"""


@dataclass(frozen=True)
class Item:
    """A span, or what several spans were understood to be."""

    kind: str
    value: Any
    spans: Spans
    text: str = ""


Action = Callable[[Sequence[Item], FrameLexicon], "list[Item] | None"]


@dataclass(frozen=True)
class Rule:
    """A pattern over the items' kinds, and what to put in place of a match.

    None leaves it as it is.
    """

    pattern: re.Pattern[str]
    action: Action


def rule(pattern: str, action: Action) -> Rule:
    """Return a rule whose pattern is written as a regular expression over kinds."""
    return Rule(re.compile(pattern), action)


def code(items: Sequence[Item]) -> str:
    """Return the items' kinds as text."""
    return "".join(item.kind for item in items)


def as_items(spans: Sequence[Span], dropped: frozenset[str]) -> list[Item]:
    """Return one item for each span but those of the kinds ``dropped``."""
    return [
        Item(span.kind, span.meaning.value, frozenset({index}), span.text)
        for index, span in enumerate(spans)
        if span.kind not in dropped
    ]


def rewrite(items: list[Item], rules: Sequence[Rule], lexicon: FrameLexicon) -> list[Item]:
    """Apply each rule, in order, from left to right, as often as it finds something."""
    for each in rules:
        at = 0
        while (match := each.pattern.search(code(items), at)) is not None:
            made = each.action(items[match.start() : match.end()], lexicon)
            if made is None or match.end() == match.start():
                at = match.start() + 1
                continue
            items = [*items[: match.start()], *made, *items[match.end() :]]
            at = match.start() + len(made)
    return items


def spans_of(items: Iterable[Item]) -> Spans:
    """Return every span of the items."""
    return union(item.spans for item in items)


def only(items: Sequence[Item], kinds: str) -> list[Item]:
    """Return the items of the given kinds."""
    return [item for item in items if item.kind in kinds]
