"""Operations on a frame's shape: rows, columns, types, descriptions."""

from collections.abc import Mapping, Sequence
from typing import Any

from leonidas_jupyter.assistant.analyst.compiler import group_sql, has_groups, quote, select
from leonidas_jupyter.assistant.analyst.leads import headings, lead
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.operations.base import Operation, Parse, patterns, query
from leonidas_jupyter.assistant.analyst.plan import PlannedCall, ToolOutcome
from leonidas_jupyter.assistant.analyst.question import Group, Question
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

_TYPE_GROUPS = {
    "number": ("integer", "number"),
    "text": ("text",),
    "date": ("date", "datetime", "time"),
    "boolean": ("boolean",),
}
_TYPE_WORDS = {
    "integer": "whole number",
    "number": "number",
    "boolean": "yes/no",
    "date": "date",
    "datetime": "date and time",
    "time": "time",
    "text": "text",
}


def _build_rows(parse: Parse) -> Question | None:
    if parse.items("x") and not parse.groups:
        return None
    asked = parse.items("H") or parse.groups or parse.items("A")
    return parse.ask("rows") if asked else None


def _ordered(groups: Sequence[Group], lexicon: FrameLexicon) -> bool:
    """Return whether the first group has an order of its own, as years have."""
    column = lexicon.column(groups[0].column)
    return groups[0].part is not None or column.numeric or column.temporal


def _compile_rows(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    if not question.groups:
        return [query(select(question, [("count(*)", "rows")]))]
    names = group_header(question.groups)
    outputs = [
        *((group_sql(group), name) for group, name in zip(question.groups, names, strict=True)),
        ("count(*)", "rows"),
    ]
    order = "1" if _ordered(question.groups, lexicon) else f"{quote('rows')} DESC, 1"
    return [
        query(
            select(question, outputs, extra=has_groups(question), group_by=len(names), order=order)
        )
    ]


def _negation_note(question: Question, lexicon: FrameLexicon) -> str:
    names = [condition.column for condition in question.where.conditions if condition.op != "null"]
    missing = [name for name in dict.fromkeys(names) if lexicon.column(name).profile.nulls]
    negated = any(condition.negated for condition in question.where.conditions)
    if not (missing and negated):
        return ""
    return "Rows without " + " or ".join(f"`{name}`" for name in missing) + " are not counted."


def _render_rows(question: Question, lexicon: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    columns, rows = rows_of(results[0])
    note = _negation_note(question, lexicon)
    if not question.groups:
        count = rows[0][0]
        noun = "row" if count == 1 else "rows"
        verb = "is" if count == 1 else "are"
        first = f"There {verb} **{number(count)}** {noun}{scope(question)}."
        return assemble(first, "", question, "the number of rows", note)
    whole = f"The number of rows{group_words(question.groups)}{scope(question)}:"
    cut = bool(results[0].result.get("truncated"))
    first = lead(question, rows, cut) or whole
    notes = (note, left_out(question, lexicon, ()), cut_note(results[0]))
    return assemble(
        first,
        table(columns, rows, None, headings(question)),
        question,
        "the number of rows",
        *notes,
    )


def _types(parse: Parse) -> tuple[str, ...]:
    wanted = parse.items("k")
    return _TYPE_GROUPS[wanted[0].value] if wanted else ()


def _build_columns(parse: Parse) -> Question | None:
    if parse.where.conditions or parse.groups:
        return None
    counted = bool(parse.items("H"))
    kinds = _types(parse)
    names = tuple(
        column.name for column in parse.lexicon.columns if not kinds or column.profile.type in kinds
    )
    option = ("count" if counted else "list") + (":" + parse.items("k")[0].value if kinds else "")
    return parse.ask("columns", columns=names, option=option)


def _describe_call(question: Question, _: FrameLexicon) -> list[PlannedCall]:
    return [PlannedCall("describe_frame", {"name": question.frame})]


def described(outcome: ToolOutcome) -> list[dict[str, Any]]:
    """Return the columns of a described frame.

    Whether the tool gave the frame or its profile alone.
    """
    profile: Mapping[str, Any] = outcome.result.get("profile", outcome.result)
    return list(profile["columns"])


def _render_columns(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    how, _colon, kind = (question.option or "").partition(":")
    kinds = _TYPE_GROUPS.get(kind)
    found = [column for column in described(results[0]) if not kinds or column["type"] in kinds]
    noun = {
        "number": "numeric column",
        "text": "text column",
        "date": "date column",
        "boolean": "yes/no column",
    }.get(kind, "column")
    plural = noun if len(found) == 1 else noun + "s"
    first = f"{question.frame} has **{len(found)}** {plural}" + (
        "." if how == "count" or not found else ":"
    )
    rows = [[f"`{column['name']}`", _TYPE_WORDS[column["type"]]] for column in found]
    body = "" if how == "count" or not found else table(["column", "type"], rows)
    return assemble(first, body, question, f"the {plural}")


_TABLES = frozenset({"data", "table", "dataset", "file"})


def _build_types(parse: Parse) -> Question | None:
    if parse.where.conditions or parse.groups:
        return None
    # "Types of penguins" are kinds of what the rows are, not types of columns.
    plain = all(item.text.lower() in ("type", "types") for item in parse.items("y"))
    rows = any(item.kind == "R" and item.text.lower() not in _TABLES for item in parse.full)
    if plain and rows and not parse.columns():
        return None
    return parse.ask("types", columns=tuple(column.name for column in parse.columns()))


def _render_types(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    found = {column["name"]: column["type"] for column in described(results[0])}
    if len(question.columns) == 1:
        name = question.columns[0]
        return assemble(
            f"`{name}` is of type **{_TYPE_WORDS[found[name]]}**.",
            "",
            question,
            f"the type of `{name}`",
        )
    names = question.columns or tuple(found)
    rows = [[f"`{name}`", _TYPE_WORDS[found[name]]] for name in names]
    return assemble(
        f"The types of the columns of {question.frame}:",
        table(["column", "type"], rows),
        question,
        "the columns' types",
    )


def _build_shape(parse: Parse) -> Question | None:
    return None if parse.where.conditions or parse.groups else parse.ask("shape")


def _compile_shape(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    return [query(select(question, [("count(*)", "rows"), (str(len(lexicon.columns)), "columns")]))]


def _render_shape(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    _columns, rows = rows_of(results[0])
    count, columns = rows[0]
    return assemble(
        f"{question.frame} has **{number(count)}** rows and **{columns}** columns.",
        "",
        question,
        "its size",
    )


def _build_frames(parse: Parse) -> Question | None:
    singular = all(not item.text.lower().endswith("s") for item in parse.items("J"))
    shown = parse.items("l") and singular
    return None if shown or parse.where.conditions or parse.groups else parse.ask("frames")


def _list_call(_: Question, __: FrameLexicon) -> list[PlannedCall]:
    return [PlannedCall("list_frames", {})]


def frames_text(result: Mapping[str, Any]) -> str:
    """Return the list of frames that the list_frames tool gave, as a sentence and a table."""
    listed = next((value for value in result.values() if isinstance(value, list)), [])
    rows = [_frame_row(frame) for frame in listed]
    noun = "table" if len(rows) == 1 else "tables"
    return f"This project has **{len(rows)}** {noun}:\n\n" + table(
        ["table", "file", "rows", "columns"], rows
    )


def _frame_row(frame: Mapping[str, Any]) -> list[Any]:
    profile = frame.get("profile", frame)
    columns = profile.get("columns", [])
    count = columns if isinstance(columns, int) else len(columns)
    return [frame["name"], frame.get("filename", ""), profile.get("rows"), count]


def _render_frames(_: Question, __: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    return frames_text(results[0].result)


OPERATIONS = (
    Operation(
        "frames",
        patterns("q?J", "HJ", "J"),
        _build_frames,
        _list_call,
        _render_frames,
        ("Which tables are there?",),
    ),
    Operation(
        "shape",
        patterns("q?z[RJ]*", "HR[,&]+H?K", "HK[,&]+H?R"),
        _build_shape,
        _compile_shape,
        _render_shape,
    ),
    Operation(
        "columns",
        patterns("q?K", "HK", "q?kK", "q?Kk", "HkK", "HKk", "qK", "AHK", "gK", "AK"),
        _build_columns,
        _describe_call,
        _render_columns,
        ("What are the columns of {frame}?",),
    ),
    Operation(
        "types",
        patterns("q?y", "q?y[o]?K", "q?Ky", "q?yC(?:[,&]+C)*", "q?Cy", "K[&,]y", "K[,&]+q?y"),
        _build_types,
        _describe_call,
        _render_types,
    ),
    Operation(
        "rows",
        patterns("HA?R", "A?HR", "RH", "H", "R", "AR", "qHR", "Hg", "xHR", "HRx"),
        _build_rows,
        _compile_rows,
        _render_rows,
        ("How many rows are there by {category}?", "How many rows are in {frame}?"),
    ),
)
