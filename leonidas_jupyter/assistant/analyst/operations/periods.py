"""What the operations along time share: the group that is time, and what is measured of it."""

from leonidas_jupyter.assistant.analyst.compiler import (
    group_sql,
    has_groups,
    measure_sql,
    quote,
    select,
)
from leonidas_jupyter.assistant.analyst.conditions import time_column
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.operations.base import Parse
from leonidas_jupyter.assistant.analyst.question import Group, Measure, Question
from leonidas_jupyter.assistant.analyst.reply import group_header

_AMOUNTS = frozenset(
    {"sale", "sales", "revenue", "turnover", "amount", "quantity", "cost", "deaths", "death",
     "precipitation", "rainfall", "count", "generation", "orders", "units", "profit", "visits"}
)  # fmt: skip
"""What is added up over a period; of everything else the mean is taken."""


def is_time(group: Group, lexicon: FrameLexicon) -> bool:
    """Return whether a group has the order of time."""
    column = lexicon.column(group.column)
    return group.part is not None or column.temporal or column.core == ("year",)


def ordered_groups(groups: tuple[Group, ...], lexicon: FrameLexicon) -> tuple[Group, ...] | None:
    """Return the groups with the one that is time in front; None where not exactly one is."""
    times = [group for group in groups if is_time(group, lexicon)]
    if len(times) != 1 or len(groups) > 2:
        return None
    return (times[0], *(group for group in groups if group is not times[0]))


def time_group(lexicon: FrameLexicon, part: str | None, parse: Parse) -> Group:
    """Return the group of the frame's own time by ``part``, the time itself where that is None.

    Raises:
        Unfit: the frame has no time.
        Ambiguous: it has several.
    """
    column = time_column(lexicon, whole_years=part in (None, "year", "decade"))
    if column.numeric:
        return Group(column.name, "tens" if part == "decade" else None, parse.spans)
    return Group(column.name, "month" if part == "month?" else part, parse.spans)


def measured(parse: Parse) -> tuple[Measure, str] | None:
    """Return what is measured, and how that was read where the question names no aggregate."""
    measures, columns = parse.measures(), parse.columns()
    if len(measures) == 1 and not columns and measures[0].agg != "mode":
        return measures[0], ""
    if not measures and not columns and (parse.items("H") or parse.items("R")):
        return Measure("rows"), ""
    if measures or len(columns) != 1 or not columns[0].numeric:
        return None
    column = columns[0]
    amount = any(word in _AMOUNTS for word in column.core)
    agg, word = ("sum", "total") if amount else ("mean", "mean")
    note = f"You named no aggregate, so each period has the {word} of its rows."
    return Measure(agg, column.name), note


def periods_sql(question: Question, lexicon: FrameLexicon) -> str:
    """Return the SQL of the value of each period, and of each other group in it."""
    names = group_header(question.groups)
    groups = [(group_sql(group), name) for group, name in zip(question.groups, names, strict=True)]
    measure = question.measures[0]
    known = [f"{quote(measure.column)} IS NOT NULL"] if measure.column else []
    return select(
        question,
        [*groups, (measure_sql(measure, lexicon), "value"), ("count(*)", "rows")],
        extra=[*has_groups(question), *known],
        group_by=len(groups),
    )
