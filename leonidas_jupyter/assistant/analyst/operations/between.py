"""How much something grew from one year to another."""

from collections.abc import Sequence
from dataclasses import replace

from leonidas_jupyter.assistant.analyst.compiler import measure_sql, select, where_sql
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.operations.base import Operation, Parse, patterns, query
from leonidas_jupyter.assistant.analyst.operations.differences import filtered
from leonidas_jupyter.assistant.analyst.operations.periods import measured
from leonidas_jupyter.assistant.analyst.plan import PlannedCall, ToolOutcome
from leonidas_jupyter.assistant.analyst.question import Condition, Question, Where
from leonidas_jupyter.assistant.analyst.reply import (
    assemble,
    bold,
    measure_words,
    number,
    percent,
    rows_of,
    scope,
)


def _years(parse: Parse) -> tuple[Condition, Where] | None:
    """Return the stretch of years, "from 1990 to 2005", and the other conditions."""
    found = [
        each
        for each in parse.where.conditions
        if each.op == "between" and not each.negated and _of_years(each, parse)
    ]
    if len(found) != 1 or parse.where.joiner != "and":
        return None
    kept = tuple(each for each in parse.where.conditions if each is not found[0])
    return found[0], Where(kept)


def _of_years(condition: Condition, parse: Parse) -> bool:
    column = parse.lexicon.column(condition.column)
    return condition.part == "year" or (column.numeric and column.core == ("year",))


def _build(parse: Parse) -> Question | None:
    stretch, found = _years(parse), measured(parse)
    if stretch is None or found is None or parse.groups:
        return None
    said = {item.value for item in parse.items("v")}
    if not said & {"growth", "change"}:
        return None
    between, where = stretch
    ends = tuple(
        Condition(between.column, "=", (year,), part=between.part, spans=between.spans)
        for year in between.values
    )
    question = parse.ask(
        "between_times",
        measures=(found[0],),
        where=where,
        target=Where(ends),
        option="growth" if "growth" in said else "change",
    )
    note = found[1].replace("each period has", "each of the two years has")
    return replace(question, notes=(note,)) if note else question


def _compile(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    sql = measure_sql(question.measures[0], lexicon)
    ends = [where_sql(Where((each,)), question) for each in question.target.conditions]
    before, after = (filtered(sql, end) for end in ends)
    growth = f"(({after}) - ({before})) / nullif(abs({before}), 0)"
    change = f"({after}) - ({before})"
    ordered = [(growth, "growth"), (change, "change")]
    outputs = [
        *(ordered if question.option == "growth" else ordered[::-1]),
        (before, "before"),
        (after, "after"),
        (filtered("count(*)", ends[0]), "rows before"),
        (filtered("count(*)", ends[1]), "rows after"),
    ]
    return [query(select(question, outputs))]


def _render(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    columns, rows = rows_of(results[0])
    values = dict(zip(columns, rows[0], strict=True))
    first, last = (each.values[0] for each in question.target.conditions)
    words = measure_words(question.measures[0])
    read = f"the change of the {words} from {first} to {last}"
    change, growth = values["change"], values["growth"]
    if not isinstance(change, int | float):
        return assemble(f"One of the two years has no rows{scope(question)}.", "", question, read)
    grown = f", that is **{percent(growth, question.decimals)}**" if growth is not None else ""
    said = (
        f"The {words} went from {number(values['before'], question.decimals)} in {first} to "
        f"{number(values['after'], question.decimals)} in {last}, a change of "
        f"{bold(change, question.decimals)}{grown}{scope(question)}."
    )
    single = values["rows before"] == values["rows after"] == 1
    plain = replace(question, notes=()) if single else question
    return assemble(said, "", plain, read)


OPERATIONS = (
    Operation(
        "between_times",
        patterns(
            "q?%?v+C", "q?%?Cv+%?", "q?%?v+7", "q?%?7v+%?", "q?H?%?Cv+", "q?%?v+H?R", "q?%?H?Rv+"
        ),
        _build,
        _compile,
        _render,
    ),
)
