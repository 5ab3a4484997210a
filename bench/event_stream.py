"""A question over the API's event stream, as a client sees the answer come."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPResponse
from typing import Any

from bench.api import API
from bench.providers import WAIT_SECONDS
from scripts.serving import Server

Seen = Callable[[str, dict[str, Any]], None]
"""Called with each event's name and data as it comes."""


@dataclass
class Heard:
    """An answer; times are ``time.monotonic()``.

    Attributes:
        first: when its first text came.
        last: when its last text came.
        finished: when the stream said that it had ended.
        status: how.
        text: all of it.
    """

    first: float = 0.0
    last: float = 0.0
    finished: float = 0.0
    status: str = ""
    text: list[str] = field(default_factory=list)


def ask(server: Server, session_id: str, model: str, question: str, seen: Seen) -> Heard:
    """Ask a model, and read the events to the last one.

    Raises:
        RuntimeError: the question was refused.
    """
    connection = HTTPConnection("127.0.0.1", server.port, timeout=WAIT_SECONDS)
    headers = {
        "Authorization": f"token {server.token}",
        "Content-Type": "application/json",
        "Accept": "text/event-stream",
    }
    body = json.dumps({"content": question, "model": model})
    try:
        connection.request("POST", f"/{API}/sessions/{session_id}/chat", body, headers)
        answer = connection.getresponse()
        if answer.status != HTTPStatus.OK:
            raise RuntimeError(f"The question was refused: {answer.read(500)!r}")
        return _hear(answer, seen)
    finally:
        connection.close()


def ignore(_name: str, _data: dict[str, Any]) -> None:
    """Nothing is done with an event."""


def _hear(answer: HTTPResponse, seen: Seen) -> Heard:
    heard = Heard()
    for name, raw in _events(answer):
        moment = time.monotonic()
        data = json.loads(raw)
        if name == "text_delta" and data["text"]:
            heard.first, heard.last = heard.first or moment, moment
            heard.text.append(data["text"])
        elif name == "run_finished":
            heard.finished, heard.status = moment, data["status"]
        seen(name, data)
    return heard


def _events(answer: HTTPResponse) -> Iterator[tuple[str, bytes]]:
    """Names and data of server-sent events, each as it is whole."""
    name, data = "", b""
    while line := answer.readline():
        if line.startswith(b"event: "):
            name = line[7:].strip().decode()
        elif line.startswith(b"data: "):
            data = line[6:]
        elif not line.strip() and name:
            yield name, data
            name, data = "", b""
