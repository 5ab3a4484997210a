"""Zip archives that are made while they are sent: of any size, in little memory, on no disk."""

import asyncio
import zipfile
from collections.abc import AsyncIterator
from datetime import datetime
from io import RawIOBase
from typing import Any


class _Pipe(RawIOBase):
    """What the archive is written to, and taken from."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any) -> int:  # noqa: ANN401 - any buffer
        """Keep bytes until they are taken."""
        self._waiting += data
        return len(data)

    def take(self) -> bytes:
        """What was written since."""
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken


Member = tuple[str, AsyncIterator[bytes]]
"""The name of a file in an archive, and its bytes."""


async def zipped(members: AsyncIterator[Member], moment: datetime) -> AsyncIterator[bytes]:
    """The bytes of an archive of some files, each written as it comes.

    The archive has ZIP64 fields wherever they may be needed, so that nothing is too large for it.
    """
    pipe = _Pipe()
    archive = zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED, allowZip64=True)
    async for name, chunks in members:
        info = zipfile.ZipInfo(name, moment.timetuple()[:6])
        info.compress_type = zipfile.ZIP_DEFLATED
        file = archive.open(info, "w", force_zip64=True)
        async for chunk in chunks:
            await asyncio.to_thread(file.write, chunk)
            if taken := pipe.take():
                yield taken
        await asyncio.to_thread(file.close)
        yield pipe.take()
    archive.close()
    yield pipe.take()
