"""Answers to waiting calls from several tabs and processes at once."""

import asyncio

from leonidas_jupyter.chat.schemas import ChatRequest
from leonidas_jupyter.core.errors import LeonidasError
from leonidas_jupyter.core.events import RunStateChanged
from tests.chat.asking import CODE, bench, coding, once, python, refused
from tests.chat.kernels import Kernels
from tests.chat.world import ANN, World, returned, text_of, until


def test_another_process_goes_on_after_a_restart(engine):
    async def main():
        database = await engine()
        one = World(database, coding(CODE), executors=Kernels())
        session = await one.session()
        waiting = await one.ask(session)
        await one.tasks.close()
        kernels = Kernels()
        other = World(database, coding(CODE), executors=kernels)
        done = await other.answer(session, approvals=once("t1"))
        assert (done.run_id, done.status) == (waiting.run_id, "completed")
        assert kernels.own.ran == [CODE]
        await other.tasks.close()
        await database.close()

    asyncio.run(main())


def test_of_two_tabs_that_approve_one_wins_and_the_code_runs_once(engine):
    async def main():
        database = await engine()
        kernels = Kernels()
        one = World(database, coding(CODE), executors=kernels)
        other = World(database, coding(CODE), executors=kernels)
        session = await one.session()
        for attempt in range(4):
            await one.ask(session)
            results = await asyncio.gather(
                one.answer(session, approvals=once("t1")),
                other.answer(session, approvals={"t1": {"decision": "refuse"}})
                if attempt % 2
                else other.answer(session, approvals=once("t1")),
                return_exceptions=True,
            )
            lost = [each for each in results if isinstance(each, LeonidasError)]
            assert len(lost) == 1
            assert lost[0].code == "conflict"
            (call,) = (await one.said(session))[-1].tool_calls
            assert call.state in ("done", "refused")
        done = [m.tool_calls[0].state for m in await one.said(session) if m.role == "ASSISTANT"]
        assert len(kernels.own.ran) == done.count("done")
        await one.tasks.close()
        await other.tasks.close()
        await database.close()

    asyncio.run(main())


def test_an_answer_and_a_new_question_at_once_leave_one_run_going(engine):
    async def main():
        database = await engine()
        kernels = Kernels()
        one = World(database, coding(CODE), executors=kernels)
        other = World(database, coding(CODE), executors=kernels)
        session = await one.session()
        for _ in range(4):
            (call,) = (await one.ask(session)).pending
            before = len(kernels.own.ran)
            results = await asyncio.gather(
                one.answer(session, approvals=once(call.id)),
                other.ask(session, "another"),
                return_exceptions=True,
            )
            codes = [each.code for each in results if isinstance(each, LeonidasError)]
            assert set(codes) <= {"conflict", "run_in_progress"}
            assert len(codes) <= 1
            waiting = [run for run in await one.repository.newest(session, 10) if run.unfinished]
            assert len(waiting) <= 1
            assert len(kernels.own.ran) <= before + 1
        await one.tasks.close()
        await other.tasks.close()
        await database.close()

    asyncio.run(main())


def test_who_answers_the_moment_it_pauses_finds_a_run_that_can_be_stopped(engine):
    runs = []

    async def thinking(messages, info):
        if not returned(messages):
            yield python(CODE)
        else:
            while True:
                yield "word "
                await asyncio.sleep(0.01)

    async def main():
        async with bench(engine, thinking) as w:
            session = await w.session()

            async def at_once(event):
                if event.status == "pending" and not runs:
                    given = ChatRequest(approvals=once("t1"))
                    runs.append(await w.chat.answer(ANN, session, given))

            w.bus.subscribe(RunStateChanged, at_once)
            await w.say(session)
            await until(lambda: runs)
            live = w.chat._desk.runs._live[runs[0].run_id]
            follow = await w.chat.follow(ANN, session, runs[0].run_id, 0)
            heard = []
            while "word" not in text_of(heard):
                heard.append(await anext(follow))
            # Who reads from the beginning is not told of a pause that is over.
            names = [event.name for event in heard]
            assert (names[0], names.count("run_finished")) == ("run_started", 0)
            await follow.aclose()
            await until(lambda: "word word " in live.record.text)
            assert w.chat._desk.runs._live[runs[0].run_id] is live
            await w.chat.cancel(ANN, session, runs[0].run_id)
            assert (await w.chat.ended(runs[0])).status == "cancelled"
            assert w.chat._desk.runs._live == {}

    asyncio.run(main())


def test_a_refusal_that_comes_while_another_tab_approves_holds(engine):
    async def main():
        async with bench(engine, coding("a = 1", "b = 2")) as w:
            session = await w.session()
            await w.ask(session)
            pending = w.chat._desk.pending
            check = pending._check_edits

            async def late(*args):
                # The other tab has read the calls, and has not stored its answers yet.
                pending._check_edits = check
                await w.answer(session, approvals={"t1": {"decision": "refuse"}})
                return await check(*args)

            pending._check_edits = late
            error = await refused(w.answer(session, approvals=once("t1", "t2")))
            assert error.code == "conflict"
            assert w.kernels.own.ran == []
            calls = (await w.said(session))[-1].tool_calls
            assert [call.state for call in calls] == ["refused", "pending"]

    asyncio.run(main())
