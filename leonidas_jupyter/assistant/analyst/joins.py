"""Two frames read as one, where the second's rows are named by one column of the first, or by two.

By two where no one column does: a state and a year.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from math import prod

from leonidas_jupyter.assistant.analyst.column import NamedColumn, same_word
from leonidas_jupyter.assistant.analyst.compiler import fill, quote
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon, ValueRef
from leonidas_jupyter.assistant.analyst.plan import PlannedCall
from leonidas_jupyter.assistant.analyst.view import View
from leonidas_jupyter.data.joins import likely_joins
from leonidas_jupyter.data.profile import ColumnProfile

_MOST_FRAMES = 12
_KEYS = frozenset({"text", "integer", "date"})
_CODES = frozenset({"id", "code", "key", "number", "no", "nr", "iata", "iso", "zip"})
_TIMES = frozenset({"year", "yr", "month", "quarter", "week", "day", "date", "period"})
_BY_SEVERAL = 2
_MEASURED = 0.5
_MATCHED = (
    "SELECT count(*) AS rows, count(*) FILTER (WHERE EXISTS (SELECT 1 FROM {second} AS b "
    "WHERE {on})) AS matched, (SELECT count(*) FROM (SELECT {others} FROM {second} AS b "
    "GROUP BY {others} HAVING count(*) > 1)) AS repeated FROM {first} AS a"
)

Keys = tuple[tuple[NamedColumn, NamedColumn], ...]
"""The columns of the first frame and those of the second that they must equal."""


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
        if not keys:
            keys = _several_keys(first, second) or _keys_by_value(first, second)
        elif len(keys) > 1:
            continue
        if keys:
            found.append(_pair(first, second, tuple(keys)))
    return found


def _keys(first: FrameLexicon, second: FrameLexicon) -> list[tuple[NamedColumn, NamedColumn]]:
    return [
        (own, other)
        for own in first.columns
        for other in second.columns
        if _names_rows(other) and _same_thing(own, other)
    ]


def _keys_by_value(
    first: FrameLexicon, second: FrameLexicon
) -> list[tuple[NamedColumn, NamedColumn]]:
    """Return columns of other names whose values are those of a key, as ``country`` and ``iso``."""
    found = [
        (first.by_name.get(join.column), second.by_name.get(join.other_column))
        for join in likely_joins(first.frame, [second.frame])
        if join.unique_there and (join.share or 0.0) >= _MEASURED
    ]
    keys = [(own, other) for own, other in found if own is not None and other is not None]
    return keys if len(keys) == 1 else []


def _several_keys(
    first: FrameLexicon, second: FrameLexicon
) -> list[tuple[NamedColumn, NamedColumn]]:
    """Return the columns that together may name the rows of ``second``, as a state and a year do.

    Whether they do is counted with the answer: a profile does not say.
    """
    found = [
        (own, other)
        for own in first.columns
        for other in second.columns
        if _tells(own) and _tells(other) and _same_thing(own, other)
    ]
    combinations = prod(other.profile.distinct for _, other in found)
    rows = second.frame.profile.rows
    timed = any(_TIMES & set(own.words) for own, _ in found)
    whole = len(found) == _BY_SEVERAL and timed and combinations >= rows
    return found if whole and not any(other.profile.nulls for _, other in found) else []


def _tells(column: NamedColumn) -> bool:
    """Return whether a column may be part of a key: a text, a date, a code or a time."""
    return not column.numeric or bool((_CODES | _TIMES) & set(column.words))


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


def _pair(first: FrameLexicon, second: FrameLexicon, keys: Keys) -> FrameLexicon:
    """Return the two frames as one; columns of one name in both are left out, but for the keys."""
    owns, others = [own for own, _ in keys], [other for _, other in keys]
    left = [column for column in first.columns if not _clashes(column, second, owns)]
    right = [
        column
        for column in second.columns
        if column not in others and not _clashes(column, first, others)
    ]
    name = f"{first.frame.name}_joined_{second.frame.name}"
    listed = ", ".join(
        [f"a.{quote(column.name)}" for column in left]
        + [f"b.{quote(column.name)}" for column in right]
    )
    body = fill(
        "SELECT {listed}\nFROM {first} AS a JOIN {second} AS b ON {on}",
        listed=listed,
        first=quote(first.frame.name),
        second=quote(second.frame.name),
        on=_on(keys),
    )
    lost = [replace(column, profile=_repeated(column)) for column in right]
    columns = tuple([*left, *lost])
    view = View(
        name,
        body,
        (_said(first, second, keys),),
        (frozenset(column.name for column in left if column not in owns),
         frozenset(column.name for column in right)),
        (_matched(first, second, keys),),
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


def _on(keys: Keys) -> str:
    return " AND ".join(f"a.{quote(own.name)} = b.{quote(other.name)}" for own, other in keys)


def _clashes(column: NamedColumn, others: FrameLexicon, keys: Sequence[NamedColumn]) -> bool:
    """Return whether the other frame has a column that the same words may mean."""
    if column in keys:
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


def _said(first: FrameLexicon, second: FrameLexicon, keys: Keys) -> str:
    one, two = first.frame.name, second.frame.name
    on = " and ".join(f"`{own.name}` = `{other.name}`" for own, other in keys)
    return (
        f"I joined {one} with {two} on {on}; rows of {one} without a partner in {two} are left out."
    )


def _matched(first: FrameLexicon, second: FrameLexicon, keys: Keys) -> PlannedCall:
    sql = fill(
        _MATCHED,
        on=_on(keys),
        others=", ".join(f"b.{quote(other.name)}" for _, other in keys),
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
