"""Operations that draw single values: histogram, scatter plot, box plot."""

from collections.abc import Sequence

from leonidas_jupyter.assistant.analyst import charts
from leonidas_jupyter.assistant.analyst.compiler import (
    cell,
    fill,
    group_sql,
    has_groups,
    measure_sql,
    quote,
    select,
)
from leonidas_jupyter.assistant.analyst.leads import headings
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.operations.base import Operation, Parse, patterns, query
from leonidas_jupyter.assistant.analyst.operations.pictures import POINTS, draw, kind_of
from leonidas_jupyter.assistant.analyst.plan import PlannedCall, ToolOutcome
from leonidas_jupyter.assistant.analyst.question import Measure, Order, Question
from leonidas_jupyter.assistant.analyst.reply import (
    assemble,
    group_header,
    group_words,
    number,
    rows_of,
    scope,
    table,
)

_BINS = 20


def _binned(parse: Parse) -> bool:
    """Return whether "histogram" is said; a distribution by group is better seen in boxes."""
    return any("histogram" in item.text.lower() for item in parse.items("G"))


_HISTOGRAM = """WITH kept AS (
{kept}
), ends AS (SELECT min(x) AS low, max(x) AS high FROM kept),
wide AS (SELECT low, CASE WHEN high > low THEN (high - low) / {bins} ELSE 1 END AS width FROM ends)
SELECT low + bin * width AS bin_start, low + (bin + 1) * width AS bin_end{colour},
  count(*) AS "rows"
FROM (
  SELECT *, least(CAST(floor((x - low) / width) AS INTEGER), {last}) AS bin FROM kept, wide
)
GROUP BY low, width, bin{colour}
ORDER BY 1{colour}"""


def _build_histogram(parse: Parse) -> Question | None:
    columns = parse.columns()
    kind = kind_of(parse)
    if (
        len(columns) != 1
        or len(parse.groups) > (1 if _binned(parse) else 0)
        or any(group.part for group in parse.groups)
        or kind not in ("any", "histogram")
        or not columns[0].numeric
    ):
        return None
    return parse.ask("histogram", columns=(columns[0].name,), chart="histogram")


def _compile_histogram(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    name = question.columns[0]
    groups = list(zip(map(group_sql, question.groups), group_header(question.groups), strict=True))
    kept = select(
        question,
        [(f"CAST({cell(name, lexicon)} AS DOUBLE)", "x"), *groups],
        extra=[f"{quote(name)} IS NOT NULL", *has_groups(question)],
    )
    colour = "".join(f", {quote(group)}" for _, group in groups)
    sql = fill(_HISTOGRAM, kept=kept, bins=_BINS, last=_BINS - 1, colour=colour)
    summary = [
        (measure_sql(Measure(agg, name), lexicon), agg)
        for agg in ("mean", "median", "min", "max", "std", "skew")
    ]
    counted = [(f"count({quote(name)})", "n")]
    shown = [group for _, group in groups]
    title = f"Distribution of {name}" + "".join(f" by {group}" for group in shown)
    by_group = select(
        question,
        [*groups, *summary, *counted],
        extra=has_groups(question),
        group_by=len(groups),
        order="1" if groups else "",
    )
    return [
        query(by_group),
        draw(sql, charts.histogram("bin_start", "bin_end", "rows", name, *shown), title),
    ]


def _render_histogram(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    columns, rows = rows_of(results[0])
    values = dict(zip(columns, rows[0], strict=True))
    name = question.columns[0]
    read = f"a histogram of `{name}`"
    if question.groups:
        by = group_words(question.groups)
        first = f"The chart shows the distribution of `{name}`{by}; in numbers:"
        body = table(columns, rows, question.decimals, headings(question))
        return assemble(first, body, question, read)
    if not values["n"]:
        return assemble(f"No row{scope(question)} has a value of `{name}`.", "", question, read)
    first = (
        f"The {number(values['n'])} values of `{name}`{scope(question)} go from "
        f"**{number(values['min'])}** to **{number(values['max'])}**, "
        f"with mean **{number(values['mean'])}** and median **{number(values['median'])}**; "
        "the chart shows their distribution."
    )
    return assemble(
        first, table(columns, rows, question.decimals, headings(question)), question, read
    )


def _build_scatter(parse: Parse) -> Question | None:
    columns = parse.columns()
    if (
        len(columns) != 2
        or kind_of(parse) not in ("any", "scatter")
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
        order=Order(True, 0, POINTS, parse.spans),
    )


def _compile_scatter(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    x, y = question.columns
    colors = [group.column for group in question.groups]
    names = list(dict.fromkeys([x, y, *colors]))
    both = [f"{quote(x)} IS NOT NULL", f"{quote(y)} IS NOT NULL"]
    summary = [(f"corr({cell(x, lexicon)}, {cell(y, lexicon)})", "correlation"), ("count(*)", "n")]
    points = select(question, [(quote(name), name) for name in names], extra=both, limit=POINTS)
    spec = charts.scatter(x, y, colors[0] if colors else None)
    return [query(select(question, summary, extra=both)), draw(points, spec, f"{y} against {x}")]


def _render_scatter(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    _columns, rows = rows_of(results[0])
    value, count = rows[0]
    x, y = question.columns
    first = (
        f"The chart shows `{y}` against `{x}`{scope(question)}: {number(count)} points, "
        f"correlation **{number(value)}**."
    )
    note = (
        f"Only the first {POINTS} points are drawn."
        if isinstance(count, int) and count > POINTS
        else ""
    )
    return assemble(first, "", question, f"a scatter plot of `{y}` (up) and `{x}` (across)", note)


def _build_box(parse: Parse) -> Question | None:
    columns = parse.columns()
    if (
        kind_of(parse) not in (("box", "histogram") if parse.groups else ("box",))
        or _binned(parse)
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
    points = select(question, [*groups, (quote(name), name)], extra=extra, limit=POINTS * 4)
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
        first,
        table(columns, rows, question.decimals, headings(question)),
        question,
        f"a box plot of `{name}`",
    )


OPERATIONS = (
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
)
