"""The writes of a table as single operations of its database: the same for every engine."""

from collections.abc import Mapping
from typing import Any, Generic, Protocol, cast

from leonidas_jupyter.tables.base import Add, Delete, Key, M, Operation, Put, TableSpec, Update
from leonidas_jupyter.tables.operations import Result


class Runs(Protocol):
    """A database that can do one operation, and tell what it gives."""

    async def run(self, operation: Operation) -> Result:
        """The item for Put and Update, the new value for Add, nothing for Delete."""


class Writes(Generic[M]):
    """A table whose writes are its database's operations."""

    def __init__(self, runs: Runs, spec: TableSpec[M]) -> None:
        self.spec = spec
        self._runs = runs

    async def put(self, item: M, *, if_absent: bool = False) -> M:
        """See Table."""
        return cast("M", await self._runs.run(Put(self.spec, item, if_absent)))

    async def update(
        self, key: Key, changes: Mapping[str, Any], *, if_version: int | None = None
    ) -> M:
        """See Table."""
        return cast("M", await self._runs.run(Update(self.spec, key, changes, if_version)))

    async def delete(self, key: Key, *, if_version: int | None = None) -> None:
        """See Table."""
        await self._runs.run(Delete(self.spec, key, if_version))

    async def add(self, key: Key, field: str, n: int) -> int:
        """See Table."""
        return cast("int", await self._runs.run(Add(self.spec, key, field, n)))
