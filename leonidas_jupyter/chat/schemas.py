"""Shapes of chat: what is stored, what comes in, what goes out, and the events of a run.

How a reader of a run's events sees every piece of text exactly once
--------------------------------------------------------------------
Text is stored in batches (250 ms or 1 KB). A batch is a ``text_delta`` event with a number, sent as
``id:`` once it is stored. What a model says in between is sent at once as ``text_delta`` events
*without* an id.

* A reader appends the text of every ``text_delta``, with or without an id. The event that closes a
  batch carries only the part of the batch which this connection has not been sent yet; that part is
  often empty.
* Text without an id is provisional until the next event with an id. A reader that attaches again
  with ``after=N`` (N: the last id that it saw) first drops the text which it appended since N; the
  batches after N then come whole.

So the text of the events with an id, replayed from ``after=0``, is the answer, and what a reader
that followed live has appended is the same.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.tables.base import Item
from leonidas_jupyter.tables.leases import Leased

MAX_QUESTION = 32_000
"""The longest message that a person can send, in characters."""

MimeBundle = dict[str, Any]
"""One output in several forms, by media type, as Jupyter has it."""


class MessageRole(StrEnum):
    """Who said a message."""

    USER = "USER"
    ASSISTANT = "ASSISTANT"


class RunStatus(StrEnum):
    """How far the answer to a message has come."""

    RUNNING = "running"
    COMPLETED = "completed"
    PENDING = "pending"
    CANCELLED = "cancelled"
    FAILED = "failed"


ToolState = Literal["pending", "running", "done", "failed", "refused"]
Needs = Literal["none", "approval", "client"]


class Usage(BaseModel):
    """What an answer cost: tokens, and US dollars where the price is known."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None


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


class Message(Item):
    """A message as stored. An answer is stored when its run begins, and grows with it."""

    session_id: str
    message_id: str
    role: MessageRole
    content: str = ""
    tool_calls: list[ToolCall] = Field(default_factory=list)
    run_id: str | None = None
    run_status: RunStatus | None = None
    model: str | None = None
    usage: Usage | None = None


class Run(Leased):
    """The work of answering one message.

    Attributes:
        question_id: the user's message.
        message_id: the assistant's message, in which the answer is kept.
        active_session: the session while the run goes, else null; unique, so that one session never
            has two runs that go.
        cancel_requested: set by whoever wants the run to stop; its owner looks at it.
        cut: an edited question takes back what followed it; true until that has been removed.
        error: one sentence when the run failed.
    """

    run_id: str
    session_id: str
    project_id: str
    user_id: str
    question_id: str
    message_id: str
    model: str
    exposure: DataExposure
    status: RunStatus = RunStatus.RUNNING
    active_session: str | None = None
    cancel_requested: bool = False
    cut: bool = False
    error: str | None = None
    finished_at: datetime | None = None


class RunEvent(Item):
    """A stored event of a run; ``number`` counts from 1, written with leading zeros so it sorts."""

    run_id: str
    number: str
    event: str
    data: dict[str, Any]
    expires_at: datetime


_LATER = ("approvals", "tool_results", "kernel_id", "frames")


class ChatRequest(BaseModel):
    """What a person says, to which model, and what that model may see of the data."""

    model_config = ConfigDict(extra="forbid")

    content: str = Field(min_length=1, max_length=MAX_QUESTION)
    model: str | None = Field(default=None, max_length=200)
    data_exposure: DataExposure | None = None
    executor: Literal["session"] = "session"

    @model_validator(mode="before")
    @classmethod
    def _only_what_works(cls, data: Any) -> Any:  # noqa: ANN401 - any JSON may come in
        if not isinstance(data, dict):
            return data
        for name in _LATER:
            if data.get(name) is not None:
                raise PydanticCustomError(
                    "unsupported",
                    "{name} is not taken by this server: its tools run on the server and none of "
                    "them waits for approval. Send content alone.",
                    {"name": name},
                )
        if data.get("executor", "session") != "session":
            raise PydanticCustomError(
                "unsupported", "This server runs its tools itself; leave executor out."
            )
        return {name: value for name, value in data.items() if name not in _LATER}

    @field_validator("content")
    @classmethod
    def _says_something(cls, content: str) -> str:
        if not content.strip():
            raise PydanticCustomError("blank", "Write a question first.")
        return content


class MessageResponse(BaseModel):
    """A message as clients see it."""

    message_id: str
    session_id: str
    role: MessageRole
    content: str
    tool_calls: list[ToolCall]
    run_id: str | None = None
    run_status: RunStatus | None = None
    model: str | None = None
    usage: Usage | None = None
    created_at: datetime

    @classmethod
    def of(cls, message: Message) -> "MessageResponse":
        """The wire shape of a stored message."""
        return cls.model_validate(message.model_dump(include=set(cls.model_fields)))


class ChatResponse(BaseModel):
    """The end of a run: the assistant's message, and the calls that wait for somebody.

    ``error`` is one sentence when the run failed.
    """

    run_id: str
    status: RunStatus
    message: MessageResponse
    pending: list[ToolCall] = Field(default_factory=list)
    error: str | None = None


class RunResponse(BaseModel):
    """A run and how far it has come."""

    run_id: str
    session_id: str
    message_id: str
    status: RunStatus


class ModelResponse(BaseModel):
    """A model that policy allows, and whether it answers."""

    name: str
    default: bool
    local: bool
    answers: bool
    reason: str | None = None


class ModelsResponse(BaseModel):
    """The models that policy allows, and the ceiling of what they may see of the data."""

    models: list[ModelResponse]
    data_exposure_max: DataExposure


class RunStarted(BaseModel):
    """The first event: the ids of the run and of the answer that it writes."""

    run_id: str
    session_id: str
    message_id: str


class TextDelta(BaseModel):
    """A piece of the answer, in Markdown; see the module for how pieces add up."""

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
    """The last event of a run."""

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
