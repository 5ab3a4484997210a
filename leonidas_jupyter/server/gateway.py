"""Between a web framework and the handlers: rows, limits, and errors of every kind in one shape."""

import logging
from collections.abc import Awaitable, Callable, Mapping

from leonidas_jupyter.auth.service import AuthService
from leonidas_jupyter.core.config import Leonidas
from leonidas_jupyter.core.errors import ErrorCode, LeonidasError
from leonidas_jupyter.core.http import Request, Response, Route, Services
from leonidas_jupyter.core.metrics import count_request
from leonidas_jupyter.core.rates import RateLimiter, parse_rate
from leonidas_jupyter.core.security import Caller
from leonidas_jupyter.core.tracing import span
from leonidas_jupyter.server.incoming import ClientGone
from leonidas_jupyter.server.routes import Match, RouteMap
from leonidas_jupyter.storage.base import StoreUnavailable
from leonidas_jupyter.tables.base import Missing, Stale, Unavailable

log = logging.getLogger(__name__)

MAX_BODY = 8 * 1024**2
"""The largest body that is not streamed, in bytes: a chat turn with the plots of its tools."""


class Gateway:
    """The running application, as the web handlers see it."""

    def __init__(
        self,
        *,
        routes: tuple[Route, ...],
        services: Services,
        settings: Leonidas,
        close: Callable[[], Awaitable[None]],
    ) -> None:
        self.routes = RouteMap(routes)
        self.auth = services[AuthService]
        self.max_upload_bytes = settings.max_upload_bytes
        self._services = services
        self._close = close
        self._limiters: Mapping[str, RateLimiter] = {
            name: RateLimiter(parse_rate(getattr(settings, name)))
            for name in {route.rate_limit.setting for route in routes if route.rate_limit}
        }

    @property
    def services(self) -> Services:
        """What handlers work with."""
        return self._services

    def find(self, method: str, path: str) -> Match:
        """The row for a request. Raises LeonidasError."""
        return self.routes.find(method, path)

    def limit(self, route: Route, caller: Caller | None, remote_ip: str) -> None:
        """Count a call. Raises LeonidasError: ``rate_limited``."""
        if route.rate_limit is not None:
            # Attempts to sign in are counted by address: who they claim to be proves nothing.
            by_user = caller is not None and route.who != "account"
            key = caller.user_id if by_user and caller else remote_ip
            self._limiters[route.rate_limit.setting].take(key)

    async def call(self, route: Route, request: Request) -> Response:
        """What the handler answers. Raises LeonidasError and nothing else, unless cancelled."""
        if route.handler is None:
            raise LeonidasError(
                ErrorCode.INVALID_REQUEST, "This address takes WebSocket connections only."
            )
        facts = {"method": route.method, "route": route.path, "request_id": request.request_id}
        with span("leonidas.request", facts):
            try:
                return await route.handler(request, self._services)
            except Exception as error:
                raise self.shaped(error, route) from error

    def shaped(self, error: Exception, route: Route) -> LeonidasError:
        """Any failure in the one shape; those that nobody foresaw are logged."""
        match error:
            case LeonidasError():
                return error
            case Stale():
                return LeonidasError(
                    ErrorCode.VERSION_MISMATCH,
                    "It was changed meanwhile; read it again before you change it.",
                )
            case Missing():
                return LeonidasError(ErrorCode.NOT_FOUND, "It is gone.")
            case Unavailable() | StoreUnavailable():
                log.warning("A backend failed at %s %s: %s", route.method, route.path, error)
                return LeonidasError(
                    ErrorCode.BACKEND_UNAVAILABLE, str(error), retry_after=error.retry_after
                )
            case ClientGone():
                return LeonidasError(ErrorCode.INVALID_REQUEST, "The body ended too early.")
        log.error("%s %s failed", route.method, route.path, exc_info=error)
        return LeonidasError(
            ErrorCode.INTERNAL,
            "Something went wrong here; the server's log says what, by the request id.",
        )

    def count(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count an answer for the metrics."""
        count_request(method, path, status, seconds)

    async def close(self) -> None:
        """End everything in order."""
        await self._close()
