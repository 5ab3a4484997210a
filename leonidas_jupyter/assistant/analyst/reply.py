"""Markdown answers: numbers as people read them, tables, and how the question was read."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from leonidas_jupyter.assistant.analyst.compiler import group_name
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.plan import ToolOutcome
from leonidas_jupyter.assistant.analyst.question import (
    Condition,
    Group,
    Having,
    Measure,
    Question,
    Where,
)

MOST_ROWS = 20
INTRODUCTION = "I am the built-in analyst, not a language model."

AGGREGATE_WORDS: dict[str, str] = {
    "mean": "mean",
    "median": "median",
    "sum": "total",
    "min": "minimum",
    "max": "maximum",
    "std": "standard deviation (sample)",
    "var": "variance (sample)",
    "range": "range (maximum minus minimum)",
    "iqr": "interquartile range",
    "q1": "first quartile",
    "q3": "third quartile",
    "skew": "skewness",
    "kurtosis": "excess kurtosis",
    "sem": "standard error of the mean",
    "cv": "coefficient of variation",
    "distinct": "number of distinct values",
    "count": "number of values",
}

PART_WORDS = {
    "dayofweek": "day of the week (1 = Monday)",
    "monthofyear": "month of the year",
    "quarterofyear": "quarter of the year",
    "season": "season (1 = December to February, 2 = March to May …)",
    "tens": "decade",
}
_OP_WORDS = {
    ">": "more than",
    ">=": "at least",
    "<": "less than",
    "<=": "at most",
    "=": "equal to",
    "!=": "not equal to",
}


def number(value: object, decimals: int | None = None) -> str:
    """Return a value as people read it.

    Whole numbers whole, others to two decimals, or to four significant digits where those are
    more. Thousands are marked from 10,000 on.
    """
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if not isinstance(value, float):
        return str(value)
    if not math.isfinite(value):
        return "not defined"
    if decimals is not None:
        return f"{value:.{decimals}f}"
    if value.is_integer() and abs(value) < 1e15:
        return number(int(value))
    size = abs(value)
    places = 2 if size >= 10 else 3 if size >= 1 else 3 - math.floor(math.log10(size))
    text = f"{value:,.{min(places, 12)}f}".rstrip("0").rstrip(".")
    return text if size >= 10_000 else text.replace(",", "")


def percent(share: object, decimals: int | None = None) -> str:
    """Return a share from 0 to 1 as a percentage."""
    if not isinstance(share, int | float):
        return "—"
    return f"{share * 100:.{1 if decimals is None else decimals}f} %"


def _plain(text: str) -> str:
    # Jupyter reads what stands between two dollar signs as mathematics.
    return text.replace("|", "\\|").replace("$", "\\$").replace("\n", " ")


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    decimals: int | None = None,
    headings: Mapping[str, str] | None = None,
) -> str:
    """Return a Markdown table of at most MOST_ROWS rows, and how many more there are.

    ``headings`` are what to call columns whose names are made for SQL; what is called share is
    written as a percentage. Numbers stand to the right.
    """
    named = [(headings or {}).get(str(column), str(column)) for column in columns]
    shares = [(headings or {}).get(str(column)) == "share" for column in columns]
    rules = map(_rule, zip(*rows, strict=True)) if rows else ["---|"] * len(named)
    lines = ["| " + " | ".join(map(_plain, named)) + " |", "|" + "".join(rules)]
    for row in rows[:MOST_ROWS]:
        cells = [
            percent(value, decimals) if share else _plain(number(value, decimals))
            for value, share in zip(row, shares, strict=True)
        ]
        lines.append("| " + " | ".join(cells) + " |")
    if len(rows) > MOST_ROWS:
        lines.append(f"\n… and {len(rows) - MOST_ROWS} more rows.")
    return "\n".join(lines)


def _rule(values: Sequence[object]) -> str:
    known = [value for value in values if value is not None]
    numeric = known and all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in known
    )
    return "---:|" if numeric else "---|"


def bold(value: object, decimals: int | None = None) -> str:
    """Return a value as it stands out in a sentence."""
    return f"**{_plain(number(value, decimals))}**"


def rows_of(outcome: ToolOutcome) -> tuple[list[str], list[list[Any]]]:
    """Return the column names and the rows of a query's result."""
    result: Mapping[str, Any] = outcome.result
    return [str(column["name"]) for column in result["columns"]], [
        list(row) for row in result["rows"]
    ]


def cut_note(outcome: ToolOutcome) -> str:
    """Return a note where the result was cut at the tool's limit."""
    if not outcome.result.get("truncated"):
        return ""
    return f"There are more groups than the {len(outcome.result['rows'])} that are shown here."


def condition_words(condition: Condition) -> str:
    """Return a condition as people say it."""
    name = f"`{condition.column}`"
    if condition.part:
        name = f"the {PART_WORDS.get(condition.part, condition.part)} of {name}"
    values = [number(value) for value in condition.values]
    op = condition.op
    if op == "null":
        return f"{name} has a value" if condition.negated else f"{name} has no value"
    is_not = "is not" if condition.negated else "is"
    if op == "period":
        return f"{name} {is_not} from {values[0]} to before {values[1]}"
    if op == "between":
        return f"{name} {is_not} between {values[0]} and {values[1]} (both included)"
    if op == "in":
        return f"{name} {is_not} {_or(values)}"
    if op in ("contains", "starts", "ends", "equals"):
        words = {
            "contains": "contains",
            "starts": "starts with",
            "ends": "ends with",
            "equals": "is",
        }[op]
        return f"{name} {'not: ' if condition.negated else ''}{words} “{values[0]}” (in any case)"
    if op.endswith("column"):
        return f"{name} is {_OP_WORDS[op.removesuffix('column')]} `{values[0]}`"
    for aggregate in ("mean", "median"):
        if op.endswith(aggregate):
            return (
                f"{name} is {_OP_WORDS[op.removesuffix(aggregate)]} its {aggregate} over all rows"
            )
    return f"{name} is {_OP_WORDS[op]} {values[0]}"


def _or(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else ", ".join(values[:-1]) + " or " + values[-1]


def where_words(where: Where) -> str:
    """Return " where …", or nothing."""
    if not where.conditions:
        return ""
    return " where " + f" {where.joiner} ".join(
        condition_words(condition) for condition in where.conditions
    )


def group_words(groups: Sequence[Group]) -> str:
    """Return " by …", or nothing."""
    if not groups:
        return ""
    listed = []
    for group in groups:
        part = PART_WORDS.get(group.part or "", group.part)
        listed.append(f"{part} of `{group.column}`" if part else f"`{group.column}`")
    return " by " + " and ".join(listed)


def measure_words(measure: Measure) -> str:
    """Return a measure as people say it."""
    if measure.column is None:
        return "number of rows"
    if measure.agg == "quantile" and measure.parameter is not None:
        return f"{measure.parameter * 100:g}th percentile of `{measure.column}`"
    return f"{AGGREGATE_WORDS[measure.agg]} of `{measure.column}`"


def having_words(having: Having) -> str:
    """Return a test of a group as people say it: "more than 50 rows"."""
    values = [number(value) for value in having.values]
    counted = having.measure.column is None or having.measure.agg in ("count", "distinct")
    if having.op == "between":
        tested = f"between {values[0]} and {values[1]}"
    else:
        tested = _bound_words(having.op, values, counted)
    if having.measure.column is None:
        return f"{tested} rows"
    return f"a {measure_words(having.measure)} {tested}"


def _bound_words(op: str, values: Sequence[str], counted: bool) -> str:
    below, above = ("fewer than", "more than") if counted else ("below", "above")
    words = {"=": "exactly", ">": above, "<": below}.get(op, _OP_WORDS[op])
    return f"{words} {values[0]}"


def scope(question: Question) -> str:
    """Return the filters and the frame as the end of a sentence."""
    return f"{where_words(question.where)} in {question.frame}"


def assemble(first: str, body: str, question: Question, read: str, *notes: str) -> str:
    """Return the whole answer: the sentence, the table, and how the question was read."""
    kept = " and ".join(map(having_words, question.having)) if question.groups else ""
    tested = f", only groups with {kept}," if kept else ""
    said = [f"I read this as {read}{group_words(question.groups)}{tested}{scope(question)}."]
    conditions = (*question.where.conditions, *question.target.conditions)
    noted = (*question.notes, *(condition.note for condition in conditions), *notes)
    said += [note for note in dict.fromkeys(noted) if note]
    parts = [first, body, " ".join(said)]
    return "\n\n".join(part for part in parts if part)


def left_out(question: Question, lexicon: FrameLexicon, columns: Sequence[str]) -> str:
    """Return a note on the rows without a group, where the frame has any."""
    names = [group.column for group in question.groups] + list(columns)
    missing = [name for name in dict.fromkeys(names) if lexicon.column(name).profile.nulls]
    if not missing:
        return ""
    return "Rows without " + " or ".join(f"`{name}`" for name in missing) + " are left out."


def group_header(groups: Sequence[Group]) -> list[str]:
    """Return the names of the group columns in a result."""
    return [group_name(group) for group in groups]
