"""Background work is kept, logged when it fails, and stopped at the end."""

import asyncio
import logging

from leonidas_jupyter.core.tasks import Tasks


def test_a_failure_in_the_background_is_logged_by_name(caplog):
    async def fail() -> None:
        raise RuntimeError("no")

    async def main() -> None:
        await asyncio.wait([Tasks().spawn(fail(), "sweeping")])

    with caplog.at_level(logging.ERROR):
        asyncio.run(main())
    assert "'sweeping' failed" in caplog.text


def test_close_cancels_and_waits_for_the_cleaning_up():
    cleaned = []

    async def work(started: asyncio.Event) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append(True)

    async def main() -> None:
        tasks, started = Tasks(), asyncio.Event()
        tasks.spawn(work(started), "work")
        await started.wait()
        await tasks.close()

    asyncio.run(main())
    assert cleaned == [True]
