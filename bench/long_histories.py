"""Pages of 50 messages in sessions of different lengths, on each engine of the metadata.

Half of the pages are the newest, half begin in the middle. The engine in memory goes through all of
a table for each page, and so is not expected to be flat; it is for tests.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median

from bench.engine_servers import MEMORY, databases
from bench.engines import clocked
from bench.report import Goal, Row, spread
from bench.stored_chats import messages_of
from leonidas_jupyter.chat.repository import LATEST, MESSAGES, ChatRepository
from leonidas_jupyter.chat.schemas import Message
from leonidas_jupyter.core.ids import new_id
from leonidas_jupyter.tables.base import Database

FEW = (1_000, 10_000)
"""What `make bench` has the time for."""

MANY = (1_000, 100_000, 1_000_000)
GOAL = 1.5
"""How many times as long a page may take in the longest session as in the shortest."""

WHY = {"DuckDB": "It reads no index in order, but looks through the columns of the whole table"}
PAGE = 50
ROUNDS = 30
SLOW_ROUNDS = 3
WARM = 3
LOADED_AT_ONCE = 500
LOADS_AT_ONCE = 4


@dataclass
class History:
    """A session, the message in its middle, and what its pages took in milliseconds."""

    size: int
    session_id: str = field(default_factory=new_id)
    middle: str = ""
    times: list[float] = field(default_factory=list)


def measure(home: Path, sizes: Sequence[int]) -> list[Row]:
    """For each engine a row for each size but the least, beside the least."""
    return asyncio.run(_measure(home, sizes))


async def _measure(home: Path, sizes: Sequence[int]) -> list[Row]:
    rows: list[Row] = []
    async with databases(home) as opened:
        for name, database in opened.items():
            histories = [History(size) for size in sizes]
            begun = time.perf_counter()
            for history in histories:
                await _fill(database, history)
            rate = sum(sizes) / (time.perf_counter() - begun)
            chats = ChatRepository(database)
            for number in range(WARM + (SLOW_ROUNDS if name == MEMORY else ROUNDS)):
                for history in histories:
                    await _page(chats, history, counts=number >= WARM)
            shortest, *longer = histories
            rows += [_row(name, history, shortest, rate) for history in longer]
    return rows


async def _fill(database: Database, history: History) -> None:
    """Load the messages of a session, a few batches at once."""
    messages = messages_of(history.session_id, history.size)
    written = 0

    async def load(batch: list[Message]) -> None:
        await database.table(MESSAGES).load(batch)

    for batches in _some(messages):
        await asyncio.gather(*(load(batch) for batch in batches))
        written += sum(map(len, batches))
        if not history.middle and written * 2 >= history.size:
            history.middle = batches[-1][-1].message_id


def _some(messages: Iterator[Message]) -> Iterator[list[list[Message]]]:
    """As many batches as are loaded at once, until there are no more."""
    batches = iter(lambda: list(islice(messages, LOADED_AT_ONCE)), [])
    return iter(lambda: list(islice(batches, LOADS_AT_ONCE)), [])


async def _page(chats: ChatRepository, history: History, *, counts: bool) -> None:
    session_id = history.session_id
    newest = partial(chats.page, session_id, after=None, before=LATEST, limit=PAGE)
    older = partial(chats.history, session_id, until=history.middle, limit=PAGE, descending=True)
    for work in (newest, older):
        found = await work()
        if len(found.items) != PAGE or found.next is None:
            raise RuntimeError(f"A page of {len(found.items)} of {history.size} messages")
        took = await clocked(work)
        if counts:
            history.times.append(took)


def _row(name: str, history: History, shortest: History, rate: float) -> Row:
    ratio = median(history.times) / median(shortest.times)
    goal = Goal(ratio, GOAL, "×", why=WHY.get(name, "")) if name != MEMORY else None
    return Row(
        f"{name}: page of {PAGE} of {history.size:,} messages",
        f"{spread(history.times, 'ms', 2)}; filled with {rate:,.0f} messages/s",
        f"of {shortest.size:,} {spread(shortest.times, 'ms', 2)}",
        f"{ratio:.2f}×",
        goal,
    )
