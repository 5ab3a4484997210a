"""The route table on tornado: ordinary requests. Imports nothing that is not loaded anyway."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.iostream import StreamClosedError
from tornado.web import stream_request_body

from leonidas_jupyter.core.errors import ErrorCode, LeonidasError
from leonidas_jupyter.core.ids import now
from leonidas_jupyter.server.answers import Answering
from leonidas_jupyter.server.identity import Identity, identify
from leonidas_jupyter.server.incoming import Incoming
from leonidas_jupyter.server.lazy import LazyGateway

if TYPE_CHECKING:
    from leonidas_jupyter.core.http import Request, Response
    from leonidas_jupyter.core.security import Caller
    from leonidas_jupyter.server.gateway import Gateway
    from leonidas_jupyter.server.routes import Match

log = logging.getLogger(__name__)

DRAIN = 16 * 1024**2
"""How much of an unwanted body is read and thrown away, so that the client reads the answer.

A client that is still sending when its connection is closed loses the answer; beyond this the
connection is closed all the same.
"""


@dataclass(frozen=True)
class Site:
    """What the web handlers share. ``base`` is the path of the API, without a slash at its end."""

    base: str
    lazy: LazyGateway
    identity: Identity


def make_request(
    handler: Answering,
    match: "Match",
    base: str,
    caller: "Caller | None",
    **body: Any,  # noqa: ANN401 - body or chunks
) -> "Request":
    """The request as handlers see it. Cookies stay here: nothing behind this reads them."""
    from leonidas_jupyter.core.http import Request

    request = handler.request
    return Request(
        method=match.route.method,
        path=request.path[len(base) :],
        params=match.params,
        query=dict(parse_qsl(request.query, keep_blank_values=True)),
        headers={k.lower(): v for k, v in request.headers.items() if k != "Cookie"},
        request_id=handler.request_id,
        base_url=base,
        remote_ip=request.remote_ip or "",
        caller=caller,
        **body,
    )


@stream_request_body
class ApiHandler(Answering):
    """Any request below the API's base that does not want a WebSocket.

    Bodies are streamed even where the handler wants them whole: so a body that is too large, or
    from somebody who may not send it, is refused before it is in memory.
    """

    def initialize(self, site: Site) -> None:
        """Take what all handlers share."""
        self._site = site
        self._gateway: Gateway | None = None
        self._match: Match | None = None
        self._caller: Caller | None = None
        self._failure: LeonidasError | None = None
        self._body = bytearray()
        self._received = 0
        self._upload: Incoming | None = None
        self._writing: asyncio.Task[Any] | None = None
        self._refusing: asyncio.Future[None] | None = None
        self._gone = False

    async def prepare(self) -> None:  # type: ignore[override]  # tornado takes either kind
        """Find the row and the caller before the body is read."""
        try:
            await self._admit()
        except LeonidasError as error:
            self._failure = error
        declared = self._declared()
        # Tornado's own limit would answer with an empty 400; ours is kept in data_received.
        self.request.connection.set_max_body_size(max(declared, 2 * DRAIN))  # type: ignore[union-attr]  # of HTTP/1
        hopeless = declared > DRAIN or "Expect" in self.request.headers
        if self._failure is not None and hopeless:
            self.answer_error(self._failure)

    async def data_received(self, chunk: bytes) -> None:
        """Take a piece of the body."""
        self._received += len(chunk)
        if self._upload is not None:
            await self._upload.give(chunk)
        elif self._failure is not None:
            if self._received > DRAIN:
                self.answer_error(self._failure)
        elif self._received > self._most():
            self._failure = too_large(self._most())
            self._body.clear()
        else:
            self._body += chunk

    @allow_unauthenticated
    async def get(self, *_: str) -> None:
        """Answer; which verbs a path takes is the route table's business."""
        await self._serve()

    head = post = put = patch = delete = options = get

    def on_connection_close(self) -> None:
        """The client is gone: stop what only it was waiting for."""
        self._gone = True
        super().on_connection_close()
        if self._upload is not None:
            self._upload.abort()
        if self._writing is not None:
            self._writing.cancel()

    def on_finish(self) -> None:
        """Count what was answered."""
        if self._gateway is not None:
            path = self._match.route.path if self._match else "-"
            method = self.request.method or ""
            self._gateway.count(method, path, self.get_status(), self.request.request_time())

    async def _admit(self) -> None:
        gateway = self._gateway = await self._site.lazy.get()
        if not self.check_host():
            raise LeonidasError(
                ErrorCode.FORBIDDEN_BY_POLICY, "This server is not known by that host name."
            )
        path = self.request.path[len(self._site.base) :]
        if self.request.method == "OPTIONS":
            self.set_header("Allow", ", ".join(gateway.routes.allow(path)))
            return
        match = self._match = gateway.find(self.request.method or "", path)
        self.route_path = match.route.path
        if match.route.who != "kernel_secret":
            await self._authenticate(gateway, match)
        gateway.limit(match.route, self._caller, self.request.remote_ip or "")
        self._check_length(match.route.streams_body)
        if match.route.streams_body:
            self._upload = Incoming(lambda chunks: self._call(gateway, match, chunks=chunks))
            self._upload.when_done(self._refuse_rest)

    async def _authenticate(self, gateway: "Gateway", match: "Match") -> None:
        try:
            self._caller = await identify(self, match.route, gateway.auth, self._site.identity)
        except Exception as error:
            raise gateway.shaped(error, match.route) from error
        self.username = self._caller.username if self._caller else ""
        if self._caller is not None:
            self.settings["api_last_activity"] = now()

    def _refuse_rest(self) -> None:
        """Answer now, where the handler ended long before the body does."""
        if self._declared() - self._received > DRAIN:
            self._refusing = asyncio.ensure_future(self._serve())

    def _check_length(self, streams: bool) -> None:
        if streams and "Content-Length" not in self.request.headers:
            raise LeonidasError(
                ErrorCode.LENGTH_REQUIRED, "Say the size of the upload in Content-Length."
            )
        if self._declared() > self._most():
            raise too_large(self._most())

    def _declared(self) -> int:
        text = self.request.headers.get("Content-Length", "0")
        # Beyond any size there is, and beyond what Python reads: as good as endless.
        return int(text[:18]) if text.isascii() and text.isdigit() else 0

    def _most(self) -> int:
        from leonidas_jupyter.server.gateway import MAX_BODY

        if self._gateway and self._match and self._match.route.streams_body:
            return self._gateway.max_upload_bytes
        return MAX_BODY

    async def _serve(self) -> None:
        if self._finished:
            return
        try:
            response = await self._respond()
            if not self._finished:
                await self._send(response)
        except LeonidasError as error:
            self.answer_error(error)

    async def _respond(self) -> "Response":
        from leonidas_jupyter.core.http import Response

        if self._failure is not None:
            raise self._failure
        if self._gateway is None or self._match is None:
            return Response(204)  # to OPTIONS
        if self._upload is not None:
            await self._upload.give(None)
            return await self._upload.response()
        if self._match.route.who == "kernel_secret" and not _has_secret(self._body):
            await self._authenticate(self._gateway, self._match)
        return await self._call(self._gateway, self._match, body=bytes(self._body))

    async def _call(self, gateway: "Gateway", match: "Match", **body: Any) -> "Response":  # noqa: ANN401 - body or chunks
        request = make_request(self, match, self._site.base, self._caller, **body)
        return await gateway.call(match.route, request)

    async def _send(self, response: "Response") -> None:
        self.set_status(response.status)
        self.set_header("Content-Type", "application/json")
        for name, value in response.headers.items():
            self.set_header(name, value)
        if response.chunks is not None:
            await self._stream(response.chunks)
        elif response.body is None:
            self.clear_header("Content-Type")
            self.finish()
        elif isinstance(response.body, bytes):
            self.finish(response.body)
        else:
            self.finish(response.body.model_dump_json().encode())

    async def _stream(self, chunks: AsyncIterator[bytes]) -> None:
        self._writing = asyncio.current_task()
        try:
            if self._headers.get("Content-Type", "").startswith("text/event-stream"):
                self.set_header("X-Accel-Buffering", "no")
                self.set_header("Cache-Control", "no-store, no-transform")
                self._transforms = []  # a compressor would hold events back
                await self.flush()
            if self.request.method != "HEAD":
                async for chunk in chunks:
                    self.write(chunk)
                    await self.flush()
            self._writing = None
            self.finish()
        except StreamClosedError:
            self._gone = True
        except asyncio.CancelledError:
            if not self._gone or (task := asyncio.current_task()) is None or task.uncancel():
                raise
        except Exception as error:
            if self._gateway is None or self._match is None:
                raise
            raise self._gateway.shaped(error, self._match.route) from error
        finally:
            self._writing = None
            await _close(chunks)


def too_large(most: int) -> LeonidasError:
    """More than may be sent here."""
    return LeonidasError(
        ErrorCode.FILE_TOO_LARGE,
        f"The request's body is too large; at most {most:,} bytes are taken here.",
        detail={"limit": most},
    )


def _has_secret(body: bytearray) -> bool:
    """Whether the body brings a kernel's secret, so that no cookie need be read."""
    try:
        given = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return False
    return isinstance(given, dict) and given.get("kernel_secret") is not None


async def _close(chunks: AsyncIterator[bytes]) -> None:
    close = getattr(chunks, "aclose", None)
    if close is not None:
        await close()
