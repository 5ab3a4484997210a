"""Days of the week as a table writes them, and weekends as a column that is computed."""

import re
from collections.abc import Iterator
from dataclasses import replace

from leonidas_jupyter.assistant.analyst.column import named as column_named
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon, ValueRef
from leonidas_jupyter.assistant.analyst.rephrase import named
from leonidas_jupyter.assistant.analyst.rewording.resolve import number_of
from leonidas_jupyter.assistant.analyst.rewording.wording import Wording
from leonidas_jupyter.assistant.analyst.view import View
from leonidas_jupyter.assistant.analyst.words import pieces
from leonidas_jupyter.data.profile import ColumnProfile

_NAMED_DAY = re.compile(r"\b(?P<one>(?:mon|tues|wednes|thurs|fri|satur|sun)day)s?\b", re.I)


def named_days(wording: Wording) -> Wording:
    """Write the column's own "Sun" for "Sunday"."""
    for found in list(_NAMED_DAY.finditer(wording.text)):
        word = found["one"].lower()
        for column in wording.lexicon.columns:
            listed = column.profile.categories or ()
            days = len(listed) > 1 and all(each.strip().lower()[:3] in _WEEKDAYS for each in listed)
            own = [each for each in listed if word.startswith(each.strip().lower())] if days else []
            if len(own) == 1 and own[0].lower() != word:
                wording = wording.swapped(
                    found.group(), f'"{own[0]}"', f"I read “{found.group()}” as {own[0]}."
                )
    return wording


_WEEK = "part_of_week"
_SATURDAY, _SUNDAY = ("saturday", "sat"), ("sunday", "sun")
_WEEKDAYS = frozenset({"mon", "tue", "wed", "thu", "fri", "sat", "sun"})
_WEEKEND = re.compile(
    r"\b(?:on\s+|at\s+)?(?:the\s+|a\s+)?(?P<one>weekend|weekday|working day|workday|week day)s?\b",
    re.I,
)


def _days_column(lexicon: FrameLexicon) -> tuple[str, str] | None:
    """Return what tells the weekend and the column it is told by, as SQL and as a name."""
    dated = [column for column in lexicon.columns if column.temporal]
    if len(dated) == 1:
        quoted = _quoted(dated[0].name)
        return f"isodow({quoted}) IN (6, 7)", dated[0].name
    for column in lexicon.columns:
        listed = column.profile.categories or ()
        if len(listed) > 1 and all(value.strip().lower()[:3] in _WEEKDAYS for value in listed):
            ends = [each for each in listed if each.strip().lower() in (*_SATURDAY, *_SUNDAY)]
            values = ", ".join("'" + each.replace("'", "''") + "'" for each in ends)
            return (f"{_quoted(column.name)} IN ({values})", column.name) if ends else None
    return None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def weekends(wording: Wording) -> Iterator[Wording]:
    """Yield "weekend vs weekday" as the two values of a column that is computed for it."""
    if _WEEKEND.search(wording.text) is None or wording.lexicon.view is not None:
        return
    told = _days_column(wording.lexicon)
    if told is None:
        return
    changed = replace(wording, lexicon=_with_week(wording.lexicon, *told))
    both = {found["one"].lower() for found in _WEEKEND.finditer(wording.text)}
    text = _WEEKEND.sub(lambda found: _end_or_day(found["one"]), wording.text)
    if len(both) < 2:
        yield changed.put(text)
        return
    rest = re.sub(
        rf"\s*(?:on|between|by|for|:)?\s*{_QUOTED}\s*(?:vs\.?|versus|and|or|compared (?:to"
        rf"|with)|against)\s*(?:on|for)?\s*{_QUOTED}\s*",
        " ",
        text,
    )
    rest = re.sub(
        r"^(?:compare|is there a difference in|difference in|how does)\s+|\s+(?:differ|between"
        r"|compare)$",
        "",
        rest.strip(),
    )
    number = number_of(rest, wording.lexicon)
    if number is not None:
        yield changed.put(
            f"average {named(number.name)} by {_WEEK}", f"I compare the means of `{number.name}`."
        )
    yield changed.put(f"{rest} by {_WEEK}")
    yield changed.put(text)


_QUOTED = r'"week(?:end|day)"'


def _end_or_day(word: str) -> str:
    return '"weekend"' if word.lower() == "weekend" else '"weekday"'


def _with_week(lexicon: FrameLexicon, test: str, name: str) -> FrameLexicon:
    """Return the frame with a column that says whether a row is of the weekend."""
    sql = (
        f"CASE WHEN {_quoted(name)} IS NULL THEN NULL WHEN {test} THEN 'weekend' ELSE 'weekday' END"
    )
    values = ("weekday", "weekend")
    profile = ColumnProfile(
        name=_WEEK, original_name=_WEEK, type="text", nulls=0, distinct=2, categories=list(values)
    )
    column = replace(column_named(profile), words=pieces(_WEEK))
    view = View(
        f"{lexicon.frame.name}_weeks",
        f"SELECT *, {sql} AS {_quoted(_WEEK)} FROM {_quoted(lexicon.frame.name)}",  # noqa: S608 - quoted names
        (f"`{_WEEK}` is computed from `{name}`: Saturday and Sunday are the weekend.",),
    )
    refs = {value: (ValueRef(_WEEK, (value,)),) for value in values}
    return replace(
        lexicon,
        columns=(*lexicon.columns, column),
        by_name={**lexicon.by_name, _WEEK: column},
        values={**lexicon.values, **refs},
        view=view,
    )
