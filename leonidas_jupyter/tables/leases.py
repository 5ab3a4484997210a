"""Leases: who works on something that must be finished, and until when nobody else may."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar

from leonidas_jupyter.core.ids import new_id, now
from leonidas_jupyter.tables.base import Index, Item, Missing, Stale, Table, Unavailable

log = logging.getLogger(__name__)

UNFINISHED = Index("unfinished", partition="unfinished", sort="lease_until")
"""The index by which unfinished work is found again."""


class Leased(Item):
    """An item that somebody may have to finish.

    Attributes:
        unfinished: what is to be done ("ingest", "cascade", "run", …); null when all is done.
        worker_id: who works on it.
        lease_until: until when nobody else may; kept true by renewing.
    """

    unfinished: str | None = None
    worker_id: str | None = None
    lease_until: datetime | None = None


L = TypeVar("L", bound=Leased)


class LeaseLost(Exception):
    """Somebody else has taken the work over, or it is finished or gone: stop at once."""


class Leases:
    """Takes, renews and gives back leases in the name of one worker.

    A lease lasts ``seconds`` and is renewed every third of that. Each renewal raises the item's
    version: within a lease, change the item through ``update`` and ``finish``, which also write
    only while the lease is held.
    """

    def __init__(
        self,
        worker_id: str | None = None,
        seconds: float = 30,
        *,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self.worker_id = worker_id or new_id()
        self.seconds = seconds
        self._clock = clock

    def until(self) -> datetime:
        """When a lease that is taken now ends."""
        return self._clock() + timedelta(seconds=self.seconds)

    def fields(self, what: str) -> dict[str, Any]:
        """The fields of an item made with its lease taken, for whoever starts to work on it."""
        return {"unfinished": what, "worker_id": self.worker_id, "lease_until": self.until()}

    async def claim(self, table: Table[L], item: L) -> L | None:
        """Take the lease of an unfinished item; None when somebody else has it or was quicker.

        Taking a lease of one's own again renews it.
        """
        mine = item.worker_id == self.worker_id
        free = item.lease_until is None or item.lease_until <= self._clock()
        if item.unfinished is None or not (mine or free):
            return None
        changes = {"worker_id": self.worker_id, "lease_until": self.until()}
        try:
            return await table.update(table.spec.key_of(item), changes, if_version=item.version)
        except (Missing, Stale):
            return None

    @asynccontextmanager
    async def hold(self, table: Table[L], item: L) -> AsyncIterator[None]:
        """Renew the lease of a claimed item while the body runs.

        When the lease is lost the body is cancelled. When the body is cancelled from without, as
        at the end of the server, the lease is given up, so that the work is taken up soon.

        Raises:
            LeaseLost: the lease was lost.
        """
        body = asyncio.current_task()
        if body is None:
            raise RuntimeError("A lease is held by a task.")
        renewing = asyncio.create_task(self._renew(table, item, body))
        try:
            yield
        except asyncio.CancelledError as cancelled:
            if renewing.done() and body.uncancel() == 0:
                raise LeaseLost(table.spec.name) from cancelled
            await self._give_up(table, item)
            raise
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError):
                await renewing

    async def update(self, table: Table[L], item: L, changes: Mapping[str, Any]) -> L:
        """Change an item only while its lease is held. Raises LeaseLost."""
        while True:
            current = await self.check(table, item)
            with suppress(Stale, Missing):
                return await table.update(
                    table.spec.key_of(item), changes, if_version=current.version
                )

    async def finish(self, table: Table[L], item: L, changes: Mapping[str, Any]) -> L:
        """Change an item for the last time and give its lease back. Raises LeaseLost."""
        done = {"unfinished": None, "worker_id": None, "lease_until": None}
        return await self.update(table, item, {**done, **changes})

    async def release(self, table: Table[L], item: L) -> None:
        """Give the lease back, whether or not it is still held; the work counts as done."""
        with suppress(LeaseLost):
            await self.finish(table, item, {})

    async def check(self, table: Table[L], item: L) -> L:
        """The item as it stands, its lease held. Raises LeaseLost."""
        current = await table.get(table.spec.key_of(item))
        if (
            current is None
            or current.unfinished != item.unfinished
            or current.worker_id != self.worker_id
        ):
            raise LeaseLost(table.spec.name)
        return current

    async def expired(self, table: Table[L], what: str, limit: int = 100) -> list[L]:
        """The items on which ``what`` is to be done and nobody works, the longest left first."""
        page = await table.query("unfinished", what, between=(None, self._clock()), limit=limit)
        return page.items

    async def _renew(self, table: Table[L], item: L, body: "asyncio.Task[Any]") -> None:
        """Renew until cancelled; when that ends, or fails, by itself, cancel ``body``."""
        wanted = False
        try:
            await self._until_lost(table, item)
        except asyncio.CancelledError:
            wanted = True
            raise
        finally:
            if not wanted:
                log.warning("A lease of %s was lost; its work is stopped here.", table.spec.name)
                body.cancel()

    async def _until_lost(self, table: Table[L], item: L) -> None:
        until = item.lease_until or self._clock()
        while True:
            await asyncio.sleep(self.seconds / 3)
            try:
                renewed = await self.update(table, item, {"lease_until": self.until()})
            except LeaseLost:
                return
            except Unavailable:
                if self._clock() >= until:
                    return
            else:
                until = renewed.lease_until or until

    async def _give_up(self, table: Table[L], item: L) -> None:
        with suppress(LeaseLost, Unavailable):
            await self.update(table, item, {"lease_until": self._clock()})
