"""Whether one group has more of something than another: their means side by side."""

from collections.abc import Sequence

from leonidas_jupyter.assistant.analyst.compiler import measure_name, measure_sql, select, where_sql
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
from leonidas_jupyter.assistant.analyst.operations.differences import filtered
from leonidas_jupyter.assistant.analyst.plan import PlannedCall, ToolOutcome
from leonidas_jupyter.assistant.analyst.question import Condition, Measure, Question, Where
from leonidas_jupyter.assistant.analyst.reply import (
    assemble,
    bold,
    measure_words,
    number,
    rows_of,
    scope,
    table,
)

_ASSUMED = "You named no aggregate, so I compare the means."


def _direction(parse: Parse) -> str | None:
    """Return ">" for "heavier than", "<" for "lighter than"."""
    found: set[str] = set()
    for item in parse.items("21S>"):
        if item.kind == ">":
            found.add(str(item.value))
        else:
            descending = item.value[1] if item.kind in "12" else item.value.descending
            found.add(">" if descending else "<")
    return found.pop() if len(found) == 1 and found <= {">", "<"} else None


def _measure(parse: Parse) -> tuple[Measure, str] | None:
    measures, columns = parse.measures(), parse.columns()
    named = [item.value[0] for item in parse.items("12")]
    if len(measures) == 1 and not columns and not named:
        return (measures[0], "") if measures[0].agg != "mode" else None
    if any(item.value != "mean" for item in parse.items("A")):
        return None
    names = {*named, *(column.name for column in columns)}
    if measures or len(names) != 1 or not parse.lexicon.column(min(names)).numeric:
        return None
    return Measure("mean", min(names)), _ASSUMED


def _build(parse: Parse) -> Question | None:
    direction, found = _direction(parse), _measure(parse)
    pairs = parse.items(PAIR)
    if direction is None or found is None or len(pairs) != 1 or parse.groups:
        return None
    sides: tuple[ValueRef, ValueRef] = pairs[0].value
    spans = all_spans(pairs)
    target = Where(tuple(Condition(side.column, "in", side.values, spans=spans) for side in sides))
    question = parse.ask(
        "compare",
        measures=(found[0],),
        pair=(sides[0].values[0], sides[1].values[0]),
        target=target,
        option=direction,
    )
    return question.noting(found[1]) if found[1] else question


def _compile(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    measure = question.measures[0]
    sql = measure_sql(measure, lexicon)
    sides = [where_sql(Where((each,)), question) for each in question.target.conditions]
    first, second = (filtered(sql, side) for side in sides)
    name = measure_name(measure)
    one, other = question.pair or ("", "")
    outputs = [
        (f"({first}) {question.option} ({second})", "answer"),
        (first, f"{name} ({one})"),
        (second, f"{name} ({other})"),
        (f"({first}) - ({second})", "difference"),
        (filtered("count(*)", sides[0]), f"rows ({one})"),
        (filtered("count(*)", sides[1]), f"rows ({other})"),
    ]
    return [query(select(question, outputs))]


def _render(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    columns, rows = rows_of(results[0])
    answer, first, second, difference, *_counts = rows[0]
    words = measure_words(question.measures[0])
    one, other = question.pair or ("", "")
    side = "higher" if question.option == ">" else "lower"
    read = f"whether the {words} of {one} is {side} than that of {other}"
    if answer is None:
        return assemble(f"One side has no rows{scope(question)}.", "", question, read)
    said = (
        f"**{'Yes' if answer else 'No'}**: the {words} is {bold(first, question.decimals)} for "
        f"{one} and {bold(second, question.decimals)} for {other}, a difference of "
        f"{number(difference, question.decimals)}{scope(question)}."
    )
    note = "Whether that is more than chance is another question: ask if it is significant."
    body = table(columns[1:], [rows[0][1:]], question.decimals, headings(question))
    return assemble(said, body, question, read, note)


OPERATIONS = (
    Operation(
        "compare",
        patterns(
            "82",
            "278",
            "78>",
            "87>",
            "7>8",
            "8[S1]7",
            "8[S1]C",
            "81",
            "8>7",
            "8>C",
            "78[S]",
            "C8>",
            "A?,?82R?C?A?",
            "82AR?C",
            "C[1S>]8",
            "8S7",
        ),
        _build,
        _compile,
        _render,
    ),
)
