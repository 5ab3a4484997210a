"""Parts of dates that a text groups by or asks for, without a column of their own."""

import re
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.facts import Condition, Facts, Preparation
from leonidas_jupyter.assistant.analyst.closed.moments import MONTHS, WEEKDAYS

_PARTS = (
    (
        "weekday_name",
        "day of week",
        r"(?:days?\s+of\s+(?:the\s+)?week|weekdays?(?!\s+(?:and|or|vs|to)))",
    ),
    ("month", "month", r"(?:calendar\s+)?months?(?:\s+of\s+the\s+year|\s+numbers?)?"),
    ("year", "year", r"(?:calendar\s+)?years?"),
    ("quarter", "quarter", r"quarters?"),
    ("hour", "hour", r"hours?(?:\s+of\s+the\s+day)?"),
    ("date", "day", r"(?:calendar\s+)?days?"),
)
_AHEAD = (
    r"\b(?P<ahead>which|each|every|per|by|extract\w*\s+the|derive\s+the|group\w*\s+by|for\s+every)"
    r"\s+(?:the\s+)?"
)


_BY_IT = re.compile(r"\bgroup\w*\s+(?:\w+\s+){0,3}?by\s+(?:it|them|this)\b")


def part_called(said: list[str], column: str, expression: Any) -> Condition | None:  # noqa: ANN401
    """Return the condition for the part of a date that the words of a name call: ``total_2012``."""
    part = expression.get("part") if isinstance(expression, dict) else None
    if part == "year":
        years = [int(word) for word in said if re.fullmatch(r"(?:1[6-9]|20)\d\d", word)]
        return Condition(column, "==", years[0], (str(years[0]),)) if len(years) == 1 else None
    if part == "month":
        months = [at for at, name in enumerate(MONTHS, start=1) if {name, name[:3]} & set(said)]
        return Condition(column, "==", months[0], (str(months[0]),)) if len(months) == 1 else None
    if part in ("weekday_name", "month_name"):
        names = [name.title() for name in (*WEEKDAYS, *MONTHS) if {name, name[:3]} & set(said)]
        return Condition(column, "==", names[0], (names[0],)) if len(names) == 1 else None
    if part in ("hour", "day", "quarter"):
        digits = [int(number) for word in said for number in re.findall(r"\d+", word)]
        return Condition(column, "==", digits[0], (str(digits[0]),)) if len(digits) == 1 else None
    return None


def read_periods(facts: Facts) -> None:
    """Put a new column in place of "each month", where a table only has dates."""
    dates = [column.name for column in facts.marks.lexicon.columns if column.temporal]
    if len(dates) != 1 or facts.says(r"\bweek\s?ends?\b"):
        return
    for part, name, words in _PARTS:
        taken = {"".join(column.words) for column in facts.marks.lexicon.columns}
        if name.replace(" ", "") in taken or facts.marks.new:
            continue
        pattern = re.compile(rf"{_AHEAD}{words}\b")
        if not facts.says(pattern.pattern) or (
            part == "date" and not facts.says(r"\bcalendar day")
        ):
            continue
        sign = facts.marks.column_sign(name)
        for at, text in enumerate(facts.texts):
            facts.texts[at] = pattern.sub(rf"\g<ahead> {sign} ", text)
            for match in _BY_IT.finditer(facts.texts[at]):
                facts.use(at, match)
        facts.derived[name] = {"op": "date_part", "value": dates[0], "part": part}
        facts.kinds |= {"derive", "group"}
        facts.groups.append(name)
        facts.preparations.append(Preparation("derive", (0, 0), [name]))
        return
