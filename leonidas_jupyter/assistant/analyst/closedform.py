"""Questions that state the form of their answer: ``@mean_fare[…]``, rounded to so many decimals.

Such a text is a question, sentences that say how to compute, and names to fill. Every sentence must
be the question or one that changes nothing here (rounding, leaving out missing values, which
library); anything else, and it is declined.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leonidas_jupyter.assistant.analyst.compiler import measure_name
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.plan import ToolOutcome
from leonidas_jupyter.assistant.analyst.question import Measure, Question
from leonidas_jupyter.assistant.analyst.reading import Understood
from leonidas_jupyter.assistant.analyst.reply import rows_of
from leonidas_jupyter.assistant.analyst.vocabulary import vocabulary
from leonidas_jupyter.assistant.analyst.words import pieces

_NAME = re.compile(r"@(\w+)\[([^\]\n]*)\]")
_SENTENCE = re.compile(r"(?<=[.?!:}{])\s+|\n+")
_NUMBERING = re.compile(
    r"^[\s{}]*(?:(?:question\s*)?\d+\s*[.:)]\s*|(?:constraints|requires output)\s*:\s*"
    r"|if (?:so|yes),?\s+)?|[\s{}]+$",
    re.I,
)
_DECIMALS = re.compile(
    r"(\d|one|two|three|four|five|six|first|second|third|fourth|tenth|hundredth|thousandth)"
    r"(?:\s+decimal|(?<=th)\b)",
    re.I,
)
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4}
_FRACTIONS = {"tenth": 1, "hundredth": 2, "thousandth": 3}
_COUNTS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6} | _ORDINALS | _FRACTIONS
_GAPS_MATTER = frozenset({"rows", "missing", "breakdown", "share"})
_OPERATIONS = frozenset(
    {"aggregate", "correlation", "rows", "missing", "distinct", "top_groups", "mode", "outliers"}
)
_AGGREGATES: Mapping[str, frozenset[str]] = {
    "mean": frozenset({"mean", "average", "avg"}),
    "median": frozenset({"median"}),
    "std": frozenset({"std", "sd", "stddev", "stdev", "deviation"}),
    "var": frozenset({"variance", "var"}),
    "min": frozenset({"min", "minimum"}),
    "max": frozenset({"max", "maximum"}),
    "sum": frozenset({"sum", "total"}),
}


@dataclass(frozen=True)
class ClosedForm:
    """A question with names to fill.

    ``asks`` are its sentences, ``decimals`` holds for every number.
    """

    asks: tuple[str, ...]
    names: tuple[str, ...]
    placeholders: tuple[str, ...]
    decimals: int | None


def read_closed_form(text: str) -> ClosedForm | None:
    """Return the parts of a question that states the form of its answer.

    None where it states none.
    """
    first = _NAME.search(text)
    if first is None:
        return None
    head, form = text[: first.start()], text[first.start() :]
    sentences = [_NUMBERING.sub("", sentence).strip() for sentence in _SENTENCE.split(head)]
    counts = [
        _COUNTS.get(count.lower()) or int(count) for count in _DECIMALS.findall(form + " " + head)
    ]
    found = _NAME.findall(form)
    return ClosedForm(
        asks=tuple(sentence for sentence in sentences if re.search(r"\w", sentence)),
        names=tuple(name for name, _ in found),
        placeholders=tuple(placeholder for _, placeholder in found),
        decimals=counts[0] if counts else None,
    )


def neutral(sentence: str, lexicon: FrameLexicon | None = None) -> bool:
    """Return whether a sentence changes nothing of what the analyst computes anyway.

    With ``lexicon`` it may name columns; a sentence that names one may be the question itself.
    """
    words = {word for word in re.findall(r"[\w'-]+", sentence.lower()) if not word.isdigit()}
    numbers = re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])", sentence)
    if numbers and not _DECIMALS.search(sentence):
        return False
    columns = lexicon.columns if lexicon else ()
    own = {piece for column in columns for piece in (*column.words, column.name.lower())}
    return words <= vocabulary().neutral | own


def speaks_of_gaps(sentences: Sequence[str]) -> bool:
    """Return whether one of the sentences is about missing values."""
    return any(
        re.search(r"\b(?:null|nulls|missing|nan)\b", sentence, re.I) for sentence in sentences
    )


def introduces(question: Question, asked: Sequence[Understood]) -> bool:
    """Return whether a question only leads to another.

    "Are there hotels with five stars? If so, how many?".
    """
    if question.operation != "rows_listed":
        return False
    tested = {(one.column, one.op, one.values) for one in question.where.conditions}
    return any(
        each.question.operation != "rows_listed"
        and tested == {(one.column, one.op, one.values) for one in each.question.where.conditions}
        for each in asked
    )


def fillable(closed: ClosedForm, understood: Understood, others: Sequence[str]) -> bool:
    """Return whether all other sentences change nothing, and the names can be filled."""
    question = understood.question
    if not all(neutral(other, understood.lexicon) for other in others):
        return False
    if question.operation not in _OPERATIONS or question.where.joiner != "and":
        return False
    if question.operation in _GAPS_MATTER and speaks_of_gaps(others):
        return False
    if question.operation == "aggregate":
        return not question.groups and _measures_of(closed, question) is not None
    if question.operation == "top_groups" and (question.order is None or question.order.limit != 1):
        return False
    return len(closed.names) == 1 and (not question.groups or question.operation == "top_groups")


def _measures_of(closed: ClosedForm, question: Question) -> list[Measure] | None:
    if len(closed.names) == len(question.measures) == 1:
        return list(question.measures)
    if len(closed.names) != len(question.measures):
        return None
    chosen = []
    for name, placeholder in zip(closed.names, closed.placeholders, strict=True):
        words = {*pieces(name.replace("_", " ")), *pieces(placeholder.replace("_", " "))}
        fitting = [
            measure
            for measure in question.measures
            if words & _AGGREGATES.get(measure.agg, frozenset())
        ]
        if len(fitting) != 1:
            return None
        chosen += fitting
    return chosen if len(set(chosen)) == len(chosen) else None


def filled(closed: ClosedForm, question: Question, results: Sequence[ToolOutcome]) -> str:
    """Return the names with their values, as the question wants them written."""
    columns, rows = rows_of(results[0])
    if not rows:
        return ""
    row = dict(zip(columns, rows[0], strict=True))
    if question.operation == "aggregate":
        measures = _measures_of(closed, question) or []
        values = [row[measure_name(measure)] for measure in measures]
    elif question.operation == "missing" and "percent" in closed.names[0].lower():
        values = [row["share"] * 100]
    elif question.operation == "missing":
        values = [row["missing"]]
    else:
        values = [rows[0][0]]
    said = [
        f"@{name}[{_written(value, closed.decimals)}]"
        for name, value in zip(closed.names, values, strict=True)
    ]
    return " ".join(said)


def _written(value: Any, decimals: int | None) -> str:  # noqa: ANN401 - a cell
    if isinstance(value, float):
        return f"{value:.{decimals}f}" if decimals is not None else repr(value)
    return str(value)
