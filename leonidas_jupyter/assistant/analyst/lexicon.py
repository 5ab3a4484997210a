"""What words may mean: the vocabulary for every frame, and one frame's own columns and values."""

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any

from leonidas_jupyter.assistant.analyst.words import fold, pieces, singular, tokenize
from leonidas_jupyter.data.frames import Frame
from leonidas_jupyter.data.profile import ColumnProfile

EXACT, NEAR, LOOSE = 3, 2, 1
"""How well a phrase fits a name: the whole name; the name but for units, plural or synonyms; its head word only."""


@dataclass(frozen=True)
class Meaning:
    """One thing that a phrase may mean: its kind (a letter, see vocabulary.toml), its value, and how well it fits."""

    kind: str
    value: Any = None
    fit: int = EXACT


@dataclass(frozen=True)
class Adjective:
    """An adjective that measures: the words of the columns it looks at, and whether "most" is the largest."""

    measures: tuple[str, ...]
    descending: bool


@dataclass(frozen=True)
class ValueRef:
    """A cell's value that the question mentions, with every spelling of it in the column."""

    column: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Vocabulary:
    """The editable words, indexed."""

    phrases: dict[str, tuple[Meaning, ...]]
    synonyms: dict[str, frozenset[int]]
    value_synonyms: dict[str, frozenset[int]]
    units: frozenset[str]
    numbers: dict[str, float]
    scales: dict[str, float]
    words: frozenset[str]


def phrase_key(phrase: str) -> str:
    """Return the form under which a phrase is looked up."""
    return " ".join(token.low for token in tokenize(phrase)) or phrase


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """Return the words of vocabulary.toml, read once."""
    text = files(__package__).joinpath("vocabulary.toml").read_text(encoding="utf-8")
    raw = tomllib.loads(text)
    phrases: dict[str, list[Meaning]] = {}
    for kind, table in raw["phrases"].items():
        for value, listed in table.items():
            for phrase in listed:
                phrases.setdefault(phrase_key(phrase), []).append(Meaning(kind, value))
    for row in raw["adjectives"]:
        adjective = Adjective(tuple(row["measures"]), row["descending"])
        for phrase in row["most"]:
            phrases.setdefault(phrase_key(phrase), []).append(Meaning("S", adjective))
        for phrase in row["more"]:
            phrases.setdefault(phrase_key(phrase), []).append(Meaning("Y", adjective))
    numbers = {word: float(number) for number, word in enumerate(raw["numbers"]["words"])}
    scales = {word: float(scale) for word, scale in raw["numbers"]["scales"].items()}
    telling = [phrase for phrase, found in phrases.items() if any(one.kind not in "-?" for one in found)]
    words = {word for phrase in telling for word in phrase.split()} | set(numbers) | set(scales)
    return Vocabulary(
        phrases={phrase: tuple(dict.fromkeys(found)) for phrase, found in phrases.items()},
        synonyms=_groups(raw["synonyms"]["groups"]),
        value_synonyms=_groups(raw["values"]["groups"]),
        units=frozenset(raw["units"]["suffixes"]),
        numbers=numbers,
        scales=scales,
        words=frozenset(words),
    )


def _groups(groups: list[list[str]]) -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for index, group in enumerate(groups):
        for word in group:
            found.setdefault(singular(word), set()).add(index)
            found.setdefault(word, set()).add(index)
    return {word: frozenset(indices) for word, indices in found.items()}


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
    return len(named) >= 5 and asked.startswith(named) and len(asked) - len(named) <= 6


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
        """Return whether a word is the name's initials ("mpg"), or what a date is of ("released")."""
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
        telling = [word for word in self.core if word not in _STATISTICS]
        return (telling or list(self.core))[-1]


def _named(profile: ColumnProfile) -> NamedColumn:
    words = pieces(profile.name)
    unit = words[-1] if len(words) > 1 and words[-1] in vocabulary().units else None
    # "temp_min" is a minimum, "running_time_min" is in minutes.
    if unit == "min" and not _LASTING & set(words):
        unit = None
    core = list(words[:-1] if unit else words)
    while len(core) > 1 and core[-1] in _CONNECTIVES:
        core.pop()
    return NamedColumn(profile, words, tuple(core), unit)


_MAX_VALUE_WORDS = 6
_CONNECTIVES = frozenset({"in", "of", "per", "by", "at", "the"})
_STATISTICS = frozenset({"max", "min", "mean", "avg", "average", "std", "median"})
_LASTING = frozenset({"time", "duration", "length", "runtime", "wait", "delay"})
_WHEN = frozenset({"date", "time", "year", "day", "on", "at"})


@dataclass(frozen=True)
class FrameLexicon:
    """One frame's names: its columns, and the values of its text columns by the words in them."""

    frame: Frame
    columns: tuple[NamedColumn, ...]
    values: dict[str, tuple[ValueRef, ...]]
    frame_words: tuple[str, ...]
    by_name: dict[str, NamedColumn] = field(default_factory=dict)

    def column(self, name: str) -> NamedColumn:
        """Return the column called ``name``."""
        return self.by_name[name]

    def fitting(self, asked: Sequence[str]) -> list[tuple[NamedColumn, int]]:
        """Return the columns that ``asked`` fits best; several where it fits them equally."""
        fits = [(column, column.fits(asked)) for column in self.columns]
        best = max((fit for _, fit in fits), default=0)
        if not best:
            return []
        return [(column, fit) for column, fit in fits if fit == best]

    def measured_by(self, hints: Sequence[str], beside: Sequence[str] = ()) -> list[NamedColumn]:
        """Return the numeric or date columns that an adjective looks at: "heaviest" → ``body_mass_g``."""
        found = []
        for column in self.columns:
            if not (column.numeric or column.temporal) or not column.core:
                continue
            heads = (column.head,) if not beside else column.core
            hinted = any(same_word(hint, head) for hint in hints for head in heads)
            if hinted and all(
                any(same_word(word, named) for named in column.core) for word in beside
            ):
                found.append(column)
        return found

    def mentions(self, asked: Sequence[str]) -> tuple[ValueRef, ...]:
        """Return the values that the words ``asked`` spell, also in the plural or by a synonym."""
        direct = self.values.get("".join(asked))
        if direct:
            return direct
        single = "".join([*asked[:-1], singular(asked[-1])]) if asked else ""
        if single in self.values:
            return self.values[single]
        return self._by_synonym(" ".join(asked))

    def _by_synonym(self, asked: str) -> tuple[ValueRef, ...]:
        known = vocabulary().value_synonyms
        groups = known.get(asked, frozenset())
        if not groups:
            return ()
        found: dict[str, list[str]] = {}
        for spelled, refs in self.values.items():
            for ref in refs:
                if known.get(" ".join(pieces(ref.values[0])), frozenset()) & groups or (
                    known.get(spelled, frozenset()) & groups
                ):
                    found.setdefault(ref.column, []).extend(ref.values)
        return tuple(
            ValueRef(column, tuple(dict.fromkeys(values))) for column, values in found.items()
        )


def _value_index(profiles: Sequence[ColumnProfile]) -> dict[str, tuple[ValueRef, ...]]:
    found: dict[str, dict[str, list[str]]] = {}
    for profile in profiles:
        if profile.type != "text":
            continue
        listed = profile.categories
        if listed is None:
            listed = [top.value for top in profile.top if isinstance(top.value, str)]
        for value in listed:
            words = pieces(value)
            if 0 < len(words) <= _MAX_VALUE_WORDS:
                found.setdefault("".join(words), {}).setdefault(profile.name, []).append(value)
    return {
        spelled: tuple(ValueRef(column, tuple(values)) for column, values in by_column.items())
        for spelled, by_column in found.items()
    }


def read_frame(frame: Frame) -> FrameLexicon:
    """Return the lexicon of one frame, made from its profile alone."""
    columns = tuple(_named(profile) for profile in frame.profile.columns)
    return FrameLexicon(
        frame=frame,
        columns=columns,
        values=_value_index(frame.profile.columns),
        frame_words=pieces(frame.name),
        by_name={column.name: column for column in columns},
    )


def spelled(values: Sequence[str]) -> str:
    """Return values as people read them in a sentence."""
    return ", ".join(
        json.dumps(value, ensure_ascii=False) if not fold(value) else value for value in values
    )
