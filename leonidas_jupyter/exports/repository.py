"""What exports read: the messages of a session, all of them."""

from leonidas_jupyter.chat.repository import MESSAGES
from leonidas_jupyter.chat.schemas import Message
from leonidas_jupyter.tables.base import Database

PAGE = 100


class ExportsRepository:
    """Messages, in order; nothing is stored for exports."""

    def __init__(self, database: Database) -> None:
        self._messages = database.table(MESSAGES)

    async def messages(self, session_id: str, limit: int) -> list[Message]:
        """At most ``limit`` messages of a session, oldest first."""
        found: list[Message] = []
        after: str | None = None
        while len(found) < limit:
            size = min(PAGE, limit - len(found))
            page = await self._messages.query(None, session_id, after=after, limit=size)
            found += page.items
            if (after := page.next) is None:
                break
        return found
