"""What is odd about a table: gaps, repeats, constant columns, outliers, stand-ins, spellings."""

from collections.abc import Sequence
from typing import Any

from leonidas_jupyter.assistant.analyst.column import NamedColumn
from leonidas_jupyter.assistant.analyst.compiler import fill, literal, quote, select
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

_MOST = 40
_STAND_INS = (-9999, -999, -99, -1, 999, 9999, 99999, 999999)
"""Numbers that people write where a value is missing; counted only where they lie far outside."""

_EMPTY_WORDS = ("", "n/a", "na", "nan", "none", "null", "unknown", "?", "-", "--", "tbd", "missing")
_HEAD = ("column", "missing", "distinct", "outliers", "stand_ins", "odd_spellings", "rows")


def _numeric_sql(column: NamedColumn, question: Question) -> str:
    """Return the SQL that counts values beyond the quartiles, and those that may stand for none."""
    name = quote(column.name)
    ends = fill(
        "SELECT quantile_cont({name}, 0.25) AS q1, quantile_cont({name}, 0.75) AS q3 FROM {frame}",
        name=name,
        frame=quote(question.source),
    )
    outside = f"{name} < e.q1 - 1.5 * (e.q3 - e.q1) OR {name} > e.q3 + 1.5 * (e.q3 - e.q1)"
    listed = ", ".join(map(str, _STAND_INS))
    return fill(
        "SELECT {label} AS {head}, count(*) - count({name}) AS missing, "
        'count(DISTINCT {name}) AS "distinct", count(*) FILTER (WHERE {outside}) AS outliers, '
        "count(*) FILTER (WHERE {name} IN ({listed}) AND ({outside})) AS stand_ins, "
        'NULL AS odd_spellings, count(*) AS "rows"\nFROM {frame}, ({ends}) AS e',
        label=literal(column.name),
        head=quote("column"),
        name=name,
        outside=outside,
        listed=listed,
        frame=quote(question.source),
        ends=ends,
    )


def _other_sql(column: NamedColumn, question: Question) -> str:
    """Return the SQL that counts words for nothing, and spellings that differ by case or spaces."""
    name = quote(column.name)
    text = column.profile.type == "text"
    plain = f"lower(trim({name}))"
    words = ", ".join(map(literal, _EMPTY_WORDS))
    stand_ins = f"count(*) FILTER (WHERE {plain} IN ({words}))" if text else "NULL"
    spelled = f"count(DISTINCT {name}) - count(DISTINCT {plain})" if text else "NULL"
    return fill(
        "SELECT {label} AS {head}, count(*) - count({name}) AS missing, "
        'count(DISTINCT {name}) AS "distinct", NULL AS outliers, {stand_ins} AS stand_ins, '
        '{spelled} AS odd_spellings, count(*) AS "rows"\nFROM {frame}',
        label=literal(column.name),
        head=quote("column"),
        name=name,
        stand_ins=stand_ins,
        spelled=spelled,
        frame=quote(question.source),
    )


def quality_calls(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    """Return the calls that count what may be wrong, column by column, and the repeated rows."""
    columns = lexicon.columns[:_MOST]
    listed = ", ".join(quote(column.name) for column in lexicon.columns)
    parts = [
        _numeric_sql(column, question)
        if column.numeric and not column.flag
        else _other_sql(column, question)
        for column in columns
    ]
    batches = [parts[at : at + 10] for at in range(0, len(parts), 10)]
    calls = [query("\nUNION ALL\n".join(batch)) for batch in batches]
    repeats = fill(
        "SELECT count(*) - (SELECT count(*) FROM (SELECT DISTINCT {listed} FROM {frame})) AS "
        'duplicates, count(*) AS "rows" FROM {frame}',
        listed=listed,
        frame=quote(question.source),
    )
    return [*calls, query(repeats)]


def findings(results: Sequence[ToolOutcome]) -> list[str]:
    """Return what was found, as sentences; the last result counts repeated rows."""
    rows: list[dict[str, Any]] = []
    for outcome in results[:-1]:
        rows += [dict(zip(_HEAD, row, strict=True)) for row in rows_of(outcome)[1]]
    repeated, total = rows_of(results[-1])[1][0]
    found = [
        _listed(rows, "missing", "Missing values", total),
        f"Repeated rows: **{number(repeated)}**." if repeated else "",
        _named("Only one value", [row for row in rows if row["distinct"] == 1]),
        _named("No value at all", [row for row in rows if row["distinct"] == 0]),
        _listed(rows, "outliers", "Values beyond 1.5 times the interquartile range", total),
        _listed(rows, "stand_ins", "Values that may stand for a missing one", total),
        _listed(rows, "odd_spellings", "Spellings that differ only by case or spaces", None),
    ]
    return [each for each in found if each]


def _named(what: str, rows: Sequence[dict[str, Any]]) -> str:
    return f"{what}: {', '.join(_name(row) for row in rows)}." if rows else ""


def _name(row: dict[str, Any]) -> str:
    return f"`{row['column']}`"


def _listed(rows: Sequence[dict[str, Any]], key: str, what: str, total: int | None) -> str:
    known = sorted((row for row in rows if row[key]), key=lambda row: -row[key])
    if not known:
        return ""
    said = [
        f"{_name(row)} {number(row[key])}" + (f" ({percent(row[key] / total)})" if total else "")
        for row in known[:8]
    ]
    more = ", …" if len(known) > len(said) else ""
    return f"{what}: {', '.join(said)}{more}."


def _build(parse: Parse) -> Question | None:
    if parse.groups or parse.where.conditions or parse.columns():
        return None
    question = parse.ask("quality", columns=tuple(column.name for column in parse.lexicon.columns))
    if len(parse.lexicon.columns) <= _MOST:
        return question
    return question.noting(f"Only the first {_MOST} columns are looked at.")


def _compile(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    return quality_calls(question, lexicon)


def _render(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    said = findings(results)
    listed = "\n".join(f"- {each}" for each in said)
    first = (
        f"**{number(len(said))}** things in {question.frame} deserve a look:"
        if len(said) > 1
        else f"One thing in {question.frame} deserves a look:"
        if said
        else f"**Nothing** odd was found in {question.frame}."
    )
    read = "what may be wrong: gaps, repeats, constant columns, outliers, stand-ins and spellings"
    return assemble(first, listed, question, read, "Not every outlier is an error.")


def _build_outliers(parse: Parse) -> Question | None:
    if parse.groups or parse.columns():
        return None
    names = [column.name for column in parse.lexicon.columns if column.numeric and not column.flag]
    if not names or len(names) > _MOST or parse.items(")"):
        return None
    return parse.ask("outliers_each", columns=tuple(names))


def _compile_outliers(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    parts = []
    for name in question.columns:
        kept = select(
            question,
            [(f"CAST({quote(name)} AS DOUBLE)", "x")],
            extra=[f"{quote(name)} IS NOT NULL"],
        )
        parts.append(
            fill(
                "SELECT {label} AS {head}, count(*) FILTER (WHERE x < q1 - 1.5 * (q3 - q1) OR "
                "x > q3 + 1.5 * (q3 - q1)) AS outliers, count(*) AS n FROM (\n{kept}\n), (SELECT "
                "quantile_cont(x, 0.25) AS q1, quantile_cont(x, 0.75) AS q3 FROM (\n{kept}\n))",
                label=literal(name),
                head=quote("column"),
                kept=kept,
            )
        )
    del lexicon
    union = "\nUNION ALL\n".join(parts)
    return [query(fill("SELECT * FROM (\n{union}\n) ORDER BY outliers DESC, 1", union=union))]


def _render_outliers(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    columns, rows = rows_of(results[0])
    total = sum(row[1] for row in rows)
    having = sum(bool(row[1]) for row in rows)
    first = (
        f"**{number(having)}** of {number(len(rows))} numeric columns have outliers"
        f"{scope(question)}, {number(total)} values in total."
        if total
        else f"There are **no** outliers{scope(question)}."
    )
    read = "the values beyond 1.5 times the interquartile range outside the quartiles"
    return assemble(first, table(columns, rows), question, read)


OPERATIONS = (
    Operation(
        "outliers_each",
        patterns("q?H?a?j[RJ]*", "q?Ka?j", "H?jBK", "H?j[BpK]*K", "q?KH?j", "KEj", "q?H?R?j"),
        _build_outliers,
        _compile_outliers,
        _render_outliers,
    ),
    Operation(
        "quality",
        patterns("q?a?ω[RJK]*", "[RJ]+ω", "s?ω[RJ]*", "q?ω[&,|]+ω[RJ]*", "q[RJ]ω"),
        _build,
        _compile,
        _render,
        ("Is there anything odd in {frame}?",),
    ),
)
