"""The bytes to store, whatever form they come in."""

import asyncio
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path

from leonidas_jupyter.storage.base import ObjectTooLarge

CHUNK = 1 << 20
"""How many bytes are read or written at once."""


async def limited(
    source: AsyncIterator[bytes] | bytes | Path, max_bytes: int | None
) -> AsyncGenerator[bytes, None]:
    """The bytes of ``source`` in chunks of about CHUNK, so that few calls go to a thread.

    Raises:
        ObjectTooLarge: as soon as more than ``max_bytes`` have come.
    """
    total = 0
    waiting = bytearray()
    async with aclosing(_parts(source)) as parts:
        async for chunk in parts:
            total += len(chunk)
            if max_bytes is not None and total > max_bytes:
                raise ObjectTooLarge(f"More than {max_bytes} bytes came.")
            waiting += chunk
            if len(waiting) >= CHUNK:
                yield bytes(waiting)
                waiting.clear()
    if waiting:
        yield bytes(waiting)


async def _parts(source: AsyncIterator[bytes] | bytes | Path) -> AsyncGenerator[bytes, None]:
    if isinstance(source, bytes):
        yield source
    elif isinstance(source, Path):
        async with aclosing(read_file(source, 0)) as chunks:
            async for chunk in chunks:
                yield chunk
    else:
        async for chunk in source:
            yield chunk


async def read_file(
    path: Path, start: int, length: int | None = None
) -> AsyncGenerator[bytes, None]:
    """At most ``length`` bytes of a file from ``start`` on, read in a thread. Raises OSError."""
    file = await asyncio.to_thread(path.open, "rb")
    left = sys.maxsize if length is None else length
    try:
        if start:
            file.seek(start)
        while chunk := await asyncio.to_thread(file.read, min(CHUNK, left)):
            left -= len(chunk)
            yield chunk
    finally:
        file.close()
