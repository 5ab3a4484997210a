"""The engine that keeps everything in this process: for tests, and for ``memory://``."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from leonidas_jupyter.core.ids import now
from leonidas_jupyter.core.paging import Page
from leonidas_jupyter.tables.base import Key, KeyPart, M, Operation, Put, TableSpec
from leonidas_jupyter.tables.operations import Result, apply, check
from leonidas_jupyter.tables.queries import Query, query_of
from leonidas_jupyter.tables.rows import Row, Scalar, codec, encode_time
from leonidas_jupyter.tables.walks import distinct, walk_of
from leonidas_jupyter.tables.writes import Writes

_Undo = list[Callable[[], object]]


class _MemoryRows:
    """One table's rows; what is done to them goes to ``undo``, to be undone in reverse."""

    def __init__(
        self, rows: dict[tuple[Scalar, ...], Row], spec: TableSpec[Any], undo: _Undo
    ) -> None:
        self._rows = rows
        self._codec = codec(spec)
        self._undo = undo

    def read(self, key: tuple[KeyPart, ...]) -> Row | None:
        return self._rows.get(key)

    def holder(self, field: str, value: Scalar) -> Row | None:
        return next((row for row in self._rows.values() if row[field] == value), None)

    def insert(self, row: Row) -> None:
        key = self._codec.key_of(row)
        self._undo.append(lambda: self._rows.pop(key))
        self._rows[key] = row

    def change(self, key: tuple[Scalar, ...], values: Row) -> None:
        before = self._rows[key]
        self._undo.append(lambda: self._rows.__setitem__(key, before))
        self._rows[key] = {**before, **values}

    def remove(self, key: tuple[Scalar, ...]) -> None:
        before = self._rows.pop(key, None)
        if before is not None:
            self._undo.append(lambda: self._rows.__setitem__(key, before))


class MemoryTable(Writes[M]):
    """One table of a MemoryDatabase."""

    def __init__(self, database: "MemoryDatabase", spec: TableSpec[M]) -> None:
        super().__init__(database, spec)
        self._database = database
        self._codec = codec(spec)
        self._rows = database.rows[spec.name]

    async def get(self, key: Key) -> M | None:
        """See Table."""
        await asyncio.sleep(0)
        row = self._rows.get(self._codec.key(key))
        return self._live(row)

    async def find(self, field: str, value: str) -> M | None:
        """See Table."""
        await asyncio.sleep(0)
        if field not in self.spec.unique:
            raise ValueError(f"{self.spec.name}.{field} is not unique.")
        rows = _MemoryRows(self._rows, self.spec, [])
        return self._live(rows.holder(field, self._codec.columns[field].encode(value)))

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
        await asyncio.sleep(0)
        query = query_of(self._codec, index, partition, after, between, limit, descending)
        moment = encode_time(self._database.clock())
        rows = [
            row
            for row in self._rows.values()
            if _fits(query, row) and not self._codec.expired(row, moment)
        ]
        rows.sort(key=query.position, reverse=descending)
        return Page(
            items=[self._codec.item(row) for row in rows[:limit]],
            next=query.cursor(rows[limit - 1]) if len(rows) > limit else None,
        )

    async def scan(self, *, after: str | None = None, limit: int = 500) -> Page[M]:
        """See Table."""
        await asyncio.sleep(0)
        walk = walk_of(self._codec, after, limit)
        keys = sorted(key for key in self._rows if walk.start is None or key > walk.start)
        found = [self._rows[key] for key in keys[:limit]]
        return Page(
            items=[self._codec.item(row) for row in found],
            next=walk.cursor(found[-1]) if len(keys) > limit else None,
        )

    async def load(self, items: Sequence[M]) -> None:
        """See Table."""
        distinct(self.spec, items)
        for item in items:
            await self._database.run(Put(self.spec, item))

    def _live(self, row: Row | None) -> M | None:
        if row is None or self._codec.expired(row, encode_time(self._database.clock())):
            return None
        item: M = self._codec.item(row)
        return item


def _fits(query: Query, row: Row) -> bool:
    """Whether a row is of the partition, in the range and behind the cursor."""
    value: Any = row[query.index.sort]
    if row[query.index.partition] != query.partition or value is None:
        return False
    if query.low is not None and value < query.low:
        return False
    if query.high is not None and value > query.high:
        return False
    if query.start is None:
        return True
    here = query.position(row)
    return here < query.start if query.descending else here > query.start


class MemoryDatabase:
    """Tables as dictionaries of rows; a copy goes in and a copy comes out.

    Every call lets other tasks run first, so that callers meet the interleavings that they would
    meet with a real engine.
    """

    def __init__(
        self, specs: Sequence[TableSpec[Any]], *, clock: Callable[[], datetime] = now
    ) -> None:
        self.clock = clock
        self.rows: dict[str, dict[tuple[Scalar, ...], Row]] = {spec.name: {} for spec in specs}

    def table(self, spec: TableSpec[M]) -> MemoryTable[M]:
        """See Database."""
        return MemoryTable(self, spec)

    async def run(self, operation: Operation) -> Result:
        """One operation, and what it gives."""
        return (await self._run([operation]))[0]

    async def transact(self, operations: Sequence[Operation]) -> None:
        """See Database."""
        check(operations)
        await self._run(operations)

    async def purge(self, keys: Collection[str]) -> None:
        """Nothing lies beside the tables."""

    async def ping(self) -> None:
        """Memory always answers."""

    async def close(self) -> None:
        """Nothing is held."""

    async def _run(self, operations: Sequence[Operation]) -> list[Result]:
        await asyncio.sleep(0)
        undo: _Undo = []
        try:
            return [
                apply(each, _MemoryRows(self.rows[each.spec.name], each.spec, undo), self.clock())
                for each in operations
            ]
        except BaseException:
            for step in reversed(undo):
                step()
            raise
