"""What is too large for an item: compressed, or else as an object of its own in the object store.

DynamoDB takes 400 KB an item. An object is written before the item that points to it, under a key
that is never used again, and removed after no item points to it; so whoever is killed leaves an
object too many and never one too few. ``sweep`` removes those, and the objects of items that
DynamoDB removed when their time was over.
"""

import asyncio
from base64 import b32decode, b32encode
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar
from uuid import UUID

from leonidas_jupyter.core.ids import new_id
from leonidas_jupyter.tables.base import Unavailable
from leonidas_jupyter.tables.dynamodb_items import SPILLED, Attributes, Layout, pack, size

T = TypeVar("T")

FOLDER = "items"
"""The first part of the objects' keys; those of files have another."""

MAX_ITEM = 380_000
"""The most bytes of an item; DynamoDB takes 409,600 (AWS, *Quotas in Amazon DynamoDB*)."""

MAX_TRANSACTION = 3_600_000
"""The most bytes of a transaction; DynamoDB takes 4 MB."""

COMPRESSED_FROM = 1_024
"""Bytes from which a field is compressed: a write is paid by the kilobyte."""

SETTLED = timedelta(days=1)
"""An object to which nothing points after so long is left over."""

_MADE = "-made-"
_PART = 200
_MOST_PARTS = 3


class Vanished(Exception):
    """An object is not there: the item that points to it was changed meanwhile."""


class Objects(Protocol):
    """The object store, as far as large items need it. Every method may raise Unavailable."""

    async def get(self, key: str) -> bytes | None:
        """An object, or None."""

    async def put(self, key: str, content: bytes) -> None:
        """Store an object."""

    async def delete(self, key: str) -> None:
        """Remove an object, if it is there."""

    def list(self, prefix: str) -> AsyncIterator[str]:
        """The keys that begin with ``prefix``."""

    def removed(self, prefix: str) -> AsyncIterator[str]:
        """The keys of objects that were removed and of which versions are left."""

    async def purge(self, key: str) -> None:
        """Remove an object with every version of it."""


class Spill:
    """Reads and writes objects from threads, on the event loop that the store belongs to."""

    def __init__(self, objects: Objects | None, loop: asyncio.AbstractEventLoop) -> None:
        self._objects = objects
        self._loop = loop

    def get(self, key: str) -> bytes:
        """An object. Raises Vanished, Unavailable."""
        if self._objects is None:
            raise Unavailable("The object store that large items lie in is not set.", 60)
        if (content := self._wait(self._objects.get(key))) is None:
            raise Vanished(key)
        return content

    def put(self, key: str, content: bytes) -> None:
        """Store an object. Raises Unavailable; ValueError where there is no object store."""
        if self._objects is None:
            raise ValueError("The item is larger than DynamoDB takes, and no object store is set.")
        self._wait(self._objects.put(key, content))

    def discard(self, keys: Iterable[str]) -> None:
        """Remove objects to which nothing points; what fails is left to be swept."""
        if self._objects is None:
            return
        with suppress(Unavailable):
            for key in keys:
                self._wait(self._objects.delete(key))

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def folder_of(table: str, key: str) -> str:
    """The folder of an item's objects, by DynamoDB's name of its table.

    The item's key, as text, stands in it in base 32, so that an object tells whose it is.

    Raises:
        ValueError: the key is too long for that.
    """
    text = b32encode(key.encode()).decode().lower().rstrip("=")
    parts = [text[at : at + _PART] for at in range(0, len(text), _PART)]
    if len(parts) > _MOST_PARTS:
        raise ValueError("The item has too long a key to be larger than DynamoDB takes.")
    return "/".join((FOLDER, table, *parts))


def object_key(folder: str, field: str) -> str:
    """A key for an object, used once; the time of its making stands in it."""
    return f"{folder}/{field}{_MADE}{new_id()}"


def owner_of(key: str) -> tuple[str, datetime]:
    """The key, as text, of the item that an object was made for, and when it was made.

    Raises:
        ValueError: the object was not made here.
    """
    _, _, *parts, name = key.split("/")
    text = "".join(parts).upper()
    stamp = UUID(name.rpartition(_MADE)[2]).int >> 80
    made = datetime.fromtimestamp(stamp / 1000, UTC)
    return b32decode(text + "=" * (-len(text) % 8)).decode(), made


def spilled_in(item: Attributes) -> dict[str, str]:
    """The keys of the objects that an item points to, by field."""
    return {name: key["S"] for name, key in item.get(SPILLED, {}).get("M", {}).items()}


def shrink(
    attributes: Attributes,
    shape: Layout[Any],
    changed: set[str],
    folder: Callable[[], str],
    spill: Spill,
    most: int,
) -> list[str]:
    """Make an item small enough, in place; the objects that were written for that.

    The ``changed`` fields are compressed where that helps; of all, the largest are spilled.

    Raises:
        Unavailable: the object store does not take them.
        ValueError: it cannot be made small enough.
    """
    for name, value in attributes.items():
        if name in changed and shape.shrinks(name) and len(value.get("S", "")) >= COMPRESSED_FROM:
            packed = pack(value["S"])
            if len(packed) < 0.9 * len(value["S"].encode()):
                attributes[name] = {"B": packed}
    written: list[str] = []
    while size(attributes) > most:
        name, value = max(
            ((name, value) for name, value in attributes.items() if shape.shrinks(name)),
            key=lambda each: size(dict([each])),
        )
        if size({name: value}) < COMPRESSED_FROM:
            raise ValueError("The item has more small fields than DynamoDB takes.")
        key = object_key(folder(), name)
        spill.put(key, value["B"] if "B" in value else pack(value["S"]))
        written.append(key)
        del attributes[name]
        attributes.setdefault(SPILLED, {"M": {}})["M"][name] = {"S": key}
    return written
