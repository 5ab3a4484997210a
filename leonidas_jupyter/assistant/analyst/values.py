"""Actions of the filter rules on values, gaps, texts and yes/no columns."""

from collections.abc import Sequence

from leonidas_jupyter.assistant.analyst.conditions import (
    as_filter,
    column_of,
    is_negated,
)
from leonidas_jupyter.assistant.analyst.items import (
    PAIR,
    Action,
    Item,
    only,
    spans_of,
)
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon, ValueRef
from leonidas_jupyter.assistant.analyst.numbers import FLIPPED
from leonidas_jupyter.assistant.analyst.question import Ambiguous, Condition


def _ref(refs: Sequence[ValueRef], column: str) -> ValueRef | None:
    return next((ref for ref in refs if ref.column == column), None)


def value_of_column(items: Sequence[Item], _: FrameLexicon) -> list[Item] | None:
    """Read "island Biscoe", "Biscoe island"."""
    ref = _ref(only(items, "V")[0].value, only(items, "C")[0].value)
    kept = [item for item in items if item.kind in "!0"]
    if ref is None:
        return None
    rest = [item for item in items if item not in kept]
    return [*kept, Item("V", (ref,), spans_of(rest), " ".join(item.text for item in rest))]


def _shared(items: Sequence[Item]) -> list[ValueRef]:
    listed = [item.value for item in only(items, "V")]
    shared = []
    for ref in listed[0]:
        others = [_ref(refs, ref.column) for refs in listed]
        if all(other is not None for other in others):
            values = tuple(
                dict.fromkeys(value for other in others if other for value in other.values)
            )
            shared.append(ValueRef(ref.column, values))
    return shared


def value_list(items: Sequence[Item], _: FrameLexicon) -> list[Item] | None:
    """Read "Gentoo, Adelie or Chinstrap"."""
    shared = _shared(items)
    if not shared:
        return None
    joined = "|" if any(item.kind == "|" for item in items) else "&"
    return [Item("V", tuple(shared), spans_of(items), joined)]


def pair(items: Sequence[Item], _: FrameLexicon) -> list[Item] | None:
    """Read two values of one column as the two sides of a comparison."""
    first, second = (item.value for item in only(items, "V"))
    for ref in first:
        other = _ref(second, ref.column)
        if other is not None and other.values != ref.values:
            return [Item(PAIR, (ref, other), spans_of(items), "pair")]
    return None


def compared(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "Gentoo heavier than Adelie", "males have a higher mass than females" as a pair."""
    made = pair(only(items, "V"), lexicon)
    if made is None:
        return None
    first, second = (at for at, item in enumerate(items) if item.kind == "V")
    middle = [item for item in items[first + 1 : second] if item.kind in "21S>ACψ"]
    spans = spans_of(items) - spans_of(middle)
    return [Item(PAIR, made[0].value, spans, "pair"), *middle]


def value(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item]:
    """Read "Gentoo" of the one column that has it; "Washington" may be a city or a state."""
    found = only(items, "V")[0]
    refs: tuple[ValueRef, ...] = found.value
    own = {ref.column for ref in refs}
    refs = (*refs, *(ref for ref in lexicon.codes(found.text) if ref.column not in own))
    if len(refs) > 1:
        raise Ambiguous(found.text, [f"`{ref.column}` {ref.values[0]}" for ref in refs])
    ref = refs[0]
    return as_filter(Condition(ref.column, "in", ref.values, is_negated(items)), items)


def null(missing: bool) -> Action:
    """Read "where sex is missing", or the contrary."""

    def act(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
        return as_filter(Condition(column_of(items, lexicon).name, "null", (), not missing), items)

    return act


def without(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "no horsepower" as a missing value.

    Where the column may be zero, that could be meant as well.
    """
    column = column_of(items, lexicon)
    low, high = column.profile.min, column.profile.max
    if isinstance(low, int | float) and isinstance(high, int | float) and low <= 0 <= high:
        raise Ambiguous(
            f"no {column.name}", [f"`{column.name}` is 0", f"`{column.name}` is missing"]
        )
    return null(True)(items, lexicon)


def named_column(items: Sequence[Item], _: FrameLexicon) -> list[Item]:
    """Read "the sex column", "column sex"."""
    found = only(items, "C")[0]
    return [Item("C", found.value, spans_of(items), found.text)]


def equal_value(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "species != Gentoo"."""
    op = only(items, ">")[0].value
    ref = _ref(only(items, "V")[0].value, column_of(items, lexicon).name)
    if ref is None or op not in ("=", "!="):
        return None
    return as_filter(Condition(ref.column, "in", ref.values, op == "!="), items)


def text(op: str | None) -> Action:
    """Read "whose title contains …"."""

    def act(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
        column = column_of(items, lexicon)
        if column.profile.type != "text":
            return None
        tests = only(items, "c")
        found = next(item for item in items if item.kind in "QVN")
        literal = str(found.value) if found.kind == "Q" else found.text
        return as_filter(
            Condition(column.name, op or tests[0].value, (literal,), is_negated(items)), items
        )

    return act


def flag(truth: bool) -> Action:
    """Read "survived" of a yes/no column."""

    def act(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
        column = column_of(items, lexicon)
        if not column.flag:
            return None
        value: bool | int = truth if column.profile.type == "boolean" else int(truth)
        return as_filter(Condition(column.name, "=", (value,), not truth), items)

    return act


def negate(items: Sequence[Item], _: FrameLexicon) -> list[Item] | None:
    """Read "not" before a condition."""
    condition: Condition = items[-1].value
    if condition.negated:
        return None
    op = FLIPPED.get(condition.op, condition.op)
    return as_filter(Condition(condition.column, op, condition.values, True, condition.part), items)


def counted_twice(items: Sequence[Item], _: FrameLexicon) -> list[Item]:
    """Read "count the number of" as one."""
    return [Item("H", items[0].value, spans_of(items), items[0].text)]
