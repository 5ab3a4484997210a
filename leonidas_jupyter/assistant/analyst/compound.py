"""Two questions in one: "how many rows are there, and what is the mean age?"."""

import re

_AND = r",?\s+(?:and(?:\s+also)?|also|plus|&|as\s+well\s+as)\s+"
_OPENS = (
    r"(?=(?:what|which|who|how|where|when|is|are|do|does|did|show|list|give|plot|draw|make|tell"
    r"|compute|calculate|count|find|describe)\b)"
)
_LOOSE = r"(?=(?:the|its|their)\s)"
_CUTS = (
    re.compile(r"\?\s*(?:and\s+(?:also\s+)?|also,?\s+)?(?=\w)", re.I),
    re.compile(r"(?:;|\.\s)\s*(?:and\s+(?:also\s+)?|also,?\s+)?(?=[A-Za-z])", re.I),
    re.compile(_AND + _OPENS, re.I),
    re.compile(_AND + _LOOSE, re.I),
)
_PRONOUN = re.compile(
    r"\b(?:their|its|it|they|them|those|these|that one|of that|this|his|her|he|she|ones?)\b",
    re.I,
)
_MOST = 3


def split(question: str) -> list[tuple[str, ...]]:
    """Return the ways to cut a text into two or three questions, the plainest first."""
    found: list[tuple[str, ...]] = []
    for cut in _CUTS:
        parts = tuple(part.strip(" ,") for part in cut.split(question) if part.strip(" ,?."))
        if 2 <= len(parts) <= _MOST and parts not in found:
            found.append(parts)
    return found


def points_back(question: str) -> bool:
    """Return whether a question speaks of what another one was about ("their", "it")."""
    return _PRONOUN.search(question) is not None
