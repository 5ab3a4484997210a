"""Conditions from a column and what it is held against: numbers with units, times."""

from collections.abc import Sequence
from dataclasses import replace

from leonidas_jupyter.assistant.analyst.column import NamedColumn
from leonidas_jupyter.assistant.analyst.items import (
    FILTER,
    Item,
    only,
    spans_of,
)
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.measures import in_unit_of, plain
from leonidas_jupyter.assistant.analyst.numbers import FLIPPED, Bound, Time
from leonidas_jupyter.assistant.analyst.question import Ambiguous, Condition, Unfit


def as_filter(condition: Condition, items: Sequence[Item]) -> list[Item]:
    """Return a condition as an item that accounts for ``items``."""
    spans = spans_of(items)
    made = replace(condition, spans=spans)
    return [Item(FILTER, made, spans, " ".join(item.text for item in items))]


def column_of(items: Sequence[Item], lexicon: FrameLexicon) -> NamedColumn:
    """Return the column that the items name first."""
    return lexicon.column(only(items, "C")[0].value)


def is_negated(items: Sequence[Item]) -> bool:
    """Return whether one of the items negates."""
    return any(item.kind in "!0" for item in items)


def bounded(column: NamedColumn, bound: Bound, negated: bool) -> Condition | None:
    """Return the condition that a column meets a bound; None where its type has none."""
    numbers, note = in_unit_of(column, bound.numbers)
    values = tuple(plain(number) for number in numbers)
    part = None
    if column.temporal:
        if not all(number.year for number in bound.numbers):
            return None
        part = "year"
    elif not column.numeric:
        return None
    if negated and bound.op in FLIPPED:
        return Condition(column.name, FLIPPED[bound.op], values, True, part, note=note)
    return Condition(column.name, bound.op, values, negated, part, note=note)


def timed(column: NamedColumn, time: Time, negated: bool) -> Condition | None:
    """Return the condition that a column meets a time; None where its type has none."""
    made = _timed(column, time, negated)
    return replace(made, note=time.note, worked=time.worked) if made else None


def _timed(column: NamedColumn, time: Time, negated: bool) -> Condition | None:
    if time.months or time.days:
        values, part = (time.months, "month") if time.months else (time.days, "dayofweek")
        single = "!=" if negated else "="
        op = single if len(values) == 1 else "in"
        return Condition(column.name, op, values, negated, part) if column.temporal else None
    if column.numeric:
        return _in_years(column, time, negated)
    return _on_dates(column, time, negated) if column.temporal else None


def _in_years(column: NamedColumn, time: Time, negated: bool) -> Condition | None:
    """Return the condition of a column of years; None where the time is no whole years."""
    ends = [edge for period in time.periods for edge in (period.first, period.after)]
    if "year" not in column.core or not all(edge[4:] == "-01-01" for edge in ends):
        return None
    first, last = int(time.periods[0].first[:4]), int(time.periods[-1].after[:4]) - 1
    if time.op in ("in", "between", "="):
        if first == last:
            return Condition(column.name, "!=" if negated else "=", (first,), negated)
        return Condition(column.name, "between", (first, last), negated)
    year = last if time.op in (">", "<=") else first
    return Condition(column.name, FLIPPED[time.op] if negated else time.op, (year,), negated)


def _on_dates(column: NamedColumn, time: Time, negated: bool) -> Condition | None:
    first, last = time.periods[0], time.periods[-1]
    if time.op in ("in", "between", "="):
        return Condition(column.name, "period", (first.first, last.after), negated)
    edge = {
        ">": (">=", first.after),
        ">=": (">=", first.first),
        "<": ("<", first.first),
        "<=": ("<", first.after),
    }
    if time.op not in edge:
        return None
    op, value = edge[time.op]
    return Condition(column.name, FLIPPED[op] if negated else op, (value,), negated, None)


def time_column(lexicon: FrameLexicon, whole_years: bool) -> NamedColumn:
    """Return the column that "in 2015" is about: the year column, else the only date column.

    Raises:
        Unfit: the frame has no such column.
        Ambiguous: it has several.
    """
    years = [column for column in lexicon.columns if column.numeric and column.core == ("year",)]
    if whole_years and len(years) == 1:
        return years[0]
    dated = [column for column in lexicon.columns if column.temporal]
    if len(dated) == 1:
        return dated[0]
    texts = [
        column.name
        for column in lexicon.columns
        if column.profile.type == "text" and {"date", "time", "timestamp"} & set(column.core)
    ]
    if not dated and len(texts) == 1:
        raise Unfit(
            f"`{texts[0]}` was read as text, because not all of its values are dates of one form: "
            "mend the file, or change how it is read, and ask again."
        )
    if not dated:
        raise Unfit(f"{lexicon.frame.name} has no column of dates that I could hold this against.")
    raise Ambiguous("the date", [f"`{column.name}`" for column in dated])
