"""Words that tell some rows from others before their noun: "small mammals", "drawn matches".

Each of the words may be familiar ("small"), so that nothing strange is in the text; where no
condition was read for them, a figure of all rows would be one of the wrong rows.
"""

import re

from leonidas_jupyter.assistant.analyst.closed.explained import overlapped
from leonidas_jupyter.assistant.analyst.closed.facts import Declined, Facts
from leonidas_jupyter.assistant.analyst.closed.nouns import row_noun
from leonidas_jupyter.assistant.analyst.closed.vocabulary import is_known, listed
from leonidas_jupyter.assistant.analyst.column import NamedColumn, same_word

_FEW = 20
_END = (
    r"(?=\s*(?:$|[.,;:?)(]|\b(?:is|are|was|were|who|which|that|with|in|on|have|has|had|at|from|do|did"
    r"|does|by|and|or|there|than|for)\b))"
)
_BEFORE = re.compile(
    r"\b(?:of|for|among|amongst|by|from|in|do|does|did|are|were|only|consider(?:ing)?|how\s+many|number\s+of"
    r"|count(?:\s+of)?|use|using)\s+(?:only\s+)?(?:all\s+)?(?:the\s+|these\s+|those\s+)?"
    rf"(?P<word>[a-z]+)\s+(?P<noun>[a-z]+[^s\W]s|people|men|women|children){_END}"
)
_BEHIND = re.compile(rf"\b(?P<noun>[a-z]+[^s\W]s|people)\s+of\s+(?P<word>[a-z]{{4,}}){_END}")
_PLAIN = listed("plain_modifiers")
_WHO = listed("rows_are")
_SHORT = listed("short_adjectives")
_TIMES = frozenset(("years", "months", "weeks", "days", "hours", "cases", "rows", "events"))


def check_modifiers(facts: Facts, own: set[str]) -> None:
    """Check that no familiar word sorts rows out that no condition was read for.

    Args:
        facts: what was read.
        own: the words that the table and the names to fill explain.

    Raises:
        Declined: one does.
    """
    if facts.conditions or facts.excluded or not any(map(sorting, facts.marks.lexicon.columns)):
        return
    for at, text in enumerate(facts.texts):
        for match in (*_BEFORE.finditer(text), *_BEHIND.finditer(text)):
            if overlapped(facts, at, match.span("word")) or overlapped(
                facts, at, match.span("noun")
            ):
                continue
            if _sorts(match, facts, own):
                raise Declined(f"I do not understand which rows “{match.group('word')}” means.")


def _sorts(match: re.Match[str], facts: Facts, own: set[str]) -> bool:
    word, noun = match["word"], match["noun"]
    if word in _PLAIN or word in facts.proper:
        return False
    if any(same_word(word, part) for part in own) or _calculates(word):
        return False
    if match.re is _BEHIND:
        return noun in _WHO - _TIMES
    whole = noun in _WHO or row_noun(noun, facts.marks.lexicon)
    return whole or (not is_known(noun) and (is_known(word) or word in _SHORT))


def _calculates(word: str) -> bool:
    return re.search(r"(?:ing|ly)$", word) is not None


def sorting(column: NamedColumn) -> bool:
    """Return whether a column's values may be what sorts rows: few of them, and repeated."""
    profile = column.profile
    if profile.type == "text":
        return not profile.candidate_key
    return column.flag or (profile.type == "integer" and profile.distinct <= _FEW)
