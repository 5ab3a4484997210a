"""What a query asks for, checked and in the values of the rows: the same for every engine."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leonidas_jupyter.core.errors import invalid
from leonidas_jupyter.core.paging import decode_cursor, encode_cursor
from leonidas_jupyter.tables.base import Index, KeyPart
from leonidas_jupyter.tables.rows import Codec, Scalar


@dataclass(frozen=True)
class Query:
    """The rows of one partition of an index, from a position on, within a range.

    Attributes:
        order: the fields that order the index.
        start: values of ``order`` after which to begin.
        low, high: inclusive limits of the first field of ``order``.
    """

    index: Index
    order: tuple[str, ...]
    partition: Scalar
    start: tuple[Scalar, ...] | None
    low: Scalar
    high: Scalar
    limit: int
    descending: bool

    def position(self, row: Mapping[str, Scalar]) -> tuple[Any, ...]:
        """Where a row stands in the order."""
        return tuple(row[name] for name in self.order)

    def cursor(self, row: Mapping[str, Scalar]) -> str:
        """The cursor of what follows a row."""
        return encode_cursor(list(self.position(row)))


def query_of(
    codec: Codec[Any],
    index: str | None,
    partition: KeyPart,
    after: str | None,
    between: tuple[Any, Any] | None,
    limit: int,
    descending: bool,
) -> Query:
    """A query from the arguments of ``Table.query``.

    Raises:
        LeonidasError: ``invalid_request`` when the cursor is none of this index.
        ValueError: the table has no such index, the limit is below 1, or a limit of the range
            cannot be a value of the sort field.
    """
    chosen = codec.spec.index(index)
    if limit < 1:
        raise ValueError("A page has at least one item.")
    order = codec.order(chosen)
    low, high = between or (None, None)
    sort = codec.columns[chosen.sort]
    start = None
    if after is not None:
        start = tuple(decode_cursor(after, len(order)))
        if not all(
            codec.columns[name].orders(value) for name, value in zip(order, start, strict=True)
        ):
            raise invalid("The cursor belongs to another listing; begin again without it.")
    return Query(
        index=chosen,
        order=order,
        partition=codec.columns[chosen.partition].encode(partition),
        start=start,
        low=None if low is None else sort.encode(low),
        high=None if high is None else sort.encode(high),
        limit=limit,
        descending=descending,
    )
