"""Groups that a text compares or goes through one by one: "for each C", "grouped by C"."""

import re

from leonidas_jupyter.assistant.analyst.closed.facts import Condition, Facts
from leonidas_jupyter.assistant.analyst.closed.marks import CS, C
from leonidas_jupyter.assistant.analyst.words import fold, pieces, singular

_GROUPED = re.compile(
    rf"\b(?:group(?:ed|ing|s)?\s+(?:\w+\s+){{0,3}}?by|(?:for|in|of|within|to"
    r"|from)\s+each|for\s+every|per|across(?:\s+(?:the|all|different|various))*"
    r"|among\s+(?:the\s+)?different|between\s+(?:the\s+)?different|by|based\s+on"
    r"(?:\s+their)?|separately\s+for(?:\s+each)?|groups?\s+of|(?:between|among"
    r"|across)\s+(?:the\s+)?(?:two|three|four|five|\d))\s+(?:the\s+|unique\s+"
    rf"|distinct\s+|different\s+)*(?:categor(?:y|ies)\s+(?:of|in)\s+)?({CS})(?!\s*"
    r"(?:=|>|<|is\b|of\b|values?\s+of|equal))"
)
_TEXT_ONLY = ("by", "based on", "per", "across")
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
_FEW = 60


def read_groups(facts: Facts) -> None:
    """Add the columns whose values are groups to ``facts``."""
    for at, match in facts.finds(_GROUPED):
        for name in facts.marks.columns_in(match[1]):
            if not _groups(name, facts) or name in facts.groups:
                continue
            facts.use(at, match)
            facts.groups.append(name)
            facts.kinds.add("group")


def _groups(name: str, facts: Facts) -> bool:
    """Return whether a column can tell groups apart."""
    known = facts.marks.lexicon.by_name.get(name)
    if known is None:
        return name in facts.derived
    profile = known.profile
    if profile.candidate_key:
        return False
    if profile.type in ("number", "integer"):
        return profile.distinct <= (_FEW if profile.type == "integer" else 12)
    return profile.distinct <= max(_FEW, facts.marks.lexicon.frame.profile.rows // 2)


def group_called(words: str, column: str, facts: Facts) -> Condition | None:
    """Return the condition for the group that the words of a name call: ``second_floor``."""
    said = [fold(word) for word in re.findall(r"[^\W_]+", words)]
    known = facts.marks.lexicon.by_name.get(column)
    if known is None:
        return _class_called(said, facts.classes.get(column, []), column)
    if known.numeric or known.profile.type == "boolean":
        return _number_called(said, column, facts)
    profile = known.profile
    listed = profile.categories or [str(top.value) for top in profile.top]
    best: list[tuple[int, str]] = []
    for value in listed:
        parts = pieces(str(value))
        if parts and _contains(said, parts):
            best.append((len(parts), str(value)))
    longest = [value for size, value in best if size == max(size for size, _ in best)]
    if len(longest) == 1:
        return Condition(column, "==", longest[0], pieces(longest[0]))
    return None


def _class_called(said: list[str], labels: list[str], column: str) -> Condition | None:
    found = [label for label in labels if _contains(said, pieces(label))]
    longest = [label for label in found if len(label) == max(len(each) for each in found)]
    return Condition(column, "==", longest[0], pieces(longest[0])) if len(longest) == 1 else None


def _contains(said: list[str], parts: tuple[str, ...]) -> bool:
    joined = "".join(parts)
    for size in range(1, len(parts) + 1):
        for at in range(len(said) - size + 1):
            window = "".join(said[at : at + size])
            if window == joined or singular(window) == singular(joined):
                return True
    return False


def _number_called(said: list[str], column: str, facts: Facts) -> Condition | None:
    profile = facts.marks.lexicon.by_name[column].profile
    low, high = profile.min, profile.max
    found = []
    for word in said:
        number = _ORDINALS.get(word) or (int(word) if word.isdigit() else None)
        digits = re.fullmatch(r"[a-z]+(\d+)", word)
        if number is None and digits:
            number = int(digits[1])
        if (
            number is not None
            and isinstance(low, int | float)
            and isinstance(high, int | float)
            and low <= number <= high
        ):
            found.append(number)
    if len(set(found)) == 1:
        return Condition(column, "==", found[0], (str(found[0]),))
    return None


__all__ = ["C", "group_called", "read_groups"]
