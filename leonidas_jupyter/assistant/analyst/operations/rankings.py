"""Operations that rank groups: the one with the highest mean, the top n, the most common."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from leonidas_jupyter.assistant.analyst.compiler import (
    cell,
    fill,
    group_sql,
    has_groups,
    measure_name,
    measure_sql,
    quote,
    select,
)
from leonidas_jupyter.assistant.analyst.labels import names_rows
from leonidas_jupyter.assistant.analyst.leads import enumerated, headings
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.operations.base import Operation, Parse, patterns, query
from leonidas_jupyter.assistant.analyst.operations.extremes import (
    extreme_words,
    ranked_by,
    skipped,
)
from leonidas_jupyter.assistant.analyst.phrases import DATE_PART, by_year
from leonidas_jupyter.assistant.analyst.plan import PlannedCall, ToolOutcome
from leonidas_jupyter.assistant.analyst.question import Group, Measure, Order, Question
from leonidas_jupyter.assistant.analyst.reply import (
    assemble,
    group_header,
    left_out,
    measure_words,
    number,
    rows_of,
    scope,
    table,
)

ALL_GROUPS = 200
"""What "rank all of them" lists at most."""


def _group_measure(parse: Parse) -> tuple[Measure, bool, bool] | None:
    """Return what groups are ranked by, whether downwards.

    And whether the mean was our own reading.
    """
    descending = not any(_ascending(item.value) for item in parse.items("SET"))
    measures = parse.measures()
    if len(measures) == 1 and (parse.items("SE") or parse.items("B")):
        return measures[0], descending, False
    if parse.items("E") and len(parse.items("C" + DATE_PART)) == 1:
        return Measure("rows", None, None, frozenset()), descending, False
    if parse.items("H") and parse.items("B"):
        return Measure("rows", None, None, frozenset()), descending, False
    found = ranked_by(parse)
    if found is None:
        return None
    column = parse.lexicon.column(found[0])
    if not column.numeric:
        return None
    agg = "sum" if parse.items("E") else "mean"
    return Measure(agg, found[0], None, frozenset()), found[1], True


def _ascending(value: object) -> bool:
    if isinstance(value, str):
        return value == "asc"
    return not getattr(value, "descending", True)


def build_group(parse: Parse) -> Question | None:
    """Return the question for the groups with the highest or lowest measure."""
    if parse.full[0].kind == "=":
        # "Is Gentoo the heaviest species" wants a yes or a no.
        return None
    entity = _entity(parse)
    if entity and (parse.groups or not _asks_which(parse)):
        return None
    groups = (entity,) if entity else parse.groups
    if not entity and parse.items("N"):
        return None
    found = _group_measure(parse)
    if found is None or not groups:
        return None
    measure, descending, assumed = found
    if measure.column in {group.column for group in groups} or (
        entity and _double(entity, measure, parse)
    ):
        return None
    limit = parse.number() if parse.items("N") else 1
    if limit is None:
        return None
    order = Order(descending, skipped(parse), limit, parse.spans)
    return parse.ask(
        "top_groups",
        groups=groups,
        measures=(measure,),
        order=order,
        option="assumed" if assumed else None,
    )


def _entity(parse: Parse) -> Group | None:
    """Return what is asked for, "which island", "top 3 years".

    The first column, or a part of a date.
    """
    found = parse.items("C" + DATE_PART)
    if not found or (parse.items("C") and found[0].kind == "C" and _only_ranked(parse)):
        return None
    if found[0].kind == DATE_PART:
        part: Group = found[0].value
        return replace(part, spans=parse.spans)
    return by_year(Group(found[0].value, None, parse.spans), parse.lexicon)


def _only_ranked(parse: Parse) -> bool:
    """Return whether the first column is the one that is ranked by: "highest rating by genre"."""
    at = next(at for at, item in enumerate(parse.core) if item.kind == "C")
    return bool(at) and parse.core[at - 1].kind in "SE"


def _asks_which(parse: Parse) -> bool:
    """Return whether the first column is what is asked for.

    Not so in "what is the weight of the oldest car".
    """
    at = next(at for at, item in enumerate(parse.full) if item.kind in "C" + DATE_PART)
    after = parse.full[at + 1].kind if at + 1 < len(parse.full) else ""
    entity = parse.full[at]
    if after and after in "op":
        return False
    if entity.kind == DATE_PART:
        return True
    column = parse.lexicon.column(entity.value)
    if not column.numeric or column.core == ("year",):
        return True
    wh = parse.full[at - 1] if at else None
    return wh is not None and wh.kind in "qN" and max(wh.spans) + 1 == min(entity.spans)


def _double(entity: Group, measure: Measure, parse: Parse) -> bool:
    """Return whether the groups are single rows, of which no mean is taken."""
    column = parse.lexicon.column(entity.column)
    one_row = not entity.part and names_rows(column, parse.lexicon)
    return measure.agg == "mean" and one_row and not parse.measures()


def compile_group(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    """Return the query of ranked groups."""
    order = question.order or Order()
    measure = question.measures[0]
    name = measure_name(measure)
    groups = list(zip(map(group_sql, question.groups), group_header(question.groups), strict=True))
    outputs = [*groups, (measure_sql(measure, lexicon), name)]
    end = "max" if order.descending else "min"
    if question.option == "assumed" and measure.column:
        outputs.append((f"{end}({cell(measure.column, lexicon)})", f"{end}_{measure.column}"))
    if measure.column:
        outputs.append(("count(*)", "rows"))
    extra = has_groups(question) + (
        [f"{quote(measure.column)} IS NOT NULL"] if measure.column else []
    )
    direction = "DESC" if order.descending else "ASC"
    keys = ", ".join(str(position) for position in range(1, len(groups) + 1))
    sql = select(
        question,
        outputs,
        extra=extra,
        group_by=len(groups),
        order=f"{quote(name)} {direction}, {keys}",
    )
    if order.skip:
        ranked = (
            "SELECT * FROM (\n{sql}\n)\nQUALIFY dense_rank() OVER (ORDER BY {name} "
            "{direction}) = {rank}"
        )
        sql = fill(ranked, sql=sql, name=quote(name), direction=direction, rank=order.skip + 1)
    elif (order.limit or 1) > 1:
        sql += f"\nLIMIT {order.limit}"
    return [query(sql)]


def _other_reading(question: Question, columns: list[str], rows: list[list[Any]]) -> str:
    order = question.order or Order()
    measure = question.measures[0]
    end = f"{'max' if order.descending else 'min'}_{measure.column}"
    if end not in columns:
        return ""
    at = columns.index(end)
    pick = max if order.descending else min
    best = pick(rows, key=lambda row: float(row[at]))
    if best[0] == rows[0][0]:
        return ""
    word = "highest" if order.descending else "lowest"
    return (
        f"By the single {word} `{measure.column}` it would be **{best[0]}** ({number(best[at])})."
    )


def render_group(question: Question, lexicon: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    """Return the sentence and table of ranked groups."""
    columns, rows = rows_of(results[0])
    order = question.order or Order()
    measure = question.measures[0]
    words = measure_words(measure)
    keys = len(question.groups)
    names = " and ".join(f"`{name}`" for name in columns[:keys])
    read = f"the {names} with the {extreme_words(order)} {words}"
    plain = replace(question, groups=())
    note = left_out(question, lexicon, [measure.column] if measure.column else [])
    if not rows:
        return assemble(f"There are too few groups{scope(question)} to say.", "", plain, read)
    if order.limit == ALL_GROUPS:
        end = "highest" if order.descending else "lowest"
        first = f"{names} by the {words}, the {end} first{scope(question)}:"
        body = table(columns, rows, question.decimals, headings(question))
        return assemble(first, body, plain, f"the {names} ranked by the {words}", note)
    if (order.limit or 1) > 1:
        first = f"The {len(rows)} {names} with the {extreme_words(order)} {words}{scope(question)}:"
        if len(rows) <= 5 and keys == 1:
            first = f"{first[:-1]} are {enumerated(rows, question.decimals)}."
        return assemble(
            first, table(columns, rows, question.decimals, headings(question)), plain, read, note
        )
    winners = [row for row in rows if row[keys] == rows[0][keys]]
    won = " and ".join(
        "**" + ", ".join(number(value) for value in row[:keys]) + "**" for row in winners[:5]
    )
    value = number(winners[0][keys], question.decimals)
    first = (
        f"{won} {'has' if len(winners) == 1 else 'have'} the {extreme_words(order)} {words}: "
        f"**{value}**{scope(question)}."
    )
    return assemble(
        first,
        table(columns, rows, question.decimals, headings(question)),
        plain,
        read,
        _other_reading(question, columns, rows),
        note,
    )


def _build_common(parse: Parse) -> Question | None:
    ranked = bool(parse.items("I"))
    limit, columns = 1 if ranked else parse.number(), parse.columns()
    if limit is None or parse.groups or len(columns) != 1:
        return None
    least = any(item.value == "asc" for item in parse.items("OT"))
    group = Group(columns[0].name, None, parse.spans)
    measure = Measure("rows", None, None, frozenset())
    return parse.ask(
        "top_groups",
        groups=(group,),
        measures=(measure,),
        order=Order(not least, skipped(parse), limit, parse.spans),
    )


OPERATIONS = (
    Operation(
        "top_groups",
        patterns(
            "q?[C9]I?[SE]7",
            "q[C9]I?SC",
            "q?[C9]I?SC",
            "q[C9]1R?",
            "C1R?",
            "q?[C9]ER?",
            "q[C9]EC",
            "q[C9]7",
            "q?I?1C",
            "I?[SE]7",
            "T?NC[SE]7",
            "TN?CB7",
            "TN?CBHR?",
            "TNC[SE]C",
            "TNCER?",
            "NC[SE]C",
            "NCER?",
            "qI?[SE]7",
            "qI?SCC",
            "I?S7C",
            "q[C9]7S",
            "q?[C9]C[SE]A?",
            "q?[C9]7S",
            "TN?C7",
            "q[C9]I?1R?",
            "qNC[SE]7",
            "qNCSC",
            "qNCER?",
            "qERC",
            "NC[SE]7",
        ),
        build_group,
        compile_group,
        render_group,
        (
            "Which {category} has the highest average {number}?",
            "Top 3 {category} by average {number}",
        ),
    ),
    Operation(
        "most_common",
        patterns("T?NOC", "q?IOC", "q?CIO", "TNCO", "NCO", "T?NCOg?", "TNOg?C"),
        _build_common,
        compile_group,
        render_group,
    ),
)
