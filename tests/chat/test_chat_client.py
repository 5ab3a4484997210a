"""Calls that the client runs: claimed, reported, sanitised, and gated."""

import asyncio
import base64
import json
from datetime import timedelta

import pytest

from leonidas_jupyter.assistant.policy import Policy
from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.core.ids import now
from leonidas_jupyter.core.security import Role
from leonidas_jupyter.projects.schemas import ProjectUpdate
from tests.chat.asking import ANNS_KERNEL, CODE, bench, coding, member, once, python, refused
from tests.chat.world import ANN, BOB, call, returned
from tests.servers.chosen import fresh_database

PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 20).decode()
CLIENT = {"executor": "client"}
REMOTE = {
    "model": "remote",
    "allowed_models": ("remote",),
    "exposure_max": DataExposure.ROWS,
    "reading_seconds": 0,
}


def result(call_id="t1", *, ok=True, **more):
    return {"tool_results": [{"tool_call_id": call_id, "ok": ok, **more}]}


def test_a_client_claims_runs_and_reports_a_call(engine):
    async def main():
        async with bench(engine, coding(CODE)) as w:
            session = await w.session()
            waiting = await w.ask(session, **CLIENT)
            (asked,) = waiting.pending
            assert (asked.needs, asked.state, asked.code) == ("client", "pending", CODE)
            claim = await w.chat.claim(ANN, session, waiting.run_id, "t1", None)
            assert timedelta(seconds=50) < claim.lease_until - now() <= timedelta(seconds=60)
            outputs = [
                {"text/plain": "\x1b[31mred\x1b[0m", "image/svg+xml": "<svg onload='x()'/>"},
                {"image/png": PIXEL, "application/javascript": "alert(1)"},
                {"image/png": "not a picture"},
            ]
            report = result(text="6\n", outputs=outputs, claim=claim.claim)
            done = await w.answer(session, **report)
            assert done.status == "completed"
            (call_made,) = done.message.tool_calls
            assert (call_made.state, call_made.ok, call_made.client_reported) == (
                "done",
                True,
                True,
            )
            assert call_made.outputs == [{"text/plain": "red"}, {"image/png": PIXEL}]
            assert call_made.summary == "6"
            assert '"text": "6\\n"' in done.message.content  # the local model sees it
            assert w.kernels.own.ran == w.kernels.notebook.ran == []
            events = await w.events(await w.repository.runs.get(waiting.run_id))
            results = [event.data for event in events if event.name == "tool_result"]
            assert [each["id"] for each in results] == ["t1"]

    asyncio.run(main())


def test_only_one_window_runs_a_call(engine):
    async def main():
        async with bench(engine, coding(CODE)) as w:
            session = await w.session()
            run_id = (await w.ask(session, **CLIENT)).run_id
            mine = await w.chat.claim(ANN, session, run_id, "t1", None)
            error = await refused(w.chat.claim(ANN, session, run_id, "t1", None))
            assert (error.code, "Another window" in error.message) == ("conflict", True)
            again = await w.chat.claim(ANN, session, run_id, "t1", mine.claim)
            assert again.claim == mine.claim
            assert again.lease_until >= mine.lease_until
            assert (await refused(w.answer(session, **result(text="theirs")))).code == "conflict"
            run = await w.repository.runs.get(run_id)
            stored = await w.repository.message(session, run.message_id)
            over = stored.tool_calls[0].model_copy(
                update={"claimed_until": now() - timedelta(seconds=1)}
            )
            await w.repository.answers.keep_calls(stored, [over])
            theirs = await w.chat.claim(ANN, session, run_id, "t1", None)
            assert theirs.claim != mine.claim
            late = result(text="mine", claim=mine.claim)
            assert (await refused(w.answer(session, **late))).code == "conflict"
            done = await w.answer(session, **result(text="theirs", claim=theirs.claim))
            assert done.message.tool_calls[0].summary == "theirs"
            late = await refused(w.answer(session, **late))
            assert late.code == "conflict"

    asyncio.run(main())


def test_two_windows_that_claim_at_once_get_one_claim(engine):
    async def main():
        async with bench(engine, coding(CODE)) as w:
            session = await w.session()
            run_id = (await w.ask(session, **CLIENT)).run_id
            claims = await asyncio.gather(
                *(w.chat.claim(ANN, session, run_id, "t1", None) for _ in range(6)),
                return_exceptions=True,
            )
            assert sum(not isinstance(each, Exception) for each in claims) == 1

    asyncio.run(main())


def test_a_result_is_taken_without_a_claim_and_a_failure_is_told(engine):
    async def main():
        async with bench(engine, coding(CODE)) as w:
            session = await w.session()
            await w.ask(session, **CLIENT)
            report = result(ok=False, text="Traceback\nValueError: no")
            done = await w.answer(session, **report)
            (failed,) = done.message.tool_calls
            assert (failed.state, failed.summary) == ("failed", "ValueError: no")
            assert '"error": "ValueError: no"' in done.message.content

    asyncio.run(main())


def test_a_call_of_the_client_is_not_approved_and_one_of_ours_not_reported(engine):
    async def main():
        async with bench(engine, coding(CODE)) as w:
            session = await w.session()
            run_id = (await w.ask(session, **CLIENT)).run_id
            error = await refused(w.answer(session, approvals=once("t1")))
            assert (error.code, "runs in your client" in error.message) == ("invalid_request", True)
            refusal = {"t1": {"decision": "refuse"}}
            assert (await w.answer(session, approvals=refusal)).status == "completed"
            assert (await refused(w.chat.claim(ANN, session, run_id, "t1", None))).code == (
                "conflict"
            )
            waiting = await w.ask(session)
            error = await refused(w.answer(session, **result(text="x")))
            assert (error.code, "does not run in a client" in error.message) == (
                "invalid_request",
                True,
            )
            error = await refused(w.chat.claim(ANN, session, waiting.run_id, "t1", None))
            assert error.code == "invalid_request"

    asyncio.run(main())


def test_only_who_asked_claims_and_reports(engine):
    async def main():
        async with bench(engine, coding(CODE)) as w:
            session = await w.session()
            await member(w, session, BOB, Role.EDITOR)
            run_id = (await w.ask(session, **CLIENT)).run_id
            for tried in (
                w.chat.claim(BOB, session, run_id, "t1", None),
                w.answer(session, BOB, **result(text="6")),
            ):
                assert (await refused(tried)).code == "forbidden_by_policy"

    asyncio.run(main())


def test_python_turned_off_meanwhile_takes_no_result(engine):
    async def main():
        async with bench(engine, coding(CODE)) as w:
            session = await w.session()
            run_id = (await w.ask(session, **CLIENT)).run_id
            project = (await w.sessions.read(ANN, session)).project_id
            await w.projects.change(ANN, project, ProjectUpdate(python="off"))
            error = await refused(w.chat.claim(ANN, session, run_id, "t1", None))
            assert (error.code, "turned off" in error.message) == ("forbidden_by_policy", True)
            done = await w.answer(session, **result(text="6"))
            (call_made,) = done.message.tool_calls
            assert (call_made.state, call_made.outputs) == ("refused", None)

    asyncio.run(main())


@pytest.mark.parametrize("level", ["schema", "summary", "aggregates"])
def test_below_rows_a_model_gets_nothing_of_what_a_client_reports(level):
    heard = []

    async def memory():
        from tests.chat.world import ALL_SPECS

        return fresh_database(ALL_SPECS)

    async def main(ok):
        async with bench(memory, coding(CODE, heard=heard), policy=Policy(**REMOTE)) as w:
            session = await w.session()
            await w.ask(session, data_exposure=level, **CLIENT)
            outputs = [{"text/plain": "canary-9"}]
            done = await w.answer(session, **result(ok=ok, text="canary-8", outputs=outputs))
            assert done.status == "completed"
            assert "canary-9" in done.message.model_dump_json()
            assert "canary" not in str(heard)

    asyncio.run(main(ok=True))
    asyncio.run(main(ok=False))


def test_a_claimed_call_keeps_a_kernels_token_from_approving_another(engine):
    async def main():
        async with bench(engine, coding(CODE)) as w:
            notebook, other = await w.session(), await w.session()
            run_id = (await w.ask(notebook, **CLIENT)).run_id
            await w.ask(other)
            claim = await w.chat.claim(ANNS_KERNEL, notebook, run_id, "t1", None)
            error = await refused(w.answer(other, ANNS_KERNEL, approvals=once("t1")))
            assert error.code == "forbidden_by_policy"
            report = result(text="6", claim=claim.claim)
            assert (await w.answer(notebook, ANNS_KERNEL, **report)).status == "completed"
            done = await w.answer(other, ANNS_KERNEL, approvals=once("t1"))
            assert done.status == "completed"

    asyncio.run(main())


def test_what_the_notebook_has_is_told_to_the_model_also_after_a_pause(engine):
    told = []

    async def stream(messages, info):
        told.append(info.instructions)
        if not returned(messages):
            yield python(CODE)
        else:
            yield "ok"

    frames = [{"name": "df", "columns": [{"name": "price", "type": "float64"}]}]

    async def main():
        async with bench(engine, stream) as w:
            session = await w.session()
            await w.ask(session, frames=frames, **CLIENT)
            await w.answer(session, **result(text="6"))
            assert len(told) == 2
            for each in told:
                assert '{"name": "df", "columns": {"price": "float64"}}' in each

    asyncio.run(main())


def test_results_that_have_no_room_any_more_are_kept_as_text(engine):
    async def main():
        codes = [f"a{n} = 1" for n in range(4)]
        async with bench(engine, coding(*codes)) as w:
            session = await w.session()
            await w.ask(session, **CLIENT)
            html = {"text/html": "x" * 120_000, "text/plain": "y" * 3_000}
            for number in range(1, 5):
                done = await w.answer(session, **result(f"t{number}", text="6", outputs=[html]))
            calls = done.message.tool_calls
            size = len(json.dumps([each.outputs for each in calls]))
            assert size < 320 * 1024
            assert calls[0].outputs[0]["text/html"]
            assert calls[3].outputs == [{"text/plain": "y" * 2_000}]

    asyncio.run(main())


def test_a_tool_that_runs_here_runs_at_once_beside_one_for_the_client(engine):
    async def both(messages, info):
        if not returned(messages):
            yield call("query", '{"sql": "select sum(amount) as total from sales"}')
            yield {1: python(CODE)[0]}
        else:
            yield json.dumps([part.content.get("rows") for part in returned(messages)])

    async def main():
        async with bench(engine, both) as w:
            session = await w.session()
            waiting = await w.ask(session, **CLIENT)
            assert [each.state for each in waiting.message.tool_calls] == ["done", "pending"]
            done = await w.answer(session, **result("t2", text="x"))
            assert done.message.content == "[[[6]], null]"

    asyncio.run(main())
