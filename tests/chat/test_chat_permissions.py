"""Who may let code run that waits, and what holds when that changes meanwhile."""

import asyncio
import json

from pydantic_ai.models.function import DeltaToolCall

from leonidas_jupyter.assistant.policy import Policy
from leonidas_jupyter.chat.schemas import ChatRequest
from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.core.security import Role
from leonidas_jupyter.projects.schemas import ProjectUpdate
from tests.chat.asking import ANNS_KERNEL, CODE, bench, coding, member, once, python, refused
from tests.chat.world import ANN, BOB, returned


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
