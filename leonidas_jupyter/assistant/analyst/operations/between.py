"""How much something grew from one year to another."""

from collections.abc import Sequence
from dataclasses import replace

from leonidas_jupyter.assistant.analyst.compiler import (
    has_groups,
    measure_sql,
    quote,
    select,
    where_sql,
)
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.operations.base import Operation, Parse, patterns, query
from leonidas_jupyter.assistant.analyst.operations.differences import filtered
from leonidas_jupyter.assistant.analyst.operations.periods import measured
from leonidas_jupyter.assistant.analyst.plan import PlannedCall, ToolOutcome
from leonidas_jupyter.assistant.analyst.question import (
    Condition,
    Group,
    Order,
    Question,
    Where,
)
from leonidas_jupyter.assistant.analyst.reply import (
    assemble,
    bold,
    measure_words,
    number,
    percent,
    rows_of,
    scope,
    table,
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
    if not said & {"growth", "change", "fall"}:
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
    kept = tuple(note for note in question.notes if not note.startswith("You named no aggregate"))
    plain = replace(question, notes=kept) if single else question
    return assemble(said, "", plain, read)


_MOST = 200


def _build_most(parse: Parse) -> Question | None:
    """Read "which country's population grew the most between 1955 and 2005"."""
    said = [str(item.text).lower() for item in parse.items("v")]
    rated = any(word in text for text in said for word in ("rate", "perc", "%", "pct", "relative"))
    ends = parse.items("SE")
    ways = {item.value for item in parse.items("v")}
    if rated or ways not in ({"growth"}, {"fall"}) or len(ends) != 1:
        return None
    entity, *_ = parse.items("C")
    core = tuple(item for item in parse.core if item is not entity)
    question = _build(replace(parse, core=core))
    if question is None or parse.lexicon.column(entity.value).numeric:
        return None
    end = ends[0].value
    if not isinstance(end, str) and end.measures:
        return None
    if not (end == "desc" if isinstance(end, str) else end.descending):
        # "Increased the least" leaves open whether what fell is meant.
        return None
    spans = parse.spans
    return replace(
        question,
        operation="most_grown",
        groups=(Group(entity.value, None, spans),),
        order=Order(True, 0, 1, spans),
        option="fall" if ways == {"fall"} else "change",
        spans=spans,
        notes=tuple(note.replace("each of the two years", "each year") for note in question.notes),
    )


def _compile_most(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    sql = measure_sql(question.measures[0], lexicon)
    ends = [where_sql(Where((each,)), question) for each in question.target.conditions]
    before, after = (filtered(sql, end) for end in ends)
    name = question.groups[0].column
    change = f"({after}) - ({before})"
    outputs = [
        (quote(name), name),
        (change, "change"),
        (f"({change}) / nullif(abs({before}), 0)", "growth"),
        (before, "before"),
        (after, "after"),
    ]
    extra = has_groups(question)
    way = "ASC" if question.option == "fall" else "DESC"
    order = f"{quote('change')} {way} NULLS LAST, 1"
    return [query(select(question, outputs, extra=extra, group_by=1, order=order, limit=_MOST))]


def _render_most(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    columns, found = rows_of(results[0])
    rows = [row for row in found if row[1] is not None]
    first, last = (each.values[0] for each in question.target.conditions)
    words = measure_words(question.measures[0])
    plain = replace(question, groups=())
    falling = question.option == "fall"
    way = "the largest fall" if falling else "the most growth"
    read = f"which `{columns[0]}` has {way} of the {words} from {first} to {last}"
    if not rows:
        return assemble(f"No group has both years{scope(question)}.", "", plain, read)
    won = " and ".join(bold(row[0]) for row in rows if row[1] == rows[0][1])
    grew = _moved(rows[0][1], falling)
    said = (
        f"{won} {grew}: the {words} changed by {bold(rows[0][1], question.decimals)} "
        f"from {first} to {last}{scope(question)}."
    )
    note = ""
    relative = [row for row in rows if row[2] is not None]
    extreme = min if falling else max
    if relative and (best := extreme(relative, key=lambda row: row[2]))[0] != rows[0][0]:
        note = f"In per cent of {first} it would be **{best[0]}** ({percent(best[2])})."
    left = len(found) - len(rows)
    gaps = f"{left} without a value in one of the two years left out." if left else ""
    body = table(columns, rows, question.decimals, {"growth": "share"})
    body = body.replace("| share |", "| growth |", 1)
    return assemble(said, body, plain, read, note, gaps)


def _moved(change: float, falling: bool) -> str:
    """Return how the first of the groups moved, in words."""
    if falling:
        return "fell the most" if change < 0 else "grew the least, for none fell"
    return "grew the most" if change > 0 else "fell the least, for none grew"


OPERATIONS = (
    Operation(
        "most_grown",
        patterns("q?CCv+[SE]", "q?C[SE]v+C"),
        _build_most,
        _compile_most,
        _render_most,
    ),
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
