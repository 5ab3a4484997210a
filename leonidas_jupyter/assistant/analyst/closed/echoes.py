"""Conditions that only echo another: the word of a value that the text has quoted in full."""

from leonidas_jupyter.assistant.analyst.closed.facts import Condition, Facts


def without_echoes(facts: Facts) -> None:
    """Drop from ``facts`` what a word alone tells of one column, where it is another's value.

    Of "'Light Rail' and 'Heavy Rail'", light tells no value of the column of colours.
    """
    quoted = [one for one in facts.conditions if one.value in facts.marks.labels]
    facts.conditions = [
        one
        for one in facts.conditions
        if one in quoted or not any(_echoes(one, other) for other in quoted)
    ]
    facts.conditions = [
        one
        for one in facts.conditions
        if not any(_exactly(one, other) for other in facts.conditions)
    ]


def _exactly(one: Condition, other: Condition) -> bool:
    """Return whether another condition has the side of a day with the day itself."""
    inclusive = {">": ">=", "<": "<="}.get(one.op) == other.op and one.column == other.column
    return inclusive and isinstance(one.value, str) and one.value[:10] == str(other.value)[:10]


def _echoes(one: Condition, other: Condition) -> bool:
    return (
        bool(one.words)
        and isinstance(one.value, str)
        and one.column != other.column
        and set(one.words) < set(other.words)
    )
