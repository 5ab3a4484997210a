"""The object store in a bucket of S3, or of another store that speaks as S3 does.

Below the prefix of the URL ``objects/<key>`` are the objects and ``uploads/<key>`` what was PUT to
a signed URL and is not collected yet. The bucket's rules may remove ``uploads/`` after some days,
and parts of uploads that nobody finished; ``sweep`` does the same.
"""

import builtins
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from leonidas_jupyter.core.ids import now
from leonidas_jupyter.core.s3place import S3Place
from leonidas_jupyter.storage.base import (
    ObjectInfo,
    ObjectMissing,
    PartedUpload,
    SignedPart,
    SignedUrl,
    check_beginning,
    check_key,
    check_prefix,
)
from leonidas_jupyter.storage.s3calls import S3Calls, gathered
from leonidas_jupyter.storage.s3reading import SHA256, read_object
from leonidas_jupyter.storage.s3removing import (
    abort_below,
    listed,
    purge_below,
    purge_one,
    remove_below,
    versions_of,
)
from leonidas_jupyter.storage.s3uploads import S3Uploads, checksum_of
from leonidas_jupyter.storage.s3writing import copy_object, write_object
from leonidas_jupyter.storage.signing import UrlSigner
from leonidas_jupyter.storage.whole import WholeUploads

UPLOAD_AGE = timedelta(days=1)
"""How long what was never collected is kept; URLs are good for hours."""

PARTS_AGE = timedelta(days=7)
"""How long parts are kept; an upload that was interrupted may go on until then."""

HEADS_AT_ONCE = 12
HEADS = 96
"""How many objects of a listing are asked for their checksums before they are given out."""


class S3Store:
    """Objects in a bucket.

    Args:
        place: the bucket, and what stands before the keys.
        signer: signs this server's own URLs.
        proxy: whether clients send and get bytes by way of this server, not to and from S3.

    Raises:
        StoreUnavailable: there is no such profile, or no region.
    """

    def __init__(self, place: S3Place, signer: UrlSigner, *, proxy: bool = False) -> None:
        self._calls = S3Calls(place)
        self._objects = f"{place.prefix}objects/"
        self._staged = f"{place.prefix}uploads/"
        self._proxy = proxy
        self._uploads = S3Uploads(self._calls, self._objects, self._staged)
        self._signing = WholeUploads(signer) if proxy else self._uploads

    async def put(
        self,
        key: str,
        chunks: AsyncIterator[bytes] | bytes | Path,
        *,
        max_bytes: int | None = None,
        sha256: str | None = None,
    ) -> ObjectInfo:
        """See ObjectStore."""
        name = self._objects + check_key(key)
        info = await write_object(self._calls, name, chunks, max_bytes=max_bytes, sha256=sha256)
        return replace(info, key=key)

    async def get(
        self, key: str, *, start: int = 0, length: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """See ObjectStore."""
        name = self._objects + check_key(key)
        async with aclosing(read_object(self._calls, name, start, length)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def head(self, key: str) -> ObjectInfo | None:
        """See ObjectStore."""
        try:
            head = await self._head(check_key(key))
        except ObjectMissing:
            return None
        return ObjectInfo(key, head["ContentLength"], _sha256_of(head))

    async def delete(self, key: str) -> None:
        """See ObjectStore."""
        await self._calls.call("delete_object", Key=self._objects + check_key(key))

    async def delete_prefix(self, prefix: str) -> None:
        """See ObjectStore."""
        check_prefix(prefix)
        await abort_below(self._calls, self._objects + prefix)
        for folder in (self._staged, self._objects):
            await remove_below(self._calls, folder + prefix)

    async def purge(self, prefix: str) -> None:
        """See ObjectStore."""
        if not prefix.endswith("/"):
            for folder in (self._staged, self._objects):
                await purge_one(self._calls, folder + check_key(prefix))
            return
        check_prefix(prefix)
        await abort_below(self._calls, self._objects + prefix)
        for folder in (self._staged, self._objects):
            await purge_below(self._calls, folder + prefix)

    async def removed(self, prefix: str) -> AsyncIterator[str]:
        """See ObjectStore."""
        before = len(self._objects)
        async for page in versions_of(self._calls, self._objects + check_beginning(prefix)):
            for marker in page.markers:
                if marker["IsLatest"]:
                    yield marker["Key"][before:]

    async def copy(self, source: str, target: str) -> None:
        """See ObjectStore."""
        check_key(target)
        head = await self._head(check_key(source))
        names = (self._objects + source, self._objects + target)
        await copy_object(self._calls, *names, head, _sha256_of(head))

    async def list(self, prefix: str, *, checksums: bool = True) -> AsyncIterator[ObjectInfo]:
        """See ObjectStore."""
        before = len(self._objects)
        async for page in listed(self._calls, self._objects + check_beginning(prefix)):
            infos = [ObjectInfo(each["Key"][before:], each["Size"], None) for each in page]
            for at in range(0, len(infos), HEADS):
                some = infos[at : at + HEADS]
                for info in await self._with_checksums(some) if checksums else some:
                    yield info

    async def local_path(self, key: str) -> Path | None:
        """There are no local files."""
        check_key(key)
        return None

    async def presign_put(
        self, key: str, *, size: int, sha256: str | None, expires_in: int
    ) -> SignedUrl:
        """See ObjectStore."""
        check_key(key)
        return await self._signing.presign_put(key, size=size, sha256=sha256, expires_in=expires_in)

    async def presign_get(self, key: str, *, filename: str, expires_in: int) -> SignedUrl:
        """See ObjectStore."""
        check_key(key)
        return await self._signing.presign_get(key, filename=filename, expires_in=expires_in)

    async def begin_parts(self, key: str, size: int) -> PartedUpload | None:
        """See ObjectStore."""
        return await self._signing.begin_parts(check_key(key), size)

    async def presign_parts(
        self, key: str, upload: PartedUpload, *, size: int, expires_in: int
    ) -> Sequence[SignedPart]:
        """See ObjectStore."""
        check_key(key)
        return await self._uploads.presign_parts(key, upload, size=size, expires_in=expires_in)

    async def collect(
        self, key: str, *, size: int, upload: PartedUpload | None = None
    ) -> ObjectInfo | None:
        """See ObjectStore."""
        if not self._proxy or upload is not None:
            await self._uploads.collect(check_key(key), size=size, upload=upload)
        return await self.head(key)

    async def sweep(self) -> None:
        """See ObjectStore."""
        await remove_below(self._calls, self._staged, before=now() - UPLOAD_AGE)
        await abort_below(self._calls, self._objects, older=PARTS_AGE)

    async def ping(self) -> None:
        """See ObjectStore."""
        await self._calls.call("list_objects_v2", Prefix=self._objects, MaxKeys=1)

    async def close(self) -> None:
        """See ObjectStore."""
        await self._calls.close()

    async def cors_rules(self) -> builtins.list[dict[str, Any]]:
        """What the bucket lets pages of other origins do; empty where it says nothing."""
        try:
            answer = await self._calls.call("get_bucket_cors")
        except ObjectMissing:
            return []
        return list(answer["CORSRules"])

    async def _head(self, key: str) -> dict[str, Any]:
        return await self._calls.call(
            "head_object", Key=self._objects + key, ChecksumMode="ENABLED"
        )

    async def _with_checksums(self, infos: builtins.list[ObjectInfo]) -> builtins.list[ObjectInfo]:
        found = await gathered(HEADS_AT_ONCE, (self.head(info.key) for info in infos))
        return [info for info in found if info is not None]


def _sha256_of(head: dict[str, Any]) -> str | None:
    """What this server computed of the object, or S3 itself."""
    kept = head.get("Metadata", {}).get(SHA256)
    return str(kept) if kept else checksum_of(head)
