"""The interface to the object stores, and URLs that carry their own authority."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class ObjectInfo:
    """What is known of a stored object; ``sha256`` is lower-case hex."""

    key: str
    size: int
    sha256: str


@dataclass(frozen=True)
class SignedUrl:
    """A URL that is its own authority: for one key and one verb, until ``expires_at`` (UTC)."""

    url: str
    method: str
    expires_at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)


class ObjectMissing(Exception):
    """There is no object with this key."""


class ObjectTooLarge(Exception):
    """More bytes came than were allowed; nothing was stored."""


class StoreUnavailable(Exception):
    """The store cannot be reached or is full; ``retry_after`` is in seconds."""

    def __init__(self, message: str, retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ObjectStore(Protocol):
    """Keys are ``/``-separated names without ``.`` or ``..`` parts.

    Every method may raise StoreUnavailable.
    """

    async def put(
        self, key: str, chunks: AsyncIterator[bytes] | bytes | Path, *, max_bytes: int | None = None
    ) -> ObjectInfo:
        """Store what comes; visible only when whole. Raises ObjectTooLarge."""

    def get(self, key: str, *, start: int = 0) -> AsyncIterator[bytes]:
        """The bytes, in chunks, from ``start`` on. Raises ObjectMissing at the first chunk."""

    async def head(self, key: str) -> ObjectInfo | None:
        """Size and checksum, or None."""

    async def delete(self, key: str) -> None:
        """Remove an object; removing what is not there is no error."""

    async def delete_prefix(self, prefix: str) -> None:
        """Remove every object whose key begins with ``prefix``, which ends with ``/``."""

    async def copy(self, source: str, target: str) -> None:
        """Copy an object. Raises ObjectMissing."""

    def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """The objects whose keys begin with ``prefix``, in the order of their keys."""

    async def local_path(self, key: str) -> Path | None:
        """The object as a local file, never to be changed; None where the store has none."""

    async def presign_put(
        self, key: str, *, size: int, sha256: str | None, expires_in: int
    ) -> SignedUrl:
        """Where to PUT exactly ``size`` bytes; ``expires_in`` is in seconds."""

    async def presign_get(self, key: str, *, filename: str, expires_in: int) -> SignedUrl:
        """Where to GET the object as an attachment named ``filename``."""

    async def ping(self) -> None:
        """Raises StoreUnavailable when the store does not answer."""
