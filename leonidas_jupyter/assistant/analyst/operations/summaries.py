"""Operations that summarise a column or a whole frame."""

from collections.abc import Sequence

from leonidas_jupyter.assistant.analyst.compiler import (
    measure_sql,
    quote,
    select,
)
from leonidas_jupyter.assistant.analyst.leads import headings
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.operations.aggregates import BY_GROUP
from leonidas_jupyter.assistant.analyst.operations.base import Operation, Parse, patterns, query
from leonidas_jupyter.assistant.analyst.operations.quality import findings, quality_calls
from leonidas_jupyter.assistant.analyst.operations.significance import continuous
from leonidas_jupyter.assistant.analyst.plan import PlannedCall, ToolOutcome
from leonidas_jupyter.assistant.analyst.question import Group, Measure, Question
from leonidas_jupyter.assistant.analyst.reply import (
    assemble,
    number,
    rows_of,
    scope,
    table,
)


def _build_describe_column(parse: Parse) -> Question | None:
    columns = parse.columns()
    if len(columns) != 1 or parse.groups or not columns[0].numeric:
        return None
    return parse.ask("describe_column", columns=(columns[0].name,))


def _build_computed(parse: Parse) -> Question | None:
    """Read a formula that nothing more is asked of: what its values are."""
    columns = parse.columns()
    view = parse.lexicon.view
    if view is None or len(columns) != 1 or columns[0] != parse.lexicon.columns[-1]:
        return None
    return _build_describe_column(parse) if view.sides is None else None


def _build_compared(parse: Parse) -> Question | None:
    """Read "compare body mass across islands", "compare species by body mass"."""
    columns, groups = parse.columns(), parse.groups
    if not groups and len(columns) == 2 and any(item.kind == "W" for item in parse.full):
        columns, groups = columns[:1], (Group(columns[1].name, None, parse.spans),)
    elif not groups and len(columns) == 2 and any(item.kind == "p" for item in parse.full):
        columns, groups = columns[1:], (Group(columns[0].name, None, parse.spans),)
    elif len(groups) == 1 and not groups[0].part and len(columns) == 1:
        named = parse.lexicon.column(groups[0].column)
        compared = parse.items("x")[0].text.lower().startswith("compar")
        if compared and not columns[0].numeric and continuous(named) and named.numeric:
            spans = parse.spans | groups[0].spans
            columns, groups = [named], (Group(columns[0].name, None, spans),)
    grouped = {group.column for group in groups}
    if len(columns) != 1 or not columns[0].numeric or not groups or columns[0].name in grouped:
        return None
    if any(not group.part and _too_many(group, parse.lexicon) for group in groups):
        return None
    measures = tuple(Measure(agg, columns[0].name) for agg in ("mean", "median", "std"))
    question = parse.ask("aggregate", groups=groups, measures=measures)
    return question.noting("You named no aggregate, so I show the mean, the median and the spread.")


def _too_many(group: Group, lexicon: FrameLexicon) -> bool:
    """Return whether the groups would be about as many as the rows."""
    column = lexicon.column(group.column)
    years = column.core[-1:] == ("year",)
    return column.key or (continuous(column) and not years)


_MOST = 20
_SUMMARY = ("mean", "std", "min", "q1", "median", "q3", "max")


def _compile_describe_column(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    name = question.columns[0]
    outputs = [(f"count({quote(name)})", "count"), (f"count(*) - count({quote(name)})", "missing")]
    outputs += [(measure_sql(Measure(agg, name), lexicon), agg) for agg in _SUMMARY]
    return [query(select(question, outputs))]


def _render_describe_column(
    question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]
) -> str:
    columns, rows = rows_of(results[0])
    values = dict(zip(columns, rows[0], strict=True))
    name = question.columns[0]
    first = (
        f"`{name}` goes from **{number(values['min'])}** to **{number(values['max'])}**, "
        f"with mean **{number(values['mean'])}** and median "
        f"**{number(values['median'])}**{scope(question)}."
    )
    body = table(
        ["statistic", name], [[key, value] for key, value in values.items()], question.decimals
    )
    return assemble(first, body, question, f"a summary of `{name}`")


def _build_describe(parse: Parse) -> Question | None:
    if parse.groups or not any(column.numeric for column in parse.lexicon.columns):
        return None
    names = tuple(column.name for column in parse.lexicon.columns if column.numeric)
    question = parse.ask("describe", columns=names[:_MOST])
    if len(names) <= _MOST:
        return question
    return question.noting(f"Only the first {_MOST} of {len(names)} numeric columns are shown.")


def _compile_describe(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    parts = []
    for name in question.columns:
        outputs = [
            (f"'{name.replace(chr(39), chr(39) * 2)}'", "column"),
            (f"count({quote(name)})", "count"),
        ]
        outputs += [
            (f"CAST({measure_sql(Measure(agg, name), lexicon)} AS DOUBLE)", agg) for agg in _SUMMARY
        ]
        parts.append(select(question, outputs))
    summary = query("\nUNION ALL\n".join(parts))
    described = PlannedCall("describe_frame", {"name": question.frame})
    if question.where.conditions:
        return [described, summary]
    return [described, summary, *quality_calls(question, lexicon)]


def _render_describe(
    question: Question, lexicon: FrameLexicon, results: Sequence[ToolOutcome]
) -> str:
    columns, rows = rows_of(results[1])
    profile = lexicon.frame.profile
    texts = [column.name for column in lexicon.columns if not column.numeric]
    first = (
        f"{question.frame} has **{number(profile.rows)}** rows and **{len(profile.columns)}** "
        f"columns. The numeric ones{scope(question)}:"
    )
    odd = findings(results[2:]) if len(results) > 2 else []
    body = table(columns, rows, question.decimals, headings(question))
    if odd:
        body += "\n\nWorth a look:\n\n" + "\n".join(f"- {each}" for each in odd)
    other = "Other columns: " + ", ".join(f"`{name}`" for name in texts) + "." if texts else ""
    return assemble(
        first,
        body,
        question,
        "a summary of every numeric column",
        other,
    )


OPERATIONS = (
    Operation(
        "grouped_summary",
        patterns("xC", "Cx", "xCWC", "CxWC", "xCC"),
        _build_compared,
        BY_GROUP.compile,
        BY_GROUP.render,
    ),
    Operation(
        "describe_column",
        patterns("sC"),
        _build_describe_column,
        _compile_describe_column,
        _render_describe_column,
    ),
    Operation(
        "describe_column",
        patterns("q?C", "q?CR"),
        _build_computed,
        _compile_describe_column,
        _render_describe_column,
    ),
    Operation(
        "describe",
        patterns("s[RJ]*", "sK"),
        _build_describe,
        _compile_describe,
        _render_describe,
        ("Describe {frame}.",),
    ),
)
