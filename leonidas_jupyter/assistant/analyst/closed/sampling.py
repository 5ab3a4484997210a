"""Samples that a test compares where no sentence says that they are groups of a column."""

import re

from leonidas_jupyter.assistant.analyst.closed.facts import Condition, Facts
from leonidas_jupyter.assistant.analyst.closed.targets import mentioned
from leonidas_jupyter.assistant.analyst.column import NamedColumn
from leonidas_jupyter.assistant.analyst.words import fold, pieces, singular

_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
}  # fmt: skip
_N = rf"(?:\d+|{'|'.join(_WORDS)})"
MANY = 20
"""More groups than that are no samples to compare."""


def groups_named(facts: Facts, most: int = MANY) -> list[str]:
    """Return the columns with few values that the text calls by their whole name, in any number."""
    said = {singular(fold(word)) for text in facts.texts for word in re.findall(r"[a-z]{3,}", text)}
    bound = {one.column for one in facts.conditions if one.op == "=="}
    return [
        column.name
        for column in facts.marks.lexicon.columns
        if column.name not in bound
        and singular(fold(column.name).strip()) in said
        and 2 <= column.profile.distinct <= most
        and (not column.numeric or column.profile.distinct == 2)
    ]


def numbered(facts: Facts) -> tuple[str, list[str | int]] | None:
    """Return a column and two of its values: "four-door with two-door", "3 and 5 gears"."""
    found = [
        (column.name, values)
        for column in facts.marks.lexicon.columns
        for values in [_values(column, facts)]
        if len(values) == 2
    ]
    return found[0] if len(found) == 1 else None


def _values(column: NamedColumn, facts: Facts) -> list[str | int]:
    word = singular(fold(column.name).strip())
    if not re.fullmatch(r"[a-z]{3,}", word):
        return []
    known = {str(value) for value in column.profile.categories or []}
    known |= {str(top.value) for top in column.profile.top}
    sign = facts.marks.column_sign(column.name) if column.name in facts.marks.columns else word
    pattern = re.compile(
        rf"\b({_N})(?:\W+(?:and|or|with|versus|vs|against|from)\W+)?(?:with\s+)?({_N})?[\s-]+"
        rf"(?:{word}|{sign})"
    )
    found: dict[str, None] = {}
    for at, text in enumerate(facts.texts):
        for match in pattern.finditer(text):
            facts.use(at, match)
            for number in filter(None, match.groups()):
                found[str(_WORDS.get(number, number))] = None
    if not set(found) <= known:
        return []
    return [int(value) if column.numeric else value for value in found]


def value_called(word: str, column: str, facts: Facts) -> Condition | None:
    """Return the condition for the only value of a column of text with all words of a name."""
    known = facts.marks.lexicon.by_name.get(column)
    if known is None or known.numeric:
        return None
    values = known.profile.categories or [str(top.value) for top in known.profile.top]
    said = set(pieces(word))
    found = [str(value) for value in values if said and said <= set(pieces(str(value)))]
    return Condition(column, "==", found[0], pieces(word)) if len(found) == 1 else None


def categories(facts: Facts, most: int = MANY) -> list[str]:
    """Return the columns of the text that can only tell groups apart."""
    own = facts.marks.lexicon.by_name
    return [
        name
        for name in mentioned(facts, numeric=False)
        if name in own
        and 2 <= own[name].profile.distinct <= most
        and (not own[name].numeric or own[name].profile.distinct == 2)
    ]
