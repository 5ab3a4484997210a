"""The object store in a folder of this machine."""

import asyncio
import builtins
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import ParamSpec, TypeVar

from leonidas_jupyter.storage.base import (
    ObjectInfo,
    ObjectMissing,
    StoreUnavailable,
    check_beginning,
    check_key,
    check_prefix,
)
from leonidas_jupyter.storage.chunks import limited, read_file
from leonidas_jupyter.storage.folder import Folder, unavailable
from leonidas_jupyter.storage.signing import UrlSigner
from leonidas_jupyter.storage.whole import WholeUploads

P = ParamSpec("P")
T = TypeVar("T")

_LISTED_AT_ONCE = 200


async def _in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    try:
        return await asyncio.to_thread(work, *args, **kwargs)
    except OSError as error:
        raise unavailable(error) from error


class LocalStore(WholeUploads):
    """Objects as files below ``directory``, for their owner's eyes only.

    An object is written to a file of its own, made durable and moved to its place at once: a torn
    upload is never seen, and readers of what stood there before read on.

    Raises:
        StoreUnavailable: the folder cannot be made or used.
    """

    def __init__(self, directory: Path, signer: UrlSigner) -> None:
        super().__init__(signer)
        try:
            self._folder = Folder(directory)
        except OSError as error:
            raise unavailable(error) from error

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
        partial = await _in_thread(self._folder.begin)
        try:
            async with aclosing(limited(chunks, max_bytes)) as pieces:
                async for piece in pieces:
                    await _in_thread(partial.write, piece)
            return await _in_thread(self._folder.commit, partial, key, sha256)
        finally:
            await asyncio.shield(_in_thread(partial.discard))

    async def get(
        self, key: str, *, start: int = 0, length: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """See ObjectStore."""
        path = self._folder.path(check_key(key))
        try:
            async with aclosing(read_file(path, start, length)) as chunks:
                async for chunk in chunks:
                    yield chunk
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise ObjectMissing(key) from error
        except OSError as error:
            raise unavailable(error) from error

    async def head(self, key: str) -> ObjectInfo | None:
        """See ObjectStore."""
        return await _in_thread(self._folder.info, check_key(key))

    async def delete(self, key: str) -> None:
        """See ObjectStore."""
        await _in_thread(self._folder.remove, check_key(key))

    async def delete_prefix(self, prefix: str) -> None:
        """See ObjectStore."""
        await _in_thread(self._folder.remove_all, check_prefix(prefix))

    async def copy(self, source: str, target: str) -> None:
        """See ObjectStore."""
        check_key(target)
        await self.put(target, self.get(source))

    async def list(self, prefix: str, *, checksums: bool = True) -> AsyncIterator[ObjectInfo]:  # noqa: ARG002 - they are kept beside
        """See ObjectStore."""
        keys = await _in_thread(self._folder.keys, check_beginning(prefix))
        for at in range(0, len(keys), _LISTED_AT_ONCE):
            for info in await _in_thread(self._infos, keys[at : at + _LISTED_AT_ONCE]):
                yield info

    async def local_path(self, key: str) -> Path | None:
        """See ObjectStore."""
        path = self._folder.path(check_key(key))
        return path if await _in_thread(path.is_file) else None

    async def ping(self) -> None:
        """See ObjectStore."""
        if not await _in_thread(self._folder.usable):
            raise StoreUnavailable(
                "The folder of the uploaded files cannot be written; check who owns it.", 60
            )

    def _infos(self, keys: builtins.list[str]) -> builtins.list[ObjectInfo]:
        found = (self._folder.info(key) for key in keys)
        return [info for info in found if info is not None]
