"""Who tries to let code run that nobody agreed to, or that somebody has stopped."""

import asyncio

import pytest

from leonidas_jupyter.chat.schemas import ChatRequest
from leonidas_jupyter.tables.memory import MemoryDatabase
from tests.chat.asking import ANNS_KERNEL, CODE, coding, once, python, refused
from tests.chat.kernels import Kernels
from tests.chat.world import ALL_SPECS, ANN, World, returned, until


def in_a_world(work, stream=None, **more):
    """Run ``work(world)`` on memory, with executors that note what they are given."""

    async def main():
        kernels = Kernels()
        world = World(MemoryDatabase(ALL_SPECS), stream or coding(CODE), executors=kernels, **more)
        world.kernels = kernels
        try:
            await work(world)
        finally:
            await world.tasks.close()

    asyncio.run(main())


def test_nothing_runs_once_somebody_asked_to_stop():
    async def work(w):
        session = await w.session()
        waiting = await w.ask(session)
        # The process that was asked has not given it up yet, and may never do so.
        await w.repository.request_cancel(waiting.run_id)
        rules = w.chat._desk.rules(
            await w.repository.runs.get(waiting.run_id), ANN, await bench_of(w, session, waiting)
        )
        given = ChatRequest(approvals=once("t1")).answers
        error = await refused(w.chat._desk.pending.answer(waiting.run_id, given, rules, nothing))
        assert (error.code, "stopped" in error.message) == ("conflict", True)
        assert (await refused(w.answer(session, approvals=once("t1")))).code == "conflict"
        run = await w.repository.runs.get(waiting.run_id)
        assert (run.status, run.unfinished) == ("cancelled", None)
        assert w.kernels.own.ran == []
        assert (await w.ask(session)).status == "pending"

    in_a_world(work)


async def nothing():
    return ()


async def bench_of(w, session, waiting):
    run = await w.repository.runs.get(waiting.run_id)
    _, holds = await w.chat._standing(ANN, session)
    return (await w.chat._asked_again(run, holds)).bench


def test_what_pauses_in_the_moment_in_which_it_is_stopped_ends():
    async def work(w):
        session = await w.session()
        finish = w.leases.check

        async def check(runs, run):
            # It is stopped just before its pause is stored.
            await w.repository.request_cancel(run.run_id)
            return await finish(runs, run)

        w.leases.check = check
        waiting = await w.say(session)

        async def ended():
            run = await w.repository.runs.get(waiting.run_id)
            return (run.status, run.unfinished) == ("cancelled", None)

        await until(ended)
        (call,) = (await w.said(session))[-1].tool_calls
        assert call.state == "refused"

    in_a_world(work)


def test_a_result_of_one_window_does_not_free_the_kernel_of_another():
    async def work(w):
        one, two, third = [await w.session() for _ in range(3)]
        first, second = [await w.ask(each, executor="client") for each in (one, two)]
        await w.chat.claim(ANN, one, first.run_id, "t1", None)
        claimed = await w.chat.claim(ANN, two, second.run_id, "t1", None)
        await w.ask(third)
        report = {"tool_call_id": "t1", "ok": True, "text": "x", "claim": claimed.claim}
        await w.answer(two, tool_results=[report])
        error = await refused(w.answer(third, ANNS_KERNEL, approvals=once("t1")))
        assert (error.code, "cannot approve" in error.message) == ("forbidden_by_policy", True)

    in_a_world(work)


def test_what_is_allowed_in_one_notebook_is_not_in_another():
    async def work(w):
        session = await w.session()
        allow = {"t1": {"decision": "session"}}
        await w.ask(session, executor="kernel", kernel_id="k1")
        assert (await w.answer(session, approvals=allow)).status == "completed"
        again = await w.ask(session, executor="kernel", kernel_id="k1")
        assert again.status == "completed"
        for where in ({"executor": "kernel", "kernel_id": "k2"}, {}, {"executor": "client"}):
            assert (await w.ask(session, **where)).status == "pending"

    in_a_world(work)


@pytest.mark.parametrize("many", [2, 6])
def test_answers_from_many_processes_at_once_run_the_code_once(many):
    async def work(w):
        session = await w.session()
        await w.ask(session)
        others = [World(w.database, coding(CODE), executors=w.kernels) for _ in range(many)]
        answers = [each.answer(session, approvals=once("t1")) for each in others]
        done = await asyncio.gather(*answers, return_exceptions=True)
        assert sum(not isinstance(each, Exception) for each in done) == 1, done
        assert w.kernels.own.ran == [CODE]
        for each in others:
            await each.tasks.close()

    in_a_world(work)


def test_an_answer_keeps_no_more_than_fits_however_much_code_shows():
    """An answer is one stored item, of 400 KB at most in DynamoDB."""

    async def greedy(messages, info):
        steps = sum(part.part_kind == "tool-return" for m in messages for part in m.parts)
        if steps < 6:
            yield python(f"show({steps})")
        else:
            yield f"done with {len(returned(messages))}"

    async def work(w):
        w.kernels.own.text = "é" * 100_000
        session = await w.session()
        await w.ask(session)
        done = await w.answer(session, approvals={"t1": {"decision": "session"}})
        assert done.status == "completed"
        assert len(done.message.tool_calls) == 6
        assert len(done.model_dump_json().encode()) < 400_000
        assert done.message.tool_calls[-1].outputs[0]["text/plain"].startswith("é")

    in_a_world(work, greedy)
