"""The accounting gate: what the question says must be in what is computed, or the analyst abstains.

It looks at the spans of the question and at the compiled calls, not at how the grammar came from
one to the other: a word that the grammar dropped by mistake is found here. Words are let through
unseen only where they cannot change the answer.
"""

import re
from collections.abc import Callable, Sequence

from leonidas_jupyter.assistant.analyst.candidates import Number
from leonidas_jupyter.assistant.analyst.compiler import AGGREGATES, quote
from leonidas_jupyter.assistant.analyst.evidence import Evidence, dates_in, evidence_of
from leonidas_jupyter.assistant.analyst.measures import COLUMN_SCALES, CONVERSIONS, plain
from leonidas_jupyter.assistant.analyst.plan import PlannedCall
from leonidas_jupyter.assistant.analyst.question import Question
from leonidas_jupyter.assistant.analyst.spans import UNKNOWN, Span, refs_of
from leonidas_jupyter.assistant.analyst.vocabulary import vocabulary

_TESTS = ("welch", "t", "mann_whitney", "ks")
_COMPARING = ("top_groups", "compare", "test_two")
_GLUE = frozenset("-=hwpoaf,&lqRKJtWFuk")


def unaccounted(
    spans: Sequence[Span], question: Question, calls: Sequence[PlannedCall]
) -> list[Span]:
    """Return the spans that nothing computed accounts for.

    None means that the answer may be given.
    """
    evidence = evidence_of(question, calls, spans)
    held = question.accounted
    missing = []
    for index, span in enumerate(spans):
        if span.kind == "-":
            continue
        if _worked(index, evidence):
            continue
        check = _CHECKS.get(span.kind, _accounted_only)
        if span.kind not in _GLUE and (index not in held or not check(index, span, evidence)):
            missing.append(span)
    return missing


def _worked(index: int, evidence: Evidence) -> bool:
    """Return whether a span went into a condition's dates otherwise than as it stands."""
    return any(index in condition.worked for condition in evidence.question.where.conditions)


def _accounted_only(_index: int, _span: Span, _evidence: Evidence) -> bool:
    return True


def _never(_index: int, _span: Span, _evidence: Evidence) -> bool:
    return False


def _column(_index: int, span: Span, evidence: Evidence) -> bool:
    return (
        quote(str(span.meaning.value)) in evidence.sql
        or quote(str(span.meaning.value)) in evidence.text
    )


def _measured(_index: int, span: Span, evidence: Evidence) -> bool:
    known = vocabulary().phrases
    compared = any(f"{word} than" in known for word in span.text.lower().split())
    if span.kind == "1" and compared and evidence.question.operation not in _COMPARING:
        return False
    return quote(str(span.meaning.value[0])) in evidence.sql


def _number(index: int, span: Span, evidence: Evidence) -> bool:
    number = span.meaning.value
    if _in_conditions(index, span, evidence) and number.value in dates_in(evidence.sql):
        return True
    shown = {*_measures_of(index, number.value, evidence), f"{int(number.value):02d}"}
    if number.value <= 100 and "quantile_cont(" in evidence.sql:
        shown.add(repr(number.value / 100))
    return any(
        re.search(rf"(?<![\w.]){re.escape(text)}(?!\w|\.\d)", evidence.sql) for text in shown
    )


def _measures_of(index: int, value: float, evidence: Evidence) -> set[str]:
    """Return the ways to write a number with the scale and the unit that follow it.

    Both may stand after the next number: "between 10 and 20 million".
    """
    after = evidence.spans[index + 1 : index + 2]
    if not (after and after[0].kind in "#u"):
        after = evidence.spans[index + 1 : index + 6]
    found = {value}
    scales = [span.meaning.value for span in after if span.kind == "#"][:1]
    if scales and (value < _next_number(after) or after[0].kind == "#"):
        found = {value * scales[0]}
        found |= {value * scales[0] / scale for scale in COLUMN_SCALES.values()}
    if any(span.kind == "u" for span in after):
        found |= {value * factor for factor in CONVERSIONS}
    return {repr(plain(Number(each, ""))) for each in found}


def _next_number(spans: Sequence[Span]) -> float:
    return next((span.meaning.value.value for span in spans if span.kind == "N"), 0.0)


def _date(_index: int, span: Span, evidence: Evidence) -> bool:
    return str(span.meaning.value)[:7] in evidence.sql or _in_conditions(_index, span, evidence)


def _value(_index: int, span: Span, evidence: Evidence) -> bool:
    spelled = [value.replace("'", "''") for ref in refs_of(span) for value in ref.values]
    return any(
        f"'{value}'" in evidence.sql
        or f"'{value.lower()}'" in evidence.sql
        or f'"{value}"' in evidence.sql
        for value in spelled
    )


def _period(index: int, span: Span, evidence: Evidence) -> bool:
    """A part of a date is grouped by or compared; a "day" may be a row of a table of days."""
    question = evidence.question
    grouped = any(
        index in group.spans and (group.part or group.column) for group in question.groups
    )
    return grouped or _in_conditions(index, span, evidence) or span.meaning.value == "day"


def _of_values(_index: int, span: Span, evidence: Evidence) -> bool:
    """Kinds, classes, labels are values, not rows; the word "value" alone says little."""
    telling = span.text.lower() not in ("value", "values")
    return not telling or evidence.question.operation != "rows" or bool(evidence.question.groups)


def _quoted(_index: int, span: Span, evidence: Evidence) -> bool:
    return str(span.meaning.value).lower().replace("'", "''") in evidence.sql


def _in_conditions(index: int, _span: Span, evidence: Evidence) -> bool:
    question = evidence.question
    return index in question.where.spans | question.target.spans or _in_having(index, evidence)


def _in_having(index: int, evidence: Evidence) -> bool:
    tested = any(index in having.spans for having in evidence.question.having)
    return tested and "\nHAVING " in evidence.sql


def _negation(index: int, _span: Span, evidence: Evidence) -> bool:
    question = evidence.question
    conditions = (*question.where.conditions, *question.target.conditions)
    if any(
        index in condition.spans and (condition.negated or condition.op == "null")
        for condition in conditions
    ):
        return True
    return question.operation in (
        "incomplete",
        "incomplete_rows",
        "missing",
    ) and question.option in (
        "complete",
        "none",
    )


_AGGREGATE_FUNCTIONS = {name: re.match(r"\w+\(", sql) for name, sql in AGGREGATES.items()}
_COUNTED = ("rows", "missing", "duplicates", "columns", "distinct")


def _aggregate(index: int, span: Span, evidence: Evidence) -> bool:
    name, question = span.meaning.value, evidence.question
    if _in_having(index, evidence):
        return any(having.measure.agg == name for having in question.having)
    if _in_conditions(index, span, evidence):
        return any(condition.op.endswith(str(name)) for condition in question.where.conditions)
    if isinstance(name, tuple) or name in ("percentile", "quartiles"):
        return "quantile_cont(" in evidence.sql
    if name == "mode":
        return question.operation == "mode"
    if question.operation == "mean_count":
        return any(measure.agg == name for measure in question.measures)
    if question.operation in _COUNTED:
        return bool(name == "sum")
    if name in ("min", "max") and question.order is not None:
        return bool(question.order.descending == (name == "max"))
    function = _AGGREGATE_FUNCTIONS[name]
    return function is not None and function.group() in evidence.sql


def _grouped(_index: int, _span: Span, evidence: Evidence) -> bool:
    question = evidence.question
    return (
        bool(question.groups)
        or question.order is not None
        or question.operation in ("missing", "correlation_pairs", "test_groups", "independence")
    )


def _ranked(_index: int, span: Span, evidence: Evidence) -> bool:
    order, rank = evidence.question.order, int(span.meaning.value)
    if order is not None:
        return order.skip == rank - 1
    return any(measure.parameter == rank / 100 for measure in evidence.question.measures)


def _ordered(_index: int, span: Span, evidence: Evidence) -> bool:
    question = evidence.question
    if question.order is None:
        return question.operation in (
            "missing",
            "correlations",
            "correlation_pairs",
            "mode",
            "aggregate",
            "correlation",
            "compare",
            "test_two",
            "growth",
        )
    value = span.meaning.value
    descending = (
        value != "asc"
        if isinstance(value, str)
        else getattr(value, "descending", question.order.descending)
    )
    return bool(question.order.descending == descending)


def _contains(*words: str) -> Callable[[int, Span, Evidence], bool]:
    def check(_index: int, _span: Span, evidence: Evidence) -> bool:
        return any(word in evidence.sql for word in words)

    return check


def _counted(_index: int, _span: Span, evidence: Evidence) -> bool:
    return "count(" in evidence.sql or evidence.question.operation in ("columns", "frames", "shape")


def _gaps(_index: int, _span: Span, evidence: Evidence) -> bool:
    """Gaps are counted by the SQL, or come from the profile where the frame is wide."""
    counted = any(part in evidence.sql for part in ("NULL", "count(*) - count("))
    return counted or (evidence.question.operation == "missing" and not evidence.sql)


def _either(index: int, span: Span, evidence: Evidence) -> bool:
    question = evidence.question
    joined = "or" in (question.where.joiner, question.target.joiner)
    return joined or _in_conditions(index, span, evidence)


def _above(index: int, span: Span, evidence: Evidence) -> bool:
    """Return whether a comparison is tested: of a column, or of one group with another."""
    question = evidence.question
    said = (span.meaning.value, *_TESTS)
    between = question.operation in ("compare", "test_two") and question.option in said
    width = question.operation == "moving" and span.text.lower() == "over"
    return between or width or _in_conditions(index, span, evidence)


def _changing(_index: int, span: Span, evidence: Evidence) -> bool:
    """Growth is computed, or drawn over time; a trend, a change is at least shown over time."""
    question = evidence.question
    if question.operation in ("growth", "between_times", "most_grown"):
        return True
    return bool(question.groups) and (evidence.charted or span.meaning.value in ("trend", "change"))


def _complete(_index: int, _span: Span, evidence: Evidence) -> bool:
    question = evidence.question
    asked = question.operation in ("incomplete", "incomplete_rows")
    return asked and question.option == "complete" and "NOT (" in evidence.sql


def _charted(_index: int, _span: Span, evidence: Evidence) -> bool:
    return evidence.charted


def _paired(_index: int, _span: Span, evidence: Evidence) -> bool:
    return evidence.question.pair is not None or evidence.question.operation == "test_groups"


_CHECKS: dict[str, Callable[[int, Span, Evidence], bool]] = {
    UNKNOWN: _never,
    "#": _in_conditions,
    "λ": _in_conditions,
    "Ξ": _complete,
    "C": _column,
    "1": _measured,
    "2": _measured,
    "N": _number,
    "D": _date,
    "M": _in_conditions,
    "P": _period,
    "V": _value,
    "Q": _quoted,
    "g": _of_values,
    ">": _above,
    ";": _in_conditions,
    "+": _in_conditions,
    "@": _in_conditions,
    "c": _in_conditions,
    "!": _negation,
    "0": _negation,
    "A": _aggregate,
    "B": _grouped,
    "S": _ordered,
    "E": _ordered,
    "T": _ordered,
    "I": _ranked,
    "O": _contains("count(*)"),
    "X": _gaps,
    "Z": _contains("DISTINCT"),
    "U": _contains("DISTINCT", "GROUP BY"),
    "H": _counted,
    "%": lambda *seen: _contains(" / ")(*seen) or _in_conditions(*seen),
    "L": _contains("corr(", '"correlation"'),
    "G": _charted,
    "d": _paired,
    "v": _changing,
    "r": _paired,
    "|": _either,
}
