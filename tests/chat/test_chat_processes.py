"""Real processes on one SQLite database: one is killed in mid-answer, another ends its run."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from leonidas_jupyter.assistant.live import INTERRUPTED
from leonidas_jupyter.core.errors import LeonidasError
from leonidas_jupyter.tables.leases import Leases
from leonidas_jupyter.tables.sql import open_sql
from tests.chat.killable import LEASE_SECONDS
from tests.chat.world import ALL_SPECS, ANN, World, text_of, until

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def answering(url, session):
    """A process that answers; yields it and its run's id, half of the answer being stored."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.chat.killable", url, session],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        run_id = process.stdout.readline().strip()
        assert run_id, "the process ended too early"
        yield process, run_id
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@asynccontextmanager
async def server(url):
    database = await asyncio.to_thread(open_sql, url, ALL_SPECS)
    w = World(database, leases=Leases(seconds=LEASE_SECONDS))
    try:
        yield w
    finally:
        await w.tasks.close()
        await database.close()


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/leonidas.db"


def test_a_server_killed_in_mid_answer_loses_nothing_that_was_stored(url):
    async def main():
        async with server(url) as w:
            session = await w.session()
            with answering(url, session) as (process, run_id):
                run = await w.repository.runs.get(run_id)
                with pytest.raises(LeonidasError) as refused:
                    await w.say(session)
                assert refused.value.detail == {"run_id": run_id}
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
                stored = await w.repository.events(run_id, 0)

            async def recovered():
                await w.chat.recover()
                return (await w.repository.runs.get(run_id)).unfinished is None

            await until(recovered)
            answer = await w.chat.ended(run)
            assert (answer.status, answer.error) == ("failed", INTERRUPTED)
            assert answer.message.content == text_of(stored)
            assert answer.message.content.startswith("Let me look. \n\n" + "x" * 2000)
            (found,) = answer.message.tool_calls
            assert (found.state, found.outputs[0]["application/json"]["rows"]) == ("done", [[6]])
            assert [m.role for m in await w.said(session)] == ["USER", "ASSISTANT"]
            events = await w.events(run)
            assert [event.number for event in events] == list(range(1, len(events) + 1))
            names = [event.name for event in events]
            assert (names.count("tool_result"), names.count("run_finished")) == (1, 1)
            assert (await w.ask(session, "continue")).status == "completed"

    asyncio.run(main())


def test_a_run_of_another_process_is_followed_and_cancelled(url):
    async def main():
        async with server(url) as w:
            session = await w.session()
            with answering(url, session) as (process, run_id):
                run = await w.repository.runs.get(run_id)
                following = await w.chat.follow(ANN, session, run_id, 0)
                heard = [await anext(following) for _ in range(7)]
                await w.chat.cancel(ANN, session, run_id)
                async with asyncio.timeout(60):
                    heard += [event async for event in following]
                answer = await w.chat.ended(run)
                assert answer.status == "cancelled"
                assert text_of(heard) == answer.message.content
                assert process.wait(60) == 0

    asyncio.run(main())


def test_of_two_servers_that_ask_in_one_session_one_wins(url):
    async def main():
        async with server(url) as one, server(url) as other:
            session = await one.session()
            outcomes = []
            for _ in range(5):
                asked = await asyncio.gather(
                    one.say(session), other.say(session), return_exceptions=True
                )
                won = [each for each in asked if not isinstance(each, BaseException)]
                refused = [each for each in asked if isinstance(each, LeonidasError)]
                assert len(won) + len(refused) == 2
                assert {each.code for each in refused} <= {"run_in_progress"}
                for run in won:
                    assert (await one.chat.ended(run)).status == "completed"
                outcomes.append(len(won))
            count = (await one.sessions.read(ANN, session)).message_count
            assert count == 2 * sum(outcomes) == len(await one.said(session))
            assert 1 in outcomes

    asyncio.run(main())
