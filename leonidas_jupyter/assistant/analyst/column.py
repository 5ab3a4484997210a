"""A column by the words in its name, and how well other words fit it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from leonidas_jupyter.assistant.analyst.vocabulary import EXACT, LOOSE, NEAR, vocabulary
from leonidas_jupyter.assistant.analyst.words import pieces, singular
from leonidas_jupyter.data.profile import ColumnProfile


@lru_cache(maxsize=8192)
def same_word(asked: str, named: str) -> bool:
    """Return whether a word of the question stands for a word of a column's name."""
    first, second = singular(asked), singular(named)
    if first == second:
        return True
    synonyms = vocabulary().synonyms
    if synonyms.get(first, frozenset()) & synonyms.get(second, frozenset()):
        return True
    # A name often holds a word cut short: life_expect, precip, accel.
    return len(named) >= 5 and asked.startswith(named) and len(asked) - len(named) <= 7


@dataclass(frozen=True)
class NamedColumn:
    """A column with the words of its name; ``core`` leaves out the unit at the end."""

    profile: ColumnProfile
    words: tuple[str, ...]
    core: tuple[str, ...]
    unit: str | None

    @property
    def name(self) -> str:
        """The column's name in the frame."""
        return self.profile.name

    @property
    def numeric(self) -> bool:
        """Whether its values can be averaged."""
        return self.profile.type in ("integer", "number")

    @property
    def temporal(self) -> bool:
        """Whether its values are dates, with or without a time."""
        return self.profile.type in ("date", "datetime")

    @property
    def flag(self) -> bool:
        """Whether it says yes or no: a boolean, or whole numbers that are only 0 and 1."""
        if self.profile.type == "boolean":
            return True
        return self.profile.type == "integer" and self.profile.min == 0 and self.profile.max == 1

    @property
    def key(self) -> bool:
        """Whether each value names one row; numbers do so only as identifiers."""
        named = not self.numeric or "id" in self.words
        return self.profile.candidate_key and named

    def _stands_for(self, asked: str) -> bool:
        """Return whether a word is the name's initials ("mpg").

        Or what a date is of ("released").
        """
        if len(self.words) > 2 and asked == "".join(word[0] for word in self.words):
            return True
        dated = self.temporal and len(self.core) == 2 and self.core[1] in _WHEN
        return dated and asked in (self.core[0], self.core[0] + "d", self.core[0] + "ed")

    def fits(self, asked: Sequence[str]) -> int:
        """Return how well the words ``asked`` fit this name: 0, LOOSE, NEAR or EXACT."""
        if "".join(asked) == "".join(self.words):
            return EXACT
        if not self.core or not asked or len(asked) > len(self.words) + 1:
            return 0
        if len(set(asked)) < len(asked):
            return 0
        if len(asked) == 1 and self._stands_for(asked[0]):
            return NEAR
        if not all(any(same_word(word, named) for named in self.words) for word in asked):
            return 0
        if all(any(same_word(word, named) for word in asked) for named in self.core):
            return NEAR
        named = any(same_word(word, self.head) for word in asked)
        return LOOSE if named and len(self.head) > 2 else 0

    @property
    def head(self) -> str:
        """The word that says what it is: ``mass`` of ``body_mass_g``, ``temp`` of ``temp_max``."""
        before = next((at for at, word in enumerate(self.core) if at and word in _RATIO), None)
        telling = [word for word in self.core[:before] if word not in _STATISTICS]
        return (telling or list(self.core))[-1]


def named(profile: ColumnProfile) -> NamedColumn:
    """Return a column with its name taken apart."""
    words = pieces(profile.name)
    outside = pieces(_BRACKETS.sub(" ", profile.name))
    unit = words[-1] if len(words) > 1 and words[-1] in vocabulary().units else None
    # "temp_min" is a minimum, "running_time_min" is in minutes.
    if unit == "min" and not _LASTING & set(words):
        unit = None
    core = list(outside if outside and outside != words else words[:-1] if unit else words)
    while len(core) > 1 and core[-1] in _CONNECTIVES:
        core.pop()
    return NamedColumn(profile, words, tuple(core), unit)


_CONNECTIVES = frozenset({"in", "of", "per", "by", "at", "the"})


_RATIO = frozenset({"per", "by", "in", "at"})
_STATISTICS = frozenset({"max", "min", "mean", "avg", "average", "std", "median"})


_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_LASTING = frozenset({"time", "duration", "length", "runtime", "wait", "delay"})


_WHEN = frozenset({"date", "time", "year", "day", "on", "at"})
