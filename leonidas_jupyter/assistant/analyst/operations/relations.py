"""Operations on two columns or two groups: correlation, difference, ratio."""

from collections.abc import Sequence

from leonidas_jupyter.assistant.analyst.column import NamedColumn
from leonidas_jupyter.assistant.analyst.compiler import (
    cell,
    fill,
    literal,
    quote,
    select,
)
from leonidas_jupyter.assistant.analyst.leads import headings
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.operations.base import (
    Operation,
    Parse,
    patterns,
    query,
)
from leonidas_jupyter.assistant.analyst.plan import PlannedCall, ToolOutcome
from leonidas_jupyter.assistant.analyst.question import Question, Unfit
from leonidas_jupyter.assistant.analyst.reply import (
    assemble,
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
            f"rank() OVER (ORDER BY {side}) + (count(*) OVER (PARTITION BY {side}) - 1) / 2.0 "
            f"AS r{side}"
            for side in "ab"
        )
        sql = (
            'SELECT {first} AS "first", {second} AS "second", corr(ra, rb) AS correlation, '
            "count(*) AS n\n"
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
    said = (
        f"The correlation of `{first}` and `{second}` is "
        f"**{number(float(value), question.decimals or 3)}**{scope(question)}: {_strength(value)}."
    )
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
    first = (
        f"**{best[0]}** correlates most with `{base}`{scope(question)}: "
        f"**{number(float(best[1]), question.decimals or 3)}**, {_strength(best[1])}."
    )
    return assemble(
        first,
        table(columns, rows, question.decimals, headings(question)),
        question,
        read,
        "Correlation is not cause.",
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
    first = (
        f"The strongest correlation{scope(question)} is between **{best[0]}** and "
        f"**{best[1]}**: **{number(best[2], question.decimals or 3)}**."
    )
    return assemble(
        first,
        table(columns, rows, question.decimals, headings(question)),
        question,
        read,
        "Correlation is not cause.",
    )


OPERATIONS = (
    Operation(
        "correlation",
        patterns(
            "q?[SE]?[Lb]a?g?C[,&~t]+C",
            "q?CLC",
            "q?C[&,]CL",
            "q?LC[=]?C",
            "CbC",
            "Cb[t]C",
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
)
