"""Walks over whole tables, by key, and what is stored from them: the same for every engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leonidas_jupyter.core.errors import invalid
from leonidas_jupyter.core.paging import decode_cursor, encode_cursor
from leonidas_jupyter.tables.base import M, TableSpec
from leonidas_jupyter.tables.rows import Codec, Scalar, codec


@dataclass(frozen=True)
class Walk:
    """The rows of a table in the order of their keys.

    Attributes:
        order: the fields of the key.
        start: the key after which to begin; None: at the first.
    """

    order: tuple[str, ...]
    start: tuple[Scalar, ...] | None

    def cursor(self, row: Mapping[str, Scalar]) -> str:
        """The cursor of what follows a row."""
        return encode_cursor([row[name] for name in self.order])


def walk_of(codec: Codec[Any], after: str | None, limit: int) -> Walk:
    """A walk from the arguments of ``Table.scan``.

    Raises:
        LeonidasError: ``invalid_request`` when the cursor is none of this table.
        ValueError: the limit is below 1.
    """
    if limit < 1:
        raise ValueError("A page has at least one item.")
    order = codec.spec.key
    if after is None:
        return Walk(order, None)
    start = tuple(decode_cursor(after, len(order)))
    if not all(codec.columns[name].orders(part) for name, part in zip(order, start, strict=True)):
        raise invalid("The cursor belongs to another listing; begin again without it.")
    return Walk(order, start)


def distinct(spec: TableSpec[M], items: Sequence[M]) -> None:
    """Refuse two items with one key, as not every engine can store them at once.

    Raises:
        ValueError: there are such.
    """
    shape = codec(spec)
    if len({shape.key(spec.key_of(item)) for item in items}) < len(items):
        raise ValueError(f"Two items to load into {spec.name} have one key.")
