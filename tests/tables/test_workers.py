"""The threads that hold the connections."""

import asyncio
import threading

import pytest

from leonidas_jupyter.tables.base import Unavailable
from leonidas_jupyter.tables.workers import Workers


class Held:
    def __init__(self):
        self.thread = threading.get_ident()
        self.closed_by = None

    def close(self):
        self.closed_by = threading.get_ident()


def test_calls_run_off_the_loop_on_the_thread_that_made_the_connection():
    made = []

    def connect():
        made.append(Held())
        return made[-1]

    async def main():
        workers = Workers(connect, 2, "test")
        places = await asyncio.gather(
            *(workers.run(lambda held: (held.thread, threading.get_ident())) for _ in range(50))
        )
        await workers.close()
        await workers.close()
        return places

    places = asyncio.run(main())
    assert all(held == thread != threading.get_ident() for held, thread in places)
    assert 1 <= len(made) <= 2
    assert all(held.closed_by == held.thread for held in made)


def test_one_slow_call_does_not_hold_up_the_others():
    async def main():
        workers = Workers(Held, 2, "test")
        release = threading.Event()
        slow = asyncio.create_task(workers.run(lambda _: release.wait(120)))
        assert await asyncio.wait_for(workers.run(lambda _: 7), 60) == 7
        assert not slow.done()
        release.set()
        assert await slow
        await workers.close()

    asyncio.run(main())


def test_errors_reach_the_caller_and_a_failed_connection_is_tried_again():
    attempts = []

    def connect():
        attempts.append(None)
        if len(attempts) == 1:
            raise OSError("not yet")
        return Held()

    async def main():
        workers = Workers(connect, 1, "test")
        with pytest.raises(OSError, match="not yet"):
            await workers.run(lambda _: 1)
        with pytest.raises(ZeroDivisionError):
            await workers.run(lambda _: 1 // 0)
        assert await workers.run(lambda _: 2) == 2
        await workers.close()
        with pytest.raises(Unavailable, match="stopping"):
            await workers.run(lambda _: 3)

    asyncio.run(main())
    assert len(attempts) == 2


def test_a_cancelled_caller_does_no_harm():
    async def main():
        complaints = []
        asyncio.get_running_loop().set_exception_handler(lambda _, about: complaints.append(about))
        workers = Workers(Held, 1, "test")
        began, release = threading.Event(), threading.Event()
        task = asyncio.create_task(workers.run(lambda _: began.set() or release.wait(120)))
        await asyncio.to_thread(began.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        release.set()
        assert await workers.run(lambda _: 5) == 5
        await workers.close()
        return complaints

    assert asyncio.run(main()) == []


def test_a_loop_that_ends_first_does_no_harm():
    workers = []
    release = threading.Event()

    async def forsaken():
        workers.append(Workers(Held, 1, "test"))
        task = asyncio.create_task(workers[0].run(lambda _: release.wait(120)))
        await asyncio.sleep(0)
        task.cancel()

    async def later():
        assert await workers[0].run(lambda _: 5) == 5
        await workers[0].close()

    asyncio.run(forsaken())
    release.set()
    asyncio.run(later())


def test_the_loop_is_woken_once_for_all_that_is_done_until_it_looks(monkeypatch):
    """A wake-up for each of many short reads would cost as much as the reads."""

    async def main():
        loop = asyncio.get_running_loop()
        woken = []
        wake = loop.call_soon_threadsafe

        def counted(callback, *rest, **more):
            woken.append(callback)
            return wake(callback, *rest, **more)

        monkeypatch.setattr(loop, "call_soon_threadsafe", counted)
        workers = Workers(Held, 2, "test")
        last = [threading.Event(), threading.Event()]
        calls = [asyncio.create_task(workers.run(lambda _: 1)) for _ in range(20)]
        calls += [
            asyncio.create_task(workers.run(lambda _, each=each: each.set())) for each in last
        ]
        await asyncio.sleep(0)  # all of them are asked for
        for each in last:
            assert each.wait(30)  # the loop sees nothing meanwhile
        await asyncio.gather(*calls)
        many = len(woken)
        assert await workers.run(lambda _: 7) == 7
        await workers.close()
        return many

    assert asyncio.run(main()) <= 4


def test_several_loops_may_ask_one_after_the_other():
    workers = Workers(Held, 1, "test")

    async def ask():
        return await asyncio.wait_for(workers.run(lambda _: 7), 30)

    assert [asyncio.run(ask()) for _ in range(3)] == [7, 7, 7]
    asyncio.run(workers.close())


def test_what_nobody_asks_for_is_released_and_made_again():
    made, closed = [], threading.Event()

    class Noticed(Held):
        def close(self):
            super().close()
            closed.set()

    def connect():
        made.append(Noticed())
        return made[-1]

    async def main():
        workers = Workers(connect, 1, "test", idle_seconds=0.01)
        first = await workers.run(lambda held: held)
        assert await asyncio.to_thread(closed.wait, 60)
        assert first.closed_by == first.thread
        second = await workers.run(lambda held: held)
        assert second is not first
        await workers.close()
        assert second.closed_by == second.thread

    asyncio.run(main())
    assert len(made) == 2
