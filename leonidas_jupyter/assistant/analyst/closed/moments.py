"""Conditions on time that a text states: months, stretches of years and of days."""

import datetime
import re
from collections.abc import Iterator, Sequence

from leonidas_jupyter.assistant.analyst.closed.facts import Condition
from leonidas_jupyter.assistant.analyst.column import NamedColumn
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTH = "|".join(MONTHS)
_YEAR = r"(?:1[6-9]|20)\d\d"
_DAY = (
    rf"(?:(?P<{{0}}iso>\d{{{{4}}}}-\d\d-\d\d)|(?P<{{0}}m>{_MONTH})\s+(?P<{{0}}d>\d{{{{1,2}}}})"
    rf"(?:st|nd|rd|th)?,?\s+(?P<{{0}}y>{_YEAR}))"
)
_DAYS = re.compile(
    rf"\b(?:between|from)\s+{_DAY.format('a')}\s*(?:and|to|until|through|-)\s*{_DAY.format('b')}"
)
_AFTER = re.compile(
    r"\b(?P<how>on\s+or\s+(?:after|before)|(?:from|before)\s+and\s+(?:since|after)|after|since|from"
    r"|starting\s+(?:from|on)|before|until|up\s+to|on)"
    rf"\s+(?:the\s+)?{_DAY.format('a')}(?P<inclusive>\s*(?:\(\s*)?(?:inclusive|or\s+later|onwards?))?"
)
_THAT_DAY = re.compile(
    r"\b(?P<how>on\s+or\s+after|on\s+or\s+before|from|since|up\s+to|until)\s+(?:and\s+including\s+)?"
    r"(?:that|this|the\s+same)\s+(?:date|day)\b"
)
_YEARS = re.compile(
    rf"\b(?:between|from|in|of|for|years?|during)\s+(?:the\s+)?(?:years?\s+)?(?:of\s+)?(?P<a>{_YEAR})"
    rf"\s*(?:-|to|and|through|until)\s*(?P<b>{_YEAR})\b(?!-)|\(\s*(?P<c>{_YEAR})\s*(?:-|to)\s*"
    rf"(?P<e>{_YEAR})\b(?!-)"
)
_SINCE = re.compile(
    rf"\b(?P<how>after|since|before|until|from)\s+(?:the\s+)?(?:year\s+)?(?P<y>{_YEAR})\b(?!\s*-|\s*to\b)"
    r"(?P<on>\s+(?:onwards?|on)\b)?"
)
_DECADE = re.compile(r"\b(?:the\s+)?(?P<y>(?:1[6-9]|20)\d0)'?s\b")
_NAMED = re.compile(
    rf"\b(?:in|of|for|during|and|or)?\s*\(?\s*(?:the\s+months?\s+(?:of\s+)?)?(?P<list>(?:{_MONTH})"
    rf"(?:\s*(?:,|and|or|to|through|-|&)\s*(?:and\s+)?(?:{_MONTH}))*)\b(?:\s*\))?(?:\s+(?:of\s+)?(?P<y>{_YEAR}))?"
)
_DECEMBER = 12


def moments_in(text: str, lexicon: FrameLexicon) -> Iterator[tuple[Condition, tuple[int, int]]]:
    """Yield the conditions on the only column of dates, or of years and months, and their place."""
    dates = [column for column in lexicon.columns if column.temporal]
    date = dates[0].name if len(dates) == 1 else None
    if date is not None:
        yield from _days(text, date)
    yield from _stretches(text, lexicon, date)
    yield from _months(text, lexicon, date)


def _days(text: str, date: str) -> Iterator[tuple[Condition, tuple[int, int]]]:
    for match in _DAYS.finditer(text):
        low, high = _day(match, "a"), _day(match, "b")
        yield Condition(date, "between", (low, f"{high}T23:59:59")), match.span()
    for match in _AFTER.finditer(text):
        how = " ".join(match["how"].split())
        if " and " in how:
            if not re.search(_INCLUDED, text):
                yield _side(date, "before", day=_day(match, "a")), match.span()
                yield _side(date, "after", day=_day(match, "a")), match.span()
        else:
            how = f"{how} included" if match["inclusive"] and how == "after" else how
            yield _side(date, how, _day(match, "a")), match.span()
    days = {_day(match, "a") for match in _AFTER.finditer(text)}
    for match in _THAT_DAY.finditer(text) if len(days) == 1 else ():
        yield _side(date, " ".join(match["how"].split()), next(iter(days))), match.span()


_INCLUDED = r"\bon\s+or\s+(?:after|before)\b"


def _side(date: str, how: str, day: str) -> Condition:
    """Return the condition for the days on one side of a day, or for the day itself."""
    words = ("before",) if "before" in how else ("after",) if "after" in how else ()
    if how == "on":
        return Condition(date, "between", (day, f"{day}T23:59:59"))
    if how == "before":
        return Condition(date, "<", day, words)
    if how == "after":
        return Condition(date, ">", f"{day}T23:59:59", words)
    if how in ("until", "up to", "on or before"):
        return Condition(date, "<=", f"{day}T23:59:59", words)
    return Condition(date, ">=", day, words)


def _day(match: re.Match[str], key: str) -> str:
    if match[f"{key}iso"]:
        return str(match[f"{key}iso"])
    month = MONTHS.index(match[f"{key}m"]) + 1
    return datetime.date(int(match[f"{key}y"]), month, int(match[f"{key}d"])).isoformat()


def _stretches(
    text: str, lexicon: FrameLexicon, date: str | None
) -> Iterator[tuple[Condition, tuple[int, int]]]:
    years = [column for column in lexicon.columns if column.words[-1:] == ("year",)]
    year = next((column.name for column in years if column.numeric), None)
    if year is None and date is None:
        return
    for match in _YEARS.finditer(text):
        first, last = match["a"] or match["c"], match["b"] or match["e"]
        if " and " in match.group() and "between" not in match.group():
            continue
        yield _between(year, date, int(first), int(last)), match.span()
    for match in _DECADE.finditer(text):
        one = int(match["y"])
        found = _between(year, date, one, one + 9)
        yield Condition(found.column, found.op, found.value, (match["y"],)), match.span()
    for match in _SINCE.finditer(text):
        one = int(match["y"])
        if match["how"] == "from" and not match["on"]:
            continue
        low, high = {
            "after": (one + 1, 9998), "since": (one, 9998), "from": (one, 9998),
            "before": (1, one - 1), "until": (1, one),
        }[match["how"]]  # fmt: skip
        yield _between(year, date, low, high), match.span()


def _between(year: str | None, date: str | None, low: int, high: int) -> Condition:
    words = (str(low), str(high))
    if year is not None:
        return Condition(year, "between", (low, high), words)
    bounds = (f"{low:04}-01-01", f"{high:04}-12-31T23:59:59")
    return Condition(str(date), "between", bounds, words)


def _months(
    text: str, lexicon: FrameLexicon, date: str | None
) -> Iterator[tuple[Condition, tuple[int, int]]]:
    own = [column for column in lexicon.columns if column.words == ("month",) and column.numeric]
    for match in _NAMED.finditer(text):
        # "may" is more often a verb, unless a month stands beside it or a year behind it.
        if match["list"] == "may" and not match["y"]:
            continue
        found = _listed(match["list"])
        words = tuple(MONTHS[number - 1] for number in found)
        if len(own) == 1 and not (date and not _whole(own[0])):
            yield Condition(own[0].name, "in", tuple(found), words), match.span()
        elif date is not None:
            yield Condition(date, "month_in", tuple(found), words), match.span()
        else:
            continue
        if match["y"]:
            yield from _of_year(match, lexicon, date)


def _of_year(
    match: re.Match[str], lexicon: FrameLexicon, date: str | None
) -> Iterator[tuple[Condition, tuple[int, int]]]:
    years = [c.name for c in lexicon.columns if c.words[-1:] == ("year",) and c.numeric]
    number = int(match["y"])
    if len(years) == 1:
        yield Condition(years[0], "==", number, (match["y"],)), match.span()
    elif date is not None:
        yield _between(None, date, number, number), match.span()


def _whole(column: NamedColumn) -> bool:
    low, high = column.profile.min, column.profile.max
    return low == 1 and high == _DECEMBER


def _listed(text: str) -> Sequence[int]:
    named = [MONTHS.index(name) + 1 for name in re.findall(_MONTH, text)]
    if len(named) == 2 and re.search(r"\bto\b|\bthrough\b|-", text):
        first, last = named
        return (
            [*range(first, last + 1)] if first <= last else [*range(first, 13), *range(1, last + 1)]
        )
    return named


def of_years(one: Condition) -> bool:
    """Return whether a condition is one of a stretch of several years."""
    return one.op == "between" and str(one.value[0])[:4] != str(one.value[1])[:4]


def rather_a_year(number: float, column: str, lexicon: FrameLexicon) -> bool:
    """Return whether a number behind "of" is rather a year than a value of a column."""
    if not 1600 <= number <= 2100 or "year" in lexicon.by_name[column].words:
        return False
    return any(other.temporal or other.words[-1:] == ("year",) for other in lexicon.columns)
