"""Typing errors: an unknown word is read as the one known word that it almost is."""

from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.vocabulary import vocabulary
from leonidas_jupyter.assistant.analyst.words import Token, pieces, singular

_SHORTEST, _LONG = 5, 8


@lru_cache(maxsize=1)
def english() -> frozenset[str]:
    """Return the English words that are not taken for slips, in the singular."""
    text = files(__package__).joinpath("english.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if not line.startswith("#"))


@lru_cache(maxsize=64)
def known_words(lexicon_key: tuple[str, ...]) -> frozenset[str]:
    """Return the words worth correcting to: the vocabulary's and a frame's own."""
    own = {word for name in lexicon_key for word in pieces(name)}
    own |= {word + "s" for word in own if len(word) >= _SHORTEST} | {singular(word) for word in own}
    words = own | vocabulary().words
    return frozenset(word for word in words if len(word) >= _SHORTEST - 1 and word.isalpha())


def correction(word: str, lexicon: FrameLexicon, names: Sequence[str]) -> str | None:
    """Return the known word that ``word`` is one slip away from (two, in long words).

    None where none or several are.
    """
    from rapidfuzz.distance import OSA

    if (
        len(word) < _SHORTEST - 1
        or not word.isalpha()
        or word in english()
        or singular(word) in english()
    ):
        return None
    allowed = 1 if len(word) < _LONG else 2
    key = (*(column.name for column in lexicon.columns), *sorted(_value_words(lexicon)), *names)
    best: dict[str, int] = {}
    for known in known_words(key):
        if abs(len(known) - len(word)) > allowed or known[0] != word[0]:
            continue
        if len(word) < _SHORTEST and sorted(word) != sorted(known):
            continue
        distance = OSA.distance(word, known, score_cutoff=allowed)
        if distance <= allowed:
            best[known] = distance
    if not best:
        return None
    nearest = min(best.values())
    found = {singular(known): known for known, distance in best.items() if distance == nearest}
    return next(iter(found.values())) if len(found) == 1 else None


def _value_words(lexicon: FrameLexicon) -> set[str]:
    listed = [ref.values[0] for refs in lexicon.values.values() for ref in refs]
    return {value for value in listed if len(value) <= 40}


def correct(
    tokens: Sequence[Token], unknown: Sequence[int], lexicon: FrameLexicon, names: Sequence[str]
) -> dict[int, str]:
    """Return the corrections of the unknown tokens, by position."""
    found = {}
    for at in unknown:
        if tokens[at].kind == "word":
            word = correction(tokens[at].low, lexicon, names)
            if word is not None and word != tokens[at].low:
                found[at] = word
    return found
