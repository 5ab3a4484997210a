"""The routes of chat."""

import asyncio
from collections.abc import AsyncIterator

from pydantic_core import to_json

from leonidas_jupyter.assistant.approvals import Claim
from leonidas_jupyter.assistant.journal import RunEvent
from leonidas_jupyter.chat.schemas import (
    ChatRequest,
    ChatResponse,
    ClaimRequest,
    MessageResponse,
    Run,
    RunResponse,
)
from leonidas_jupyter.chat.service import ChatService
from leonidas_jupyter.core.errors import ErrorCode, invalid
from leonidas_jupyter.core.http import RateLimit, Request, Response, Route, Services
from leonidas_jupyter.core.paging import Page

EVENT_STREAM = "text/event-stream"
HEARTBEAT_SECONDS = 15.0
HEARTBEAT = b": still here\n\n"


async def history(request: Request, services: Services) -> Response:
    """Messages of a session."""
    page = await services[ChatService].history(
        request.user,
        request.params["session_id"],
        after=request.query.get("after"),
        before=request.query.get("before"),
        limit=request.limit(),
    )
    return Response(body=page)


async def say(request: Request, services: Services) -> Response:
    """A question and its answer, or answers to calls that wait; whole or as it comes."""
    chat, given = services[ChatService], request.json(ChatRequest)
    if given.content is not None:
        run = await chat.say(request.user, request.params["session_id"], given)
        return await _answer(request, chat, run)
    run = await chat.answer(request.user, request.params["session_id"], given)
    if EVENT_STREAM in request.headers.get("accept", ""):
        return _stream(chat.events(run))
    return Response(body=await chat.ended(run))


async def claim(request: Request, services: Services) -> Response:
    """A client runs a call."""
    claimed = await services[ChatService].claim(
        request.user,
        request.params["session_id"],
        request.params["run_id"],
        request.params["call_id"],
        request.json(ClaimRequest).claim,
    )
    return Response(body=claimed)


async def edit(request: Request, services: Services) -> Response:
    """A question in other words, and its answer."""
    chat = services[ChatService]
    run = await chat.edit(
        request.user,
        request.params["session_id"],
        request.params["message_id"],
        request.json(ChatRequest),
    )
    return await _answer(request, chat, run)


async def delete(request: Request, services: Services) -> Response:
    """One message gone."""
    await services[ChatService].delete(
        request.user, request.params["session_id"], request.params["message_id"]
    )
    return Response(204)


async def run_events(request: Request, services: Services) -> Response:
    """The events of a run, from the first or after a number."""
    raw = request.query.get("after") or request.headers.get("last-event-id") or "0"
    if not (raw.isascii() and raw.isdigit() and len(raw) <= 9):
        raise invalid("after takes the number of the last event that you have, or 0.")
    events = await services[ChatService].follow(
        request.user, request.params["session_id"], request.params["run_id"], int(raw)
    )
    return _stream(events)


async def cancel(request: Request, services: Services) -> Response:
    """A run asked to stop."""
    run = await services[ChatService].cancel(
        request.user, request.params["session_id"], request.params["run_id"]
    )
    return Response(202, run)


async def _answer(request: Request, chat: ChatService, run: Run) -> Response:
    """The run's events where the client takes them, else its end."""
    if EVENT_STREAM in request.headers.get("accept", ""):
        return _stream(await chat.follow(request.user, run.session_id, run.run_id, 0))
    return Response(body=await chat.ended(run))


def _stream(events: AsyncIterator[RunEvent]) -> Response:
    headers = {
        "content-type": EVENT_STREAM,
        "cache-control": "no-cache, no-transform",
        "x-accel-buffering": "no",  # nginx would hold the events back
    }
    return Response(headers=headers, chunks=server_sent(events))


async def server_sent(events: AsyncIterator[RunEvent]) -> AsyncIterator[bytes]:
    """Events in the format of the WHATWG HTML standard (section 9.2), with heartbeats between."""
    following = asyncio.ensure_future(anext(events, None))
    try:
        while True:
            done, _ = await asyncio.wait([following], timeout=HEARTBEAT_SECONDS)
            if not done:
                yield HEARTBEAT
                continue
            event = following.result()
            if event is None:
                return
            following = asyncio.ensure_future(anext(events, None))
            yield _framed(event)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


def _framed(event: RunEvent) -> bytes:
    number = "" if event.number is None else f"id: {event.number}\n"
    data = to_json(event.data, inf_nan_mode="null")
    return f"{number}event: {event.name}\ndata: ".encode() + data + b"\n\n"


_SEND = (
    ErrorCode.INVALID_REQUEST,
    ErrorCode.NOT_FOUND,
    ErrorCode.FORBIDDEN_BY_POLICY,
    ErrorCode.RUN_IN_PROGRESS,
    ErrorCode.BUDGET_EXHAUSTED,
)
_CHAT = "/sessions/{session_id}/chat"
_RATE = RateLimit("chat_rate")

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        _CHAT,
        "Read a session's messages, oldest first",
        handler=history,
        gives=Page[MessageResponse],
        query={
            "after": "`next` of the page before; left out, the listing begins with the oldest",
            "before": "pages backwards: `latest` for the newest page, then `next` of the page",
            "limit": "how many at most, 1 to 200 (50)",
        },
        errors=(ErrorCode.INVALID_REQUEST, ErrorCode.NOT_FOUND),
    ),
    Route(
        "POST",
        _CHAT,
        "Say something, or answer calls that wait; the answer comes whole, or with "
        "`Accept: text/event-stream` as it is made",
        handler=say,
        takes=ChatRequest,
        gives=ChatResponse,
        errors=(*_SEND, ErrorCode.CONFLICT, ErrorCode.RATE_LIMITED),
        rate_limit=_RATE,
    ),
    Route(
        "PUT",
        f"{_CHAT}/{{message_id}}",
        "Put a question in other words and ask again from there; what followed it is removed",
        handler=edit,
        takes=ChatRequest,
        gives=ChatResponse,
        errors=(*_SEND, ErrorCode.RATE_LIMITED),
        rate_limit=_RATE,
    ),
    Route(
        "DELETE",
        f"{_CHAT}/{{message_id}}",
        "Delete a message",
        handler=delete,
        status=204,
        errors=_SEND[1:4],
    ),
    Route(
        "GET",
        "/sessions/{session_id}/runs/{run_id}/events",
        "Follow a run from any process, live or replayed (server-sent events)",
        handler=run_events,
        media_type=EVENT_STREAM,
        query={"after": "the number of the last event that you have (0)"},
        errors=(ErrorCode.INVALID_REQUEST, ErrorCode.NOT_FOUND),
    ),
    Route(
        "POST",
        "/sessions/{session_id}/runs/{run_id}/calls/{call_id}/claim",
        "Say that your client runs a call, or still runs it, so that no other does",
        handler=claim,
        takes=ClaimRequest,
        gives=Claim,
        errors=(*_SEND[:3], ErrorCode.CONFLICT),
    ),
    Route(
        "POST",
        "/sessions/{session_id}/runs/{run_id}/cancel",
        "Stop a run; what was said so far is kept and marked",
        handler=cancel,
        gives=RunResponse,
        status=202,
        errors=(ErrorCode.NOT_FOUND, ErrorCode.FORBIDDEN_BY_POLICY),
    ),
)
