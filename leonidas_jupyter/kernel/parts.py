"""Uploads in parts, several at once: each is tried again by itself, none is sent twice."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from leonidas_jupyter.kernel.errors import ConnectionLost, LeonidasError
from leonidas_jupyter.kernel.http import Answer, Transport
from leonidas_jupyter.kernel.progress import Advance
from leonidas_jupyter.kernel.refusals import busy, refusal
from leonidas_jupyter.kernel.replies import Json
from leonidas_jupyter.kernel.together import Together
from leonidas_jupyter.kernel.transfers import (
    ATTEMPTS,
    SEND_SECONDS,
    Signed,
    pause_after,
    read_exactly,
)

RENEWALS = 20
"""How often fresh URLs are asked for: those of one hour last for most of a day."""


@dataclass(frozen=True)
class Part:
    """A part of a file, and where it goes; ``etag`` is there where the store has it already."""

    number: int
    url: str
    start: int
    size: int
    etag: str = ""


def parts_in(place: Json) -> list[Part]:
    """The parts in the answer to the beginning of an upload; none where it goes in one piece."""
    found, start = [], 0
    for said in sorted(place.get("parts") or (), key=lambda part: int(part["number"])):
        number, size = int(said["number"]), int(said["size"])
        found.append(Part(number, str(said["url"]), start, size, said.get("etag") or ""))
        start += size
    return found


def send_parts(
    path: Path, parts: list[Part], again: Callable[[], list[Part]], advance: Advance
) -> list[Json]:
    """Upload what the store has not of a file yet; what it answered, for confirming.

    Args:
        path: the file.
        parts: as the server said.
        again: asks the server for them anew, with URLs that are not over.
        advance: told of bytes as they pass, those included that are there already.

    Raises:
        LeonidasError: the store refused it, or the connection kept breaking; what arrived stays
            there, and the next upload of the same file goes on.
    """
    together = Together(advance)
    renewals = 0
    while True:
        together.settle(sum(part.size for part in parts if part.etag))
        try:
            return _send_missing(path, parts, together)
        except LeonidasError as error:
            if error.code != "token_expired" or renewals == RENEWALS:
                raise
            renewals += 1
            parts = again()


def _send_missing(path: Path, parts: list[Part], together: Together) -> list[Json]:
    etags = {part.number: part.etag for part in parts}
    missing = [part for part in parts if not part.etag]
    transport, _ = Signed(parts[0].url, "PUT", {}).target("")
    try:
        sent = together.all(missing, lambda part: _Sending(transport, path, part, together).send())
    finally:
        transport.close()
    etags.update(zip((part.number for part in missing), sent, strict=True))
    return [{"number": number, "etag": etags[number]} for number in sorted(etags)]


class _Sending:
    """One part on its way."""

    def __init__(self, transport: Transport, path: Path, part: Part, together: Together) -> None:
        self._transport = transport
        self._path = path
        self._part = part
        self._together = together
        self._passed = 0

    def send(self) -> str:
        """Send it, as often as that takes; the store's ETag.

        Raises:
            LeonidasError: the store refused it, or the connection kept breaking.
            Stopped: the whole transfer is over.
        """
        headers = {"Content-Length": str(self._part.size), "Content-MD5": self._md5()}
        for attempt in range(1, ATTEMPTS):
            try:
                answer = self._once(headers)
            except ConnectionLost:
                pass
            else:
                if not busy(answer):
                    return self._etag(answer)
            self._together.advance(-self._passed)
            self._together.pause(pause_after(attempt))
        return self._etag(self._once(headers))

    def _once(self, headers: dict[str, str]) -> Answer:
        _, target = Signed(self._part.url, "PUT", {}).target("")
        self._passed = 0
        with self._path.open("rb") as file:
            file.seek(self._part.start)
            body = read_exactly(file, self._part.size, None, self._advance)
            return self._transport.request(
                "PUT", target, body=body, headers=headers, timeout=SEND_SECONDS
            )

    def _advance(self, size: int) -> None:
        self._together.advance(size)
        self._passed += size

    def _etag(self, answer: Answer) -> str:
        if answer.status >= 400:
            raise refusal(answer, self._transport.origin)
        return answer.headers.get("etag", "")

    def _md5(self) -> str:
        """What S3 compares a part with before it keeps it (RFC 1864)."""
        digest = hashlib.md5(usedforsecurity=False)
        with self._path.open("rb") as file:
            file.seek(self._part.start)
            for _ in read_exactly(file, self._part.size, digest, lambda _size: None):
                pass
        return base64.b64encode(digest.digest()).decode()
