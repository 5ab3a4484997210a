"""The SQL engines: the tables over SQLAlchemy Core. SQLite today."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import Engine, select

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
from leonidas_jupyter.tables.connection import DriverConnection, Parameters, Prepared
from leonidas_jupyter.tables.migrations import migrate
from leonidas_jupyter.tables.operations import Result, apply, check
from leonidas_jupyter.tables.queries import Query, query_of
from leonidas_jupyter.tables.rows import Row, Scalar, codec, encode_time
from leonidas_jupyter.tables.schema import sql_metadata
from leonidas_jupyter.tables.sqlite import (
    BEGIN,
    BUSY,
    BUSY_SECONDS,
    explained,
    open_engine,
    watched,
)
from leonidas_jupyter.tables.statements import SWEPT_AT_ONCE, Shape, Statements
from leonidas_jupyter.tables.workers import Workers

T = TypeVar("T")

_READERS = 2
_SWEEP_SECONDS = 60.0


def _at(key: Sequence[Scalar]) -> dict[str, Scalar]:
    return {f"key_{number}": part for number, part in enumerate(key)}


class _SqlRows:
    """One table's rows within the transaction of a connection."""

    def __init__(self, connection: DriverConnection, statements: Statements) -> None:
        self._connection = connection
        self._statements = statements

    def read(self, key: tuple[KeyPart, ...]) -> Row | None:
        return self._one(self._statements.lock, _at(key))

    def holder(self, field: str, value: Scalar) -> Row | None:
        return self._one(self._statements.holder[field], {"value": value})

    def insert(self, row: Row) -> None:
        self._connection.run(self._statements.insert, row)

    def change(self, key: tuple[Scalar, ...], values: Row) -> None:
        statement = self._statements.change(tuple(values))
        parameters = {f"set_{name}": value for name, value in values.items()}
        self._connection.run(statement, parameters | _at(key))

    def remove(self, key: tuple[Scalar, ...]) -> None:
        self._connection.run(self._statements.remove, _at(key))

    def _one(self, statement: Prepared, parameters: Parameters) -> Row | None:
        rows = self._connection.rows(statement, parameters)
        return self._statements.row(rows[0]) if rows else None


class SqlTable(Generic[M]):
    """One table of a SqlDatabase."""

    def __init__(self, database: "SqlDatabase", spec: TableSpec[M]) -> None:
        self.spec = spec
        self._database = database
        self._codec = codec(spec)
        self._statements = database.statements[spec.name]

    async def get(self, key: Key) -> M | None:
        """See Table."""
        return await self._one(self._statements.read, _at(self._codec.key(key)))

    async def find(self, field: str, value: str) -> M | None:
        """See Table."""
        if field not in self.spec.unique:
            raise ValueError(f"{self.spec.name}.{field} is not unique.")
        parameters = {"value": self._codec.columns[field].encode(value)}
        return await self._one(self._statements.holder[field], parameters)

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
        parameters: dict[str, Scalar] = {
            "partition": query.partition,
            "low": query.low,
            "high": query.high,
            "limit": limit + 1,
            "moment": encode_time(self._database.clock()),
        }
        parameters.update((f"after_{n}", value) for n, value in enumerate(query.start or ()))
        statement = self._statements.page(Shape.of(query))

        # What a function inside of this one says of its types would be worked out at each call.
        return await self._database.read(
            lambda held: self._page(held, statement, parameters, query)
        )

    def _page(
        self,
        connection: DriverConnection,
        statement: Prepared,
        parameters: Parameters,
        query: Query,
    ) -> Page[M]:
        found = connection.rows(statement, parameters)
        rows = [self._statements.row(values) for values in found]
        most = query.limit
        return Page(
            items=[self._codec.item(row) for row in rows[:most]],
            next=query.cursor(rows[most - 1]) if len(rows) > most else None,
        )

    async def _one(self, statement: Prepared, parameters: Parameters) -> M | None:
        return await self._database.read(lambda held: self._only(held, statement, parameters))

    def _only(
        self, connection: DriverConnection, statement: Prepared, parameters: Parameters
    ) -> M | None:
        """The item in the only row that a statement finds, unless its time is over."""
        rows = connection.rows(statement, parameters)
        if not rows:
            return None
        row = self._statements.row(rows[0])
        if self.spec.ttl and self._codec.expired(row, encode_time(self._database.clock())):
            return None
        item: M = self._codec.item(row)
        return item


class SqlDatabase:
    """Tables in a SQL engine. Reads run side by side, writes one after the other."""

    def __init__(
        self,
        engine: Engine,
        specs: Sequence[TableSpec[Any]],
        *,
        clock: Callable[[], datetime] = now,
        look: Callable[[], None] = lambda: None,
    ) -> None:
        metadata = sql_metadata(specs)
        self.clock = clock
        self.statements = {
            spec.name: Statements(spec, metadata.tables[spec.name], engine.dialect)
            for spec in specs
        }
        self._look = look
        self._engine = engine
        self._one = Prepared(select(1), engine.dialect)
        self._readers = Workers(self._connect, _READERS, "leonidas-read")
        self._writer = Workers(self._connect, 1, "leonidas-write")
        self._swept = {spec.name: -_SWEEP_SECONDS for spec in specs if spec.ttl is not None}

    def table(self, spec: TableSpec[M]) -> SqlTable[M]:
        """See Database."""
        return SqlTable(self, spec)

    async def read(self, work: Callable[[DriverConnection], T]) -> T:
        """What ``work`` reads. Raises Unavailable."""

        def looked(connection: DriverConnection) -> T:
            self._look()
            return work(connection)

        with explained():
            return await self._readers.run(looked)

    async def run(self, operation: Operation) -> Result:
        """One operation, and what it gives."""
        return (await self._write([operation]))[0]

    async def transact(self, operations: Sequence[Operation]) -> None:
        """See Database."""
        check(operations)
        await self._write(operations)

    async def ping(self) -> None:
        """See Database."""
        await self.read(lambda connection: connection.rows(self._one, {}))

    async def close(self) -> None:
        """See Database."""
        await self._readers.close()
        await self._writer.close()
        self._engine.dispose()

    def _connect(self) -> DriverConnection:
        return DriverConnection(self._engine, BEGIN)

    async def _write(self, operations: Sequence[Operation]) -> list[Result]:
        asked = time.monotonic()

        def write(connection: DriverConnection) -> list[Result]:
            # Behind others that waited for a lock in vain: whoever asked has waited as long.
            if time.monotonic() - asked > BUSY_SECONDS:
                raise Unavailable(BUSY, 5)
            self._look()
            return self._all(connection, operations)

        with explained():
            return await self._writer.run(write)

    def _all(self, connection: DriverConnection, operations: Sequence[Operation]) -> list[Result]:
        with connection.transaction():
            moment = self.clock()
            results = [
                apply(each, _SqlRows(connection, self.statements[each.spec.name]), moment)
                for each in operations
            ]
            for name in {each.spec.name for each in operations} & self._swept.keys():
                self._sweep(connection, name, moment)
        return results

    def _sweep(self, connection: DriverConnection, name: str, moment: datetime) -> None:
        """Remove expired rows now and then, a few at a time, with a write to their table."""
        if time.monotonic() - self._swept[name] < _SWEEP_SECONDS:
            return
        statement = self.statements[name].sweep
        gone = connection.run(statement, {"moment": encode_time(moment)})
        if gone < SWEPT_AT_ONCE:
            self._swept[name] = time.monotonic()


def open_sql(url: str, specs: Sequence[TableSpec[Any]]) -> SqlDatabase:
    """Open the database of a URL, made or brought up to date where that is needed.

    Blocks: call it in a thread.

    Raises:
        Unavailable: it cannot be opened, is damaged, or is of a newer release.
        ValueError: the URL names no database of a kind that is supported.
    """
    engine = open_engine(url)
    with explained():
        migrate(engine)
    return SqlDatabase(engine, specs, look=watched(engine))
