"""Operations on distinct values: how many, and which."""

from collections.abc import Sequence

from leonidas_jupyter.assistant.analyst.column import NamedColumn
from leonidas_jupyter.assistant.analyst.compiler import (
    group_sql,
    has_groups,
    quote,
    select,
)
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.operations.base import Operation, Parse, patterns, query
from leonidas_jupyter.assistant.analyst.plan import PlannedCall, ToolOutcome
from leonidas_jupyter.assistant.analyst.question import Ambiguous, Condition, Question
from leonidas_jupyter.assistant.analyst.reply import (
    assemble,
    cut_note,
    group_header,
    group_words,
    left_out,
    number,
    rows_of,
    scope,
    table,
)

_DISTINCT_WORDS = (
    "unique",
    "distinct",
    "different",
    "categories",
    "levels",
    "kind",
    "options",
    "sorts",
    "classes",
    "labels",
)


def _build_distinct(parse: Parse) -> Question | None:
    columns = parse.columns()
    named = any(word in item.text.lower() for item in parse.items("g") for word in _DISTINCT_WORDS)
    if len(columns) != 1 or any(group.column == columns[0].name for group in parse.groups):
        return None
    if any(_settles(condition, columns[0]) for condition in parse.where.conditions):
        return None
    counted = bool(
        parse.items("H") or "number" in " ".join(item.text.lower() for item in parse.items("U"))
    )
    if counted and not named and not parse.items("U"):
        _must_be_category(columns[0])
    elif parse.items("H") and parse.items("g") and not named and not parse.items("U"):
        return None
    if not counted:
        return None
    if columns[0].key and not columns[0].profile.nulls:
        return parse.ask("rows", columns=(columns[0].name,))
    return parse.ask("distinct", columns=(columns[0].name,))


def _settles(condition: Condition, column: NamedColumn) -> bool:
    """Return whether a column has one value only where the condition holds."""
    single = condition.op == "=" or (condition.op == "in" and len(condition.values) == 1)
    other = condition.negated or condition.part
    return condition.column == column.name and single and not other


def _must_be_category(column: NamedColumn) -> None:
    if column.numeric and not (column.core and column.core[-1] in ("year", "id")):
        raise Ambiguous(
            f"how many {column.name}",
            [
                f"the total of `{column.name}`",
                f"how many distinct values of `{column.name}`",
                f"how many rows by `{column.name}`",
            ],
        )


def _compile_distinct(question: Question, _: FrameLexicon) -> list[PlannedCall]:
    name = question.columns[0]
    counted = (f"count(DISTINCT {quote(name)})", f"distinct_{name}")
    if not question.groups:
        return [query(select(question, [counted]))]
    groups = list(zip(map(group_sql, question.groups), group_header(question.groups), strict=True))
    order = ", ".join(str(position) for position in range(1, len(groups) + 1))
    return [
        query(
            select(
                question,
                [*groups, counted],
                extra=has_groups(question),
                group_by=len(groups),
                order=order,
            )
        )
    ]


def _render_distinct(
    question: Question, lexicon: FrameLexicon, results: Sequence[ToolOutcome]
) -> str:
    columns, rows = rows_of(results[0])
    name = question.columns[0]
    read = f"the number of distinct values of `{name}`, missing ones not counted"
    if question.groups:
        first = f"The number of distinct `{name}`{group_words(question.groups)}{scope(question)}:"
        notes = (left_out(question, lexicon, ()), cut_note(results[0]))
        return assemble(first, table(columns, rows), question, read, *notes)
    return assemble(
        f"`{name}` has **{number(rows[0][0])}** distinct values{scope(question)}.",
        "",
        question,
        read,
    )


def _build_values(parse: Parse) -> Question | None:
    columns = parse.columns()
    if len(columns) != 1 or parse.groups or parse.items("H"):
        return None
    column = columns[0]
    asked = parse.items("Ug")
    if not asked and (
        column.numeric or column.temporal or column.key or column.profile.distinct > 200
    ):
        return None
    return parse.ask("values", columns=(column.name,))


def _compile_values(question: Question, _: FrameLexicon) -> list[PlannedCall]:
    name = question.columns[0]
    outputs = [(quote(name), name), ("count(*)", "rows")]
    sql = select(
        question,
        outputs,
        extra=[f"{quote(name)} IS NOT NULL"],
        group_by=1,
        order=f"{quote('rows')} DESC, 1",
    )
    return [query(sql)]


def _render_values(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    columns, rows = rows_of(results[0])
    name = question.columns[0]
    more = "at least " if results[0].result.get("truncated") else ""
    listed = ": " + ", ".join(f"**{number(row[0])}**" for row in rows) if 0 < len(rows) <= 8 else ""
    first = f"`{name}` has {more}{number(len(rows))} distinct values{scope(question)}{listed}."
    return assemble(first, table(columns, rows), question, f"the distinct values of `{name}`")


OPERATIONS = (
    Operation(
        "distinct",
        patterns("q?HU?R?g?C", "q?HU?R?Cg?", "HUHC", "UHC", "UC", "UgC", "UCg"),
        _build_distinct,
        _compile_distinct,
        _render_distinct,
        ("How many distinct values of {category} are there?",),
    ),
    Operation(
        "values",
        patterns("q?U?g?C", "UC", "UCg", "q?Cg", "U?gC", "qaC", "aUgC", "q?UgC"),
        _build_values,
        _compile_values,
        _render_values,
        ("What are the different values of {category}?",),
    ),
)
