"""Server-sent events, read as the WHATWG HTML standard (section 9.2.6) says."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ServerEvent:
    """One event of a run; ``number`` is None for what is sent live, before it is stored."""

    name: str
    data: dict[str, Any]
    number: int | None


def read_events(lines: Iterable[bytes]) -> Iterator[ServerEvent]:
    """The events in a stream of lines; one that the stream's end cuts off is not an event.

    Raises:
        ValueError: an event's data is not a JSON object.
    """
    name, number = "", None
    data: list[str] = []
    for raw in lines:
        line = raw.decode("utf-8").rstrip("\r\n")
        if not line:
            if data:
                yield ServerEvent(name or "message", _object("\n".join(data)), number)
            name, data, number = "", [], None
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif field == "id" and value.isascii() and value.isdigit():
            number = int(value)


def _object(text: str) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("An event's data is not a JSON object.")
    return value
