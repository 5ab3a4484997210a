"""The interface between the repositories and the metadata engines, and how a table is declared."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, Field

from leonidas_jupyter.core.ids import now
from leonidas_jupyter.core.paging import Page


class Item(BaseModel):
    """What every stored thing has: optimistic lock, version of its shape, times (UTC)."""

    version: int = 1
    schema_version: int = 1
    created_at: datetime = Field(default_factory=now)
    updated_at: datetime = Field(default_factory=now)


M = TypeVar("M", bound=Item)
KeyPart = str | int
Key = KeyPart | tuple[KeyPart, ...]
"""A key: one value, or one for each field of a composed key."""


@dataclass(frozen=True)
class Index:
    """A second way in: items with the same ``partition`` value, in order of ``sort``, then key.

    An item whose ``partition`` or ``sort`` field is null does not stand in the index.
    """

    name: str
    partition: str
    sort: str


@dataclass(frozen=True)
class TableSpec(Generic[M]):
    """A table, declared once, from its model.

    ``key`` names one or two fields; with two, the first is the partition of the table's own order
    (query with ``index=None``). ``unique`` fields hold a value once over the whole table (null as
    often as you like). ``ttl`` names a datetime field after which the item may be swept; readers
    treat an expired item as gone.
    """

    name: str
    model: type[M]
    key: tuple[str, ...]
    unique: tuple[str, ...] = ()
    indexes: tuple[Index, ...] = ()
    ttl: str | None = None

    def key_of(self, item: M) -> tuple[KeyPart, ...]:
        """The key of an item."""
        return tuple(getattr(item, name) for name in self.key)

    def index(self, name: str | None) -> Index:
        """The index of that name; None is the table's own order, by the fields of its key.

        Raises:
            ValueError: when the table has no such index.
        """
        if name is None and len(self.key) == 2:
            return Index("key", partition=self.key[0], sort=self.key[1])
        for index in self.indexes:
            if index.name == name:
                return index
        raise ValueError(f"The table {self.name} has no index {name!r}.")


@dataclass(frozen=True)
class Put:
    """Store an item; with ``if_absent`` only where none stands."""

    spec: TableSpec[Any]
    item: Item
    if_absent: bool = False


@dataclass(frozen=True)
class Update:
    """Change fields of an item; ``version`` rises and ``updated_at`` is set."""

    spec: TableSpec[Any]
    key: Key
    changes: Mapping[str, Any]
    if_version: int | None = None


@dataclass(frozen=True)
class Delete:
    """Remove an item; removing what is not there is no error, unless a version is asked for."""

    spec: TableSpec[Any]
    key: Key
    if_version: int | None = None


@dataclass(frozen=True)
class Add:
    """Add ``n`` to an integer field, atomically; neither ``version`` nor ``updated_at`` changes.

    ``also`` adds to further fields of the same item, which a transaction can name only once.
    """

    spec: TableSpec[Any]
    key: Key
    field: str
    n: int
    also: Mapping[str, int] = dataclass_field(default_factory=dict)


Operation = Put | Update | Delete | Add
MAX_OPERATIONS = 100
"""The most operations of one transaction (DynamoDB's limit)."""


class Missing(Exception):
    """The item to change is not there."""


class Exists(Exception):
    """An item with this key or unique value stands already.

    ``field`` says which: the unique field, or the last field of the key.
    """

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class Stale(Exception):
    """The item has another version than the one asked for."""


class Unavailable(Exception):
    """The engine cannot be reached or is overloaded; ``retry_after`` is in seconds.

    The message is one sentence for people, without addresses and paths.
    """

    def __init__(self, message: str, retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Table(Protocol[M]):
    """One table. Every method may raise Unavailable.

    Times are stored in UTC to the microsecond; a naive datetime, a float that is not finite and an
    integer beyond 64 bits in a field of their own are refused with ValueError.
    """

    @property
    def spec(self) -> TableSpec[M]:
        """The declaration."""

    async def get(self, key: Key) -> M | None:
        """The item, read consistently; None where there is none or its time is over."""

    async def put(self, item: M, *, if_absent: bool = False) -> M:
        """Store a whole item. Raises Exists (key with ``if_absent``, unique fields always)."""

    async def update(
        self, key: Key, changes: Mapping[str, Any], *, if_version: int | None = None
    ) -> M:
        """Change fields and return the item as it stands then. Raises Missing, Stale, Exists.

        The changed item is validated by its model. Neither the key nor ``version`` can be changed.
        """

    async def delete(self, key: Key, *, if_version: int | None = None) -> None:
        """Remove an item. With ``if_version`` raises Missing or Stale."""

    async def add(self, key: Key, field: str, n: int) -> int:
        """Add to an integer field and return its new value. Raises Missing."""

    async def find(self, field: str, value: str) -> M | None:
        """The item with this value of a unique field."""

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
        """Items of one partition in the order of the index (None: of the key), from ``after``.

        ``between`` limits the sort field to ``low <= value <= high``; either may be None.
        """

    async def scan(self, *, after: str | None = None, limit: int = 500) -> Page[M]:
        """Every item of the table, the expired ones too, in an order of the engine's own.

        What stands during the whole walk from page to page comes exactly once; what is written or
        removed meanwhile may come or not. A page may hold less than ``limit``, even nothing,
        although another follows.
        """

    async def load(self, items: Sequence[M]) -> None:
        """Store items exactly as they are, with their versions and times, over what stands there.

        Each goes by the rules of ``put``, alone or in batches as the engine likes: a failure may
        leave some of them stored, and loading them again changes nothing.

        Raises:
            Exists: another item, that is not expired, holds the value of a unique field.
            ValueError: two of the items have one key, or a value cannot be stored.
        """


class Database(Protocol):
    """An engine that holds the tables it was opened with."""

    def table(self, spec: TableSpec[M]) -> Table[M]:
        """The table of a declaration."""

    async def transact(self, operations: Sequence[Operation]) -> None:
        """All or nothing. Raises Missing, Stale, Exists: the first failure in order.

        Refused with ValueError: more than MAX_OPERATIONS, and two operations on one item
        (DynamoDB takes neither).
        """

    async def purge(self, keys: Collection[str]) -> None:
        """Remove for good what is kept beside the tables of items that were removed or changed.

        That is of items whose key, or its first part, is one of ``keys``. Repeating it changes
        nothing. Raises Unavailable.
        """

    async def ping(self) -> None:
        """Raises Unavailable when the engine does not answer."""

    async def close(self) -> None:
        """Release what is held."""
