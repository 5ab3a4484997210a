"""Columns of dates and times: one format for the whole column, that gives every cell back."""

import datetime
import itertools
import re
import string
from collections.abc import Iterator

from leonidas_jupyter.data.dayhalves import half_code, in_capitals
from leonidas_jupyter.data.dialect import ColumnDialect
from leonidas_jupyter.data.monthwords import months_of, numbered_sql
from leonidas_jupyter.data.plans import Hints, Plan, literal

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
          "October", "November", "December")  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SHORT = "|".join(month[:3] for month in MONTHS)
_FULL = "|".join(MONTHS)
FIELDS = {
    "%Y": r"(?P<Y>[12]\d{3})",
    "%y": r"(?P<y>\d\d)",
    "%m": r"(?P<m>0[1-9]|1[0-2])",
    "%-m": r"(?P<m>[1-9]|1[0-2])",
    "%d": r"(?P<d>0[1-9]|[12]\d|3[01])",
    "%-d": r"(?P<d>[1-9]|[12]\d|3[01])",
    "%b": rf"(?P<b>{_SHORT})",
    "%^b": rf"(?P<b>{_SHORT.upper()})",
    "%B": rf"(?P<b>{_FULL})",
    "%H": r"(?P<H>[01]\d|2[0-3])",
    "%-H": r"(?P<H>\d|1\d|2[0-3])",
    "%I": r"(?P<I>0[1-9]|1[0-2])",
    "%-I": r"(?P<I>[1-9]|1[0-2])",
    "%M": r"(?P<M>[0-5]\d)",
    "%S": r"(?P<S>[0-5]\d)",
    "%g": r"(?P<f>\d{3})",
    "%f": r"(?P<f>\d{6})",
    "%p": r"(?P<p>AM|PM)",
    "%P": r"(?P<p>am|pm)",
    "%.p": r"(?P<p>A\.M\.|P\.M\.)",
    "%.P": r"(?P<p>a\.m\.|p\.m\.)",
    "%_P": r"(?P<p>a\. m\.|p\. m\.)",
    "%a": rf"(?:{'|'.join(day[:3] for day in DAYS)})",
    "%A": rf"(?:{'|'.join(DAYS)})",
}
"""Fields of formats as DuckDB names them and what stands for them.

``%g`` are milliseconds; ``%^b`` (capitals), ``%P`` (small letters), and ``%.p``, ``%.P`` and
``%_P`` (with points, and with a space after the first) are not DuckDB's.
"""

CALENDAR = "BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999'"
"""What Python's dates hold; DuckDB also reads ``infinity``, years before Christ, and later ones."""

_CODE = re.compile(r"%[-^._]?[A-Za-z]")
_CLOCK = re.compile(
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?P<second>:\d{2})?(?:(?P<point>[.,])(?P<part>\d+))?"
    r"(?P<half>\s?(?:[AP]M|[ap]m|[AP]\.M\.|[ap]\. ?m\.))?"
    r"(?P<zone>\s?(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?"
)
_WEEKDAY = re.compile(rf"(?:(?P<full>{'|'.join(DAYS)})|{FIELDS['%a']}),? ")
_CJK_DAY = re.compile(r"\d{4}([年년] ?)(\d{1,2})([月월] ?)(\d{1,2})([日일])")
_WORDED = re.compile(
    r"(?:(?P<before>\d{1,2})(?P<one>\.? |[-/.]| de ))?\0(?P<two>,? |[-/.]| de | del )"
    r"(?:(?P<after>\d{1,2})(?P<three>,? ))?(?P<year>\d{4}|\d{2})(?P<rest>\D.*)?"
)
"""A date with a month in words, which is a NUL here."""

_DAY = re.compile(
    r"(?P<one>\d{4}|\d{1,2}|[A-Za-z]{3,9})(?P<first>[-/. ])"
    r"(?P<two>\d{1,2}|[A-Za-z]{3,9})(?P<second>,?[-/. ])(?P<three>\d{4}|\d{1,2})"
)


def plan_moments(values: list[str], hints: Hints) -> Plan | None:
    """A plan for dates, datetimes or times if one format fits every value, else None."""
    if not any(char.isdigit() for char in values[0]):
        return None
    fitting = [found for found in _formats(values[0]) if _fits(found, values)]
    if not fitting:
        return _plan_worded(values)
    days = {_day_first(found) for found in fitting}
    if len(days) > 1:
        preferred = hints.day_first if hints.day_first is not None else _usual_order(values[0])
        fitting.sort(key=lambda found: _day_first(found) != preferred)
        return _build(fitting[0], ambiguous=hints.day_first is None)
    plan = _build(fitting[0], ambiguous=False)
    order = _day_first(fitting[0])
    if order is not None:
        plan.decides = ("day", "first" if order else "second")
    return plan


def _plan_worded(values: list[str]) -> Plan | None:
    """A plan for dates with months in words of any language, by that of months in numbers."""
    for months, numbered in months_of(values):
        word = next(word for word in sorted(months, key=len, reverse=True) if word in values[0])
        for pattern in _worded_formats(values[0].replace(word, "\0")):
            if _fits(pattern.replace("%B", "%m"), numbered):
                plan = _build(pattern.replace("%B", "%m"), ambiguous=False)
                plan.convert = plan.convert.replace("{v}", numbered_sql(months))
                plan.dialect.format, plan.dialect.months = pattern, list(months)
                return plan
    return None


def _worded_formats(sample: str) -> Iterator[str]:
    """The formats of a date whose month in words is a NUL."""
    found = _WORDED.fullmatch(sample)
    if found is None or (found["before"] is None) == (found["after"] is None):
        return
    year = "%Y" if len(found["year"]) == 4 else "%y"
    rests = _rests(found["rest"]) if found["rest"] else [""]
    for day, rest in itertools.product(("%d", "%-d"), rests):
        lead = f"{day}{found['one']}" if found["before"] else ""
        inner = f"{day}{found['three']}" if found["after"] else ""
        yield f"{lead}%B{found['two']}{inner}{year}{rest}"


def both_orders(values: list[str]) -> tuple[str, str] | None:
    """The day-first and the month-first format of ambiguous values."""
    fitting = {_day_first(found): found for found in _formats(values[0]) if _fits(found, values)}
    return (fitting[True], fitting[False]) if True in fitting and False in fitting else None


def travel(values: list[str], pattern: str) -> int:
    """How many days values lie apart from row to row, in all; the right order travels least."""
    days = [moment.toordinal() for value in values if (moment := _parsed(pattern, value))]
    return sum(abs(b - a) for a, b in itertools.pairwise(days))


def _usual_order(sample: str) -> bool:
    """Day before month, but for slashes: where nothing tells, 03/04/2020 is most often American."""
    return "/" not in sample


def _day_first(pattern: str) -> bool | None:
    """Whether the day stands before a month in digits; None where their order is not in doubt."""
    codes = [code.replace("-", "") for code in _CODE.findall(pattern) if code not in ("%a", "%A")]
    if codes[:2] == ["%d", "%m"]:
        return True
    return False if codes[:2] == ["%m", "%d"] else None


def _formats(sample: str) -> list[str]:
    """The formats that one cell may be written in."""
    clock = _CLOCK.fullmatch(sample)
    if clock is not None:
        return [] if clock["zone"] else _clock_formats(clock)
    week = _WEEKDAY.match(sample)
    lead = ("%A" if week["full"] else "%a") + week[0].lstrip(string.ascii_letters) if week else ""
    sample = sample[week.end() :] if week else sample
    found = _DAY.match(sample)
    days = _day_formats(found) if found else []
    if found is None and (found := _CJK_DAY.match(sample)) is not None:
        days = [
            f"%Y{found[1]}{month}{found[3]}{day}{found[5]}"
            for month, day in (("%m", "%d"), ("%-m", "%-d"))
        ]
    if found is None:
        return []
    rest = sample[found.end() :]
    return [lead + a + b for a in days for b in (_rests(rest) if rest else [""])]


def _rests(rest: str) -> list[str]:
    """The formats of a clock behind a day, and of the gap between the two."""
    gap = re.match(r"T|,? |:", rest)
    clock = _CLOCK.fullmatch(rest[gap.end() :]) if gap else None
    return [gap[0] + found for found in _clock_formats(clock)] if gap and clock else []


def _day_formats(day: re.Match[str]) -> list[str]:
    one, two, three = day["one"], day["two"], day["three"]
    years = ["%Y"] if len(three) == 4 else ["%y"] if len(three) == 2 else []
    if len(one) == 4:
        orders = [("%Y", "%m", "%d")] if two.isdigit() and len(three) <= 2 else []
    elif one.isalpha():
        orders = [(name, "%d", year) for name in ("%b", "%^b", "%B") for year in years]
    elif two.isalpha():
        orders = [("%d", name, year) for name in ("%b", "%^b", "%B") for year in years]
    else:
        orders = [(*order, year) for order in (("%d", "%m"), ("%m", "%d")) for year in years]
    found = []
    for order in orders:
        text = order[0] + day["first"] + order[1] + day["second"] + order[2]
        found.append(text)
        loose = text.replace("%d", "%-d").replace("%m", "%-m")
        if loose != text:
            found.append(loose)
    return found


def _clock_formats(clock: re.Match[str]) -> list[str]:
    part = {None: "", 3: "%g", 6: "%f"}.get(len(clock["part"]) if clock["part"] else None)
    if part is None or (part and not clock["second"]):
        return []
    part = (clock["point"] or "") + part
    tail = ":%M" + (":%S" if clock["second"] else "") + part
    if clock["half"]:
        half = clock["half"].lstrip()
        hours = ["%I", "%-I"]
        tail += clock["half"].removesuffix(half) + half_code(half)
    else:
        hours = ["%H", "%-H"]
    return [hour + tail + (clock["zone"] or "") for hour in hours]


def _regex(pattern: str) -> re.Pattern[str]:
    parts = _CODE.split(pattern)
    codes = _CODE.findall(pattern)
    text = re.escape(parts[0])
    for code, part in zip(codes, parts[1:], strict=True):
        text += FIELDS[code] + re.escape(part)
    return re.compile(text)


def _fits(pattern: str, values: list[str]) -> bool:
    regex = _regex(pattern)
    return all(_moment(regex, value) is not None for value in values)


def _parsed(pattern: str, value: str) -> datetime.date | None:
    return _moment(_regex(pattern), value)


def _moment(regex: re.Pattern[str], value: str) -> datetime.date | None:
    """The date of a cell under a format's expression; None if it does not fit or does not exist."""
    found = regex.fullmatch(value)
    if found is None:
        return None
    parts = found.groupdict()
    if "d" not in parts:
        return datetime.date(1970, 1, 1)
    year = (
        int(parts["Y"]) if "Y" in parts else int(parts["y"]) + (1900 if parts["y"] > "68" else 2000)
    )
    name = parts.get("b")
    month = [full[:3] for full in MONTHS].index(name[:3].title()) + 1 if name else int(parts["m"])
    try:
        return datetime.date(year, month, int(parts["d"]))
    except ValueError:
        return None


def _build(pattern: str, ambiguous: bool) -> Plan:
    clock = "%M" in pattern
    day = "%d" in pattern or "%-d" in pattern
    body, zone = _zone_of(pattern) if clock else (pattern, "")
    cell = f"left({{v}}, length({{v}}) - {len(zone)})" if zone else "{v}"
    ends = f"ends_with({{v}}, {literal(zone)}) AND " if zone else ""
    parsed, same = _parse_sql(cell, body)
    moved = f"({parsed} - INTERVAL '{_minutes(zone)} minutes')" if zone else parsed
    if not day:
        kind, typed, sql_type = "time", f"CAST({parsed} AS TIME)", "TIME"
    elif not clock:
        kind, typed, sql_type = "date", f"CAST({parsed} AS DATE)", "DATE"
    elif zone:
        kind, typed = "datetime", f"({moved} AT TIME ZONE 'UTC')"
        sql_type = "TIMESTAMP WITH TIME ZONE"
    else:
        kind, typed, sql_type = "datetime", parsed, "TIMESTAMP"
    return Plan(
        type=kind,  # type: ignore[arg-type]  # one of the literals above
        dialect=ColumnDialect(format=pattern),
        convert=f"CASE WHEN {ends}{same} AND {moved} {CALENDAR} THEN {typed} END",
        sql_type=sql_type,
        ambiguous="day" if ambiguous else "",
    )


def _parse_sql(cell: str, pattern: str) -> tuple[str, str]:
    """SQL of the parsed moment, and of whether formatting it gives the cell back."""
    if pattern in ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S"):
        # DuckDB's own notation: casting there and back is quicker than formats.
        kind = "DATE" if pattern == "%Y-%m-%d" else "TIMESTAMP"
        parsed = f"TRY_CAST({cell} AS {kind})"
        return parsed, f"CAST({parsed} AS VARCHAR) = {cell}"
    own, cell, duck = in_capitals(cell, pattern)
    parsed = f"try_strptime({cell}, {duck})"
    written = f"strftime({parsed}, {duck})"
    if "%^b" in pattern:
        written = f"upper({written})"
    return parsed, f"{own}{written} = {cell}"


def _zone_of(pattern: str) -> tuple[str, str]:
    found = re.search(r"\s?(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)$", pattern)
    return (pattern[: found.start()], found[0]) if found else (pattern, "")


def _minutes(zone: str) -> int:
    digits = re.sub(r"\D", "", zone).ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return -minutes if "-" in zone else minutes
