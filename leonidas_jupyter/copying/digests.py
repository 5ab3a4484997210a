"""Checksums of items and of whole tables, the same whatever engine holds them."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from leonidas_jupyter.tables.base import Item, TableSpec
from leonidas_jupyter.tables.rows import Kind, codec, encode_time

_WRAP = 1 << 256


@dataclass(frozen=True)
class Entry:
    """What is kept of an item to compare it: never the item itself.

    Attributes:
        key: the parts of its key, as a JSON list.
        digest: SHA-256 of all its fields.
        size: how many bytes its fields take as JSON.
        updated: when it was changed last; sorts as time does.
        until: when its time is over; None where it never is.
    """

    key: str
    digest: bytes
    size: int
    updated: str
    until: str | None = None


def entry_of(spec: TableSpec[Any], item: Item) -> Entry:
    """The entry of an item. Two items have the same digest where no field differs."""
    shape = codec(spec)
    row = shape.row(item)
    key = json.dumps(list(shape.key(spec.key_of(item))))
    plain: dict[str, Any] = dict(row)
    for name, column in shape.columns.items():
        text = row[name]
        if column.kind is Kind.JSON and isinstance(text, str):
            plain[name] = json.loads(text)  # no engine need keep the order of a mapping's keys
    whole = json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()
    until = row[spec.ttl] if spec.ttl is not None else None
    return Entry(
        key=key,
        digest=hashlib.sha256(whole).digest(),
        size=len(whole),
        updated=encode_time(item.updated_at),
        until=until if isinstance(until, str) else None,
    )


@dataclass
class Checksum:
    """The checksum of a set of items, whatever order they come in: their digests, added up."""

    count: int = 0
    total: int = 0

    def add(self, digest: bytes) -> None:
        """One more item."""
        self.count += 1
        self.total = (self.total + int.from_bytes(digest)) % _WRAP

    @property
    def text(self) -> str:
        """The checksum as lower-case hex."""
        return f"{self.total:064x}"
