"""Operations on outliers: how many by two rules, and which."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from leonidas_jupyter.assistant.analyst.compiler import cell, fill, quote, select
from leonidas_jupyter.assistant.analyst.labels import names_rows
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.operations.base import Operation, Parse, patterns, query
from leonidas_jupyter.assistant.analyst.operations.extremes import shown_columns
from leonidas_jupyter.assistant.analyst.plan import PlannedCall, ToolOutcome
from leonidas_jupyter.assistant.analyst.question import Question
from leonidas_jupyter.assistant.analyst.reply import assemble, number, rows_of, scope, table

_OUTLIERS = """WITH kept AS (
{kept}
), bounds AS (
  SELECT quantile_cont(x, 0.25) AS q1, quantile_cont(x, 0.75) AS q3,
    avg(x) AS m, stddev_samp(x) AS s FROM kept
)
SELECT count(*) FILTER (WHERE x < q1 - 1.5 * (q3 - q1) OR x > q3 + 1.5 * (q3 - q1)) AS iqr_outliers,
  count(*) FILTER (WHERE abs(x - m) > {threshold} * s) AS z_outliers, count(*) AS n
FROM kept, bounds"""


def _kept(question: Question, lexicon: FrameLexicon) -> str:
    name = question.columns[0]
    values = (f"CAST({cell(name, lexicon)} AS DOUBLE)", "x")
    return select(question, [values], extra=[f"{quote(name)} IS NOT NULL"])


def _build_outliers(parse: Parse) -> Question | None:
    columns = parse.columns()
    if len(columns) != 1 or not columns[0].numeric or parse.groups:
        return None
    methods = {item.value for item in parse.items(")")}
    option = "z" if methods == {"z"} else "iqr" if methods == {"iqr"} else "both"
    return parse.ask("outliers", columns=(columns[0].name,), option=option)


def _compile_outliers(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    sql = fill(_OUTLIERS, kept=_kept(question, lexicon), threshold=3)
    first = "z_outliers, iqr_outliers" if question.option == "z" else "iqr_outliers, z_outliers"
    return [query(fill("SELECT {first}, n FROM (\n{sql}\n)", first=first, sql=sql))]


def _render_outliers(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    columns, rows = rows_of(results[0])
    found = dict(zip(columns, rows[0], strict=True))
    name = f"`{question.columns[0]}`"
    rules = {
        "iqr": f"**{number(found['iqr_outliers'])}** lie more than 1.5 times the interquartile "
        "range outside the quartiles",
        "z": f"**{number(found['z_outliers'])}** lie more than 3 sample standard deviations "
        "from the mean",
    }
    said = rules[question.option] if question.option in rules else " and ".join(rules.values())
    first = f"Of the {number(found['n'])} values of {name}{scope(question)}, {said}."
    return assemble(first, "", question, f"the outliers of {name}")


_LISTED = """WITH kept AS (
{kept}
), bounds AS (
  SELECT quantile_cont(x, 0.25) AS q1, quantile_cont(x, 0.75) AS q3,
    avg(x) AS m, stddev_samp(x) AS s FROM kept
)
SELECT kept.* EXCLUDE (x) FROM kept, bounds WHERE {rule}
ORDER BY x DESC LIMIT {most}"""
_RULES = {
    "iqr": "x < q1 - 1.5 * (q3 - q1) OR x > q3 + 1.5 * (q3 - q1)",
    "z": "abs(x - m) > 3 * s",
}
_MOST_LISTED = 200


def _build_listed(parse: Parse) -> Question | None:
    """Read "which penguins are outliers in body mass": the rows themselves."""
    entity, *rest = parse.items("C")
    named = rest and names_rows(parse.lexicon.column(entity.value), parse.lexicon)
    if named:
        parse = replace(parse, core=tuple(item for item in parse.core if item is not entity))
    if not (named or parse.items("lR")) or parse.items("H"):
        return None
    question = _build_outliers(parse)
    question = replace(question, spans=question.spans | entity.spans) if question else None
    if question is None:
        return None
    option = "z" if question.option == "z" else "iqr"
    return replace(question, operation="outliers_listed", option=option)


def _compile_listed(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    name = question.columns[0]
    shown = shown_columns([name], lexicon)
    kept = select(
        question,
        [*((quote(column), column) for column in shown), (f"CAST({quote(name)} AS DOUBLE)", "x")],
        extra=[f"{quote(name)} IS NOT NULL"],
    )
    rule = _RULES[question.option or "iqr"]
    listed = query(fill(_LISTED, kept=kept, rule=rule, most=_MOST_LISTED))
    return [listed, *_compile_outliers(question, lexicon)]


def _render_listed(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    columns, rows = rows_of(results[0])
    counts = dict(zip(*_first(results[1]), strict=True))
    name = f"`{question.columns[0]}`"
    said = (
        "more than 3 sample standard deviations from the mean"
        if question.option == "z"
        else "more than 1.5 times the interquartile range outside the quartiles"
    )
    count = counts["z_outliers" if question.option == "z" else "iqr_outliers"]
    of = f"{number(counts['n'])} values of {name}{scope(question)}"
    first = f"**{number(count)}** of the {of} lie {said}{':' if rows else '.'}"
    more = f"Only {_MOST_LISTED} are listed." if count > len(rows) else ""
    body = table(columns, rows, question.decimals) if rows else ""
    return assemble(first, body, question, f"the outliers of {name}, {said}", more)


def _first(outcome: ToolOutcome) -> tuple[list[str], list[Any]]:
    columns, rows = rows_of(outcome)
    return columns, rows[0]


OPERATIONS = (
    Operation(
        "outliers_listed",
        patterns(
            "q?a?j[)]?g?C[)]?",
            "q?R[)]?j[)]?C[)]?",
            "q?Rj[)]?C",
            "q?Ca?j",
            "q?[)]jC",
            "q?C[)]?j[)]?C",
            "q?C[)]?jC",
        ),
        _build_listed,
        _compile_listed,
        _render_listed,
    ),
    Operation(
        "outliers",
        patterns("q?H?j[)]?g?C[)]?", "q?C[)]?j", "HCj", "q?[)]jC", "H?[)]jC"),
        _build_outliers,
        _compile_outliers,
        _render_outliers,
        ("How many outliers are there in {number}?",),
    ),
)
