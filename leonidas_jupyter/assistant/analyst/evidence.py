"""What is computed, as the accounting gate looks at it."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

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


def dates_in(sql: str) -> set[int]:
    """Return the years and days of the dates in some SQL, and of the days before them.

    An end is written as what follows it.
    """
    found: set[int] = set()
    for text in re.findall(r"'(\d{4}-\d{2}-\d{2})'", sql):
        end = date.fromisoformat(text)
        for each in (end, end - timedelta(days=1)):
            found |= {each.year, each.day}
    return found
