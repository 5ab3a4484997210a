"""The nearest questions that the analyst answers, to offer when it declines or asks back."""

import re
from collections.abc import Callable, Sequence

from leonidas_jupyter.assistant.analyst.question import Order, Question

Answerable = Callable[[str], bool]

_NOTE = re.compile(r"\s*\(.*\)$")
_WORD = re.compile(r"\w+", re.ASCII)


def named(name: str) -> str:
    """Return a column's name as it may stand in a question: quoted where it is not one word."""
    return name if _WORD.fullmatch(name) else f'"{name}"'


def _replaced(question: str, phrase: str, other: str) -> str:
    found = re.compile(rf"(?<!\w){re.escape(phrase)}(?!\w)", re.IGNORECASE)
    changed = found.sub(lambda _: other, question, count=1)
    return "" if changed == question else re.sub(r"\s+", " ", changed).strip()


def without(
    question: str, unknown: Sequence[str], near: Sequence[str], answerable: Answerable
) -> list[str]:
    """Return the question with its one unknown word replaced by a column, or left out."""
    if len(unknown) != 1:
        return []
    options = [_replaced(question, unknown[0], named(name)) for name in near]
    options.append(_replaced(question, unknown[0], ""))
    return [option for option in dict.fromkeys(options) if option and answerable(option)][:3]


def canonical(question: Question) -> str:
    """Return a reading as a question of its own; nothing where it has conditions."""
    bare = not question.where.conditions and len(question.groups) <= 1
    group = question.groups[0] if question.groups else None
    if not bare or (group and group.part):
        return ""
    end = "highest" if (question.order or Order()).descending else "lowest"
    measure = question.measures[0] if len(question.measures) == 1 else None
    if question.operation == "extreme_row" and not group and question.columns:
        return f"Which row has the {end} {named(question.columns[0])}?"
    if question.operation == "top_rows" and not group:
        side = "Top" if end == "highest" else "Bottom"
        limit = (question.order or Order()).limit
        return f"{side} {limit} rows by {named(question.columns[0])}"
    if measure is None or measure.column is None or measure.agg == "quantile":
        return ""
    what = f"{measure.agg} {named(measure.column)}"
    if question.operation == "top_groups" and group and (question.order or Order()).limit == 1:
        return f"Which {named(group.column)} has the {end} {what}?"
    if question.operation == "aggregate":
        return f"What is the {what}{f' by {named(group.column)}' if group else ''}?"
    return ""


def settled(
    question: str, phrase: str, choices: Sequence[str], answerable: Answerable
) -> list[str]:
    """Return the question with an ambiguous phrase settled by each choice.

    Nothing where one of the choices makes no question that is understood.
    """
    found = []
    for choice in choices:
        plain = _NOTE.sub("", choice) if "`" not in choice else choice
        plain = re.sub("`([^`]+)`", lambda match: named(match.group(1)), plain)
        joined = _replaced(question, f"by {phrase}", plain) or _replaced(question, phrase, plain)
        noun = _replaced(question, phrase, plain.removeprefix("per ").removeprefix("by "))
        whole = f"What is {plain}?"
        fits = [option for option in (joined, noun, whole) if option and answerable(option)]
        if not fits:
            return []
        found.append(fits[0])
    return found if len(set(found)) == len(found) else []
