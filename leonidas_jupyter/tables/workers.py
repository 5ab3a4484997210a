"""Threads that each hold one connection, so that nothing of an engine runs on the event loop."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, Generic, Protocol, TypeVar

from leonidas_jupyter.tables.base import Unavailable

T = TypeVar("T")

CLOSE_SECONDS = 3.0
"""How long closing waits for what was asked for."""


class Closable(Protocol):
    """What a worker holds."""

    def close(self) -> None:
        """Release it."""


C = TypeVar("C", bound=Closable)


class _Job(Generic[C]):
    """One call that waits for its turn, and where its result goes."""

    __slots__ = ("future", "results", "work")

    def __init__(self, work: Callable[[C], Any], results: "_Results") -> None:
        self.results = results
        self.future: asyncio.Future[Any] = results.loop.create_future()
        self.work = work

    def settle(self, result: Any, failure: BaseException | None) -> None:  # noqa: ANN401 - any
        if self.future.done():  # the caller was cancelled meanwhile
            return
        if failure is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(failure)


class _Results:
    """What the threads have done for the callers of one event loop.

    The loop is woken once for all that is done until it looks: a wake-up of its own for each would
    take as long as a short read, and all threads stand in each other's way for it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._done: deque[tuple[_Job[Any], Any, BaseException | None]] = deque()
        self._woken = False

    def put(self, job: _Job[Any], result: Any, failure: BaseException | None) -> None:  # noqa: ANN401 - any
        """Leave a result, in any thread. Raises RuntimeError: the loop has ended."""
        self._done.append((job, result, failure))
        if not self._woken:
            self._woken = True
            self.loop.call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        self._woken = False  # before the look: what comes during it may wake the loop once more
        while self._done:
            job, result, failure = self._done.popleft()
            job.settle(result, failure)


class Workers(Generic[C]):
    """A few threads that take calls from one queue.

    It costs about half of what ``loop.run_in_executor`` does for a call of some microseconds.
    A connection that nobody asked for in ``idle_seconds`` is released until it is needed again.
    """

    def __init__(
        self,
        connect: Callable[[], C],
        threads: int,
        name: str,
        *,
        idle_seconds: float | None = None,
    ) -> None:
        self._connect = connect
        self._idle_seconds = idle_seconds
        self._queue: SimpleQueue[_Job[C] | None] = SimpleQueue()
        self._closed = False
        self._results: _Results | None = None
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    async def run(self, work: Callable[[C], T]) -> T:
        """What ``work`` gives or raises, done by one of the threads with its connection.

        A cancelled call may still be done.

        Raises:
            Unavailable: the workers are closed.
        """
        if self._closed:
            raise Unavailable("The server is stopping; try again in a moment.")
        loop = asyncio.get_running_loop()
        if self._results is None or self._results.loop is not loop:
            self._results = _Results(loop)
        job = _Job(work, self._results)
        self._queue.put(job)
        result: T = await job.future
        return result

    async def close(self) -> None:
        """Do what was asked for so far, then end the threads and release their connections.

        One that hangs, in a lock that another process holds, is left to the process's end.
        """
        if self._closed:
            return
        self._closed = True
        for _ in self._threads:
            self._queue.put(None)
        until = time.monotonic() + CLOSE_SECONDS
        for thread in self._threads:
            await asyncio.to_thread(thread.join, max(0.0, until - time.monotonic()))

    def _work(self) -> None:
        held: C | None = None
        while True:
            try:
                job = self._queue.get(timeout=None if held is None else self._idle_seconds)
            except Empty:
                _release(held)
                held = None
                continue
            if job is None:
                break
            result, failure = None, None
            try:
                held = held or self._connect()
                result = job.work(held)
            except BaseException as error:  # noqa: BLE001 - the caller gets it
                failure = error
            try:
                job.results.put(job, result, failure)
            except RuntimeError:  # the caller's loop has ended
                continue
            del job, result, failure
        _release(held)


def _release(held: Closable | None) -> None:
    if held is not None:
        held.close()
