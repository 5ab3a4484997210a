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

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from leonidas_jupyter.assistant.models.registry import ModelRegistry
from leonidas_jupyter.assistant.policy import Policy
from leonidas_jupyter.assistant.shapes import RUN_EVENTS, RunRow, RunStatus, ToolCall, Usage
from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.tables.base import Item

__all__ = ["RUN_EVENTS", "RunStatus", "ToolCall", "Usage"]

MAX_QUESTION = 32_000
"""The longest message that a person can send, in characters."""


@dataclass(frozen=True)
class ChatSettings:
    """What the installation allows, and the models that there are."""

    policy: Policy = field(default_factory=Policy)
    models: ModelRegistry = field(default_factory=ModelRegistry)


class MessageRole(StrEnum):
    """Who said a message."""

    USER = "USER"
    ASSISTANT = "ASSISTANT"


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


class Run(RunRow):
    """The work of answering one message.

    Attributes:
        question_id: the user's message.
        message_id: the assistant's message, in which the answer is kept.
        active_session: the session while the run goes, else null; unique, so that one session never
            has two runs that go.
        cut_from: an edited question takes back what followed it; that is what lies between this
            message and ``message_id``, until it has been removed and this is null.
        error: one sentence when the run failed.
        counted: what of the run's usage has been counted for its user and its session.
    """

    session_id: str
    project_id: str
    user_id: str
    question_id: str
    message_id: str
    model: str
    exposure: DataExposure
    status: RunStatus = RunStatus.RUNNING
    active_session: str | None = None
    cut_from: str | None = None
    error: str | None = None
    finished_at: datetime | None = None
    counted: Usage | None = None


class RunEvent(Item):
    """A stored event of a run; ``number`` counts from 1 within it."""

    run_id: str
    number: int
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
        if "\x00" in content:
            raise PydanticCustomError("plain_text", "It holds a NUL character; leave it out.")
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

    @classmethod
    def of(cls, run: Run) -> "RunResponse":
        """The wire shape of a stored run."""
        return cls.model_validate(run.model_dump(include=set(cls.model_fields)))
