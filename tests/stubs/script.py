"""What a stubbed model says: turns of steps, the same for every provider's stub.

A stub is given a list of turns. Each request takes the next one; the last one is said again and
again. A turn may also be a function of the request that it answers.
"""

import json
import select
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Call:
    """A tool call; ``arguments`` as text are sent as they are, so they may be broken JSON."""

    tool: str
    arguments: dict[str, Any] | str = field(default_factory=dict)
    id: str | None = None

    @property
    def text(self) -> str:
        given = self.arguments
        return given if isinstance(given, str) else json.dumps(given)


@dataclass(frozen=True)
class Thought:
    """A piece of reasoning; with a ``signature`` where the provider signs it."""

    text: str
    signature: str | None = None


@dataclass(frozen=True)
class Pause:
    """Nothing for some seconds; as the first step before the answer's headers."""

    seconds: float


@dataclass(frozen=True)
class Stall:
    """Nothing any more, until the client closes the connection or the stub ends."""


@dataclass(frozen=True)
class CutOff:
    """There is no end of the answer: the connection is closed, or ``clean`` as if it had ended."""

    clean: bool = False


@dataclass(frozen=True)
class Stop:
    """The end of the answer, for another reason than that it is complete (the provider's word)."""

    reason: str


@dataclass(frozen=True)
class Fault:
    """An error of the provider: as the first step an HTTP status, later an event in the stream."""

    code: str
    message: str
    status: int = 400
    headers: dict[str, str] = field(default_factory=dict)


Step = str | Call | Thought | Pause | Stall | CutOff | Stop | Fault
Turn = Sequence[Step]


@dataclass(frozen=True)
class Received:
    """A request as it came in; ``raw`` is all of its body, for canaries."""

    path: str
    headers: dict[str, str]
    raw: str

    @property
    def body(self) -> dict[str, Any]:
        return json.loads(self.raw)


class Gone(Exception):
    """The client has closed the connection."""


class Stub:
    """A server on a free port of the loopback; a context manager. Subclasses speak a protocol.

    Attributes:
        turns: what is said, see above; may be changed at any time.
        requests: what was asked for answers, in order.
        hangups: when (``time.monotonic()``) a client closed its connection in mid-answer.
        began: when each answer's first byte was sent.
        connections: how many were opened.
    """

    handler: type["StubHandler"]

    def __init__(self, *turns: Turn | Callable[[Received], Turn]) -> None:
        self.turns = list(turns) or [("Hello.",)]
        self.requests: list[Received] = []
        self.hangups: list[float] = []
        self.began: list[float] = []
        self.connections = 0
        self.stopping = threading.Event()
        self._lock = threading.Lock()

    def __enter__(self):
        self._server = Server(("127.0.0.1", 0), self.handler)
        self._server.stub = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def heard(self) -> str:
        """Everything that reached the provider, as one text."""
        return "\n".join(request.raw for request in self.requests)

    def next_turn(self, received: Received) -> list[Step]:
        with self._lock:
            number = min(len(self.requests), len(self.turns) - 1)
            self.requests.append(received)
        turn = self.turns[number]
        return list(turn(received) if callable(turn) else turn)


class Server(ThreadingHTTPServer):
    """Threads end with their connections; a client that goes away is no error."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    stub: Stub

    def handle_error(self, request, client_address) -> None:
        """Say nothing: clients are meant to go away."""


class StubHandler(BaseHTTPRequestHandler):
    """One connection: reads requests, and writes chunks as they come."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    @property
    def stub(self) -> Any:
        return self.server.stub

    def setup(self) -> None:
        super().setup()
        self.stub.connections += 1

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    def receive(self) -> Received:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        return Received(self.path, {k.lower(): v for k, v in self.headers.items()}, raw)

    def answer(self, status: int, body: bytes, media_type: str, **headers: str) -> None:
        """A whole answer."""
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def answer_json(self, value: Any, status: int = 200, **headers: str) -> None:
        self.answer(status, json.dumps(value).encode(), "application/json", **headers)

    def begin(self, media_type: str, **headers: str) -> None:
        """The headers of an answer in chunks."""
        self.send_response(200)
        self.send_header("Content-Type", media_type)
        self.send_header("Transfer-Encoding", "chunked")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.stub.began.append(time.monotonic())

    def chunk(self, data: bytes) -> None:
        try:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        except OSError as error:
            raise self._gone() from error

    def end(self) -> None:
        """The end of an answer in chunks."""
        self.wfile.write(b"0\r\n\r\n")

    def wait(self, seconds: float) -> None:
        """Wait, but see at once that the client closes its connection. Raises Gone."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and not self.stub.stopping.is_set():
            readable, _, _ = select.select([self.connection], [], [], min(left, 0.02))
            if readable and not self._peek():
                raise self._gone()

    def speak(self, steps: Sequence[Step]) -> None:
        """Carry out a turn with ``open_answer``, ``say_*`` and ``close_answer`` of a subclass."""
        try:
            self._speak(list(steps))
        except Gone:
            self.close_connection = True

    def _speak(self, steps: list[Step]) -> None:
        while steps and isinstance(steps[0], Pause):
            self.wait(steps.pop(0).seconds)
        if steps and isinstance(steps[0], Stall):
            self.wait(3600)
            raise Gone
        if steps and isinstance(steps[0], Fault):
            self.refuse(steps[0])
            return
        self.open_answer()
        for step in steps:
            if isinstance(step, Pause):
                self.wait(step.seconds)
            elif isinstance(step, Stall):
                self.wait(3600)
                raise Gone
            elif isinstance(step, CutOff):
                if not step.clean:
                    raise Gone
                self.end()
                return
            elif isinstance(step, Fault):
                self.break_off(step)
                self.end()
                return
            else:
                self.say(step)
        stop = next((step.reason for step in steps if isinstance(step, Stop)), None)
        called = any(isinstance(step, Call) for step in steps)
        self.close_answer(stop, called=called)
        self.end()

    def _peek(self) -> bytes:
        try:
            return self.connection.recv(1, 2)  # MSG_PEEK
        except OSError:
            return b""

    def _gone(self) -> Gone:
        self.stub.hangups.append(time.monotonic())
        return Gone()
