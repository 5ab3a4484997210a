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

A run that waits for somebody ends with ``run_finished`` of the status ``pending``. Once it goes on,
its events go on after that one, and who reads them from before is not told of the pause.

So the text of the events with an id, replayed from ``after=0``, is the answer, and what a reader
that followed live has appended is the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from leonidas_jupyter.assistant.approvals import Answers, Approval, ClientResult, unanswered
from leonidas_jupyter.assistant.changes import Standing, changes
from leonidas_jupyter.assistant.desk import Holds
from leonidas_jupyter.assistant.models.registry import ModelRegistry
from leonidas_jupyter.assistant.namespace import MAX_FRAMES, ClientFrame
from leonidas_jupyter.assistant.policy import Policy
from leonidas_jupyter.assistant.shapes import (
    APPROVAL,
    RUN_EVENTS,
    AnswerRow,
    FrameChange,
    Receipts,
    RunRow,
    RunsIn,
    RunStatus,
    ToolCall,
    Usage,
)
from leonidas_jupyter.assistant.tools.base import DrawChart
from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.core.ids import new_id
from leonidas_jupyter.tables.base import Item

__all__ = ["RUN_EVENTS", "RunStatus", "ToolCall", "Usage"]

MAX_QUESTION = 32_000
"""The longest message that a person can send, in characters."""

MAX_ANSWERS = 50
"""How many calls can be answered at once."""


@dataclass(frozen=True)
class ChatSettings:
    """What the installation allows, and the models that there are."""

    policy: Policy = field(default_factory=Policy)
    models: ModelRegistry = field(default_factory=ModelRegistry)
    draw: DrawChart | None = None


class MessageRole(StrEnum):
    """Who said a message."""

    USER = "USER"
    ASSISTANT = "ASSISTANT"


class Message(AnswerRow):
    """A message as stored."""

    role: MessageRole

    @classmethod
    def asked(cls, run: "Run", content: str) -> "Message":
        """The question of a run."""
        return cls(
            session_id=run.session_id,
            message_id=run.question_id,
            role=MessageRole.USER,
            content=content,
        )


class Run(RunRow):
    """The work of answering one message.

    Attributes:
        cut_from: an edited question takes back what followed it; that is what lies between this
            message and ``message_id``, until it has been removed and this is null.
        frames: the tables that the client named.
        counted: what of the run's usage has been counted for its user and its session.
    """

    project_id: str
    cut_from: str | None = None
    frames: list[ClientFrame] | None = None
    counted: Usage | None = None

    @classmethod
    def begun(
        cls,
        holds: Holds,
        wanted: "ChatRequest",
        model: str,
        exposure: DataExposure,
        edited: str | None,
    ) -> "Run":
        """A run that goes, of a new question, or of the message ``edited``."""
        return cls(
            run_id=new_id(),
            session_id=holds.session_id,
            project_id=holds.project_id,
            user_id=holds.caller.user_id,
            question_id=edited or new_id(),
            message_id=new_id(),
            model=model,
            exposure=exposure,
            executor=wanted.executor,
            kernel_id=wanted.kernel_id,
            frames=wanted.frames,
            active_session=holds.session_id,
            cut_from=edited,
        )


class RunEvent(Item):
    """A stored event of a run; ``number`` counts from 1 within it."""

    run_id: str
    number: int
    event: str
    data: dict[str, Any]
    expires_at: datetime


class ChatRequest(BaseModel):
    """What a person says, or their answers to the calls that wait in the answer ``run_id``.

    ``executor`` says whose Python runs: the session's own kernel, the client that asks, or the
    notebook's kernel ``kernel_id``; ``frames`` are the tables which that namespace has.
    """

    model_config = ConfigDict(extra="forbid")

    content: str | None = Field(default=None, min_length=1, max_length=MAX_QUESTION)
    approvals: dict[str, Approval] | None = Field(default=None, max_length=MAX_ANSWERS)
    tool_results: list[ClientResult] | None = Field(default=None, max_length=MAX_ANSWERS)
    run_id: str | None = Field(default=None, max_length=40)
    model: str | None = Field(default=None, max_length=200)
    data_exposure: DataExposure | None = None
    executor: RunsIn = "session"
    kernel_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{1,100}$")
    frames: list[ClientFrame] | None = Field(default=None, max_length=MAX_FRAMES)

    @property
    def answers(self) -> Answers:
        """What is answered to calls that wait."""
        return Answers(self.approvals or {}, self.tool_results or ())

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        answers = bool(self.approvals or self.tool_results)
        if (self.content is not None) == answers:
            raise PydanticCustomError(
                "one_thing", "Send content, or answers to calls that wait: one of them."
            )
        asks = self.model or self.data_exposure or self.kernel_id or self.frames
        if answers and (asks or self.executor != "session"):
            raise PydanticCustomError(
                "one_thing", "Answers go to the question as it was asked; send them alone."
            )
        if (self.executor == "kernel") != (self.kernel_id is not None):
            raise PydanticCustomError(
                "kernel", "kernel_id names the kernel of the executor 'kernel'; send both."
            )
        named = [result.tool_call_id for result in self.tool_results or ()]
        if len({*named, *(self.approvals or ())}) < len(named) + len(self.approvals or ()):
            raise PydanticCustomError("twice", "A call is answered twice; send one answer to it.")
        return self

    @field_validator("content")
    @classmethod
    def _says_something(cls, content: str | None) -> str | None:
        if content is None:
            return None
        if not content.strip():
            raise PydanticCustomError("blank", "Write a question first.")
        if "\x00" in content:
            raise PydanticCustomError("plain_text", "It holds a NUL character; leave it out.")
        return content


class MessageResponse(BaseModel):
    """A message as clients see it; ``changed`` are files that are not as the answer read them."""

    message_id: str
    session_id: str
    role: MessageRole
    content: str
    tool_calls: list[ToolCall]
    run_id: str | None = None
    run_status: RunStatus | None = None
    model: str | None = None
    usage: Usage | None = None
    receipts: Receipts | None = None
    changed: list[FrameChange] = Field(default_factory=list)
    created_at: datetime

    @classmethod
    def of(cls, message: Message, files: Mapping[str, Standing] | None = None) -> "MessageResponse":
        """The wire shape of a stored message; ``files`` tell what it read that has changed."""
        shown = cls.model_validate(message.model_dump(include=set(cls.model_fields)))
        shown.changed = changes(message.tool_calls, files) if files is not None else []
        return shown


class ChatResponse(BaseModel):
    """The end of a run: the assistant's message, and the calls that wait for somebody.

    ``error`` is one sentence when the run failed.
    """

    run_id: str
    status: RunStatus
    message: MessageResponse
    pending: list[ToolCall] = Field(default_factory=list)
    error: str | None = None

    @classmethod
    def of(cls, run: Run, answer: Message) -> "ChatResponse":
        """A run that has ended, or waits, with its answer."""
        shown = MessageResponse.of(answer)
        still = {call.id for call in unanswered(answer)} if run.unfinished == APPROVAL else ()
        return cls(
            run_id=run.run_id,
            status=run.status,
            message=shown,
            pending=[call for call in shown.tool_calls if call.id in still],
            error=run.error,
        )


class ClaimRequest(BaseModel):
    """``claim`` is what the first claiming gave, to go on with it."""

    model_config = ConfigDict(extra="forbid")

    claim: str | None = Field(default=None, max_length=40)


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
