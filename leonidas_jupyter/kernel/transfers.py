"""Bytes to and from where a signed URL says: streamed, counted, hashed, gone on with, checked."""

import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from leonidas_jupyter.kernel.errors import ConnectionLost, LeonidasError
from leonidas_jupyter.kernel.http import Transport
from leonidas_jupyter.kernel.progress import Advance
from leonidas_jupyter.kernel.refusals import busy, refusal

CHUNK_BYTES = 1 << 20
ATTEMPTS = 5
"""How often a transfer is tried that breaks off, or that a store is too busy for."""

PAUSE_SECONDS = 0.2
"""How long to wait before the second attempt; before each later one twice as long."""

SEND_SECONDS = 300.0


@dataclass(frozen=True)
class Signed:
    """A signed request: the URL is the only authority that goes with it."""

    url: str
    method: str
    headers: dict[str, str]

    @property
    def elsewhere(self) -> bool:
        """Whether it goes to another server than the one that signed it."""
        return bool(urlsplit(self.url).netloc)

    def target(self, origin: str) -> tuple[Transport, str]:
        """Where to send it; a URL that begins with ``/`` is on the server at ``origin``."""
        parts = urlsplit(self.url)
        transport = Transport(f"{parts.scheme}://{parts.netloc}" if parts.netloc else origin)
        return transport, parts.path + (f"?{parts.query}" if parts.query else "")


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def pause_after(attempt: int) -> float:
    """How long to wait after so many attempts, in seconds."""
    return PAUSE_SECONDS * 2.0 ** (attempt - 1)


def send(path: Path, signed: Signed, origin: str, advance: Advance) -> str:
    """Upload a file in one piece; its SHA-256, computed on the way.

    Raises:
        LeonidasError: the store refused it, or the connection broke.
    """
    transport, target = signed.target(origin)
    try:
        for attempt in range(1, ATTEMPTS + 1):
            digest = hashlib.sha256()
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                answer = transport.request(
                    signed.method,
                    target,
                    body=read_exactly(file, size, digest, advance),
                    headers={**signed.headers, "Content-Length": str(size)},
                    timeout=SEND_SECONDS,
                )
            if not busy(answer) or attempt == ATTEMPTS:
                break
            advance(-size)
            time.sleep(pause_after(attempt))
    finally:
        transport.close()
    if answer.status >= 400:
        raise refusal(answer, transport.origin)
    return digest.hexdigest()


def receive(path: Path, signed: Signed, origin: str, size: int, advance: Advance) -> None:
    """Download ``size`` bytes into a file; a broken connection is gone on with where it broke.

    Raises:
        LeonidasError: the store refused it, or the connection kept breaking.
    """
    transport, target = signed.target(origin)
    arrived = 0
    try:
        with path.open("wb") as file:
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    _go_on(transport, target, signed, file, size, advance)
                except ConnectionLost:
                    if attempt == ATTEMPTS:
                        raise
                    time.sleep(pause_after(attempt) if file.tell() == arrived else 0)
                    arrived = file.tell()
                else:
                    return
    finally:
        transport.close()


def _go_on(
    transport: Transport, target: str, signed: Signed, file: BinaryIO, size: int, advance: Advance
) -> None:
    """What is missing of a file. Raises ConnectionLost."""
    at = file.tell()
    headers = {**signed.headers, "Range": f"bytes={at}-"} if at else signed.headers
    with transport.open(signed.method, target, headers=headers) as response:
        if response.status >= 400:
            raise refusal(transport.whole(response), transport.origin)
        if at and not begins_at(response, at):
            advance(-at)
            file.seek(0)
            file.truncate()
        for chunk in transport.chunks(response, CHUNK_BYTES):
            file.write(chunk)
            advance(len(chunk))
    if file.tell() != size:
        raise ConnectionLost(
            f"The download broke off after {file.tell():,} of {size:,} bytes; try again."
        )


def begins_at(response: HTTPResponse, start: int) -> bool:
    """Whether an answer holds the bytes from ``start`` on, and not the whole."""
    said = response.getheader("Content-Range", "")
    return response.status == 206 and said.startswith(f"bytes {start}-")


def read_exactly(
    file: BinaryIO, size: int, digest: "hashlib._Hash | None", advance: Advance
) -> Iterator[bytes]:
    """Exactly so many bytes from where the file stands; their number has been said already.

    Raises:
        LeonidasError: the file changed while it was read.
    """
    left = size
    while left:
        chunk = file.read(min(CHUNK_BYTES, left))
        if not chunk:
            raise LeonidasError("The file became shorter while it was read; upload it again.")
        left -= len(chunk)
        if digest is not None:
            digest.update(chunk)
        advance(len(chunk))
        yield chunk
