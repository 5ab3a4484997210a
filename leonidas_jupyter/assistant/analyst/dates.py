"""Rules for the calendar: quarters, seasons, weekdays, decades, and "last year" of the data."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from leonidas_jupyter.assistant.analyst.conditions import time_column
from leonidas_jupyter.assistant.analyst.items import TIME, Item, Rule, only, rule, spans_of
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.numbers import Period, Time
from leonidas_jupyter.assistant.analyst.question import Unfit
from leonidas_jupyter.assistant.analyst.windows import as_period

if TYPE_CHECKING:
    from leonidas_jupyter.assistant.analyst.candidates import Number

PART_OF_YEAR, WEEKDAY, SEASON = "Θ", "δ", "§"
_MONTHS = {"year": 12, "quarter": 3, "month": 1, "month?": 1, "decade": 120}
_DAYS = {"week": 7, "day": 1}
_ORDER = {"first": 1, "last": 4, "second": 2, "third": 3, "fourth": 4}


def _time(time: Time, items: Sequence[Item]) -> list[Item]:
    said = " ".join(item.text for item in items)
    worked = spans_of(only(items, "TI@P" + PART_OF_YEAR))
    if "N" in {item.kind for item in items} and time.note:
        worked |= spans_of(only(items, "N"))
    return [Item(TIME, replace(time, worked=worked), spans_of(items), said)]


def _said(items: Sequence[Item]) -> str:
    return " ".join(item.text for item in items if item.kind not in "pfw,")


def _ordinal_quarter(items: Sequence[Item], _: FrameLexicon) -> list[Item] | None:
    """Read "first quarter", "3rd quarter" as "Q1", "Q3"."""
    at, period = items
    number = _ORDER.get(str(at.value)) if at.kind == "T" else int(at.value)
    if period.value != "quarter" or number not in (1, 2, 3, 4):
        return None
    return [Item(PART_OF_YEAR, f"Q{number}", spans_of(items), _said(items))]


def _months_of(part: str) -> tuple[int, ...]:
    length = 3 if part[0] == "Q" else 6
    first = (int(part[1]) - 1) * length + 1
    return tuple(range(first, first + length))


def _start(year: int, month: int) -> str:
    """Return the first day of a month that may lie beyond its year's ends."""
    years, at = divmod(month - 1, 12)
    return f"{year + years:04d}-{at + 1:02d}-01"


def _part_of_year(items: Sequence[Item], _: FrameLexicon) -> list[Item] | None:
    """Read "Q1 2012", "the second half of 2012"."""
    number: Number = only(items, "N")[0].value
    if not number.year:
        return None
    months = _months_of(only(items, PART_OF_YEAR)[0].value)
    year = int(number.value)
    period = Period(_start(year, months[0]), _start(year, months[-1] + 1), _said(items))
    return _time(Time("in", (period,)), items)


def _any_year(items: Sequence[Item], _: FrameLexicon) -> list[Item]:
    """Read "in Q1" as those months of every year."""
    part = only(items, PART_OF_YEAR)[0]
    months = _months_of(part.value)
    note = f"I read “{part.text}” as months {months[0]} to {months[-1]} of every year."
    return _time(Time("in", months=months, note=note), items)


def _weekdays(items: Sequence[Item], _: FrameLexicon) -> list[Item]:
    listed = [int(day) for item in only(items, WEEKDAY) for day in item.value.split(",")]
    return _time(Time("in", days=tuple(dict.fromkeys(listed))), items)


def _seasons(items: Sequence[Item], _: FrameLexicon) -> list[Item]:
    """Read "in summer" as the months that meteorologists of the northern hemisphere count."""
    found = only(items, SEASON)
    months = tuple(int(month) for item in found for month in item.value.split(","))
    said = ", ".join(f"“{item.text}” as months {item.value.replace(',', ', ')}" for item in found)
    note = f"I read {said}, as the northern hemisphere's meteorological seasons go."
    return _time(Time("in", months=months, note=note), items)


def _decade(items: Sequence[Item], _: FrameLexicon) -> list[Item] | None:
    """Read "the 1970s"."""
    number: Number = items[-2].value
    year = int(number.value)
    if not number.year or year % 10 or items[-1].text.lower() != "s":
        return None
    period = Period(f"{year}-01-01", f"{year + 10}-01-01", f"{year}s")
    return _time(Time("in", (period,)), items)


def _month_range(items: Sequence[Item], _: FrameLexicon) -> list[Item] | None:
    """Read "from March to May 2012"."""
    first, last = (int(item.value) for item in only(items, "M"))
    number: Number = only(items, "N")[0].value
    if not number.year or first > last:
        return None
    year = int(number.value)
    period = Period(_start(year, first), _start(year, last + 1), _said(items))
    return _time(Time("in", (period,)), items)


def _relative(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "last year", "the past 3 months", "the first year" against the ends of the data."""
    rest = [item for item in items if item.kind not in "pfw"]
    if rest[-1].kind == "R" and rest[-1].text.lower() in ("day", "days"):
        rest = [*rest[:-1], replace(rest[-1], kind="P", value="day")]
    if rest[-1].kind == "C":
        rest = [*rest[:-1], as_period(rest[-1], lexicon)]
    unit = rest[-1].value if rest[-1].kind == "P" else None
    count = int(rest[1].value.value) if len(rest) == 3 else 1
    first = rest[0].value == "first"
    if rest[0].kind == "@" and rest[0].text.lower() != "past":
        return None
    if rest[0].value not in ("first", "last", ">") or unit not in {**_MONTHS, **_DAYS}:
        return None
    if rest[-1].text.lower().startswith("date") or not 1 <= count <= 1000:
        return None
    column = time_column(lexicon, whole_years=unit in ("year", "decade"))
    edge = str(column.profile.min if first else column.profile.max)
    if column.numeric:
        period = _years(int(float(edge)), count * _MONTHS.get(unit, 0) // 12, first)
    else:
        period = _stretch(date.fromisoformat(edge[:10]), unit, count, first)
    where = "start" if first else "end"
    note = (
        f"I read “{_said(rest)}” as {period.first} to before {period.after}, by the {where} "
        "of the data."
    )
    return _time(Time("in", (period,), note=note), items)


def _years(edge: int, count: int, first: bool) -> Period:
    if not count:
        raise Unfit("There are only years in this table, no shorter times.")
    low = edge if first else edge - count + 1
    return Period(f"{low:04d}-01-01", f"{low + count:04d}-01-01", "")


def _stretch(edge: date, unit: str, count: int, first: bool) -> Period:
    if unit in _DAYS:
        stretch = timedelta(days=_DAYS[unit] * count)
        start = edge if first else edge - stretch + timedelta(days=1)
        return Period(start.isoformat(), (start + stretch).isoformat(), "")
    length = _MONTHS[unit]
    months = edge.year * 12 + edge.month - 1
    whole = months // length * length
    begin = whole if first else whole - (count - 1) * length
    return Period(_start(0, begin + 1), _start(0, begin + count * length + 1), "")


RULES: tuple[Rule, ...] = (
    rule("[TI]P", _ordinal_quarter),
    rule(r"[pfw]*[pf]?Θ[o,p]*N", _part_of_year),
    rule(r"[pf]*NΘ", _part_of_year),
    rule(r"[pfw]+Θ", _any_year),
    rule(r"[pfw]*δ(?:[,&|]+p?δ)*", _weekdays),
    rule(r"[pfw]+§(?:[,&|]+p?§)*", _seasons),
    rule("[pf]*Nu", _decade),
    rule("[Wfp]*M[&t]M[o,]?N", _month_range),
    rule("[pfw]*[T@]N?P", _relative),
    rule("[pfw]+[T@]N?C", _relative),
    rule("[pfw]+[T@]N?R", _relative),
)
