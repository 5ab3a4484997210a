"""How names to fill and sentences speak of new columns: of their classes, flags and values."""

import re
from collections.abc import Iterator

from leonidas_jupyter.assistant.analyst.closed.concepts import concept_in
from leonidas_jupyter.assistant.analyst.closed.facts import Condition, Declined, Facts
from leonidas_jupyter.assistant.analyst.closed.marks import C
from leonidas_jupyter.assistant.analyst.closed.vocabulary import listed
from leonidas_jupyter.assistant.analyst.words import pieces, singular

_EMPTY = listed("parts_of_flags")
"""Words in the name of a column of 1 and 0 that say nothing of what it flags."""

_OTHER = listed("the_others")
_STATE = re.compile(
    rf"\b(?P<state>negative|positive|non-?negative|non-?positive|non-?zero|zero)\s+({C})(?!\s*(?:correl|skew))"
    rf"|({C})\s+(?:is|are|was|were|of)\s+(?:strictly\s+)?(?P<state2>negative|positive|non-?negative|non-?zero|zero)\b"
)
_SIGNS = {
    "negative": "<", "positive": ">", "zero": "==", "nonzero": "!=", "nonnegative": ">=",
    "nonpositive": "<=",
}  # fmt: skip
_CLASS = re.compile(
    r"\b(?:which|what|each|every|per|by)\s+(?:of\s+(?:the|these|those)\s+)?(?:\w+\s+)?"
    r"(?P<noun>category|categories|group|class|bin|level|bracket|tier|segment|band)\b"
)
_UNITS = {
    "word_count": "words?", "length": "characters?|letters?|long", "+": "[a-z]+s",
}  # fmt: skip
_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10}
_MORE = re.compile(
    r"\b(?P<sign>(?:more|longer|greater)\s+than|at\s+least|exactly|(?:fewer|less|shorter)\s+than|at\s+most)\s+"
    r"(?P<n>\d+|one|two|three|four|five|six|ten)\s+(?P<unit>[a-z]+)\b"
)


def without_names(words: str, facts: Facts) -> str:
    """Return the words of a name without those that call a class or a new column.

    ``max_range`` of a new column "daily range" asks for a maximum, ``mean_price_Q1`` for a mean.
    """
    taken = {part for name in facts.derived for part in pieces(name)}
    taken |= {
        part for labels in facts.classes.values() for label in labels for part in pieces(label)
    }
    taken |= {"".join(pieces(label)) for labels in facts.classes.values() for label in labels}
    left = " ".join(word for word in words.split() if word.lower() not in taken)
    return left if left != words and concept_in(left) is not None else words


def flag_called(name: str, column: str) -> Condition | None:
    """Return the condition on a column of 1 and 0 that a name to fill calls: ``mean_late``."""
    said = [singular(part) for part in pieces(name.replace("_", " "))]
    parts = [singular(part) for part in pieces(column) if part not in _EMPTY]
    rest = bool(_OTHER & set(said))
    if parts and all(part in said for part in parts):
        return Condition(column, "==", 0 if rest else 1, tuple(parts))
    return Condition(column, "==", 0, ("other",)) if rest else None


def states_in(text: str, facts: Facts) -> Iterator[tuple[Condition, tuple[int, int]]]:
    """Yield "negative C" and "C is zero"."""
    for match in _STATE.finditer(text):
        state = (match["state"] or match["state2"]).replace("-", "")
        column = facts.marks.column(match[2] or match[3])
        known = facts.marks.lexicon.by_name.get(column)
        if known is None or known.numeric:
            yield Condition(column, _SIGNS[state], 0, (state,)), match.span()


def counts_in(text: str, facts: Facts) -> Iterator[tuple[Condition, tuple[int, int]]]:
    """Yield "of more than two words", where the words of a text are counted in a new column."""
    for match in _MORE.finditer(text):
        for name, expression in facts.derived.items():
            op = expression.get("op") if isinstance(expression, dict) else None
            if op not in _UNITS or not re.fullmatch(_UNITS[op], match["unit"]):
                continue
            if op == "+" and singular(match["unit"]) not in {singular(one) for one in pieces(name)}:
                continue
            said = match["sign"].split()
            sign = {"more": ">", "longer": ">", "greater": ">", "exactly": "==", "least": ">=",
                    "most": "<="}.get(said[-1] if said[0] == "at" else said[0], "<")  # fmt: skip
            number = _NUMBERS.get(match["n"]) or int(match["n"])
            yield Condition(name, sign, number, (match["n"],)), match.span()


def name_classes(facts: Facts) -> None:
    """Put the sign of the only column of classes for "which category", at the same place."""
    if len(facts.classes) != 1:
        return
    sign = facts.marks.column_sign(next(iter(facts.classes)))
    for at, text in enumerate(facts.texts):
        for match in reversed(list(_CLASS.finditer(text))):
            start, end = match.span("noun")
            text = f"{text[:start]}{sign}{' ' * (end - start - 1)}{text[end:]}"
        facts.texts[at] = text


def check_used(
    facts: Facts, steps: list[dict[str, object]], outputs: list[dict[str, object]]
) -> None:
    """Check that something is computed of every new column that a text gives a name.

    Raises:
        Declined: one is defined for nothing.
    """
    read = _texts(outputs)
    for step in steps:
        if step["op"] == "drop_missing":
            continue
        own = step.get("name")
        read |= {name for name in _texts([step]) if name != own}
    for name in facts.marks.new:
        if name not in read:
            raise Declined(f"I do not understand what the new column {name} is for.")


def _texts(part: object) -> set[str]:
    if isinstance(part, str):
        return {part}
    if isinstance(part, dict):
        return set().union(*(_texts(value) for key, value in part.items() if key != "name"), set())
    if isinstance(part, list | tuple):
        return set().union(*(_texts(value) for value in part), set())
    return set()
