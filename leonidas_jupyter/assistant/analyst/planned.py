"""The plan of a question that was understood."""

from collections.abc import Sequence

from leonidas_jupyter.assistant.analyst.plan import Plan, ToolOutcome
from leonidas_jupyter.assistant.analyst.reading import Understood
from leonidas_jupyter.data.frames import Frame


def planned(understood: Understood) -> Plan:
    """Return the calls of a question that was understood, and what is made of their results."""
    note = _total_note(understood.lexicon.frame)

    def render(results: Sequence[ToolOutcome]) -> str:
        text = understood.operation.render(understood.question, understood.lexicon, results)
        return f"{text}\n\n{note}" if note else text

    return Plan(understood.question.operation, understood.calls, render)


def _total_note(frame: Frame) -> str:
    """Return the warning that a row of totals is counted in, and how to leave it out."""
    if frame.profile.total_at is None:
        return ""
    command = f"%leonidas load {frame.name} --footer-rows {frame.profile.total_at}"
    return (
        f"Careful: the last row of {frame.filename} looks like a total, and is counted as a row. "
        f"To leave it out, run `{command}` and ask again."
    )
