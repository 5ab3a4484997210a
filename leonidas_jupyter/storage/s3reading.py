"""An object of S3 as it comes: taken up again where the connection broke, and compared."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any

from leonidas_jupyter.storage.base import StoreUnavailable
from leonidas_jupyter.storage.chunks import CHUNK
from leonidas_jupyter.storage.s3calls import WHAT, ObjectChanged, OutOfRange, S3Calls

SHA256 = "sha256"
"""The name in an object's metadata of the SHA-256 that this server computed of it."""

ATTEMPTS = 5
"""How often reading may break without a byte between, until it is given up."""

_FIRST_PAUSE = 0.2


async def read_object(
    calls: S3Calls, name: str, start: int, length: int | None
) -> AsyncGenerator[bytes, None]:
    """The bytes of the object ``name`` of the bucket, in chunks.

    Where the whole is read and its SHA-256 is known, it is compared at the end.

    Raises:
        ObjectMissing: at the first chunk.
        StoreUnavailable: S3 cannot be reached, or what came is not what was stored.
    """
    reading = _Reading(calls, name, start, length)
    broken = 0
    while True:
        before = reading.position
        try:
            async with aclosing(reading.some()) as chunks:
                async for chunk in chunks:
                    yield chunk
        except _Torn as torn:
            broken = broken + 1 if reading.position == before else 1
            if broken == ATTEMPTS:
                raise torn.reason from torn
            await asyncio.sleep(_FIRST_PAUSE * 2 ** (broken - 1))
        else:
            reading.compare()
            return


class _Torn(Exception):
    """The connection broke in mid-object."""

    def __init__(self, reason: Exception) -> None:
        super().__init__()
        self.reason = reason


class _Reading:
    """Where reading stands, and of which version of the object."""

    def __init__(self, calls: S3Calls, name: str, start: int, length: int | None) -> None:
        self._calls = calls
        self._name = name
        self._end = None if length is None else start + length
        self._same: dict[str, str] = {}
        self._hash = hashlib.sha256() if start == 0 and length is None else None
        self._sha256: str | None = None
        self.position = start

    async def some(self) -> AsyncGenerator[bytes, None]:
        """The bytes from ``position`` on, for as long as one connection holds."""
        if self._end is not None and self.position >= self._end:
            return
        body = await self._open()
        if body is None:
            return
        try:
            while chunk := await self._chunk(body):
                self.position += len(chunk)
                yield chunk
        finally:
            body.close()

    def compare(self) -> None:
        """See that what was read is what was stored. Raises StoreUnavailable."""
        if self._hash is None or self._sha256 is None:
            return
        if self._hash.hexdigest() != self._sha256:
            raise StoreUnavailable(f"{WHAT} gave other bytes than were stored; try again.", 5)

    async def _open(self) -> Any:  # noqa: ANN401 - a body of botocore's
        """The rest of the object; None where there is none."""
        parameters: dict[str, str] = {"Key": self._name, **self._same}
        if self.position or self._end is not None:
            last = "" if self._end is None else self._end - 1
            parameters["Range"] = f"bytes={self.position}-{last}"
        try:
            answer = await self._calls.call("get_object", **parameters)
        except ObjectChanged:
            raise StoreUnavailable("The file changed while it was read; try again.", 1) from None
        except OutOfRange:
            return None
        if not self._same:
            self._same = _identity(answer)
            self._sha256 = answer.get("Metadata", {}).get(SHA256)
        return answer["Body"]

    async def _chunk(self, body: Any) -> bytes:  # noqa: ANN401 - see above
        try:
            return await self._calls.in_thread(self._read, body)
        except StoreUnavailable as error:
            raise _Torn(error) from error

    def _read(self, body: Any) -> bytes:  # noqa: ANN401 - see above
        chunk: bytes = body.read(CHUNK)
        if self._hash is not None:
            self._hash.update(chunk)
        return chunk


def _identity(answer: dict[str, Any]) -> dict[str, str]:
    """What asks for the same object again: its version where versions are kept, else its ETag."""
    with suppress(KeyError):
        if (version := answer["VersionId"]) != "null":
            return {"VersionId": version}
    return {"IfMatch": answer["ETag"]}
