"""The object store that keeps everything in this process: for tests, and for ``memory://``."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

from leonidas_jupyter.storage.base import (
    BytesDiffer,
    ObjectInfo,
    ObjectMissing,
    check_beginning,
    check_key,
    check_prefix,
)
from leonidas_jupyter.storage.chunks import CHUNK, limited
from leonidas_jupyter.storage.signing import UrlSigner
from leonidas_jupyter.storage.whole import WholeUploads


class MemoryStore(WholeUploads):
    """Objects in a dictionary."""

    def __init__(self, signer: UrlSigner) -> None:
        super().__init__(signer)
        self._objects: dict[str, tuple[bytes, ObjectInfo]] = {}

    async def put(
        self,
        key: str,
        chunks: AsyncIterator[bytes] | bytes | Path,
        *,
        max_bytes: int | None = None,
        sha256: str | None = None,
    ) -> ObjectInfo:
        """See ObjectStore."""
        check_key(key)
        content = b"".join([chunk async for chunk in limited(chunks, max_bytes)])
        info = ObjectInfo(key, len(content), hashlib.sha256(content).hexdigest())
        if sha256 not in (None, info.sha256):
            raise BytesDiffer(key)
        self._objects[key] = (content, info)
        return info

    async def get(
        self, key: str, *, start: int = 0, length: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """See ObjectStore."""
        if check_key(key) not in self._objects:
            raise ObjectMissing(key)
        content = self._objects[key][0]
        end = len(content) if length is None else min(len(content), start + length)
        for at in range(start, end, CHUNK):
            await asyncio.sleep(0)
            yield content[at : min(at + CHUNK, end)]

    async def head(self, key: str) -> ObjectInfo | None:
        """See ObjectStore."""
        found = self._objects.get(check_key(key))
        return found[1] if found else None

    async def delete(self, key: str) -> None:
        """See ObjectStore."""
        self._objects.pop(check_key(key), None)

    async def delete_prefix(self, prefix: str) -> None:
        """See ObjectStore."""
        for key in [key for key in self._objects if key.startswith(check_prefix(prefix))]:
            del self._objects[key]

    async def copy(self, source: str, target: str) -> None:
        """See ObjectStore."""
        await self.put(check_key(target), b"".join([chunk async for chunk in self.get(source)]))

    async def list(self, prefix: str, *, checksums: bool = True) -> AsyncIterator[ObjectInfo]:  # noqa: ARG002 - they are known
        """See ObjectStore."""
        check_beginning(prefix)
        for key in sorted(self._objects):
            if key.startswith(prefix) and key in self._objects:
                yield self._objects[key][1]

    async def local_path(self, key: str) -> Path | None:
        """There are no files."""
        check_key(key)
        return None

    async def ping(self) -> None:
        """Memory always answers."""
