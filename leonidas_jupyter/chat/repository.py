"""What chat needs stored: messages, runs, and the events of runs."""

from typing import Any

from leonidas_jupyter.chat.schemas import Message, Run, RunEvent
from leonidas_jupyter.tables.base import Index, TableSpec
from leonidas_jupyter.tables.leases import UNFINISHED

MESSAGES = TableSpec("messages", Message, key=("session_id", "message_id"))
BY_SESSION = Index("by_session", partition="session_id", sort="created_at")
RUNS = TableSpec(
    "runs",
    Run,
    key=("run_id",),
    unique=("active_session",),
    indexes=(BY_SESSION, UNFINISHED),
)
RUN_EVENTS = TableSpec("run_events", RunEvent, key=("run_id", "number"), ttl="expires_at")

SPECS: tuple[TableSpec[Any], ...] = (MESSAGES, RUNS, RUN_EVENTS)
"""The tables of this domain."""
