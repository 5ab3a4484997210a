"""What the SQL engines do not have in common, and what is done again when it failed in passing."""

import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

BUSY_SECONDS = 30.0
BUSY = "The database is busy; try again in a moment."
READS_ONLY = "leonidas_reads_only"
"""The execution option of SQLAlchemy connections whose transactions lock nobody out."""
ATTEMPTS = 12
"""How often a transaction is begun that others came into the way of."""
_PAUSE_SECONDS = 0.002
_LONGEST_PAUSE_SECONDS = 0.5


def _nothing(*_: Any) -> None:  # noqa: ANN401 - whatever is given
    """Where an engine needs nothing done."""


def _never(_: Any) -> bool:  # noqa: ANN401 - whatever is given
    """Where an engine knows no such thing."""
    return False


@dataclass(frozen=True)
class Driver:
    """One database, and how its engine is to be treated.

    Attributes:
        engine: SQLAlchemy's, which builds the statements, and runs the migrations.
        begin: the statement that begins a transaction that writes.
        explained: failures of the engine within its body become Unavailable; our mistakes stay.
        look: raises Unavailable when the database is not the one any more that was opened.
        prepare: makes a new connection of the driver ready.
        conflict: whether a failure is another's doing, so that the transaction may do again.
        lost: whether a connection of the driver is of no use any more.
        alone: lets other processes that migrate wait for the end of the connection's transaction.
        encode, decode: texts as the engine takes them, and back; None: as they are.
        row_locks: whether writers stand side by side, and lock the rows that they read.
        columnwise: whether many rows are given as a list of values for each column.
        makes_tables: whether a start makes the tables and brings them up to date unasked.
        readers, writers: threads, with a connection each.
        idle_seconds: after which an unused connection is closed; None: never.
    """

    engine: "Engine"
    begin: str
    explained: Callable[[], AbstractContextManager[None]]
    look: Callable[[], None] = _nothing
    prepare: Callable[[Any], None] = _nothing
    conflict: Callable[[BaseException], bool] = _never
    lost: Callable[[Any], bool] = _never
    alone: "Callable[[Connection], None]" = _nothing
    encode: Callable[[str], str] | None = None
    decode: Callable[[str], str] | None = None
    row_locks: bool = False
    columnwise: bool = False
    makes_tables: bool = True
    readers: int = 2
    writers: int = 1
    idle_seconds: float | None = None


def pause(attempt: int) -> None:
    """Wait before the next attempt, longer each time, and not as long as whoever else waits."""
    longest = min(_LONGEST_PAUSE_SECONDS, _PAUSE_SECONDS * 2**attempt)
    time.sleep(random.uniform(0, longest))  # noqa: S311 - no secret
