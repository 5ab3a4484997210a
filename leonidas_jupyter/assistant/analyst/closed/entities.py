"""Whose values a question asks for: "which C", "the C with", or a noun that names a column."""

import re

from leonidas_jupyter.assistant.analyst.closed.facts import Facts
from leonidas_jupyter.assistant.analyst.closed.marks import C
from leonidas_jupyter.assistant.analyst.closed.targets import mentioned
from leonidas_jupyter.assistant.analyst.column import NamedColumn
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon

_ASKED = re.compile(
    rf"\b(?:(?P<which>which|what|whose|name(?:\s+of)?\s+the|in\s+which|find\s+the|identify\s+the"
    rf"|report\s+the)|for\s+each|per|every|each|group\w*\s+by)\s+"
    rf"(?:unique\s+|different\s+|of\s+the\s+|the\s+|\w+\s+)?(?P<c>{C})"
)
_WHERE = re.compile(r"\b(?:where|who|whom|when)\b")
_NOUNS = re.compile(
    r"\b(?:which|what|whose|names?\s+of\s+the|identify\s+the|find\s+the)\s+"
    r"(?:of\s+the\s+|the\s+|single\s+|other\s+)*(?P<words>[a-z]+(?:\s+[a-z]+){0,2})"
)
_LONGEST = 3


def asked_entity(facts: Facts) -> str | None:
    """Return the column whose values a question asks for: "which C", "the C with"."""
    asked = list(facts.finds(_ASKED))
    filled = facts.step("fill")
    within = filled.how.get("by", []) if filled else []
    for strict in (True, False):
        found = [
            facts.marks.column(match["c"]) for _, match in asked if match["which"] or not strict
        ]
        found = [name for name in dict.fromkeys(found) if _names(name, facts)]
        found = [name for name in found if name not in within] or found
        if found:
            return found[0]
    dates = [column.name for column in facts.marks.lexicon.columns if column.temporal]
    if len(dates) == 1 and facts.says(r"\b(?:which|what)\s+(?:dates?|day)\b"):
        return dates[0]
    called = called_in(facts)
    if called is not None:
        return called
    if len(facts.told) == 1:
        return facts.told[0]
    if not facts.says(_WHERE.pattern):
        return None
    texts = [
        name
        for name in mentioned(facts, numeric=False)
        if name in facts.marks.lexicon.by_name
        and not facts.marks.lexicon.by_name[name].numeric
        and not any(one.column == name for one in facts.conditions)
    ]
    return texts[0] if len(texts) == 1 else None


def _names(name: str, facts: Facts) -> bool:
    """Return whether a column's values can be an answer: text, dates, or few whole numbers."""
    if any(one.column == name and one.op == "==" for one in facts.conditions):
        return False
    known = facts.marks.lexicon.by_name.get(name)
    if known is None:
        return name in facts.derived
    return not known.numeric or known.profile.type == "integer"


def called_in(facts: Facts) -> str | None:
    """Return the column that the noun behind "which" names: "which country" → Country Name."""
    for _, match in facts.finds(_NOUNS):
        words = match["words"].split()
        for count in range(len(words), 0, -1):
            found = entity_called(words[:count], facts.marks.lexicon)
            if found is not None and _names(found, facts):
                return found
    return None


def entity_called(words: list[str], lexicon: FrameLexicon) -> str | None:
    """Return the column whose values the last of these words name; None for several or none."""
    for count in range(min(_LONGEST, len(words)), 0, -1):
        fitting = [column for column, _ in lexicon.fitting(words[-count:]) if _answers(column)]
        named = [column for column in fitting if {"name", "title"} & set(column.words)]
        chosen = fitting if len(fitting) == 1 else named
        if len(chosen) == 1:
            return chosen[0].name
    return None


def _answers(column: NamedColumn) -> bool:
    """Return whether the values of a column are names: text, dates, years."""
    return not column.numeric or column.words[-1:] == ("year",)
