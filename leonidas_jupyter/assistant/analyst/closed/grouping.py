"""Groups that a text compares or goes through one by one: "for each C", "grouped by C"."""

import re

from leonidas_jupyter.assistant.analyst.closed.facts import Condition, Facts
from leonidas_jupyter.assistant.analyst.closed.marks import CS, C
from leonidas_jupyter.assistant.analyst.closed.periods import part_called
from leonidas_jupyter.assistant.analyst.words import fold, pieces, singular

_KINDS = r"(?:categor(?:y|ies)|values?|kinds?|types?|levels?|groups?)"
_GROUPED = re.compile(
    r"\b(?:group(?:ed|ing|s)?\s+(?:\w+\s+){0,3}?by|(?:for|in|of|within|to|from)\s+(?:each|every)"
    r"|per|across(?:\s+(?:the|all|different|various))*|(?:between|among|amongst)\s+(?:the\s+)?different"
    r"|by|based\s+on(?:\s+their)?|separately\s+for(?:\s+each)?|groups?\s+of"
    r"|(?:between|among|across|of|over)\s+(?:the\s+)?(?:two|three|four|five|\d)"
    rf"|(?:of|over|between|among|across)\s+(?:the\s+)?(?=(?:different\s+)?{_KINDS}\s+(?:of|in)\b))"
    r"\s*(?:the\s+|unique\s+|distinct\s+|different\s+|chosen\s+|various\s+)*"
    rf"(?:{_KINDS}\s+(?:of|in)\s+(?:the\s+)?)?({{CS}})(?!\s*(?:=|>|<|is\b|of\b|values?\s+of|equal))".replace(
        "{CS}", CS
    )
)
_TEXT_ONLY = ("by", "based on", "per", "across")
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
_FEW = 60
_BETWEEN = 4


_WITHIN = re.compile(
    r"\b(?:per|within|grouped\s+by|(?:for|of|in|within)\s+(?:each|every)"
    r"|(?:of|in|within|by|for)\s+(?:its|their|the\s+(?:same|corresponding|respective)))\s+"
    rf"({C})(?:\s+groups?\b)?"
)


def filled_within(facts: Facts, at: int, text: str, method_end: int) -> list[str]:
    """Return the column within whose groups gaps are filled: "with the median of each species".

    It stands a few words behind the method, or it belongs to something else.
    """
    match = _WITHIN.search(text, method_end)
    if match is None or re.search(r"[;,.]", between := text[method_end : match.start()]):
        return []
    if len(between.split()) > _BETWEEN:
        return []
    facts.use(at, match)
    return [facts.marks.column(match[1])]


def read_groups(facts: Facts) -> None:
    """Add the columns whose values are groups to ``facts``."""
    for at, match in facts.finds(_GROUPED):
        for name in facts.marks.columns_in(match[1]):
            divides = match.group().startswith("per ") and _divides(name, facts)
            if divides or not _groups(name, facts):
                continue
            facts.use(at, match)
            if name in facts.groups:
                continue
            facts.groups.append(name)
            facts.kinds.add("group")


_LEAST = re.compile(
    r"\b(?P<how>at\s+least|no\s+fewer\s+than|(?:a\s+)?minimum\s+of|more\s+than|≥)\s*(?P<n>\d+)\s+"
    r"(?:(?:such|different|separate|of\s+these|of\s+those)\s+)?(?P<what>[a-z]+s)\b"
)
_COUNTED = frozenset(
    (
        "times",
        "observations",
        "entries",
        "rows",
        "records",
        "samples",
        "occurrences",
        "instances",
        "appearances",
    )
)


def read_least(facts: Facts) -> None:
    """Note how many rows a group must have to count: "brands with at least 10 cars"."""
    for at, match in facts.finds(_LEAST):
        ahead = facts.texts[at][: match.start()]
        having = re.search(
            r"\b(?:with|have|has|having|appear\w*|occur\w*|contain\w*|is|are)\s+$", ahead
        )
        if re.match(rf"\s*\(?\s*{C}", facts.texts[at][match.end() :]):
            continue
        if match["what"] in facts.marks.described - _COUNTED:
            continue
        if match["what"] not in _COUNTED and not (having and _of_rows(match["what"], facts)):
            continue
        facts.claim(at, match)
        facts.kinds.add("frequent")
        facts.least = max(facts.least, int(match["n"]) + (match["how"] == "more than"))


def _of_rows(word: str, facts: Facts) -> bool:
    """Return whether a noun calls the rows: it stands in no column's name."""
    if singular(word) in {singular(part) for part in facts.marks.lexicon.frame_words}:
        return True
    return not any(
        singular(word) == singular(part)
        for column in facts.marks.lexicon.columns
        for part in column.words
    ) and word not in (
        "years",
        "days",
        "months",
        "hours",
        "minutes",
        "points",
        "dollars",
        "percents",
    )


def _divides(name: str, facts: Facts) -> bool:
    """Return whether a new column is so much per unit of another."""
    return any(
        isinstance(each, dict) and each.get("op") == "/" and each.get("right") == name
        for each in facts.derived.values()
    )


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
    if known is None and column not in facts.classes and column in facts.derived:
        return part_called(said, column, facts.derived[column])
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


_REST = frozenset(("other", "others", "rest", "remaining", "non", "not", "no", "without", "else"))
_ALIKE = {
    "high": "since after higher above upper over large larger big heavy expensive "
    "old older long rich many top",
    "low": "before lower below under small smaller light cheap young younger short poor few bottom",
}


def _class_called(said: list[str], labels: list[str], column: str) -> Condition | None:
    if "others" in labels and _REST & set(said):
        return Condition(column, "==", "others", ("others",))
    found = [label for label in labels if _contains(said, pieces(label))]
    found = found or [label for label in labels if set(_ALIKE.get(label, "").split()) & set(said)]
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
