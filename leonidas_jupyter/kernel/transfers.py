"""Bytes to and from where a signed URL says: streamed, counted, hashed, checked."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from leonidas_jupyter.kernel.errors import ConnectionLost, LeonidasError
from leonidas_jupyter.kernel.http import Transport
from leonidas_jupyter.kernel.progress import Advance
from leonidas_jupyter.kernel.replies import error_in

CHUNK_BYTES = 1 << 20
ATTEMPTS = 3


@dataclass(frozen=True)
class Signed:
    """A signed request: the URL is the only authority that goes with it."""

    url: str
    method: str
    headers: dict[str, str]

    def target(self, origin: str) -> tuple[Transport, str]:
        """Where to send it; a URL that begins with ``/`` is on the server at ``origin``."""
        parts = urlsplit(self.url)
        transport = Transport(f"{parts.scheme}://{parts.netloc}" if parts.netloc else origin)
        return transport, parts.path + (f"?{parts.query}" if parts.query else "")


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def send(path: Path, signed: Signed, origin: str, advance: Advance) -> str:
    """Upload a file; its SHA-256, computed on the way.

    Raises:
        LeonidasError: the store refused it, or the connection broke.
    """
    transport, target = signed.target(origin)
    digest = hashlib.sha256()
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        headers = {**signed.headers, "Content-Length": str(size)}
        try:
            answer = transport.request(
                signed.method,
                target,
                body=_read(file, size, digest, advance),
                headers=headers,
                timeout=300.0,
            )
        finally:
            transport.close()
    if answer.status >= 400:
        raise error_in(answer, transport.origin)
    return digest.hexdigest()


def receive(path: Path, signed: Signed, origin: str, size: int, advance: Advance) -> None:
    """Download ``size`` bytes into a file; a broken connection is tried again.

    Raises:
        LeonidasError: the store refused it, or the connection kept breaking.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _receive(path, signed, origin, size, advance)
        except ConnectionLost:
            if attempt == ATTEMPTS:
                raise
            advance(-path.stat().st_size if path.exists() else 0)
        else:
            return


def _receive(path: Path, signed: Signed, origin: str, size: int, advance: Advance) -> None:
    transport, target = signed.target(origin)
    received = 0
    try:
        with (
            transport.open(signed.method, target, headers=signed.headers) as response,
            path.open("wb") as file,
        ):
            if response.status >= 400:
                raise error_in(transport.whole(response), transport.origin)
            for chunk in transport.chunks(response, CHUNK_BYTES):
                file.write(chunk)
                received += len(chunk)
                advance(len(chunk))
    finally:
        transport.close()
    if received != size:
        raise ConnectionLost(
            f"The download broke off after {received:,} of {size:,} bytes; try again."
        )


def _read(
    file: BinaryIO,
    size: int,
    digest: "hashlib._Hash",
    advance: Advance,
) -> Iterator[bytes]:
    """Exactly the file's bytes; its size has been said already.

    Raises:
        LeonidasError: the file changed while it was read.
    """
    left = size
    while left:
        chunk = file.read(min(CHUNK_BYTES, left))
        if not chunk:
            raise LeonidasError("The file became shorter while it was read; upload it again.")
        left -= len(chunk)
        digest.update(chunk)
        advance(len(chunk))
        yield chunk
