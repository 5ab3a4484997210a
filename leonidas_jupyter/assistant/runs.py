"""Runs as leased work: begun here, followed from anywhere, ended by others when a process dies."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from typing import Any, Generic, Protocol, TypeVar

from leonidas_jupyter.assistant.events import TokensUsed
from leonidas_jupyter.assistant.journal import FINISHED, RunEvent
from leonidas_jupyter.assistant.live import INTERRUPTED, LiveRun
from leonidas_jupyter.assistant.record import AnswerRecord
from leonidas_jupyter.assistant.shapes import RUN, RunRow, RunStatus
from leonidas_jupyter.assistant.telemetry import metered
from leonidas_jupyter.core.ids import now
from leonidas_jupyter.core.tasks import Tasks
from leonidas_jupyter.tables.base import Exists, Missing, Stale, Table, Unavailable
from leonidas_jupyter.tables.leases import LeaseLost, Leases

log = logging.getLogger(__name__)

TAIL_SECONDS = 0.5
"""How often a run that goes in another process is looked at."""

R = TypeVar("R", bound=RunRow)
Work = Callable[[AnswerRecord], tuple[Coroutine[Any, Any, None], Callable[[], TokensUsed]]]
"""What a run does, and what it has cost so far."""


class RunsStore(Protocol[R]):
    """Where runs are kept."""

    @property
    def runs(self) -> Table[R]:
        """Their table."""

    async def record_of(self, run: R, leases: Leases) -> AnswerRecord | None:
        """The answer of a run as far as it is stored; None when its message is gone."""

    async def events(self, run_id: str, after: int) -> Sequence[RunEvent]:
        """Some stored events with a number above ``after``, in order; none when there are none."""

    async def settle(self, run: R, leases: Leases) -> None:
        """Do what was to be done before the answer and may be half done.

        Raises:
            LeaseLost, Missing, Stale: the run or its session is somebody else's, or goes.
        """

    async def abandon(self, run: R, leases: Leases) -> None:
        """End a run whose message is gone. Raises LeaseLost."""


class Runs(Generic[R]):
    """The runs of this process, and a way to those of others.

    ``ended`` is called after each end that this process has stored.
    """

    def __init__(
        self,
        store: RunsStore[R],
        leases: Leases,
        tasks: Tasks,
        ended: Callable[[R, RunStatus], Awaitable[None]],
    ) -> None:
        self._store = store
        self._leases = leases
        self._tasks = tasks
        self._ended = ended
        self._live: dict[str, LiveRun] = {}
        self._unended: set[str] = set()
        """Begun here, and neither live nor known to have ended: a backend failed."""

    async def start(self, run: R, work: Work) -> None:
        """Begin the work of a run that was stored with its lease, or let it go on after a pause.

        It is done in the background.
        """
        try:
            record = await self._store.record_of(run, self._leases)
        except Exception:
            self._unended.add(run.run_id)
            raise
        if record is None:
            return
        live = LiveRun(record, lambda: self._stop_asked(run.run_id))
        self._live[run.run_id] = live
        self._tasks.spawn(self._carry_out(run, live, work), name=f"run {run.run_id}")

    async def follow(self, run_id: str, after: int) -> AsyncIterator[RunEvent]:
        """A run's events after a number, until its last one.

        A run of this process is followed live; where its lease is lost the stream just ends, and
        the reader attaches again. Any other run is looked at every TAIL_SECONDS. A run that waits
        has ended for its readers; of one that went on, the pauses are passed over.
        """
        live = self._live.get(run_id)
        if live is not None:
            async for event in live.record.journal.follow(after):
                yield event
            return
        async for event in self._tail(run_id, after):
            yield event

    async def wait(self, run_id: str) -> R | None:
        """The run once it has ended or waits for somebody; None when it is gone."""
        while True:
            if (live := self._live.get(run_id)) is not None:
                await live.ended.wait()
            run = await self._store.runs.get(run_id)
            if run is None or run.unfinished != RUN:
                return run
            if not await self.take_over(run):
                await asyncio.sleep(TAIL_SECONDS)

    def text(self, run_id: str) -> str | None:
        """What a run of this process has said so far; None for any other."""
        live = self._live.get(run_id)
        return None if live is None else live.record.text

    def stop(self, run_id: str) -> None:
        """End a run of this process soon; those of others look at their row themselves."""
        if (live := self._live.get(run_id)) is not None:
            live.stop()

    async def take_over(self, run: R) -> bool:
        """End a run whose process is gone, keeping what it stored; false while its lease holds.

        A run of this process whose end could not be stored is ended without waiting for its lease.
        """
        if run.unfinished != RUN or run.run_id in self._live:
            return False
        held = run.lease_until is not None and run.lease_until > now()
        if held and run.run_id not in self._unended:
            return False
        claimed = await self._leases.claim(self._store.runs, run)
        if claimed is None:
            return False
        status = RunStatus.CANCELLED if claimed.cancel_requested else RunStatus.FAILED
        try:
            async with self._leases.hold(self._store.runs, claimed):
                await self._end_interrupted(claimed, status)
        except (LeaseLost, Exists, Missing, Stale):
            return False
        self._unended.discard(run.run_id)
        await self._ended(claimed, status)
        return True

    async def recover(self) -> None:
        """End the runs that killed processes left."""
        for run in await self._leases.expired(self._store.runs, RUN):
            await self.take_over(run)

    async def _end_interrupted(self, run: R, status: RunStatus) -> None:
        await self._store.settle(run, self._leases)
        record = await self._store.record_of(run, self._leases)
        if record is None:
            await self._store.abandon(run, self._leases)
            return
        error = INTERRUPTED if status is RunStatus.FAILED else None
        await record.finish(status, error, TokensUsed())

    async def _carry_out(self, run: R, live: LiveRun, work: Work) -> None:
        self._unended.add(run.run_id)  # looked at once it is live no more
        try:
            with metered(run, live.record) as meter:
                async with self._leases.hold(self._store.runs, run):
                    await self._store.settle(run, self._leases)
                    status = await live.carry_out(*work(live.record))
                meter.ended(status, live.record.used())
            await self._ended(run, status)
            self._unended.discard(run.run_id)
        except (LeaseLost, Missing, Stale):
            log.info("The run %s goes on elsewhere, or its session is gone", run.run_id)
        finally:
            # Whoever heard of a pause may have let the run go on already.
            if self._live.get(run.run_id) is live:
                del self._live[run.run_id]
            live.close()

    async def _stop_asked(self, run_id: str) -> bool:
        try:
            run = await self._store.runs.get(run_id)
        except Unavailable:
            return False
        return run is None or run.cancel_requested

    async def _tail(self, run_id: str, after: int) -> AsyncIterator[RunEvent]:
        paused: RunEvent | None = None
        while True:
            # Read before its events: once a run has ended, all of them stand.
            run = await self._store.runs.get(run_id)
            while events := await self._store.events(run_id, after):
                for event in events:
                    after = event.number or after
                    if event.name == FINISHED and event.data.get("pending"):
                        paused = event
                        continue
                    paused = None
                    yield event
            if run is None or run.unfinished != RUN:
                if paused is not None:
                    yield paused
                return
            if not await self.take_over(run):
                await asyncio.sleep(TAIL_SECONDS)
