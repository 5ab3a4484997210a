"""The object store as the place for what is too large for an item of DynamoDB."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from leonidas_jupyter.storage.base import ObjectMissing, ObjectStore, StoreUnavailable
from leonidas_jupyter.tables.base import Unavailable


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except StoreUnavailable as error:
        raise Unavailable(str(error), error.retry_after) from error


class SpilledObjects:
    """Objects of the store beside those of files; see tables.dynamodb_spill.Objects."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def get(self, key: str) -> bytes | None:
        """See Objects."""
        with _explained():
            try:
                return b"".join([chunk async for chunk in self._store.get(key)])
            except ObjectMissing:
                return None

    async def put(self, key: str, content: bytes) -> None:
        """See Objects."""
        with _explained():
            await self._store.put(key, content)

    async def delete(self, key: str) -> None:
        """See Objects."""
        with _explained():
            await self._store.delete(key)

    async def list(self, prefix: str) -> AsyncIterator[str]:
        """See Objects."""
        with _explained():
            async for info in self._store.list(prefix):
                yield info.key

    async def removed(self, prefix: str) -> AsyncIterator[str]:
        """See Objects."""
        with _explained():
            async for key in self._store.removed(prefix):
                yield key

    async def purge(self, key: str) -> None:
        """See Objects."""
        with _explained():
            await self._store.purge(key)
