"""Words that the table, the names to fill or the text itself explain."""

import re
from collections.abc import Sequence

from leonidas_jupyter.assistant.analyst.closed.facts import Facts
from leonidas_jupyter.assistant.analyst.words import pieces


def overlapped(facts: Facts, at: int, span: tuple[int, int]) -> bool:
    """Return whether a stretch of a sentence meets one that is understood."""
    return any(start < span[1] and span[0] < end for start, end in facts.spans[at])


def explained(facts: Facts, slots: Sequence[str]) -> set[str]:
    """Return the words that the names to fill, the table or a condition in brackets explain."""
    own = {part for slot in slots for part in pieces(slot.replace("_", " "))}
    own |= {part for column in facts.marks.lexicon.columns for part in column.words}
    own |= set(facts.marks.lexicon.frame_words) | facts.marks.described
    for at, text in enumerate(facts.texts):
        for match in re.finditer(r"((?:[\w'-]+\s+){1,3})\(", text):
            if overlapped(facts, at, (match.end(), match.end() + 6)):
                own |= set(match[1].split())
        own |= _defined(facts, at, text)
    return own | _spelled_out(facts)


_DEFINES = (
    r"(?:have|has|having|are|is|if|when|means?|denotes?|stands?\s+for|=|:|with|by|indicates?"
    r"|represents?)"
)
_BEFORE = re.compile(rf"((?:[\w'-]+\s+){{1,3}}){_DEFINES}\s+(?:the\s+|an?\s+)?")
_BEHIND = re.compile(
    r"\s*(?:denotes?|means?|stands?\s+for|indicates?|represents?|=|:|for|is|are)\s+(?:the\s+|an?\s+)?"
    r"([\w'-]+)"
)


def _defined(facts: Facts, at: int, text: str) -> set[str]:
    """Return the words that a sentence defines: "foreign cars have the origin 'non-EU'"."""
    found: set[str] = set()
    for match in _BEFORE.finditer(text):
        if overlapped(facts, at, (match.end(), match.end() + 3)):
            found |= set(match[1].split())
    for _, end in facts.spans[at]:
        behind = _BEHIND.match(text, end)
        if behind:
            found.add(behind[1])
    return found


def _spelled_out(facts: Facts) -> set[str]:
    """Return the words whose initials stand in a column's name: "body mass index" for ``bmi``."""
    parts = {part for column in facts.marks.lexicon.columns for part in column.words}
    found: set[str] = set()
    for text in facts.texts:
        words = re.findall(r"[a-z]+", text)
        for size in (3, 4, 5):
            for at in range(len(words) - size + 1):
                if "".join(word[0] for word in words[at : at + size]) in parts:
                    found |= set(words[at : at + size])
    return found
