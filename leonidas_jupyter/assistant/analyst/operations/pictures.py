"""Operations that draw: histogram, bar, line, scatter, box, pie."""

from collections.abc import Sequence

from leonidas_jupyter.assistant.analyst import charts
from leonidas_jupyter.assistant.analyst.compiler import (
    group_sql,
    has_groups,
    measure_name,
    measure_sql,
    quote,
    select,
)
from leonidas_jupyter.assistant.analyst.leads import headings, lead
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.operations.base import Operation, Parse, patterns, query
from leonidas_jupyter.assistant.analyst.plan import PlannedCall, ToolOutcome
from leonidas_jupyter.assistant.analyst.question import Ambiguous, Group, Measure, Order, Question
from leonidas_jupyter.assistant.analyst.reply import (
    assemble,
    cut_note,
    group_header,
    group_words,
    left_out,
    measure_words,
    rows_of,
    scope,
    table,
)

POINTS = 5000


def draw(sql: str, spec: charts.Spec, title: str) -> PlannedCall:
    """Return a call of the chart tool."""
    return PlannedCall("chart", {"sql": sql, "spec": {"title": title, **spec}})


def kind_of(parse: Parse) -> str:
    """Return the kind of chart that is asked for, ``any`` where none is named."""
    kinds = [item.value for item in parse.items("G") if item.value != "any"]
    return kinds[0] if kinds else "any"


def _build_counts(parse: Parse) -> Question | None:
    columns = parse.columns()
    if kind_of(parse) not in ("any", "bar", "pie", "histogram"):
        return None
    groups = parse.groups or tuple(Group(column.name, None, parse.spans) for column in columns)
    if (
        not groups
        or (parse.groups and columns)
        or len(groups) > 2
        or not _discrete(groups, parse.lexicon)
    ):
        return None
    return parse.ask(
        "chart_counts",
        groups=groups,
        measures=(Measure("rows"),),
        chart="pie" if kind_of(parse) == "pie" else "bar",
    )


def _discrete(groups: Sequence[Group], lexicon: FrameLexicon) -> bool:
    columns = [(group, lexicon.column(group.column)) for group in groups]
    return all(
        group.part or not column.numeric or column.profile.distinct <= 30
        for group, column in columns
    )


def _build_aggregated(parse: Parse) -> Question | None:
    measures, kind = parse.measures(), kind_of(parse)
    if len(measures) != 1 or not parse.groups or len(parse.groups) > 2 or measures[0].agg == "mode":
        return None
    if kind not in ("any", "bar", "line", "pie"):
        return None
    timed = _over_time(parse.groups[0], parse.lexicon)
    chart = kind if kind != "any" else ("line" if timed else "bar")
    return parse.ask("chart_aggregate", measures=measures, chart=chart)


def _over_time(group: Group, lexicon: FrameLexicon) -> bool:
    column = lexicon.column(group.column)
    return column.temporal or (column.numeric and "year" in column.core)


def _grouped_sql(question: Question, lexicon: FrameLexicon) -> str:
    measure = question.measures[0]
    groups = list(zip(map(group_sql, question.groups), group_header(question.groups), strict=True))
    name = measure_name(measure)
    timed = any(_over_time(group, lexicon) for group in question.groups)
    keys = ", ".join(str(position) for position in range(1, len(groups) + 1))
    order = keys if timed or question.measures[0].column else f"{quote(name)} DESC, {keys}"
    top = _top(question)
    if top is not None:
        order = f"{quote(name)} {'DESC' if top.descending else 'ASC'}, {keys}"
    return select(
        question,
        [*groups, (measure_sql(measure, lexicon), name)],
        extra=has_groups(question),
        group_by=len(groups),
        order=order,
        limit=top.limit if top else None,
    )


def _top(question: Question) -> Order | None:
    """Return the ranking of "the top 5" that is drawn; "the most" alone is drawn among all."""
    order = question.order
    drawn = order is not None and order.limit is not None and order.limit > 1 and not order.skip
    return order if drawn else None


def _compile_grouped(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    sql = _grouped_sql(question, lexicon)
    return [query(sql), draw(sql, chart_spec(question, lexicon), _title(question))]


def chart_spec(question: Question, lexicon: FrameLexicon) -> charts.Spec:
    """Return the chart of a grouped question.

    Its first group on x, its measure on y, a second group as colour.
    """
    names = group_header(question.groups)
    value = measure_name(question.measures[0])
    color = names[1] if len(names) > 1 else None
    look = _look(question, lexicon)
    if question.chart == "pie" and not color:
        return charts.pie(names[0], value, look)
    if question.chart == "line":
        column = lexicon.column(question.groups[0].column)
        kind = (
            "temporal"
            if column.temporal and question.groups[0].part in (None, "day", "week", "month")
            else "ordinal"
        )
        return charts.line(names[0], value, kind, look, color)
    return charts.bar(names[0], value, look, color)


def _look(question: Question, lexicon: FrameLexicon) -> charts.Look:
    """Return what the profile says of the categories: how many, how long, in what order."""
    group = question.groups[0]
    profile = lexicon.column(group.column).profile
    named = profile.categories or [str(top.value) for top in profile.top]
    timed = _over_time(group, lexicon)
    return charts.Look(
        titles=headings(question),
        count=0 if group.part else profile.distinct,
        longest=4 if group.part else max(map(len, named), default=0),
        ranked=not timed and not lexicon.column(group.column).numeric,
        part=group.part,
    )


def _title(question: Question) -> str:
    words = measure_words(question.measures[0]) + group_words(question.groups)
    return (words[0].upper() + words[1:]).replace("`", "")


def _render_grouped(
    question: Question, lexicon: FrameLexicon, results: Sequence[ToolOutcome]
) -> str:
    columns, rows = rows_of(results[0])
    words = measure_words(question.measures[0])
    whole = f"The chart shows the {words}{group_words(question.groups)}{scope(question)}:"
    cut = bool(results[0].result.get("truncated"))
    top = _top(question)
    first = whole if top else lead(question, rows, cut) or whole
    only = f"the {len(rows)} {'highest' if top.descending else 'lowest'} only" if top else ""
    note = left_out(
        question, lexicon, [measure.column for measure in question.measures if measure.column]
    )
    return assemble(
        first,
        table(columns, rows, question.decimals, headings(question)),
        question,
        f"a {question.chart} chart of the {words}{f', {only},' if only else ''}",
        note,
        cut_note(results[0]),
    )


def _build_series(parse: Parse) -> Question | None:
    """Read "C over time", "line chart of C by date".

    The column itself where each time has one row, else ask.
    """
    columns = parse.columns()
    if len(columns) == 1 and columns[0].numeric and len(parse.groups) == 1:
        group = parse.groups[0]
        when = parse.lexicon.column(group.column)
        if (
            group.part
            or not _over_time(group, parse.lexicon)
            or kind_of(parse) not in ("any", "line")
        ):
            raise _ask_aggregate(columns[0].name, parse)
        if when.key:
            return parse.ask(
                "chart_aggregate", measures=(Measure("mean", columns[0].name),), chart="line"
            )
        raise _ask_aggregate(columns[0].name, parse)
    return None


def _ask_aggregate(name: str, parse: Parse) -> Ambiguous:
    by = group_words(parse.groups)
    return Ambiguous(
        f"{name}{by.replace('`', '')}",
        [f"the {word} `{name}`{by}" for word in ("average", "total")],
    )


OPERATIONS = (
    Operation(
        "chart_aggregate",
        patterns("q?G+7G?", "7G+", "xG?7", "x7"),
        _build_aggregated,
        _compile_grouped,
        _render_grouped,
        ("Bar chart of the average {number} by {category}",),
    ),
    Operation(
        "chart_counts",
        patterns(
            "q?G+H?R?", "G+HR?", "HR?G+", "G+Cg?", "CG+", "G+H?C", "HC?G+", "q?G+gC", "G+RH?", "HG+"
        ),
        _build_counts,
        _compile_grouped,
        _render_grouped,
    ),
    Operation(
        "series",
        patterns("G+Cv?", "q?v?C", "C[Gv]*", "qCv"),
        _build_series,
        _compile_grouped,
        _render_grouped,
    ),
)
