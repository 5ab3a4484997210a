"""Actions of the filter rules on numbers and times."""

from collections.abc import Sequence
from dataclasses import replace

from leonidas_jupyter.assistant.analyst.candidates import Number
from leonidas_jupyter.assistant.analyst.column import NamedColumn
from leonidas_jupyter.assistant.analyst.conditions import (
    as_filter,
    bounded,
    column_of,
    is_negated,
    time_column,
    timed,
)
from leonidas_jupyter.assistant.analyst.items import (
    BOUND,
    FILTER,
    GROUP,
    TIME,
    Action,
    Item,
    only,
    spans_of,
)
from leonidas_jupyter.assistant.analyst.lexicon import PEOPLE, FrameLexicon
from leonidas_jupyter.assistant.analyst.numbers import FLIPPED, Bound, Time
from leonidas_jupyter.assistant.analyst.question import Condition, Group


def with_bound(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "horsepower over 200"."""
    made = bounded(column_of(items, lexicon), only(items, BOUND)[0].value, is_negated(items))
    return as_filter(made, items) if made else None


def with_time(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "released before 1980"."""
    made = timed(column_of(items, lexicon), only(items, TIME)[0].value, is_negated(items))
    return as_filter(made, items) if made else None


def implied_time(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "before 1980" of the table's time."""
    time: Time = only(items, TIME)[0].value
    edges = [edge for period in time.periods for edge in (period.first, period.after)]
    whole_years = bool(edges) and all(edge[4:] == "-01-01" for edge in edges)
    made = timed(time_column(lexicon, whole_years), time, is_negated(items))
    return as_filter(made, items) if made else None


def implied_year(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "in 1980" of the table's time."""
    found = only(items, BOUND + "N")[0]
    bound: Bound = (
        found.value
        if found.kind == BOUND
        else Bound("=", tuple(item.value for item in only(items, "N")))
    )
    if not all(number.year for number in bound.numbers):
        return None
    if found.kind == "N" and len(bound.numbers) > 1:
        bound = Bound("in", bound.numbers)
    made = bounded(time_column(lexicon, True), bound, is_negated(items))
    return as_filter(made, items) if made else None


def measured_in_years(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "average weight between 1975 and 1980" as a stretch of years, not as weights."""
    column = column_of(items, lexicon)
    if column.temporal or "year" in column.core:
        return None
    made = implied_year(items[-1:], lexicon)
    return [*items[:-1], *made] if made else None


def dated(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "released in 2005"."""
    column = column_of(items, lexicon)
    if not (column.temporal or "year" in column.core):
        return None
    return equal_number(False)(items, lexicon)


def _in_range(column: NamedColumn, numbers: Sequence[Number]) -> bool:
    low, high = column.profile.min, column.profile.max
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return False
    return all(low <= number.value <= high for number in numbers)


def equal_number(adjacent: bool) -> Action:
    """Read "8 cylinders"; ``adjacent`` numbers must be among the values."""

    def act(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
        column = column_of(items, lexicon)
        numbers = tuple(item.value for item in only(items, "N"))
        if (
            adjacent
            and not column.temporal
            and (column.profile.type != "integer" or not _in_range(column, numbers))
        ):
            return None
        made = bounded(
            column, Bound("=" if len(numbers) == 1 else "in", numbers), is_negated(items)
        )
        return as_filter(made, items) if made else None

    return act


def comparative(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "heavier than 4000"."""
    name, descending = only(items, "2")[0].value
    number: Number = only(items, "N")[0].value
    made = bounded(
        lexicon.column(name), Bound(">" if descending else "<", (number,)), is_negated(items)
    )
    return as_filter(made, items) if made else None


def against_aggregate(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "above average horsepower"."""
    aggregate = only(items, "A")[0].value
    if aggregate not in ("mean", "median"):
        return None
    names = {item.value for item in only(items, "C")}
    comparatives = only(items, "2")
    op = (
        only(items, ">")[0].value
        if not comparatives
        else (">" if comparatives[0].value[1] else "<")
    )
    names |= {item.value[0] for item in comparatives}
    if len(names) != 1 or not lexicon.column(min(names)).numeric or op not in FLIPPED:
        return None
    op = FLIPPED[op] if is_negated(items) else op
    return as_filter(Condition(min(names), f"{op}{aggregate}", (), is_negated(items)), items)


def against_column(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "gross greater than budget"."""
    first, second = (lexicon.column(item.value) for item in only(items, "C"))
    if not ((first.numeric and second.numeric) or (first.temporal and second.temporal)):
        return None
    op = only(items, ">")[0].value
    return as_filter(Condition(first.name, f"{op}column", (second.name,)), items)


def two_bounds(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "length under 190 or over 220", "over 40 and under 50"."""
    column = column_of(items, lexicon)
    bounds = [at for at, item in enumerate(items) if item.kind == BOUND]
    made = [bounded(column, items[at].value, False) for at in bounds]
    if not all(made) or any(bound.value.op == "between" for bound in only(items, BOUND)):
        return None
    middle = [item for item in items[bounds[0] + 1 : bounds[1]] if item.kind in "&|"]
    first, second = (
        as_filter(one, part)
        for one, part in zip(made, (items[: bounds[0] + 1], items[bounds[1] :]), strict=True)
        if one
    )
    return [*first, *middle, *second]


def years_compared(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "in 2007 compared to 2009": both years, one beside the other."""
    numbers: list[Number] = [item.value for item in only(items, "N")]
    if not all(number.year for number in numbers):
        return None
    column = time_column(lexicon, whole_years=True)
    spans = spans_of(items)
    part = None if column.numeric else "year"
    years = tuple(int(number.value) for number in numbers)
    condition = Condition(column.name, "in", years, part=part, spans=spans)
    return [Item(FILTER, condition, spans), Item(GROUP, (Group(column.name, part, spans),), spans)]


def by_unit(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "over 4000 g" of the only column in grams."""
    bound: Bound = items[0].value
    units = {number.unit for number in bound.numbers} - {None}
    fitting = [column for column in lexicon.columns if column.unit in units]
    if len(units) != 1 or len(fitting) != 1:
        return None
    made = bounded(fitting[0], bound, False)
    return as_filter(made, items) if made else None


def of_age(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "people over 30", "women aged under 18" as their age."""
    who, bound = items[0], items[-1]
    aged = [column for column in lexicon.columns if column.core == ("age",) and column.numeric]
    if len(aged) != 1 or any(number.unit or number.percent for number in bound.value.numbers):
        return None
    if who.kind == "R" and who.text.lower() not in PEOPLE:
        return None
    if who.kind == "V" and not all(_sexes(ref.column, lexicon) for ref in who.value):
        return None
    made = bounded(aged[0], bound.value, is_negated(items[1:]))
    if made is None:
        return None
    said = replace(made, note="I read the number as an age.")
    return [who, *as_filter(said, items[1:])]


def _sexes(name: str, lexicon: FrameLexicon) -> bool:
    return lexicon.column(name).core[-1:] in (("sex",), ("gender",))
