"""The route table on tornado: WebSockets."""

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.httputil import HTTPServerRequest
from tornado.routing import PathMatches
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from leonidas_jupyter.core.errors import ErrorCode, LeonidasError
from leonidas_jupyter.server.answers import Answering
from leonidas_jupyter.server.dispatcher import Site, make_request
from leonidas_jupyter.server.identity import identify

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from leonidas_jupyter.core.http import Route
    from leonidas_jupyter.server.gateway import Gateway

log = logging.getLogger(__name__)

PING_SECONDS = 30
SEND_SECONDS = 20.0
"""How long one message may wait for a reader who does not take it."""
MAX_MESSAGE = 64 * 1024
"""The largest message that a client may send; none is listened to."""

_GOING_AWAY, _POLICY, _INTERNAL, _TRY_LATER = 1001, 1008, 1011, 1013
"""Close codes (RFC 6455, section 7.4.1, and the IANA registry)."""
_CLOSE = {
    ErrorCode.INTERNAL: _INTERNAL,
    ErrorCode.RATE_LIMITED: _TRY_LATER,
    ErrorCode.BACKEND_UNAVAILABLE: _TRY_LATER,
}


class WantsSocket(PathMatches):
    """Matches a path when the request asks for a WebSocket."""

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Empty when it does, None when not."""
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return None
        return super().match(request)


class SocketHandler(WebSocketHandler, Answering):
    """A WebSocket below the API's base; what is refused is refused as an ordinary answer."""

    def initialize(self, site: Site) -> None:
        """Take what all handlers share."""
        self._site = site
        self._texts: AsyncIterator[str] | None = None
        self._first = ""
        self._sending: asyncio.Task[None] | None = None
        self._serves: tuple[Gateway, Route] | None = None

    async def prepare(self) -> None:  # type: ignore[override]  # tornado takes either kind
        """Nothing yet: errors are answered by ``get``."""

    @allow_unauthenticated
    async def get(self, *_: str, **__: str) -> None:
        """Find the row and the caller, wait for the first text, and only then accept."""
        try:
            await self._admit()
        except LeonidasError as error:
            self.answer_error(error)
            return
        try:
            await super().get()
        finally:
            await self._end()

    @property
    def ping_interval(self) -> float:
        """Proxies and dead clients need a ping now and then, whatever Jupyter is set to."""
        return float(self.settings.get("websocket_ping_interval") or PING_SECONDS)

    @property
    def ping_timeout(self) -> float:
        """A client that is silent for so long after a ping is gone."""
        return float(self.settings.get("websocket_ping_timeout") or self.ping_interval)

    @property
    def max_message_size(self) -> int:
        """See MAX_MESSAGE."""
        return MAX_MESSAGE

    def check_origin(self, origin: str = "") -> bool:  # noqa: ARG002 - tornado's signature
        """Whoever came by a cookie was checked by ``identify``; a token is no browser's doing."""
        return True

    def open(self, *_: str, **__: str) -> None:
        """Send in a task of its own, so that the client's close is noticed."""
        self._sending = asyncio.create_task(self._send())

    def on_message(self, message: str | bytes) -> None:
        """There is nothing to say to us."""

    def on_close(self) -> None:
        """Stop sending."""
        if self._sending is not None:
            self._sending.cancel()

    async def _admit(self) -> None:
        gateway = await self._site.lazy.get()
        if not self.check_host():
            raise LeonidasError(
                ErrorCode.FORBIDDEN_BY_POLICY, "This server is not known by that host name."
            )
        match = gateway.find("WEBSOCKET", self.request.path[len(self._site.base) :])
        route = match.route
        self.route_path = route.path
        try:
            caller = await identify(self, route, gateway.auth, self._site.identity)
            self.username = caller.username if caller else ""
            gateway.limit(route, caller, self.request.remote_ip or "")
            if route.socket is None:
                raise LeonidasError(ErrorCode.NOT_FOUND, "There is nothing at this address.")
            request = make_request(self, match, self._site.base, caller)
            self._serves = gateway, route
            self._texts = route.socket(request, gateway.services)
            self._first = await anext(self._texts)
        except Exception as error:
            await self._end()
            raise gateway.shaped(error, route) from error

    async def _send(self) -> None:
        if self._texts is None or self._serves is None:
            return
        gateway, route = self._serves
        try:
            await self._write(self._first)
            async for text in self._texts:
                await self._write(text)
            self.close(_GOING_AWAY, "The end.")
        except TimeoutError:
            self.close(_TRY_LATER, "You read too slowly; connect again and list anew.")
        except WebSocketClosedError:
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, the reader is told
            shaped = gateway.shaped(error, route)
            self.close(_CLOSE.get(shaped.code, _POLICY), _reason(shaped))
        finally:
            await self._close_texts()

    async def _write(self, text: str) -> None:
        async with asyncio.timeout(SEND_SECONDS):
            await self.write_message(text)

    async def _end(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sending
        await self._close_texts()

    async def _close_texts(self) -> None:
        close = getattr(self._texts, "aclose", None)
        if close is not None:
            await close()


def _reason(error: LeonidasError) -> str:
    """What fits into a close frame: at most 123 bytes (RFC 6455, section 5.5)."""
    return f"{error.code}: {error.message}".encode()[:123].decode(errors="ignore")
