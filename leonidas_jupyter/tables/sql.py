"""The SQL engines: the tables over SQLAlchemy Core. SQLite today."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from leonidas_jupyter.core.errors import invalid
from leonidas_jupyter.core.ids import now
from leonidas_jupyter.core.paging import Page, decode_cursor, encode_cursor
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
from leonidas_jupyter.tables.migrations import migrate
from leonidas_jupyter.tables.operations import Result, apply, check
from leonidas_jupyter.tables.rows import Row, Scalar, codec, encode_time
from leonidas_jupyter.tables.schema import sql_metadata
from leonidas_jupyter.tables.sqlite import failure, open_engine
from leonidas_jupyter.tables.statements import SWEPT_AT_ONCE, Range, Statements
from leonidas_jupyter.tables.workers import Workers

T = TypeVar("T")

_READERS = 2
_SWEEP_SECONDS = 60.0


def _at(key: Sequence[Scalar]) -> dict[str, Scalar]:
    return {f"key_{number}": part for number, part in enumerate(key)}


class _SqlRows:
    """One table's rows within the transaction of a connection."""

    def __init__(self, connection: Connection, statements: Statements) -> None:
        self._connection = connection
        self._statements = statements

    def read(self, key: tuple[KeyPart, ...]) -> Row | None:
        return _one(self._connection, self._statements.lock, _at(key))

    def holder(self, field: str, value: Scalar) -> Row | None:
        return _one(self._connection, self._statements.holder[field], {"value": value})

    def insert(self, row: Row) -> None:
        self._connection.execute(self._statements.insert, row)

    def change(self, key: tuple[Scalar, ...], values: Row) -> None:
        statement = self._statements.change(tuple(values))
        parameters = {f"set_{name}": value for name, value in values.items()}
        self._connection.execute(statement, parameters | _at(key))

    def remove(self, key: tuple[Scalar, ...]) -> None:
        self._connection.execute(self._statements.remove, _at(key))


def _one(connection: Connection, statement: Any, parameters: Mapping[str, Scalar]) -> Row | None:  # noqa: ANN401 - any select
    rows = connection.execute(statement, parameters).mappings().all()
    return dict(rows[0]) if rows else None


class SqlTable(Generic[M]):
    """One table of a SqlDatabase."""

    def __init__(self, database: "SqlDatabase", spec: TableSpec[M]) -> None:
        self.spec = spec
        self._database = database
        self._codec = codec(spec)
        self._statements = database.statements[spec.name]

    async def get(self, key: Key) -> M | None:
        """See Table."""
        parameters = _at(self._codec.key(key))
        return await self._database.read(
            lambda connection: self._live(_one(connection, self._statements.read, parameters))
        )

    async def find(self, field: str, value: str) -> M | None:
        """See Table."""
        if field not in self.spec.unique:
            raise ValueError(f"{self.spec.name}.{field} is not unique.")
        parameters = {"value": self._codec.columns[field].encode(value)}
        statement = self._statements.holder[field]
        return await self._database.read(
            lambda connection: self._live(_one(connection, statement, parameters))
        )

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
        chosen = self.spec.index(index)
        order = self._codec.order(chosen)
        sort = self._codec.columns[chosen.sort]
        low, high = between or (None, None)
        shape = Range(chosen, after is not None, low is not None, high is not None, descending)
        parameters: dict[str, Any] = {
            "partition": self._codec.columns[chosen.partition].encode(partition),
            "low": None if low is None else sort.encode(low),
            "high": None if high is None else sort.encode(high),
            "limit": limit + 1,
            "moment": encode_time(self._database.clock()),
        }
        if after is not None:
            start = decode_cursor(after, len(order))
            if not self._codec.in_order(chosen, start):
                raise invalid("The cursor belongs to another listing; begin again without it.")
            parameters.update((f"after_{number}", value) for number, value in enumerate(start))
        statement = self._statements.page(shape)

        def page(connection: Connection) -> Page[M]:
            rows = connection.execute(statement, parameters).mappings().all()
            last = rows[limit - 1] if len(rows) > limit else None
            return Page(
                items=[self._codec.item(dict(row)) for row in rows[:limit]],
                next=encode_cursor([last[name] for name in order]) if last else None,
            )

        return await self._database.read(page)

    def _live(self, row: Row | None) -> M | None:
        if row is None or self._codec.expired(row, encode_time(self._database.clock())):
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
    ) -> None:
        metadata = sql_metadata(specs)
        self.clock = clock
        self.statements = {
            spec.name: Statements(spec, metadata.tables[spec.name]) for spec in specs
        }
        self._engine = engine
        reading = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._readers = Workers(reading.connect, _READERS, "leonidas-read")
        self._writer = Workers(engine.connect, 1, "leonidas-write")
        self._swept = {spec.name: 0.0 for spec in specs if spec.ttl is not None}

    def table(self, spec: TableSpec[M]) -> SqlTable[M]:
        """See Database."""
        return SqlTable(self, spec)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` reads. Raises Unavailable."""
        try:
            return await self._readers.run(work)
        except DBAPIError as error:
            raise failure(error) from error

    async def run(self, operation: Operation) -> Result:
        """One operation, and what it gives."""
        return (await self._write([operation]))[0]

    async def transact(self, operations: Sequence[Operation]) -> None:
        """See Database."""
        check(operations)
        await self._write(operations)

    async def ping(self) -> None:
        """See Database."""
        await self.read(lambda connection: connection.exec_driver_sql("SELECT 1").all())

    async def close(self) -> None:
        """See Database."""
        await self._readers.close()
        await self._writer.close()
        self._engine.dispose()

    async def _write(self, operations: Sequence[Operation]) -> list[Result]:
        try:
            return await self._writer.run(lambda connection: self._all(connection, operations))
        except DBAPIError as error:
            raise failure(error) from error

    def _all(self, connection: Connection, operations: Sequence[Operation]) -> list[Result]:
        with connection.begin():
            moment = self.clock()
            results = [
                apply(each, _SqlRows(connection, self.statements[each.spec.name]), moment)
                for each in operations
            ]
            for name in {each.spec.name for each in operations} & self._swept.keys():
                self._sweep(connection, name, moment)
        return results

    def _sweep(self, connection: Connection, name: str, moment: datetime) -> None:
        """Remove expired rows now and then, a few at a time, with a write to their table."""
        if time.monotonic() - self._swept[name] < _SWEEP_SECONDS:
            return
        statement = self.statements[name].sweep
        gone = connection.execute(statement, {"moment": encode_time(moment)}).rowcount
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
    try:
        migrate(engine)
    except DBAPIError as error:
        raise failure(error) from error
    return SqlDatabase(engine, specs)
