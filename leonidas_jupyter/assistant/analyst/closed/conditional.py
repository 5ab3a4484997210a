"""Steps that are taken only if a figure says so: "if p < 0.05, apply a logarithm"."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from leonidas_jupyter.assistant.analyst.closed import figures
from leonidas_jupyter.assistant.analyst.closed.facts import Declined, Facts, Preparation, Rule
from leonidas_jupyter.assistant.analyst.closed.layout import Slot
from leonidas_jupyter.assistant.analyst.closed.rules import holds, rules_of
from leonidas_jupyter.assistant.analyst.closed.stages import Stages
from leonidas_jupyter.assistant.analyst.closed.wanted import Finish, Wanted

_IF = re.compile(r"\b(?:if|unless|in case|should it)\b")
_NOT_NORMAL = re.compile(
    r"\bif\b[^.;]*?(?:\bnot\b|n't\b|\bnon\b)[\s-]+(?:\w+\s+){0,4}?normal\w*|\bif\s+(?:the\s+)?normality"
    r"\s+is\s+(?:rejected|violated)"
)
_MISSING_ONLY = re.compile(r"\b(?:missing|null|nan|zeros?|any|there are|outliers? (?:are|exist))\b")
_BESIDE = " unchanged"


def condition_of(facts: Facts, text: str, start: int) -> list[tuple[str, str, float]] | None:
    """Return the tests under which a step at ``start`` of a sentence is taken; None for always.

    Raises:
        Declined: there is a condition that is not understood.
    """
    ahead = text[:start]
    match = _IF.search(ahead)
    if match is None:
        return None
    if _NOT_NORMAL.search(ahead):
        return [("p", "<", facts.alpha)]
    tests = [test for rule in rules_of(ahead) for test in rule.tests]
    if tests:
        return tests
    if _MISSING_ONLY.search(ahead[match.start() :]):
        return None
    raise Declined(f"I do not understand the condition “{facts.marks.plain(ahead).strip()}”.")


def step_on_condition(facts: Facts) -> Preparation | None:
    """Return the step that has a condition."""
    return next((step for step in facts.preparations if step.how.get("if")), None)


def conditioned(
    facts: Facts, stages: Stages, wanted: Sequence[tuple[Slot, Wanted]]
) -> list[tuple[Slot, Wanted]]:
    """Return the names with both of their figures, where a step depends on a figure.

    Raises:
        Declined: other steps follow on the one with the condition.
    """
    step = step_on_condition(facts)
    if step is None or step.kind not in stages.before:
        return list(wanted)
    at = stages.before[step.kind]
    if len(stages.steps) > at + max(len(step.columns), 1) or len(step.columns) > 1:
        raise Declined("Steps that follow on one with a condition are not understood.")
    column = str(stages.steps[at].get("name", ""))
    test, keys = _test(facts, step, at, column)
    rule = Rule(list(step.how["if"]), "")
    return [(slot, _either(each, test, keys, rule, at)) for slot, each in wanted]


def _test(
    facts: Facts, step: Preparation, at: int, column: str
) -> tuple[figures.Output, Mapping[str, str]]:
    subjects = {subject.removeprefix("abs_") for subject, _, _ in step.how["if"]}
    if not column or len(subjects) != 1:
        raise Declined("I do not know on what the condition of the transformation depends.")
    subject = subjects.pop()
    if subject == "p":
        named = [method for method in figures.NORMALITY if method in facts.methods]
        if len(named) != 1 or named == ["kstest"]:
            raise Declined("I do not know on which test the transformation depends.")
        output = figures.normality("condition", column, named[0])
        return {**output, "after": at}, {"p": "condition_p"}
    if subject in ("skewness", "kurtosis"):
        output = figures.aggregate("condition", subject, column, facts)
        return {**output, "after": at}, {subject: "condition"}
    raise Declined("I do not know on what the condition of the transformation depends.")


def _either(
    wanted: Wanted, test: figures.Output, keys: Mapping[str, str], rule: Rule, at: int
) -> Wanted:
    later = [output for output in wanted.outputs if output.get("after", at + 1) > at]
    if not later:
        return wanted
    others = [{**output, "name": f"{output['name']}{_BESIDE}", "after": at} for output in later]
    names = [str(output["name"]) for output in later]

    def finish(found: Mapping[str, Any]) -> str:
        known = {short: float(found[key]) for short, key in keys.items()}
        taken = holds(rule, known)
        return wanted.finish(found if taken else _unchanged(found, names))

    made: Finish = finish
    return Wanted([test, *wanted.outputs, *others], made, wanted.said)


def _unchanged(found: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    other = dict(found)
    for name in names:
        for key in found:
            if key.startswith(f"{name}{_BESIDE}"):
                other[name + key.removeprefix(f"{name}{_BESIDE}")] = found[key]
    return other
