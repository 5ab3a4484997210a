"""The working table's columns while a recipe is compiled: what each holds, and how pandas does."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from leonidas_jupyter.data.profile import ColumnProfile, ColumnType, FrameProfile
from leonidas_jupyter.data.recipes.errors import RecipeRefused

EXACT_FLOAT = 2**53
"""Every whole number up to here is exact as a float."""

SHOWN_NAMES = 12

HOLDS = {
    "integer": "whole numbers",
    "number": "numbers",
    "boolean": "true and false",
    "date": "dates",
    "datetime": "moments",
    "time": "times of day",
    "text": "text",
    "unknown": "values of its own kind",
}


@dataclass(frozen=True)
class Kind:
    """What a column or a value holds.

    Attributes:
        type: as profiles say it; ``unknown`` where only the data can tell.
        nullable: it is of one of pandas' nullable types, whose comparisons can be missing.
        category: it is of pandas' categorical type, in the order of its classes.
        peak: no whole number of it is further from zero, where that is known.
    """

    type: ColumnType | Literal["unknown"]
    nullable: bool = False
    category: bool = False
    peak: float | None = None

    @property
    def numeric(self) -> bool:
        """Whether it can be reckoned with; what is not known may be."""
        return self.type in ("integer", "number", "boolean", "unknown")

    @property
    def temporal(self) -> bool:
        """Whether it holds dates or moments."""
        return self.type in ("date", "datetime")

    @property
    def holds(self) -> str:
        """What it holds, in words."""
        return HOLDS[self.type]


INTEGER, NUMBER, BOOLEAN = Kind("integer"), Kind("number"), Kind("boolean")
TEXT, DATE, MOMENT, UNKNOWN = Kind("text"), Kind("date"), Kind("datetime"), Kind("unknown")


@dataclass(frozen=True)
class Schema:
    """The columns of the working table.

    Attributes:
        kinds: those that are known.
        open_prefixes: beginnings of further names that the data make (one-hot columns);
            an empty text is the beginning of any name.
    """

    kinds: Mapping[str, Kind]
    open_prefixes: tuple[str, ...] = field(default=())

    def kind(self, name: str) -> Kind:
        """What the column holds.

        Raises:
            RecipeRefused: there is none of this name.
        """
        if name in self.kinds:
            return self.kinds[name]
        if any(name.startswith(prefix) for prefix in self.open_prefixes):
            return UNKNOWN
        raise RecipeRefused(_no_column(name, list(self.kinds)))

    def having(self, columns: Mapping[str, Kind]) -> "Schema":
        """The same with these columns, new or changed."""
        return replace(self, kinds={**self.kinds, **columns})

    def only(self, names: Iterable[str]) -> "Schema":
        """These columns alone."""
        return Schema({name: self.kind(name) for name in names})

    def without(self, names: Iterable[str]) -> "Schema":
        """All but these columns."""
        gone = set(names)
        return replace(self, kinds={n: kind for n, kind in self.kinds.items() if n not in gone})

    def numbers(self, name: str, what: str) -> Kind:
        """What a column of numbers holds.

        Raises:
            RecipeRefused: it holds no numbers; ``what`` is what was wanted of them.
        """
        kind = self.kind(name)
        if not kind.numeric:
            cure = ": convert it to a number first" if kind.type == "text" else ""
            raise RecipeRefused(
                f"The column {name!r} holds {kind.holds}, so it has no {what}{cure}."
            )
        return kind


def _no_column(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    if near:
        return f"There is no column {name!r} here; did you mean {' or '.join(map(repr, near))}?"
    shown = ", ".join(known[:SHOWN_NAMES]) + (" …" if len(known) > SHOWN_NAMES else "")
    return f"There is no column {name!r} here; there are: {shown}."


def schema_of(profile: FrameProfile) -> tuple[Schema, list[str]]:
    """A frame's columns as the kernel loads them, and those that become floats first.

    Whole numbers with missing values come as ``Int64``; as floats they behave like all other
    numbers, and as long as they are exact as floats nothing is lost.
    """
    kinds, floats = {}, []
    for column in profile.columns:
        kind = Kind(column.type, peak=_peak(column))
        if column.nulls and column.type == "integer" and _exact(kind):
            floats.append(column.name)
        elif column.nulls and column.type in ("integer", "boolean"):
            kind = replace(kind, nullable=True)
        kinds[column.name] = kind
    return Schema(kinds), floats


def _exact(kind: Kind) -> bool:
    return kind.peak is not None and kind.peak <= EXACT_FLOAT


def _peak(column: ColumnProfile) -> float | None:
    if column.type != "integer" or isinstance(column.min, str) or isinstance(column.max, str):
        return None
    if column.min is None or column.max is None:
        return 0.0 if column.distinct == 0 else None
    return float(max(abs(column.min), abs(column.max)))
