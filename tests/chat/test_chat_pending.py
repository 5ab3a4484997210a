"""Calls that wait for somebody: what is stored, who may answer, and what follows from it."""

import asyncio
import json
from datetime import timedelta

from pydantic_ai.models.function import DeltaToolCall

from leonidas_jupyter.assistant.policy import Policy
from leonidas_jupyter.chat.schemas import ChatRequest
from leonidas_jupyter.core.errors import LeonidasError
from leonidas_jupyter.core.events import RunStateChanged
from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.core.ids import now
from leonidas_jupyter.core.security import Role
from leonidas_jupyter.projects.schemas import ProjectUpdate
from tests.chat.asking import ANNS_KERNEL, CODE, bench, coding, member, once, python, refused
from tests.chat.kernels import Kernels
from tests.chat.world import ANN, BOB, World, returned, text_of, until


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


def test_allowing_for_the_session_holds_for_its_person_until_refresh(engine):
    async def main():
        async with bench(engine, coding(CODE)) as w:
            session = await w.session()
            await member(w, session, BOB, Role.EDITOR)
            await w.ask(session)
            done = await w.answer(session, approvals={"t1": {"decision": "session"}})
            assert done.status == "completed"
            again = await w.ask(session)
            assert again.status == "completed"
            (call,) = again.message.tool_calls
            assert (call.needs, call.state) == ("none", "done")
            # It is Ann's permission, in the session's own kernel, and nobody else's.
            bobs = await w.chat.ended(await w.say(session, caller=BOB))
            assert bobs.status == "pending"
            notebook = await w.ask(session, executor="kernel", kernel_id="k")
            assert notebook.status == "pending"
            await w.sessions.refresh(ANN, session)
            assert (await w.ask(session)).status == "pending"
            assert w.kernels.own.ran == [CODE, CODE]

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


def test_only_who_asked_lets_code_run_and_others_may_refuse(engine):
    async def main():
        async with bench(engine, coding(CODE)) as w:
            session = await w.session()
            await member(w, session, BOB, Role.EDITOR)
            await w.ask(session)
            for decision in ("once", "session"):
                error = await refused(
                    w.answer(session, BOB, approvals={"t1": {"decision": decision}})
                )
                assert (error.code, "Only who asked" in error.message) == (
                    "forbidden_by_policy",
                    True,
                )
            edit = {"t1": {"decision": "once", "code": "evil = 1"}}
            assert (await refused(w.answer(session, BOB, approvals=edit))).code == (
                "forbidden_by_policy"
            )
            assert (await w.said(session))[-1].tool_calls[0].code == CODE
            done = await w.answer(session, BOB, approvals={"t1": {"decision": "refuse"}})
            assert done.message.tool_calls[0].state == "refused"
            assert w.kernels.own.ran == []

    asyncio.run(main())


def test_who_may_no_longer_chat_may_not_answer(engine):
    async def main():
        async with bench(engine, coding(CODE)) as w:
            session = await w.session()
            await w.ask(session)
            assert (await refused(w.answer(session, BOB, approvals=once("t1")))).code == "not_found"
            await member(w, session, BOB, Role.VIEWER)
            error = await refused(w.answer(session, BOB, approvals={"t1": {"decision": "refuse"}}))
            assert error.code == "forbidden_by_policy"

    asyncio.run(main())


def test_python_that_was_turned_off_meanwhile_is_refused_with_a_sentence(engine):
    async def main():
        async with bench(engine, coding(CODE)) as w:
            session = await w.session()
            await w.ask(session)
            project = (await w.sessions.read(ANN, session)).project_id
            await w.projects.change(ANN, project, ProjectUpdate(python="off"))
            done = await w.answer(session, approvals={"t1": {"decision": "session"}})
            assert done.status == "completed"
            (call,) = done.message.tool_calls
            assert (call.state, "turned off" in call.summary) == ("refused", True)
            assert "turned off" in done.message.content
            assert w.kernels.own.ran == []
            await w.projects.change(ANN, project, ProjectUpdate(python="ask"))
            assert (await w.ask(session)).status == "pending"  # nothing was allowed

    asyncio.run(main())


def test_a_level_that_became_stricter_holds_for_an_answer_that_goes_on(engine):
    heard = []

    async def peeking(messages, info):
        heard.append(messages)
        if not returned(messages):
            yield "I saw canary-1. "
            yield {
                0: DeltaToolCall(
                    name="query",
                    json_args='{"sql": "select region from sales where region = \'north\'"}',
                    tool_call_id="q",
                ),
                **{1: python("print('canary-2')")[0]},
            }
        else:
            yield "done"

    policy = Policy(
        model="remote",
        allowed_models=("remote",),
        exposure_max=DataExposure.ROWS,
        reading_seconds=0,
    )

    async def main():
        async with bench(engine, peeking, policy=policy) as w:
            w.kernels.own.text = "canary-3"
            session = await w.session()
            project = (await w.sessions.read(ANN, session)).project_id
            waiting = await w.ask(session, data_exposure="rows")
            assert waiting.status == "pending"
            await w.projects.change(ANN, project, ProjectUpdate(data_exposure="schema"))
            done = await w.answer(session, approvals=once("t2"))
            assert done.status == "completed"
            seen = json.dumps([str(message) for message in heard[-1]])
            assert "what is the total?" in seen
            for canary in ("canary", "north"):
                assert canary not in seen
            assert len(heard) == 2
            # The user has everything.
            shown = done.message.model_dump_json()
            assert "canary-3" in shown
            assert "north" in shown

    asyncio.run(main())


def test_a_model_that_is_not_allowed_any_more_is_not_asked(engine):
    async def main():
        async with bench(engine, coding(CODE)) as w:
            session = await w.session()
            await w.ask(session)
            w.chat.settings = type(w.chat.settings)(
                Policy(model="remote", allowed_models=("remote",), reading_seconds=0),
                w.chat.settings.models,
            )
            error = await refused(w.answer(session, approvals=once("t1")))
            assert error.code == "forbidden_by_policy"
            assert w.kernels.own.ran == []

    asyncio.run(main())


def test_a_kernels_token_approves_one_call_but_not_while_code_runs_where_it_is(engine):
    async def main():
        async with bench(engine, coding(CODE)) as w:
            session, other = await w.session(), await w.session()
            await w.ask(session, executor="kernel", kernel_id="k")
            error = await refused(
                w.answer(session, ANNS_KERNEL, approvals={"t1": {"decision": "session"}})
            )
            assert (error.code, "sidebar" in error.message) == ("forbidden_by_policy", True)
            w.kernels.notebook.hold = asyncio.Event()
            run = await w.chat.answer(ANNS_KERNEL, session, ChatRequest(approvals=once("t1")))
            await w.kernels.notebook.begun.wait()
            # The code that runs now could do this: approve what waits in another session.
            await w.ask(other)
            error = await refused(w.answer(other, ANNS_KERNEL, approvals=once("t1")))
            assert (error.code, "cannot approve" in error.message) == ("forbidden_by_policy", True)
            assert w.kernels.own.ran == []
            refusal = {"t1": {"decision": "refuse"}}
            assert (await w.answer(other, ANNS_KERNEL, approvals=refusal)).status == "completed"
            w.kernels.notebook.hold.set()
            done = await w.chat.ended(run)
            assert done.status == "completed"
            stored = (await w.repository.message(session, run.message_id)).tool_calls[0]
            assert (stored.answered_by, stored.answered_via) == ("u-ann", "kernel")
            await w.ask(other)
            assert (await w.answer(other, ANNS_KERNEL, approvals=once("t1"))).status == "completed"

    asyncio.run(main())


def test_a_kernels_token_allows_the_session_only_where_no_token_is(engine):
    async def main():
        async with bench(engine, coding(CODE)) as w:
            session = await w.session()
            await w.ask(session)
            allow = {"t1": {"decision": "session"}}
            assert (await w.answer(session, ANNS_KERNEL, approvals=allow)).status == "completed"
            assert (await w.ask(session)).status == "completed"
            asked = await w.ask(session, executor="kernel", kernel_id="k")
            assert asked.status == "pending"

    asyncio.run(main())


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


def test_what_somebody_allowed_is_not_used_by_who_lets_their_answer_go_on(engine):
    async def twice(messages, info):
        step = sum(part.part_kind == "tool-return" for m in messages for part in m.parts)
        yield "done" if step == 2 else python(f"step = {step}")

    async def main():
        async with bench(engine, twice) as w:
            session = await w.session()
            await member(w, session, BOB, Role.EDITOR)
            await w.ask(session)
            refusal = {"t1": {"decision": "refuse"}}
            session_row = await w.sessions._repository.get(session)
            assert session_row.python_allowed is None
            allowed = {"python_allowed": ["u-ann/session"]}
            await w.sessions._repository.change(session, allowed, if_version=None)
            after = await w.answer(session, BOB, approvals=refusal)
            assert after.status == "pending"
            assert w.kernels.own.ran == []

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
