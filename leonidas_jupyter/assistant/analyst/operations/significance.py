"""Tests of significance, by the tool ``statistics``: which test, and what it says."""

from collections.abc import Sequence
from dataclasses import replace

from leonidas_jupyter.assistant.analyst.column import NamedColumn
from leonidas_jupyter.assistant.analyst.compiler import has_groups, measure_sql, quote, select
from leonidas_jupyter.assistant.analyst.items import PAIR
from leonidas_jupyter.assistant.analyst.leads import headings
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon, ValueRef
from leonidas_jupyter.assistant.analyst.operations.base import (
    Operation,
    Parse,
    all_spans,
    patterns,
    query,
)
from leonidas_jupyter.assistant.analyst.plan import PlannedCall, ToolOutcome
from leonidas_jupyter.assistant.analyst.question import (
    Condition,
    Group,
    Measure,
    Question,
    Unfit,
    Where,
)
from leonidas_jupyter.assistant.analyst.recipes import statistics
from leonidas_jupyter.assistant.analyst.reply import assemble, number, rows_of, scope, table

LEVEL = 0.05
MOST_GROUPS = 50

NAMES = {
    "welch": "Welch's t-test (unequal variances)",
    "t": "Student's t-test (equal variances)",
    "mann_whitney": "the Mann–Whitney U test",
    "ks": "the two-sample Kolmogorov–Smirnov test",
    "anova": "a one-way ANOVA",
    "kruskal": "the Kruskal–Wallis test",
    "levene": "Levene's test of equal variances",
    "bartlett": "Bartlett's test of equal variances",
    "independence": "the chi² test of independence",
    "shapiro": "the Shapiro–Wilk test",
    "normaltest": "D'Agostino and Pearson's test",
    "jarque_bera": "the Jarque–Bera test",
    "kstest": "the Kolmogorov–Smirnov test",
    "anderson": "the Anderson–Darling test",
    "pearson": "Pearson's correlation",
    "spearman": "Spearman's rank correlation",
}
_OF_TWO = ("welch", "t", "mann_whitney", "ks")
_OF_GROUPS = ("anova", "kruskal", "levene", "bartlett")


def significant(p_value: float) -> str:
    """Return a p-value as people write it."""
    return f"p = {p_value:.2g}" if p_value < 0.001 else f"p = {number(p_value)}"


def asked_test(parse: Parse) -> str | None:
    """Return the test that the question names; Unfit where it names two."""
    found = {str(item.value) for item in parse.items("m")}
    if len(found) > 1:
        raise Unfit("Name one test.")
    return found.pop() if found else None


def _numeric(parse: Parse) -> list[NamedColumn]:
    columns = [*parse.columns()]
    columns += [parse.lexicon.column(item.value[0]) for item in parse.items("12")]
    for measure in parse.measures():
        if measure.agg != "mean" or measure.column is None:
            return []
        columns.append(parse.lexicon.column(measure.column))
    return list({column.name: column for column in columns}.values())


def _build_two(parse: Parse) -> Question | None:
    """Read "is A significantly heavier than B": two values of a column."""
    pairs, columns = parse.items(PAIR), _numeric(parse)
    if (
        not parse.items("ψm")
        or len(pairs) != 1
        or len(columns) != 1
        or parse.groups
        or not columns[0].numeric
    ):
        return None
    test = asked_test(parse) or "welch"
    if test not in _OF_TWO:
        return None
    sides: tuple[ValueRef, ValueRef] = pairs[0].value
    if any(len(side.values) != 1 for side in sides):
        return None
    spans = all_spans(pairs)
    target = Where(tuple(Condition(side.column, "in", side.values, spans=spans) for side in sides))
    return parse.ask(
        "test_two",
        columns=(columns[0].name, sides[0].column),
        pair=(sides[0].values[0], sides[1].values[0]),
        target=target,
        option=test,
    )


def _compile_two(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    column, by = question.columns
    output = {
        "op": "compare_two",
        "name": "test",
        "column": column,
        "by": by,
        "groups": list(question.pair or ()),
        "test": question.option,
    }
    within = Condition(by, "in", question.pair or ())
    whole = replace(question, where=question.where.plus([within]))
    if question.where.joiner == "or":
        raise Unfit("I cannot test rows that meet one of several conditions.")
    return [statistics(question, output), _side_by_side(whole, column, by, lexicon)]


def _side_by_side(question: Question, column: str, by: str, lexicon: FrameLexicon) -> PlannedCall:
    measures = [Measure(agg, column) for agg in ("mean", "median", "std", "count")]
    grouped = replace(question, groups=(Group(by),), having=())
    outputs = [(measure_sql(each, lexicon), each.agg) for each in measures]
    sql = select(
        grouped,
        [(quote(by), by), *outputs],
        extra=[*has_groups(grouped), f"{quote(column)} IS NOT NULL"],
        group_by=1,
        order="1",
    )
    return query(sql)


def figures_of(outcome: ToolOutcome) -> dict[str, object]:
    """Return the figures of a statistics result by name."""
    columns, rows = rows_of(outcome)
    return dict(zip(columns, rows[0], strict=True)) if rows else {}


def _render_two(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    figures = figures_of(results[0])
    columns, rows = rows_of(results[1])
    name, _by = question.columns
    one, other = question.pair or ("", "")
    read = f"whether `{name}` differs between {one} and {other}, by {NAMES[question.option or '']}"
    p_value = figures.get("test_p")
    if not isinstance(p_value, int | float):
        return assemble(f"The test is not defined{scope(question)}.", "", question, read)
    means = {row[0]: row[1] for row in rows}
    higher = one if (means.get(one) or 0) >= (means.get(other) or 0) else other
    verdict = (
        f"**Significant**: `{name}` differs between {one} and {other}, with the higher mean "
        f"for {higher}"
        if p_value < LEVEL
        else f"**Not significant**: no difference in `{name}` shows between {one} and {other}"
    )
    first = f"{verdict}{scope(question)} ({statistic_said(figures, question)})."
    body = table(columns, rows, question.decimals, headings(question))
    return assemble(first, body, question, read, caution(question))


def statistic_said(figures: dict[str, object], question: Question) -> str:
    """Return a test's statistic and p-value as they stand in a sentence."""
    p_value = figures["test_p"]
    assert isinstance(p_value, int | float)  # noqa: S101 - the caller has looked
    statistic = number(figures["test_statistic"], question.decimals)
    return f"statistic {statistic}, {significant(float(p_value))}"


def caution(question: Question) -> str:
    """Return what to bear in mind about a test."""
    level = "Significant means p below 0.05; it is no measure of how large the difference is."
    return "The test is two-sided. " + level if question.operation == "test_two" else level


def _build_groups(parse: Parse) -> Question | None:
    """Read "does mass differ between species": a number and the groups of a column."""
    columns = _numeric(parse)
    if not parse.items("ψmb"):
        return None
    groups = [parse.lexicon.column(group.column) for group in parse.groups if not group.part]
    if len(groups) != len(parse.groups):
        return None
    numbers = [column for column in columns if column.numeric]
    others = [*(column for column in columns if not column.numeric), *groups]
    if len(numbers) == 2 and not others and columns[1].profile.distinct <= 10:
        numbers, others = [columns[0]], [columns[1]]
    if len(numbers) != 1 or len(others) != 1:
        return None
    if parse.items("b") and not continuous(numbers[0]):
        # Two columns of a few values each: chi² is for those.
        return None
    by, test = others[0], asked_test(parse)
    if not 2 <= by.profile.distinct <= MOST_GROUPS or by.key:
        raise Unfit(f"`{by.name}` has too many values, or too few, to compare its groups.")
    two = by.profile.distinct == 2
    test = test or ("welch" if two else "anova")
    if test in _OF_TWO and not two:
        raise Unfit(f"`{by.name}` has more than two values: name two, or ask for an ANOVA.")
    if test not in (*_OF_TWO, *_OF_GROUPS):
        return None
    question = parse.ask("test_groups", columns=(numbers[0].name, by.name), groups=(), option=test)
    return replace(question, spans=parse.spans.union(*(group.spans for group in parse.groups)))


def _compile_groups(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    column, by = question.columns
    op = "compare_two" if question.option in _OF_TWO else "compare_groups"
    output = {"op": op, "name": "test", "column": column, "by": by, "test": question.option}
    return [statistics(question, output), _side_by_side(question, column, by, lexicon)]


def _render_groups(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    figures = figures_of(results[0])
    columns, rows = rows_of(results[1])
    name, by = question.columns
    what = "the spread of " if question.option in ("levene", "bartlett") else ""
    test = NAMES[question.option or ""]
    read = f"whether {what}`{name}` differs between the groups of `{by}`, by {test}"
    p_value = figures.get("test_p")
    if not isinstance(p_value, int | float):
        return assemble(f"The test is not defined{scope(question)}.", "", question, read)
    verdict = (
        f"**Significant**: {what}`{name}` differs between the groups of `{by}`"
        if p_value < LEVEL
        else f"**Not significant**: no difference in {what}`{name}` between the groups of `{by}`"
    )
    first = f"{verdict}{scope(question)} ({statistic_said(figures, question)})."
    body = table(columns, rows, question.decimals, headings(question))
    return assemble(first, body, question, read, caution(question))


def continuous(column: NamedColumn) -> bool:
    """Return whether a column has too many different values to be one of categories."""
    return column.temporal or (column.numeric and column.profile.distinct > 10)


OPERATIONS = (
    Operation(
        "test_two",
        patterns(
            r"q?[ψm][pd]*8?[dψ]*(?:C|7|1|2)*8?[ψmd]*[2>]?[ψm]*",
            r"q?[xd]+[ψm]?(?:C|7)R?8[ψm]*",
            r"q?d?8[ψm]?R?(?:2|>7|7>|C|7)[ψm]*",
            r"q?8[ψ][2>1]?R?C?7?",
            r"q?Cψ[1S>]8",
            r"q?d(?:C|7)8[ψm]+",
            r"q?ψd(?:C|7)8",
            r"q?ψd8R?(?:C|7)",
        ),
        _build_two,
        _compile_two,
        _render_two,
    ),
    Operation(
        "test_groups",
        patterns(
            r"q?[ψm]+[d]?(?:C|7)[W~,&]?C?[ψm]*",
            r"q?ψ?d(?:C|7)W?C?[ψ]+",
            r"q?(?:C|7)dψ?W?C?[ψ]?",
            r"q?(?:C|7)ψd?W?C?",
            r"q?(?:C|7)b[tp]?C",
            r"q?b(?:C|7)[,&t]C",
            r"q?ψb(?:C|7)[,&t]C",
            r"q?Cψ?b[,&]?C",
            r"q?C[,&]Cψ?b",
            r"q?b(?:C|7)[,&t]Cψ",
        ),
        _build_groups,
        _compile_groups,
        _render_groups,
    ),
)
