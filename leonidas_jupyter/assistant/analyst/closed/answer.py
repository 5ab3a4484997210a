"""The plan for a closed-form question: one recipe, and the form filled from its figures."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from leonidas_jupyter.assistant.analyst import refusal
from leonidas_jupyter.assistant.analyst.closed.facts import Declined
from leonidas_jupyter.assistant.analyst.closed.layout import ClosedForm
from leonidas_jupyter.assistant.analyst.closed.reader import Task, read_task
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.plan import Plan, PlannedCall, ToolOutcome, plain

KIND = "closed_form"
_ENDLESS = " As in pandas, a statistic of no values is nan, and one without bounds inf."
Offers = Callable[[], Sequence[str]]


def closed_plan(closed: ClosedForm, lexicons: Sequence[FrameLexicon], offers: Offers) -> Plan:
    """Return what to do about a question that states the form of its answer.

    Args:
        closed: its parts.
        lexicons: the frames that it may be about.
        offers: gives questions that can be answered instead.
    """
    named = [own for own in lexicons if _names(closed, own)] or list(lexicons)
    tasks, reasons = [], []
    for lexicon in named:
        try:
            tasks.append((lexicon, read_task(closed, lexicon)))
        except Declined as declined:
            reasons.append(declined.reason)
    if len(tasks) == 1:
        return _planned(*tasks[0], offers)
    if tasks:
        frames = [f"`{lexicon.frame.name}`" for lexicon, _ in tasks]
        return plain("choice", refusal.which_frame(frames))
    reason = reasons[0] if len(reasons) == 1 else refusal.CLOSED
    return plain("refusal", _declined(reason, offers))


def _declined(reason: str, offers: Offers) -> str:
    return refusal.not_understood([], [_refused(reason)], "", offers())


def _refused(reason: str) -> str:
    if reason == refusal.CLOSED:
        return reason
    return (
        "The question states the form of its answer, so every word counts. "
        f"{reason} So I compute nothing rather than guess."
    )


def _names(closed: ClosedForm, lexicon: FrameLexicon) -> bool:
    """Return whether the text names a frame, or the file that it was made of."""
    text = " ".join(closed.sentences).lower()
    names = {lexicon.frame.name.lower(), lexicon.frame.filename.lower()}
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) for name in names)


def _planned(lexicon: FrameLexicon, task: Task, offers: Offers) -> Plan:
    def render(results: Sequence[ToolOutcome]) -> str:
        try:
            filled = task.filled(figures_of(results[0].result))
        except Declined as declined:
            return _declined(declined.reason, offers)
        endless = _ENDLESS if re.search(r"\[(?:nan|-?inf)\]", filled) else ""
        return f"{task.said(lexicon)}{endless}\n\n{filled}"

    return Plan(KIND, (PlannedCall("statistics", task.recipe),), render)


def figures_of(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of a recipe's result by name, and its tables as rows by column."""
    rows = result.get("rows") or [[]]
    names = [column["name"] for column in result.get("columns", [])]
    tables = {
        table["name"]: [
            dict(zip([column["name"] for column in table["columns"]], row, strict=True))
            for row in table["rows"]
        ]
        for table in result.get("tables", [])
    }
    return {**tables, **dict(zip(names, rows[0], strict=True))}
