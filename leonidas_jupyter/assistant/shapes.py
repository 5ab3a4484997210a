"""Shapes of an answer, as it is stored and sent: tool calls, usage, and the events of a run."""

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, Field

from leonidas_jupyter.assistant.events import MimeBundle
from leonidas_jupyter.tables.leases import Leased


class RunStatus(StrEnum):
    """How far the answer to a message has come."""

    RUNNING = "running"
    COMPLETED = "completed"
    PENDING = "pending"
    CANCELLED = "cancelled"
    FAILED = "failed"


class RunRow(Leased):
    """What every stored run has; ``cancel_requested`` is set by whoever wants it to stop."""

    run_id: str
    cancel_requested: bool = False


ToolState = Literal["pending", "running", "done", "failed", "refused"]
Needs = Literal["none", "approval", "client"]


class FrameRead(BaseModel):
    """A frame that a tool read, and the version of its file at that time."""

    name: str
    file_id: str
    content_version: int


class ToolCall(BaseModel):
    """A tool call of an answer; once it is done, with its result and what it was computed from.

    ``code`` is the SQL that ran. ``frames`` and ``elapsed_ms`` are the receipt: which frames were
    read, in which version, and how long it took.
    """

    id: str
    tool: str
    arguments: dict[str, Any]
    code: str | None = None
    needs: Needs = "none"
    state: ToolState = "running"
    ok: bool | None = None
    summary: str | None = None
    outputs: list[MimeBundle] | None = None
    frames: list[FrameRead] | None = None
    elapsed_ms: float | None = None


class Usage(BaseModel):
    """What an answer cost: tokens, and US dollars where the price is known."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None


class Unmatched(BaseModel):
    """A number of an answer that no result backs; ``start`` and ``end`` in characters."""

    text: str
    start: int
    end: int


class Derived(BaseModel):
    """A number of an answer that was computed from results: ``formula`` says how, in numbers."""

    text: str
    formula: str


class Receipts(BaseModel):
    """How the numbers of an answer are backed: ``checked`` of them were looked at."""

    checked: int = 0
    derived: list[Derived] = Field(default_factory=list)
    unmatched: list[Unmatched] = Field(default_factory=list)


class RunStarted(BaseModel):
    """The first event: the ids of the run and of the answer that it writes."""

    run_id: str
    session_id: str
    message_id: str


class TextDelta(BaseModel):
    """A piece of the answer, in Markdown; `chat.schemas` says how they add up."""

    text: str


class ToolCallStarted(BaseModel):
    """A tool is about to run; the call is stored already."""

    id: str
    tool: str
    arguments: dict[str, Any]
    code: str | None = None
    needs: Needs = "none"


class ToolResult(BaseModel):
    """What a tool answered, in forms to show."""

    id: str
    ok: bool
    summary: str
    outputs: list[MimeBundle]


class RunFinished(BaseModel):
    """The last event of a run; ``error`` is one sentence when it failed."""

    status: RunStatus
    message_id: str
    pending: list[str] = Field(default_factory=list)
    error: str | None = None


RUN_EVENTS: dict[str, type[BaseModel]] = {
    "run_started": RunStarted,
    "text_delta": TextDelta,
    "tool_call": ToolCallStarted,
    "tool_result": ToolResult,
    "usage": Usage,
    "run_finished": RunFinished,
}
"""The payload of each event of a run, by its name on the wire."""
