"""Operations on two groups: the difference and the ratio of what is measured of them."""

from collections.abc import Sequence

from leonidas_jupyter.assistant.analyst.compiler import (
    measure_name,
    measure_sql,
    select,
    where_sql,
)
from leonidas_jupyter.assistant.analyst.items import PAIR, Item
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
    Ambiguous,
    Condition,
    Measure,
    Question,
    Where,
)
from leonidas_jupyter.assistant.analyst.reply import (
    assemble,
    measure_words,
    number,
    rows_of,
    scope,
    table,
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
    if not measures and parse.items("x") and not parse.items("HRrC"):
        raise _ask_measure(sides, parse.lexicon)
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


def _ask_measure(sides: tuple[ValueRef, ValueRef], lexicon: FrameLexicon) -> Ambiguous:
    pair = " and ".join(side.values[0] for side in sides)
    numbers = [
        column
        for column in lexicon.columns
        if column.numeric and not column.key and column.profile.distinct > 10
    ]
    asked = [f"the difference in mean `{column.name}` between {pair}" for column in numbers[:3]]
    return Ambiguous(
        f"compare {pair}", [*asked, f"the difference in number of rows between {pair}"]
    )


def _compile_difference(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    measure = question.measures[0]
    sides = [where_sql(Where((condition,)), question) for condition in question.target.conditions]
    expressions = [filtered(measure_sql(measure, lexicon), side) for side in sides]
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


def filtered(expression: str, condition: str) -> str:
    """Return an aggregate over the rows that meet a condition.

    Every aggregate in the expression is filtered.
    """
    parts = expression.split(" - ") if " - " in expression else expression.split(" / ")
    joiner = " - " if " - " in expression else " / "
    return joiner.join(f"{part} FILTER (WHERE {condition})" for part in parts)


def _render_difference(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    columns, rows = rows_of(results[0])
    value, first, second = rows[0]
    one, other = question.pair or ("", "")
    words = measure_words(question.measures[0])
    read = (
        f"the {question.option} of the {words}, {one} "
        f"{'divided by' if question.option == 'ratio' else 'minus'} {other},"
    )
    if not isinstance(value, int | float):
        return assemble(
            f"The {question.option} is not defined{scope(question)}: one side has no rows.",
            "",
            question,
            read,
        )
    said = (
        f"The {question.option} in the {words} between {one} and {other} is "
        f"**{number(value, question.decimals)}**{scope(question)}: "
        f"{one} {number(first, question.decimals)}, {other} {number(second, question.decimals)}."
    )
    return assemble(
        said, table(columns, rows, question.decimals, headings(question)), question, read
    )


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
        "difference",
        patterns(*_PAIRED, "d8R?", "xR?8R?", "q?rR?8", "r8R?", "rH?8", "q?r7R?8"),
        _build_difference,
        _compile_difference,
        _render_difference,
        (),
    ),
)
