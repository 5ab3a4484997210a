"""Objects to which no item points are removed: of writers who were killed, and of expired items."""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Collection, Coroutine
from contextlib import suppress
from datetime import datetime
from typing import Any

from leonidas_jupyter.tables.base import TableSpec, Unavailable
from leonidas_jupyter.tables.dynamodb_items import layout
from leonidas_jupyter.tables.dynamodb_reads import Reader
from leonidas_jupyter.tables.dynamodb_spill import SETTLED, owner_of, spilled_in

log = logging.getLogger(__name__)

EVERY_SECONDS = 86_400.0


def points_to(reader: Reader, spec: TableSpec[Any], key: str, moment: datetime) -> bool:
    """Whether an item points to an object, or may yet, because the object is new; blocks."""
    try:
        owner, made = owner_of(key)
        at = layout(spec).key(tuple(json.loads(owner)))
    except ValueError:
        return True  # none of ours
    if made > moment - SETTLED:
        return True
    raw = reader.raw(spec, at)
    return raw is not None and key in spilled_in(raw).values()


def is_of(key: str, owners: Collection[str]) -> bool:
    """Whether an object was made for an item whose key, or its first part, is among ``owners``."""
    try:
        first, *_ = json.loads(owner_of(key)[0])
    except ValueError:
        return False
    return first in owners


class Sweeper:
    """Sweeps now and then, in the background, while there is something to sweep."""

    def __init__(self, sweep: Callable[[], Coroutine[Any, Any, int]]) -> None:
        self._sweep = sweep
        self._last = -EVERY_SECONDS
        self._task: asyncio.Task[None] | None = None

    def soon(self, loop: asyncio.AbstractEventLoop) -> None:
        """Sweep, unless that was done a short time ago; from any thread."""
        if time.monotonic() - self._last >= EVERY_SECONDS:
            loop.call_soon_threadsafe(self._begin)

    def _begin(self) -> None:
        if time.monotonic() - self._last < EVERY_SECONDS:
            return
        self._last = time.monotonic()
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            if gone := await self._sweep():
                log.info("%s objects were removed that belonged to no item.", gone)
        except Unavailable as error:
            log.warning("What belongs to no item could not be looked for: %s", error)

    async def close(self) -> None:
        """End a sweep; the next one begins anew."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
