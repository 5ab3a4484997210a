"""The operations of repositories on each engine of the metadata, beside SQLite, in turn."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

from bench.engine_servers import PEER, databases
from bench.report import Row, spread
from bench.stored_chats import QUESTION, messages_of, project_of, run_of, session_of
from leonidas_jupyter.chat.repository import LATEST, MESSAGES, ChatRepository
from leonidas_jupyter.chat.schemas import Message
from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.projects.repository import PROJECTS
from leonidas_jupyter.sessions.repository import SESSIONS
from leonidas_jupyter.sessions.schemas import Session
from leonidas_jupyter.tables.base import Database

ROUNDS = 40
WARM = 5
"""Rounds before those that count."""

STORED = 200
"""How many messages the session has that is read."""

Work = Callable[[], Awaitable[object]]
Times = dict[str, list[float]]
"""Milliseconds by the engine's name."""


@dataclass
class Repositories:
    """One engine with a project, and in it a session to read and a session to ask in.

    Each of WORKS makes what its operation needs, and returns the operation, which alone is timed.
    """

    database: Database
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    async def prepare(self) -> None:
        """Store what the operations are about."""
        self.chats = ChatRepository(self.database)
        self.sessions = self.database.table(SESSIONS)
        self.projects = self.database.table(PROJECTS)
        self.project = await self.projects.put(project_of("measured"))
        self.read = await self.sessions.put(session_of(self.project.project_id))
        self.asked = await self.sessions.put(session_of(self.project.project_id))
        said = list(messages_of(self.read.session_id, STORED))
        await self.database.table(MESSAGES).load(said)

    async def get(self) -> Work:
        """A session by its id."""
        return partial(self.sessions.get, self.read.session_id)

    async def put(self) -> Work:
        """A new session, where none stands."""
        made = session_of(self.project.project_id)
        return partial(self.sessions.put, made, if_absent=True)

    async def update(self) -> Work:
        """Another title for a session that has not changed since it was read."""
        session = await self._stands(self.read)
        changes = {"title": f"Title {next(self.numbers)}"}
        return partial(
            self.sessions.update, session.session_id, changes, if_version=session.version
        )

    async def add(self) -> Work:
        """One more session of a project."""
        return partial(self.projects.add, self.project.project_id, "session_count", 1)

    async def begin(self) -> Work:
        """What begins an answer: run, session, question, answer and event, all or nothing."""
        session = await self._stands(self.asked)
        if going := await self.chats.active(session.session_id):
            await self.chats.runs.update(going.run_id, {"active_session": None})
        run = run_of(session)
        asked = Message.asked(run, QUESTION)
        return partial(self.chats.begin, session, run, asked, DataExposure.ROWS, edited=False)

    async def page(self) -> Work:
        """The newest 50 messages of a session."""
        return partial(self.chats.page, self.read.session_id, after=None, before=LATEST, limit=50)

    async def _stands(self, session: Session) -> Session:
        found = await self.sessions.get(session.session_id)
        if found is None:
            raise LookupError(session.session_id)
        return found


WORKS: dict[str, Callable[[Repositories], Awaitable[Work]]] = {
    "`get` of a session": Repositories.get,
    "`put(if_absent)` of a session": Repositories.put,
    "`update` of a session, by its version": Repositories.update,
    "`add` to a project's count": Repositories.add,
    "`transact` that begins an answer (5 items)": Repositories.begin,
    "page of 50 messages": Repositories.page,
}


def measure(home: Path) -> list[Row]:
    """A row for each operation."""
    return asyncio.run(_measure(home))


async def _measure(home: Path) -> list[Row]:
    async with databases(home) as opened:
        engines = {name: Repositories(database) for name, database in opened.items()}
        for each in engines.values():
            await each.prepare()
        return [_row(what, await _times(engines, work)) for what, work in WORKS.items()]


async def _times(
    engines: dict[str, Repositories], work: Callable[[Repositories], Awaitable[Work]]
) -> Times:
    times: Times = {name: [] for name in engines}
    for number in range(WARM + ROUNDS):
        for name, repositories in engines.items():
            took = await clocked(await work(repositories))
            if number >= WARM:
                times[name].append(took)
    return times


async def clocked(work: Work) -> float:
    """How many milliseconds it takes."""
    begun = time.perf_counter()
    await work()
    return (time.perf_counter() - begun) * 1000


def _row(what: str, times: Times) -> Row:
    others = {name: found for name, found in times.items() if name != PEER}
    peer = median(times[PEER])
    return Row(
        what,
        ", ".join(f"{name} {spread(found, 'ms', 2)}" for name, found in others.items()),
        f"{PEER} {spread(times[PEER], 'ms', 2)}",
        ", ".join(f"{name} {median(found) / peer:.1f}×" for name, found in others.items()),
    )
