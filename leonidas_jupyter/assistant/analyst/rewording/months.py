"""Months and days that a table keeps as numbers: "in July" of a column `Month`."""

import re
from collections.abc import Iterator

from leonidas_jupyter.assistant.analyst.column import NamedColumn
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.rephrase import named
from leonidas_jupyter.assistant.analyst.rewording.wording import Wording

_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september",
           "october", "november", "december")  # fmt: skip
_MONTH = r"(?:" + "|".join(f"{name}|{name[:3]}" for name in _MONTHS) + r"|sept)"
_TWO = re.compile(
    rf"\b(?P<how>from|between|in|during|for|of)\s+(?P<one>{_MONTH})\s+(?P<joint>to|and|until"
    rf"|through|vs\.?|versus|or)\s+(?:in\s+)?(?P<two>{_MONTH})\b",
    re.I,
)
_DAY = re.compile(
    rf"\b(?:on|of|for)?\s*(?:the\s+)?(?P<one>{_MONTH})\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b", re.I
)
_ONE = re.compile(rf"\b(?:in|during|for|of)\s+(?P<one>{_MONTH})\b", re.I)
_OVER = re.compile(
    r"\b(?:over time|over (?:the )?(?:months|season|year)|by months|month by month"
    r"|month to month|through the months)\b",
    re.I,
)
_BETWEEN = re.compile(r"\b(?P<how>between|across|among)\s+(?:the\s+)?months\b", re.I)
_MOST_ROWS = 366


def _month(text: str) -> int:
    return 1 + next(at for at, name in enumerate(_MONTHS) if name.startswith(text[:3].lower()))


def month_column(lexicon: FrameLexicon) -> NamedColumn | None:
    """Return the column that counts the months from 1 to 12, where there are no dates."""
    if any(column.temporal for column in lexicon.columns):
        return None
    return next((column for column in lexicon.columns if _is(column, "month", 12)), None)


def _is(column: NamedColumn, word: str, most: int) -> bool:
    low, high = column.profile.min, column.profile.max
    whole = column.profile.type == "integer" and column.core == (word,)
    return whole and isinstance(low, int) and isinstance(high, int) and 1 <= low <= high <= most


def months(wording: Wording) -> Iterator[Wording]:
    """Yield "in July" as a condition on the column of months."""
    column = month_column(wording.lexicon)
    if column is None:
        return
    name, text = named(column.name), wording.text
    numbered = f"The months are numbers in `{column.name}`."
    for pattern in (_TWO, _DAY, _ONE):
        found = pattern.search(text)
        if found is None:
            continue
        made = _where(found, name, wording.lexicon)
        if made:
            rest = text[: found.start()] + " " + text[found.end() :]
            yield wording.put(rest + made, numbered)
            return
    over = _OVER.search(text)
    if over is not None:
        told = f"I show it by `{column.name}`."
        yield wording.put(text[: over.start()] + f"by {name}" + text[over.end() :], told)
    between = _BETWEEN.search(text)
    if between is not None:
        yield wording.put(_BETWEEN.sub(f"{between['how']} {name}", text))


def _where(found: re.Match[str], name: str, lexicon: FrameLexicon) -> str:
    said = found.groupdict()
    one = _month(found["one"])
    if said.get("two"):
        other = _month(found["two"])
        if found["joint"].lower() in ("to", "until", "through") and one < other:
            return f" by {name} where {name} is between {one} and {other}"
        if found["how"].lower() == "between" and one < other:
            return f" by {name} where {name} is between {one} and {other}"
        return f" by {name} where {name} is {one} or {name} is {other}"
    if said.get("day"):
        day = next((each for each in lexicon.columns if _is(each, "day", 31)), None)
        return f" where {name} is {one} and {named(day.name)} is {found['day']}" if day else ""
    return f" where {name} is {one}"


def daily(lexicon: FrameLexicon) -> bool:
    """Return whether each row is a day: columns of a month and a day, and no more than a year."""
    days = any(_is(column, "day", 31) for column in lexicon.columns)
    rows = lexicon.frame.profile.rows
    return days and month_column(lexicon) is not None and rows <= _MOST_ROWS


_DAYS = re.compile(r"(?<!per )(?<!of the )(?<!by )\b(?P<noun>days?)\b(?! of)", re.I)


def days_as_rows(wording: Wording) -> Wording:
    """Write rows for days where each row is one."""
    found = _DAYS.search(wording.text)
    if found is None or not daily(wording.lexicon):
        return wording
    other = "rows" if found["noun"].lower() == "days" else "row"
    note = f"I read “{found['noun']}” as the rows of {wording.lexicon.frame.name}."
    return wording.put(_DAYS.sub(other, wording.text, count=1), note)
