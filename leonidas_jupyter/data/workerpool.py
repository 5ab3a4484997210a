"""A few worker processes that answer requests one at a time, each in its own process."""

import asyncio
import itertools
from collections.abc import Mapping
from typing import Any

from leonidas_jupyter.data.process import Message, WorkerProcess

INTERRUPT_SECONDS = 1.0
"""How long an interrupt may take to work before the worker is killed."""


class PoolClosed(Exception):
    """The server is stopping."""


class NotStarted(Exception):
    """A worker did not get ready."""


class TooSlow(Exception):
    """The request took longer than it may, and is being stopped."""


class Broke(Exception):
    """The worker ended while it worked; ``code`` is its exit code (negative: the signal)."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class WorkerPool:
    """Workers that are started when first needed, and replaced when they break.

    Args:
        module: what they run; it takes ``{"settings"}`` first, then requests with an ``id``, and
            ``{"cancel": id}``, and answers with the id.
        settings: for each of them.
        processes: how many there are at most.
        start_seconds: how long one may take to get ready.
        idle_seconds: after how long an idle one is ended; None keeps it.
    """

    def __init__(
        self,
        module: str,
        settings: Mapping[str, Any],
        *,
        processes: int,
        start_seconds: float,
        idle_seconds: float | None = None,
    ) -> None:
        self._module = module
        self._settings = settings
        self._start_seconds = start_seconds
        self._idle_seconds = idle_seconds
        self._slots = asyncio.Semaphore(processes)
        self._idle: list[WorkerProcess] = []
        self._busy: set[WorkerProcess] = set()
        self._ends: dict[WorkerProcess, asyncio.TimerHandle] = {}
        self._settling: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)
        self._closed = False

    @property
    def processes(self) -> int:
        """How many workers there are at present."""
        return sum(worker.alive for worker in [*self._idle, *self._busy])

    async def close(self) -> None:
        """End every worker; what they work on fails."""
        self._closed = True
        for worker in [*self._idle, *self._busy]:
            self._keep(worker)
            worker.kill()
        await asyncio.gather(*self._settling, return_exceptions=True)
        await asyncio.gather(*(worker.ended() for worker in [*self._idle, *self._busy]))
        self._idle.clear()

    async def _asked(self, request: Mapping[str, Any], seconds: float) -> tuple[Message, str]:
        """A worker's answer, and the end of what it complained of on standard error.

        ``seconds`` count once a worker has the request. Cancelling the caller stops it.

        Raises:
            PoolClosed, NotStarted, TooSlow, Broke: there is none.
        """
        number = next(self._numbers)
        await self._slots.acquire()
        try:
            worker = await self._worker()
        except BaseException:
            self._slots.release()
            raise
        try:
            await worker.send({"id": number, **request})
            reply = await asyncio.wait_for(worker.receive(), seconds)
        except TimeoutError:
            self._give_back_later(worker, number)
            raise TooSlow from None
        except asyncio.CancelledError:
            self._give_back_later(worker, number)
            raise
        self._give_back(worker)
        if reply is None:
            raise Broke(await worker.ended())
        return reply, worker.complaints

    async def _worker(self) -> WorkerProcess:
        """A worker that is ready, counted as busy."""
        while self._idle:
            worker = self._idle.pop()
            self._keep(worker)
            if worker.alive:
                self._busy.add(worker)
                return worker
            worker.kill()
        if self._closed:
            raise PoolClosed
        worker = await WorkerProcess.start(self._module)
        self._busy.add(worker)
        try:
            await worker.send({"settings": dict(self._settings)})
            ready = await asyncio.wait_for(worker.receive(), self._start_seconds)
        except TimeoutError:
            ready = None
        except BaseException:
            self._busy.discard(worker)
            worker.kill()
            raise
        if ready is None:
            self._busy.discard(worker)
            worker.kill()
            raise NotStarted
        return worker

    def _give_back(self, worker: WorkerProcess) -> None:
        self._busy.discard(worker)
        if worker.alive and not self._closed:
            self._idle.append(worker)
            if self._idle_seconds is not None:
                loop = asyncio.get_running_loop()
                self._ends[worker] = loop.call_later(self._idle_seconds, self._end, worker)
        else:
            worker.kill()
        self._slots.release()

    def _keep(self, worker: WorkerProcess) -> None:
        """The worker is not idle any more."""
        if (end := self._ends.pop(worker, None)) is not None:
            end.cancel()

    def _end(self, worker: WorkerProcess) -> None:
        """Give back the memory of a worker that was idle for long."""
        self._ends.pop(worker, None)
        if worker in self._idle:
            self._idle.remove(worker)
            worker.kill()

    def _give_back_later(self, worker: WorkerProcess, number: int) -> None:
        """Stop the work in the background, then give the worker back or replace it."""
        task = asyncio.ensure_future(self._settle(worker, number))
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)

    async def _settle(self, worker: WorkerProcess, number: int) -> None:
        try:
            await worker.send({"cancel": number})
            reply = await asyncio.wait_for(worker.receive(), INTERRUPT_SECONDS)
            if reply is None or reply.get("id") != number:
                await _finish(worker)
        except TimeoutError:
            await _finish(worker)
        finally:
            self._give_back(worker)


async def _finish(worker: WorkerProcess) -> None:
    """End a worker; until it has ended it could be taken for one that can work."""
    worker.kill()
    await worker.ended()
