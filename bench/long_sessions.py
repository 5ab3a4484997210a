"""Sessions of many messages, written as the server stores them instead of being asked for.

Each is one real question and its answer, stored again and again under new ids.
"""

import itertools
from collections.abc import Iterable, Mapping
from pathlib import Path

from leonidas_jupyter.chat.repository import LATEST, MESSAGES, ChatRepository
from leonidas_jupyter.chat.schemas import Message
from leonidas_jupyter.core.ids import new_id, now
from leonidas_jupyter.server.engines import open_database
from leonidas_jupyter.sessions.repository import SESSIONS
from leonidas_jupyter.tables.base import MAX_OPERATIONS, Database, Put, Update


def database_of(data_dir: Path) -> str:
    """The URL of the database that a server with this ``data_dir`` has."""
    return f"sqlite:///{data_dir / 'leonidas.db'}"


async def lengthen(url: str, like: str, sizes: Mapping[str, int]) -> None:
    """Give sessions that are empty so many messages, of what was said last in the one ``like``.

    Args:
        url: of the database of a server, which may run.
        like: a session with a question and its answer.
        sizes: the number of messages for each session, by its id.

    Raises:
        LookupError: there is no such session.
    """
    database = open_database(url)
    try:
        said = await ChatRepository(database).page(like, after=None, before=LATEST, limit=2)
        for session_id, size in sizes.items():
            again = itertools.islice(itertools.cycle(said.items), size)
            await _write(database, session_id, again)
    finally:
        await database.close()


async def _write(database: Database, session_id: str, messages: Iterable[Message]) -> None:
    session = await database.table(SESSIONS).get(session_id)
    if session is None:
        raise LookupError(session_id)
    puts = [
        Put(MESSAGES, each.model_copy(update={"session_id": session_id, "message_id": new_id()}))
        for each in messages
    ]
    for begin in range(0, len(puts), MAX_OPERATIONS):
        await database.transact(puts[begin : begin + MAX_OPERATIONS])
    changes = {"message_count": len(puts), "last_message_at": now(), "title": "Long"}
    await database.transact([Update(SESSIONS, session_id, changes, session.version)])
