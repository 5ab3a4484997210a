"""Operations that rank: the row or the group with the highest value, the top n."""

from collections.abc import Sequence
from dataclasses import replace

from leonidas_jupyter.assistant.analyst.compiler import (
    cell,
    group_sql,
    has_groups,
    measure_name,
    measure_sql,
    quote,
    select,
)
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon, NamedColumn
from leonidas_jupyter.assistant.analyst.operations.base import Operation, Parse, patterns, query
from leonidas_jupyter.assistant.analyst.phrases import DATE_PART, LOOKUP, by_year
from leonidas_jupyter.assistant.analyst.plan import PlannedCall, ToolOutcome
from leonidas_jupyter.assistant.analyst.question import Ambiguous, Group, Measure, Order, Question
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

_SHOWN = 8
_LABELS = ("name", "title", "label", "id")


def label_column(lexicon: FrameLexicon) -> NamedColumn | None:
    """Return the column that names a row to a person: a name or title, else a text or date that no two rows share."""
    texts = [column for column in lexicon.columns if column.profile.type == "text"]
    rows = max(lexicon.frame.profile.rows, 1)
    named = [
        column
        for column in texts
        if column.core and column.core[-1] in _LABELS and column.profile.distinct > rows * 0.3
    ]
    keys = [
        column for column in lexicon.columns if column.key and (column in texts or column.temporal)
    ]
    found = named or keys or [column for column in texts if column.profile.distinct > rows * 0.9]
    return found[0] if found else None


def names_rows(column: NamedColumn, lexicon: FrameLexicon) -> bool:
    """Return whether a value of the column stands for one row, so that "which name" asks for rows."""
    return (
        column.key
        or column == label_column(lexicon)
        or (not column.numeric and column.profile.distinct > lexicon.frame.profile.rows * 0.9)
    )


def _ranked_by(parse: Parse) -> tuple[str, bool] | None:
    """Return the column and direction of "highest C", "heaviest", "maximum C"."""
    resolved = parse.items("1")
    if resolved:
        name, descending = resolved[0].value
        return name, descending
    measures = parse.measures()
    if len(measures) == 1 and measures[0].agg in ("min", "max") and measures[0].column:
        return measures[0].column, measures[0].agg == "max"
    ends = parse.items("SE")
    columns = parse.columns()
    if not ends or not columns:
        return None
    ranked = columns[-1]
    if not (ranked.numeric or ranked.temporal):
        return None
    end = ends[0].value
    descending = end == "desc" if isinstance(end, str) else end.descending
    if not isinstance(end, str) and end.measures:
        return None
    return ranked.name, descending


def _skip(parse: Parse) -> int:
    ranks = parse.items("I")
    return int(ranks[0].value) - 1 if ranks else 0


def _build_row(parse: Parse) -> Question | None:
    found = _ranked_by(parse)
    if found is None or parse.groups:
        return None
    name, descending = found
    entity = [column for column in parse.columns() if column.name != name]
    if any(not names_rows(column, parse.lexicon) for column in entity):
        return None
    limit = parse.number() if parse.items("N") else 1
    if limit is None or any(item.value != "desc" for item in parse.items("T")):
        return None
    order = Order(descending, _skip(parse), limit, parse.spans)
    return parse.ask(
        "top_rows" if parse.items("N") else "extreme_row",
        columns=(name, *(column.name for column in entity)),
        order=order,
    )


def _build_lookup(parse: Parse) -> Question | None:
    asked, name, descending = parse.items(LOOKUP)[0].value
    if parse.groups:
        return None
    order = Order(descending, _skip(parse), 1, parse.spans)
    return parse.ask("extreme_row", columns=(name, asked), order=order)


def _shown(question: Question, lexicon: FrameLexicon) -> list[str]:
    label = label_column(lexicon)
    first = [*question.columns[1:], *([label.name] if label else []), question.columns[0]]
    rest = [column.name for column in lexicon.columns]
    return list(dict.fromkeys([*first, *rest]))[: max(_SHOWN, len(set(first)))]


def _compile_row(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    order = question.order or Order()
    name = question.columns[0]
    direction = "DESC" if order.descending else "ASC"
    outputs = [(quote(column), column) for column in _shown(question, lexicon)]
    ranked = replace(question, where=question.where)
    base = select(
        ranked,
        [*outputs, (f"dense_rank() OVER (ORDER BY {quote(name)} {direction})", "rank")],
        extra=[f"{quote(name)} IS NOT NULL"],
    )
    wanted = order.skip + 1
    listed = ", ".join(quote(column) for _, column in outputs)
    return [query(f"SELECT {listed} FROM (\n{base}\n)\nWHERE rank = {wanted}")]


_ORDINALS = {0: "", 1: "second ", 2: "third ", 3: "fourth ", 4: "fifth "}


def _extreme(order: Order) -> str:
    return _ORDINALS[order.skip] + ("highest" if order.descending else "lowest")


def _render_row(question: Question, lexicon: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    columns, rows = rows_of(results[0])
    name = question.columns[0]
    order = question.order or Order()
    read = f"the {_extreme(order)} value of `{name}` and the row that has it"
    if not rows:
        return assemble(f"No row{scope(question)} has a value of `{name}`.", "", question, read)
    value = number(rows[0][columns.index(name)], question.decimals)
    first = f"The {_extreme(order)} `{name}`{scope(question)} is **{value}**"
    label = (
        question.columns[1]
        if len(question.columns) > 1
        else getattr(label_column(lexicon), "name", None)
    )
    if label and len(rows) <= 3 and label != name:
        first += ": " + " and ".join(f"**{number(row[columns.index(label)])}**" for row in rows)
    first += "." if len(rows) == 1 else f" ({len(rows)} rows share it)."
    return assemble(first, table(columns, rows, question.decimals), question, read)


def _build_top(parse: Parse) -> Question | None:
    limit = parse.number() if parse.items("N") else None
    groups = parse.groups
    if len(groups) != 1 or groups[0].part:
        return None
    ranked = parse.lexicon.column(groups[0].column)
    if not (ranked.numeric or ranked.temporal) or parse.items("T")[0].value not in ("desc", "asc"):
        return None
    entity = parse.columns()
    if any(not names_rows(column, parse.lexicon) for column in entity):
        name = entity[0].name
        choices = [
            f"`{name}` by the {word} {ranked.name}" for word in ("total", "average", "maximum")
        ]
        raise Ambiguous(f"top {name} by {ranked.name}", choices)
    order = Order(parse.items("T")[0].value == "desc", 0, limit or 5, parse.spans | groups[0].spans)
    question = parse.ask(
        "top_rows",
        columns=(ranked.name, *(column.name for column in entity)),
        groups=(),
        order=order,
    )
    return question if limit else question.noting("No number was given, so I show 5.")


def _compile_top(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    order = question.order or Order()
    name = question.columns[0]
    outputs = [(quote(column), column) for column in _shown(question, lexicon)]
    direction = "DESC" if order.descending else "ASC"
    ties = ", ".join(quote(column) for _, column in outputs if column != name)
    text = f"{quote(name)} {direction}" + (f", {ties}" if ties else "")
    return [
        query(
            select(
                question,
                outputs,
                extra=[f"{quote(name)} IS NOT NULL"],
                order=text,
                limit=order.limit,
            )
        )
    ]


def _render_top(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    columns, rows = rows_of(results[0])
    order = question.order or Order()
    name = question.columns[0]
    word = "highest" if order.descending else "lowest"
    first = f"The {number(len(rows))} rows with the {word} `{name}`{scope(question)}:"
    return assemble(
        first,
        table(columns, rows, question.decimals),
        question,
        f"the {order.limit} rows with the {word} `{name}`",
    )


def _group_measure(parse: Parse) -> tuple[Measure, bool, bool] | None:
    """Return what groups are ranked by, whether downwards, and whether the mean was our own reading."""
    descending = not any(_ascending(item.value) for item in parse.items("SET"))
    measures = parse.measures()
    if len(measures) == 1 and (parse.items("SE") or parse.items("B")):
        return measures[0], descending, False
    if parse.items("E") and len(parse.items("C" + DATE_PART)) == 1:
        return Measure("rows", None, None, frozenset()), descending, False
    if parse.items("H") and parse.items("B"):
        return Measure("rows", None, None, frozenset()), descending, False
    found = _ranked_by(parse)
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


def _build_group(parse: Parse) -> Question | None:
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
    order = Order(descending, _skip(parse), limit, parse.spans)
    return parse.ask(
        "top_groups",
        groups=groups,
        measures=(measure,),
        order=order,
        option="assumed" if assumed else None,
    )


def _entity(parse: Parse) -> Group | None:
    """Return what is asked for, "which island", "top 3 years": the first column, or a part of a date."""
    found = parse.items("C" + DATE_PART)
    if not found or (parse.items("C") and found[0].kind == "C" and _only_ranked(parse)):
        return None
    if found[0].kind == DATE_PART:
        return replace(found[0].value, spans=parse.spans)
    return by_year(Group(found[0].value, None, parse.spans), parse.lexicon)


def _only_ranked(parse: Parse) -> bool:
    """Return whether the first column is the one that is ranked by: "highest rating by genre"."""
    at = next(at for at, item in enumerate(parse.core) if item.kind == "C")
    return bool(at) and parse.core[at - 1].kind in "SE"


def _asks_which(parse: Parse) -> bool:
    """Return whether the first column is what is asked for: not so in "what is the weight of the oldest car"."""
    at = next(at for at, item in enumerate(parse.full) if item.kind in "C" + DATE_PART)
    after = parse.full[at + 1].kind if at + 1 < len(parse.full) else ""
    wh = parse.full[at - 1] if at and parse.full[at - 1].kind == "q" else None
    return after != "o" and (wh is None or max(wh.spans) + 1 == min(parse.full[at].spans))


def _double(entity: Group, measure: Measure, parse: Parse) -> bool:
    """Return whether the groups are single rows, of which no mean is taken."""
    column = parse.lexicon.column(entity.column)
    one_row = not entity.part and names_rows(column, parse.lexicon)
    return measure.agg == "mean" and one_row and not parse.measures()


def _compile_group(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
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
    if (order.limit or 1) > 1:
        sql += f"\nLIMIT {order.limit}"
    return [query(sql)]


def _other_reading(question: Question, columns: list[str], rows: list[list[object]]) -> str:
    order = question.order or Order()
    measure = question.measures[0]
    end = f"{'max' if order.descending else 'min'}_{measure.column}"
    if end not in columns:
        return ""
    at = columns.index(end)
    pick = max if order.descending else min
    best = pick(rows, key=lambda row: row[at] if isinstance(row[at], int | float) else float("nan"))
    if best[0] == rows[0][0]:
        return ""
    word = "highest" if order.descending else "lowest"
    return (
        f"By the single {word} `{measure.column}` it would be **{best[0]}** ({number(best[at])})."
    )


def _render_group(question: Question, lexicon: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    columns, rows = rows_of(results[0])
    order = question.order or Order()
    measure = question.measures[0]
    words = measure_words(measure)
    keys = len(question.groups)
    names = " and ".join(f"`{name}`" for name in columns[:keys])
    read = f"the {names} with the {_extreme(order)} {words}"
    plain = replace(question, groups=())
    note = left_out(question, lexicon, [measure.column] if measure.column else [])
    if len(rows) <= order.skip:
        return assemble(f"There are too few groups{scope(question)} to say.", "", plain, read)
    if (order.limit or 1) > 1:
        first = f"The {len(rows)} {names} with the {_extreme(order)} {words}{scope(question)}:"
        return assemble(first, table(columns, rows, question.decimals), plain, read, note)
    values = [row[keys] for row in rows]
    wanted = list(dict.fromkeys(values))
    if len(wanted) <= order.skip:
        return assemble(
            f"All groups have the same {words}{scope(question)}.", table(columns, rows), plain, read
        )
    winners = [row for row in rows if row[keys] == wanted[order.skip]]
    won = " and ".join(
        "**" + ", ".join(number(value) for value in row[:keys]) + "**" for row in winners[:5]
    )
    value = number(winners[0][keys], question.decimals)
    first = f"{won} {'has' if len(winners) == 1 else 'have'} the {_extreme(order)} {words}: **{value}**{scope(question)}."
    return assemble(
        first,
        table(columns, rows, question.decimals),
        plain,
        read,
        _other_reading(question, columns, rows),
        note,
    )


def _build_common(parse: Parse) -> Question | None:
    limit, columns = parse.number(), parse.columns()
    if limit is None or parse.groups or len(columns) != 1:
        return None
    least = any(item.value == "asc" for item in parse.items("OT"))
    group = Group(columns[0].name, None, parse.spans)
    measure = Measure("rows", None, None, frozenset())
    return parse.ask(
        "top_groups",
        groups=(group,),
        measures=(measure,),
        order=Order(not least, 0, limit, parse.spans),
    )


OPERATIONS = (
    Operation("lookup", patterns(f"q?I?{LOOKUP}"), _build_lookup, _compile_row, _render_row),
    Operation(
        "extreme_row",
        patterns(
            "q?R?I?SR?C",
            "I?SCR",
            "q?I?1R?",
            "q?R?I?1",
            "qR7",
            "q?[C9]I?1R?",
            "q?[C9]I?SC",
            "qRE?C",
            "qREC",
            "CI?[SE]C",
            "C7",
            "q[C9]7",
            "Rq?I?SC",
            "R7",
            "RI?1",
        ),
        _build_row,
        _compile_row,
        _render_row,
        ("What is the highest {number}?",),
    ),
    Operation(
        "top_rows",
        patterns("T?N(?:1R?|R1|R?SC|SCR|C?SC|R[EO]C|1C)", "TN1R?", "NT?1R", "NR?I?SC"),
        _build_row,
        _compile_top,
        _render_top,
    ),
    Operation(
        "top_rows_by",
        patterns("TN?R?", "TN?C", "NTR"),
        _build_top,
        _compile_top,
        _render_top,
        ("Top 5 rows by {number}",),
    ),
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
            "q?[C9]7",
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
            "TN?C7",
            "q[C9]I?1R?",
            "qNC[SE]7",
            "qNCSC",
            "qNCER?",
            "qERC",
            "NC[SE]7",
        ),
        _build_group,
        _compile_group,
        _render_group,
        (
            "Which {category} has the highest average {number}?",
            "Top 3 {category} by average {number}",
        ),
    ),
    Operation(
        "most_common",
        patterns("T?NOC", "TNCO", "NCO", "T?NCOg?", "TNOg?C"),
        _build_common,
        _compile_group,
        _render_group,
    ),
)
