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
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from leonidas_jupyter.core.dynamodbplace import DynamoPlace, parse_dynamodb
from leonidas_jupyter.core.ids import now
from leonidas_jupyter.tables.base import M, Operation, TableSpec, Unavailable
from leonidas_jupyter.tables.dynamodb_calls import CONNECTIONS, MISSING_TABLES, Calls, Meter
from leonidas_jupyter.tables.dynamodb_fresh import Fresh
from leonidas_jupyter.tables.dynamodb_items import layout
from leonidas_jupyter.tables.dynamodb_reads import Reader
from leonidas_jupyter.tables.dynamodb_schema import Schema, connect
from leonidas_jupyter.tables.dynamodb_spill import FOLDER, Objects, Spill
from leonidas_jupyter.tables.dynamodb_sweep import Sweeper, is_of, points_to
from leonidas_jupyter.tables.dynamodb_table import DynamoTable, Tools
from leonidas_jupyter.tables.dynamodb_writes import Writer
from leonidas_jupyter.tables.operations import Result, check
from leonidas_jupyter.tables.workers import Workers

T = TypeVar("T")


class _Thread:
    """What a thread holds: nothing, for clients of boto3 are shared."""

    def close(self) -> None:
        """Nothing is held."""


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

    async def do(self, work: Callable[[Tools], T]) -> T:
        """What ``work`` gives, done in a thread. Raises Unavailable."""
        loop = asyncio.get_running_loop()
        reader = Reader(self.calls, self.tables, Spill(self.objects, loop))
        soon = partial(self.sweeper.soon, loop)
        writer = Writer(reader, self.clock, self.fresh.add, soon)
        tools = Tools(reader, writer, self.fresh, self.clock)
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
                    await self.objects.purge(key)
                    removed += 1
        return removed

    async def purge(self, keys: Collection[str]) -> None:
        """See Database; large items lie in objects, of which a bucket may keep versions."""
        wanted = frozenset(keys)
        if self.objects is None:
            return
        for spec in self._specs:
            async for key in self.objects.removed(f"{FOLDER}/{self.tables[spec.name]}/"):
                if is_of(key, wanted):
                    await self.objects.purge(key)

    async def close(self) -> None:
        """See Database."""
        await self.sweeper.close()
        await self._threads.close()
        self.client.close()


def _points_to(spec: TableSpec[Any], key: str, tools: Tools) -> bool:
    return points_to(tools.reader, spec, key, tools.clock())


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
