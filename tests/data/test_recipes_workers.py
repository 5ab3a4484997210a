"""The processes that run recipes: their limits, their ends, and what people are told of them."""

import asyncio
import dataclasses
import os
import signal
import time
from pathlib import Path

import pytest

from leonidas_jupyter.data import workerpool
from leonidas_jupyter.data.recipes.errors import RecipeFailed, RecipeRefused
from leonidas_jupyter.data.recipes.program import Program, compile_recipe
from leonidas_jupyter.data.recipes.steps import Recipe
from leonidas_jupyter.data.recipes.workers import RecipeLimits, RecipeWorkers
from tests.data.recipe_world import frame

MIB = 1024 * 1024
MEAN = {"frame": "cars", "outputs": [
    {"op": "aggregate", "name": "mean", "column": "Horsepower", "statistic": "mean"}]}  # fmt: skip
INTERRUPTIBLE = "x = [a for a in np.arange(60_000) for b in np.arange(60_000) if b < 0]\n"
STUBBORN = "x = np.ones([3000, 3000], dtype=int) @ np.ones([3000, 3000], dtype=int)\n"
GREEDY = "x = [np.ones(50_000_000) for n in [1] * 100]\n"


def program(recipe=MEAN) -> Program:
    return compile_recipe(Recipe.model_validate(recipe), {"cars": frame("cars")[1]})


def doing(code: str) -> Program:
    """A program that does something else than its recipe says."""
    imports = "import numpy as np\n" if "np." in code else ""
    return dataclasses.replace(program(), code=imports + code)


PATHS = {"cars": frame("cars")[0]}


@pytest.fixture
def use():
    def run_with(body, **limits):
        async def main():
            workers = RecipeWorkers(RecipeLimits(**limits))
            try:
                await body(workers)
            finally:
                await workers.close()
            assert workers.processes == 0

        asyncio.run(main())

    return run_with


async def until(met):
    async with asyncio.timeout(60):
        while not met():  # noqa: ASYNC110 - what is waited for signals nothing
            await asyncio.sleep(0.01)


def test_a_worker_is_kept_and_answers_alike(use):
    async def body(workers):
        first = await workers.run(program(), PATHS)
        (worker,) = workers._idle
        again = [await workers.run(program(), PATHS) for _ in range(3)]
        assert first.rows == [[pytest.approx(105.0825)]]
        assert first.code == program().code
        assert all(result.rows == first.rows for result in again)
        assert workers._idle == [worker]

    use(body)


def test_a_sentence_comes_back_and_the_worker_stays(use):
    async def body(workers):
        cell = {"frame": "cars", "outputs": [
            {"op": "cell", "name": "x", "column": "Name", "row": 9999}]}  # fmt: skip
        with pytest.raises(RecipeFailed, match=r"^In the output 'x': there are not so many rows"):
            await workers.run(program(cell), PATHS)
        (worker,) = workers._idle
        with pytest.raises(RecipeRefused, match="was not run"):
            await workers.run(doing("x = cars.to_csv('x')\n"), PATHS)
        assert (await workers.run(program(), PATHS)).rows
        assert workers._idle == [worker]

    use(body)


def test_a_frame_that_cannot_be_read_is_a_sentence_too(use, tmp_path):
    async def body(workers):
        damaged = tmp_path / "cars.parquet"
        damaged.write_bytes(b"PAR1 and no more")
        for path in (damaged, tmp_path / "nowhere.parquet"):
            with pytest.raises(RecipeFailed, match="could not be finished"):
                await workers.run(program(), {"cars": path})
        (worker,) = workers._idle
        assert (await workers.run(program(), PATHS)).rows
        assert workers._idle == [worker]

    use(body)


def test_a_program_that_takes_too_long_is_interrupted(use, monkeypatch):
    monkeypatch.setattr(workerpool, "INTERRUPT_SECONDS", 60)

    async def body(workers):
        await workers.run(program(), PATHS)
        (worker,) = workers._idle
        with pytest.raises(RecipeFailed, match=r"took longer than 0\.3 seconds"):
            await workers.run(doing(INTERRUPTIBLE), PATHS, timeout=0.3)
        # The next one waits for the same worker, which has let go of the program.
        assert (await workers.run(program(), PATHS)).rows
        assert workers._idle == [worker]

    use(body, processes=1)


def test_a_program_that_cannot_be_interrupted_is_ended(use):
    async def body(workers):
        await workers.run(program(), PATHS)
        (worker,) = workers._idle
        with pytest.raises(RecipeFailed, match="took longer"):
            await workers.run(doing(STUBBORN), PATHS, timeout=3)
        assert (await workers.run(program(), PATHS)).rows
        assert not worker.alive

    use(body, processes=1)


def test_cancelling_the_caller_stops_the_program(use):
    async def body(workers):
        await workers.run(program(), PATHS)
        task = asyncio.create_task(workers.run(doing(INTERRUPTIBLE), PATHS))
        await until(lambda: workers._busy)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await workers.run(program(), PATHS)).rows

    use(body, processes=1)


def test_memory_is_limited(use):
    async def body(workers):
        with pytest.raises(RecipeFailed, match="more than the limit of 256 MiB of memory"):
            await workers.run(doing(GREEDY), PATHS)
        assert (await workers.run(program(), PATHS)).rows

    use(body, memory_bytes=256 * MIB)


def test_a_killed_worker_is_one_sentence_and_is_replaced(use):
    async def body(workers):
        await workers.run(program(), PATHS)
        (worker,) = workers._idle
        task = asyncio.create_task(workers.run(doing(INTERRUPTIBLE), PATHS))
        await until(lambda: worker in workers._busy)
        os.kill(worker.pid, signal.SIGKILL)
        with pytest.raises(RecipeFailed, match=r"broke their worker \(exit code -9\)"):
            await task
        assert (await workers.run(program(), PATHS)).rows

    use(body)


def test_an_idle_worker_gives_its_memory_back(use):
    async def body(workers):
        await workers.run(program(), PATHS)
        assert workers.processes == 1
        await until(lambda: workers.processes == 0)
        assert (await workers.run(program(), PATHS)).rows

    use(body, idle_seconds=0.1)


def test_no_more_workers_than_allowed(use):
    async def body(workers):
        most = 0

        async def watch():
            nonlocal most
            while True:
                most = max(most, workers.processes)
                await asyncio.sleep(0.005)

        watching = asyncio.create_task(watch())
        results = await asyncio.gather(*(workers.run(program(), PATHS) for _ in range(6)))
        watching.cancel()
        assert len(results) == 6
        assert most == 1

    use(body, processes=1)


def test_closing_ends_what_runs(use):
    async def body(workers):
        await workers.run(program(), PATHS)
        task = asyncio.create_task(workers.run(doing(INTERRUPTIBLE), PATHS))
        await until(lambda: workers._busy)
        await workers.close()
        with pytest.raises(RecipeFailed):
            await task
        with pytest.raises(RecipeFailed, match="is stopping"):
            await workers.run(program(), PATHS)

    use(body)


def test_the_worker_sees_no_secret(use, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")

    async def body(workers):
        await workers.run(program(), PATHS)
        (worker,) = workers._idle
        environment = await asyncio.to_thread(Path(f"/proc/{worker.pid}/environ").read_bytes)
        assert b"hush" not in environment

    use(body)


def test_a_warm_round_trip_is_quick(use):
    async def body(workers):
        took = []
        for _ in range(10):
            began = time.perf_counter()
            await workers.run(program(), PATHS)
            took.append(time.perf_counter() - began)
        # 7 ms on a quiet machine, and half a second for the first one, which starts a worker.
        assert min(took) < took[0] / 5

    use(body)
