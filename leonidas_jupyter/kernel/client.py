"""Calls of a server's HTTP API: authorised, repeated when the server is busy, with its errors."""

import contextlib
import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode, urlsplit

from leonidas_jupyter.kernel.errors import ConnectionLost, LeonidasError
from leonidas_jupyter.kernel.http import ANSWER_SECONDS, SAFE_TO_REPEAT, Answer, Transport
from leonidas_jupyter.kernel.replies import Json, error_in, read_object
from leonidas_jupyter.kernel.sse import ServerEvent, read_events
from leonidas_jupyter.kernel.tokens import Credentials, Tokens
from leonidas_jupyter.kernel.wire import User

API_VERSION = "1.0"
"""The version of the API that this client speaks; one minor version either way works too."""

STREAM_SECONDS = 45.0
"""A run's stream that is silent for longer (three missed heartbeats) is lost."""

PATIENCE_SECONDS = 20.0
"""A server that asks to wait longer than this in all is reported instead of waited for."""


@dataclass(frozen=True)
class Endpoint:
    """A server: the address of its API, how to get in, and how it was found, for people.

    ``alive`` is False once it is known never to answer again: a private one whose process ended.
    """

    base: str
    credentials: Credentials
    found: str
    alive: Callable[[], bool] = field(default=lambda: True, repr=False, compare=False)


class Client:
    """Calls of one server's API, as one user; may be used by several threads."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.transport = Transport(endpoint.base)
        self._prefix = urlsplit(endpoint.base).path.rstrip("/")
        self._tokens = Tokens(self.transport, self._prefix, endpoint.credentials)

    def sign_in(self) -> User:
        """Who we are there; the API's versions are compared.

        Raises:
            LeonidasError: nobody is named, or the versions do not fit.
        """
        user = User.read(self.call("GET", "/auth/me"))
        check_version(user.api_version)
        return user

    def call(
        self, method: str, path: str, *, body: Json | None = None, query: Json | None = None
    ) -> Json:
        """One call; an answer without a body is an empty object.

        Raises:
            LeonidasError: with the server's own sentence.
        """
        content = None if body is None else json.dumps(body).encode()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = self._authorised(method, self._target(path, query), content)
            try:
                return read_object(answer, self.transport.origin)
            except LeonidasError as error:
                if not _worth_waiting(error, method, deadline):
                    raise
                time.sleep(error.retry_after or 1.0)

    def download(
        self,
        path: str,
        *,
        query: Json | None = None,
        body: Json | None = None,
        timeout: float = ANSWER_SECONDS,
    ) -> bytes:
        """The bytes that a GET, or a POST where there is a ``body``, answers with.

        ``timeout`` is how long the server may be silent, in seconds.

        Raises:
            LeonidasError: with the server's own sentence.
        """
        content = None if body is None else json.dumps(body).encode()
        method = "GET" if body is None else "POST"
        answer = self._authorised(method, self._target(path, query), content, timeout)
        if answer.status >= 400:
            raise error_in(answer, self.transport.origin)
        return answer.body

    def pages(self, path: str, *, query: Json | None = None) -> Iterator[Json]:
        """Every item of a listing, page after page.

        Raises:
            LeonidasError: with the server's own sentence.
        """
        cursor: str | None = None
        while True:
            page = self.call("GET", path, query={**(query or {}), "after": cursor})
            yield from page.get("items", [])
            cursor = page.get("next")
            if cursor is None:
                return

    @contextlib.contextmanager
    def stream(
        self, method: str, path: str, *, body: Json | None = None, query: Json | None = None
    ) -> Iterator[Iterator[ServerEvent]]:
        """A call that is answered with server-sent events; leaving the block detaches.

        Raises:
            LeonidasError: with the server's own sentence.
            ConnectionLost: from the iterator, when the stream breaks or is silent.
        """
        content = None if body is None else json.dumps(body).encode()
        target = self._target(path, query)
        with contextlib.ExitStack() as stack:
            token = self._tokens.access()
            lines = self._open_stream(stack, method, target, content, token)
            if isinstance(lines, Answer) and lines.status == 401:
                token = self._tokens.renew(token)
                lines = self._open_stream(stack, method, target, content, token)
            if isinstance(lines, Answer):
                raise error_in(lines, self.transport.origin)
            yield _events(lines)

    def close(self) -> None:
        """Give back the token and close the connections."""
        self._tokens.revoke()
        self.transport.close()

    def _authorised(
        self, method: str, target: str, content: bytes | None, timeout: float = ANSWER_SECONDS
    ) -> Answer:
        token = self._tokens.access()
        answer = self._send(method, target, content, token, timeout)
        if answer.status == 401:
            answer = self._send(method, target, content, self._tokens.renew(token), timeout)
        return answer

    def _send(
        self, method: str, target: str, content: bytes | None, token: str, timeout: float
    ) -> Answer:
        headers = _headers(token, "application/json")
        return self.transport.request(
            method, target, body=content, headers=headers, timeout=timeout
        )

    def _open_stream(
        self,
        stack: contextlib.ExitStack,
        method: str,
        target: str,
        content: bytes | None,
        token: str,
    ) -> Iterator[bytes] | Answer:
        """The lines of an open stream, or the whole answer when it is an error."""
        opening = self.transport.open(
            method,
            target,
            body=content,
            headers=_headers(token, "text/event-stream"),
            timeout=STREAM_SECONDS,
        )
        response = stack.enter_context(opening)
        if response.status >= 400:
            return self.transport.whole(response)
        return self.transport.lines(response)

    def _target(self, path: str, query: Json | None) -> str:
        given = {name: value for name, value in (query or {}).items() if value is not None}
        return f"{self._prefix}{path}" + (f"?{urlencode(given)}" if given else "")


def path_of(template: str, **ids: str) -> str:
    """A path with its placeholders filled in, each quoted."""
    return template.format(**{name: quote(value, safe="") for name, value in ids.items()})


def check_version(theirs: str) -> None:
    """Work with the same major version and one minor version either way.

    Raises:
        LeonidasError: which side to upgrade.
    """
    try:
        major, minor = (int(part) for part in theirs.split("."))
    except ValueError:
        raise LeonidasError(
            f"The server speaks version {theirs!r} of the API, which this kernel cannot read; "
            "install the same leonidas-jupyter in both.",
            code="usage",
        ) from None
    our_major, our_minor = (int(part) for part in API_VERSION.split("."))
    if major == our_major and abs(minor - our_minor) <= 1:
        return
    older = "server" if (major, minor) < (our_major, our_minor) else "kernel"
    raise LeonidasError(
        f"The server speaks version {theirs} of the API and this kernel {API_VERSION}: "
        f"upgrade leonidas-jupyter in the {older}.",
        code="usage",
    )


def _events(lines: Iterator[bytes]) -> Iterator[ServerEvent]:
    try:
        yield from read_events(lines)
    except ValueError as error:
        raise ConnectionLost(
            "The server's stream could not be read; the answer is in `%leonidas history` "
            "when it is done."
        ) from error


def _headers(token: str, accept: str) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {token}",
        "Accept": accept,
        "Content-Type": "application/json",
        "X-Request-ID": uuid.uuid4().hex,
    }


def _worth_waiting(error: LeonidasError, method: str, deadline: float) -> bool:
    """A busy server is asked again; what it may have begun already is not sent twice."""
    if error.status == 503 and method not in SAFE_TO_REPEAT:
        return False
    if error.status not in {429, 503} or error.code == "budget_exhausted":
        return False
    return time.monotonic() + (error.retry_after or 1.0) <= deadline
