"""The one route table, and which of its rows a request is for."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from leonidas_jupyter.admin.handlers import ROUTES as ADMIN
from leonidas_jupyter.assistant.shapes import RUN_EVENTS
from leonidas_jupyter.auth.handlers import ROUTES as AUTH
from leonidas_jupyter.auth.schemas import API_VERSION
from leonidas_jupyter.chat.handlers import ROUTES as CHAT
from leonidas_jupyter.core.errors import ErrorCode, LeonidasError
from leonidas_jupyter.core.http import Route
from leonidas_jupyter.core.openapi import Streams, describe
from leonidas_jupyter.exports.handlers import ROUTES as EXPORTS
from leonidas_jupyter.files.handlers import ROUTES as FILES
from leonidas_jupyter.models.handlers import ROUTES as MODELS
from leonidas_jupyter.projects.handlers import ROUTES as PROJECTS
from leonidas_jupyter.server.live import LIVE_EVENTS
from leonidas_jupyter.server.system import ROUTES as SYSTEM
from leonidas_jupyter.sessions.handlers import ROUTES as SESSIONS
from leonidas_jupyter.usage.handlers import ROUTES as USAGE

ROUTES: tuple[Route, ...] = (
    *AUTH,
    *PROJECTS,
    *SESSIONS,
    *FILES,
    *CHAT,
    *EXPORTS,
    *MODELS,
    *USAGE,
    *ADMIN,
    *SYSTEM,
)

STREAMS: Streams = {
    "POST /sessions/{session_id}/chat": RUN_EVENTS,
    "PUT /sessions/{session_id}/chat/{message_id}": RUN_EVENTS,
    "GET /sessions/{session_id}/runs/{run_id}/events": RUN_EVENTS,
    "WEBSOCKET /projects/{project_id}/events": LIVE_EVENTS,
}

_PLACEHOLDER = re.compile(r"\\\{(\w+)\\\}")
_UNFIT = re.compile(r"[\x00-\x1f\x7f/\\]")
MAX_PARAMETER = 4096


@dataclass(frozen=True)
class Match:
    """The row, and the values of its placeholders."""

    route: Route
    params: Mapping[str, str]


class MethodNotAllowed(LeonidasError):
    """The path is known, but not with this method; ``allow`` names those that are."""

    def __init__(self, allow: tuple[str, ...]) -> None:
        methods = ", ".join(allow)
        super().__init__(
            ErrorCode.METHOD_NOT_ALLOWED,
            f"This address takes {methods} only.",
            detail={"allow": list(allow)},
        )
        self.allow = allow


class RouteMap:
    """Finds rows: paths without placeholders by look-up, the others by one expression each."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._fixed: dict[str, dict[str, Route]] = {}
        templates: dict[str, dict[str, Route]] = {}
        for route in routes:
            table = templates if "{" in route.path else self._fixed
            table.setdefault(route.path, {})[route.method] = route
        self._shaped: dict[int, list[tuple[re.Pattern[str], dict[str, Route]]]] = {}
        for path, methods in templates.items():
            pattern = re.compile(_PLACEHOLDER.sub(r"(?P<\1>[^/]+)", re.escape(path)))
            self._shaped.setdefault(path.count("/"), []).append((pattern, methods))

    def find(self, method: str, path: str) -> Match:
        """The row for a method and a path as it was sent (percent-encoded).

        ``HEAD`` is answered by the row of ``GET``.

        Raises:
            LeonidasError: ``not_found``, ``method_not_allowed``, or ``invalid_request`` for an
                ordinary request to a WebSocket's address.
        """
        methods, params = self._at(path)
        route = methods.get("GET" if method == "HEAD" else method)
        if route is not None:
            return Match(route, params)
        if method == "GET" and "WEBSOCKET" in methods:
            raise LeonidasError(
                ErrorCode.INVALID_REQUEST, "This address takes WebSocket connections only."
            )
        raise MethodNotAllowed(_allowed(methods))

    def allow(self, path: str) -> tuple[str, ...]:
        """The methods that the path takes. Raises LeonidasError: ``not_found``."""
        return _allowed(self._at(path)[0])

    def _at(self, path: str) -> tuple[dict[str, Route], Mapping[str, str]]:
        if (methods := self._fixed.get(path)) is not None:
            return methods, {}
        for pattern, methods in self._shaped.get(path.count("/"), ()):
            if (match := pattern.fullmatch(path)) is not None:
                return methods, {name: _decoded(raw) for name, raw in match.groupdict().items()}
        raise _nothing()


def describe_api() -> dict[str, Any]:
    """The OpenAPI document of the whole table."""
    return describe(ROUTES, version=API_VERSION, base="/leonidas/api/v1", streams=STREAMS)


def _allowed(methods: Mapping[str, Route]) -> tuple[str, ...]:
    allowed = {"OPTIONS"}
    for method in methods:
        allowed.add("GET" if method == "WEBSOCKET" else method)
        if method == "GET":
            allowed.add("HEAD")
    return tuple(sorted(allowed))


def _decoded(raw: str) -> str:
    try:
        value = unquote(raw, errors="strict")
    except UnicodeDecodeError as error:
        raise _nothing() from error
    if len(value) > MAX_PARAMETER or _UNFIT.search(value):
        raise _nothing()
    return value


def _nothing() -> LeonidasError:
    return LeonidasError(ErrorCode.NOT_FOUND, "There is nothing at this address.")
