"""Nouns that only call the rows of a table something: "the passengers", "per hotel"."""

import re

from leonidas_jupyter.assistant.analyst.closed.marks import C
from leonidas_jupyter.assistant.analyst.closed.vocabulary import listed
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.words import singular

_SOME = listed("some_of_them")
_PERIODIC = frozenset(
    {"monthly", "weekly", "yearly", "quarterly", "elderly", "fortnightly", "nightly"}
)
_AHEAD = re.compile(
    r"\b(?:two|three|four|five|ten|\d+|the|an?|of|by|per|each|every|all|any|these|those|many|both|different|unique|individual)"
    r"\s+$"
)
_PLACED = re.compile(
    r"\b(?:in|for|among|amongst|during|at|on|within|inside|from|to|under|near)"
    r"\s+(?:the\s+|all\s+|an?\s+)?$"
)
_BEHIND = re.compile(
    rf"\s*(?:$|[.,;:?)(]|{C}|\b(?:{'|'.join(sorted(listed('after_nouns')))})\b|differ\w*|follow\w*)"
)


def calls_rows(word: str, start: int, end: int, text: str, proper: set[str]) -> bool:
    """Return whether an unknown word is a noun by itself that restricts nothing.

    It stands alone between an article (or "of", "per" …) and the end of its phrase. Names, parts
    of all ("the survivors", "the adults") and what tells a place ("in the north") are none.
    """
    if word.endswith("ly") and len(word) > 6 and word not in _PERIODIC:
        return True
    if word in _SOME or word in proper or word.endswith(("est", "ing", "ed")):
        return False
    ahead = text[:start]
    plural = word.endswith("s") and re.search(rf"(?:\bfor|{C})\s+$", ahead)
    if not (plural or _AHEAD.search(ahead)) or _BEHIND.match(text[end:]) is None:
        return False
    if word.endswith("s") and re.search(
        r"\b(?:of|by|for|to|from|amongst?)\s+(?:(?:the|all|these)\s+)?$", ahead
    ):
        return True
    return _PLACED.search(ahead) is None


def row_noun(word: str, lexicon: FrameLexicon) -> bool:
    """Return whether a word calls every row: it stands in the table's name, or in many columns'."""
    bare = singular(word)
    in_columns = sum(
        bare in {singular(part) for part in column.words} for column in lexicon.columns
    )
    return bare in {singular(part) for part in lexicon.frame_words} or in_columns > 1
