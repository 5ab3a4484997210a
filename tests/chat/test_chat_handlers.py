"""The routes of chat, as the adapters call them."""

import asyncio
import json
from math import nan

import pytest

from leonidas_jupyter.assistant.journal import RunEvent
from leonidas_jupyter.chat import handlers
from leonidas_jupyter.chat.handlers import ROUTES, server_sent
from leonidas_jupyter.core.errors import LeonidasError
from leonidas_jupyter.core.http import Request, Services
from tests.chat.asking import coding, once
from tests.chat.kernels import Kernels
from tests.chat.world import ANN, Gated, endless, world

BY_NAME = {(route.method, route.path): route for route in ROUTES}
CHAT = "/sessions/{session_id}/chat"


def parsed(raw):
    """Server-sent events as (id, name, data)."""
    found = []
    for block in raw.decode().split("\n\n"):
        fields = dict(
            line.split(": ", 1) for line in block.split("\n") if line[:1] not in ("", ":")
        )
        if fields:
            number = int(fields["id"]) if "id" in fields else None
            found.append((number, fields["event"], json.loads(fields["data"])))
    return found


async def request(w, method, path, body=None, *, query=None, headers=None, **params):
    services = Services()
    services.add(w.chat)
    route = BY_NAME[(method, path)]
    return await route.handler(
        Request(
            method=method,
            path=path,
            params=params,
            query=query or {},
            headers=headers or {},
            request_id="r",
            base_url="/leonidas/api/v1",
            body=b"" if body is None else json.dumps(body).encode(),
            caller=ANN,
        ),
        services,
    )


async def read(response):
    return b"".join([chunk async for chunk in response.chunks])


def test_an_answer_comes_whole_or_as_events():
    async def main():
        async with world() as w:
            session = await w.session()
            whole = await request(w, "POST", CHAT, {"content": "q"}, session_id=session)
            assert (whole.status, whole.body.status) == (200, "completed")
            accept = {"accept": "text/event-stream"}
            streamed = await request(
                w, "POST", CHAT, {"content": "q"}, headers=accept, session_id=session
            )
            assert streamed.headers["content-type"] == "text/event-stream"
            events = parsed(await read(streamed))
            assert events[0][:2] == (1, "run_started")
            assert events[-1][1] == "run_finished"
            text = "".join(data["text"] for _, name, data in events if name == "text_delta")
            run_id = events[0][2]["run_id"]
            again = await request(
                w,
                "GET",
                "/sessions/{session_id}/runs/{run_id}/events",
                session_id=session,
                run_id=run_id,
            )
            replayed = parsed(await read(again))
            assert [number for number, *_ in replayed] == list(range(1, len(replayed) + 1))
            assert "".join(d["text"] for _, n, d in replayed if n == "text_delta") == text
            rest = await request(
                w,
                "GET",
                "/sessions/{session_id}/runs/{run_id}/events",
                query={"after": "2"},
                session_id=session,
                run_id=run_id,
            )
            assert parsed(await read(rest)) == replayed[2:]

    asyncio.run(main())


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "²", "9" * 30])
def test_after_must_be_a_number(after):
    async def main():
        async with world() as w:
            session = await w.session()
            answer = await w.ask(session)
            with pytest.raises(LeonidasError, match="after takes the number"):
                await request(
                    w,
                    "GET",
                    "/sessions/{session_id}/runs/{run_id}/events",
                    query={"after": after},
                    session_id=session,
                    run_id=answer.run_id,
                )

    asyncio.run(main())


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "Send content, or answers to calls that wait"),
        ({"content": ""}, "content: String should have at least 1 character"),
        ({"content": " \n "}, "content: Write a question first."),
        ({"content": "a\x00b"}, "content: It holds a NUL character; leave it out."),
        ({"content": "x" * 32_001}, "content: String should have at most 32000 characters"),
        ({"content": "q", "colour": 1}, "colour: Extra inputs are not permitted"),
        ({"content": "q", "data_exposure": "all"}, "data_exposure: Input should be"),
        ({"approvals": {}}, "Send content, or answers to calls that wait"),
        ({"tool_results": []}, "Send content, or answers to calls that wait"),
        ({"content": "q", "approvals": {"t1": {"decision": "once"}}}, "Send content, or answers"),
        ({"approvals": {"t1": {"decision": "yes"}}}, "approvals.t1.decision: Input should be"),
        (
            {"approvals": {"t1": {"decision": "once", "code": "a\x00"}}},
            "approvals.t1.code: It holds",
        ),
        ({"approvals": {"t1": {"decision": "once"}}, "model": "m"}, "Answers go to the question"),
        (
            {
                "approvals": {"t1": {"decision": "refuse"}},
                "tool_results": [{"tool_call_id": "t1", "ok": True}],
            },
            "A call is answered twice",
        ),
        (
            {"tool_results": [{"tool_call_id": "t1", "ok": True, "text": "x" * 65_537}]},
            "tool_results.0.text: String should have at most 65536 characters",
        ),
        (
            {
                "tool_results": [
                    {"tool_call_id": "t1", "ok": True, "outputs": [{"text/plain": "x" * 270_000}]}
                ]
            },
            "tool_results.0.outputs: The outputs have 263 KB, and 256 KB are taken",
        ),
        ({"content": "q", "executor": "kernel"}, "kernel_id names the kernel"),
        ({"content": "q", "executor": "shell"}, "executor: Input should be"),
        ({"content": "q", "kernel_id": "k"}, "kernel_id names the kernel"),
        ({"content": "q", "executor": "kernel", "kernel_id": "../k"}, "kernel_id: String should"),
        ({"content": "q", "executor": "kernel", "kernel_id": "k"}, "This server has no kernels"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_one_sentence(body, message):
    async def main():
        async with world() as w:
            session = await w.session()
            with pytest.raises(LeonidasError) as refused:
                await request(w, "POST", CHAT, body, session_id=session)
            assert refused.value.code == "invalid_request"
            assert refused.value.message.startswith(message)
            assert await w.said(session) == []

    asyncio.run(main())


def test_what_the_api_names_and_means_nothing_here_may_be_sent():
    async def main():
        async with world() as w:
            body = {"content": "q", "executor": "session", "approvals": None, "frames": None}
            session = await w.session()
            answered = await request(w, "POST", CHAT, body, session_id=session)
            assert answered.body.status == "completed"

    asyncio.run(main())


def test_edit_delete_history_cancel_and_models():
    async def main():
        async with world() as w:
            session = await w.session()
            await request(w, "POST", CHAT, {"content": "q"}, session_id=session)
            listed = await request(w, "GET", CHAT, session_id=session, query={"limit": "1"})
            question = listed.body.items[0]
            edited = await request(
                w,
                "PUT",
                f"{CHAT}/{{message_id}}",
                {"content": "better"},
                session_id=session,
                message_id=question.message_id,
            )
            stopped = await request(
                w,
                "POST",
                "/sessions/{session_id}/runs/{run_id}/cancel",
                session_id=session,
                run_id=edited.body.run_id,
            )
            assert (stopped.status, stopped.body.status) == (202, "completed")
            gone = await request(
                w,
                "DELETE",
                f"{CHAT}/{{message_id}}",
                session_id=session,
                message_id=edited.body.message.message_id,
            )
            assert gone.status == 204
            newest = await request(w, "GET", CHAT, session_id=session, query={"before": "latest"})
            assert [m.content for m in newest.body.items] == ["better"]

    asyncio.run(main())


def test_a_heartbeat_is_sent_while_nothing_comes(monkeypatch):
    monkeypatch.setattr(handlers, "HEARTBEAT_SECONDS", 0.01)

    async def main():
        gated = Gated()
        async with world(gated) as w:
            session = await w.session()
            response = await request(
                w,
                "POST",
                CHAT,
                {"content": "q"},
                headers={"accept": "text/event-stream"},
                session_id=session,
            )
            seen = b""
            async with asyncio.timeout(60):
                async for chunk in response.chunks:
                    seen += chunk
                    if seen.count(b": still here\n\n") >= 2 and b"word1" in seen:
                        break
                    if seen.count(b": still here\n\n") >= 2:
                        gated.next.set()
            await response.chunks.aclose()

    asyncio.run(main())


def test_line_breaks_and_numbers_that_json_lacks_stay_inside_their_event():
    async def events():
        yield RunEvent(4, "text_delta", {"text": "a\n\nevent: run_finished\r\nb\u2028é", "x": nan})

    async def main():
        raw = b"".join([chunk async for chunk in server_sent(events())])
        assert raw.count(b"\n") == 4
        text = "a\n\nevent: run_finished\r\nb\u2028é"
        assert parsed(raw) == [(4, "text_delta", {"text": text, "x": None})]

    asyncio.run(main())


def test_a_reader_that_leaves_is_let_go():
    closed = asyncio.Event()

    async def forever():
        try:
            yield RunEvent(1, "run_started", {})
            await asyncio.Event().wait()
        finally:
            closed.set()

    async def main():
        stream = server_sent(forever())
        await anext(stream)
        await stream.aclose()
        await asyncio.wait_for(closed.wait(), 60)

    asyncio.run(main())


def test_a_run_goes_on_when_its_reader_leaves():
    async def main():
        async with world(endless) as w:
            session = await w.session()
            response = await request(
                w,
                "POST",
                CHAT,
                {"content": "q"},
                headers={"accept": "text/event-stream"},
                session_id=session,
            )
            first = parsed(await anext(response.chunks))[0][2]
            await response.chunks.aclose()
            await asyncio.sleep(0.05)
            assert (await w.repository.runs.get(first["run_id"])).status == "running"
            assert len(w.chat._desk.runs._live) == 1

    asyncio.run(main())


def test_answers_to_what_waits_come_whole_or_as_events_and_claims_are_given():
    accept = {"accept": "text/event-stream"}

    async def main():
        made = {"executors": Kernels()}
        async with world(coding("a = 1", "b = 2"), **made) as w:
            session = await w.session()
            asked = await request(
                w, "POST", CHAT, {"content": "q"}, headers=accept, session_id=session
            )
            first = parsed(await read(asked))
            assert first[-1][2]["pending"] == ["t1", "t2"]
            half = await request(
                w, "POST", CHAT, {"approvals": once("t1")}, headers=accept, session_id=session
            )
            # What still waits is said, and that it is no new event of the run.
            started, ended = parsed(await read(half))
            assert (started[0], started[1], started[2]) == (None, "run_started", first[0][2])
            assert (ended[0], ended[1], ended[2]["pending"]) == (None, "run_finished", ["t2"])
            rest = await request(
                w, "POST", CHAT, {"approvals": once("t2")}, headers=accept, session_id=session
            )
            events = parsed(await read(rest))
            assert events[0] == started
            assert [name for _, name, _ in events[1:5]] == ["tool_call", "tool_result"] * 2
            assert events[1][0] == first[-1][0] + 1
            assert events[-1][2]["status"] == "completed"
            body = {"content": "q", "executor": "client"}
            waiting = (await request(w, "POST", CHAT, body, session_id=session)).body
            assert waiting.status == "pending"
            claimed = await request(
                w,
                "POST",
                "/sessions/{session_id}/runs/{run_id}/calls/{call_id}/claim",
                session_id=session,
                run_id=waiting.run_id,
                call_id="t1",
            )
            results = [
                {"tool_call_id": "t1", "ok": True, "text": "1", "claim": claimed.body.claim},
                {"tool_call_id": "t2", "ok": False, "text": "2"},
            ]
            done = await request(w, "POST", CHAT, {"tool_results": results}, session_id=session)
            assert done.body.status == "completed"
            assert [call.state for call in done.body.message.tool_calls] == ["done", "failed"]

    asyncio.run(main())
