"""Operations that rank rows: the one with the highest value, the top n."""

from collections.abc import Sequence

from leonidas_jupyter.assistant.analyst.compiler import (
    fill,
    group_sql,
    has_groups,
    quote,
    select,
)
from leonidas_jupyter.assistant.analyst.labels import label_column, names_rows
from leonidas_jupyter.assistant.analyst.leads import headings
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.operations.base import Operation, Parse, patterns, query
from leonidas_jupyter.assistant.analyst.phrases import LOOKUP
from leonidas_jupyter.assistant.analyst.plan import PlannedCall, ToolOutcome
from leonidas_jupyter.assistant.analyst.question import Ambiguous, Order, Question
from leonidas_jupyter.assistant.analyst.reply import (
    assemble,
    bold,
    group_header,
    group_words,
    number,
    rows_of,
    scope,
    table,
)
from leonidas_jupyter.assistant.analyst.vocabulary import vocabulary

_SHOWN = 8


def ranked_by(parse: Parse) -> tuple[str, bool] | None:
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
    if not ends or not columns or (parse.core[-1].kind == "E"):
        return None
    ranked = columns[-1]
    if not (ranked.numeric or ranked.temporal):
        return None
    end = ends[0].value
    descending = end == "desc" if isinstance(end, str) else end.descending
    if not isinstance(end, str) and end.measures:
        return None
    return ranked.name, descending


def skipped(parse: Parse) -> int:
    """Return how many ranks come before the one that is asked for."""
    ranks = parse.items("I")
    return int(ranks[0].value) - 1 if ranks else 0


def _asks_whether(parse: Parse) -> bool:
    """Return whether the answer is a yes, or one of two: "is the heaviest penguin male".

    So too "is it higher in 2015 than in 2012", "which is higher, rain or sun".
    """
    known = vocabulary().phrases
    compared = any(f"{item.text.lower().split()[0]} than" in known for item in parse.items("S1"))
    two = any(len(each.values) == 2 and each.op == "in" for each in parse.where.conditions)
    return parse.full[0].kind == "=" or (compared and two)


def _build_row(parse: Parse) -> Question | None:
    found = ranked_by(parse)
    if found is None or _asks_whether(parse) or (parse.groups and parse.items("N")):
        return None
    name, descending = found
    entity = [column for column in parse.columns() if column.name != name]
    if any(not names_rows(column, parse.lexicon) for column in entity):
        return None
    limit = parse.number() if parse.items("N") else 1
    if limit is None or any(item.value != "desc" for item in parse.items("T")):
        return None
    order = Order(descending, skipped(parse), limit, parse.spans)
    return parse.ask(
        "top_rows" if parse.items("N") else "extreme_row",
        columns=(name, *(column.name for column in entity)),
        order=order,
    )


def _build_lookup(parse: Parse) -> Question | None:
    asked, name, descending = parse.items(LOOKUP)[0].value
    if parse.groups:
        return None
    order = Order(descending, skipped(parse), 1, parse.spans)
    return parse.ask("extreme_row", columns=(name, asked), order=order)


def _shown(question: Question, lexicon: FrameLexicon) -> list[str]:
    return shown_columns(question.columns, lexicon)


def shown_columns(columns: Sequence[str], lexicon: FrameLexicon) -> list[str]:
    """Return the columns to show of rows that were picked by the first of ``columns``."""
    label = label_column(lexicon)
    first = [*columns[1:], *([label.name] if label else []), columns[0]]
    rest = [column.name for column in lexicon.columns]
    return list(dict.fromkeys([*first, *rest]))[: max(_SHOWN, len(set(first)))]


def _compile_row(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    order = question.order or Order()
    name = question.columns[0]
    direction = "DESC" if order.descending else "ASC"
    outputs = [(quote(column), column) for column in _shown(question, lexicon)]
    groups = list(zip(map(group_sql, question.groups), group_header(question.groups), strict=True))
    outputs = [
        *groups,
        *(output for output in outputs if output[1] not in {group for _, group in groups}),
    ]
    within = f"PARTITION BY {', '.join(expression for expression, _ in groups)} " if groups else ""
    ranks = f"dense_rank() OVER ({within}ORDER BY {quote(name)} {direction})"
    base = select(
        question,
        [*outputs, (ranks, "rank among rows")],
        extra=[f"{quote(name)} IS NOT NULL", *has_groups(question)],
    )
    listed = ", ".join(quote(column) for _, column in outputs)
    sql = "SELECT {listed} FROM (\n{base}\n)\nWHERE {rank} = {wanted}{ordered}"
    ordered = "\nORDER BY " + ", ".join(str(at + 1) for at in range(len(groups))) if groups else ""
    return [
        query(
            fill(
                sql,
                listed=listed,
                base=base,
                rank=quote("rank among rows"),
                wanted=order.skip + 1,
                ordered=ordered,
            )
        )
    ]


_ORDINALS = {0: "", 1: "second ", 2: "third "}


def extreme_words(order: Order) -> str:
    """Return "highest", "second lowest" …."""
    return _ORDINALS.get(order.skip, f"{order.skip + 1}th ") + (
        "highest" if order.descending else "lowest"
    )


def _render_row(question: Question, lexicon: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    columns, rows = rows_of(results[0])
    name = question.columns[0]
    order = question.order or Order()
    read = f"the {extreme_words(order)} value of `{name}` and the row that has it"
    if not rows:
        return assemble(f"No row{scope(question)} has a value of `{name}`.", "", question, read)
    if question.groups:
        first = (
            f"The rows with the {extreme_words(order)} "
            f"`{name}`{group_words(question.groups)}{scope(question)}:"
        )
        return assemble(
            first, table(columns, rows, question.decimals, headings(question)), question, read
        )
    value = number(rows[0][columns.index(name)], question.decimals)
    first = f"The {extreme_words(order)} `{name}`{scope(question)} is **{value}**"
    label = (
        question.columns[1]
        if len(question.columns) > 1
        else getattr(label_column(lexicon), "name", None)
    )
    if label and len(rows) <= 3 and label != name:
        first += ": " + " and ".join(f"**{number(row[columns.index(label)])}**" for row in rows)
    first += "." if len(rows) == 1 else f" ({len(rows)} rows share it)."
    return assemble(
        first, table(columns, rows, question.decimals, headings(question)), question, read
    )


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


def _render_top(question: Question, lexicon: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    columns, rows = rows_of(results[0])
    order = question.order or Order()
    name = question.columns[0]
    word = "highest" if order.descending else "lowest"
    first = f"The {number(len(rows))} rows with the {word} `{name}`{scope(question)}:"
    label = getattr(label_column(lexicon), "name", None)
    if rows and label in columns and label != name:
        top = rows[0]
        value = bold(top[columns.index(name)], question.decimals)
        best = f"{bold(top[columns.index(label)])} has the {word} `{name}`, {value}."
        first = f"{best} {first}"
    return assemble(
        first,
        table(columns, rows, question.decimals, headings(question)),
        question,
        f"the {order.limit} rows with the {word} `{name}`",
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
            "R1",
            "q?CI?1R?",
            "q?CI?SC",
            "qRE?C",
            "qREC",
            "CI?[SE]C",
            "C7",
            "qC7",
            "Rq?I?SC",
            "R7",
            "RI?1",
            "q?CC[SE]",
            "q?RC[SE]",
            "q?CS",
            "q?I?1C",
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
)
