"""The SQL engines: the tables over SQLAlchemy Core, in SQLite, PostgreSQL or DuckDB."""

import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import select

from leonidas_jupyter.core.ids import now
from leonidas_jupyter.tables.base import KeyPart, M, Operation, Put, TableSpec, Unavailable
from leonidas_jupyter.tables.connection import DriverConnection, Prepared
from leonidas_jupyter.tables.drivers import BUSY, BUSY_SECONDS, Driver
from leonidas_jupyter.tables.migrations import check_schema, migrate
from leonidas_jupyter.tables.operations import Result, apply, check
from leonidas_jupyter.tables.rows import Row, codec, encode_time
from leonidas_jupyter.tables.schema import sql_metadata
from leonidas_jupyter.tables.sqltable import SqlRows, SqlTable
from leonidas_jupyter.tables.statements import SWEPT_AT_ONCE, Statements
from leonidas_jupyter.tables.workers import Workers

T = TypeVar("T")

_SWEEP_SECONDS = 60.0


class SqlDatabase:
    """Tables in a SQL engine, whose calls run in threads with a connection each."""

    def __init__(
        self,
        driver: Driver,
        specs: Sequence[TableSpec[Any]],
        *,
        clock: Callable[[], datetime] = now,
    ) -> None:
        metadata = sql_metadata(specs)
        self.clock = clock
        self.statements = {
            spec.name: Statements(spec, metadata.tables[spec.name], driver) for spec in specs
        }
        self._driver = driver
        self._one = Prepared(select(1), driver.engine.dialect)
        self._readers = self._workers(driver.readers, "leonidas-read")
        self._writers = self._workers(driver.writers, "leonidas-write")
        self._swept = {spec.name: -_SWEEP_SECONDS for spec in specs if spec.ttl is not None}

    def table(self, spec: TableSpec[M]) -> SqlTable[M]:
        """See Database."""
        return SqlTable(self, spec)

    async def read(self, work: Callable[[DriverConnection], T]) -> T:
        """What ``work`` reads. Raises Unavailable."""

        def looked(connection: DriverConnection) -> T:
            self._driver.look()
            return connection.attempt(lambda: work(connection))

        with self._driver.explained():
            return await self._readers.run(looked)

    async def run(self, operation: Operation) -> Result:
        """One operation, and what it gives."""
        return (await self._write(lambda held: self._all(held, [operation])))[0]

    async def transact(self, operations: Sequence[Operation]) -> None:
        """See Database."""
        check(operations)
        await self._write(lambda held: self._all(held, operations))

    async def put_all(self, puts: Sequence[Put]) -> None:
        """Store items, all or none, the expired ones too."""
        await self._write(lambda held: self._all(held, puts, sweep=False))

    async def replace(self, statement: Prepared, rows: Sequence[Row]) -> None:
        """Store rows over what stands there, all or none."""
        await self._write(lambda held: held.run_many(statement, rows))

    async def purge(self, keys: Collection[str]) -> None:
        """Nothing lies beside the tables."""

    async def ping(self) -> None:
        """See Database."""
        await self.read(lambda connection: connection.rows(self._one, {}))

    async def close(self) -> None:
        """See Database."""
        await self._readers.close()
        await self._writers.close()
        self._driver.engine.dispose()

    def _workers(self, threads: int, name: str) -> Workers[DriverConnection]:
        driver = self._driver
        return Workers(
            lambda: DriverConnection(driver), threads, name, idle_seconds=driver.idle_seconds
        )

    async def _write(self, work: Callable[[DriverConnection], T]) -> T:
        asked = time.monotonic()

        def write(connection: DriverConnection) -> T:
            # Behind others that waited for a lock in vain: whoever asked has waited as long.
            if time.monotonic() - asked > BUSY_SECONDS:
                raise Unavailable(BUSY, 5)
            self._driver.look()
            with connection.transaction():
                return work(connection)

        with self._driver.explained():
            return await self._writers.run(lambda held: held.attempt(lambda: write(held)))

    def _all(
        self, connection: DriverConnection, operations: Sequence[Operation], *, sweep: bool = True
    ) -> list[Result]:
        moment = self.clock()
        rows = self._read_first(connection, operations)
        results = [apply(each, rows[each.spec.name], moment) for each in operations]
        if sweep:
            for name in rows.keys() & self._swept.keys():
                self._sweep(connection, name, moment)
        return results

    def _read_first(
        self, connection: DriverConnection, operations: Sequence[Operation]
    ) -> dict[str, SqlRows]:
        """The rows of each table, those read already that the operations are about.

        They are locked in one order, whatever the operations' is, so that no two writers wait for
        each other.
        """
        rows: dict[str, SqlRows] = {}
        for each in operations:
            name = each.spec.name
            if name not in rows:
                rows[name] = SqlRows(connection, self.statements[name])
        if self._driver.row_locks and len(operations) > 1:
            for name, key in sorted((each.spec.name, _key(each)) for each in operations):
                rows[name].read(key)
        return rows

    def _sweep(self, connection: DriverConnection, name: str, moment: datetime) -> None:
        """Remove expired rows now and then, a few at a time, with a write to their table."""
        if time.monotonic() - self._swept[name] < _SWEEP_SECONDS:
            return
        statement = self.statements[name].sweep
        gone = connection.run(statement, {"moment": encode_time(moment)})
        if gone < SWEPT_AT_ONCE:
            self._swept[name] = time.monotonic()


def _key(operation: Operation) -> tuple[KeyPart, ...]:
    spec = operation.spec
    key = spec.key_of(operation.item) if isinstance(operation, Put) else operation.key
    return codec(spec).key(key)


def driver_of(url: str) -> Driver:
    """The database that a URL names, its file made where need be; the tables are left alone.

    Raises:
        Unavailable: it cannot be opened, is damaged, or what it needs is not installed.
        ValueError: the URL names no database of a kind that is supported.
    """
    scheme = url.partition(":")[0]
    if scheme.startswith("postgresql"):
        from leonidas_jupyter.tables.postgres import postgres_driver

        return postgres_driver(url)
    if scheme == "duckdb":
        from leonidas_jupyter.tables.duckdb import duckdb_driver

        return duckdb_driver(url)
    from leonidas_jupyter.tables.sqlite import sqlite_driver

    return sqlite_driver(url)


def open_sql(
    url: str, specs: Sequence[TableSpec[Any]], *, create_tables: bool = False
) -> SqlDatabase:
    """Open the database of a URL.

    A file's tables are made or brought up to date where that is needed; a server's only with
    ``create_tables``. Blocks: call it in a thread.

    Raises:
        Unavailable: it cannot be opened, is damaged, has no tables or those of another release.
        ValueError: the URL names no database of a kind that is supported.
    """
    driver = driver_of(url)
    with driver.explained():
        if create_tables or driver.makes_tables:
            migrate(driver)
        else:
            check_schema(driver)
    return SqlDatabase(driver, specs)
