"""The services, started on the first request: a server that does not use Leonidas pays nothing."""

import asyncio
import importlib
import logging
import time
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import TYPE_CHECKING

from leonidas_jupyter.core.errors import ErrorCode, LeonidasError

if TYPE_CHECKING:
    from leonidas_jupyter.server.gateway import Gateway

log = logging.getLogger(__name__)

PAUSE = 5
"""Seconds between attempts to start after one failed."""

HEAVY = "leonidas_jupyter.server.bootstrap"


class LazyGateway:
    """Imports and starts what answers requests when it is first needed."""

    def __init__(self, start: Callable[[], Awaitable["Gateway"]]) -> None:
        self._start = start
        self._task: asyncio.Task[Gateway] | None = None
        self._failed = 0.0
        self._closed = False
        self.ready: Gateway | None = None

    async def get(self) -> "Gateway":
        """What answers requests; whoever comes first starts it, and the others wait for it.

        Raises:
            LeonidasError: ``backend_unavailable`` when it cannot start (now).
        """
        if self.ready is not None:
            return self.ready
        if self._closed or (self._failed and time.monotonic() - self._failed < PAUSE):
            raise _unavailable()
        if self._task is None:
            # What is started outlives the request that happens to be the first.
            self._task = asyncio.create_task(self._begin(), context=Context())
        try:
            return await asyncio.shield(self._task)
        except LeonidasError:
            raise
        except Exception as error:
            raise _unavailable() from error

    async def warm(self) -> None:
        """Start now; a failure is in the log, and a later request tries again."""
        try:
            await self.get()
        except LeonidasError:
            return

    async def close(self) -> None:
        """End what was started."""
        self._closed = True
        if self._task is not None:
            await asyncio.wait([self._task])
        if self.ready is not None:
            gateway, self.ready = self.ready, None
            await gateway.close()

    async def _begin(self) -> "Gateway":
        try:
            await asyncio.to_thread(importlib.import_module, HEAVY)
            self.ready = await self._start()
        except Exception as error:
            self._failed, self._task = time.monotonic(), None
            log.error(
                "Leonidas cannot start (%s: %s); requests get 503 until it can.",
                type(error).__name__,
                error,
            )
            log.debug("What kept it from starting:", exc_info=True)
            raise
        else:
            return self.ready


def _unavailable() -> LeonidasError:
    return LeonidasError(
        ErrorCode.BACKEND_UNAVAILABLE,
        "Leonidas is not ready; the server's log says why. Try again in a moment.",
        retry_after=PAUSE,
    )
