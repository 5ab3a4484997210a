"""The SQL statements of one table, built once."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    Select,
    Table,
    bindparam,
    cast,
    delete,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert as insert_or_update
from sqlalchemy.sql.elements import ClauseElement, ColumnElement

from leonidas_jupyter.tables.base import Index, TableSpec
from leonidas_jupyter.tables.connection import Prepared
from leonidas_jupyter.tables.drivers import Driver
from leonidas_jupyter.tables.queries import Query
from leonidas_jupyter.tables.rows import Row, Scalar, codec

SWEPT_AT_ONCE = 500
"""The most expired rows that one statement removes, so that no writer waits long for it."""


@dataclass(frozen=True)
class Shape:
    """What a query's statement depends on: the index, which bounds are given, the direction."""

    index: Index
    after: bool
    low: bool
    high: bool
    descending: bool

    @classmethod
    def of(cls, query: Query) -> "Shape":
        """The shape of a query."""
        return cls(
            index=query.index,
            after=query.start is not None,
            low=query.low is not None,
            high=query.high is not None,
            descending=query.descending,
        )


class Statements:
    """The statements of one table; parameters are named as the fields.

    The parameters of the key are ``key_0``, ``key_1``; the present moment is ``moment``.
    """

    def __init__(self, spec: TableSpec[Any], table: Table, driver: Driver) -> None:
        self._spec = spec
        self._codec = codec(spec)
        self._table = table
        self._dialect = driver.engine.dialect
        self._row_locks = driver.row_locks
        self._columnwise = driver.columnwise
        self.change = lru_cache(maxsize=64)(self._change)
        self.page = lru_cache(maxsize=64)(self._page)
        by_key = select(table).where(*self._at_key())
        self.read = self._prepared(by_key)
        self.lock = self._prepared(self._locked(by_key))
        self.insert = self._prepared(insert(table))
        self.remove = self._prepared(delete(table).where(*self._at_key()))
        by_value = {
            field: select(table).where(table.c[field] == bindparam("value"))
            for field in spec.unique
        }
        self.holder = {field: self._prepared(found) for field, found in by_value.items()}
        self.lock_holder = {
            field: self._prepared(self._locked(found)) for field, found in by_value.items()
        }

    def row(self, values: tuple[Scalar, ...]) -> Row:
        """What a query found, by the names of the columns."""
        return dict(zip(self._codec.names, values, strict=True))

    def _prepared(self, statement: ClauseElement) -> Prepared:
        return Prepared(statement, self._dialect)

    def _locked(self, found: Select[Any], *, free_only: bool = False) -> Select[Any]:
        """A query that locks what it finds, where writers stand side by side."""
        return found.with_for_update(skip_locked=free_only) if self._row_locks else found

    @cached_property
    def sweep(self) -> Prepared:
        """Remove some of the rows whose time is over, and that nobody is about to change."""
        key = [self._table.c[name] for name in self._spec.key]
        over = self._ttl() <= bindparam("moment")
        some = self._locked(select(*key).where(over).limit(SWEPT_AT_ONCE), free_only=True)
        return self._prepared(delete(self._table).where(tuple_(*key).in_(some)))

    @cached_property
    def walk(self) -> Prepared:
        """All rows in the order of the key, up to ``limit``."""
        return self._prepared(self._walk())

    @cached_property
    def walk_on(self) -> Prepared:
        """The rows behind a key, in the order of the key, up to ``limit``."""
        key = [self._table.c[name] for name in self._spec.key]
        return self._prepared(self._walk().where(tuple_(*key) > tuple_(*self._start(key))))

    def _walk(self) -> Select[Any]:
        order = [self._table.c[name] for name in self._spec.key]
        return select(self._table).order_by(*order).limit(bindparam("limit"))

    @cached_property
    def replace(self) -> Prepared:
        """Insert rows, or set all columns of those that stand at their keys; for ``run_many``."""
        new = insert_or_update(self._table)
        if self._columnwise:
            lists = [cast(bindparam(c.name), ARRAY(c.type)) for c in self._table.c]
            rows = select(*(func.unnest(each) for each in lists))
            new = new.from_select(list(self._codec.names), rows)
        others = {n: new.excluded[n] for n in self._codec.names if n not in self._spec.key}
        return self._prepared(
            new.on_conflict_do_update(index_elements=list(self._spec.key), set_=others)
        )

    def _ttl(self) -> Column[Any]:
        return self._table.c[str(self._spec.ttl)]

    def _at_key(self) -> list[ColumnElement[bool]]:
        return [
            self._table.c[name] == bindparam(f"key_{number}")
            for number, name in enumerate(self._spec.key)
        ]

    def _change(self, names: tuple[str, ...]) -> Prepared:
        """Set some columns of the row at a key."""
        values: dict[Any, ColumnElement[Any]] = {
            self._table.c[name]: bindparam(f"set_{name}") for name in names
        }
        return self._prepared(update(self._table).where(*self._at_key()).values(values))

    def _page(self, shape: Shape) -> Prepared:
        """The rows of a partition, in order, from a position, within a range, up to ``limit``."""
        columns = self._table.c
        order = [columns[name] for name in self._codec.order(shape.index)]
        sort = order[0]
        found = select(self._table).where(columns[shape.index.partition] == bindparam("partition"))
        if self._codec.columns[shape.index.sort].nullable:
            found = found.where(sort.is_not(None))
        if shape.after:
            here, start = tuple_(*order), tuple_(*self._start(order))
            found = found.where(here < start if shape.descending else here > start)
        if shape.low:
            found = found.where(sort >= bindparam("low"))
        if shape.high:
            found = found.where(sort <= bindparam("high"))
        if self._spec.ttl is not None:
            found = found.where(or_(self._ttl().is_(None), self._ttl() > bindparam("moment")))
        ways = [column.desc() if shape.descending else column.asc() for column in order]
        return self._prepared(found.order_by(*ways).limit(bindparam("limit")))

    @staticmethod
    def _start(order: list[Column[Any]]) -> list[ColumnElement[Any]]:
        return [
            bindparam(f"after_{number}", type_=column.type) for number, column in enumerate(order)
        ]
