"""From the parts of a question to DuckDB SQL.

Identifiers are always quoted, values are always literals.
"""

from collections.abc import Sequence

from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.question import (
    Condition,
    Group,
    Having,
    Measure,
    Question,
    Where,
)

AGGREGATES: dict[str, str] = {
    "mean": "avg({c})",
    "median": "median({c})",
    "sum": "sum({c})",
    "min": "min({c})",
    "max": "max({c})",
    "std": "stddev_samp({c})",
    "var": "var_samp({c})",
    "range": "max({c}) - min({c})",
    "iqr": "quantile_cont({c}, 0.75) - quantile_cont({c}, 0.25)",
    "q1": "quantile_cont({c}, 0.25)",
    "q3": "quantile_cont({c}, 0.75)",
    "quantile": "quantile_cont({c}, {p})",
    "skew": "skewness({c})",
    "kurtosis": "kurtosis({c})",
    "sem": "stddev_samp({c}) / sqrt(count({c}))",
    "cv": "stddev_samp({c}) / avg({c})",
    "distinct": "count(DISTINCT {c})",
    "count": "count({c})",
    "rows": "count(*)",
}
"""SQL of each aggregate: sample standard deviation, variance, skewness and kurtosis.

Quantiles by linear interpolation, as pandas has them.
"""

PARTS: dict[str, str] = {
    "year": "year({c})",
    "month": "strftime({c}, '%Y-%m')",
    "quarter": "strftime({c}, '%Y') || '-Q' || quarter({c})",
    "week": "strftime(date_trunc('week', {c}), '%Y-%m-%d')",
    "day": "strftime({c}, '%Y-%m-%d')",
    "dayofweek": "isodow({c})",
    "monthofyear": "month({c})",
    "hour": "hour({c})",
    "decade": "year({c}) // 10 * 10",
    "tens": "{c} // 10 * 10",
    "season": "(month({c}) % 12) // 3 + 1",
    "quarterofyear": "quarter({c})",
}
"""SQL of each part of a date that rows are grouped by."""

_CONDITION_PARTS = {
    "year": "year({c})",
    "month": "month({c})",
    "quarter": "quarter({c})",
    "dayofweek": "isodow({c})",
    "hour": "hour({c})",
}


def fill(template: str, **parts: object) -> str:
    """Return SQL with its parts put in.

    Every part was made by ``quote``, ``literal`` or a function here that uses them.
    """
    return template.format(**parts)


def quote(name: str) -> str:
    """Return ``name`` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """Return ``value`` as an SQL literal."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return repr(value)
    return "'" + str(value).replace("'", "''") + "'"


def cell(name: str, lexicon: FrameLexicon) -> str:
    """Return the SQL of a column as something that can be aggregated: yes and no as 1 and 0."""
    quoted = quote(name)
    return (
        f"CAST({quoted} AS INTEGER)" if lexicon.column(name).profile.type == "boolean" else quoted
    )


def measure_sql(measure: Measure, lexicon: FrameLexicon) -> str:
    """Return the SQL expression of a measure."""
    if measure.column is None:
        return AGGREGATES["rows"]
    column = (
        quote(measure.column)
        if measure.agg in ("distinct", "count")
        else cell(measure.column, lexicon)
    )
    return AGGREGATES[measure.agg].format(c=column, p=measure.parameter)


def measure_name(measure: Measure) -> str:
    """Return the name of a measure's column in the result."""
    if measure.column is None:
        return "rows"
    agg = measure.agg
    if agg == "quantile" and measure.parameter is not None:
        agg = f"p{measure.parameter * 100:g}"
    return f"{agg}_{measure.column}"


_PART_NAMES = {
    "dayofweek": "day_of_week",
    "monthofyear": "month_of_year",
    "tens": "decade",
    "quarterofyear": "quarter_of_year",
}


def group_sql(group: Group) -> str:
    """Return the SQL expression of a group."""
    quoted = quote(group.column)
    return PARTS[group.part].format(c=quoted) if group.part else quoted


def group_name(group: Group) -> str:
    """Return the name of a group's column in the result."""
    if group.part is None:
        return group.column
    part = _PART_NAMES.get(group.part, group.part)
    return f"{part} of {group.column}"


def condition_sql(condition: Condition, question: Question) -> str:
    """Return the SQL of one condition.

    Rows without a value never meet one, negated or not, but for a test of null.
    """
    column = quote(condition.column)
    op, values = condition.op, condition.values
    if condition.part:
        column = _CONDITION_PARTS[condition.part].format(c=column)
    negation = "NOT " if condition.negated else ""
    if op == "null":
        return f"{column} IS {negation}NULL"
    if op in ("in", "period", "between"):
        return _several(column, op, values, negation)
    if op in ("contains", "starts", "ends", "equals"):
        return f"{negation}{_text_sql(column, op, str(values[0]))}"
    if op.endswith("column"):
        return f"{column} {op.removesuffix('column')} {quote(str(values[0]))}"
    for aggregate in ("mean", "median"):
        if op.endswith(aggregate):
            inner = AGGREGATES[aggregate].format(c=column)
            against = fill(
                "(SELECT {inner} FROM {frame})", inner=inner, frame=quote(question.source)
            )
            return f"{column} {op.removesuffix(aggregate)} {against}"
    return f"{column} {'<>' if op == '!=' else op} {literal(values[0])}"


def _several(column: str, op: str, values: Sequence[object], negation: str) -> str:
    if op == "period":
        return f"{negation}({column} >= {literal(values[0])} AND {column} < {literal(values[1])})"
    if op == "between":
        return f"{column} {negation}BETWEEN {literal(values[0])} AND {literal(values[1])}"
    listed = ", ".join(literal(value) for value in values)
    if len(values) == 1:
        return f"{column} {'<>' if negation else '='} {listed}"
    return f"{column} {negation}IN ({listed})"


def _text_sql(column: str, op: str, text: str) -> str:
    lowered = f"lower({column})"
    wanted = literal(text.lower())
    if op == "equals":
        return f"({lowered} = {wanted})"
    function = {"contains": "contains", "starts": "starts_with", "ends": "ends_with"}[op]
    return f"{function}({lowered}, {wanted})"


def having_sql(having: Having) -> str:
    """Return the SQL of one test of a group."""
    column = quote(having.measure.column) if having.measure.column else ""
    tested = AGGREGATES[having.measure.agg].format(c=column, p=having.measure.parameter)
    values = [literal(value) for value in having.values]
    if having.op == "between":
        return f"{tested} BETWEEN {values[0]} AND {values[1]}"
    return f"{tested} {'<>' if having.op == '!=' else having.op} {values[0]}"


def where_sql(where: Where, question: Question) -> str:
    """Return the SQL of all conditions, empty where there is none."""
    joiner = f" {where.joiner.upper()} "
    return joiner.join(condition_sql(condition, question) for condition in where.conditions)


def select(
    question: Question,
    outputs: Sequence[tuple[str, str]],
    *,
    extra: Sequence[str] = (),
    group_by: int = 0,
    order: str = "",
    limit: int | None = None,
) -> str:
    """Return a SELECT over the question's frame and filters.

    ``outputs`` are expressions with their names; the first ``group_by`` of them are the groups;
    ``extra`` are further conditions; ``order`` is the text after ORDER BY.
    """
    listed = ", ".join(f"{expression} AS {quote(name)}" for expression, name in outputs)
    sql = fill("SELECT {listed}\nFROM {frame}", listed=listed, frame=quote(question.source))
    held = where_sql(question.where, question)
    if held and extra and question.where.joiner == "or":
        held = f"({held})"
    conditions = " AND ".join([*([held] if held else []), *extra])
    if conditions:
        sql += f"\nWHERE {conditions}"
    if group_by:
        sql += "\nGROUP BY " + ", ".join(str(number) for number in range(1, group_by + 1))
        tests = [having_sql(having) for having in question.having]
        sql += f"\nHAVING {' AND '.join(tests)}" if tests else ""
    if order:
        sql += f"\nORDER BY {order}"
    if limit is not None:
        sql += f"\nLIMIT {limit}"
    return sql


def has_groups(question: Question) -> list[str]:
    """Return the conditions that leave out the rows without a group."""
    return [
        f"{quote(column)} IS NOT NULL"
        for column in dict.fromkeys(group.column for group in question.groups)
    ]
