"""Operations that show rows: the first ones, or those that meet conditions."""

from collections.abc import Sequence

from leonidas_jupyter.assistant.analyst.compiler import quote, select
from leonidas_jupyter.assistant.analyst.labels import label_column
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.operations.base import Operation, Parse, patterns, query
from leonidas_jupyter.assistant.analyst.plan import PlannedCall, ToolOutcome
from leonidas_jupyter.assistant.analyst.question import Order, Question
from leonidas_jupyter.assistant.analyst.reply import assemble, bold, number, rows_of, scope, table

_SHOWN_COLUMNS = 12
_LIMIT = 200


def _build_rows(parse: Parse) -> Question | None:
    if parse.groups or any(item.value != "first" for item in parse.items("T")):
        return None
    if any(item.text.lower().startswith("how") for item in parse.items("q")):
        return None
    limit = parse.number() if parse.items("N") else None
    if parse.items("N") and limit is None:
        return None
    if not parse.where.conditions and not limit and not parse.items("l"):
        return None
    names = tuple(column.name for column in parse.columns())
    if not names and not parse.items("RJ") and not parse.where.conditions:
        return None
    bare = not parse.items("lqNT")
    order = Order(
        True, 0, limit or (_LIMIT if parse.where.conditions or names else 10), parse.spans
    )
    return parse.ask("rows_listed", columns=names, order=order, option="bare" if bare else None)


def _compile_rows(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    names = list(question.columns)
    if not names:
        label = label_column(lexicon)
        listed = ([label.name] if label else []) + [column.name for column in lexicon.columns]
        tested = [condition.column for condition in question.where.conditions]
        shown = list(dict.fromkeys([*listed[:1], *tested, *listed]))[:_SHOWN_COLUMNS]
        names = [name for name in dict.fromkeys(listed) if name in shown]
    several = [each.column for each in question.where.conditions if len(each.values) > 1]
    names += [name for name in dict.fromkeys(several) if name not in names]
    outputs = [(quote(name), name) for name in names]
    return [query(select(question, outputs, limit=(question.order or Order()).limit))]


def _render_rows(question: Question, lexicon: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    columns, rows = rows_of(results[0])
    limit = (question.order or Order()).limit
    if not rows:
        return assemble(f"There is no row{scope(question)}.", "", question, "the rows")
    if len(rows) == len(columns) == 1 and question.where.conditions:
        first = f"`{columns[0]}`{scope(question)} is {bold(rows[0][0])}."
        return assemble(first, "", question, f"`{columns[0]}` of the one row")
    if question.where.conditions:
        more = "The first " if len(rows) == limit else ""
        noun = "row" if len(rows) == 1 else "rows"
        first = f"{more}**{number(len(rows))}** {noun}{scope(question)}:"
    else:
        first = f"The first {len(rows)} rows{scope(question)}:"
    hidden = len(lexicon.columns) - len(columns) if not question.columns else 0
    note = f"{hidden} further columns are not shown." if hidden > 0 else ""
    return assemble(first, table(columns, rows), question, "the rows", note)


OPERATIONS = (
    Operation(
        "rows_listed",
        patterns("q?R", "T?NR", "TR", "T?N", "q?C(?:[,&]+C)*R?", "qRC", "J", "JR", "", "T?NRJ"),
        _build_rows,
        _compile_rows,
        _render_rows,
        ("Show the first 5 rows of {frame}.",),
    ),
)
