"""Calls that wait for somebody: what is stored, who may answer, and what follows from it."""

import asyncio
from datetime import timedelta

from leonidas_jupyter.chat.schemas import ChatRequest
from leonidas_jupyter.core.events import RunStateChanged
from leonidas_jupyter.core.ids import now
from tests.chat.asking import CODE, bench, coding, once, refused
from tests.chat.world import ANN, text_of, until


def test_code_waits_with_everything_stored_and_nothing_run(engine):
    heard = []

    async def main():
        async with bench(engine, coding(CODE)) as w:
            w.bus.subscribe(RunStateChanged, lambda event: note(event.status))
            w.kernels.own.names = {"total"}
            session = await w.session()
            answer = await w.ask(session)
            assert (answer.status, answer.message.run_status) == ("pending", "pending")
            assert answer.message.content == "Let me compute. "
            (call,) = answer.pending
            assert (call.id, call.tool, call.state, call.needs) == (
                "t1",
                "python",
                "pending",
                "approval",
            )
            assert (call.code, call.overwrites, call.decision) == (CODE, ["total"], None)
            assert answer.message.tool_calls == [call]
            assert w.kernels.own.ran == []
            run = await w.repository.runs.get(answer.run_id)
            assert (run.status, run.unfinished, run.active_session) == ("pending", "approval", None)
            assert run.worker_id is None
            assert timedelta(hours=23) < run.lease_until - now() <= timedelta(days=1)
            events = await w.events(run)
            called = next(event.data for event in events if event.name == "tool_call")
            assert (called["needs"], called["code"]) == ("approval", CODE)
            assert called["overwrites"] == ["total"]
            assert events[-1].data["status"] == "pending"
            assert events[-1].data["pending"] == ["t1"]
            assert (await w.said(session))[-1] == answer.message
            assert heard == ["running", "pending"]

    async def note(status):
        heard.append(status)

    asyncio.run(main())


def test_an_approved_call_runs_once_and_the_same_answer_goes_on(engine):
    heard = []

    async def main():
        async with bench(engine, coding(CODE, heard=heard)) as w:
            w.kernels.own.names = {"total"}
            session = await w.session()
            waiting = await w.ask(session)
            before = await w.repository.runs.get(waiting.run_id)
            done = await w.answer(session, approvals=once("t1"))
            assert (done.run_id, done.status) == (waiting.run_id, "completed")
            assert done.message.message_id == waiting.message.message_id
            assert w.kernels.own.ran == [CODE]
            assert w.kernels.own.allowed == [("total",)]
            (call,) = done.message.tool_calls
            assert (call.state, call.ok, call.decision, call.edited) == (
                "done",
                True,
                "once",
                False,
            )
            assert "printed 41.5" in done.message.content
            assert done.message.content.startswith("Let me compute. \n\n")
            assert done.pending == []
            # The model got its own question, words and call, and the result; no new question.
            kinds = [part.part_kind for message in heard[-1] for part in message.parts]
            assert kinds == ["user-prompt", "text", "tool-call", "tool-return"]
            assert [m.role for m in await w.said(session)] == ["USER", "ASSISTANT"]
            events = await w.events(before)
            names = [event.name for event in events]
            # Who reads from the beginning is not told of the pause, and has every text once.
            assert names.count("run_finished") == 1
            assert events[-1].data["status"] == "completed"
            assert text_of(events) == done.message.content
            needs = [event.data["needs"] for event in events if event.name == "tool_call"]
            assert needs == ["approval", "none"]
            later = await w.events(before, before.paused_at)
            assert next(event.number for event in later) == before.paused_at + 1
            run = await w.repository.runs.get(waiting.run_id)
            assert (run.unfinished, run.active_session) == (None, None)

    asyncio.run(main())


def test_a_refusal_is_told_to_the_model_and_nothing_runs(engine):
    async def main():
        async with bench(engine, coding(CODE)) as w:
            session = await w.session()
            await w.ask(session)
            decision = {"decision": "refuse", "reason": "use SQL"}
            done = await w.answer(session, approvals={"t1": decision})
            assert done.status == "completed"
            assert '"refused": "use SQL"' in done.message.content
            (call,) = done.message.tool_calls
            assert (call.state, call.ok, call.summary) == ("refused", False, "use SQL")
            assert w.kernels.own.ran == []

    asyncio.run(main())


def test_edited_code_is_what_runs_and_what_stands(engine):
    heard = []

    async def main():
        async with bench(engine, coding(CODE, heard=heard)) as w:
            session = await w.session()
            await w.ask(session)
            decision = {"decision": "once", "code": "total = 7"}
            done = await w.answer(session, approvals={"t1": decision})
            assert w.kernels.own.ran == ["total = 7"]
            (call,) = done.message.tool_calls
            assert (call.code, call.arguments["code"]) == ("total = 7", "total = 7")
            assert call.edited
            asked = next(p for m in heard[-1] for p in m.parts if p.part_kind == "tool-call")
            assert asked.args_as_dict() == {"code": "total = 7"}
            assert "edited this code" in done.message.content

    asyncio.run(main())


def test_an_edit_that_overwrites_more_is_asked_about_once_more(engine):
    async def main():
        async with bench(engine, coding("x = 1")) as w:
            w.kernels.own.names = {"total"}
            session = await w.session()
            await w.ask(session)
            edit = {"t1": {"decision": "once", "code": CODE}}
            error = await refused(w.answer(session, approvals=edit))
            assert (error.code, error.detail) == ("conflict", {"overwrites": ["total"]})
            assert "overwrites total" in error.message
            assert w.kernels.own.ran == []
            (call,) = (await w.said(session))[-1].tool_calls
            assert (call.state, call.code, call.overwrites) == ("pending", CODE, ["total"])
            done = await w.answer(session, approvals=once("t1"))
            assert done.status == "completed"
            assert w.kernels.own.ran == [CODE]
            assert w.kernels.own.allowed == [("total",)]

    asyncio.run(main())


def test_two_calls_are_answered_one_by_one_and_run_in_their_order(engine):
    async def main():
        async with bench(engine, coding("a = 1", "b = 2")) as w:
            session = await w.session()
            waiting = await w.ask(session)
            assert [call.id for call in waiting.pending] == ["t1", "t2"]
            half = await w.answer(session, approvals=once("t2"))
            assert half.status == "pending"
            assert [call.id for call in half.pending] == ["t1"]
            assert w.kernels.own.ran == []
            error = await refused(w.answer(session, approvals=once("t2")))
            assert (error.code, "answered before" in error.message) == ("conflict", True)
            done = await w.answer(session, approvals=once("t1"))
            assert done.status == "completed"
            assert w.kernels.own.ran == ["a = 1", "b = 2"]

    asyncio.run(main())


def test_of_several_answers_all_are_taken_or_none(engine):
    async def main():
        async with bench(engine, coding("a = 1", "b = 2")) as w:
            session = await w.session()
            await w.ask(session)
            error = await refused(w.answer(session, approvals=once("t1", "t9")))
            assert (error.code, "'t9'" in error.message) == ("invalid_request", True)
            calls = (await w.said(session))[-1].tool_calls
            assert [call.decision for call in calls] == [None, None]
            done = await w.answer(session, approvals=once("t1", "t2"))
            assert done.status == "completed"

    asyncio.run(main())


def test_what_does_not_wait_cannot_be_answered(engine):
    async def main():
        async with bench(engine, coding(CODE)) as w:
            session = await w.session()
            error = await refused(w.answer(session, approvals=once("t1")))
            assert (error.code, "Nothing waits" in error.message) == ("conflict", True)
            waiting = await w.ask(session)
            error = await refused(w.answer(session, approvals=once("t1"), run_id="another"))
            assert error.code == "conflict"
            done = await w.answer(session, approvals=once("t1"), run_id=waiting.run_id)
            assert done.status == "completed"
            error = await refused(w.answer(session, approvals=once("t1")))
            assert error.code == "conflict"
            assert w.kernels.own.ran == [CODE]

    asyncio.run(main())


def test_a_new_question_refuses_what_waits_and_goes_on(engine):
    async def main():
        async with bench(engine, coding(CODE)) as w:
            session = await w.session()
            first = await w.ask(session, "first")
            second = await w.ask(session, "second")
            assert second.status == "pending"
            assert second.run_id != first.run_id
            messages = await w.said(session)
            assert [m.content for m in messages if m.role == "USER"] == ["first", "second"]
            (call,) = messages[1].tool_calls
            assert (call.state, call.summary) == ("refused", "the user asked something else")
            assert messages[1].run_status == "cancelled"
            run = await w.repository.runs.get(first.run_id)
            assert (run.status, run.unfinished) == ("cancelled", None)
            events = await w.events(run)
            assert [event.number for event in events if event.name != "run_finished"]
            assert [e.name for e in events][-2:] == ["tool_result", "run_finished"]
            assert events[-1].data["status"] == "cancelled"
            error = await refused(w.answer(session, approvals=once("t1"), run_id=first.run_id))
            assert error.code == "conflict"
            assert w.kernels.own.ran == []

    asyncio.run(main())


def test_nobody_answers_in_time_and_it_expires(engine):
    async def main():
        async with bench(engine, coding(CODE)) as w:
            session = await w.session()
            waiting = await w.ask(session)
            await w.chat.recover()
            assert (await w.repository.runs.get(waiting.run_id)).status == "pending"
            past = {"lease_until": now() - timedelta(seconds=1)}
            await w.repository.runs.update(waiting.run_id, past)
            await asyncio.gather(w.chat.recover(), w.chat.recover())
            run = await w.repository.runs.get(waiting.run_id)
            assert (run.status, run.unfinished) == ("failed", None)
            assert "in time" in run.error
            (call,) = (await w.said(session))[-1].tool_calls
            assert (call.state, call.summary) == ("refused", "expired")
            assert [event.name for event in await w.events(run)].count("run_finished") == 1
            error = await refused(w.answer(session, approvals=once("t1")))
            assert error.code == "conflict"
            # Also without anybody who looks for it: whoever answers too late is told.
            waiting = await w.ask(session)
            await w.repository.runs.update(waiting.run_id, past)
            error = await refused(w.answer(session, approvals=once("t1")))
            assert (error.code, "expired" in error.message) == ("conflict", True)
            assert (await w.repository.runs.get(waiting.run_id)).status == "failed"
            assert w.kernels.own.ran == []

    asyncio.run(main())


def test_cancelling_what_waits_refuses_it(engine):
    async def main():
        async with bench(engine, coding(CODE)) as w:
            session = await w.session()
            waiting = await w.ask(session)
            stopped = await w.chat.cancel(ANN, session, waiting.run_id)
            assert stopped.status == "cancelled"
            (call,) = (await w.said(session))[-1].tool_calls
            assert (call.state, call.summary) == ("refused", "the user stopped the answer")
            assert (await refused(w.answer(session, approvals=once("t1")))).code == "conflict"
            # Also where it went when it was looked at, and waits by now.
            waiting = await w.ask(session)
            stale = await w.repository.runs.get(waiting.run_id)
            stopped = await w.chat._desk.cancel(stale.model_copy(update={"unfinished": "run"}))
            assert (stopped.status, stopped.unfinished) == ("cancelled", None)

    asyncio.run(main())


def test_refresh_and_deletion_take_what_waits_along(engine):
    async def main():
        async with bench(engine, coding(CODE)) as w:
            session = await w.session()
            await w.ask(session)
            await w.sessions.refresh(ANN, session)
            (call,) = (await w.said(session))[-1].tool_calls
            assert (call.state, call.summary) == ("refused", "the session was started afresh")
            waiting = await w.ask(session)
            await w.sessions.delete(ANN, session)

            async def gone():
                return await w.repository.runs.get(waiting.run_id) is None

            await until(gone)
            assert (await refused(w.answer(session, approvals=once("t1")))).code == "not_found"

    asyncio.run(main())


def test_an_edited_question_refuses_and_removes_what_waited(engine):
    async def main():
        async with bench(engine, coding(CODE)) as w:
            session = await w.session()
            first = await w.ask(session)
            question = (await w.said(session))[0].message_id
            run = await w.chat.edit(ANN, session, question, ChatRequest(content="better"))
            assert (await w.chat.ended(run)).status == "pending"
            assert [m.content for m in await w.said(session)] == ["better", "Let me compute. "]
            assert await w.repository.runs.get(first.run_id) is None
            assert (await w.answer(session, approvals=once("t1"))).status == "completed"

    asyncio.run(main())
