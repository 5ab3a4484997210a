"""One table of a SQL engine: its rows within a transaction, and what is read of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from leonidas_jupyter.core.paging import Page
from leonidas_jupyter.tables.base import Key, KeyPart, M, Put, TableSpec
from leonidas_jupyter.tables.connection import DriverConnection, Parameters, Prepared
from leonidas_jupyter.tables.queries import Query, query_of
from leonidas_jupyter.tables.rows import Row, Scalar, codec, encode_time
from leonidas_jupyter.tables.statements import Shape, Statements
from leonidas_jupyter.tables.walks import Walk, distinct, walk_of
from leonidas_jupyter.tables.writes import Writes

if TYPE_CHECKING:
    from leonidas_jupyter.tables.sql import SqlDatabase

LOADED_AT_ONCE = 100
"""The most items that one transaction of ``load`` stores, so that no writer waits long for it."""


def at(key: Sequence[Scalar]) -> dict[str, Scalar]:
    """The parameters of a key."""
    return {f"key_{number}": part for number, part in enumerate(key)}


class SqlRows:
    """One table's rows within the transaction of a connection.

    Each row is read once: what was read is locked, and changed by nobody else.
    """

    def __init__(self, connection: DriverConnection, statements: Statements) -> None:
        self._connection = connection
        self._statements = statements
        self._read: dict[tuple[Scalar, ...], Row | None] = {}

    def read(self, key: tuple[KeyPart, ...]) -> Row | None:
        """See Rows."""
        if key not in self._read:
            self._read[key] = self._one(self._statements.lock, at(key))
        return self._read[key]

    def holder(self, field: str, value: Scalar) -> Row | None:
        """See Rows."""
        return self._one(self._statements.lock_holder[field], {"value": value})

    def insert(self, row: Row) -> None:
        """See Rows."""
        self._connection.run(self._statements.insert, row)

    def change(self, key: tuple[Scalar, ...], values: Row) -> None:
        """See Rows."""
        statement = self._statements.change(tuple(values))
        parameters = {f"set_{name}": value for name, value in values.items()}
        self._connection.run(statement, parameters | at(key))

    def remove(self, key: tuple[Scalar, ...]) -> None:
        """See Rows."""
        self._read[key] = None
        self._connection.run(self._statements.remove, at(key))

    def _one(self, statement: Prepared, parameters: Parameters) -> Row | None:
        rows = self._connection.rows(statement, parameters)
        return self._statements.row(rows[0]) if rows else None


class SqlTable(Writes[M]):
    """One table of a SqlDatabase."""

    def __init__(self, database: "SqlDatabase", spec: TableSpec[M]) -> None:
        super().__init__(database, spec)
        self._database = database
        self._codec = codec(spec)
        self._statements = database.statements[spec.name]

    async def get(self, key: Key) -> M | None:
        """See Table."""
        return await self._one(self._statements.read, at(self._codec.key(key)))

    async def find(self, field: str, value: str) -> M | None:
        """See Table."""
        if field not in self.spec.unique:
            raise ValueError(f"{self.spec.name}.{field} is not unique.")
        parameters = {"value": self._codec.columns[field].encode(value)}
        return await self._one(self._statements.holder[field], parameters)

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
            lambda held: self._page(held, statement, parameters, query, limit)
        )

    async def scan(self, *, after: str | None = None, limit: int = 500) -> Page[M]:
        """See Table."""
        walk = walk_of(self._codec, after, limit)
        statement = self._statements.walk if walk.start is None else self._statements.walk_on
        parameters: dict[str, Scalar] = {"limit": limit + 1}
        parameters.update((f"after_{n}", value) for n, value in enumerate(walk.start or ()))
        return await self._database.read(
            lambda held: self._page(held, statement, parameters, walk, limit)
        )

    async def load(self, items: Sequence[M]) -> None:
        """See Table."""
        distinct(self.spec, items)
        for start in range(0, len(items), LOADED_AT_ONCE):
            some = items[start : start + LOADED_AT_ONCE]
            if self.spec.unique:
                await self._database.put_all([Put(self.spec, item) for item in some])
            else:
                rows = [self._codec.row(item) for item in some]
                await self._database.replace(self._statements.replace, rows)

    def _page(
        self,
        connection: DriverConnection,
        statement: Prepared,
        parameters: Parameters,
        order: Query | Walk,
        most: int,
    ) -> Page[M]:
        found = connection.rows(statement, parameters)
        rows = [self._statements.row(values) for values in found]
        return Page(
            items=[self._codec.item(row) for row in rows[:most]],
            next=order.cursor(rows[most - 1]) if len(rows) > most else None,
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
        row: Row = self._statements.row(rows[0])
        if self.spec.ttl and self._codec.expired(row, encode_time(self._database.clock())):
            return None
        item: M = self._codec.item(row)
        return item
