"""What a transaction needs to know of the items before, and what it will do."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from leonidas_jupyter.tables.base import Operation, Put
from leonidas_jupyter.tables.dynamodb_guards import Guarded
from leonidas_jupyter.tables.dynamodb_items import Attributes
from leonidas_jupyter.tables.dynamodb_spill import Spill
from leonidas_jupyter.tables.operations import Result
from leonidas_jupyter.tables.rows import Row, Scalar, codec

Target = tuple[str, tuple[Scalar, ...]]
"""The name of a table, and a key in it."""


@dataclass(frozen=True)
class Standing:
    """An item as it was read."""

    raw: Attributes
    row: Row


@dataclass(frozen=True)
class Placed:
    """An item that was written to an index: the partition, the place there, and its key."""

    table: str
    index: str
    partition: Scalar
    place: str
    key: tuple[Scalar, ...]


@dataclass
class Plan:
    """The actions of a transaction, in the order of the operations, and what follows from them.

    Attributes:
        results: what each operation gives, as far as that is known before.
        written: objects that were made for it, to which nothing points until it is done.
        replaced: objects to which nothing points once it is done.
    """

    token: str
    actions: list[dict[str, Any]] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    placed: list[Placed] = field(default_factory=list)


@dataclass(frozen=True)
class Given:
    """What a plan is made from.

    Attributes:
        tables: DynamoDB's names of the tables, by ours.
        known: the items that were read; None is one that is not there.
        orphans: see Guards.
    """

    tables: dict[str, str]
    known: dict[Target, Standing | None]
    orphans: dict[Guarded, tuple[Scalar, ...]]
    spill: Spill
    moment: datetime


def target_of(operation: Operation) -> Target:
    """The item that an operation is about."""
    shape = codec(operation.spec)
    if isinstance(operation, Put):
        return operation.spec.name, shape.key(operation.spec.key_of(operation.item))
    return operation.spec.name, shape.key(operation.key)
