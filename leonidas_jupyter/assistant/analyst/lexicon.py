"""What words may mean: the vocabulary for every frame, and one frame's own columns and values."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from leonidas_jupyter.assistant.analyst.column import NamedColumn, named, same_word
from leonidas_jupyter.assistant.analyst.view import View
from leonidas_jupyter.assistant.analyst.vocabulary import LOOSE, vocabulary
from leonidas_jupyter.assistant.analyst.words import fold, pieces, singular
from leonidas_jupyter.data.frames import Frame
from leonidas_jupyter.data.profile import ColumnProfile


@dataclass(frozen=True)
class ValueRef:
    """A cell's value that the question mentions, with every spelling of it in the column."""

    column: str
    values: tuple[str, ...]


_MAX_VALUE_WORDS = 6
_CODE = 2
_SPOKEN = frozenset({"us", "uk", "jp"})
_PLACES = frozenset({"state", "province", "country", "nation", "origin", "region", "location"})
TALLIES = frozenset({"count", "counts", "n", "freq", "frequency", "frequencies", "tally"})
"""What a column of counts is called."""
PEOPLE = frozenset(
    {
        "people",
        "person",
        "persons",
        "individual",
        "individuals",
        "respondent",
        "respondents",
        "participant",
        "participants",
        "subjects",
    }
)
"""Words for whoever a row is about, which say nothing more of them."""

_TIMES = frozenset(
    {"year", "month", "week", "day", "date", "time", "period", "visit", "wave", "timestamp"}
)
_NAMES = frozenset({"name", "id", "identifier", "identification", "code", "number", "title"})
_CODES = frozenset(("id", "subject", "person", "individual", "respondent", "participant"))


@dataclass(frozen=True)
class FrameLexicon:
    """One frame's names: its columns, and the values of its text columns by the words in them."""

    frame: Frame
    columns: tuple[NamedColumn, ...]
    values: dict[str, tuple[ValueRef, ...]]
    frame_words: tuple[str, ...]
    by_name: dict[str, NamedColumn] = field(default_factory=dict)
    view: View | None = None
    frames: frozenset[str] = frozenset()

    @property
    def called(self) -> frozenset[str]:
        """The names by which questions speak of its rows: the frame's, or those of two joined."""
        return self.frames or frozenset({self.frame.name})

    def column(self, name: str) -> NamedColumn:
        """Return the column called ``name``."""
        return self.by_name[name]

    @property
    def tally(self) -> NamedColumn | None:
        """The one column of counts, where a row stands for many: "count", "n", "frequency"."""
        found = [
            column
            for column in self.columns
            if column.numeric and len(column.core) == 1 and column.core[0] in TALLIES
        ]
        return found[0] if len(found) == 1 else None

    @property
    def of_people(self) -> bool:
        """Whether each row is one person: it has an age or a sex, and no time, code or tally."""
        cores = [column.core for column in self.columns]
        personal = any(core[-1:] in (("age",), ("sex",), ("gender",)) for core in cores)
        repeated = any(
            (len(core) == 1 and core[0] in _TIMES) or (_CODES & set(core) and not column.key)
            for core, column in zip(cores, self.columns, strict=True)
        )
        return personal and not repeated and self.tally is None

    def fitting(self, asked: Sequence[str]) -> list[tuple[NamedColumn, int]]:
        """Return the columns that ``asked`` fits best; several where it fits them equally."""
        fits = [(column, column.fits(asked)) for column in self.columns]
        best = max((fit for _, fit in fits), default=0)
        if best <= LOOSE and len(asked) == 1 and (naming := self._naming(asked[0])):
            return [(naming, LOOSE)]
        if not best:
            return []
        return [(column, fit) for column, fit in fits if fit == best]

    def _naming(self, word: str) -> NamedColumn | None:
        """Return the column that names what ``word`` is: "candidates" → ``Candidate_Name``."""
        found = [
            column
            for column in self.columns
            if len(column.core) == 2
            and column.core[1] in _NAMES
            and same_word(word, column.core[0])
            and (column.key or not column.numeric)
        ]
        keys = [column for column in found if column.key]
        if len(keys) == 1 and all(column.key or column.core[1] == "name" for column in found):
            return keys[0]
        return found[0] if len(found) == 1 else None

    def measured_by(self, hints: Sequence[str], beside: Sequence[str] = ()) -> list[NamedColumn]:
        """Return the numeric or date columns that an adjective looks at.

        "heaviest" → ``body_mass_g``.
        """
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
        plain = "".join(asked).removesuffix("s")
        if plain in self.values:
            return self.values[plain]
        return self._by_synonym(" ".join(asked)) or (
            self._by_synonym(" ".join([*asked[:-1], singular(asked[-1])])) if asked else ()
        )

    def codes(self, asked: str) -> tuple[ValueRef, ...]:
        """Return the two-letter codes that ``asked`` is the long form of: "Washington" is WA."""
        found = self._by_synonym(fold(asked))
        return tuple(ref for ref in found if all(len(value) == _CODE for value in ref.values))

    def _of_places(self, ref: ValueRef) -> bool:
        """Return whether a two-letter value may be a place: the column must say that it is one.

        "AK" is Alaska as a state, but an airline or a network elsewhere.
        """
        short = any(len(value) == _CODE for value in ref.values)
        return not short or bool(_PLACES & set(self.by_name[ref.column].words))

    def _by_synonym(self, asked: str) -> tuple[ValueRef, ...]:
        known = vocabulary().value_synonyms
        groups = known.get(asked, frozenset())
        if not groups or (len(asked) == _CODE and asked not in _SPOKEN):
            return ()
        found: dict[str, list[str]] = {}
        for spelled, refs in self.values.items():
            for ref in refs:
                if not self._of_places(ref):
                    continue
                if known.get(" ".join(pieces(ref.values[0])), frozenset()) & groups or (
                    known.get(spelled, frozenset()) & groups
                ):
                    found.setdefault(ref.column, []).extend(ref.values)
        return tuple(
            ValueRef(column, tuple(dict.fromkeys(values))) for column, values in found.items()
        )


def at_its_end(columns: Sequence[NamedColumn], descending: bool) -> list[NamedColumn]:
    """Return the maximum for "hottest" and the minimum for "coldest", where a table has both."""
    low, high = {"min", "minimum"}, {"max", "maximum"}
    own, other = (high, low) if descending else (low, high)
    if len(columns) == 2 and columns[0].head == columns[1].head:
        telling = [column for column in columns if own & set(column.words)]
        rest = [column for column in columns if other & set(column.words)]
        if len(telling) == len(rest) == 1:
            return telling
    return list(columns)


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
    columns = tuple(named(profile) for profile in frame.profile.columns)
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
