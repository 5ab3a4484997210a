"""Tests of one or two columns: independence, normality, and whether a correlation is chance."""

from collections.abc import Sequence
from dataclasses import replace

from leonidas_jupyter.assistant.analyst.compiler import has_groups, measure_sql, quote, select
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.operations.base import Operation, Parse, patterns, query
from leonidas_jupyter.assistant.analyst.operations.significance import (
    LEVEL,
    MOST_GROUPS,
    NAMES,
    asked_test,
    caution,
    continuous,
    figures_of,
    significant,
    statistic_said,
)
from leonidas_jupyter.assistant.analyst.plan import PlannedCall, ToolOutcome
from leonidas_jupyter.assistant.analyst.question import Group, Measure, Question, Unfit
from leonidas_jupyter.assistant.analyst.recipes import statistics
from leonidas_jupyter.assistant.analyst.reply import assemble, number, rows_of, scope, table

_OF_ONE = ("shapiro", "normaltest", "jarque_bera", "kstest", "anderson")
_SHAPIRO = 5000
"""Rows up to which scipy's p-value of the Shapiro–Wilk test is exact enough."""


def _build_independence(parse: Parse) -> Question | None:
    """Read "does species depend on island": two columns of categories."""
    columns = [*parse.columns(), *(parse.lexicon.column(each.column) for each in parse.groups)]
    if not parse.items("ψmb"):
        return None
    if len(columns) != 2 or columns[0] == columns[1] or any(each.part for each in parse.groups):
        return None
    if any(continuous(column) for column in columns):
        return None
    if asked_test(parse) not in (None, "independence"):
        return None
    if any(not 2 <= column.profile.distinct <= MOST_GROUPS for column in columns):
        raise Unfit("A chi² test needs two columns of a few values each.")
    names = tuple(column.name for column in columns)
    question = parse.ask("independence", columns=names, groups=())
    return replace(question, spans=parse.spans.union(*(group.spans for group in parse.groups)))


def _compile_independence(question: Question, _: FrameLexicon) -> list[PlannedCall]:
    rows, columns = question.columns
    output = {"op": "independence", "name": "test", "rows": rows, "columns": columns}
    crossed = replace(question, groups=(Group(rows), Group(columns)))
    sql = select(
        crossed,
        [(quote(rows), rows), (quote(columns), columns), ("count(*)", "rows")],
        extra=has_groups(crossed),
        group_by=2,
        order="1, 2",
    )
    return [statistics(question, output), query(sql)]


def _render_independence(
    question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]
) -> str:
    figures = figures_of(results[0])
    columns, rows = rows_of(results[1])
    one, other = question.columns
    read = f"whether `{one}` and `{other}` are independent, by {NAMES['independence']}"
    p_value = figures.get("test_p")
    if not isinstance(p_value, int | float):
        return assemble(f"The test is not defined{scope(question)}.", "", question, read)
    verdict = (
        f"**Significant**: `{one}` and `{other}` depend on each other"
        if p_value < LEVEL
        else f"**Not significant**: no dependence shows between `{one}` and `{other}`"
    )
    size = number(figures["test_v"])
    more = f", {number(figures['test_dof'])} degrees of freedom, Cramér's V {size}"
    first = f"{verdict}{scope(question)} ({statistic_said(figures, question)}{more})."
    return assemble(first, table(columns, rows), question, read, caution(question))


def _build_normality(parse: Parse) -> Question | None:
    columns, test = parse.columns(), asked_test(parse)
    if len(columns) != 1 or not columns[0].numeric or parse.groups:
        return None
    if test == "ks":
        test = "kstest"
    small = parse.lexicon.frame.profile.rows <= _SHAPIRO
    test = test or ("shapiro" if small else "normaltest")
    if test not in _OF_ONE:
        return None
    return parse.ask("normality", columns=(columns[0].name,), option=test)


def _compile_normality(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    name = question.columns[0]
    output = {"op": "normality", "name": "test", "column": name, "test": question.option}
    if question.option == "kstest":
        output["against"] = "fitted"
    shapes = [Measure(agg, name) for agg in ("skew", "kurtosis", "count")]
    outputs = [(measure_sql(each, lexicon), each.agg) for each in shapes]
    return [statistics(question, output), query(select(question, outputs))]


def _render_normality(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    figures, shape = figures_of(results[0]), figures_of(results[1])
    name = f"`{question.columns[0]}`"
    read = f"whether {name} is normally distributed, by {NAMES[question.option or '']}"
    p_value = figures.get("test_p")
    if not isinstance(p_value, int | float):
        return assemble(f"{name} has too few values{scope(question)} to test.", "", question, read)
    verdict = (
        "is **not normally distributed**" if p_value < LEVEL else "may be **normally distributed**"
    )
    first = f"{name} {verdict}{scope(question)} ({statistic_said(figures, question)})."
    note = (
        f"Skewness {number(shape['skew'])}, excess kurtosis {number(shape['kurtosis'])}, from "
        f"{number(shape['count'])} values; p below 0.05 speaks against a normal distribution."
    )
    return assemble(first, "", question, read, note)


def _build_correlation(parse: Parse) -> Question | None:
    columns = parse.columns()
    if not parse.items("ψ") or len(columns) != 2 or parse.groups:
        return None
    if not all(column.numeric for column in columns):
        return None
    spearman = any(item.value == "spearman" for item in parse.items("L"))
    names = tuple(column.name for column in columns)
    if names[0] == names[1]:
        return None
    option = "spearman" if spearman else "pearson"
    return parse.ask("correlation_test", columns=names, option=option)


def _compile_correlation(question: Question, _: FrameLexicon) -> list[PlannedCall]:
    x, y = question.columns
    output = {"op": "correlation", "name": "test", "x": x, "y": y, "method": question.option}
    return [statistics(question, output)]


def _render_correlation(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    figures = figures_of(results[0])
    x, y = question.columns
    read = f"{NAMES[question.option or '']} of `{x}` and `{y}`, and whether it is significant"
    p_value, value = figures.get("test_p"), figures.get("test_r")
    if not isinstance(p_value, int | float) or not isinstance(value, int | float):
        return assemble(f"The correlation is not defined{scope(question)}.", "", question, read)
    verdict = "**significant**" if p_value < LEVEL else "**not significant**"
    first = (
        f"The correlation of `{x}` and `{y}` is **{number(float(value), question.decimals or 3)}**"
        f"{scope(question)}, {significant(float(p_value))}: {verdict}."
    )
    note = f"Computed from {number(figures.get('test_n'))} rows. Correlation is not cause."
    return assemble(first, "", question, read, note)


OPERATIONS = (
    Operation(
        "independence",
        patterns(
            r"q?[mψ]*b?C[,&~t]C[mψ]*",
            r"q?[ψ]?bC[,&t]C",
            r"q?C[ψ]?b[t,&]?C",
            r"q?C[,&]Cψ?b",
            r"q?bC[,&t]Cψ",
            r"q?m[=]?C[,&~]?C?",
            r"q?[ψ]?L?C[,&]Cψ?L?",
        ),
        _build_independence,
        _compile_independence,
        _render_independence,
    ),
    Operation(
        "normality",
        patterns(
            "q?C[g]?n[m]?",
            "q?nC",
            "q?G?Cn",
            "q?GCn",
            "C[G]?n",
            "nGC",
            "q?m[n]?C",
            "q?nmC",
            "q?Cnm",
            "mC",
            "nm?C",
        ),
        _build_normality,
        _compile_normality,
        _render_normality,
        ("Is {number} normally distributed?",),
    ),
    Operation(
        "correlation_test",
        patterns(
            "q?bC[,&]Cψ",
            "q?ψLC[,&~]C",
            "q?ψ[pL]*C[,&~]C",
            "q?LC[,&~]Cψ",
            "q?LψC[,&~]C",
            "q?C[,&]CψL",
            "q?[&]?ψ?C[,&]CLψ",
            "q?L[&]ψC[,&~]C",
            "q?C[,&]CψL",
            "q?ψbC[,&]C",
            "q?LC[,&~]C[&,]ψ",
        ),
        _build_correlation,
        _compile_correlation,
        _render_correlation,
    ),
)
