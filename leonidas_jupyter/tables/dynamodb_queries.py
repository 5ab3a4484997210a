"""Queries and walks: pages in order, filled up however much of them is expired or out of date.

An index holds the keys of its items and their place only; the items themselves are then read by
key, consistently. So what an index is late to know of a change is never shown: an item that is no
longer where the index has it is left out. What this process wrote itself is found at once (see
``Fresh``); what another wrote is in its indexes a moment later, which every caller must bear.
"""

import heapq
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic

from leonidas_jupyter.core.errors import invalid
from leonidas_jupyter.core.paging import Page
from leonidas_jupyter.tables.base import M, TableSpec
from leonidas_jupyter.tables.dynamodb_expressions import Expressions
from leonidas_jupyter.tables.dynamodb_fresh import Fresh
from leonidas_jupyter.tables.dynamodb_items import (
    HOLDER,
    Attribute,
    Attributes,
    Layout,
    Unreadable,
    layout,
    order_name,
)
from leonidas_jupyter.tables.dynamodb_order import (
    MAX_SORT,
    KeyTooLong,
    lower,
    position,
    upper,
    within,
)
from leonidas_jupyter.tables.dynamodb_reads import Reader
from leonidas_jupyter.tables.queries import Query
from leonidas_jupyter.tables.rows import Row, Scalar, codec
from leonidas_jupyter.tables.walks import Walk

log = logging.getLogger(__name__)

Place = tuple[str | int, tuple[Scalar, ...]]
"""A sort key, and the key of the item that stands there."""


@dataclass(frozen=True)
class _Range:
    """Sort keys, both limits included; ``start`` is where to begin, not included."""

    low: str | int | None
    high: str | int | None
    start: str | int | None

    @property
    def empty(self) -> bool:
        return self.low is not None and self.high is not None and _less(self.high, self.low)

    def holds(self, place: str | int) -> bool:
        """Whether a sort key lies in it."""
        return (
            place != self.start
            and (self.low is None or not _less(place, self.low))
            and (self.high is None or not _less(self.high, place))
        )


def _less(one: str | int, other: str | int) -> bool:
    return one < other  # type: ignore[operator]  # both are of the sort key's type


class Queries(Generic[M]):
    """Reads pages of one table; blocks."""

    def __init__(self, reader: Reader, spec: TableSpec[M], fresh: Fresh) -> None:
        self._reader = reader
        self._spec = spec
        self._shape: Layout[M] = layout(spec)
        self._fresh = fresh
        self._table = reader.tables[spec.name]

    def page(self, query: Query, moment: str) -> Page[M]:
        """A page of a query. What cannot be read by this release is left out, and logged."""
        try:
            span = self._range(query)
        except KeyTooLong as error:
            if query.start is None:
                raise
            raise invalid("The cursor is not one of ours; begin again without it.") from error
        found: list[tuple[Row, M]] = []
        if not span.empty:
            own = query.index not in self._spec.indexes
            rows = self._own(query, span) if own else self._indexed(query, span)
            lasting = (each for each in rows if not self._shape.codec.expired(each[0], moment))
            found = list(islice(lasting, query.limit + 1))
        more = len(found) > query.limit
        return Page(
            items=[item for _, item in found[: query.limit]],
            next=query.cursor(found[query.limit - 1][0]) if more else None,
        )

    def walk(self, walk: Walk, limit: int) -> Page[M]:
        """A page of the whole table. Raises Unreadable: a copy must not leave anything out."""
        words = Expressions()
        request: dict[str, Any] = {
            "TableName": self._table,
            "ConsistentRead": True,
            "Limit": limit,
            "FilterExpression": f"attribute_not_exists({words.name(HOLDER)})",
            **words.request([]),
        }
        if walk.start is not None:
            request["ExclusiveStartKey"] = self._shape.key(walk.start)
        raws: list[Attributes] = []
        while True:
            answer = self._reader.calls.call("scan", **request)
            raws += answer["Items"]
            request["ExclusiveStartKey"] = answer.get("LastEvaluatedKey")
            if request["ExclusiveStartKey"] is None or len(raws) >= limit:
                break
        more = len(raws) > limit or request["ExclusiveStartKey"] is not None
        rows = [self._whole(raw) for raw in raws[:limit]]
        following = None
        if more and raws:
            last = self._shape.key_of(raws[:limit][-1])
            following = walk.cursor(dict(zip(self._spec.key, last, strict=True)))
        items = [self._shape.item(row) for row in rows if row is not None]
        return Page(items=items, next=following)

    def _range(self, query: Query) -> _Range:
        columns = [codec(self._spec).columns[name] for name in query.order]
        low: str | int | None = None
        high: str | int | None = None
        start: str | int | None = None
        if query.index in self._spec.indexes:
            low = None if query.low is None else lower(columns[0], query.low)
            high = None if query.high is None else upper(columns[0], query.high)
            start = None if query.start is None else position(columns, list(query.start))
        else:
            low, high = self._sort_key(query, query.low), self._sort_key(query, query.high)
            start = None if query.start is None else self._sort_key(query, query.start[0])
        if start is not None and query.descending:
            high = start if high is None or _less(start, high) else high
        elif start is not None:
            low = start if low is None or _less(low, start) else low
        return _Range(low, high, start)

    def _sort_key(self, query: Query, value: Scalar) -> str | int | None:
        """A value of the table's own sort key."""
        if value is None or isinstance(value, int):
            return value
        return within(str(self._shape.value(query.index.sort, value)["S"]), MAX_SORT)

    def _own(self, query: Query, span: _Range) -> Iterator[tuple[Row, M]]:
        for raw in self._raws(query, span, query.index.sort):
            place = self._place_in(raw, query.index.sort)
            if place == span.start:
                continue
            if (found := self._tolerant(raw)) is not None:
                yield found

    def _indexed(self, query: Query, span: _Range) -> Iterator[tuple[Row, M]]:
        places = self._places(query, span)
        while some := list(islice(places, query.limit + 1)):
            targets = [(self._spec.name, key) for _, key in some]
            raws = self._reader.raws({self._spec.name: self._spec}, targets)
            for place, key in some:
                raw = raws[self._spec.name, key]
                found = None if raw is None else self._tolerant(raw)
                if found is not None and self._stands(query, found[0], place):
                    yield found

    def _stands(self, query: Query, row: Row, place: str | int) -> bool:
        """Whether an item is still where the index had it."""
        same = row[query.index.partition] == query.partition
        return same and self._shape.place(query.index, row) == place

    def _places(self, query: Query, span: _Range) -> Iterator[Place]:
        """Places in the index, those that it may not show yet among them, in order."""
        name = order_name(query.index)
        raws = self._raws(query, span, name)
        shown = ((str(raw[name]["S"]), self._shape.key_of(raw)) for raw in raws)
        fresh = sorted(
            (
                (placed.place, placed.key)
                for placed in self._fresh.of(self._spec.name, query.index.name, query.partition)
            ),
            reverse=query.descending,
        )
        last: Place | None = None
        for place in heapq.merge(shown, fresh, reverse=query.descending):
            if place != last and span.holds(place[0]):
                last = place
                yield place

    def _raws(self, query: Query, span: _Range, sort: str) -> Iterator[Attributes]:
        """What a partition holds in a range, in order, page after page as it is asked for."""
        words = Expressions()
        try:
            partition = self._shape.value(query.index.partition, query.partition)
        except KeyTooLong:
            return
        parts = [words.is_same(query.index.partition, partition)]
        if span.low is not None and span.high is not None:
            limits = f"{words.value(_attribute(span.low))} AND {words.value(_attribute(span.high))}"
            parts.append(f"{words.name(sort)} BETWEEN {limits}")
        elif span.low is not None:
            parts.append(f"{words.name(sort)} >= {words.value(_attribute(span.low))}")
        elif span.high is not None:
            parts.append(f"{words.name(sort)} <= {words.value(_attribute(span.high))}")
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": " AND ".join(parts),
            "ScanIndexForward": not query.descending,
            "Limit": query.limit + (1 if span.start is None else 2),
            **words.request([]),
        }
        if query.index in self._spec.indexes:
            request["IndexName"] = query.index.name
        else:
            request["ConsistentRead"] = True
        while True:
            answer = self._reader.calls.call("query", **request)
            yield from answer["Items"]
            if (after := answer.get("LastEvaluatedKey")) is None:
                return
            request["ExclusiveStartKey"] = after

    @staticmethod
    def _place_in(raw: Attributes, sort: str) -> str | int:
        ((kind, value),) = raw[sort].items()
        return int(value) if kind == "N" else str(value)

    def _whole(self, raw: Attributes) -> Row | None:
        standing = self._reader.whole(self._spec, self._shape.key_of(raw), raw)
        return standing.row if standing else None

    def _tolerant(self, raw: Attributes) -> tuple[Row, M] | None:
        """The row and its item; None where it is gone, or not to be read by this release."""
        try:
            row = self._whole(raw)
            return None if row is None else (row, self._shape.item(row))
        except Unreadable:
            key = self._shape.key_of(raw)
            log.error("An item of %s cannot be read and is left out: %s", self._table, key)
            return None


def _attribute(place: str | int) -> Attribute:
    return {"N": str(place)} if isinstance(place, int) else {"S": place}
