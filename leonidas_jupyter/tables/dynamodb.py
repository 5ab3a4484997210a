"""The DynamoDB engine, over boto3: for teams on AWS.

* Single items are read consistently, and so are queries in a table's own order. Indexes follow
  their table a moment later: see ``dynamodb_queries`` for what is done about it.
* Versions, uniqueness and absence are conditions of the write itself; see ``dynamodb_writes``.
* Unique values are guarded by items beside their holders; see ``dynamodb_guards``.
* Large items are compressed, or lie in the object store in part; see ``dynamodb_spill``.
* **Two neighbouring releases share one database.** A release reads past what it does not know, and
  its updates write only what they change. What it cannot read (a value of an enumeration that a
  newer one added) fails for that item alone. A put over an item that stands replaces all of it, so
  nothing but a copy (``load``) does that; new items are put with ``if_absent``.

Everything of boto3 runs in threads of the database's own.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Generic, TypeVar, cast

from leonidas_jupyter.core.dynamodbplace import DynamoPlace, parse_dynamodb
from leonidas_jupyter.core.ids import now
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
    Unavailable,
    Update,
)
from leonidas_jupyter.tables.dynamodb_calls import CONNECTIONS, MISSING_TABLES, Calls, Meter
from leonidas_jupyter.tables.dynamodb_fresh import Fresh
from leonidas_jupyter.tables.dynamodb_guards import holder_of
from leonidas_jupyter.tables.dynamodb_items import Layout, layout
from leonidas_jupyter.tables.dynamodb_queries import Queries
from leonidas_jupyter.tables.dynamodb_reads import Reader
from leonidas_jupyter.tables.dynamodb_schema import Schema, connect
from leonidas_jupyter.tables.dynamodb_spill import FOLDER, Objects, Spill
from leonidas_jupyter.tables.dynamodb_sweep import Sweeper, points_to
from leonidas_jupyter.tables.dynamodb_writes import Writer
from leonidas_jupyter.tables.operations import Result, check
from leonidas_jupyter.tables.queries import query_of
from leonidas_jupyter.tables.rows import codec, encode_time
from leonidas_jupyter.tables.walks import distinct, walk_of
from leonidas_jupyter.tables.workers import Workers

T = TypeVar("T")

_LOADED_AT_ONCE = 10
"""Each may be as large as DynamoDB takes."""
_LOOKS = 3


class _Thread:
    """What a thread holds: nothing, for clients of boto3 are shared."""

    def close(self) -> None:
        """Nothing is held."""


class _Tools:
    """What one call works with, for the event loop that it came from."""

    def __init__(self, database: "DynamoDatabase", loop: asyncio.AbstractEventLoop) -> None:
        spill = Spill(database.objects, loop)
        self.fresh = database.fresh
        self.clock = database.clock
        self.reader = Reader(database.calls, database.tables, spill)
        self.writer = Writer(
            self.reader, database.clock, database.fresh.add, partial(database.sweeper.soon, loop)
        )


def _run(operations: Sequence[Operation], tools: _Tools) -> list[Result]:
    return tools.writer.run(operations)


def _load(spec: TableSpec[Any], items: Sequence[Any], tools: _Tools) -> None:
    tools.writer.load(spec, items)


def _points_to(spec: TableSpec[Any], key: str, tools: _Tools) -> bool:
    return points_to(tools.reader, spec, key, tools.clock())


class DynamoTable(Generic[M]):
    """One table of a DynamoDatabase."""

    def __init__(self, database: "DynamoDatabase", spec: TableSpec[M]) -> None:
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

        def find(tools: _Tools) -> M | None:
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

    def _get(self, tools: _Tools, key: tuple[Any, ...]) -> M | None:
        standing = tools.reader.one(self.spec, key)
        moment = encode_time(self._database.clock())
        if standing is None or self._codec.expired(standing.row, moment):
            return None
        return self._layout.item(standing.row)


class DynamoDatabase:
    """Tables in DynamoDB.

    ``objects`` takes what is too large for an item; ``meter`` counts requests and their capacity
    units when it is given.
    """

    def __init__(
        self,
        client: Any,  # noqa: ANN401 - boto3 makes its classes as it runs
        place: DynamoPlace,
        specs: Sequence[TableSpec[Any]],
        *,
        objects: Objects | None = None,
        clock: Callable[[], datetime] = now,
        meter: Meter | None = None,
    ) -> None:
        self.client = client
        self.calls = Calls(client, meter)
        self._specs = tuple(specs)
        self.tables = {spec.name: place.table(spec.name) for spec in specs}
        self.objects = objects
        self.clock = clock
        self.fresh = Fresh()
        self.sweeper = Sweeper(self.sweep)
        self._probe = (self.tables[specs[0].name], layout(specs[0]).special("nobody"))
        self._threads = Workers(_Thread, CONNECTIONS, "leonidas-dynamodb")

    def table(self, spec: TableSpec[M]) -> DynamoTable[M]:
        """See Database."""
        return DynamoTable(self, spec)

    async def do(self, work: Callable[[_Tools], T]) -> T:
        """What ``work`` gives, done in a thread. Raises Unavailable."""
        tools = _Tools(self, asyncio.get_running_loop())
        return await self._threads.run(lambda _: work(tools))

    async def run(self, operation: Operation) -> Result:
        """One operation, and what it gives."""
        return (await self.do(lambda tools: tools.writer.run([operation])))[0]

    async def transact(self, operations: Sequence[Operation]) -> None:
        """See Database.

        Raises:
            ValueError: also where guards of unique values make more than MAX_OPERATIONS of it.
        """
        check(operations)
        if operations:
            await self.do(lambda tools: tools.writer.run(operations))

    async def ping(self) -> None:
        """See Database."""
        table, key = self._probe
        await self.do(lambda tools: tools.reader.calls.call("get_item", TableName=table, Key=key))

    async def sweep(self) -> int:
        """Remove the objects, older than a day, to which no item points; how many they were."""
        removed = 0
        if self.objects is None:
            return removed
        for spec in self._specs:
            folder = f"{FOLDER}/{self.tables[spec.name]}/"
            async for key in self.objects.list(folder):
                if not await self.do(partial(_points_to, spec, key)):
                    await self.objects.delete(key)
                    removed += 1
        return removed

    async def close(self) -> None:
        """See Database."""
        await self.sweeper.close()
        await self._threads.close()
        self.client.close()


def open_dynamodb(
    url: str,
    specs: Sequence[TableSpec[Any]],
    *,
    objects: Objects | None = None,
    create: bool = False,
    ca_bundle: str | None = None,
    meter: Meter | None = None,
) -> DynamoDatabase:
    """Open the tables of a URL; with ``create`` they are made first where they are missing.

    Blocks: call it in a thread.

    Raises:
        Unavailable: DynamoDB does not answer, or tables are missing or differ.
        ValueError: the URL is none of DynamoDB's.
    """
    place = parse_dynamodb(url)
    client = connect(place, ca_bundle)
    schema = Schema(Calls(client), place, specs)
    try:
        if create:
            schema.create()
        if wrong := schema.unusable():
            raise Unavailable(" ".join([*wrong[:1], MISSING_TABLES]), 60)
    except BaseException:
        client.close()
        raise
    return DynamoDatabase(client, place, specs, objects=objects, meter=meter)


def create_tables(url: str, specs: Sequence[TableSpec[Any]], ca_bundle: str | None = None) -> None:
    """Make the tables and indexes that are missing. Blocks. Raises Unavailable, ValueError."""
    place = parse_dynamodb(url)
    Schema(Calls(connect(place, ca_bundle)), place, specs).create()


def check_tables(
    url: str, specs: Sequence[TableSpec[Any]], ca_bundle: str | None = None
) -> list[str]:
    """What is missing or differs, a sentence each. Blocks. Raises Unavailable, ValueError."""
    place = parse_dynamodb(url)
    return Schema(Calls(connect(place, ca_bundle)), place, specs).check()


def drop_tables(url: str, specs: Sequence[TableSpec[Any]], ca_bundle: str | None = None) -> None:
    """Remove the tables and all that is in them. Blocks. Raises Unavailable, ValueError."""
    place = parse_dynamodb(url)
    Schema(Calls(connect(place, ca_bundle)), place, specs).drop()
