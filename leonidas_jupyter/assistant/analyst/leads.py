"""The first sentence of an answer about groups, and readable names of its columns."""

import calendar
from collections.abc import Mapping, Sequence
from typing import Any

from leonidas_jupyter.assistant.analyst.compiler import group_name, measure_name
from leonidas_jupyter.assistant.analyst.question import Group, Measure, Question
from leonidas_jupyter.assistant.analyst.reply import (
    AGGREGATE_WORDS,
    PART_WORDS,
    bold,
    measure_words,
    number,
    percent,
    where_words,
)

_MOST_NAMED = 3
_SHARES = ("share", "breakdown", "share_by_sum")
_SHORT = {"std": "standard deviation", "var": "variance", "range": "range"}


def heading(measure: Measure) -> str:
    """Return what to call a measure's column in a table or on an axis: "mean of mass"."""
    if measure.column is None:
        return "rows"
    if measure.agg == "quantile":
        return measure_words(measure).replace("`", "")
    word = _SHORT.get(measure.agg, AGGREGATE_WORDS.get(measure.agg, measure.agg))
    return f"{word} of {measure.column}"


def headings(question: Question) -> Mapping[str, str]:
    """Return readable names for the columns that the SQL of a question makes."""
    named: dict[str, str] = {}
    columns = {measure.column for measure in question.measures} - {None}
    for measure in question.measures:
        name, words = measure_name(measure), heading(measure)
        named[name] = words
        named |= {f"{name} ({side})": f"{words} ({side})" for side in question.pair or ()}
        named |= {
            f"{end}_{measure.column}": f"{AGGREGATE_WORDS[end]} of {measure.column}"
            for end in ("min", "max")
        }
        several = len(columns) > 1
        named[f"n_{measure.column}"] = f"rows with {measure.column}" if several else "rows"
    for group in question.groups:
        if group.part:
            part = PART_WORDS.get(group.part, group.part)
            named[group_name(group)] = part
    if question.operation in _SHARES:
        named["share"] = "share"
    if question.operation == "share":
        named |= {"part": "rows", "whole": "of"}
    own = {group.column for group in question.groups if not group.part}
    return {name: words for name, words in named.items() if name not in own}


def lead(
    question: Question,
    rows: Sequence[Sequence[Any]],
    truncated: bool = False,
) -> str:
    """Return which group has the highest and which the lowest measure, as one sentence.

    Nothing where there is more than one measure, or not two groups to compare.
    """
    keys = len(question.groups)
    known = [row for row in rows if isinstance(row[keys], int | float)]
    if len(question.measures) > 1 or len(known) < 2 or truncated:
        return ""
    share = question.operation in _SHARES
    measure = question.measures[0] if question.measures else Measure("rows")
    words = f"share{_of(question)}" if share else measure_words(measure)
    best, least = (_extreme(known, keys, pick) for pick in (max, min))
    tops, lows = (_named(found, question.groups) for found in (best, least))
    if not tops or not lows or best[0][keys] == least[0][keys]:
        return ""
    high, low = (
        f"**{percent(found[0][keys], question.decimals)}**"
        if share
        else bold(found[0][keys], question.decimals)
        for found in (best, least)
    )
    verb = "has" if len(best) == 1 else "have"
    scope = where_words(question.where)
    return f"{tops} {verb} the highest {words}, {high}; {lows} the lowest, {low}{scope}."


def _of(question: Question) -> str:
    target = where_words(question.target)
    if question.measures:
        return f" of the {measure_words(question.measures[0])}"
    return f" of rows{target}" if target else ""


def _extreme(rows: Sequence[Sequence[Any]], at: int, pick: Any) -> list[Sequence[Any]]:  # noqa: ANN401 - max or min
    end = pick(row[at] for row in rows)
    return [row for row in rows if row[at] == end]


def _named(rows: Sequence[Sequence[Any]], groups: Sequence[Group]) -> str:
    """Return the groups by name; nothing where too many share the place."""
    if len(rows) > _MOST_NAMED:
        return ""
    named = [
        ", ".join(_group_said(value, group) for value, group in zip(row, groups, strict=False))
        for row in rows
    ]
    return " and ".join(map(bold, named))


def _group_said(value: object, group: Group) -> str:
    names: dict[str, Sequence[str]] = {
        "monthofyear": tuple(calendar.month_name),
        "dayofweek": ("", *calendar.day_name),
    }
    known = names.get(group.part or "")
    return known[value] if known and isinstance(value, int) else number(value)


def enumerated(rows: Sequence[Sequence[Any]], decimals: int | None) -> str:
    """Return groups with their values as one phrase: "a (3), b (2) and c (1)"."""
    said = [f"{bold(row[0])} ({number(row[1], decimals)})" for row in rows]
    return " and ".join([", ".join(said[:-1]), said[-1]] if len(said) > 1 else said)
