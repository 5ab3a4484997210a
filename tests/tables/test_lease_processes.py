"""A killed process's work is taken up when its lease is over, and by one process only."""

import asyncio
import json
import signal
import time

import pytest

from leonidas_jupyter.tables.leases import Leases
from tests.contracts.engines import shared_database
from tests.contracts.things import JOBS, Job

HOLD = """
import asyncio, sys
from leonidas_jupyter.tables.leases import Leases
from tests.contracts.engines import shared_database
from tests.contracts.things import JOBS

async def main():
    leases = Leases(sys.argv[2], seconds=1.5)
    jobs = shared_database(sys.argv[1]).table(JOBS)
    job = await leases.claim(jobs, await jobs.get("j"))
    async with leases.hold(jobs, job):
        print("holds", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""

TAKE_OVER = """
import asyncio, json, sys
from leonidas_jupyter.tables.leases import LeaseLost, Leases
from tests.contracts.engines import shared_database
from tests.contracts.things import JOBS

async def main():
    leases = Leases(sys.argv[2], seconds=30)
    jobs = shared_database(sys.argv[1]).table(JOBS)
    done = []
    while not (await jobs.query("unfinished", "end")).items:
        for job in await leases.expired(jobs, "ingest"):
            claimed = await leases.claim(jobs, job)
            if claimed is not None:
                async with leases.hold(jobs, claimed):
                    await leases.finish(jobs, claimed, {"progress": claimed.progress + 1})
                done.append(job.job_id)
    print(json.dumps(done))

print("ready", flush=True)
asyncio.run(main())
"""


@pytest.fixture
def on_jobs(shared):
    def run(body):
        async def main():
            database = shared_database(shared)
            try:
                return await body(database.table(JOBS))
            finally:
                await database.close()

        return asyncio.run(main())

    return run


def test_a_killed_process_s_lease_is_free_when_it_is_over(shared, python, on_jobs):
    on_jobs(lambda jobs: jobs.put(Job(job_id="j", unfinished="ingest")))
    process = python(HOLD, shared, "killed")
    assert process.stdout.readline() == "holds\n"

    async def taken_over(jobs):
        process.send_signal(signal.SIGKILL)
        process.wait()
        left = await jobs.get("j")
        leases = Leases("heir")
        deadline = time.monotonic() + 60
        while (claimed := await leases.claim(jobs, left)) is None:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
        assert claimed.updated_at >= left.lease_until
        return claimed

    claimed = on_jobs(taken_over)
    assert (claimed.worker_id, claimed.unfinished) == ("heir", "ingest")


def test_two_processes_do_nothing_twice(shared, python, on_jobs):
    names = [f"{number:02}" for number in range(30)]

    async def fill(jobs):
        dead = Leases("dead", seconds=-1)
        for name in names:
            await jobs.put(Job(job_id=name, **dead.fields("ingest")))

    async def end(jobs):
        deadline = time.monotonic() + 60
        while (await jobs.query("unfinished", "ingest")).items:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
        await jobs.put(Job(job_id="end", **Leases("end").fields("end")))
        return [(await jobs.get(name)).progress for name in names]

    on_jobs(fill)
    processes = [python(TAKE_OVER, shared, name) for name in ("one", "two")]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    assert on_jobs(end) == [1] * len(names)
    outs = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outs
    shares = [json.loads(out) for out, _ in outs]
    assert sorted(shares[0] + shares[1]) == names
