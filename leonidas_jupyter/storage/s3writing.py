"""Objects on their way into S3: at once where they are small, else in parts, seen when whole."""

import asyncio
import base64
import hashlib
import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

from leonidas_jupyter.storage.base import (
    BytesDiffer,
    ObjectInfo,
    StoreUnavailable,
    UploadOver,
)
from leonidas_jupyter.storage.chunks import limited
from leonidas_jupyter.storage.s3calls import WHAT, ObjectChanged, S3Calls, gathered, to_its_end
from leonidas_jupyter.storage.s3reading import SHA256

log = logging.getLogger(__name__)

PART_BYTES = 8 * 1024**2
"""From how many bytes on an object is written in parts; S3 takes none below 5 MiB but the last."""

MOST_PART_BYTES = 512 * 1024**2
"""Ten thousand parts of this size are the largest object of S3 (5 TiB)."""

GROWTH = 1000
"""After so many parts of a stream whose length nobody knows the parts are twice as large."""

PARTS_AT_ONCE = 3
"""How many parts of one object are sent at once; so many and one more are kept in memory."""

COPY_BYTES = 256 * 1024**2
"""The parts in which large objects are copied; S3 copies up to 5 GiB at once, but slowly."""

COPIES_AT_ONCE = 8
MOST_PARTS = 10_000
"""S3 takes no more of one object."""

ATTEMPT = "attempt"
"""The name in an object's metadata of a random id: whether it is the one that was just written."""


async def write_object(
    calls: S3Calls,
    name: str,
    chunks: AsyncIterator[bytes] | bytes | Path,
    *,
    max_bytes: int | None,
    sha256: str | None,
) -> ObjectInfo:
    """Store an object under ``name``; the info's key is that name.

    Raises:
        ObjectTooLarge, BytesDiffer, StoreUnavailable: nothing was stored.
    """
    if isinstance(chunks, Path) and sha256 is None:
        sha256 = await asyncio.to_thread(_hash_of, chunks)
    writing = _Writing(calls, name, sha256)
    async with aclosing(limited(chunks, max_bytes)) as pieces:
        async for piece in pieces:
            writing.buffer += piece
            writing.hash.update(piece)
            if len(writing.buffer) > writing.part_bytes:
                return await writing.in_parts(pieces)
    return await writing.at_once()


class _Writing:
    """One object that is being written."""

    def __init__(self, calls: S3Calls, name: str, sha256: str | None) -> None:
        self._calls = calls
        self._name = name
        self._sha256 = sha256
        self._size = 0
        self._parts: list[asyncio.Task[dict[str, Any]]] = []
        self.hash = hashlib.sha256()
        self.buffer = bytearray()

    @property
    def part_bytes(self) -> int:
        """How large the next part is to be."""
        return min(PART_BYTES << (len(self._parts) // GROWTH), MOST_PART_BYTES)

    async def at_once(self) -> ObjectInfo:
        """Write what is in the buffer, which is all."""
        computed = self._computed()
        await self._calls.write(
            "put_object",
            Key=self._name,
            Body=bytes(self.buffer),
            Metadata={SHA256: computed},
            ChecksumSHA256=base64.b64encode(self.hash.digest()).decode(),
            ContentType="application/octet-stream",
        )
        return ObjectInfo(self._name, len(self.buffer), computed)

    async def in_parts(self, pieces: AsyncIterator[bytes]) -> ObjectInfo:
        """Write what is in the buffer, and what is still to come."""
        attempt = uuid.uuid4().hex
        upload_id = await self._begin(attempt)
        try:
            await self._send(upload_id)
            async for piece in pieces:
                self.buffer += piece
                self.hash.update(piece)
                if len(self.buffer) >= self.part_bytes:
                    await self._send(upload_id)
            if self.buffer:
                await self._send(upload_id)
            await asyncio.wait(self._parts)
            etags = [part.result()["ETag"] for part in self._parts]
            computed = self._computed()
            await join(self._calls, self._name, upload_id, etags, attempt)
        except BaseException:
            await asyncio.shield(self._give_up(upload_id))
            raise
        return ObjectInfo(self._name, self._size, computed)

    async def _begin(self, attempt: str) -> str:
        known = {SHA256: self._sha256} if self._sha256 is not None else {}
        begun = await self._calls.write(
            "create_multipart_upload",
            Key=self._name,
            Metadata={**known, ATTEMPT: attempt},
            ContentType="application/octet-stream",
        )
        return str(begun["UploadId"])

    async def _send(self, upload_id: str) -> None:
        """Begin to send the buffer as the next part, once there is a place for it."""
        while len(under_way := {part for part in self._parts if not part.done()}) >= PARTS_AT_ONCE:
            await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
        for part in self._parts:
            if part.done():
                part.result()
        body, self.buffer = bytes(self.buffer), bytearray()
        self._size += len(body)
        sending = self._calls.call(
            "upload_part",
            Key=self._name,
            UploadId=upload_id,
            PartNumber=len(self._parts) + 1,
            Body=body,
        )
        self._parts.append(asyncio.create_task(sending))

    def _computed(self) -> str:
        computed = self.hash.hexdigest()
        if self._sha256 not in (None, computed):
            raise BytesDiffer(self._name)
        return computed

    async def _give_up(self, upload_id: str) -> None:
        """Remove the parts, after the last of those under way: it would be kept otherwise."""
        await asyncio.gather(*self._parts, return_exceptions=True)
        await abort(self._calls, self._name, upload_id)


async def join(
    calls: S3Calls, name: str, upload_id: str, etags: list[str], attempt: str | None = None
) -> None:
    """Make one object of the parts, which are numbered from 1 on.

    With ``attempt`` an upload that is over counts as joined where the object says so: an answer
    that was lost makes boto3 ask again.

    Raises:
        UploadOver: it was joined or given up before.
    """
    parts = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, start=1)]
    try:
        await to_its_end(
            calls.call(
                "complete_multipart_upload",
                Key=name,
                UploadId=upload_id,
                MultipartUpload={"Parts": parts},
            )
        )
    except UploadOver:
        if attempt is None:
            raise
        with_ours = await calls.call("head_object", Key=name)
        if with_ours["Metadata"].get(ATTEMPT) != attempt:
            raise StoreUnavailable(f"{WHAT} gave the upload up; try again.", 1) from None


async def abort(calls: S3Calls, name: str, upload_id: str) -> None:
    """Give an upload in parts up; what cannot be removed now is swept later."""
    try:
        await calls.call("abort_multipart_upload", Key=name, UploadId=upload_id)
    except UploadOver:
        pass
    except StoreUnavailable as error:
        log.warning("Parts of an upload that was given up stay until they are swept: %s", error)


async def copy_object(
    calls: S3Calls, source: str, target: str, head: dict[str, Any], sha256: str | None
) -> None:
    """Copy within the bucket, on S3's side; ``head`` is what it said of the source.

    Raises:
        ObjectMissing: the source is gone.
    """
    metadata = {} if sha256 is None else {SHA256: sha256}
    try:
        if head["ContentLength"] > COPY_BYTES:
            await _copy_in_parts(calls, source, target, head, metadata)
            return
        await calls.write(
            "copy_object",
            Key=target,
            CopySource={"Bucket": calls.place.bucket, "Key": source},
            CopySourceIfMatch=head["ETag"],
            MetadataDirective="REPLACE",
            Metadata=metadata,
            ContentType="application/octet-stream",
        )
    except ObjectChanged:
        raise StoreUnavailable("The file changed while it was copied; try again.", 1) from None


async def _copy_in_parts(
    calls: S3Calls, source: str, target: str, head: dict[str, Any], metadata: dict[str, str]
) -> None:
    attempt, size = uuid.uuid4().hex, head["ContentLength"]
    begun = await calls.write(
        "create_multipart_upload",
        Key=target,
        Metadata={**metadata, ATTEMPT: attempt},
        ContentType="application/octet-stream",
    )
    upload_id = begun["UploadId"]

    step = max(COPY_BYTES, -(-size // MOST_PARTS))

    async def part(number: int, begin: int) -> str:
        copied = await calls.call(
            "upload_part_copy",
            Key=target,
            UploadId=upload_id,
            PartNumber=number,
            CopySource={"Bucket": calls.place.bucket, "Key": source},
            CopySourceIfMatch=head["ETag"],
            CopySourceRange=f"bytes={begin}-{min(begin + step, size) - 1}",
        )
        return str(copied["CopyPartResult"]["ETag"])

    try:
        works = [part(n, at) for n, at in enumerate(range(0, size, step), start=1)]
        etags = await gathered(COPIES_AT_ONCE, works)
        await join(calls, target, upload_id, etags, attempt)
    except BaseException:
        await asyncio.shield(abort(calls, target, upload_id))
        raise


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
