"""A real server behind a connection that breaks wherever it likes: the answer is the same."""

import contextlib
import socket
import threading

import pytest

from leonidas_jupyter.kernel import run as run_module
from leonidas_jupyter.kernel.connection import connect
from leonidas_jupyter.kernel.errors import ConnectionLost
from tests.kernel.jupyterserver import TOKEN

QUESTION = "What is the average body_mass_g by species?"


class Cutter:
    """A TCP proxy that passes on ``left`` bytes of each answer to a question, and then hangs up."""

    def __init__(self, port: int) -> None:
        self.left: int | None = None
        self.passed = 0
        self._port = port
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/base/"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._socket.accept()
                server = socket.create_connection(("127.0.0.1", self._port))
                for source, target in ((client, server), (server, client)):
                    threading.Thread(target=self._pass, args=(source, target), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if b"text/event-stream" in data and data.startswith(b"HTTP/1.1 200"):
                    self._stream(data, source, target)
                    break
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _stream(self, data: bytes, source: socket.socket, target: socket.socket) -> None:
        left, self.left = self.left, None  # only the first stream is cut
        self.passed = 0
        while data:
            data = data if left is None else data[: max(0, left - self.passed)]
            target.sendall(data)
            self.passed += len(data)
            if left is not None and self.passed >= left:
                return
            data = source.recv(65536)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(scope="module")
def cutter(server):
    made = Cutter(server.port)
    yield made
    made.close()


@pytest.fixture(scope="module")
def connection(cutter):
    with connect("Demo", url=cutter.url, token=TOKEN) as made:
        yield made


@pytest.fixture(scope="module")
def whole(connection, cutter):
    """The answer over a connection that holds, and how many bytes that took."""
    answer = connection.ask(QUESTION, session="new")
    assert "Gentoo" in answer.text
    return answer, cutter.passed


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7, 0.9, 0.99])
def test_the_answer_is_the_same_wherever_the_stream_breaks(
    connection, cutter, whole, monkeypatch, share
):
    monkeypatch.setattr(run_module, "RECONNECT_SECONDS", (0.0, 0.2, 0.5, 1.0))
    answer, size = whole
    cutter.left = int(size * share)
    again = connection.ask(QUESTION, session="new")
    assert cutter.left is None
    assert (again.text, again.code, again.status) == (answer.text, answer.code, "completed")
    assert [(s.tool, s.ok, s.summary) for s in again.steps] == [
        (s.tool, s.ok, s.summary) for s in answer.steps
    ]
    assert again.frame.equals(answer.frame)


def test_a_stream_without_a_first_event_is_not_asked_twice(connection, cutter, whole):
    cutter.left = 60
    with pytest.raises(ConnectionLost):
        connection.ask(QUESTION, session="new")
    questions = [message for message in connection.history() if message.role == "USER"]
    assert len(questions) == 1
