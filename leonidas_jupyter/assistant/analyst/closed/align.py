"""Where words of a text spell a column's name: whole, cut short, by initials, in other words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from leonidas_jupyter.assistant.analyst.closed.vocabulary import listed
from leonidas_jupyter.assistant.analyst.column import NamedColumn, same_word
from leonidas_jupyter.assistant.analyst.words import fold, pieces, singular

WORD = re.compile(r"[^\W_]+(?:['\u2019][a-z]+)?")
_BETWEEN = frozenset(
    {
        "of",
        "the",
        "in",
        "for",
        "a",
        "per",
        "to",
        "by",
        "and",
        "year",
        "recorded",
        "reported",
        "measured",
        "observed",
    }
)
_EVERYDAY = listed("everyday_names")
"""Names of columns that are more often other words of a question."""

_STATISTICAL = listed("statistical")
"""Words of the trade that cut short no column's name."""

_CALCULATING = re.compile(r"(?:calculat|comput|determin|standardi[sz]|normali[sz])\w*$")
_LEAST = 3


@dataclass(frozen=True)
class Found:
    """A stretch of a text that spells a column's name."""

    start: int
    end: int
    column: str
    weight: int


@lru_cache(maxsize=8192)
def is_everyday(name: str) -> bool:
    """Return whether a column's name, unquoted, is more likely to be another word."""
    words = pieces(name)
    return len(words) <= 1 and (len(name) < _LEAST or name.lower() in _EVERYDAY)


def spelled_in(text: str, columns: Sequence[NamedColumn]) -> list[Found]:
    """Return where ``text`` spells columns in words, the longest first, none overlapping.

    A stretch that fits two columns equally is left out.
    """
    words = [(match.start(), match.end(), fold(match.group())) for match in WORD.finditer(text)]
    lows = [re.sub(r"['\u2019]s?$", "", word) for _, _, word in words]
    found: list[Found] = []
    for column in columns:
        if is_everyday(column.name):
            continue
        for at in range(len(lows)):
            length = aligned(lows[at:], column)
            if length:
                found.append(Found(words[at][0], words[at + length - 1][1], column.name, length))
    return _distinct(_exact(found, text))


def _exact(found: Sequence[Found], text: str) -> list[Found]:
    """Return what is found without that which another column's name spells letter for letter."""
    written = {
        (one.start, one.end): one.column
        for one in found
        if text[one.start : one.end].lower() == one.column.lower()
    }
    return [one for one in found if written.get((one.start, one.end), one.column) == one.column]


def _distinct(found: Sequence[Found]) -> list[Found]:
    kept: list[Found] = []
    for one in sorted(found, key=lambda each: (each.start - each.end, each.start)):
        same = {other.column for other in found if (other.start, other.end) == (one.start, one.end)}
        clear = all(one.end <= other.start or one.start >= other.end for other in kept)
        if clear and len(same) == 1:
            kept.append(one)
    return sorted(kept, key=lambda each: each.start)


def aligned(words: Sequence[str], column: NamedColumn) -> int:
    """Return how many of ``words``, from the first, spell the column's name; 0 for none."""
    named = column.core or column.words
    return _match(tuple(words[:12]), tuple(named), bare=len(named) == 1)


@lru_cache(maxsize=65536)
def _match(words: tuple[str, ...], named: tuple[str, ...], *, bare: bool) -> int:
    """Return the words used for all of ``named``; ``bare`` for a name of one word."""
    if not named:
        return 0
    for used, left in _heads(words, named, bare=bare):
        if not left:
            return used
        for gap in _gaps(words[used:]):
            more = _match(words[used + gap :], left, bare=False)
            if more:
                return used + gap + more
    return 0


def _gaps(words: Sequence[str]) -> list[int]:
    """Return how many words may be passed over between two parts of a name."""
    gaps = [0]
    for count, word in enumerate(words[:3], start=1):
        if word not in _BETWEEN:
            break
        gaps.append(count)
    return gaps


def _heads(
    words: tuple[str, ...], named: tuple[str, ...], *, bare: bool
) -> list[tuple[int, tuple[str, ...]]]:
    """Return the ways in which the first words spell the first part of the name."""
    if not words:
        return []
    first, rest = named[0], named[1:]
    found = []
    if _stands(words[0], first, bare=bare):
        found.append((1, rest))
    if words[0] == first + (rest[0] if rest else "-"):
        found.append((1, named[2:]))
    initials = "".join(word[0] for word in words[: len(first)])
    if len(first) >= _LEAST and initials == first and len(words) >= len(first):
        found.append((len(first), rest))
    if len(words) > 1 and first.startswith(words[0]) and len(words[0]) >= 2:
        tail = first[len(words[0]) :]
        if len(tail) >= 2 and words[1].startswith(tail):
            found.append((2, rest))
    return found


_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip


_TALLIES = frozenset({"num", "n", "no", "nr", "cnt", "count", "freq", "number"})
"""Names of columns that only count, for which "the number of" is no name."""


def _stands(word: str, part: str, *, bare: bool) -> bool:
    if bare and part in _TALLIES:
        return word == part
    if word == part or singular(word) == singular(part):
        return True
    if word in _MONTHS and part == word[:3] and not bare:
        return True
    if part.isdigit() or word.isdigit():
        return False
    if same_word(word, part):
        return True
    if bare and (word in _STATISTICAL or _CALCULATING.match(word)):
        return False
    # A name of several words often cuts them short: max_wind_lvl, avg_temp.
    if not bare and len(part) == 1:
        return word.startswith(part) and len(word) > _LEAST and word not in _BETWEEN
    least = 4 if bare else _LEAST
    return len(part) >= least and word.startswith(part) and len(word) > len(part) + 1


def told_by(word: str, columns: Sequence[NamedColumn]) -> str | None:
    """Return the only column in whose name a telling word stands, also cut short."""
    if len(word) <= _LEAST or word in _STATISTICAL or word in _EVERYDAY or word in _SAID_OFTEN:
        return None
    found = [
        column.name
        for column in columns
        if any(
            _stands(word, part, bare=True)
            or (len(word) > 4 and singular(part).startswith(singular(word)))
            for part in column.words
            if len(part) > _LEAST
        )
    ]
    return found[0] if len(found) == 1 else None


_SAID_OFTEN = listed("said_often")
