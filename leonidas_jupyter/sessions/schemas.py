"""The shapes of sessions: what is stored, what comes in, what goes out."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from leonidas_jupyter.assistant.shapes import MICROS, RunningSummary
from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.core.text import Title
from leonidas_jupyter.tables.leases import Leased


class Session(Leased):
    """A session as stored; ``deleted_at`` marks one whose messages are still being removed.

    ``context_from`` is an id in time order: messages with a smaller ``message_id`` stay readable,
    but are no part of the conversation that the assistant goes on with. Null: all are. ``summary``
    stands for the older part of that conversation. The counts are of everything that was asked,
    also of messages that were deleted; null is none yet. ``python_allowed`` says whose Python runs
    unasked, and where: ``<user_id>/<executor>``.
    """

    session_id: str
    project_id: str
    title: str = ""
    message_count: int = 0
    last_message_at: datetime | None = None
    data_exposure: DataExposure | None = None
    context_from: str | None = None
    summary: RunningSummary | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_micros: int | None = None
    python_allowed: list[str] | None = None
    deleted_at: datetime | None = None


class SessionCreate(BaseModel):
    """A new session; without a title it gets one from its first question."""

    model_config = ConfigDict(extra="forbid")

    title: Title | None = None


class SessionUpdate(BaseModel):
    """Changes of a session; what is left out stays, a null exposure follows the project's."""

    model_config = ConfigDict(extra="forbid")

    title: Title | None = None
    data_exposure: DataExposure | None = None


class SessionUsage(BaseModel):
    """What a session's answers took: tokens, and US dollars as far as prices are known."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0

    @classmethod
    def of(cls, session: Session) -> "SessionUsage":
        """The totals of a stored session."""
        return cls(
            input_tokens=session.input_tokens or 0,
            output_tokens=session.output_tokens or 0,
            cost=(session.cost_micros or 0) / MICROS,
        )


class SessionResponse(BaseModel):
    """A session as the project's members see it; ``data_exposure`` is the level that holds."""

    session_id: str
    project_id: str
    title: str
    message_count: int
    last_message_at: datetime | None
    data_exposure: DataExposure | None
    usage: SessionUsage
    created_at: datetime
    updated_at: datetime
    version: int
