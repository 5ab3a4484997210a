"""Real processes: killed with SIGKILL at each state of a call that waits, and racing for one."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from leonidas_jupyter.assistant.live import INTERRUPTED
from leonidas_jupyter.tables.leases import Leases
from leonidas_jupyter.tables.sql import open_sql
from tests.chat.asking import CODE, once
from tests.chat.kernels import Kernels
from tests.chat.killablepause import LEASE_SECONDS, LoggingKernel, brief
from tests.chat.world import ALL_SPECS, World, returned, until

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def process(url, session, log, state):
    """A process that comes to a state."""
    started = subprocess.Popen(
        [sys.executable, "-m", "tests.chat.killablepause", url, session, str(log), state],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield started
    finally:
        started.kill()
        started.wait()
        started.stdout.close()
        started.stdin.close()


@asynccontextmanager
async def server(url, log, stream):
    """A server that takes over."""
    database = await asyncio.to_thread(open_sql, url, ALL_SPECS)
    kernels = Kernels(own=LoggingKernel(log=log))
    w = World(database, stream, leases=Leases(seconds=LEASE_SECONDS), executors=kernels)
    try:
        yield w
    finally:
        await w.tasks.close()
        await database.close()


def killed(url, session, log, state):
    """What a process leaves that is killed in a state."""
    with process(url, session, log, state) as started:
        assert started.stdout.readline().strip() == state, "the process ended too early"
        os.kill(started.pid, signal.SIGKILL)
        started.wait()


async def newest(w, session):
    return (await w.repository.newest(session, 1))[0]


async def taken_over(w, session):
    """The answer once another process has ended the run."""

    async def over():
        await w.chat.recover()
        return (await newest(w, session)).unfinished is None

    await until(over)
    return await w.chat.ended(await newest(w, session))


def ran(log):
    return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def place(tmp_path):
    return f"sqlite:///{tmp_path}/leonidas.db", tmp_path / "log"


def test_what_waits_survives_its_server(place):
    url, log = place

    async def closing(messages, info):
        yield f"It printed {returned(messages)[-1].content['text']}."

    async def main():
        async with server(url, log, closing) as w:
            session = await w.session()
            await asyncio.to_thread(killed, url, session, log, "pending")
            await w.chat.recover()
            question, answer = await w.said(session)
            assert (question.role, answer.run_status) == ("USER", "pending")
            assert [call.state for call in answer.tool_calls] == ["done", "pending"]
            done = await w.answer(session, approvals=once("t2"))
            assert done.status == "completed"
            assert done.message.content.endswith("It printed found 42.")
            assert ran(log) == [CODE]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("state", "left", "summary", "effects"),
    [
        ("approved", "failed", "interrupted before it began", 0),
        ("running", "failed", "interrupted", 1),
        ("streaming", "done", "ran, with printed text", 1),
    ],
)
def test_a_server_killed_behind_an_approval_runs_nothing_twice(
    place, state, left, summary, effects
):
    url, log = place
    heard = []

    async def going_on(messages, info):
        heard.append(messages)
        yield "I go on."

    async def main():
        async with server(url, log, going_on) as w:
            session = await w.session()
            await asyncio.to_thread(killed, url, session, log, state)
            answer = await taken_over(w, session)
            assert (answer.status, answer.error) == ("failed", INTERRUPTED)
            looked, ended = answer.message.tool_calls
            assert (looked.state, looked.outputs[0]["application/json"]["rows"]) == (
                "done",
                [[6]],
            )
            assert (ended.state, ended.summary) == (left, summary)
            assert answer.message.content.startswith("Let me look. \n\nNow some code. ")
            if state == "streaming":
                assert "y" * 2000 in answer.message.content
            assert heard == []
            await w.ask(session, "continue")
            given = [p for m in heard[0] for p in m.parts if p.part_kind == "tool-return"]
            assert given[0].content["rows"] == [[6]]
            told = given[1].content
            assert ("found 42" in str(told)) == (state == "streaming")
            assert "what is the total?" in str(heard[0][0])
            assert len(ran(log)) == effects
            numbers = [e.number for e in await w.repository.events(answer.run_id, 0)]
            assert numbers == list(range(1, len(numbers) + 1))

    asyncio.run(main())


def test_of_two_processes_that_approve_one_runs_the_code(place):
    url, log = place

    async def main():
        async with server(url, log, brief) as w:
            session = await w.session()
            waiting = await w.ask(session)
            assert waiting.status == "pending"
            outcomes = await asyncio.to_thread(raced, url, session, log)
            assert sorted(outcomes) == ["completed", "conflict"]
            assert ran(log) == [CODE]

    asyncio.run(main())


def raced(url, session, log):
    """What comes of two processes that approve at the same moment."""
    with process(url, session, log, "race") as one, process(url, session, log, "race") as other:
        for each in (one, other):
            assert each.stdout.readline().strip() == "ready", "the process ended too early"
        for each in (one, other):
            each.stdin.write("go\n")
            each.stdin.flush()
        return [each.stdout.readline().strip() for each in (one, other)]
