"""Runs: followed, cancelled, edited, deleted, and ended by others when their process dies."""

import asyncio

import pytest

from leonidas_jupyter.assistant.live import INTERRUPTED
from leonidas_jupyter.chat.repository import MESSAGES, RUN_EVENTS, RUNS
from leonidas_jupyter.chat.schemas import ChatRequest, Message
from leonidas_jupyter.core.errors import LeonidasError
from leonidas_jupyter.core.events import MessageAdded, RunStateChanged
from leonidas_jupyter.tables.base import Stale
from tests.chat.world import (
    ALL_SPECS,
    ANN,
    Gated,
    World,
    call,
    counted,
    endless,
    over,
    returned,
    text_of,
    until,
    world,
)
from tests.servers.chosen import fresh_database
from tests.servers.stored import items_of, put_back, snapshot


def test_a_client_that_goes_away_only_detaches():
    async def main():
        gated = Gated()
        async with world(gated) as w:
            session = await w.session()
            run = await w.say(session)
            following = await w.chat.follow(ANN, session, run.run_id, 0)
            assert (await anext(following)).name == "run_started"
            await gated.said.wait()
            assert (await anext(following)).data == {"text": "word0 "}
            await following.aclose()
            gated.next.set()
            again = await w.chat.follow(ANN, session, run.run_id, 1)
            heard = ""
            while "word1" not in heard:
                heard += (await anext(again)).data.get("text", "")
            assert heard.startswith("word0 ")
            await again.aclose()
            await w.chat.cancel(ANN, session, run.run_id)
            answer = await w.chat.ended(run)
            assert answer.message.content.startswith("word0 word1 ")

    asyncio.run(main())


def test_cancel_keeps_what_was_said():
    async def main():
        async with world(endless) as w:
            session = await w.session()
            run = await w.say(session)
            following = await w.chat.follow(ANN, session, run.run_id, 0)
            heard = ""
            while "word5" not in heard:
                heard += (await anext(following)).data.get("text", "")
            seen = await w.chat.cancel(ANN, session, run.run_id)
            assert (seen.run_id, seen.status) == (run.run_id, "running")
            answer = await w.chat.ended(run)
            assert answer.status == "cancelled"
            assert answer.message.run_status == "cancelled"
            rest = [event async for event in following]
            assert heard + text_of(rest) == answer.message.content
            assert rest[-1].name == "run_finished"
            assert rest[-1].data["status"] == "cancelled"
            assert (await w.chat.cancel(ANN, session, run.run_id)).status == "cancelled"
            assert (await w.say(session)).run_id != run.run_id

    asyncio.run(main())


def test_cancel_stops_a_tool_that_runs():
    async def querying(messages, info):
        yield call("query", '{"sql": "select * from sales"}')

    async def main():
        async with world(querying) as w:
            begun = asyncio.Event()

            async def never(*_, **__):
                begun.set()
                await asyncio.Event().wait()

            w.files.query = never
            session = await w.session()
            run = await w.say(session)
            await begun.wait()
            await until(lambda: w.repository.message(session, run.message_id))
            stored = await w.repository.message(session, run.message_id)
            assert stored.tool_calls[0].state == "running"  # written before it runs
            await w.chat.cancel(ANN, session, run.run_id)
            (stopped,) = (await w.chat.ended(run)).message.tool_calls
            assert (stopped.state, stopped.summary) == ("failed", "interrupted")

    asyncio.run(main())


def test_another_process_follows_and_cancels():
    async def main():
        database = fresh_database(ALL_SPECS)
        one, other = World(database, endless), World(database, endless)
        session = await one.session()
        run = await one.say(session)
        with pytest.raises(LeonidasError) as refused:
            await other.say(session)
        assert refused.value.detail == {"run_id": run.run_id}
        following = await other.chat.follow(ANN, session, run.run_id, 0)
        heard = [await anext(following), await anext(following)]
        assert heard[1].number == 2
        assert heard[1].data["text"].startswith("word0 ")
        await other.chat.cancel(ANN, session, run.run_id)
        answer = await other.chat.ended(run)
        assert answer.status == "cancelled"
        heard += [event async for event in following]
        assert text_of(heard) == answer.message.content
        assert heard[-1].data["status"] == "cancelled"
        await one.tasks.close()

    asyncio.run(main())


def test_a_stopped_server_ends_its_runs_as_interrupted():
    async def main():
        database = fresh_database(ALL_SPECS)
        w = World(database, endless)
        session = await w.session()
        run = await w.say(session)
        following = await w.chat.follow(ANN, session, run.run_id, 1)
        assert (await anext(following)).data["text"].startswith("word0 ")
        await w.tasks.close()
        later = World(database)
        answer = await later.chat.ended(run)
        assert (answer.status, answer.error) == ("failed", INTERRUPTED)
        assert answer.message.content.startswith("word0 ")
        assert (await later.ask(session)).status == "completed"

    asyncio.run(main())


async def killed(w):
    """End a world's work and put back what was stored before, as SIGKILL leaves it."""
    before = await snapshot(w.database, ALL_SPECS)
    await w.tasks.close()
    await put_back(w.database, before)


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_run_whose_process_died_is_ended_by_another(cancelled):
    async def dying(messages, info):
        if not returned(messages):
            yield "Let me look. "
            yield call("query", '{"sql": "select sum(amount) as total from sales"}')
        else:
            yield "x" * 2000
            yield "never stored"
            await asyncio.Event().wait()

    async def main():
        database = fresh_database(ALL_SPECS)
        w = World(database, dying)
        session = await w.session()
        run = await w.say(session)

        async def stored():
            return len(await w.repository.events(run.run_id, 0)) >= 5

        await until(stored)
        if cancelled:
            await w.repository.request_cancel(run.run_id)
        await killed(w)
        other = World(database)
        with pytest.raises(LeonidasError, match="still being made"):
            await other.say(session)
        await other.chat.recover()  # the lease still holds: nothing happens
        assert (await w.repository.runs.get(run.run_id)).status == "running"
        await over(w.repository.runs, run.run_id)
        await asyncio.gather(other.chat.recover(), World(database).chat.recover())
        answer = await other.chat.ended(run)
        expected = ("cancelled", None) if cancelled else ("failed", INTERRUPTED)
        assert (answer.status, answer.error) == expected
        assert answer.message.content == "Let me look. \n\n" + "x" * 2000
        (found,) = answer.message.tool_calls
        assert (found.state, found.outputs[0]["application/json"]["rows"]) == ("done", [[6]])
        events = await other.events(run)
        assert [event.number for event in events] == list(range(1, len(events) + 1))
        assert [event.name for event in events].count("run_finished") == 1
        assert (await other.ask(session, "continue")).status == "completed"

    asyncio.run(main())


def test_a_question_makes_way_by_itself_once_the_lease_of_a_dead_run_is_over():
    async def main():
        database = fresh_database(ALL_SPECS)
        w = World(database, endless)
        session = await w.session()
        run = await w.say(session)
        await killed(w)
        await over(w.repository.runs, run.run_id)
        other = World(database)
        following = await other.chat.follow(ANN, session, run.run_id, 1)
        assert (await other.ask(session)).status == "completed"
        assert [event.name async for event in following][-1] == "run_finished"
        first = (await other.said(session))[1]
        assert first.run_status == "failed"

    asyncio.run(main())


def test_a_run_that_was_taken_over_writes_nothing_more():
    async def main():
        gated = Gated()
        database = fresh_database(ALL_SPECS)
        w, other = World(database, gated), World(database)
        session = await w.session()
        run = await w.say(session)
        await gated.said.wait()
        live = w.chat._desk.runs._live[run.run_id]
        await over(w.repository.runs, run.run_id)
        await other.chat.recover()
        assert (await other.chat.ended(run)).status == "failed"
        gated.next.set()
        await live.ended.wait()
        events = await other.events(run)
        assert [event.name for event in events].count("run_finished") == 1
        assert (await other.chat.ended(run)).status == "failed"

    asyncio.run(main())


def test_history_pages_both_ways():
    async def main():
        async with world() as w:
            session = await w.session()
            for n in range(5):
                await w.ask(session, f"q{n}")
            everything = [m.message_id for m in await w.said(session)]
            forward, cursor = [], None
            while True:
                page = await w.chat.history(ANN, session, after=cursor, before=None, limit=3)
                forward += [m.message_id for m in page.items]
                if (cursor := page.next) is None:
                    break
            backward, cursor = [], "latest"
            while True:
                page = await w.chat.history(ANN, session, after=None, before=cursor, limit=3)
                backward = [m.message_id for m in page.items] + backward
                if (cursor := page.next) is None:
                    break
            assert forward == backward == everything
            with pytest.raises(LeonidasError):
                await w.chat.history(ANN, session, after="a", before="b", limit=3)

    asyncio.run(main())


def test_what_happens_is_published():
    heard = []

    async def main():
        async with world() as w:
            for kind in (MessageAdded, RunStateChanged):
                w.bus.subscribe(kind, record)
            answer = await w.ask(await w.session())
            await until(lambda: len(heard) == 4)
            kinds = [getattr(e, "role", None) or e.status for e in heard]
            assert kinds == ["USER", "running", "ASSISTANT", "completed"]
            assert heard[2].message_id == answer.message.message_id

    async def record(event):
        heard.append(event)

    asyncio.run(main())


def test_a_send_costs_the_same_in_a_session_of_a_thousand_messages():
    async def quick(messages, info):
        yield "ok"

    async def main():
        async with world(quick) as w:
            session = await w.session()
            reads = []
            history = w.repository.history

            async def counting(*args, **more):
                page = await history(*args, **more)
                reads.append(len(page.items))
                return page

            w.repository.history = counting
            await w.ask(session)
            message, *_ = await items_of(w.database, MESSAGES)
            many = [
                message.model_copy(update={"message_id": f"00000000-{n:04}"}) for n in range(1000)
            ]
            await w.database.table(MESSAGES).load(many)
            reads.clear()
            await w.ask(session)
            assert reads == [60]

    asyncio.run(main())


def test_a_stop_that_comes_while_an_event_is_stored_loses_nothing():
    async def chatty(messages, info):
        yield "x" * 2000
        yield call("list_frames", "{}")

    async def main():
        async with world(chatty) as w:
            session = await w.session()
            storing = asyncio.Event()
            transact = w.database.transact

            async def slow(operations):
                await transact(operations)
                if operations[0].spec is RUN_EVENTS:
                    storing.set()
                    await asyncio.sleep(0.05)

            w.database.transact = slow
            run = await w.say(session)
            await storing.wait()
            await w.chat.cancel(ANN, session, run.run_id)
            answer = await w.chat.ended(run)
            assert (answer.status, answer.message.content) == ("cancelled", "x" * 2000)
            numbers = [event.number for event in await w.events(run)]
            assert numbers == list(range(1, len(numbers) + 1))

    asyncio.run(main())


def test_a_run_that_was_stored_and_has_not_begun_yet_is_left_alone():
    async def main():
        async with world() as w:
            session = await w.session()
            stored, go = asyncio.Event(), asyncio.Event()
            record_of = w.repository.record_of

            async def slow(run, leases):
                stored.set()
                await go.wait()
                return await record_of(run, leases)

            w.repository.record_of = slow
            first = asyncio.create_task(w.say(session))
            await stored.wait()
            second = asyncio.create_task(w.say(session))
            with pytest.raises(LeonidasError) as refused:
                await asyncio.wait_for(second, 60)
            assert refused.value.code == "run_in_progress"
            go.set()
            assert (await w.chat.ended(await first)).status == "completed"

    asyncio.run(main())


def test_a_run_whose_answer_is_gone_sets_its_session_free():
    async def main():
        database = fresh_database(ALL_SPECS)
        w = World(database, endless)
        session = await w.session()
        run = await w.say(session)
        await killed(w)
        await w.repository.messages.delete((session, run.message_id))
        await over(w.repository.runs, run.run_id)
        other = World(database)
        await other.chat.recover()
        ended = await other.repository.runs.get(run.run_id)
        assert (ended.status, ended.unfinished) == ("failed", None)
        assert (await other.ask(session)).status == "completed"

    asyncio.run(main())


def test_a_question_is_stored_only_in_the_session_that_was_read():
    async def main():
        async with world() as w:
            session_id = await w.session()
            session, holds = await w.chat._standing(ANN, session_id)
            run = await w.chat._new_run(holds, ChatRequest(content="q"), None)
            question = Message.asked(run, "q")
            await w.sessions._repository.change(session_id, {"title": "t"}, if_version=None)
            with pytest.raises(Stale):
                await w.repository.begin(session, run, question, run.exposure, edited=False)
            assert await counted(w, MESSAGES, RUNS, RUN_EVENTS) == [0, 0, 0]

    asyncio.run(main())
