"""What is computed, as the accounting gate looks at it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from leonidas_jupyter.assistant.analyst.compiler import quote
from leonidas_jupyter.assistant.analyst.plan import PlannedCall
from leonidas_jupyter.assistant.analyst.question import Question
from leonidas_jupyter.assistant.analyst.spans import Span


@dataclass(frozen=True)
class Evidence:
    """What is computed: all SQL of the calls, the whole of their arguments.

    And the typed question.
    """

    sql: str
    text: str
    question: Question
    charted: bool
    spans: Sequence[Span]


def _written(call: PlannedCall) -> str:
    """Return what a call computes: its SQL, or the whole of a recipe."""
    if call.tool == "statistics":
        return json.dumps(dict(call.arguments), ensure_ascii=False)
    return str(call.arguments.get("sql", ""))


def evidence_of(
    question: Question, calls: Sequence[PlannedCall], spans: Sequence[Span]
) -> Evidence:
    """Return what the calls compute, as text to look things up in."""
    sql = "\n".join(_written(call) for call in calls)
    text = (
        sql
        + json.dumps([dict(call.arguments) for call in calls], ensure_ascii=False)
        + " ".join(map(quote, (*question.columns, *question.called)))
    )
    return Evidence(sql, text, question, any(call.tool == "chart" for call in calls), spans)
