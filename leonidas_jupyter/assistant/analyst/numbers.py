"""Rules for numbers, comparisons and times.

From words to bounds that a column can be held against.
"""

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from leonidas_jupyter.assistant.analyst.candidates import Number
from leonidas_jupyter.assistant.analyst.items import BOUND, TIME, Item, rule, spans_of
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.vocabulary import vocabulary

FLIPPED = {">": "<=", ">=": "<", "<": ">=", "<=": ">", "=": "!=", "!=": "="}


@dataclass(frozen=True)
class Bound:
    """A comparison with numbers.

    ``op`` and one number, or ``between`` (inclusive) and two, or ``in`` and several.
    """

    op: str
    numbers: tuple[Number, ...]


@dataclass(frozen=True)
class Period:
    """A stretch of time, from ``first`` up to but not including ``after`` (ISO dates)."""

    first: str
    after: str
    text: str


@dataclass(frozen=True)
class Time:
    """A comparison with a time.

    ``op`` ``in`` is "during". ``months`` (1 to 12) stand for those months of any year, ``days``
    (1 is Monday) for those days of any week; ``note`` says what the words were read as, ``worked``
    which spans went into the dates otherwise than as they stand.
    """

    op: str
    periods: tuple[Period, ...] = ()
    months: tuple[int, ...] = ()
    days: tuple[int, ...] = ()
    note: str = ""
    worked: frozenset[int] = frozenset()


def period_of(text: str) -> Period | None:
    """Return the stretch of time that an ISO date, month or instant names.

    None where there is no such date.
    """
    try:
        if re.fullmatch(r"\d{4}", text):
            return Period(f"{text}-01-01", f"{int(text) + 1:04d}-01-01", text)
        if re.fullmatch(r"\d{4}-\d{2}", text):
            year, month = (int(part) for part in text.split("-"))
            last = date(year, month, calendar.monthrange(year, month)[1])
            return Period(f"{text}-01", (last + timedelta(days=1)).isoformat(), text)
        if len(text) > 10:
            return Period(text, text, text)
        year, month, day = (int(part) for part in text.split("-"))
        first = date(year, month, day)
        return Period(first.isoformat(), (first + timedelta(days=1)).isoformat(), text)
    except ValueError:
        return None


def _one(kind: str, value: object, items: Sequence[Item]) -> list[Item]:
    return [Item(kind, value, spans_of(items), " ".join(item.text for item in items))]


def _numbers(items: Sequence[Item]) -> tuple[Number, ...]:
    return tuple(item.value for item in items if item.kind == "N")


def _scaled(items: Sequence[Item], _: FrameLexicon) -> list[Item]:
    number: Number = items[0].value
    value = number.value * items[1].value
    scale = items[1].value
    return _one(
        "N", replace(number, value=value, text=f"{value:g}", year=False, scale=scale), items
    )


def _scaled_alike(items: Sequence[Item], _: FrameLexicon) -> list[Item] | None:
    """Read "between 10 and 20 million" as millions on both ends, as people mean it."""
    first, last = [item.value for item in items if item.kind == "N"]
    if first.year or not 0 < first.value < last.value:
        return None
    scale = items[-1]
    both = [_scaled([item, scale], _)[0] if item.kind == "N" else item for item in items[:-1]]
    return [replace(both[0], spans=both[0].spans - scale.spans), *both[1:]]


def _with_unit(items: Sequence[Item], _: FrameLexicon) -> list[Item]:
    number: Number = items[0].value
    return _one("N", replace(number, unit=items[1].value, year=False), items)


def _percent(items: Sequence[Item], _: FrameLexicon) -> list[Item] | None:
    number: Number = items[0].value
    if items[1].text not in ("%", "percent"):
        return None
    return _one("N", replace(number, percent=True, year=False), items)


def _flip(items: Sequence[Item], _: FrameLexicon) -> list[Item]:
    return _one(items[-1].kind, FLIPPED[items[-1].value], items)


def _keep_last(items: Sequence[Item], _: FrameLexicon) -> list[Item]:
    return _one(items[-1].kind, items[-1].value, items)


def _bound(items: Sequence[Item], _: FrameLexicon) -> list[Item]:
    op = next(item.value for item in items if item.kind in ">+")
    return _one(BOUND, Bound(op, _numbers(items)), items)


def _between(items: Sequence[Item], _: FrameLexicon) -> list[Item] | None:
    low, high = _numbers(items)
    if low.value > high.value:
        low, high = high, low
    return _one(BOUND, Bound("between", (low, high)), items)


def _time(items: Sequence[Item], _: FrameLexicon) -> list[Item] | None:
    op = next((item.value for item in items if item.kind in "@>+"), "in")
    periods = [_period(item) for item in items if item.kind in "ND"]
    if not periods or any(period is None for period in periods):
        return None
    if len(periods) == 2:
        op = "between"
    return _one(TIME, Time(op, tuple(period for period in periods if period)), items)


def _period(item: Item) -> Period | None:
    if item.kind == "D":
        return period_of(item.value)
    number: Number = item.value
    return period_of(f"{int(number.value):04d}") if number.year else None


def _month_of_year(items: Sequence[Item], _: FrameLexicon) -> list[Item] | None:
    numbers = _numbers(items)
    month = int(next(item.value for item in items if item.kind == "M"))
    year = numbers[-1]
    if not year.year:
        return None
    text = f"{int(year.value):04d}-{month:02d}"
    if len(numbers) == 2:
        text += f"-{int(numbers[0].value):02d}"
    return _one("D", text, items) if period_of(text) else None


def _shared_year(items: Sequence[Item], _: FrameLexicon) -> list[Item] | None:
    """Read "April 30 and May 2 1992" as two days of that year."""
    joiner = next(at for at, item in enumerate(items) if item.kind in "&t")
    numbers = _numbers(items)
    year = items[-1]
    if not numbers[-1].year or any(each.year for each in numbers[:-1]):
        return None
    return [*items[:joiner], year, *items[joiner:]]


def _named_before(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "over age 65", "between ages 20 and 30" as "age over 65"."""
    at = next(at for at, item in enumerate(items) if item.kind == "C")
    if not lexicon.column(items[at].value).numeric:
        return None
    if items[0].kind == "2":
        same = items[0].value[0] == items[at].value
        return [replace(items[0], spans=spans_of(items[:-1])), items[-1]] if same else None
    return [items[at], *items[:at], *items[at + 1 :]]


def _month(items: Sequence[Item], _: FrameLexicon) -> list[Item]:
    months = tuple(int(item.value) for item in items if item.kind == "M")
    return _one(TIME, Time("in", (), months), items)


def _from_until(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "from 1970 until 1975", "from 10 up to 20" as ranges with both ends."""
    if items[2].value != "<=":
        return None
    ends = [items[0], items[1], items[3]]
    made = _time(ends, lexicon) if items[2].kind == "@" else _between(ends, lexicon)
    return [replace(item, spans=spans_of(items)) for item in made] if made else None


def _since(items: Sequence[Item], _: FrameLexicon) -> list[Item] | None:
    """Read "from 1975 on", "starting in 1975" as that year and later."""
    on = items[-1].kind == "p" and items[-1].text.lower() == "on"
    if not on and not items[0].text.lower().startswith(("starting", "beginning")):
        return None
    period = _period(items[1])
    return _one(TIME, Time(">=", (period,)), items) if period else None


def _or_beyond(items: Sequence[Item], _: FrameLexicon) -> list[Item] | None:
    """Read "before 1975 or after 1980" as two bounds, where "1975 or after" would be one."""
    words = items[0].text.lower().split()
    if len(words) != 2 or words[0] != "or":
        return None
    for meaning in vocabulary().phrases.get(words[1], ()):
        if meaning.kind in ">@":
            either = Item("|", "or", items[0].spans, "or")
            return [either, Item(meaning.kind, meaning.value, items[0].spans, words[1]), items[1]]
    return None


def _months_between(items: Sequence[Item], _: FrameLexicon) -> list[Item] | None:
    first, last = (int(item.value) for item in items if item.kind == "M")
    if first > last:
        return None
    return _one(TIME, Time("in", (), tuple(range(first, last + 1))), items)


def _sign(items: Sequence[Item], _: FrameLexicon) -> list[Item]:
    """Read "negative values"."""
    said = next(item for item in items if item.kind == "λ")
    bound = Bound(str(said.value), (Number(0.0, "0"),))
    return [Item(BOUND, bound, spans_of(items), said.text)]


def _nought(items: Sequence[Item], _: FrameLexicon) -> list[Item] | None:
    """Read "zero values", "has zero rain": no other number is one of values."""
    if items[0].value.text != "zero":
        return None
    return [Item(BOUND, Bound("=", (items[0].value,)), spans_of(items), items[0].text)]


RULES = (
    rule("(?<=HC)g=λ", _sign),
    rule("λ(?:g=?)?", _sign),
    rule("N(?=g)g", _nought),
    rule("(?<=h)N(?=C)", _nought),
    rule(r"\+[ND]", _or_beyond),
    rule("N[&t|]+[=]?>?N#", _scaled_alike),
    rule("N#", _scaled),
    rule("N%", _percent),
    rule("Nu", _with_unit),
    rule("MN[&t]MN,?N", _shared_year),
    rule("NM[&t]NM,?N", _shared_year),
    rule("2CN", _named_before),
    rule("(?<!C)(?<!C=)[>W]=?CN", _named_before),
    rule("MN,?N", _month_of_year),
    rule("N[o]?MN", _month_of_year),
    rule("M[o,]?N", _month_of_year),
    rule("=>", _keep_last),
    rule("!=?[>@]", _flip),
    rule(">[o=]?N", _bound),
    rule(r"N\+", _bound),
    rule("[W][opf=]*N[&t,]N", _between),
    rule("fN[t]N", _between),
    rule("NtN", _between),
    rule("[W][opf=]*D[&t]D", _time),
    rule("f?DtD", _time),
    rule("f[DN][@>][DN]", _from_until),
    rule("f[DN](?:p(?![A-Z]))?(?!t)", _since),
    rule("[@>][=]?[DN]", _time),
    rule(r"D\+", _time),
    rule("[pf]D", _time),
    rule("W[op]*M[&t]M", _months_between),
    rule("fMtM", _months_between),
    rule("[pfw]M(?:[,&|]+[pf]?M)*", _month),
    rule("^M$", _month),
)
"""Rules over the kinds; the order matters, for a longer reading must come before its parts."""
