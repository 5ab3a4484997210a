"""HTTP/1.1 requests with the standard library: kept-alive connections, failures in words."""

import contextlib
import http.client
import selectors
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from leonidas_jupyter._version import __version__
from leonidas_jupyter.kernel.errors import ConnectionLost, LeonidasError
from leonidas_jupyter.kernel.network import way_to

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 60.0
SAFE_TO_REPEAT = frozenset({"GET", "PUT", "DELETE"})
"""Methods that mean the same when sent twice (RFC 9110, section 9.2.2)."""

Body = bytes | Iterable[bytes] | None


@dataclass(frozen=True)
class Answer:
    """A whole answer; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Transport:
    """Connections to one origin, kept alive between requests; may be used by several threads."""

    def __init__(self, origin: str) -> None:
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise LeonidasError(
                f"{origin!r} is not the address of a server; one looks like http://localhost:8888.",
                code="usage",
            )
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self._way = way_to(parts)
        self._idle: list[http.client.HTTPConnection] = []

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Body = None,
        headers: dict[str, str] | None = None,
        timeout: float = ANSWER_SECONDS,
    ) -> Answer:
        """Send, and read the whole answer.

        Raises:
            LeonidasError: ``unreachable`` or ``connection_lost``.
        """
        with self.open(method, path, body=body, headers=headers, timeout=timeout) as response:
            return self.whole(response)

    @contextlib.contextmanager
    def open(
        self,
        method: str,
        path: str,
        *,
        body: Body = None,
        headers: dict[str, str] | None = None,
        timeout: float = ANSWER_SECONDS,
    ) -> Iterator[http.client.HTTPResponse]:
        """Send, and give the answer to read from; a connection read to its end is kept.

        Raises:
            LeonidasError: ``unreachable`` or ``connection_lost``.
        """
        connection, response = self._send(method, path, body, headers or {}, timeout)
        try:
            yield response
        finally:
            if response.isclosed() and not response.will_close:
                self._idle.append(connection)
            else:
                connection.close()

    def whole(self, response: http.client.HTTPResponse) -> Answer:
        """The answer, read to its end.

        Raises:
            ConnectionLost: the connection broke, or was silent for the time-out.
        """
        content = self._guard(response.read)
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, content)

    def lines(self, response: http.client.HTTPResponse) -> Iterator[bytes]:
        """The answer line by line, as it comes.

        Raises:
            ConnectionLost: the connection broke, or was silent for the time-out.
        """
        while line := self._guard(response.readline):
            yield line

    def chunks(self, response: http.client.HTTPResponse, size: int = 1 << 20) -> Iterator[bytes]:
        """The answer in pieces of at most ``size`` bytes.

        Raises:
            ConnectionLost: the connection broke, or was silent for the time-out.
        """
        while chunk := self._guard(lambda: response.read(size)):
            yield chunk

    def close(self) -> None:
        """Close the connections that are kept."""
        while self._idle:
            self._idle.pop().close()

    def _send(
        self, method: str, path: str, body: Body, headers: dict[str, str], timeout: float
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        kept = self._kept()
        if kept is not None:
            try:
                return kept, self._exchange(kept, method, path, body, headers, timeout)
            except (http.client.HTTPException, OSError) as error:
                kept.close()
                repeatable = body is None or isinstance(body, bytes)
                if method not in SAFE_TO_REPEAT or not repeatable:
                    raise self._lost() from error
            except BaseException:  # what gives the body, or the person, ended it
                kept.close()
                raise
        connection = self._connect()
        try:
            return connection, self._exchange(connection, method, path, body, headers, timeout)
        except (http.client.HTTPException, OSError) as error:
            connection.close()
            raise self._lost() from error
        except BaseException:
            connection.close()
            raise

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: Body,
        headers: dict[str, str],
        timeout: float,
    ) -> http.client.HTTPResponse:
        if connection.sock is not None:
            connection.sock.settimeout(timeout)
        sent = {"User-Agent": f"leonidas-jupyter/{__version__}", **self._way.headers, **headers}
        try:
            connection.request(method, self._way.before + path, body=body, headers=sent)
        except (BrokenPipeError, ConnectionResetError):
            # A server that refuses a body in its middle has often said why before it closed.
            with contextlib.suppress(http.client.HTTPException, OSError):
                return connection.getresponse()
            raise
        return connection.getresponse()

    def _connect(self) -> http.client.HTTPConnection:
        connection = self._way.connection(CONNECT_SECONDS)
        try:
            connection.connect()
        except ssl.SSLCertVerificationError as error:
            raise LeonidasError(
                f"{self.origin} shows a certificate that is not trusted here; name a file of the "
                "certificates that your network uses in LEONIDAS_CA_BUNDLE.",
                code="unreachable",
            ) from error
        except OSError as error:
            reason = error.strerror or str(error) or type(error).__name__
            raise LeonidasError(
                f"No server answers at {self.origin} ({reason}); is it running?",
                code="unreachable",
            ) from error
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _kept(self) -> http.client.HTTPConnection | None:
        """A kept connection on which the server has neither closed nor said anything."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:  # the last one may just have gone to another thread
                return None
            if connection.sock is not None and not _readable(connection.sock):
                return connection
            connection.close()

    def _guard(self, read: Callable[[], bytes]) -> bytes:
        try:
            return read()
        except (http.client.HTTPException, OSError) as error:
            raise self._lost() from error

    def _lost(self) -> ConnectionLost:
        return ConnectionLost(
            f"The connection to {self.origin} was lost; look whether the server still runs, "
            "and try again."
        )


def _readable(sock: socket.socket) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_READ)
        return bool(selector.select(0))
