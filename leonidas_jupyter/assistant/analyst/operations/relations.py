"""Operations on two columns or two groups: correlation, difference, ratio."""

from collections.abc import Sequence

from leonidas_jupyter.assistant.analyst.compiler import (
    cell,
    fill,
    literal,
    measure_name,
    measure_sql,
    quote,
    select,
    where_sql,
)
from leonidas_jupyter.assistant.analyst.items import PAIR, Item
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon, NamedColumn, ValueRef
from leonidas_jupyter.assistant.analyst.operations.base import (
    Operation,
    Parse,
    all_spans,
    patterns,
    query,
)
from leonidas_jupyter.assistant.analyst.plan import PlannedCall, ToolOutcome
from leonidas_jupyter.assistant.analyst.question import Condition, Measure, Question, Unfit, Where
from leonidas_jupyter.assistant.analyst.reply import (
    assemble,
    measure_words,
    number,
    rows_of,
    scope,
    table,
)

_MOST_COLUMNS = 30
_NEAR_ZERO = 0.1
_WEAK, _STRONG = 0.3, 0.7


def _numeric(columns: Sequence[NamedColumn]) -> None:
    for column in columns:
        if not column.numeric:
            raise Unfit(f"`{column.name}` is not a number, so I cannot correlate it.")


def _method(parse: Parse) -> str:
    return "spearman" if any(item.value == "spearman" for item in parse.items("L")) else "pearson"


def _build_pair(parse: Parse) -> Question | None:
    columns = parse.columns()
    if len(columns) != 2 or columns[0].name == columns[1].name or parse.groups:
        return None
    _numeric(columns)
    return parse.ask(
        "correlation", columns=tuple(column.name for column in columns), option=_method(parse)
    )


def _correlation(first: str, second: str, question: Question, lexicon: FrameLexicon) -> str:
    both = [f"{quote(first)} IS NOT NULL", f"{quote(second)} IS NOT NULL"]
    named = [(literal(first), "first"), (literal(second), "second")]
    if question.option == "spearman":
        kept = select(
            question, [(cell(first, lexicon), "a"), (cell(second, lexicon), "b")], extra=both
        )
        # Ties share the mean of their ranks, as in scipy.stats.spearmanr.
        ranks = ", ".join(
            f"rank() OVER (ORDER BY {side}) + (count(*) OVER (PARTITION BY {side}) - 1) / 2.0 AS r{side}"
            for side in "ab"
        )
        sql = (
            'SELECT {first} AS "first", {second} AS "second", corr(ra, rb) AS correlation, count(*) AS n\n'
            "FROM (SELECT {ranks} FROM (\n{kept}\n))"
        )
        return fill(sql, first=literal(first), second=literal(second), ranks=ranks, kept=kept)
    outputs = [
        *named,
        (f"corr({cell(first, lexicon)}, {cell(second, lexicon)})", "correlation"),
        ("count(*)", "n"),
    ]
    return select(question, outputs, extra=both)


def _compile_pair(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    first, second = question.columns
    inner = _correlation(first, second, question, lexicon)
    return [query(fill("SELECT correlation, n FROM (\n{inner}\n)", inner=inner))]


def _strength(value: float) -> str:
    if abs(value) < _NEAR_ZERO:
        return "practically no linear relation"
    size = "weak" if abs(value) < _WEAK else "moderate" if abs(value) < _STRONG else "strong"
    return f"a {size} {'positive' if value > 0 else 'negative'} relation"


def _render_pair(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    _columns, rows = rows_of(results[0])
    value, count = rows[0]
    first, second = question.columns
    name = "Spearman" if question.option == "spearman" else "Pearson"
    read = f"{name}'s correlation of `{first}` and `{second}`"
    if not isinstance(value, int | float):
        return assemble(
            f"The correlation of `{first}` and `{second}` is not defined{scope(question)}.",
            "",
            question,
            read,
        )
    said = f"The correlation of `{first}` and `{second}` is **{number(float(value), question.decimals or 3)}**{scope(question)}: {_strength(value)}."
    return assemble(
        said,
        "",
        question,
        read,
        f"Computed from the {number(count)} rows that have both values. Correlation is not cause.",
    )


def _build_with(parse: Parse) -> Question | None:
    columns = parse.columns()
    if len(columns) != 1 or parse.groups:
        return None
    _numeric(columns)
    others = [
        column.name
        for column in parse.lexicon.columns
        if column.numeric and column.name != columns[0].name
    ]
    if not others or len(others) > _MOST_COLUMNS:
        return None
    option = _method(parse)
    return parse.ask("correlations", columns=(columns[0].name, *others), option=option)


def _compile_with(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    base, *others = question.columns
    parts = [_correlation(other, base, question, lexicon) for other in others]
    union = "\nUNION ALL\n".join(parts)
    sql = (
        'SELECT "first" AS "column", correlation, n FROM (\n{union}\n)\n'
        "ORDER BY abs(correlation) DESC NULLS LAST, 1"
    )
    return [query(fill(sql, union=union))]


def _render_with(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    columns, rows = rows_of(results[0])
    base = question.columns[0]
    read = f"the correlation ({question.option}) of every other numeric column with `{base}`"
    best = rows[0]
    if not isinstance(best[1], int | float):
        return assemble(
            f"No correlation with `{base}` is defined{scope(question)}.",
            table(columns, rows),
            question,
            read,
        )
    first = f"**{best[0]}** correlates most with `{base}`{scope(question)}: **{number(float(best[1]), question.decimals or 3)}**, {_strength(best[1])}."
    return assemble(
        first, table(columns, rows, question.decimals), question, read, "Correlation is not cause."
    )


def _build_matrix(parse: Parse) -> Question | None:
    names = [column.name for column in parse.lexicon.columns if column.numeric]
    if parse.groups or not 2 <= len(names) <= 12:
        return None
    return parse.ask("correlation_pairs", columns=tuple(names), option=_method(parse))


def _compile_matrix(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    names = question.columns
    parts = [
        _correlation(first, second, question, lexicon)
        for at, first in enumerate(names)
        for second in names[at + 1 :]
    ]
    union = "\nUNION ALL\n".join(parts)
    sql = "SELECT * FROM (\n{union}\n)\nORDER BY abs(correlation) DESC NULLS LAST, 1, 2"
    return [query(fill(sql, union=union))]


def _render_matrix(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    columns, rows = rows_of(results[0])
    best = rows[0]
    read = (
        f"the correlations ({question.option}) of all pairs of numeric columns, the strongest first"
    )
    first = f"The strongest correlation{scope(question)} is between **{best[0]}** and **{best[1]}**: **{number(best[2], question.decimals or 3)}**."
    return assemble(
        first, table(columns, rows, question.decimals), question, read, "Correlation is not cause."
    )


def _sides(parse: Parse) -> tuple[ValueRef, ValueRef] | None:
    found: list[Item] = parse.items(PAIR)
    if len(found) != 1:
        return None
    first, second = found[0].value
    return first, second


def _build_difference(parse: Parse) -> Question | None:
    sides, measures = _sides(parse), parse.measures()
    if sides is None or parse.groups or len(measures) > 1:
        return None
    columns = parse.columns()
    assumed: tuple[str, ...] = ()
    if not measures and len(columns) == 1 and columns[0].numeric:
        measures = (Measure("mean", columns[0].name),)
        assumed = ("You named no aggregate, so I compare the means.",)
    if not measures and not parse.items("HRr"):
        return None
    spans = all_spans(parse.items(PAIR))
    measure = measures[0] if measures else Measure("rows")
    if parse.items("r") and measures and assumed:
        return None
    option = "ratio" if parse.items("r") else "difference"
    pair = (sides[0].values[0], sides[1].values[0])
    target = Where(tuple(Condition(side.column, "in", side.values, spans=spans) for side in sides))
    return parse.ask(
        "difference", measures=(measure,), pair=pair, target=target, option=option
    ).noting(*assumed)


def _compile_difference(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    measure = question.measures[0]
    sides = [where_sql(Where((condition,)), question) for condition in question.target.conditions]
    expressions = [_filtered(measure_sql(measure, lexicon), side) for side in sides]
    first, second = expressions
    operator = "/ nullif(" if question.option == "ratio" else "- ("
    outputs = [
        (
            f"({first}) {operator}{second}{', 0)' if question.option == 'ratio' else ')'}",
            question.option or "difference",
        )
    ]
    name = measure_name(measure)
    outputs += [
        (expression, f"{name} ({side})")
        for expression, side in zip(expressions, question.pair or (), strict=True)
    ]
    return [query(select(question, outputs))]


def _filtered(expression: str, condition: str) -> str:
    """Return an aggregate over the rows that meet a condition; every aggregate in the expression is filtered."""
    parts = expression.split(" - ") if " - " in expression else expression.split(" / ")
    joiner = " - " if " - " in expression else " / "
    return joiner.join(f"{part} FILTER (WHERE {condition})" for part in parts)


def _render_difference(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    columns, rows = rows_of(results[0])
    value, first, second = rows[0]
    one, other = question.pair or ("", "")
    words = measure_words(question.measures[0])
    read = f"the {question.option} of the {words}, {one} {'divided by' if question.option == 'ratio' else 'minus'} {other},"
    if not isinstance(value, int | float):
        return assemble(
            f"The {question.option} is not defined{scope(question)}: one side has no rows.",
            "",
            question,
            read,
        )
    said = (
        f"The {question.option} in the {words} between {one} and {other} is **{number(value, question.decimals)}**{scope(question)}: "
        f"{one} {number(first, question.decimals)}, {other} {number(second, question.decimals)}."
    )
    return assemble(said, table(columns, rows, question.decimals), question, read)


_PAIRED = (
    "q?d7R?8",
    "d87",
    "q?d8R?7",
    "7d8",
    "q?dR?C8",
    "q?d8R?C",
    "xC8",
    "x7R?8",
    "x87",
    "x8R?7",
    "d?7R?8",
    "8d7",
    "x8C",
    "d?HR?8",
    "dR8",
    "xHR?8",
    "x8R?C",
    "q?dCR?8",
    "d8HR?",
    "C8",
    "dC8",
)

OPERATIONS = (
    Operation(
        "correlation",
        patterns(
            "q?[SE]?[Lb]a?g?C[,&~t]+C",
            "q?CLC",
            "q?C[&,]CL",
            "q?LC[=]?C",
            "CbC", "Cb[t]C",
            "CLt?C",
            "C[&,]+Cb",
            "q?bC[&,]C",
            "q?C[~]CL",
            "[Lb]C[~t]C",
            "q?LCC",
            "C[&,]C[Lb]",
            "q?bCC",
        ),
        _build_pair,
        _compile_pair,
        _render_pair,
        ("What is the correlation between {number} and {number2}?",),
    ),
    Operation(
        "correlations",
        patterns(
            "q?a?L[E]?C",
            "q?[ak]*KEL[t]?C",
            "qKL[E]?C",
            "L[ak&]*KC",
            "LCak?K",
            "q?[SE]LC",
            "qkKLE?C",
            "qKSLC",
            "q?LKC",
            "qk?KELt?C",
            "qELC",
            "C[&]?L?akK",
            "L[a]?k?KC",
            "LC[&~]?[a]?k?K?",
            "LC&akK",
            "CLakK",
            "qK[SE]LC",
            "qk?KLE?t?C",
            "qkK[SE]LC",
        ),
        _build_with,
        _compile_with,
        _render_with,
        ("Which column correlates most with {number}?",),
    ),
    Operation(
        "correlation_pairs",
        patterns(
            "q?L",
            "L[ak]*K",
            "q?[ak]*K[SE]?L",
            "qKE?L",
            "[SE]L",
            "qCEL",
            "L[a]?k?K",
            "q[ak]?K[SE]?L",
            "qK[SE]L",
            "LB?K",
        ),
        _build_matrix,
        _compile_matrix,
        _render_matrix,
    ),
    Operation(
        "difference",
        patterns(*_PAIRED, "d8R?", "q?rR?8", "r8R?", "rH?8", "q?r7R?8"),
        _build_difference,
        _compile_difference,
        _render_difference,
        (),
    ),
)
