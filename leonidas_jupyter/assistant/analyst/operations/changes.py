"""Operations along time: growth from period to period, running totals, moving averages."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from leonidas_jupyter.assistant.analyst.compiler import fill, quote
from leonidas_jupyter.assistant.analyst.leads import headings
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.operations.base import Operation, Parse, patterns, query
from leonidas_jupyter.assistant.analyst.operations.periods import (
    is_time,
    measured,
    ordered_groups,
    periods_sql,
    time_group,
)
from leonidas_jupyter.assistant.analyst.phrases import DATE_PART, by_year
from leonidas_jupyter.assistant.analyst.plan import PlannedCall, ToolOutcome
from leonidas_jupyter.assistant.analyst.question import Group, Measure, Order, Question, Unfit
from leonidas_jupyter.assistant.analyst.reply import (
    assemble,
    bold,
    cut_note,
    group_header,
    left_out,
    measure_words,
    percent,
    rows_of,
    scope,
    table,
)
from leonidas_jupyter.assistant.analyst.windows import MOVING

_STEPS = {"yoy": "year", "qoq": "quarter", "mom": "month", "wow": "week", "dod": "day"}
_GROWTH = ("growth", *_STEPS)


def _changes(parse: Parse) -> set[str]:
    return {item.value for item in parse.items("v")}


def _along_time(parse: Parse, part: str | None) -> Question | None:
    found = measured(parse)
    if found is None:
        return None
    measure, note = found
    groups = parse.groups
    if not any(is_time(group, parse.lexicon) for group in groups):
        groups = (time_group(parse.lexicon, part, parse), *groups)
    if groups != parse.groups and part is None and not parse.lexicon.column(groups[0].column).key:
        raise Unfit("Say along what: by day, by month, by year.")
    ordered = ordered_groups(groups, parse.lexicon)
    if ordered is None or measure.column in {group.column for group in groups}:
        return None
    question = parse.ask("growth", measures=(measure,), groups=ordered)
    when = parse.lexicon.column(ordered[0].column)
    single = when.key and ordered[0].part is None
    return question.noting(note) if note and not single else question


def _build_growth(parse: Parse) -> Question | None:
    said = _changes(parse)
    steps = [_STEPS[value] for value in said if value in _STEPS]
    stepped = bool(parse.groups and any(group.part for group in parse.groups))
    if "trend" in said or not (said & set(_GROWTH) or stepped):
        return None
    if len(steps) > 1 or (steps and parse.groups and not _same_step(parse, steps[0])):
        return None
    if not parse.groups and not steps:
        return None
    question = _along_time(parse, steps[0] if steps else None)
    if question is None:
        return None
    relative = bool(said & set(_GROWTH)) and not _absolute(parse)
    return replace(question, option="growth" if relative else "change")


def _same_step(parse: Parse, step: str) -> bool:
    parts = {group.part for group in parse.groups if group.part}
    return not parts or parts == {step}


def _absolute(parse: Parse) -> bool:
    """Return whether a difference is asked for: "year over year change", not growth."""
    said = _changes(parse)
    return "change" in said and "growth" not in said and not parse.items("%")


_GROWN = """WITH periods AS (
{periods}
)
SELECT {keys}, {first}, {second}, "value", "rows"
FROM (
  SELECT *, "value" - lag("value") OVER w AS change,
    ("value" - lag("value") OVER w) / nullif(abs(lag("value") OVER w), 0) AS growth
  FROM periods WINDOW w AS ({partition}ORDER BY {when})
)
ORDER BY {order}"""


def _partition(question: Question) -> tuple[str, str]:
    names = group_header(question.groups)
    others = ", ".join(map(quote, names[1:]))
    return quote(names[0]), f"PARTITION BY {others} " if others else ""


def _compile_growth(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    when, partition = _partition(question)
    names = group_header(question.groups)
    first, second = ("growth", "change") if question.option == "growth" else ("change", "growth")
    order = question.order
    listed = ", ".join(map(quote, [*names[1:], names[0]]))
    if order is not None:
        listed = f"{first} {'DESC' if order.descending else 'ASC'} NULLS LAST, 1"
    sql = fill(
        _GROWN,
        periods=periods_sql(question, lexicon),
        keys=", ".join(map(quote, names)),
        first=first,
        second=second,
        partition=partition,
        when=when,
        order=listed,
    )
    return [query(sql + (f"\nLIMIT {order.limit}" if order and order.limit else ""))]


def _render_growth(
    question: Question, lexicon: FrameLexicon, results: Sequence[ToolOutcome]
) -> str:
    columns, rows = rows_of(results[0])
    words = measure_words(question.measures[0])
    word = "relative growth" if question.option == "growth" else "change"
    keys = len(question.groups)
    known = [row for row in rows if isinstance(row[keys], int | float)]
    first = f"The {word} of the {words} against the period before{scope(question)}:"
    if not known:
        first = f"There are too few periods{scope(question)} to compare."
    elif question.order is not None:
        end = "highest" if question.order.descending else "lowest"
        value = _said(known[0], keys, question)
        first = f"{_named(known[0], keys)} has the {end} {word} of the {words}: {value}."
    elif keys == 1:
        low, high = (pick(known, key=lambda row: row[keys]) for pick in (min, max))
        first = (
            f"The {word} of the {words} is highest in {_named(high, keys)}, "
            f"{_said(high, keys, question)}, and lowest in {_named(low, keys)}, "
            f"{_said(low, keys, question)}{scope(question)}."
        )
    named = {**headings(question), "growth": "share", "value": words.replace("`", "")}
    shown = [*columns]
    body = table(shown, rows, question.decimals, named).replace("| share |", "| growth |", 1)
    notes = (
        "Each period is held against the one before it that has rows; the first and the last "
        "may not be whole.",
        left_out(question, lexicon, ()),
        cut_note(results[0]),
    )
    return assemble(first, body, question, f"the {word} of the {words}", *notes)


def _named(row: Sequence[Any], keys: int) -> str:
    return ", ".join(bold(value) for value in row[:keys])


def _said(row: Sequence[Any], keys: int, question: Question) -> str:
    value = row[keys]
    relative = question.option == "growth"
    return (
        f"**{percent(value, question.decimals)}**" if relative else bold(value, question.decimals)
    )


def _build_top_growth(parse: Parse) -> Question | None:
    """Read "which year had the highest growth in sales"."""
    if parse.groups or not _changes(parse) & {*_GROWTH, "change"}:
        return None
    entity = parse.items("C" + DATE_PART)[0]
    group = (
        entity.value
        if entity.kind == DATE_PART
        else by_year(Group(entity.value, None, entity.spans), parse.lexicon)
    )
    core = tuple(item for item in parse.core if item is not entity)
    inner = replace(parse, core=core, groups=(group,))
    question = _along_time(inner, None)
    if question is None:
        return None
    ends = parse.items("SE")
    value = ends[0].value
    descending = value != "asc" if isinstance(value, str) else value.descending
    order = Order(descending, 0, 1, parse.spans)
    option = "growth" if _changes(parse) & set(_GROWTH) else "change"
    return replace(question, option=option, order=order, spans=parse.spans)


_RUNNING = """WITH periods AS (
{periods}
)
SELECT {keys}, sum("value") OVER ({partition}ORDER BY {when}) AS cumulative, "value", "rows"
FROM periods ORDER BY {order}"""


def _build_cumulative(parse: Parse) -> Question | None:
    question = _along_time(parse, None)
    if question is None:
        return None
    measure = question.measures[0]
    if measure.agg not in ("sum", "mean", "rows") or (parse.measures() and measure.agg == "mean"):
        return None
    summed = Measure("sum", measure.column) if measure.column else measure
    return replace(question, operation="cumulative", measures=(summed,), notes=())


def _compile_cumulative(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    when, partition = _partition(question)
    names = group_header(question.groups)
    sql = fill(
        _RUNNING,
        periods=periods_sql(question, lexicon),
        keys=", ".join(map(quote, names)),
        partition=partition,
        when=when,
        order=", ".join(map(quote, [*names[1:], names[0]])),
    )
    return [query(sql)]


def _render_running(
    question: Question, lexicon: FrameLexicon, results: Sequence[ToolOutcome]
) -> str:
    columns, rows = rows_of(results[0])
    words = measure_words(question.measures[0])
    keys = len(question.groups)
    moving = question.operation == "moving"
    what = f"{question.option} moving average" if moving else "running total"
    read = f"the {what} of the {words}"
    if not rows:
        return assemble(f"There is no row{scope(question)}.", "", question, read)
    named = {**headings(question), "value": words.replace("`", "")}
    first = f"The {what} of the {words}{scope(question)}:"
    if not moving and keys == 1:
        first = f"The running total of the {words} reaches {bold(rows[-1][keys])}{scope(question)}."
    notes = [left_out(question, lexicon, ()), cut_note(results[0])]
    if moving:
        notes.append("Only full windows have a value; periods without rows are passed over.")
    body = table(columns, rows, question.decimals, named)
    return assemble(first, body, question, read, *notes)


_MOVING = """WITH periods AS (
{periods}
)
SELECT {keys}, CASE WHEN count(*) OVER w = {width} THEN avg("value") OVER w END AS moving_average,
  "value", "rows"
FROM periods
WINDOW w AS ({partition}ORDER BY {when} ROWS BETWEEN {before} PRECEDING AND CURRENT ROW)
ORDER BY {order}"""


def _build_moving(parse: Parse) -> Question | None:
    width = parse.items(MOVING)[0].value
    if not isinstance(width, tuple):
        raise Unfit("Say over how many days, months or rows the moving average goes.")
    count, unit = width
    question = _along_time(parse, unit)
    if question is None:
        return None
    when = parse.lexicon.column(question.groups[0].column)
    others = len(question.groups) > 1
    if unit is None and question.groups[0].part is None and not (when.key or others):
        raise Unfit("Say of what the window is: so many days, months or years.")
    unit_word = (unit or "row").removesuffix("?")
    return replace(
        question, operation="moving", option=f"{count}-{unit_word}", order=Order(True, 0, count)
    )


def _compile_moving(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    when, partition = _partition(question)
    names = group_header(question.groups)
    width = (question.order or Order()).limit or 1
    sql = fill(
        _MOVING,
        periods=periods_sql(question, lexicon),
        keys=", ".join(map(quote, names)),
        width=width,
        before=width - 1,
        partition=partition,
        when=when,
        order=", ".join(map(quote, [*names[1:], names[0]])),
    )
    return [query(sql)]


OPERATIONS = (
    Operation(
        "growth",
        patterns(
            "q?%?v+C", "q?%?Cv+", "q?%?v+7", "q?%?7v+", "q?%?v+H?R", "q?%?H?Rv+", "q?vCv", "v7v"
        ),
        _build_growth,
        _compile_growth,
        _render_growth,
    ),
    Operation(
        "growth",
        patterns("q[C9][SE]v+C", "q[C9][SE]v+7", "q[C9][SE]%?v+C", "q[C9]Cv+[SE]"),
        _build_top_growth,
        _compile_growth,
        _render_growth,
    ),
    Operation(
        "cumulative",
        patterns("q?κC", "q?κ7", "q?Cκ", "q?κH?R", "q?κHR?"),
        _build_cumulative,
        _compile_cumulative,
        _render_running,
    ),
    Operation(
        "moving",
        patterns("q?μC", "q?Cμ", "q?μ7"),
        _build_moving,
        _compile_moving,
        _render_running,
    ),
)
