"""Leases: nobody works on what another works on, and nothing is left lying."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from leonidas_jupyter.core.ids import now
from leonidas_jupyter.tables.base import Unavailable
from leonidas_jupyter.tables.leases import LeaseLost, Leases
from tests.contracts.things import JOBS, Job

SHORT = 0.15
START = datetime(2030, 1, 1, tzinfo=UTC)


class Clock:
    def __init__(self):
        self.time = START

    def __call__(self):
        return self.time

    def forward(self, seconds):
        self.time += timedelta(seconds=seconds)


async def new_job(database, leases, name="j", what="ingest"):
    jobs = database.table(JOBS)
    await jobs.put(Job(job_id=name, **leases.fields(what)), if_absent=True)
    return jobs


async def work_until_lost(leases, jobs, job, meanwhile):
    async with leases.hold(jobs, job):
        await meanwhile()
        await asyncio.sleep(30)


def later():
    """The clock of somebody for whom every lease is over."""
    return now() + timedelta(hours=1)


def test_only_an_expired_lease_is_taken_over(run):
    clock = Clock()
    one, two = (Leases(name, clock=clock) for name in ("one", "two"))

    async def body(database):
        jobs = await new_job(database, one)
        assert await two.claim(jobs, await jobs.get("j")) is None
        assert await two.expired(jobs, "ingest") == []
        clock.forward(29.9)
        assert await two.claim(jobs, await jobs.get("j")) is None
        clock.forward(0.2)
        assert [job.job_id for job in await two.expired(jobs, "ingest")] == ["j"]
        assert await two.expired(jobs, "cascade") == []
        taken = await two.claim(jobs, await jobs.get("j"))
        assert (taken.worker_id, taken.lease_until) == ("two", clock() + timedelta(seconds=30))
        assert await one.claim(jobs, await jobs.get("j")) is None
        assert await one.expired(jobs, "ingest") == []

    run(body, clock=clock)


def test_of_many_who_take_over_one_wins(run):
    async def body(database):
        jobs = await new_job(database, Leases("gone", seconds=-1))
        [job] = await Leases().expired(jobs, "ingest")
        claims = await asyncio.gather(*(Leases().claim(jobs, job) for _ in range(10)))
        [winner] = [claim for claim in claims if claim is not None]
        assert await jobs.get("j") == winner

    run(body)


def test_a_worker_may_claim_its_own_lease_again(run):
    async def body(database):
        leases = Leases()
        jobs = await new_job(database, leases)
        assert await leases.claim(jobs, await jobs.get("j")) is not None

    run(body)


def test_finished_and_deleted_items_cannot_be_claimed(run):
    async def body(database):
        leases = Leases()
        jobs = await new_job(database, leases)
        job = await jobs.get("j")
        done = await leases.finish(jobs, job, {"progress": 100})
        assert (done.unfinished, done.worker_id, done.lease_until) == (None, None, None)
        assert done.progress == 100
        assert await leases.claim(jobs, done) is None
        assert await leases.claim(jobs, job) is None
        await jobs.delete("j")
        assert await leases.claim(jobs, job) is None
        assert await Leases(clock=later).expired(jobs, "ingest") == []

    run(body)


def test_the_longest_left_comes_first(run):
    async def body(database):
        for name, seconds in (("b", -20), ("a", -10), ("c", -30)):
            jobs = await new_job(database, Leases(seconds=seconds), name)
        found = await Leases().expired(jobs, "ingest")
        assert [job.job_id for job in found] == ["c", "b", "a"]
        assert len(await Leases().expired(jobs, "ingest", limit=2)) == 2

    run(body)


def test_a_held_lease_is_renewed_for_as_long_as_the_body_runs(run):
    clock = Clock()

    async def body(database):
        leases, other = (Leases(seconds=SHORT, clock=clock) for _ in range(2))
        jobs = await new_job(database, leases)
        job = await leases.claim(jobs, await jobs.get("j"))
        async with leases.hold(jobs, job):
            for step in range(4):
                clock.forward(SHORT * 0.9)
                deadline = time.monotonic() + 60
                while (await jobs.get("j")).lease_until < clock() + timedelta(seconds=SHORT):
                    assert time.monotonic() < deadline
                    await asyncio.sleep(0.01)
                assert await other.claim(jobs, await jobs.get("j")) is None
                await leases.update(jobs, job, {"progress": step})
            await leases.finish(jobs, job, {})
        assert (await jobs.get("j")).progress == 3

    run(body)


def test_a_lost_lease_cancels_the_body_and_fences_its_writes(run):
    async def body(database):
        leases, thief = Leases(seconds=SHORT), Leases("thief", clock=later)
        jobs = await new_job(database, leases)
        job = await leases.claim(jobs, await jobs.get("j"))

        async def theft():
            assert await thief.claim(jobs, await jobs.get("j")) is not None
            with pytest.raises(LeaseLost):
                await leases.update(jobs, job, {"progress": 1})

        with pytest.raises(LeaseLost):
            await work_until_lost(leases, jobs, job, theft)
        assert asyncio.current_task().cancelling() == 0
        with pytest.raises(LeaseLost):
            await leases.finish(jobs, job, {"progress": 100})
        await leases.release(jobs, job)
        stands = await jobs.get("j")
        assert (stands.worker_id, stands.progress, stands.unfinished) == ("thief", 0, "ingest")

    run(body)


def test_a_lease_lost_between_the_look_and_the_write_is_lost(run, monkeypatch):
    async def body(database):
        leases, thief = Leases("slow"), Leases("thief", clock=later)
        jobs = await new_job(database, leases)
        job = await jobs.get("j")
        look = jobs.get

        async def look_and_be_robbed(key):
            found = await look(key)
            await thief.claim(jobs, found)
            return found

        monkeypatch.setattr(jobs, "get", look_and_be_robbed)
        with pytest.raises(LeaseLost):
            await leases.finish(jobs, job, {"progress": 100})
        assert (await look("j")).worker_id == "thief"
        assert (await look("j")).progress == 0

    run(body)


def test_work_on_a_deleted_item_is_stopped(run):
    async def body(database):
        leases = Leases(seconds=SHORT)
        jobs = await new_job(database, leases)
        job = await leases.claim(jobs, await jobs.get("j"))
        with pytest.raises(LeaseLost):
            await work_until_lost(leases, jobs, job, lambda: jobs.delete("j"))

    run(body)


def test_an_engine_that_fails_ends_the_work_only_when_the_lease_is_over(run, monkeypatch):
    async def body(database):
        clock = Clock()
        leases = Leases(seconds=SHORT, clock=clock)
        jobs = await new_job(database, leases)
        job = await leases.claim(jobs, await jobs.get("j"))
        failures = []

        async def fail(*_args, **_options):
            failures.append(None)
            clock.forward(SHORT / 2)
            raise Unavailable("not now")

        async def outage():
            monkeypatch.setattr(jobs, "update", fail)

        with pytest.raises(LeaseLost):
            await work_until_lost(leases, jobs, job, outage)
        assert len(failures) == 2

    run(body)


def test_an_end_from_without_gives_the_lease_up(run):
    async def body(database):
        leases = Leases(seconds=30)
        jobs = await new_job(database, leases)
        job = await leases.claim(jobs, await jobs.get("j"))
        began = asyncio.Event()

        async def work():
            async with leases.hold(jobs, job):
                began.set()
                await asyncio.sleep(30)

        task = asyncio.create_task(work())
        await began.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        [left] = await Leases().expired(jobs, "ingest")
        assert left.unfinished == "ingest"

    run(body)


def test_an_error_of_the_body_leaves_the_lease_to_expire(run):
    async def body(database):
        leases = Leases(seconds=30)
        jobs = await new_job(database, leases)
        job = await leases.claim(jobs, await jobs.get("j"))
        with pytest.raises(ZeroDivisionError):
            async with leases.hold(jobs, job):
                raise ZeroDivisionError
        assert await jobs.get("j") == job
        assert await Leases().expired(jobs, "ingest") == []

    run(body)
