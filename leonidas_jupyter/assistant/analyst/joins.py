"""Two frames read as one, where exactly one column of the second names its rows in the first."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

from leonidas_jupyter.assistant.analyst.column import NamedColumn, same_word
from leonidas_jupyter.assistant.analyst.compiler import fill, quote
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon, ValueRef
from leonidas_jupyter.assistant.analyst.plan import PlannedCall
from leonidas_jupyter.assistant.analyst.view import View
from leonidas_jupyter.data.profile import ColumnProfile

_MOST_FRAMES = 12
_KEYS = frozenset({"text", "integer", "date"})
_CODES = frozenset({"id", "code", "key", "number", "no", "nr", "iata", "iso", "zip"})
_MATCHED = (
    "SELECT count(*) AS rows, count(*) FILTER (WHERE {key} IN (SELECT {other} FROM {second})) "
    "AS matched FROM {first}"
)


def joined(lexicons: Sequence[FrameLexicon]) -> list[FrameLexicon]:
    """Return every pair of frames that can be read as one, the many rows' frame first."""
    if len(lexicons) > _MOST_FRAMES:
        return []
    found: list[FrameLexicon] = []
    for first, second in permutations(lexicons, 2):
        both = {first.frame.name, second.frame.name}
        if any(each.frames == both for each in found):
            continue
        keys = _keys(first, second)
        if len(keys) == 1:
            found.append(_pair(first, second, *keys[0]))
    return found


def _keys(first: FrameLexicon, second: FrameLexicon) -> list[tuple[NamedColumn, NamedColumn]]:
    return [
        (own, other)
        for own in first.columns
        for other in second.columns
        if _names_rows(other) and _same_thing(own, other)
    ]


def _names_rows(column: NamedColumn) -> bool:
    """Return whether each of its values stands for one row: not so by chance, as amounts do."""
    if not column.profile.candidate_key or column.profile.nulls:
        return False
    return not column.numeric or bool(_CODES & set(column.words))


def _same_thing(own: NamedColumn, other: NamedColumn) -> bool:
    if own.profile.type != other.profile.type or own.profile.type not in _KEYS:
        return False
    alike = len(own.words) == len(other.words) and all(map(same_word, own.words, other.words))
    return alike and _overlap(own, other)


def _overlap(own: NamedColumn, other: NamedColumn) -> bool:
    """Return whether the two may hold the same values, as far as their profiles list them."""
    first, second = own.profile.categories, other.profile.categories
    if first is None or second is None:
        return True
    return bool(set(first) & set(second))


def _pair(
    first: FrameLexicon, second: FrameLexicon, own: NamedColumn, other: NamedColumn
) -> FrameLexicon:
    """Return the two frames as one; columns of one name in both are left out, but for the key."""
    left = [column for column in first.columns if not _clashes(column, second, own)]
    right = [
        column
        for column in second.columns
        if column is not other and not _clashes(column, first, other)
    ]
    name = f"{first.frame.name}_joined_{second.frame.name}"
    listed = ", ".join(
        [f"a.{quote(column.name)}" for column in left]
        + [f"b.{quote(column.name)}" for column in right]
    )
    body = fill(
        "SELECT {listed}\nFROM {first} AS a JOIN {second} AS b ON a.{own} = b.{other}",
        listed=listed,
        first=quote(first.frame.name),
        second=quote(second.frame.name),
        own=quote(own.name),
        other=quote(other.name),
    )
    lost = [replace(column, profile=_repeated(column)) for column in right]
    columns = tuple([*left, *lost])
    view = View(
        name,
        body,
        (_said(first, second, own, other),),
        (frozenset(column.name for column in left if column is not own),
         frozenset(column.name for column in right)),
        (_matched(first, second, own, other),),
    )  # fmt: skip
    values = _merged(first, second, {column.name for column in columns})
    return FrameLexicon(
        frame=first.frame.model_copy(update={"name": name}),
        columns=columns,
        values=values,
        frame_words=(),
        by_name={column.name: column for column in columns},
        view=view,
        frames=frozenset({first.frame.name, second.frame.name}),
    )


def _clashes(column: NamedColumn, others: FrameLexicon, key: NamedColumn) -> bool:
    """Return whether the other frame has a column that the same words may mean."""
    if column is key:
        return False
    return any(each.core == column.core or each.name == column.name for each in others.columns)


def _repeated(column: NamedColumn) -> ColumnProfile:
    """Return the profile of a column whose rows may now stand for several."""
    return column.profile.model_copy(update={"candidate_key": False})


def _merged(
    first: FrameLexicon, second: FrameLexicon, kept: set[str]
) -> dict[str, tuple[ValueRef, ...]]:
    """Return the values of both frames, without those of columns that are left out."""
    found: dict[str, tuple[ValueRef, ...]] = {}
    for lexicon in (first, second):
        for spelled, refs in lexicon.values.items():
            before = {ref.column for ref in found.get(spelled, ())}
            own = [ref for ref in refs if ref.column in kept and ref.column not in before]
            if own:
                found[spelled] = (*found.get(spelled, ()), *own)
    return found


def _said(first: FrameLexicon, second: FrameLexicon, own: NamedColumn, other: NamedColumn) -> str:
    one, two = first.frame.name, second.frame.name
    return (
        f"I joined {one} with {two} on `{own.name}` = `{other.name}`; rows of {one} without a "
        f"partner in {two} are left out."
    )


def _matched(
    first: FrameLexicon, second: FrameLexicon, own: NamedColumn, other: NamedColumn
) -> PlannedCall:
    sql = fill(
        _MATCHED,
        key=quote(own.name),
        other=quote(other.name),
        first=quote(first.frame.name),
        second=quote(second.frame.name),
    )
    return PlannedCall("query", {"sql": sql})


def spans_both(lexicon: FrameLexicon, calls: Sequence[PlannedCall]) -> bool:
    """Return whether the calls look at columns of both frames, so that the join is needed."""
    if lexicon.view is None or lexicon.view.sides is None:
        return True
    text = "\n".join(
        str(call.arguments.get("sql", "")).partition(lexicon.view.body)[2] for call in calls
    )
    return all(any(quote(name) in text for name in side) for side in lexicon.view.sides)
