"""What the operations mean, written once for every engine that reads and then writes under a lock.

Each engine supplies Rows, the few things it does with rows; the rules are here.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from leonidas_jupyter.tables.base import (
    MAX_OPERATIONS,
    Add,
    Delete,
    Exists,
    Item,
    KeyPart,
    Missing,
    Operation,
    Put,
    Stale,
    TableSpec,
    Update,
)
from leonidas_jupyter.tables.rows import Kind, Row, Scalar, codec, encode_time


class Rows(Protocol):
    """The rows of one table within one transaction, expired ones included."""

    def read(self, key: tuple[KeyPart, ...]) -> Row | None:
        """The row with this key, locked against other writers."""

    def holder(self, field: str, value: Scalar) -> Row | None:
        """The row with this value of a unique field."""

    def insert(self, row: Row) -> None:
        """Write a row whose key is free."""

    def change(self, key: tuple[Scalar, ...], values: Row) -> None:
        """Set columns of a row that stands."""

    def remove(self, key: tuple[Scalar, ...]) -> None:
        """Remove a row."""


Result = Item | int | None


def check(operations: Sequence[Operation]) -> None:
    """Refuse what not every engine can do at once.

    Raises:
        ValueError: more than MAX_OPERATIONS, or two operations on one item.
    """
    if len(operations) > MAX_OPERATIONS:
        raise ValueError(f"A transaction takes at most {MAX_OPERATIONS} operations.")
    seen = set()
    for operation in operations:
        key = operation.spec.key_of(operation.item) if isinstance(operation, Put) else operation.key
        target = (operation.spec.name, codec(operation.spec).key(key))
        if target in seen:
            raise ValueError(f"Two operations on one item of {operation.spec.name}.")
        seen.add(target)


def apply(operation: Operation, rows: Rows, moment: datetime) -> Result:
    """Do one operation; what was done before it in a failed transaction is the engine's to undo.

    Returns:
        The item for Put and Update, the new value for Add, nothing for Delete.

    Raises:
        Missing, Exists, Stale: as the operations say.
        ValueError: when a value cannot be stored, or a field cannot be changed.
    """
    writer = _Writer(operation.spec, rows, moment)
    if isinstance(operation, Put):
        return writer.put(operation)
    if isinstance(operation, Update):
        return writer.update(operation)
    if isinstance(operation, Add):
        return writer.add(operation)
    writer.delete(operation)
    return None


def amounts(operation: Add) -> dict[str, int]:
    """What is added to each field. Raises ValueError where one is no count."""
    shape = codec(operation.spec)
    found = {**operation.also, operation.field: operation.n}
    for name in found:
        if shape.columns[name].kind is not Kind.INTEGER or name in (*shape.spec.key, "version"):
            raise ValueError(f"{shape.spec.name}.{name} is not a count.")
    return found


class _Writer:
    """The operations on one table at one moment."""

    def __init__(self, spec: TableSpec[Any], rows: Rows, moment: datetime) -> None:
        self.spec = spec
        self.codec = codec(spec)
        self.rows = rows
        self.moment = moment
        self.now = encode_time(moment)

    def put(self, operation: Put) -> Item:
        row = self.codec.row(operation.item)
        key = self.codec.key(self.spec.key_of(operation.item))
        standing = self.rows.read(key)
        if operation.if_absent and standing and not self.codec.expired(standing, self.now):
            raise Exists(self.spec.key[-1])
        self._free(key, row)
        if standing is None:
            self.rows.insert(row)
        else:
            self.rows.change(key, row)
        return operation.item

    def update(self, operation: Update) -> Item:
        key = self.codec.key(operation.key)
        standing = self._standing(key, operation.if_version)
        before = self.codec.item(standing)
        item = self._changed(before, operation.changes)
        # Compared with what this release knows, not with the row: what a newer one keeps within a
        # field that nobody changes here must outlive the change.
        known = self.codec.row(before)
        changes = {
            name: value
            for name, value in self.codec.row(item).items()
            if known[name] != value or name in operation.changes
        }
        self._free(key, changes)
        self.rows.change(key, changes)
        return item

    def delete(self, operation: Delete) -> None:
        key = self.codec.key(operation.key)
        if operation.if_version is not None:
            self._standing(key, operation.if_version)
        self.rows.remove(key)

    def add(self, operation: Add) -> int:
        key = self.codec.key(operation.key)
        standing = self._standing(key)
        sums = {name: int(standing[name] or 0) + n for name, n in amounts(operation).items()}
        row = {name: self.codec.columns[name].encode(value) for name, value in sums.items()}
        self.rows.change(key, row)
        return sums[operation.field]

    def _standing(self, key: tuple[KeyPart, ...], version: int | None = None) -> Row:
        row = self.rows.read(key)
        if row is None or self.codec.expired(row, self.now):
            raise Missing(self.spec.name)
        if version is not None and row["version"] != version:
            raise Stale(self.spec.name)
        return row

    def _changed(self, item: Item, changes: Mapping[str, Any]) -> Item:
        """The item with changes, validated: its version one higher, and changed now."""
        fields = self.codec.columns
        fixed = {*self.spec.key, "version"}
        if refused := [name for name in changes if name not in fields or name in fixed]:
            raise ValueError(f"{self.spec.name}: {', '.join(refused)} cannot be changed.")
        values = {name: getattr(item, name) for name in fields}
        values.update(changes, version=item.version + 1, updated_at=self.moment)
        changed: Item = self.spec.model.model_validate(values)
        return changed

    def _free(self, key: tuple[KeyPart, ...], row: Row) -> None:
        """Raise Exists when another item holds a unique value; expired holders give way."""
        for field in self.spec.unique:
            if row.get(field) is None:
                continue
            holder = self.rows.holder(field, row[field])
            if holder is None or (theirs := self.codec.key_of(holder)) == key:
                continue
            if not self.codec.expired(holder, self.now):
                raise Exists(field)
            self.rows.remove(theirs)
