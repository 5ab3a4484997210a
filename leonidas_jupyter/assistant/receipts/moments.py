"""Dates and times as people write them, and those that stand in results."""

import calendar
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
_MONTHS |= {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
_MONTHS["sept"] = 9
_NAMES = "|".join([*filter(None, calendar.month_name), *filter(None, calendar.month_abbr), "Sept"])
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>[12]\d{3})"
_MONTH = rf"(?P<name>{_NAMES})\.?"
_ISO = re.compile(
    r"(\d{4})-([01]\d)-([0-3]\d)(?:[T ]([0-2]\d):([0-5]\d)(?::\d{2}(?:\.\d+)?)?)?"
    r"(?:Z|[+-]\d{2}:?\d{2})?"
)
"""A cell that is a date or a time stamp; most dates of results are."""

_FORMS = tuple(
    re.compile(rf"(?<![\w.]){form}(?![\w])")
    for form in (
        r"(?P<year>\d{4})-(?P<month>[01]\d)-(?P<day>[0-3]\d)"
        r"(?:[T ](?P<hour>[0-2]\d):(?P<minute>[0-5]\d)(?::\d{2}(?:\.\d+)?)?"
        r"(?:Z|[+-]\d{2}:?\d{2})?)?",
        r"(?P<year>[12]\d{3})-(?P<month>[01]\d)",
        rf"{_DAY}(?:\sof)?\s{_MONTH},?\s{_YEAR}",
        rf"{_MONTH}\s{_DAY},?\s{_YEAR}",
        rf"{_MONTH},?\s{_YEAR}",
        rf"{_DAY}(?:\sof)?\s{_MONTH}",
        rf"{_MONTH}\s{_DAY}",
        r"(?P<first>\d{1,2})[/.](?P<second>\d{1,2})[/.](?P<year>[12]\d{3})",
        rf"(?:Q(?P<quarter>[1-4])[ -]{_YEAR})",
        rf"(?:{_YEAR}[ -]?Q(?P<quarter>[1-4]))",
        r"(?P<decade>[12]\d{2}0)s",
        r"(?P<hour>[0-2]?\d):(?P<minute>[0-5]\d)(?::[0-5]\d)?(?:\s?(?P<half>[ap])\.?m\.?)?",
        r"(?P<hour>1?\d)\s?(?P<half>[ap])\.?m\.?",
    )
)


@dataclass(frozen=True)
class Moment:
    """A date or a time of a text, as far as it is told; ``quarter`` and ``decade`` are spans."""

    text: str
    start: int
    end: int
    year: int | None = None
    months: tuple[int, ...] = ()
    day: int | None = None
    hour: int | None = None
    minute: int | None = None
    decade: bool = False


@dataclass
class Calendar:
    """The dates and times that are known."""

    days: set[tuple[int, int, int]] = field(default_factory=set)
    months: set[tuple[int, int]] = field(default_factory=set)
    years: set[int] = field(default_factory=set)
    days_of_year: set[tuple[int, int]] = field(default_factory=set)
    months_of_year: set[int] = field(default_factory=set)
    times: set[tuple[int, int]] = field(default_factory=set)

    def add(self, moment: Moment) -> None:
        """Know a moment, and the wider spans in which it lies."""
        if moment.hour is not None:
            self.times.add((moment.hour, moment.minute or 0))
        if moment.year is not None:
            self.years.add(moment.year)
        for month in moment.months:
            self.months_of_year.add(month)
            if moment.year is not None:
                self.months.add((moment.year, month))
            if moment.day is not None:
                self.days_of_year.add((month, moment.day))
                if moment.year is not None:
                    self.days.add((moment.year, month, moment.day))

    def add_iso(self, text: str) -> bool:
        """Know a cell that is an ISO 8601 date or time; false when it is none."""
        if len(text) < 5 or not (text[4:5] == "-" or text[2:3] == ":"):
            return False
        whole = _ISO.fullmatch(text)
        if whole is not None:
            self._add_numbers(*map(int, filter(None, whole.groups())))
            return True
        found = next(moments(text[:40]), None)
        if found is None or found.start:
            return False
        self.add(found)
        return True

    def _add_numbers(self, year: int, month: int, day: int, *time: int) -> None:
        self.years.add(year)
        self.months_of_year.add(month)
        self.months.add((year, month))
        self.days_of_year.add((month, day))
        self.days.add((year, month, day))
        if time:
            self.times.add((time[0], time[1]))

    def knows(self, moment: Moment, *, others: Iterable[int] = ()) -> bool:
        """Whether a moment is one of these, as far as it is told.

        ``others`` are whole numbers of the results: years, months and hours come as such too.
        """
        numbers = set(others)
        if moment.decade and moment.year is not None:
            span = range(moment.year, moment.year + 10)
            return any(year in self.years or year in numbers for year in span)
        if moment.hour is not None and not self._has_time(moment, numbers):
            return False
        if moment.day is not None and moment.months:
            return self._has_day(moment) or self._is_edge(moment, numbers)
        year_known = moment.year is None or moment.year in self.years or moment.year in numbers
        if not moment.months:
            return year_known
        if moment.year is None:
            return any(m in self.months_of_year or m in numbers for m in moment.months)
        if any((moment.year, month) in self.months for month in moment.months):
            return True
        return year_known and any(month in numbers for month in (*moment.months, _quarter(moment)))

    def _has_time(self, moment: Moment, numbers: set[int]) -> bool:
        time = (moment.hour or 0, moment.minute or 0)
        return time in self.times or (time[1] == 0 and time[0] in numbers)

    def _is_edge(self, moment: Moment, numbers: set[int]) -> bool:
        """Whether a day is where a known year begins or ends: years are often told so."""
        if moment.year is None or len(moment.months) != 1:
            return False
        edges = {(1, 1): (0, 1), (12, 31): (0,)}
        years = [moment.year - gap for gap in edges.get((moment.months[0], moment.day or 0), ())]
        return any(year in self.years or year in numbers for year in years)

    def _has_day(self, moment: Moment) -> bool:
        month, day = moment.months[0], moment.day or 0
        if moment.year is None:
            return (month, day) in self.days_of_year
        if (moment.year, month, day) in self.days:
            return True
        if len(moment.months) == 2:  # 3/4/2020 may be read in two ways
            return (moment.year, moment.months[1], month) in self.days
        # A month's bucket is told by its first day; people name its last one, too.
        if not 1 <= month <= 12 or moment.year < 1:
            return False
        last = calendar.monthrange(moment.year, month)[1]
        return day == last and (moment.year, month, 1) in self.days


def moments(text: str) -> Iterator[Moment]:
    """The dates and times of a text, the fuller forms first, none twice."""
    taken: list[tuple[int, int]] = []
    for form in _FORMS:
        for match in form.finditer(text):
            if any(match.start() < end and start < match.end() for start, end in taken):
                continue
            found = _moment(match)
            if found is not None:
                taken.append(match.span())
                yield found


def _moment(match: re.Match[str]) -> Moment | None:
    told = {name: value for name, value in match.groupdict().items() if value is not None}
    months: tuple[int, ...] = ()
    day = int(told["day"]) if "day" in told else None
    if "name" in told:
        months = (_MONTHS[told["name"].lower()],)
    elif "month" in told:
        months = (int(told["month"]),)
    elif "quarter" in told:
        first = int(told["quarter"]) * 3 - 2
        months = (first, first + 1, first + 2)
    elif "first" in told:
        months, day = (int(told["first"]), int(told["second"])), int(told["second"])
    if any(not 1 <= month <= 12 for month in months[:1]) and len(months) != 2:
        return None
    if day is not None and not 1 <= day <= 31:
        return None
    year = told.get("year") or told.get("decade")
    return Moment(
        text=match[0],
        start=match.start(),
        end=match.end(),
        year=int(year) if year else None,
        months=months,
        day=day,
        hour=_hour(told),
        minute=int(told["minute"]) if "minute" in told else None,
        decade="decade" in told,
    )


def _hour(told: dict[str, str]) -> int | None:
    if "hour" not in told:
        return None
    hour = int(told["hour"])
    if "half" in told:
        return hour % 12 + (12 if told["half"] == "p" else 0)
    return hour


def _quarter(moment: Moment) -> int:
    return (moment.months[0] + 2) // 3 if len(moment.months) == 3 else -1
