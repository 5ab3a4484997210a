"""Numbers with units and scales, in the unit that a column's name says it is in."""

from collections.abc import Sequence
from dataclasses import replace

from leonidas_jupyter.assistant.analyst.candidates import Number
from leonidas_jupyter.assistant.analyst.column import NamedColumn
from leonidas_jupyter.assistant.analyst.question import Unfit

_UNITS_BY_WORD = {
    "hp": {"hp", "horsepower"},
    "lb": {"lb", "lbs", "pounds"},
    "pct": {"pct", "percent"},
    "min": {"min", "mins", "minutes", "minute"},
}
_DIMENSIONS: tuple[dict[str, float], ...] = (
    {"mg": 0.001, "g": 1, "kg": 1000},
    {"mm": 1, "cm": 10, "m": 1000, "km": 1_000_000},
)
"""Units that convert into each other by powers of ten, so that nothing is rounded."""

CONVERSIONS = frozenset(
    size / other for units in _DIMENSIONS for size in units.values() for other in units.values()
)
"""Every factor from one of those units to another, 1 among them."""

_MILLION = 1e6
COLUMN_SCALES = {
    "thousand": 1e3,
    "thousands": 1e3,
    "million": 1e6,
    "millions": 1e6,
    "mn": 1e6,
    "billion": 1e9,
    "billions": 1e9,
    "bn": 1e9,
}
"""Words by which a column's name says that its numbers are counted in thousands or millions."""


def plain(number: Number) -> float | int:
    """Return the number as SQL should write it: whole numbers without a point."""
    return int(number.value) if number.value.is_integer() else number.value


def in_unit_of(column: NamedColumn, numbers: Sequence[Number]) -> tuple[tuple[Number, ...], str]:
    """Return numbers in the column's unit and scale, and a note where that changed them.

    Raises:
        Unfit: the column does not say that it is in that unit, nor in one that converts exactly.
    """
    said = [_unit(number, column, numbers) for number in numbers]
    made = tuple(_unscaled(number, column) for number in said)
    changed = [
        f"{_text(before)} as {plain(after):,}"
        for before, after in zip(numbers, made, strict=True)
        if before.value != after.value
    ]
    return made, f"I read {' and '.join(changed)} in `{column.name}`." if changed else ""


def _text(number: Number) -> str:
    return f"{plain(number):,}" + (f" {number.unit}" if number.unit else "")


def _unit(number: Number, column: NamedColumn, numbers: Sequence[Number]) -> Number:
    known = set(column.words) | ({column.unit} if column.unit else set())
    shared = {each.unit for each in numbers if each.unit}
    labelled = [each.value for each in numbers if each.unit]
    unit = number.unit or (next(iter(shared)) if len(shared) == 1 else None)
    telling = known & {"pct", "percent", "percentage", "rate", "share"} or "%" in column.name
    if number.percent and not telling:
        raise Unfit(f"`{column.name}` does not say that it holds percentages.")
    if number.scale == _MILLION and unit is None and column.unit in _DIMENSIONS[1]:
        raise Unfit(f"Write out whether “{number.text}” is in metres or in millions.")
    if not unit or known & _UNITS_BY_WORD.get(unit, {unit}):
        return number
    if unit == "usd" and not column.unit:
        return number
    for units in _DIMENSIONS:
        if unit in units and column.unit in units:
            if number.unit is None and not number.value < max(labelled):
                raise Unfit(f"I cannot tell whether “{number.text}” is in {unit}, too.")
            value = round(number.value * (units[unit] / units[column.unit]), 12)
            return replace(number, value=value)
    raise Unfit(
        f"`{column.name}` does not say that it is in the unit of “{number.text} "
        f"{unit}”, and I cannot convert it exactly."
    )


def _unscaled(number: Number, column: NamedColumn) -> Number:
    """Return "1 trillion" as 1,000,000 for a column that counts in millions."""
    scales = {COLUMN_SCALES[word] for word in column.words if word in COLUMN_SCALES}
    if len(scales) != 1 or number.scale == 1:
        return number
    return replace(number, value=number.value / scales.pop())
