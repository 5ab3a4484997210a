"""The nearest questions that the analyst answers, to offer when it declines or asks back."""

import re
from collections.abc import Callable, Sequence

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
