"""The Markdown of exports: safe to show, whatever a model or a file's cells say."""

from collections.abc import Sequence

from leonidas_jupyter.assistant.export.conversation import (
    SQL_TOOLS,
    Conversation,
    runs_alone,
)
from leonidas_jupyter.assistant.shapes import AnswerRow, FrameChange, RunStatus, ToolCall
from leonidas_jupyter.kernel.markdown import fenced, safe

ENDED = {
    RunStatus.CANCELLED: "*This answer was stopped.*",
    RunStatus.FAILED: "*This answer was not finished.*",
    RunStatus.PENDING: "*This answer waits for an approval.*",
    RunStatus.RUNNING: "*This answer was still being made.*",
}
MAX_HEADING = 120


def preface(conversation: Conversation, runnable: Sequence[ToolCall]) -> str:
    """What this is, and what it needs to run."""
    title = safe(" ".join(conversation.title.split())) or "A session with DS Bro"
    lines = [
        f"# {title}",
        "",
        f"A session with DS Bro in the project “{safe(conversation.project)}”.",
    ]
    if any(said.model == "builtin" for said in conversation.messages):
        lines += ["", "Answers of the built-in analyst, not a language model, are among these."]
    if runnable:
        names = ", ".join(safe(file.frame.filename) for file in conversation.used)
        lines += [
            "",
            f"It runs from top to bottom with {names} beside it, or wherever Leonidas has the "
            f"project at hand. It needs {_needed(runnable)}.",
        ]
    if older := conversation.older:
        lines += [
            "",
            f"Changed since some of these answers: {', '.join(safe(name) for name in older)}; "
            "running it again may give other numbers.",
        ]
    return "\n".join(lines)


def _needed(runnable: Sequence[ToolCall]) -> str:
    packages = ["pandas"]
    if any(call.tool in SQL_TOOLS for call in runnable):
        packages += ["pyarrow", "duckdb"]
    if any("scipy" in (call.code or "") for call in runnable):
        packages.append("scipy")
    return ", ".join(packages[:-1]) + " and " * (len(packages) > 1) + packages[-1]


def heading(question: str) -> str:
    """A question: a heading where it is one short line, else a quotation."""
    text = safe(question.strip())
    if "\n" not in text and len(text) <= MAX_HEADING:
        return f"## {text}"
    return "\n".join(["## Question", "", *(f"> {line}" for line in text.split("\n"))])


def answer_text(said: AnswerRow, changed: Sequence[FrameChange] = ()) -> str:
    """An answer, how it ended where it did not come to its own, and what has changed since."""
    ended = ENDED.get(said.run_status) if said.run_status else None
    since = " ".join(safe(change.sentence) for change in changed)
    parts = (safe(said.content.strip()), ended, since and f"*{since}*")
    return "\n\n".join(part for part in parts if part)


def not_run(call: ToolCall) -> str:
    """Code that does not run again here, and why."""
    language = "sql" if call.tool in SQL_TOOLS else "python"
    return f"{_why_not(call)}\n\n{fenced(call.code or '', language)}"


def _why_not(call: ToolCall) -> str:
    if call.state == "refused":
        return "*This code was proposed and not run.*"
    if call.state == "pending":
        return "*This code waits for an approval.*"
    if call.needs == "client" and call.state == "done":
        return "*This code ran in the notebook of whoever asked.*"
    return f"*This code did not work:* {safe(call.summary or 'interrupted')}"


def left_out(call: ToolCall) -> str:
    """A call without code that is worth a word; most are not."""
    if call.tool == "save_file" and call.state == "done":
        return f"*Saved: {safe(call.summary or 'a file')}*"
    return ""


def markdown(conversation: Conversation) -> bytes:
    """The conversation as one Markdown document; the same conversation gives the same bytes."""
    calls = [call for said in conversation.messages for call in said.tool_calls]
    parts = [preface(conversation, ())]
    for said in conversation.messages:
        if said.role == "USER":
            parts.append(heading(said.content))
            continue
        parts += [_evidence(call) for call in said.tool_calls if call.code]
        parts.append(answer_text(said, conversation.changed(said)))
    if any(runs_alone(call) for call in calls):
        parts.append("*The same session can be exported as a notebook that runs.*")
    text = "\n\n".join(part for part in parts if part)
    return (text + "\n").encode("utf-8", errors="replace")


def _evidence(call: ToolCall) -> str:
    if not runs_alone(call):
        return not_run(call)
    language = "sql" if call.tool in SQL_TOOLS else "python"
    shown = [fenced(call.code or "", language)]
    for bundle in call.outputs or ():
        form = bundle.get("text/markdown") or bundle.get("text/plain")
        if isinstance(form, str):
            shown.append(safe(form))
    return "\n\n".join(shown)
