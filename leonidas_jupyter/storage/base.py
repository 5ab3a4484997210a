"""The interface to the object stores, and URLs that carry their own authority."""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

MAX_KEY = 900
"""The most characters of a key; with its folder it stays below what file systems take."""

_PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}", re.ASCII)


def check_key(key: str) -> str:
    """The key, when it is one: ``/``-separated parts of ASCII letters, digits and ``._-``.

    A part does not begin with a dot, so that no key leads out of its folder or hides in it.

    Raises:
        ValueError: when it is not.
    """
    if len(key) > MAX_KEY or not all(_PART.fullmatch(part) for part in key.split("/")):
        raise ValueError("That is not the key of an object.")
    return key


def check_prefix(prefix: str) -> str:
    """A prefix that names a folder of keys: one or more parts, each with its ``/``.

    Raises:
        ValueError: when it is not.
    """
    if not prefix.endswith("/"):
        raise ValueError("A prefix ends with a slash.")
    check_key(prefix[:-1])
    return prefix


def check_beginning(prefix: str) -> str:
    """What keys may begin with: nothing, whole parts, or whole parts and the beginning of one.

    Raises:
        ValueError: when no key begins so.
    """
    if prefix:
        check_key(prefix.removesuffix("/"))
    return prefix


@dataclass(frozen=True)
class ObjectInfo:
    """What is known of a stored object.

    ``sha256`` is lower-case hex; None where nobody who can be believed has computed it: of bytes
    that went to the store in several parts without passing here, or where it was not asked for.
    """

    key: str
    size: int
    sha256: str | None


@dataclass(frozen=True)
class SignedUrl:
    """A URL that is its own authority: for one key and one verb, until ``expires_at`` (UTC)."""

    url: str
    method: str
    expires_at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PartedUpload:
    """An upload in parts of ``part_size`` bytes, the last one smaller, as the store knows it."""

    upload_id: str
    part_size: int

    def sizes(self, size: int) -> dict[int, int]:
        """The sizes of the parts of ``size`` bytes by their numbers, which begin at 1."""
        begins = range(0, size, self.part_size)
        return {n: min(self.part_size, size - at) for n, at in enumerate(begins, start=1)}


@dataclass(frozen=True)
class SignedPart:
    """Where to PUT one part; ``etag`` is what the store answered where it has it already."""

    number: int
    size: int
    url: SignedUrl
    etag: str | None = None


class ObjectMissing(Exception):
    """There is no object with this key."""


class ObjectTooLarge(Exception):
    """More bytes came than were allowed; nothing was stored."""


class BytesDiffer(Exception):
    """Other bytes came than those of the SHA-256 that was said; nothing was stored."""


class UploadOver(Exception):
    """The upload in parts was put together, given up or swept already."""


class PartsMissing(Exception):
    """Parts of an upload have not arrived, or not as they were signed: ``numbers``."""

    def __init__(self, numbers: list[int]) -> None:
        super().__init__(numbers)
        self.numbers = numbers


class StoreUnavailable(Exception):
    """The store cannot be reached or is full; ``retry_after`` is in seconds.

    The message is one sentence for people, without addresses and paths.
    """

    def __init__(self, message: str, retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ObjectStore(Protocol):
    """Objects by their keys (``check_key``; others are refused with ValueError).

    No key is the folder of another. Every method may raise StoreUnavailable.
    """

    async def put(
        self,
        key: str,
        chunks: AsyncIterator[bytes] | bytes | Path,
        *,
        max_bytes: int | None = None,
        sha256: str | None = None,
    ) -> ObjectInfo:
        """Store what comes; visible only when whole and durable.

        What stood under the key is replaced; what ``chunks`` raises ends the attempt. ``sha256`` is
        what the bytes hash to, where that is known before.

        Raises:
            ObjectTooLarge: more than ``max_bytes`` came.
            BytesDiffer: they hash to something else.
        """

    def get(
        self, key: str, *, start: int = 0, length: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """The bytes, in chunks, from ``start`` on, at most ``length`` of them.

        Raises:
            ObjectMissing: at the first chunk.
        """

    async def head(self, key: str) -> ObjectInfo | None:
        """Size and checksum, or None."""

    async def delete(self, key: str) -> None:
        """Remove an object; removing what is not there is no error."""

    async def delete_prefix(self, prefix: str) -> None:
        """Remove every object whose key begins with ``prefix``, which ends with ``/``.

        Uploads to such keys that were not collected go, too.
        """

    async def purge(self, prefix: str) -> None:
        """As ``delete_prefix``, with every version that the store keeps of what was removed.

        Without a ``/`` at its end ``prefix`` is the key of the one object that goes.
        """

    def removed(self, prefix: str) -> AsyncIterator[str]:
        """The keys, below a prefix, of objects that were removed and have versions left."""

    async def copy(self, source: str, target: str) -> None:
        """Copy an object. Raises ObjectMissing."""

    def list(self, prefix: str, *, checksums: bool = True) -> AsyncIterator[ObjectInfo]:
        """The objects whose keys begin with ``prefix`` (empty: all), in the order of their keys.

        Without ``checksums`` their ``sha256`` may be None, which saves some stores a request each.
        """

    async def local_path(self, key: str) -> Path | None:
        """The object as a local file, never to be changed.

        None where there is no such object, or the store does not keep local files.
        """

    async def presign_put(
        self, key: str, *, size: int, sha256: str | None, expires_in: int
    ) -> SignedUrl:
        """Where to PUT exactly ``size`` bytes; ``expires_in`` is in seconds.

        The object is there when it has been collected.
        """

    async def presign_get(self, key: str, *, filename: str, expires_in: int) -> SignedUrl:
        """Where to GET the object as an attachment named ``filename``."""

    async def begin_parts(self, key: str, size: int) -> PartedUpload | None:
        """Begin an upload in parts; None where the store takes this size better in one piece."""

    async def presign_parts(
        self, key: str, upload: PartedUpload, *, size: int, expires_in: int
    ) -> Sequence[SignedPart]:
        """Where to PUT the parts, and which of them have arrived. Raises UploadOver."""

    async def collect(
        self, key: str, *, size: int, upload: PartedUpload | None = None
    ) -> ObjectInfo | None:
        """The object that was PUT to signed URLs, which cannot change it from now on.

        None where nothing arrived, or what arrived is of another size and does not count.

        Raises:
            PartsMissing: some of the parts have not arrived.
        """

    async def sweep(self) -> None:
        """Remove what was uploaded long ago and never collected."""

    async def ping(self) -> None:
        """Raises StoreUnavailable when the store does not answer."""

    async def close(self) -> None:
        """End what the store runs in the background."""
