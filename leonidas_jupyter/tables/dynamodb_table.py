"""One table of a DynamoDB database."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Generic, Protocol, TypeVar, cast

from leonidas_jupyter.core.paging import Page
from leonidas_jupyter.tables.base import (
    Add,
    Delete,
    Key,
    KeyPart,
    M,
    Operation,
    Put,
    TableSpec,
    Update,
)
from leonidas_jupyter.tables.dynamodb_fresh import Fresh
from leonidas_jupyter.tables.dynamodb_guards import holder_of
from leonidas_jupyter.tables.dynamodb_items import Layout, layout
from leonidas_jupyter.tables.dynamodb_queries import Queries
from leonidas_jupyter.tables.dynamodb_reads import Reader
from leonidas_jupyter.tables.dynamodb_writes import Writer
from leonidas_jupyter.tables.operations import Result
from leonidas_jupyter.tables.queries import query_of
from leonidas_jupyter.tables.rows import codec, encode_time
from leonidas_jupyter.tables.walks import distinct, walk_of

T = TypeVar("T")

_LOADED_AT_ONCE = 10
"""Each may be as large as DynamoDB takes."""
_LOOKS = 3


@dataclass(frozen=True)
class Tools:
    """What one call works with, in a thread."""

    reader: Reader
    writer: Writer
    fresh: Fresh
    clock: Callable[[], datetime]


class Runs(Protocol):
    """What a table needs of its database."""

    clock: Callable[[], datetime]

    async def do(self, work: Callable[[Tools], T]) -> T:
        """What ``work`` gives, done in a thread. Raises Unavailable."""

    async def run(self, operation: Operation) -> Result:
        """One operation, and what it gives."""


def _run(operations: Sequence[Operation], tools: Tools) -> list[Result]:
    return tools.writer.run(operations)


def _load(spec: TableSpec[Any], items: Sequence[Any], tools: Tools) -> None:
    tools.writer.load(spec, items)


class DynamoTable(Generic[M]):
    """One table of a DynamoDatabase."""

    def __init__(self, database: Runs, spec: TableSpec[M]) -> None:
        self.spec = spec
        self._database = database
        self._codec = codec(spec)
        self._layout: Layout[M] = layout(spec)

    async def get(self, key: Key) -> M | None:
        """See Table."""
        parts = self._codec.key(key)
        return await self._database.do(lambda tools: self._get(tools, parts))

    async def find(self, field: str, value: str) -> M | None:
        """See Table."""
        if field not in self.spec.unique:
            raise ValueError(f"{self.spec.name}.{field} is not unique.")
        wanted = self._codec.columns[field].encode(value)
        guard = self._layout.guard(field, wanted)

        def find(tools: Tools) -> M | None:
            seen = None
            for _ in range(_LOOKS):  # it may pass from one item to another between two reads
                found = tools.reader.raw(self.spec, guard)
                if found is None or found == seen:
                    return None
                item = self._get(tools, holder_of(found))
                if item is not None:
                    held = self._codec.columns[field].encode(getattr(item, field))
                    if held == wanted:
                        return item
                seen = found
            return None

        return await self._database.do(find)

    async def put(self, item: M, *, if_absent: bool = False) -> M:
        """See Table."""
        return cast("M", await self._database.run(Put(self.spec, item, if_absent)))

    async def update(
        self, key: Key, changes: Mapping[str, Any], *, if_version: int | None = None
    ) -> M:
        """See Table."""
        return cast("M", await self._database.run(Update(self.spec, key, changes, if_version)))

    async def delete(self, key: Key, *, if_version: int | None = None) -> None:
        """See Table."""
        await self._database.run(Delete(self.spec, key, if_version))

    async def add(self, key: Key, field: str, n: int) -> int:
        """See Table."""
        return cast("int", await self._database.run(Add(self.spec, key, field, n)))

    async def query(
        self,
        index: str | None,
        partition: KeyPart,
        *,
        after: str | None = None,
        between: tuple[Any, Any] | None = None,
        limit: int = 50,
        descending: bool = False,
    ) -> Page[M]:
        """See Table."""
        query = query_of(self._codec, index, partition, after, between, limit, descending)
        moment = encode_time(self._database.clock())
        return await self._database.do(
            lambda tools: Queries(tools.reader, self.spec, tools.fresh).page(query, moment)
        )

    async def scan(self, *, after: str | None = None, limit: int = 500) -> Page[M]:
        """See Table."""
        walk = walk_of(self._codec, after, limit)
        return await self._database.do(
            lambda tools: Queries(tools.reader, self.spec, tools.fresh).walk(walk, limit)
        )

    async def load(self, items: Sequence[M]) -> None:
        """See Table."""
        distinct(self.spec, items)
        for at in range(0, len(items), _LOADED_AT_ONCE):
            some = items[at : at + _LOADED_AT_ONCE]
            if self.spec.unique:
                puts = [Put(self.spec, item) for item in some]
                await self._database.do(partial(_run, puts))
            else:
                await self._database.do(partial(_load, self.spec, some))

    def _get(self, tools: Tools, key: tuple[Any, ...]) -> M | None:
        standing = tools.reader.one(self.spec, key)
        moment = encode_time(self._database.clock())
        if standing is None or self._codec.expired(standing.row, moment):
            return None
        return self._layout.item(standing.row)
