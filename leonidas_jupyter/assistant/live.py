"""A run in this process: its work, how it is stopped, and how it ends whatever happens."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

from leonidas_jupyter.assistant.agent import AnswerFailed
from leonidas_jupyter.assistant.events import TokensUsed
from leonidas_jupyter.assistant.record import AnswerRecord
from leonidas_jupyter.assistant.shapes import RunStatus
from leonidas_jupyter.core.errors import LeonidasError
from leonidas_jupyter.storage.base import StoreUnavailable
from leonidas_jupyter.tables.base import Exists, Missing, Unavailable
from leonidas_jupyter.tables.leases import LeaseLost

log = logging.getLogger(__name__)

WATCH_SECONDS = 0.5
"""How often a run looks whether somebody in another process wants it to stop."""

INTERRUPTED = "The server stopped in the middle of this answer; ask again to go on."
BROKEN = "An error of the server stopped this answer, and its log says more; ask again."

Outcome = tuple[RunStatus, str | None]


class LiveRun:
    """The work of one run, and what others in this process may do with it."""

    def __init__(self, record: AnswerRecord, stop_asked: Callable[[], Awaitable[bool]]) -> None:
        self.record = record
        self.ended = asyncio.Event()
        self._stop_asked = stop_asked
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """End the work soon; what was done so far is kept."""
        self._stop.set()

    async def carry_out(
        self, work: Coroutine[Any, Any, None], used: Callable[[], TokensUsed]
    ) -> RunStatus:
        """Do the work and store how it ended; ``used`` gives what it cost.

        When this process stops, the run is ended as interrupted.

        Raises:
            LeaseLost: somebody else has taken the run over, or it is gone.
        """
        self.record.used = used
        try:
            status, error = await self._outcome(work)
            status = await self.record.finish(status, error, used())
        except asyncio.CancelledError:
            with suppress(LeaseLost, Exists, Missing):
                await self.record.finish(RunStatus.FAILED, INTERRUPTED, used())
            raise
        except (Exists, Missing) as error:
            # Its next event stands already, or its message is gone: the run is not ours any more.
            raise LeaseLost("runs") from error
        return status

    def close(self) -> None:
        """Nothing follows; readers and those who wait for the end go on."""
        self.record.journal.close()
        self.ended.set()

    async def _outcome(self, work: Coroutine[Any, Any, None]) -> Outcome:
        try:
            stopped = await self._perform(work)
        except AnswerFailed as failure:
            log.warning("A run failed: %s", type(failure.__cause__).__name__)
            return RunStatus.FAILED, failure.sentence
        except LeonidasError as failure:
            return RunStatus.FAILED, failure.message
        except (Unavailable, StoreUnavailable) as failure:
            log.warning("A backend failed in a run: %s", failure)
            return RunStatus.FAILED, str(failure)
        except (LeaseLost, Exists, Missing):
            raise
        except Exception:
            log.exception("A run failed on an error of ours")
            return RunStatus.FAILED, BROKEN
        return (RunStatus.CANCELLED if stopped else RunStatus.COMPLETED), None

    async def _perform(self, work: Coroutine[Any, Any, None]) -> bool:
        """Do the work while text is flushed; True when it was stopped before its end."""
        working = asyncio.create_task(work)
        others = [
            asyncio.create_task(self.record.journal.keep_flushing()),
            asyncio.create_task(self._watch()),
        ]
        try:
            await asyncio.wait([working, *others], return_when=asyncio.FIRST_COMPLETED)
            finished = working.done()
        finally:
            for task in (working, *others):
                task.cancel()
            await asyncio.gather(working, *others, return_exceptions=True)
        if finished:
            working.result()
            return False
        for task in others:
            if not task.cancelled():
                task.result()
        return True

    async def _watch(self) -> None:
        """Return when the work is to stop."""
        while True:
            try:
                await asyncio.wait_for(self._stop.wait(), WATCH_SECONDS)
            except TimeoutError:
                if await self._stop_asked():
                    return
            else:
                return
