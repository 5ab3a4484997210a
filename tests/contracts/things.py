"""Tables that the contract tests declare: every kind of field, key and index."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, Field

from leonidas_jupyter.tables.base import Index, Item, TableSpec
from leonidas_jupyter.tables.leases import UNFINISHED, Leased


class Color(StrEnum):
    RED = "red"
    BLUE = "blue"


class Part(BaseModel):
    name: str
    size: float | None = None
    inner: list["Part"] = []


class Thing(Item):
    thing_id: str
    owner: str | None = None
    name: str = ""
    email: str | None = None
    rank: int = 0
    weight: float = 0.0
    due: datetime | None = None
    color: Color = Color.RED
    kind: Literal["a", "b"] = "a"
    done: bool = False
    count: int = 0
    either: int | str | None = None
    best: Part | None = None
    parts: list[Part] = Field(default_factory=list)
    extra: dict[str, Any] = Field(default_factory=dict)


class Note(Item):
    thing_id: str
    number: int
    text: str = ""


class Ticket(Item):
    ticket_id: str
    holder: str | None = None
    series: str = "s"
    expires_at: datetime | None = None


class Job(Leased):
    job_id: str
    progress: int = 0


THINGS = TableSpec(
    "things",
    Thing,
    key=("thing_id",),
    unique=("email",),
    indexes=(
        Index("rank", "owner", "rank"),
        Index("weight", "owner", "weight"),
        Index("due", "owner", "due"),
        Index("color", "color", "created_at"),
    ),
)
NOTES = TableSpec("notes", Note, key=("thing_id", "number"))
TICKETS = TableSpec(
    "tickets",
    Ticket,
    key=("ticket_id",),
    unique=("holder",),
    indexes=(Index("series", "series", "created_at"),),
    ttl="expires_at",
)
JOBS = TableSpec("jobs", Job, key=("job_id",), indexes=(UNFINISHED,))

SPECS: tuple[TableSpec[Any], ...] = (THINGS, NOTES, TICKETS, JOBS)
