"""Background work that is written on the items it concerns, so that a killed process loses none."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from leonidas_jupyter.core.tasks import Tasks
from leonidas_jupyter.tables.base import Table
from leonidas_jupyter.tables.leases import Leased, LeaseLost, Leases

log = logging.getLogger(__name__)

L = TypeVar("L", bound=Leased)


class Resumable(Generic[L]):
    """One kind of work (``unfinished == what``) on the items of a table with a key of one field.

    An item is worked on under a lease: by one process at a time, once at a time in each. Work that
    fails keeps its mark and is begun again once its lease is over; so it must stand being repeated.
    ``after`` is called with the item as it was claimed once this process has done the work or has
    lost its lease, which is held no more then.
    """

    def __init__(
        self,
        what: str,
        table: Table[L],
        work: Callable[[L], Awaitable[None]],
        *,
        after: Callable[[L], Awaitable[None]] | None = None,
        leases: Leases,
        tasks: Tasks,
        at_once: int = 4,
    ) -> None:
        self._what = what
        self._table = table
        self._work = work
        self._after = after
        self._leases = leases
        self._tasks = tasks
        self._slots = asyncio.Semaphore(at_once)
        self._running: dict[str, asyncio.Task[None]] = {}

    def start(self, key: str) -> asyncio.Task[None]:
        """Work on an item in the background; the task that does so already, if there is one."""
        if (running := self._running.get(key)) is not None:
            return running
        task = self._tasks.spawn(self._do(key), name=f"{self._what} {key}")
        self._running[key] = task
        task.add_done_callback(lambda _: self._running.pop(key, None))
        return task

    async def stop(self, key: str) -> None:
        """Cancel this process's work on an item and wait until it has ended."""
        if (task := self._running.get(key)) is not None:
            task.cancel()
            await asyncio.wait([task])

    async def recover(self) -> None:
        """Begin again what others, or this process before a restart, left with its lease over."""
        for item in await self._leases.expired(self._table, self._what):
            (key,) = self._table.spec.key_of(item)
            self.start(str(key))

    async def _do(self, key: str) -> None:
        async with self._slots:
            item = await self._claim(key)
            if item is None:
                return
            try:
                async with self._leases.hold(self._table, item):
                    await self._work(item)
            except LeaseLost:
                log.info("Somebody else took over, or ended it: %s %s", self._what, key)
            if self._after is not None:
                await self._after(item)

    async def _claim(self, key: str) -> L | None:
        """The item with its lease taken; None when it needs no work or somebody else does it."""
        seen = 0
        while (item := await self._table.get(key)) is not None:
            if item.unfinished != self._what or item.version == seen:
                return None
            seen = item.version
            if (claimed := await self._leases.claim(self._table, item)) is not None:
                return claimed
        return None
