"""Whether the backends answer."""

import asyncio
import logging

from leonidas_jupyter.core.recent import Recent
from leonidas_jupyter.storage.base import ObjectStore, StoreUnavailable
from leonidas_jupyter.tables.base import Database, Unavailable

log = logging.getLogger(__name__)

PATIENCE = 5.0
REMEMBERED = 1.0
"""Whoever asks more often than once a second gets the last answer: the route is open to all."""


class Health:
    """Asks each backend whether it is there."""

    def __init__(self, database: Database, store: ObjectStore) -> None:
        self._database = database
        self._store = store
        self._last: Recent[str, bool] = Recent(REMEMBERED)

    async def ready(self) -> bool:
        """Whether all of them answer; which one does not is said in the log only."""
        ready = self._last.get("")
        if ready is None:
            ready = await self._ask()
            self._last.put("", ready)
        return ready

    async def _ask(self) -> bool:
        try:
            async with asyncio.timeout(PATIENCE):
                await self._database.ping()
                await self._store.ping()
        except (Unavailable, StoreUnavailable, TimeoutError) as error:
            log.warning("A backend does not answer: %s", error)
            return False
        return True
