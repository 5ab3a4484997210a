"""Samples that a test compares where conditions, not a column's values, tell them apart.

"the 1970s and the 1990s", "before and after 1 May", "up to 50 seats versus more than 200".
"""

from collections.abc import Sequence
from typing import Any

from leonidas_jupyter.assistant.analyst.closed import figures
from leonidas_jupyter.assistant.analyst.closed.concepts import AGGREGATES
from leonidas_jupyter.assistant.analyst.closed.facts import Condition, Declined, Facts
from leonidas_jupyter.assistant.analyst.closed.stages import Stages
from leonidas_jupyter.assistant.analyst.closed.wanted import Ask

SAMPLE = "sample"
"""The new column that tells the samples apart."""


def samples_of(asks: Sequence[Ask], ask: Ask, two: bool) -> list[list[Condition]]:
    """Return the rows that the other names speak of, where they can be what a test compares.

    Args:
        asks: all names to fill.
        ask: the one that asks for the test.
        two: whether it compares two samples, or any number.
    """
    found: dict[str, list[Condition]] = {}
    for other in asks:
        if other is not ask and other.concept and other.concept.kind in AGGREGATES | {"count"}:
            found.setdefault(str(figures.where(other.where)), other.where)
    samples = list(found.values())
    if not all(samples) or len(samples) < 2 or (two and len(samples) != 2):
        return []
    values = all(len(each) == 1 and each[0].op == "==" for each in samples)
    columns = {tuple(one.column for one in each) for each in samples}
    return [] if values or len(columns) > 1 or not _disjoint(samples) else samples


def sampled_by(
    samples: Sequence[Sequence[Condition]], facts: Facts, stages: Stages
) -> tuple[str, list[str]]:
    """Return a new column that tells samples apart, and their labels in the given order.

    Raises:
        Declined: a row may belong to several of the samples.
    """
    if not _disjoint(samples):
        raise Declined("I do not know which groups shall be compared.")
    labels = [f"{SAMPLE} {number + 1}" for number in range(len(samples))]
    expression: Any = None
    for label, each in reversed(list(zip(labels, samples, strict=True))):
        expression = {
            "op": "if",
            "condition": figures.where(each)["where"],
            "then": {"op": "constant", "value": label},
            "otherwise": expression,
        }
    known = next((step for step in stages.steps if step.get("name") == SAMPLE), None)
    if known is not None and known["value"] != expression:
        raise Declined("I do not know which groups shall be compared.")
    if known is None:
        stages.add("samples", {"op": "derive", "name": SAMPLE, "value": expression})
        facts.derived[SAMPLE] = expression
    return SAMPLE, labels


def _disjoint(samples: Sequence[Sequence[Condition]]) -> bool:
    """Return whether no row can belong to two of the samples, as far as their limits tell."""
    return all(
        any(_apart(one, other) for one in first for other in second if one.column == other.column)
        for at, first in enumerate(samples)
        for second in samples[at + 1 :]
    )


Limit = tuple[Any, bool]
"""The end of a stretch of values, and whether it belongs to it; None for no end."""


def _apart(first: Condition, second: Condition) -> bool:
    if {first.op, second.op} == {"==", "!="} and first.value == second.value:
        return True
    if {first.op, second.op} <= {"==", "in"} or {first.op, second.op} == {"month_in"}:
        return not _values(first) & _values(second)
    one, other = _span(first), _span(second)
    if one is None or other is None:
        return False
    return _before(one[1], other[0]) or _before(other[1], one[0])


def _values(one: Condition) -> set[Any]:
    return {one.value} if one.op == "==" else set(one.value)


def _span(one: Condition) -> tuple[Limit, Limit] | None:
    """Return the stretch of values for which a condition holds."""
    open_end: Limit = (None, False)
    if one.op == "between":
        return (one.value[0], True), (one.value[1], True)
    if one.op in (">", ">="):
        return (one.value, one.op == ">="), open_end
    if one.op in ("<", "<="):
        return open_end, (one.value, one.op == "<=")
    return ((one.value, True), (one.value, True)) if one.op == "==" else None


def _before(end: Limit, start: Limit) -> bool:
    if end[0] is None or start[0] is None:
        return False
    try:
        return bool(end[0] < start[0] or (end[0] == start[0] and not (end[1] and start[1])))
    except TypeError:
        return False
