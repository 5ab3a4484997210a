"""Parts of dates that a text groups by or asks for, without a column of their own."""

import re

from leonidas_jupyter.assistant.analyst.closed.facts import Facts, Preparation

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
        facts.derived[name] = {"op": "date_part", "value": dates[0], "part": part}
        facts.kinds |= {"derive", "group"}
        facts.groups.append(name)
        facts.preparations.append(Preparation("derive", (0, 0), [name]))
        return
