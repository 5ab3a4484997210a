"""A straight line through two columns: slope, intercept, how much it explains, and predictions."""

from collections.abc import Sequence
from dataclasses import replace

from leonidas_jupyter.assistant.analyst.compiler import (
    cell,
    group_sql,
    has_groups,
    literal,
    select,
)
from leonidas_jupyter.assistant.analyst.leads import headings
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.operations.base import Operation, Parse, patterns, query
from leonidas_jupyter.assistant.analyst.plan import PlannedCall, ToolOutcome
from leonidas_jupyter.assistant.analyst.question import Condition, Question, Unfit, Where
from leonidas_jupyter.assistant.analyst.reply import (
    assemble,
    bold,
    group_header,
    number,
    percent,
    rows_of,
    scope,
    table,
)

_CAUTION = (
    "This is the straight line of least squares through the points: it says nothing of causes, and "
    "little beyond the values that it was fitted to."
)


def _build(parse: Parse) -> Question | None:
    columns = parse.columns()
    groups = parse.groups
    if len(columns) == 1 and len(groups) == 1 and parse.items("φ"):
        columns, groups = [*columns, parse.lexicon.column(groups[0].column)], ()
    if len(columns) != 2 or columns[0] == columns[1] or len(groups) > 1:
        return None
    for column in columns:
        if not column.numeric:
            raise Unfit(f"`{column.name}` is not a number, so I cannot put a line through it.")
    target, feature = columns
    question = parse.ask("regression", columns=(target.name, feature.name), groups=groups)
    spans = parse.spans.union(*(group.spans for group in parse.groups))
    return replace(question, spans=spans)


def _at(parse: Parse) -> tuple[Condition, Where] | None:
    """Return the value to predict at, "for a flipper length of 200", and the other conditions."""
    found = [
        each
        for each in parse.where.conditions
        if each.op == "=" and not each.negated and not each.part
    ]
    numeric = [each for each in found if parse.lexicon.column(each.column).numeric]
    if len(numeric) != 1 or parse.where.joiner != "and":
        return None
    kept = tuple(each for each in parse.where.conditions if each is not numeric[0])
    return numeric[0], Where(kept)


def _build_prediction(parse: Parse) -> Question | None:
    columns, at = parse.columns(), _at(parse)
    if len(columns) != 1 or at is None or parse.groups or not columns[0].numeric:
        return None
    condition, where = at
    if condition.column == columns[0].name:
        return None
    return parse.ask(
        "prediction",
        columns=(columns[0].name, condition.column),
        where=where,
        target=Where((condition,)),
    )


def _line(question: Question, lexicon: FrameLexicon) -> list[tuple[str, str]]:
    y, x = (cell(name, lexicon) for name in question.columns)
    return [
        (f"regr_slope({y}, {x})", "slope"),
        (f"regr_intercept({y}, {x})", "intercept"),
        (f"regr_r2({y}, {x})", "r2"),
        (f"regr_count({y}, {x})", "n"),
        (f"min({x}) FILTER (WHERE {y} IS NOT NULL)", "lowest"),
        (f"max({x}) FILTER (WHERE {y} IS NOT NULL)", "highest"),
    ]


def _compile(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    outputs = _line(question, lexicon)
    if question.operation == "prediction":
        value = literal(question.target.conditions[0].values[0])
        predicted = f"{outputs[0][0]} * {value} + {outputs[1][0]}"
        return [query(select(question, [(predicted, "prediction"), *outputs]))]
    groups = list(zip(map(group_sql, question.groups), group_header(question.groups), strict=True))
    sql = select(
        question,
        [*groups, *outputs],
        extra=has_groups(question),
        group_by=len(groups),
        order="1" if groups else "",
    )
    return [query(sql)]


def _formula(values: dict[str, object], question: Question) -> str:
    y, x = question.columns
    intercept = values["intercept"]
    sign = "-" if isinstance(intercept, int | float) and intercept < 0 else "+"
    size = abs(intercept) if isinstance(intercept, int | float) else intercept
    slope = number(values["slope"], question.decimals)
    return f"`{y}` = {slope} × `{x}` {sign} {number(size, question.decimals)}"


def _render(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    columns, rows = rows_of(results[0])
    y, x = question.columns
    read = f"the linear regression of `{y}` on `{x}`"
    if question.groups:
        body = table(columns, rows, question.decimals, headings(question))
        first = f"The straight lines of `{y}` on `{x}`{scope(question)}:"
        return assemble(first, body, question, read, _CAUTION)
    values = dict(zip(columns, rows[0], strict=True))
    if not isinstance(values["slope"], int | float):
        return assemble(f"There are too few different values{scope(question)}.", "", question, read)
    slope, intercept, r2 = (
        bold(values[key], question.decimals) for key in ("slope", "intercept", "r2")
    )
    first = (
        f"{_formula(values, question)}{scope(question)}: slope {slope}, intercept {intercept}, "
        f"r² {r2}, so it explains {percent(values['r2'])} of the variance."
    )
    low, high = number(values["lowest"]), number(values["highest"])
    note = f"Fitted to {number(values['n'])} rows, `{x}` from {low} to {high}."
    return assemble(first, "", question, read, note, _CAUTION)


def _render_prediction(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    columns, rows = rows_of(results[0])
    values = dict(zip(columns, rows[0], strict=True))
    y, x = question.columns
    at = question.target.conditions[0].values[0]
    read = f"the value of `{y}` that the linear regression on `{x}` has at {number(at)}"
    if not isinstance(values["prediction"], int | float):
        return assemble(f"There are too few different values{scope(question)}.", "", question, read)
    first = (
        f"At `{x}` = {number(at)} the line predicts a `{y}` of "
        f"{bold(values['prediction'], question.decimals)}{scope(question)}: "
        f"{_formula(values, question)}, r² {number(values['r2'])}."
    )
    beyond = (
        f"That is beyond the values of `{x}` that it was fitted to, {number(values['lowest'])} to "
        f"{number(values['highest'])}: do not rely on it."
        if not _within(at, values)
        else ""
    )
    return assemble(first, "", question, read, beyond, _CAUTION)


def _within(at: object, values: dict[str, object]) -> bool:
    low, high = values["lowest"], values["highest"]
    return (
        isinstance(at, int | float)
        and isinstance(low, int | float)
        and isinstance(high, int | float)
        and low <= at <= high
    )


OPERATIONS = (
    Operation(
        "regression",
        patterns("q?eC[~,&f]?C", "q?φC[~f]?C", "q?φC", "q?eCC"),
        _build,
        _compile,
        _render,
        ("Linear regression of {number} on {number2}",),
    ),
    Operation(
        "prediction",
        patterns("q?φC", "q?eφC", "q?Cφ"),
        _build_prediction,
        _compile,
        _render_prediction,
    ),
)
