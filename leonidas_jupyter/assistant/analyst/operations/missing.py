"""Operations on gaps and repeats: missing values, duplicates, distinct values."""

import re
from collections.abc import Sequence
from typing import Any

from leonidas_jupyter.assistant.analyst.compiler import (
    fill,
    literal,
    quote,
    select,
)
from leonidas_jupyter.assistant.analyst.items import code
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.operations.base import Operation, Parse, patterns, query
from leonidas_jupyter.assistant.analyst.plan import PlannedCall, ToolOutcome
from leonidas_jupyter.assistant.analyst.question import Question
from leonidas_jupyter.assistant.analyst.reply import (
    assemble,
    number,
    percent,
    rows_of,
    scope,
    table,
)

_LISTED = 200
_WIDE = 100
"""Above so many columns the profile answers: SQL about all of them would be too long."""


def _build_missing(parse: Parse) -> Question | None:
    # "Rows with missing values" asks for the rows.
    rows_with = "Rh" in code(parse.full) and not parse.items("HKE%B")
    if parse.groups or rows_with:
        return None
    names = tuple(column.name for column in parse.columns())
    option = "share" if parse.items("%") else "count"
    if parse.items("E"):
        option = "most" if parse.items("E")[0].value == "desc" else "fewest"
    elif parse.items("0"):
        option = "none"
    elif parse.items("B"):
        option = "each"
    elif parse.items("K"):
        option = "columns"
    return parse.ask("missing", columns=names, option=option)


def _compile_missing(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    names = question.columns or tuple(column.name for column in lexicon.columns)
    if len(names) > _WIDE and not question.where.conditions:
        return [PlannedCall("describe_frame", {"name": question.frame})]
    listed = ", ".join(literal(name) for name in names)
    missing = ", ".join(f"count(*) - count({quote(name)})" for name in names)
    counts = select(
        question,
        [(f"unnest([{listed}])", "column"), (f"unnest([{missing}])", "missing"), ("count(*)", "n")],
    )
    direction = "ASC" if question.option == "fewest" else "DESC"
    share = f"{quote('missing')} / greatest(n, 1) AS share"
    sql = 'SELECT "column", "missing", {share} FROM (\n{counts}\n)\nORDER BY "missing" {direction}'
    return [query(fill(sql, share=share, counts=counts, direction=direction))]


def _missing_sentence(question: Question, rows: list[list[object]]) -> str:
    gaps = [row for row in rows if row[1]]
    where = scope(question)
    if question.option in ("most", "fewest"):
        tied = [f"`{row[0]}`" for row in rows if row[1] == rows[0][1]]
        have = "has" if len(tied) == 1 else "have"
        word = "most" if question.option == "most" else "fewest"
        return (
            f"**{', '.join(tied)}** {have} the {word} missing values: {number(rows[0][1])}{where}."
        )
    if question.option == "none":
        full = [f"`{row[0]}`" for row in rows if not row[1]]
        return f"**{len(full)}** columns have no missing value{where}: {', '.join(full) or 'none'}."
    if len(rows) == 1:
        return (
            f"`{rows[0][0]}` has **{number(rows[0][1])}** missing values "
            f"({percent(rows[0][2])} of the rows){where}."
        )
    total = sum(row[1] for row in rows if isinstance(row[1], int))
    if not gaps:
        return f"There are **no** missing values{where}."
    counted = f"**{len(gaps)}** of {len(rows)} columns have missing values"
    return f"There are **{number(total)}** missing values in total; {counted}{where}."


def _gaps(question: Question, outcome: ToolOutcome) -> tuple[list[str], list[list[Any]]]:
    """Return column, missing and share, from the query or, for wide frames, from the profile."""
    if "rows" in outcome.result and isinstance(outcome.result["rows"], list):
        return rows_of(outcome)
    profile = outcome.result.get("profile", outcome.result)
    whole = max(profile["rows"], 1)
    counted = [[each["name"], each["nulls"], each["nulls"] / whole] for each in profile["columns"]]
    counted.sort(key=lambda row: row[1], reverse=question.option != "fewest")
    return ["column", "missing", "share"], counted


def _render_missing(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    columns, rows = _gaps(question, results[0])
    shown = [row for row in rows if row[1]] if question.option in ("count", "columns") else rows
    body = (
        table(columns, shown, None, {"share": "share"})
        if len(rows) > 1 and shown and question.option != "none"
        else ""
    )
    of = (
        " and ".join(f"`{name}`" for name in question.columns)
        if question.columns
        else "every column"
    )
    return assemble(
        _missing_sentence(question, rows), body, question, f"the number of missing values of {of}"
    )


def _build_gappy(parse: Parse) -> Question | None:
    complete = bool(parse.items("0!Ξ"))
    has = re.search("[hw]a?X", code(parse.full)) is not None
    said = any(item.text.lower() == "incomplete" for item in parse.items("X"))
    if parse.groups or not (has or said or complete):
        return None
    option = "complete" if complete else "incomplete"
    if parse.items("H"):
        return parse.ask("incomplete", option=option)
    if len(parse.lexicon.columns) > _WIDE:
        return None
    return parse.ask("incomplete_rows", option=option)


def _compile_gappy(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    return [query(select(question, [("count(*)", "rows")], extra=[_gappy(question, lexicon)]))]


def _gappy(question: Question, lexicon: FrameLexicon) -> str:
    any_null = " OR ".join(f"{quote(column.name)} IS NULL" for column in lexicon.columns)
    return f"({any_null})" if question.option == "incomplete" else f"NOT ({any_null})"


def _compile_gappy_rows(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    outputs = [(quote(column.name), column.name) for column in lexicon.columns]
    return [query(select(question, outputs, extra=[_gappy(question, lexicon)], limit=_LISTED))]


def _render_gappy_rows(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    columns, rows = rows_of(results[0])
    what = "at least one missing value" if question.option == "incomplete" else "no missing value"
    more = "The first " if len(rows) == _LISTED else ""
    noun = "row" if len(rows) == 1 else "rows"
    first = f"{more}**{number(len(rows))}** {noun} with {what}{scope(question)}:"
    if not rows:
        first = f"There is **no** row with {what}{scope(question)}."
    body = table(columns, rows) if rows else ""
    return assemble(first, body, question, f"the rows with {what} in any column")


def _render_gappy(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    _columns, rows = rows_of(results[0])
    what = "at least one missing value" if question.option == "incomplete" else "no missing value"
    first = f"**{number(rows[0][0])}** rows have {what}{scope(question)}."
    return assemble(first, "", question, f"the number of rows with {what} in any column")


def _build_duplicates(parse: Parse) -> Question | None:
    if parse.groups:
        return None
    return parse.ask("duplicates", columns=tuple(column.name for column in parse.columns()))


def _compile_duplicates(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    names = question.columns or tuple(column.name for column in lexicon.columns)
    listed = ", ".join(quote(name) for name in names)
    inner = select(question, [(quote(name), name) for name in names])
    sql = (
        "WITH kept AS (\n{inner}\n)\nSELECT (SELECT count(*) FROM kept) - "
        "(SELECT count(*) FROM (SELECT DISTINCT {listed} FROM kept)) AS duplicates"
    )
    return [query(fill(sql, inner=inner, listed=listed))]


def _render_duplicates(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    _columns, rows = rows_of(results[0])
    of = " and ".join(f"`{name}`" for name in question.columns) or "all columns"
    count = rows[0][0]
    noun = "row repeats" if count == 1 else "rows repeat"
    first = f"**{number(count)}** {noun} an earlier row in {of}{scope(question)}."
    return assemble(
        first, "", question, f"the rows beyond the first of each equal group, compared by {of}"
    )


OPERATIONS = (
    Operation(
        "incomplete",
        patterns("q?HRX", "HR0X", "HR!X", "HR0?aX", "HRΞ", "HΞR"),
        _build_gappy,
        _compile_gappy,
        _render_gappy,
    ),
    Operation(
        "incomplete_rows",
        patterns("q?R[0!]?a?X", "ΞR", "q?RΞ", "q?XR"),
        _build_gappy,
        _compile_gappy_rows,
        _render_gappy_rows,
    ),
    Operation(
        "missing",
        patterns(
            "A?H?X",
            "H?aX",
            "H?g?XC(?:[,&]+C)*",
            "A?H?XBK",
            "q?KX",
            "q?KEX",
            "q?K0X",
            "%X",
            "%g?XC",
            "XH",
            "XHC",
            "H?X[BKJ]+",
            "BKH?X",
            "%XBK",
            "H?XA",
            "%X?KX",
            "HXAH?",
            "AX",
            "AHX",
            "qKaX",
            "XK",
            "HKX",
            "KX",
            "H?XK",
            "HCX",
            "CX",
            "CHX",
            "HgX",
            "CXH?",
            "qX",
            "KEX",
            "EX",
        ),
        _build_missing,
        _compile_missing,
        _render_missing,
        ("How many missing values are there in each column?", "Which columns have missing values?"),
    ),
    Operation(
        "duplicates",
        patterns("q?H?a?ZR?", "q?H?ZC(?:[,&]+C)*", "ZgC", "H?CZ", "AH?Z", "RZ", "HRZ"),
        _build_duplicates,
        _compile_duplicates,
        _render_duplicates,
        ("Are there duplicate rows?",),
    ),
)
