"""Follow-ups: "and by region?", "what about 2015?", "as a chart" change the question before."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from leonidas_jupyter.assistant.analyst.grammar import parses
from leonidas_jupyter.assistant.analyst.items import code
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.measures import plain
from leonidas_jupyter.assistant.analyst.operations.base import Operation, Parse
from leonidas_jupyter.assistant.analyst.operations.table import BY_NAME
from leonidas_jupyter.assistant.analyst.phrases import suits
from leonidas_jupyter.assistant.analyst.question import (
    Condition,
    Group,
    Measure,
    Question,
    Where,
)
from leonidas_jupyter.assistant.analyst.reranked import (
    in_order,
    only_top,
    other_end,
)
from leonidas_jupyter.assistant.analyst.spans import Span

_MARKER = re.compile(
    r"^\s*(?:and|but|(?:and )?(?:what|how) about|now|ok(?:ay)?,?|then|only|just|instead|what if"
    r"|(?:the )?same(?: thing)?(?: but)?)\b[\s,]*",
    re.I,
)
_BACK = re.compile(r"\b(?:of|among|amongst|from|out of) (?:those|these|them)\b", re.I)
_PRONOUN = re.compile(
    r"\b(?:that|this|it|those|these|them|instead|too|(?:the )?same|as well|again|the results?)\b",
    re.I,
)


@dataclass(frozen=True)
class Fragment:
    """A question as a follow-up: what is left of it without the words that only point back.

    ``marked``: it begins like one ("and", "what about"). ``back``: it cannot be anything else
    ("how many of those").
    """

    rest: str
    marked: bool
    back: bool


def fragment(question: str) -> Fragment:
    """Return the question as a follow-up."""
    text = question
    marked = False
    while (match := _MARKER.match(text)) is not None and match.end() > 0:
        text, marked = text[match.end() :], True
    back = _BACK.search(text) is not None
    return Fragment(_PRONOUN.sub(" ", _BACK.sub(" ", text)), marked or back, back)


def merge(
    spans: Sequence[Span], lexicon: FrameLexicon, before: Question
) -> tuple[Operation, Question] | None:
    """Return the question ``before`` changed by a fragment.

    None where the fragment is no change that we know.
    """
    for parse in parses(spans, lexicon):
        changed = _changed(parse, before)
        if changed is None:
            continue
        changed = replace(changed, spans=parse.spans, notes=())
        if changed == replace(before, spans=parse.spans, notes=()):
            return None
        return BY_NAME[changed.operation], changed.noting("This follows your question before.")
    return None


def _changed(parse: Parse, before: Question) -> Question | None:
    text = re.sub("[lqa]", "", code(parse.core))
    question = _clear(before)
    if parse.where.conditions:
        if parse.where.joiner == "or" or before.target.conditions or before.where.joiner == "or":
            return None
        question = replace(question, where=_replaced(before.where, parse.where))
    if parse.groups:
        regrouped = _regrouped(question, parse.groups)
        if regrouped is None:
            return None
        question = regrouped
    if not text.replace("R", ""):
        return question
    return _recore(text, parse, question)


def _recore(text: str, parse: Parse, question: Question) -> Question | None:
    if re.fullmatch("T?N?R?C?|TR?", text) and parse.items("T"):
        return only_top(parse, question)
    if re.search("[¶↓]", text) and re.fullmatch("¶?(?:B(?:HR?|A|C|7)?)?,?↓?", text):
        return in_order(parse, question)
    if re.fullmatch("[SE1]", text):
        return other_end(parse, question)
    if text in ("N", "%"):
        return _renumbered(parse, question) if text == "N" else _shared(question)
    if re.fullmatch("HR?", text):
        return _counted(parse, question)
    if re.fullmatch("7", text):
        return (
            replace(question, measures=parse.measures())
            if question.operation in ("aggregate", "chart_aggregate")
            else None
        )
    if re.fullmatch("A+", text):
        return _reaggregated(parse, question)
    if re.fullmatch("C", text):
        return _recolumned(parse, question)
    if re.fullmatch("G+", text):
        return _charted(parse, question)
    return None


def _renumbered(parse: Parse, question: Question) -> Question | None:
    """Read "and 4?" after "homes with 3 bedrooms": the one number that was asked for, anew."""
    tested = [each for each in question.where.conditions if each.op == "="]
    old = [each for each in tested if isinstance(each.values[0], int | float)]
    if len(old) != 1 or old[0].negated or isinstance(old[0].values[0], bool):
        return None
    number = plain(parse.items("N")[0].value)
    changed = replace(old[0], values=(number,), spans=parse.spans)
    where = tuple(changed if each is old[0] else each for each in question.where.conditions)
    return replace(question, where=replace(question.where, conditions=where))


def _counted(parse: Parse, question: Question) -> Question | None:
    """Read "and how many are female?": rows of what was asked about before."""
    if question.target.conditions or question.operation not in (
        "rows",
        "aggregate",
        "distinct",
        "rows_listed",
    ):
        return None
    return Question("rows", question.frame, groups=parse.groups, where=question.where)


def _clear(question: Question) -> Question:
    """Return the question without the spans of its own text.

    Which is not the one that is read now.
    """
    return replace(
        question,
        measures=tuple(replace(measure, spans=frozenset()) for measure in question.measures),
        groups=tuple(replace(group, spans=frozenset()) for group in question.groups),
        where=_cleared(question.where),
        target=_cleared(question.target),
        order=replace(question.order, spans=frozenset()) if question.order else None,
    )


def _cleared(where: Where) -> Where:
    return Where(
        tuple(replace(condition, spans=frozenset()) for condition in where.conditions), where.joiner
    )


def _replaced(before: Where, after: Where) -> Where:
    columns = {condition.column for condition in after.conditions}
    kept: list[Condition] = [
        replace(old, spans=frozenset()) for old in before.conditions if old.column not in columns
    ]
    return Where((*kept, *after.conditions))


def _regrouped(question: Question, groups: tuple[Group, ...]) -> Question | None:
    if question.operation in (
        "aggregate",
        "rows",
        "distinct",
        "share",
        "breakdown",
        "chart_aggregate",
        "chart_counts",
        "regression",
        "box",
    ):
        return replace(question, groups=groups)
    return None


def _reaggregated(parse: Parse, question: Question) -> Question | None:
    listed = [item.value for item in parse.items("A")]
    columns = list(dict.fromkeys(measure.column for measure in question.measures if measure.column))
    if (
        question.operation not in ("aggregate", "chart_aggregate", "top_groups", "box", "compare")
        or not columns
        or "mode" in listed
        or "percentile" in listed
    ):
        return None
    made = tuple(
        Measure(
            value if isinstance(value, str) else value[0],
            column,
            None if isinstance(value, str) else value[1],
        )
        for column in columns
        for value in listed
    )
    return replace(question, measures=made)


def _recolumned(parse: Parse, question: Question) -> Question | None:
    column = parse.columns()[0]
    if question.measures and all(measure.column for measure in question.measures):
        if not all(
            suits(measure.agg, column) for measure in question.measures
        ) or question.operation not in ("aggregate", "chart_aggregate", "top_groups", "growth"):
            return None
        return replace(
            question,
            measures=tuple(replace(measure, column=column.name) for measure in question.measures),
        )
    if (
        question.operation
        in ("missing", "distinct", "values", "mode", "histogram", "describe_column")
        and len(question.columns) == 1
    ):
        if question.operation in ("histogram", "describe_column") and not column.numeric:
            return None
        return replace(question, columns=(column.name,))
    return None


_DRAWN = {
    "rows": "chart_counts",
    "chart_counts": "chart_counts",
    "aggregate": "chart_aggregate",
    "chart_aggregate": "chart_aggregate",
    "top_groups": "chart_aggregate",
}
"""What the picture of a grouped question is."""


def _shared(question: Question) -> Question | None:
    """Read "in percent" of counts or totals by group."""
    if not question.groups or question.having:
        return None
    if question.operation in ("rows", "values"):
        return replace(question, operation="breakdown", measures=())
    if question.operation == "aggregate" and [m.agg for m in question.measures] == ["sum"]:
        return replace(question, operation="breakdown")
    return None


def _charted(parse: Parse, question: Question) -> Question | None:
    kinds = [item.value for item in parse.items("G") if item.value != "any"]
    kind = kinds[0] if kinds else "any"
    if question.operation == "values":
        groups = (Group(question.columns[0]),)
        question = replace(question, operation="rows", groups=groups)
    if question.groups:
        return _drawn(question, "bar" if kind == "any" else kind)
    return _spread(question) if kind in ("any", "histogram") else None


def _drawn(question: Question, kind: str) -> Question | None:
    operation = _DRAWN.get(question.operation)
    if operation is None or kind not in ("bar", "pie", "line") or len(question.groups) > 2:
        return None
    measures = (Measure("rows"),) if operation == "chart_counts" else question.measures
    if len(measures) != 1:
        return None
    return replace(question, operation=operation, measures=measures, chart=kind)


def _spread(question: Question) -> Question | None:
    """Draw the histogram of the one column that was asked about."""
    columns = {measure.column for measure in question.measures} or set(question.columns)
    if question.operation not in ("aggregate", "describe_column") or len(columns) != 1:
        return None
    name = str(next(iter(columns)))
    return replace(question, operation="histogram", columns=(name,), measures=(), chart="histogram")
