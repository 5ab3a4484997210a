"""Shapes of an answer, as it is stored and sent: tool calls, usage, and the events of a run."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, Field

from leonidas_jupyter.assistant.events import MimeBundle
from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.tables.base import Item
from leonidas_jupyter.tables.leases import Leased

MICROS = 1_000_000
"""Costs are added up in millionths of a US dollar, so that sums are exact."""


class RunStatus(StrEnum):
    """How far the answer to a message has come."""

    RUNNING = "running"
    COMPLETED = "completed"
    PENDING = "pending"
    CANCELLED = "cancelled"
    FAILED = "failed"


RunsIn = Literal["session", "client", "kernel"]
"""Whose Python a run uses: the session's own kernel, the client that asked, a notebook's kernel."""

RUN = "run"
"""What is unfinished on a run that goes."""

APPROVAL = "approval"
"""What is unfinished on a run with calls that wait for somebody, until its lease is over."""


class RunRow(Leased):
    """What every stored run has.

    Attributes:
        user_id: who asked.
        question_id: the user's message.
        message_id: the assistant's message, in which the answer is kept.
        model: which is asked.
        exposure: the level at which the answer was begun; a stricter one may hold by now.
        executor: whose Python it is, with ``kernel_id`` where it is a notebook's; null is the
            session's own, as in ``runs_in``.
        active_session: the session while the run goes, else null; unique, so that one session never
            has two runs that go.
        error: one sentence when the run failed.
        cancel_requested: set by whoever wants it to stop.
        paused_at: the number of the event after which it waits, or waited last.
    """

    run_id: str
    session_id: str
    user_id: str
    question_id: str
    message_id: str
    model: str
    exposure: DataExposure
    executor: RunsIn | None = None
    kernel_id: str | None = None
    status: RunStatus = RunStatus.RUNNING
    active_session: str | None = None
    error: str | None = None
    finished_at: datetime | None = None
    cancel_requested: bool = False
    paused_at: int | None = None

    @property
    def runs_in(self) -> RunsIn:
        """Whose Python it is."""
        return self.executor or "session"


ToolState = Literal["pending", "running", "done", "failed", "refused"]
Needs = Literal["none", "approval", "client"]
Decision = Literal["once", "session", "refuse"]


class FrameRead(BaseModel):
    """A frame that a tool read, and the version of its file at that time.

    ``filename`` is what the file was called then; with ``content_version`` the ``frame_hash`` tells
    the dialect under which it was read. Both are null in answers of an older version.
    """

    name: str
    file_id: str
    content_version: int
    filename: str | None = None
    frame_hash: str | None = None


class OwnRead(BaseModel):
    """A variable that code read, which is no file: ``filename`` is the file of a like frame.

    ``place`` is ``notebook`` where a person has made it, ``session`` where earlier code has.
    """

    name: str
    filename: str | None = None
    place: Literal["notebook", "session"] = "notebook"


class FrameChange(BaseModel):
    """What has become of a file since an answer read it: ``sentence`` says it to people."""

    file_id: str
    frame: str
    filename: str
    change: Literal["content", "dialect", "deleted"]
    sentence: str


class ToolCall(BaseModel):
    """A tool call of an answer; once it is done, with its result and what it was computed from.

    Attributes:
        code: the SQL or Python that ran, or would run.
        needs: what it waits for, or waited for.
        overwrites: names of the user's own that the code would overwrite.
        decision: what a person answered, once they have.
        edited: they changed the code first; ``code`` is what they made of it.
        client_reported: the result came from the client that ran it.
        frames: with ``elapsed_ms`` the receipt: which frames were read, in which version.
        elapsed_ms: how long it took.
        own: variables that the code read, which may not be as any file.
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
    own: list[OwnRead] = Field(default_factory=list)
    overwrites: list[str] = Field(default_factory=list)
    decision: Decision | None = None
    edited: bool = False
    client_reported: bool = False


class StoredCall(ToolCall):
    """A tool call as it is stored.

    Attributes:
        step: which of the model's steps asked for it, from 1; 0 in answers of an older version.
        said: how many characters the model had said before it.
        result: the whole result where the outputs do not hold it; see ``found``.
        told: what the model was told of it at the level ``told_at``, where that is less.
        answered_by: who decided, or reported the result.
        answered_via: ``kernel`` when that came with a token of a kernel.
        claimed_by: which client runs it, and may report its result, until ``claimed_until``.
    """

    step: int = 0
    said: int = 0
    result: dict[str, Any] | None = None
    told: dict[str, Any] | None = None
    told_at: DataExposure | None = None
    answered_by: str | None = None
    answered_via: Literal["user", "kernel"] | None = None
    claimed_by: str | None = None
    claimed_until: datetime | None = None

    @property
    def found(self) -> dict[str, Any] | None:
        """The whole result; null when there is none, or it was too large to be kept."""
        if self.result is not None or not self.outputs:
            return self.result
        found = self.outputs[0].get("application/json")
        return found if isinstance(found, dict) else None


class Usage(BaseModel):
    """What an answer cost: tokens, and US dollars where the price is known."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None

    @property
    def cost_micros(self) -> int:
        """The cost in whole millionths of a dollar, as it is added up; 0 where it is not known."""
        return round((self.cost or 0.0) * MICROS)


class RunningSummary(BaseModel):
    """What was said up to a message, in short, for a model; people do not see it.

    Attributes:
        text: made of nothing that the exposure level withheld.
        until: the id of the last message that it covers.
        exposure: the level at which it was made; at a stricter one it is not sent.
        written: whether a model wrote it; else it is a list of the questions and their results.
    """

    text: str
    until: str
    exposure: DataExposure
    written: bool = False


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


class AnswerRow(Item):
    """What every stored message has. An answer is stored when its run begins, and grows with it.

    Attributes:
        role: ``USER`` or ``ASSISTANT``.
        content: what was said, as people read it.
        content_until: the number of the run's event up to which ``content`` goes.
        said: the same as the model said it, with handles; null where that is the same.
        exposure: what the model saw of the data when it answered.
        receipts: how the numbers of an answer are backed.
    """

    session_id: str
    message_id: str
    role: str
    content: str = ""
    content_until: int | None = None
    said: str | None = None
    tool_calls: list[StoredCall] = Field(default_factory=list)
    run_id: str | None = None
    run_status: RunStatus | None = None
    model: str | None = None
    exposure: DataExposure | None = None
    usage: Usage | None = None
    receipts: Receipts | None = None


class RunStarted(BaseModel):
    """The first event: the ids of the run and of the answer that it writes, and who answers."""

    run_id: str
    session_id: str
    message_id: str
    model: str | None = None


class TextDelta(BaseModel):
    """A piece of the answer, in Markdown; `chat.schemas` says how they add up."""

    text: str


class ToolCallStarted(BaseModel):
    """A tool is about to run, or waits for what it needs; the call is stored already.

    A call that waited comes again, with ``needs`` as ``none`` and the code as it was approved, when
    it is about to run.
    """

    id: str
    tool: str
    arguments: dict[str, Any]
    code: str | None = None
    needs: Needs = "none"
    overwrites: list[str] = Field(default_factory=list)


class ToolResult(BaseModel):
    """What a tool answered, in forms to show, and which data it read."""

    id: str
    ok: bool
    summary: str
    outputs: list[MimeBundle]
    frames: list[FrameRead] = Field(default_factory=list)
    own: list[OwnRead] = Field(default_factory=list)


class RunFinished(BaseModel):
    """The last event of a run; ``error`` is one sentence when it failed.

    While the status is ``pending`` the calls named wait for somebody; once all are answered, the
    run goes on, and its events too.
    """

    status: RunStatus
    message_id: str
    pending: list[str] = Field(default_factory=list)
    error: str | None = None
    receipts: Receipts | None = None


RUN_EVENTS: dict[str, type[BaseModel]] = {
    "run_started": RunStarted,
    "text_delta": TextDelta,
    "tool_call": ToolCallStarted,
    "tool_result": ToolResult,
    "usage": Usage,
    "run_finished": RunFinished,
}
"""The payload of each event of a run, by its name on the wire."""
