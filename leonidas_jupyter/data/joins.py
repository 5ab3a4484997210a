"""Columns by which two frames are likely to join: alike in name, type and values."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from leonidas_jupyter.data.frames import Frame
from leonidas_jupyter.data.keynames import KEY_WORDS, TIME_WORDS, names_things, words
from leonidas_jupyter.data.profile import ColumnProfile
from leonidas_jupyter.data.sketches import HASHES, KeySketch

MOST_FRAMES = 200
"""Other frames that one is compared with at most."""

MOST_JOINS = 20
"""Joins of one frame that are told."""

ENOUGH = 16
"""Hashes that a share is estimated from at least."""

ALIKE_SHARE = 0.5
"""Columns of like names join when one has at least this share of the other's values."""

UNLIKE_SHARE = 0.9
"""The same of columns whose names say nothing."""

UNLIKE_VALUES = 8
"""Values that such columns have in common at least."""

SPARSE = 10
"""Whole numbers without a telling name count only where they fill at most one of so many."""

MOST_KNOWN = 20_000
"""Pairs of frames whose joins are remembered."""


class Join(BaseModel):
    """A column of this frame, and the column of another that holds values of the same domain.

    Attributes:
        column: of this frame.
        frame: the other one's name.
        other_column: of that one.
        share: how much of this column's distinct values the other column has, 0 to 1; null where
            that cannot be told from what is kept.
        other_share: how much of the other column's distinct values this one has.
        exact: the shares are counted, not estimated.
        unique_here: each value stands in one row of this frame.
        unique_there: the same of the other frame.
    """

    column: str
    frame: str
    other_column: str
    share: float | None
    other_share: float | None
    exact: bool
    unique_here: bool
    unique_there: bool


@dataclass(frozen=True)
class Overlap:
    """What two columns' sketches say: shares of each one's values that the other has, 0 to 1."""

    here: float | None
    there: float | None
    common: int
    exact: bool

    @property
    def best(self) -> float | None:
        """The greater share; None where neither can be told."""
        return max((s for s in (self.here, self.there) if s is not None), default=None)


@dataclass(frozen=True)
class Key:
    """A column that may be a key, as it is compared."""

    column: ColumnProfile
    sketch: KeySketch
    thing: tuple[str, ...]
    named: bool

    @property
    def unique(self) -> bool:
        """Whether each value stands in one row."""
        return self.column.candidate_key

    @property
    def sparse(self) -> bool:
        """Whether its values cannot be common by counting alone, as 1, 2, 3 are."""
        low, high = self.column.min, self.column.max
        if self.column.type != "integer" or not isinstance(low, int) or not isinstance(high, int):
            return self.column.type != "integer"
        return (high - low + 1) >= SPARSE * self.column.distinct


_KNOWN: dict[tuple[str | int, ...], tuple[Join, ...]] = {}


def likely_joins(frame: Frame, others: Sequence[Frame]) -> list[Join]:
    """The columns by which ``frame`` is likely to join with others, the likeliest first.

    Args:
        frame: whose columns they are.
        others: frames of the same project; itself among them is passed over.
    """
    found: list[Join] = []
    values: dict[int, Values] = {}
    for other in others[:MOST_FRAMES]:
        if other.file_id != frame.file_id:
            found += _between(frame, other, values)
    found.sort(key=lambda join: (-_weight(join), join.frame, join.column))
    return found[:MOST_JOINS]


def _weight(join: Join) -> float:
    share = max(join.share or 0.0, join.other_share or 0.0)
    return 2.0 * (join.unique_here or join.unique_there) + share


def _between(frame: Frame, other: Frame, values: dict[int, "Values"]) -> Sequence[Join]:
    """The joins of two frames; which they are is remembered for as long as both are the same."""
    pair = (*_state(frame), *_state(other))
    known = _KNOWN.get(pair)
    if known is None:
        if len(_KNOWN) >= MOST_KNOWN:
            _KNOWN.clear()
        known = _KNOWN[pair] = tuple(_best(_joins(frame, other, values)))
    return known


def _state(frame: Frame) -> tuple[str | int, ...]:
    """What a frame's joins follow from; an old profile has no sketches until it is read anew."""
    return (frame.name, frame.frame_hash, len(frame.keys))


def _best(joins: Iterator[Join]) -> Iterator[Join]:
    """The likeliest partner of each column."""
    taken: set[str] = set()
    for join in sorted(joins, key=_weight, reverse=True):
        if join.column not in taken:
            taken.add(join.column)
            yield join


def _joins(frame: Frame, other: Frame, values: dict[int, "Values"]) -> Iterator[Join]:
    theirs = keys_of(other)
    for own in keys_of(frame):
        for key in theirs:
            if own.column.type != key.column.type or not _may_join(own, key):
                continue
            overlap = measured(own.sketch, key.sketch, values)
            if overlap is None or not _likely(own, key, overlap):
                continue
            yield Join(
                column=own.column.name,
                frame=other.name,
                other_column=key.column.name,
                share=overlap.here,
                other_share=overlap.there,
                exact=overlap.exact,
                unique_here=own.unique,
                unique_there=key.unique,
            )


def keys_of(frame: Frame) -> list[Key]:
    """The columns of a frame that were sketched."""
    columns = {column.name: column for column in frame.profile.columns}
    found = []
    for sketch in frame.keys:
        if (column := columns.get(sketch.column)) is not None:
            said = words(column.name)
            thing = _thing(said, frame.name)
            found.append(Key(column, sketch, thing, names_things(column.name)))
    return found


def _thing(said: Sequence[str], frame: str) -> tuple[str, ...]:
    """What a column names: of ``customer_id`` the customer, of ``id`` what its frame is of."""
    thing = tuple(word for word in said if word not in KEY_WORDS)
    return thing or tuple(word for word in words(frame) if not word.isdigit())


def _alike(own: Key, key: Key) -> bool:
    """Whether the names mean the same thing; one may say more before it, as ``ship_region``."""
    short, long = sorted((own.thing, key.thing), key=len)
    return bool(short) and long[len(long) - len(short) :] == short


def _may_join(own: Key, key: Key) -> bool:
    """Whether it is worth comparing values."""
    if _alike(own, key):
        timed = not TIME_WORDS.isdisjoint(own.thing)
        if own.column.type == "integer" and not (own.named or key.named or timed):
            return False  # amounts
        # Without a unique side rows are paired many to many: only by what clearly is one domain.
        several = min(own.column.distinct, key.column.distinct) > 2
        return own.unique or key.unique or (own.thing == key.thing and several)
    return (own.unique or key.unique) and own.sparse and key.sparse


def _likely(own: Key, key: Key, overlap: Overlap) -> bool:
    untold = (overlap.here is None and key.unique) or (overlap.there is None and own.unique)
    if overlap.best is None or (untold and overlap.best < ALIKE_SHARE):
        # Too few hashes in common to tell: by the name alone, within the range of the keys.
        return own.thing == key.thing and _within(own.column, key.column)
    if _alike(own, key):
        return overlap.best >= ALIKE_SHARE
    # What is looked up in a key must be found there; the key may have more.
    shares = [
        share
        for share, unique in ((overlap.here, key.unique), (overlap.there, own.unique))
        if unique and share is not None
    ]
    return overlap.common >= UNLIKE_VALUES and max(shares, default=0.0) >= UNLIKE_SHARE


def _within(first: ColumnProfile, second: ColumnProfile) -> bool:
    """Whether the range of one column lies within the other's; texts have none."""
    bounds = (first.min, first.max, second.min, second.max)
    if any(isinstance(bound, bool) for bound in bounds):
        return False
    if all(isinstance(bound, int | float) for bound in bounds):
        low, high, other_low, other_high = (float(str(bound)) for bound in bounds)
        return (low >= other_low and high <= other_high) or (
            other_low >= low and other_high <= high
        )
    return all(bound is None for bound in bounds)


def measured(
    own: KeySketch, other: KeySketch, values: "dict[int, Values] | None" = None
) -> Overlap | None:
    """How far two columns hold the same values; None where their hashes do not compare.

    Args:
        own: of one column.
        other: of the other.
        values: where the hashes of sketches are kept between calls, by their ``id``.
    """
    if own.by != other.by:
        return None
    kept = {} if values is None else values
    here, there = _values(own, kept), _values(other, kept)
    end = min(_end(own, here), _end(other, there))
    # What is above the lower end stands in one of the two at most.
    common = len(here.known & there.known)
    exact = own.complete and other.complete
    return Overlap(
        _share(common, bisect_right(here.ordered, end), exact),
        _share(common, bisect_right(there.ordered, end), exact),
        common,
        exact,
    )


@dataclass(frozen=True)
class Values:
    """A sketch's hashes, ascending, and as a set."""

    ordered: tuple[int, ...]
    known: frozenset[int]


def _values(sketch: KeySketch, kept: dict[int, Values]) -> Values:
    if (found := kept.get(id(sketch))) is None:
        ordered = sketch.values()
        found = kept[id(sketch)] = Values(ordered, frozenset(ordered))
    return found


def _end(sketch: KeySketch, values: Values) -> int:
    if sketch.complete:
        return HASHES
    return values.ordered[-1] if values.ordered else -1


def _share(common: int, of: int, exact: bool) -> float | None:
    if of == 0 or (of < ENOUGH and not exact):
        return None
    return round(common / of, 4)
