"""Between rows and DynamoDB items: one attribute per field, and a few of our own.

Names that begin with ``_`` are ours; no field of a model does. A field is stored under its name:
texts, times and JSON as S, integers as N, reals as the S of their ``repr`` (N has neither their
range nor all of their zeros), booleans as BOOL. Null is an absent attribute, or NULL where the
model's default is another value; a field that is absent because an older release wrote the item has
its default. What is large is compressed (B) or lies in the object store (``_spilled``).
"""

import hashlib
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from math import ceil
from typing import Any, Generic

from pydantic import ValidationError
from pydantic_core import PydanticUndefined

from leonidas_jupyter.tables.base import Index, KeyPart, M, TableSpec, Unavailable
from leonidas_jupyter.tables.dynamodb_order import (
    MAX_PARTITION,
    MAX_SORT,
    KeyTooLong,
    escape,
    position,
    reserved,
    unescape,
    within,
)
from leonidas_jupyter.tables.rows import Column, Kind, Row, Scalar, codec

Attribute = dict[str, Any]
"""A value as DynamoDB has it: its type and the value, ``{"S": "text"}``."""
Attributes = dict[str, Attribute]

TTL = "_ttl"
"""When DynamoDB may remove an item, in seconds since 1970 (N)."""
TOKEN = "_write"  # noqa: S105 - the name of an attribute
"""Made for each write, so that a repeated request is known for what it is."""
SPILLED = "_spilled"
"""The keys in the object store of the fields that lie there (M of S)."""
HOLDER = "_holder"
"""In a guard: the key of the item that has the unique value, as JSON (S)."""
UNTIL = "_until"
"""In a guard: when its holder's time is over."""

COMPRESSED = b"\1"
"""What compressed values (zlib) begin with."""


class Unreadable(Unavailable):
    """An item is not as this release knows it: a newer one wrote it, or it is damaged."""

    def __init__(self) -> None:
        super().__init__(
            "This was written by another version of Leonidas that this server does not "
            "understand; bring the server up to date.",
            60,
        )


def order_name(index: Index) -> str:
    """The attribute with an item's place in an index."""
    return f"_order_{index.name}"


def unique_name(field: str) -> str:
    """The attribute with the fingerprint of a unique field's value."""
    return f"_unique_{field}"


def fingerprint(value: Scalar) -> str:
    """A unique value, however long, as a short text."""
    return hashlib.sha256(str(value).encode()).hexdigest()


@dataclass(frozen=True)
class _Absent:
    """What a column's value is where its attribute is absent."""

    known: bool
    value: Scalar


class Layout(Generic[M]):
    """How the items of one declaration are stored.

    Raises:
        TypeError: the declaration cannot be stored here.
    """

    def __init__(self, spec: TableSpec[M]) -> None:
        self.spec = spec
        self.codec = codec(spec)
        self._partitions = {index.partition for index in spec.indexes}
        self._keyed = self._partitions | set(spec.key)
        self._absent = {name: self._default(column) for name, column in self._columns.items()}
        for name in self._partitions:
            if self._columns[name].nullable and self._absent[name] != _Absent(True, None):
                raise TypeError(f"{spec.name}.{name} can be null, but is not null by default.")
        if any(self._columns[name].kind is Kind.REAL for name in spec.key):
            raise TypeError(f"A key field of {spec.name} is a real number.")
        if spec.unique and self._columns[spec.key[0]].kind is not Kind.TEXT:
            raise TypeError(f"The key of {spec.name}, which has unique fields, is not a text.")

    def shrinks(self, name: str) -> bool:
        """Whether an attribute may be compressed or spilled."""
        return name not in self._keyed and name in self._columns

    @property
    def _columns(self) -> dict[str, Column]:
        return self.codec.columns

    def _default(self, column: Column) -> _Absent:
        field = self.spec.model.model_fields[column.name]
        if field.is_required():
            return _Absent(column.nullable, None)
        default = field.get_default(call_default_factory=True)
        return _Absent(True, None if default is PydanticUndefined else column.encode(default))

    def key(self, key: tuple[Scalar, ...]) -> Attributes:
        """The attributes of a key. Raises KeyTooLong."""
        found = {
            name: self.value(name, part) for name, part in zip(self.spec.key, key, strict=True)
        }
        for name, most in zip(self.spec.key, (MAX_PARTITION, MAX_SORT), strict=False):
            within(str(*found[name].values()), most)
        return found

    def fits(self, key: tuple[Scalar, ...]) -> bool:
        """Whether an item can have this key."""
        try:
            self.key(key)
        except KeyTooLong:
            return False
        return True

    def key_of(self, item: Attributes) -> tuple[KeyPart, ...]:
        """The key in an item, as rows have it."""
        return tuple(self._read(self._columns[name], item[name]) for name in self.spec.key)  # type: ignore[misc]  # keys are never null

    def guard(self, field: str, value: Scalar) -> Attributes:
        """The key of the item that guards a unique value."""
        return self.special(f"unique {field} {fingerprint(value)}")

    def special(self, name: str) -> Attributes:
        """A key in the same table that no item of the declaration has."""
        numbers = (self._columns[part].kind is Kind.INTEGER for part in self.spec.key)
        return {
            part: {"N": "0"} if number else {"S": reserved(name)}
            for part, number in zip(self.spec.key, numbers, strict=True)
        }

    def value(self, name: str, value: Scalar) -> Attribute:
        """A value that is not null, as it is stored."""
        kind = self._columns[name].kind
        if kind is Kind.INTEGER:
            return {"N": str(value)}
        if kind is Kind.BOOLEAN:
            return {"BOOL": value}
        if kind is Kind.REAL:
            return {"S": repr(value)}
        text = str(value)
        if kind is Kind.TEXT and name in self._keyed:
            return {"S": within(escape(text), MAX_PARTITION)}
        return {"S": text}

    def attributes(self, row: Row) -> Attributes:
        """A row as it is stored, nothing compressed or spilled.

        Raises:
            ValueError: a value that is a key, or stands in an index, is too long for it.
        """
        found: Attributes = {}
        for name, value in row.items():
            if value is not None:
                found[name] = self.value(name, value)
            elif self._absent[name] != _Absent(True, None):
                found[name] = {"NULL": True}
        self.key(self.codec.key_of(row))
        for index in self.spec.indexes:
            if (place := self.place(index, row)) is not None:
                found[order_name(index)] = {"S": place}
        for field in self.spec.unique:
            if row[field] is not None:
                found[unique_name(field)] = {"S": fingerprint(row[field])}
        return found | self.lifetime(row)

    def place(self, index: Index, row: Mapping[str, Scalar]) -> str | None:
        """Where a row stands in an index; None where it stands in none."""
        if row[index.partition] is None or row[index.sort] is None:
            return None
        names = self.codec.order(index)
        return position([self._columns[name] for name in names], [row[name] for name in names])

    def lifetime(self, row: Row) -> Attributes:
        """The attribute by which DynamoDB sweeps, a second after the row's time is over."""
        until = row[self.spec.ttl] if self.spec.ttl else None
        if not isinstance(until, str):
            return {}
        return {TTL: {"N": str(ceil(datetime.fromisoformat(until).timestamp()) + 1)}}

    def row(self, item: Attributes, fetch: Callable[[str], bytes]) -> Row:
        """The row in an item; ``fetch`` gets what lies in the object store, by its key.

        Raises:
            Unreadable: it lacks what this release cannot do without, or is of another shape.
        """
        spilled = item.get(SPILLED, {}).get("M", {})
        found: Row = {}
        for name, column in self._columns.items():
            if name in item:
                found[name] = self._read(column, item[name])
            elif name in spilled:
                found[name] = unpack(fetch(spilled[name]["S"]))
            elif (absent := self._absent[name]).known:
                found[name] = absent.value
            else:
                raise Unreadable
        return found

    def item(self, row: Row) -> M:
        """The item that a row holds. Raises Unreadable."""
        try:
            item: M = self.codec.item(row)
        except ValidationError as error:
            raise Unreadable from error
        return item

    def _read(self, column: Column, attribute: Attribute) -> Scalar:
        ((kind, value),) = attribute.items()
        if kind == "NULL":
            return None
        if kind == "B":
            return unpack(value)
        try:
            return _READ[column.kind, kind](value, column.name in self._keyed)
        except (KeyError, ValueError) as error:
            raise Unreadable from error


_READ: dict[tuple[Kind, str], Callable[[Any, bool], Scalar]] = {
    (Kind.TEXT, "S"): lambda text, keyed: unescape(text) if keyed else text,
    (Kind.TIME, "S"): lambda text, _: text,
    (Kind.JSON, "S"): lambda text, _: text,
    (Kind.REAL, "S"): lambda text, _: float(text),
    (Kind.INTEGER, "N"): lambda text, _: int(text),
    (Kind.BOOLEAN, "BOOL"): lambda value, _: bool(value),
}


def pack(text: str) -> bytes:
    """A text, compressed."""
    return COMPRESSED + zlib.compress(text.encode())


def unpack(value: bytes) -> str:
    """What ``pack`` was given. Raises Unreadable."""
    try:
        if value[:1] != COMPRESSED:
            raise Unreadable
        return zlib.decompress(value[1:]).decode()
    except (ValueError, zlib.error) as error:
        raise Unreadable from error


def key_text(key: tuple[Scalar, ...]) -> str:
    """A key as one text."""
    return json.dumps(key, ensure_ascii=False, separators=(",", ":"))


def size(attributes: Attributes) -> int:
    """About how many bytes an item takes, rather too many (AWS, *DynamoDB item sizes*)."""
    return sum(len(name.encode()) + _size(value) for name, value in attributes.items())


def _size(attribute: Attribute) -> int:
    ((kind, value),) = attribute.items()
    if kind == "S":
        return len(value.encode())
    if kind == "M":
        return 3 + sum(len(name.encode()) + 1 + _size(each) for name, each in value.items())
    return len(value) if kind == "B" else 21


@lru_cache(maxsize=256)
def layout(spec: TableSpec[M]) -> Layout[M]:
    """The layout of a declaration, built once."""
    return Layout(spec)
