"""The WebSocket of live events."""

import asyncio
import json

import pytest
from tornado.httpclient import HTTPClientError

from leonidas_jupyter.core.events import (
    EventBus,
    FileProgress,
    FileStatusChanged,
    MessageAdded,
    ProjectDeleted,
    ProjectEvent,
    RunStateChanged,
)
from leonidas_jupyter.core.http import Route
from leonidas_jupyter.server import live, sockets

CLOSED = None


@pytest.fixture
def project(api):
    async def go(auth="jupyter"):
        made = await api("POST", "/projects", auth=auth, json_body={"name": "watched"})
        return made.json["project_id"]

    return go


async def read(socket):
    text = await asyncio.wait_for(socket.read_message(), 60)
    return text if text is CLOSED else json.loads(text)


async def refused(api, path, headers=None):
    with pytest.raises(HTTPClientError) as caught:
        async with api.socket(path, headers):
            pass
    response = caught.value.response
    error = json.loads(response.body)["error"]
    assert error["request_id"] == response.headers["X-Request-ID"]
    return response.code, error["code"]


async def test_events_of_the_project_arrive_and_no_others(api, project, services):
    watched, other = await project(), await project()
    bus = (await services())[EventBus]
    async with api.socket(f"/projects/{watched}/events") as socket:
        assert await read(socket) == {"event": "ready"}
        await bus.publish(FileStatusChanged(other, "f", "COMPLETED"))
        await bus.publish(ProjectDeleted(watched))
        await bus.publish(FileStatusChanged(watched, "f", "FAILED", "line 3"))
        await bus.publish(FileProgress(watched, "f", 0.5))
        await bus.publish(MessageAdded(watched, "s", "m", "USER"))
        await bus.publish(RunStateChanged(watched, "s", "r", "running"))
        status = {"event": "file_status", "file_id": "f", "status": "FAILED", "reason": "line 3"}
        assert await read(socket) == status
        assert await read(socket) == {"event": "file_progress", "file_id": "f", "progress": 0.5}
        message = {"event": "message_added", "session_id": "s", "message_id": "m", "role": "USER"}
        assert await read(socket) == message
        run = {"event": "run_state", "session_id": "s", "run_id": "r", "status": "running"}
        assert await read(socket) == run


async def test_it_takes_our_token_and_cookies_of_our_own_pages_only(api, project):
    path = f"/projects/{await project()}/events"
    jar = (await api("GET", "/auth/me")).headers["set-cookie"].partition(";")[0]
    for headers in (
        {"Authorization": f"Bearer {await api.token()}"},
        {"Cookie": jar, "Origin": f"http://127.0.0.1:{api.port}"},
    ):
        async with api.socket(path, headers) as socket:
            assert await read(socket) == {"event": "ready"}
    foreign = {"Cookie": jar, "Origin": "https://elsewhere.example"}
    assert await refused(api, path, foreign) == (403, "xsrf_failed")


async def test_who_may_not_is_told_before_the_connection_stands(api, project):
    bobs = await project(await api.sign_up("bob"))
    mine = await project()
    assert await refused(api, f"/projects/{bobs}/events") == (404, "not_found")
    assert await refused(api, "/projects/nothing/events") == (404, "not_found")
    assert await refused(api, f"/projects/{mine}/events", {}) == (401, "unauthenticated")
    bad = {"Authorization": f"Bearer {await api.token()}x"}
    assert await refused(api, f"/projects/{mine}/events", bad) == (401, "unauthenticated")
    assert await refused(api, "/projects") == (405, "method_not_allowed")
    assert await refused(api, "/nothing") == (404, "not_found")
    plain = await api("GET", f"/projects/{mine}/events")
    assert (plain.status, plain.code) == (400, "invalid_request")
    assert (await api("DELETE", f"/projects/{mine}/events")).headers["allow"] == "GET, OPTIONS"


async def test_who_may_not_any_more_is_disconnected(api, project, monkeypatch):
    monkeypatch.setattr(live, "CHECK_SECONDS", 0.05)
    watched = await project()
    async with api.socket(f"/projects/{watched}/events") as socket:
        assert await read(socket) == {"event": "ready"}
        await api("DELETE", f"/projects/{watched}")
        assert await read(socket) is CLOSED
        assert socket.close_code == 1008
        assert socket.close_reason.startswith("not_found")


async def test_a_reader_who_cannot_follow_is_disconnected(api, project, services, monkeypatch):
    monkeypatch.setattr(live, "WAITING", 5)
    watched = await project()
    bus = (await services())[EventBus]
    async with api.socket(f"/projects/{watched}/events") as socket:
        assert await read(socket) == {"event": "ready"}
        await asyncio.gather(*(bus.publish(FileProgress(watched, "f", 0.5)) for _ in range(50)))
        while await read(socket) is not CLOSED:
            pass
        assert socket.close_code == 1013
        assert "slowly" in socket.close_reason


async def test_a_reader_who_takes_nothing_is_disconnected(api, serve, monkeypatch):
    monkeypatch.setattr(sockets, "SEND_SECONDS", 0.3)
    ended = asyncio.Event()

    async def flood(_request, _services):
        try:
            while True:
                yield "x" * 2**20
        finally:
            ended.set()

    base = await serve(Route("WEBSOCKET", "/flood", "Flood", who="open", socket=flood))
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    head = f"GET {base}/flood HTTP/1.1\r\nHost: 127.0.0.1:{api.port}\r\nUpgrade: websocket\r\n"
    head += "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    head += "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    writer.write(head.encode())
    assert (await reader.readline()).startswith(b"HTTP/1.1 101")
    await asyncio.wait_for(ended.wait(), 60)
    writer.close()


async def test_closing_ends_the_subscription(api, project, services):
    watched = await project()
    bus = (await services())[EventBus]

    def readers():
        return len(bus._handlers[ProjectEvent])

    before = readers()
    async with api.socket(f"/projects/{watched}/events") as socket:
        assert await read(socket) == {"event": "ready"}
        assert readers() == before + 1
    async with asyncio.timeout(60):
        while readers() > before:  # noqa: ASYNC110 - a condition of the code under test
            await asyncio.sleep(0.01)


async def test_failures_inside_are_told_without_detail(api, serve, caplog):
    async def fail(_request, _services):
        yield "first"
        raise RuntimeError("secret")

    base = await serve(Route("WEBSOCKET", "/fail", "Fails", who="open", socket=fail))
    async with api.socket(f"{base}/fail", raw=True) as socket:
        assert await socket.read_message() == "first"
        assert await socket.read_message() is CLOSED
        assert socket.close_code == 1011
        assert "secret" not in socket.close_reason
    assert [r for r in caplog.records if r.exc_info]
