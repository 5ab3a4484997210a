"""``python``: code over the project's frames as pandas DataFrames, in a kernel."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from leonidas_jupyter.assistant.events import MimeBundle
from leonidas_jupyter.assistant.executors import Execution
from leonidas_jupyter.assistant.shapes import Needs
from leonidas_jupyter.assistant.tools.base import (
    Tool,
    ToolContext,
    ToolFailed,
    ToolOutput,
    use_of,
)
from leonidas_jupyter.assistant.tools.table import counted

MODEL_TEXT = 8_000
"""Characters of printed text that stand in the result; the user sees all that was kept."""


class PythonArguments(BaseModel):
    """Code, and what it is for."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(
        description="Python. Every frame stands as a pandas DataFrame under its own name; leave "
        "them as they are and assign to new names. The last expression's value is the result; "
        "matplotlib figures are shown.",
        min_length=1,
        max_length=50_000,
    )
    purpose: str = Field(
        default="",
        description="What it computes, in one short sentence for the user who is asked.",
        max_length=300,
    )


def needs(_: PythonArguments, context: ToolContext) -> Needs:
    """Approval, unless it was given for the session or the installation; or the client's work."""
    if context.python == "client":
        return "client"
    # Whoever may not run it at all is told so by running it: there is nothing to ask about.
    return "approval" if context.python == "ask" else "none"


async def _python(arguments: PythonArguments, context: ToolContext) -> ToolOutput:
    if context.python == "off":
        raise ToolFailed("Python is turned off here; answer with a query instead.", safe=True)
    if context.executor is None:
        raise ToolFailed(
            "This server has no kernel that could run Python; answer with a query instead.",
            safe=True,
        )
    execution = await context.executor.run(
        arguments.code, context.frames, may_overwrite=context.may_overwrite
    )
    outputs = shown(execution)
    if not execution.ok:
        raise ToolFailed(execution.error or "The code failed.", outputs=outputs)
    return ToolOutput(
        summary=_summary(execution),
        result=result_of(execution),
        outputs=outputs,
        frames=[use_of(frame) for frame in execution.frames],
        own=execution.own,
    )


def result_of(execution: Execution) -> dict[str, Any]:
    """The whole result: the value as a table, what was printed, and notes on how it ran.

    ``kept`` is the name under which the kernel still has the whole table.
    """
    result: dict[str, Any] = {}
    if execution.table is not None:
        result.update(execution.table)
    if execution.kept is not None:
        result["kept"] = execution.kept
    if execution.text:
        text = execution.text
        result["text"] = text if len(text) <= MODEL_TEXT else text[: MODEL_TEXT - 1] + "…"
    if execution.notes:
        result["notes"] = list(execution.notes)
    return result


def shown(execution: Execution) -> list[MimeBundle]:
    """What the user sees: the outputs, then the traceback, then the notes."""
    outputs = list(execution.outputs)
    if execution.traceback:
        outputs.append({"text/plain": execution.traceback})
    outputs += [{"text/markdown": note, "text/plain": note} for note in execution.notes]
    return outputs


def _summary(execution: Execution) -> str:
    table = execution.table
    if table is not None:
        rows, columns = table["total_rows"], len(table["columns"])
        return f"{counted(rows, 'row')}, {counted(columns, 'column')}"
    pictures = sum(1 for each in execution.outputs if any(k.startswith("image/") for k in each))
    if pictures:
        return counted(pictures, "figure")
    return "ran, with printed text" if execution.text else "ran, with nothing to show"


PYTHON = Tool(
    name="python",
    description="Run Python (pandas, matplotlib) over the frames for what SQL cannot do; each "
    "frame is a DataFrame under its name. Variables stay between calls of one session. The user "
    "may be asked first.",
    arguments=PythonArguments,
    run=_python,
    code=lambda arguments: str(arguments.code),
    needs=needs,
    offered=lambda context: (
        context.python == "client" or (context.python != "off" and context.executor is not None)
    ),
)
