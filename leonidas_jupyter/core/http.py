"""Requests, responses and the route table, free of any web framework."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, cast

from pydantic import BaseModel, ValidationError

from leonidas_jupyter.core.errors import ErrorCode, LeonidasError, invalid
from leonidas_jupyter.core.security import Caller

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

Who = Literal["open", "user", "admin", "account", "signed", "kernel_secret", "local"]
"""Who may call a route.

``account``: anybody where Leonidas keeps the accounts, else users, and nobody inside a Hub.
``local``: on a person's own server that person, named by Jupyter itself and by no token of ours.
``signed``: who holds the URL. ``kernel_secret``: users, and whose body has ``kernel_secret``.
"""

Method = Literal["GET", "POST", "PUT", "DELETE", "WEBSOCKET"]

MOST_DIGITS = 18
"""The longest whole number that is read from a header or a query, in digits."""

MOST_FIELDS = 20
"""How many wrong fields of a body an error names."""

MOST_FIELD_NAME = 200
"""How much of a wrong field's path an error repeats, in characters."""


class Services:
    """The services that handlers work with, looked up by their class."""

    def __init__(self) -> None:
        self._by_kind: dict[type[Any], Any] = {}

    def add(self, service: object) -> None:
        """Make ``service`` the one of its class."""
        self._by_kind[type(service)] = service

    def __getitem__(self, kind: type[T]) -> T:
        return cast("T", self._by_kind[kind])


@dataclass(frozen=True)
class Request:
    """One call, as a handler sees it.

    Attributes:
        path: what follows the API's base, decoded, beginning with ``/``.
        params: the path's placeholders.
        query: the query string; of a repeated name the last value.
        headers: names in lower case.
        body: the whole body, for routes that do not stream.
        chunks: the body as it arrives, for routes with ``streams_body``.
        base_url: the API's base on this server, beginning and not ending with ``/``.
    """

    method: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    request_id: str
    base_url: str
    remote_ip: str = ""
    body: bytes = b""
    chunks: AsyncIterator[bytes] | None = None
    caller: Caller | None = None

    @property
    def user(self) -> Caller:
        """The caller of a route that is not open.

        Raises:
            LeonidasError: ``unauthenticated`` when nobody is named.
        """
        if self.caller is None:
            raise LeonidasError(ErrorCode.UNAUTHENTICATED, "Sign in first.")
        return self.caller

    def json(self, shape: type[M]) -> M:
        """The body as ``shape``; an empty body is an empty object.

        Raises:
            LeonidasError: ``invalid_request`` with pydantic's field paths.
        """
        try:
            return shape.model_validate_json(self.body or b"{}")
        except ValidationError as error:
            # A hostile body must not make an answer many times its own size.
            found = error.errors(include_url=False, include_input=False, include_context=False)
            fields = [
                {"field": ".".join(map(str, e["loc"]))[:MOST_FIELD_NAME], "message": e["msg"]}
                for e in found[:MOST_FIELDS]
            ]
            first = fields[0]
            where = f"{first['field']}: " if first["field"] else ""
            raise invalid(f"{where}{first['message']}", fields=fields) from error

    @property
    def if_match(self) -> int | None:
        """The version in ``If-Match``, where the caller sent one.

        Raises:
            LeonidasError: ``invalid_request`` when it is not a version.
        """
        raw = self.headers.get("if-match")
        if raw is None:
            return None
        try:
            return int(raw.strip().strip('"'))
        except ValueError as error:
            raise invalid("If-Match takes the version number of what you read.") from error

    def limit(self, default: int = 50, most: int = 200) -> int:
        """The page size asked for, between 1 and ``most``.

        Raises:
            LeonidasError: ``invalid_request`` when it is not a whole number in that range.
        """
        raw = self.query.get("limit", str(default))
        # Python refuses to read a number of thousands of digits, so the length is looked at first.
        whole = raw.isascii() and raw.isdigit() and len(raw) <= MOST_DIGITS
        if not whole or not 1 <= int(raw) <= most:
            raise invalid(f"limit takes a whole number from 1 to {most}.")
        return int(raw)


@dataclass(frozen=True)
class Response:
    """What a handler answers: a body, or chunks of one.

    ``body`` is a pydantic model (sent as JSON), bytes, or nothing (204 unless told otherwise).
    """

    status: int = 200
    body: BaseModel | bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    chunks: AsyncIterator[bytes] | None = None


Handler = Callable[[Request, Services], Awaitable[Response]]
SocketHandler = Callable[[Request, Services], AsyncIterator[str]]


@dataclass(frozen=True)
class RateLimit:
    """The name of the setting that holds how many calls are allowed in how many seconds."""

    setting: str


@dataclass(frozen=True)
class Route:
    """One row of the route table; what the adapters serve and what the OpenAPI document says.

    ``path`` has placeholders in braces, ``/projects/{project_id}``. ``socket`` is the handler of a
    WebSocket route (its method is ``WEBSOCKET``); the connection is accepted when it yields its
    first text, and an error that it raises before is an ordinary answer. ``takes`` and ``gives``
    are the shapes of the body that comes in and goes out.
    """

    method: Method
    path: str
    summary: str
    who: Who = "user"
    handler: Handler | None = None
    socket: SocketHandler | None = None
    takes: type[BaseModel] | None = None
    gives: type[BaseModel] | None = None
    status: int = 200
    media_type: str = "application/json"
    query: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[ErrorCode, ...] = ()
    rate_limit: RateLimit | None = None
    streams_body: bool = False
