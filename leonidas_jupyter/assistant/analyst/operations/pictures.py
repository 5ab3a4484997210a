"""Operations that draw: histogram, bar, line, scatter, box, pie."""

from collections.abc import Sequence

from leonidas_jupyter.assistant.analyst import charts
from leonidas_jupyter.assistant.analyst.compiler import (
    cell,
    fill,
    group_sql,
    has_groups,
    measure_name,
    measure_sql,
    quote,
    select,
)
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon, NamedColumn
from leonidas_jupyter.assistant.analyst.operations.base import Operation, Parse, patterns, query
from leonidas_jupyter.assistant.analyst.plan import PlannedCall, ToolOutcome
from leonidas_jupyter.assistant.analyst.question import Ambiguous, Group, Measure, Order, Question
from leonidas_jupyter.assistant.analyst.reply import (
    assemble,
    group_header,
    group_words,
    left_out,
    measure_words,
    number,
    rows_of,
    scope,
    table,
)

_BINS = 20
_POINTS = 5000
_HISTOGRAM = """WITH kept AS (
{kept}
), ends AS (SELECT min(x) AS low, max(x) AS high FROM kept),
wide AS (SELECT low, CASE WHEN high > low THEN (high - low) / {bins} ELSE 1 END AS width FROM ends)
SELECT low + bin * width AS bin_start, low + (bin + 1) * width AS bin_end, count(*) AS "rows"
FROM (
  SELECT low, width, least(CAST(floor((x - low) / width) AS INTEGER), {last}) AS bin FROM kept, wide
)
GROUP BY low, width, bin
ORDER BY 1"""


def draw(sql: str, spec: charts.Spec, title: str) -> PlannedCall:
    """Return a call of the chart tool."""
    return PlannedCall("chart", {"sql": sql, "spec": {"title": title, **spec}})


def _kind(parse: Parse) -> str:
    kinds = [item.value for item in parse.items("G") if item.value != "any"]
    return kinds[0] if kinds else "any"


def _build_histogram(parse: Parse) -> Question | None:
    columns = parse.columns()
    kind = _kind(parse)
    if (
        len(columns) != 1
        or parse.groups
        or kind not in ("any", "histogram")
        or not columns[0].numeric
    ):
        return None
    return parse.ask("histogram", columns=(columns[0].name,), chart="histogram")


def _compile_histogram(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    name = question.columns[0]
    kept = select(
        question,
        [(f"CAST({cell(name, lexicon)} AS DOUBLE)", "x")],
        extra=[f"{quote(name)} IS NOT NULL"],
    )
    sql = fill(_HISTOGRAM, kept=kept, bins=_BINS, last=_BINS - 1)
    summary = [
        (measure_sql(Measure(agg, name), lexicon), agg)
        for agg in ("mean", "median", "min", "max", "std", "skew")
    ]
    counted = [(f"count({quote(name)})", "n")]
    title = f"Distribution of {name}"
    return [
        query(select(question, [*summary, *counted])),
        draw(sql, charts.histogram("bin_start", "bin_end", "rows", name), title),
    ]


def _render_histogram(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    columns, rows = rows_of(results[0])
    values = dict(zip(columns, rows[0], strict=True))
    name = question.columns[0]
    read = f"a histogram of `{name}`"
    if not values["n"]:
        return assemble(f"No row{scope(question)} has a value of `{name}`.", "", question, read)
    first = (
        f"The {number(values['n'])} values of `{name}`{scope(question)} go from **{number(values['min'])}** to **{number(values['max'])}**, "
        f"with mean **{number(values['mean'])}** and median **{number(values['median'])}**; the chart shows their distribution."
    )
    return assemble(first, table(columns, rows, question.decimals), question, read)


def _build_counts(parse: Parse) -> Question | None:
    columns = parse.columns()
    if _kind(parse) not in ("any", "bar", "pie", "histogram"):
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
        chart="pie" if _kind(parse) == "pie" else "bar",
    )


def _discrete(groups: Sequence[Group], lexicon: FrameLexicon) -> bool:
    columns = [(group, lexicon.column(group.column)) for group in groups]
    return all(
        group.part or not column.numeric or column.profile.distinct <= 30
        for group, column in columns
    )


def _build_aggregated(parse: Parse) -> Question | None:
    measures, kind = parse.measures(), _kind(parse)
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
    return select(
        question,
        [*groups, (measure_sql(measure, lexicon), name)],
        extra=has_groups(question),
        group_by=len(groups),
        order=order,
    )


def _compile_grouped(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    sql = _grouped_sql(question, lexicon)
    return [query(sql), draw(sql, chart_spec(question, lexicon), _title(question))]


def chart_spec(question: Question, lexicon: FrameLexicon) -> charts.Spec:
    """Return the chart of a grouped question: its first group on x, its measure on y, a second group as colour."""
    names = group_header(question.groups)
    value = measure_name(question.measures[0])
    color = names[1] if len(names) > 1 else None
    if question.chart == "pie" and not color:
        return charts.pie(names[0], value)
    if question.chart == "line":
        column = lexicon.column(question.groups[0].column)
        kind = (
            "temporal"
            if column.temporal and question.groups[0].part in (None, "day", "week", "month")
            else "ordinal"
        )
        return charts.line(names[0], value, kind, color)
    return charts.bar(names[0], value, color)


def _title(question: Question) -> str:
    words = measure_words(question.measures[0]) + group_words(question.groups)
    return (words[0].upper() + words[1:]).replace("`", "")


def _render_grouped(
    question: Question, lexicon: FrameLexicon, results: Sequence[ToolOutcome]
) -> str:
    columns, rows = rows_of(results[0])
    words = measure_words(question.measures[0])
    first = f"The chart shows the {words}{group_words(question.groups)}{scope(question)}, {len(rows)} groups:"
    note = left_out(
        question, lexicon, [measure.column for measure in question.measures if measure.column]
    )
    return assemble(
        first,
        table(columns, rows, question.decimals),
        question,
        f"a {question.chart} chart of the {words}",
        note,
    )


def _build_scatter(parse: Parse) -> Question | None:
    columns = parse.columns()
    if (
        len(columns) != 2
        or _kind(parse) not in ("any", "scatter")
        or not all(column.numeric for column in columns)
    ):
        return None
    if (
        len(parse.groups) > 1
        or any(group.part for group in parse.groups)
        or columns[0] == columns[1]
    ):
        return None
    against = any(item.kind == "~" for item in parse.core)
    y, x = columns if against else reversed(columns)
    return parse.ask(
        "scatter",
        columns=(x.name, y.name),
        chart="scatter",
        order=Order(True, 0, _POINTS, parse.spans),
    )


def _compile_scatter(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    x, y = question.columns
    colors = [group.column for group in question.groups]
    names = list(dict.fromkeys([x, y, *colors]))
    both = [f"{quote(x)} IS NOT NULL", f"{quote(y)} IS NOT NULL"]
    summary = [(f"corr({cell(x, lexicon)}, {cell(y, lexicon)})", "correlation"), ("count(*)", "n")]
    points = select(question, [(quote(name), name) for name in names], extra=both, limit=_POINTS)
    spec = charts.scatter(x, y, colors[0] if colors else None)
    return [query(select(question, summary, extra=both)), draw(points, spec, f"{y} against {x}")]


def _render_scatter(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    _columns, rows = rows_of(results[0])
    value, count = rows[0]
    x, y = question.columns
    first = f"The chart shows `{y}` against `{x}`{scope(question)}: {number(count)} points, correlation **{number(value)}**."
    note = (
        f"Only the first {_POINTS} points are drawn."
        if isinstance(count, int) and count > _POINTS
        else ""
    )
    return assemble(first, "", question, f"a scatter plot of `{y}` (up) and `{x}` (across)", note)


def _build_box(parse: Parse) -> Question | None:
    columns = parse.columns()
    if (
        _kind(parse) not in (("box", "histogram") if parse.groups else ("box",))
        or len(columns) != 1
        or not columns[0].numeric
        or len(parse.groups) > 1
    ):
        return None
    if any(group.part for group in parse.groups):
        return None
    return parse.ask("box", columns=(columns[0].name,), chart="box")


_BOX = ("min", "q1", "median", "q3", "max")


def _compile_box(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    name = question.columns[0]
    groups = list(zip(map(group_sql, question.groups), group_header(question.groups), strict=True))
    summary = [*groups, *((measure_sql(Measure(agg, name), lexicon), agg) for agg in _BOX)]
    extra = [f"{quote(name)} IS NOT NULL", *has_groups(question)]
    category = question.groups[0].column if question.groups else None
    points = select(question, [*groups, (quote(name), name)], extra=extra, limit=_POINTS * 4)
    return [
        query(
            select(
                question, summary, extra=extra, group_by=len(groups), order="1" if groups else ""
            )
        ),
        draw(points, charts.box(name, category), f"{name}{' by ' + category if category else ''}"),
    ]


def _render_box(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    columns, rows = rows_of(results[0])
    name = question.columns[0]
    first = (
        f"The box plot shows `{name}`{group_words(question.groups)}{scope(question)}; its numbers:"
    )
    return assemble(
        first, table(columns, rows, question.decimals), question, f"a box plot of `{name}`"
    )


def _build_series(parse: Parse) -> Question | None:
    """Read "C over time", "line chart of C by date": the column itself where each time has one row, else ask."""
    columns: list[NamedColumn] = parse.columns()
    if len(columns) == 1 and columns[0].numeric and len(parse.groups) == 1:
        group = parse.groups[0]
        when = parse.lexicon.column(group.column)
        if (
            group.part
            or not _over_time(group, parse.lexicon)
            or _kind(parse) not in ("any", "line")
        ):
            return _ask_aggregate(columns[0].name, parse)
        if when.key:
            return parse.ask(
                "chart_aggregate", measures=(Measure("mean", columns[0].name),), chart="line"
            )
        return _ask_aggregate(columns[0].name, parse)
    return None


def _ask_aggregate(name: str, parse: Parse) -> None:
    by = group_words(parse.groups)
    raise Ambiguous(
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
    Operation("box", patterns("G+C", "CG+", "G+Cg"), _build_box, _compile_box, _render_box),
    Operation(
        "scatter",
        patterns("G+C[~&,]+C", "C[~&,]+CG+", "q?G?C~C", "G+CC"),
        _build_scatter,
        _compile_scatter,
        _render_scatter,
        ("Scatter plot of {number} against {number2}",),
    ),
    Operation(
        "histogram",
        patterns("q?G+Cg?", "q?CG+", "G+gC", "qG?C"),
        _build_histogram,
        _compile_histogram,
        _render_histogram,
        ("Show the distribution of {number}.",),
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
