"""What operations write, and under which conditions: from what was read to DynamoDB's requests.

Nothing is read here. An update sets the attributes that it changes and no others, so that what a
newer release keeps in an item outlives the changes of an older one; a put replaces the whole item.
"""

from collections.abc import Sequence
from secrets import token_urlsafe
from typing import Any

from leonidas_jupyter.tables.base import (
    MAX_OPERATIONS,
    Add,
    Delete,
    Index,
    KeyPart,
    Operation,
    Put,
    Update,
)
from leonidas_jupyter.tables.dynamodb_expressions import Expressions
from leonidas_jupyter.tables.dynamodb_guards import Guards
from leonidas_jupyter.tables.dynamodb_items import (
    SPILLED,
    TOKEN,
    TTL,
    Attributes,
    Layout,
    key_text,
    layout,
    order_name,
    unique_name,
)
from leonidas_jupyter.tables.dynamodb_plans import (
    Given,
    Placed,
    Plan,
    Standing,
    Target,
    target_of,
)
from leonidas_jupyter.tables.dynamodb_spill import (
    MAX_ITEM,
    MAX_TRANSACTION,
    folder_of,
    shrink,
    spilled_in,
)
from leonidas_jupyter.tables.operations import amounts, apply
from leonidas_jupyter.tables.rows import Row, Scalar, encode_time

_INT64 = 1 << 63


class _Recorder:
    """Takes the changes of one operation; see operations.Rows."""

    def __init__(self, standing: Standing | None) -> None:
        self._standing = standing
        self.values: Row = {}

    def read(self, _key: tuple[KeyPart, ...]) -> Row | None:
        return self._standing.row if self._standing else None

    def holder(self, _field: str, _value: Scalar) -> Row | None:
        return None  # its guard is asked when it is written

    def insert(self, row: Row) -> None:
        self.values = row

    def change(self, _key: tuple[Scalar, ...], values: Row) -> None:
        self.values = values

    def remove(self, _key: tuple[Scalar, ...]) -> None:
        pass


class Planner:
    """Plans one transaction."""

    def __init__(self, given: Given, operations: Sequence[Operation]) -> None:
        self._given = given
        self._operations = operations
        self._now = encode_time(given.moment)
        self._most = min(MAX_ITEM, MAX_TRANSACTION // max(1, len(operations)))
        self._plan = Plan(token_urlsafe(9))
        self.guards = Guards(given.tables, self._now, given.orphans)

    def plan(self) -> Plan:
        """The plan.

        Raises:
            Missing, Stale, ValueError: what was read says already that it cannot be done; or it
                takes more actions than one transaction can have.
        """
        try:
            return self._planned()
        except BaseException:
            self._given.spill.discard(self._plan.written)
            raise

    def _planned(self) -> Plan:
        touched = set()
        for operation in self._operations:
            target = target_of(operation)
            touched.add(target)
            self._add(operation, target)
        self._plan.actions += self.guards.actions(touched)
        if len(self._plan.actions) > MAX_OPERATIONS:
            raise ValueError(
                f"With its unique values the transaction has {len(self._plan.actions)} actions; "
                f"DynamoDB takes {MAX_OPERATIONS}."
            )
        return self._plan

    @property
    def _alone(self) -> bool:
        return len(self._operations) == 1

    def _add(self, operation: Operation, target: Target) -> None:
        shape = layout(operation.spec)
        if not isinstance(operation, Put) and not shape.fits(target[1]):
            # Nothing can stand there: it fails as for what is missing, or has nothing to remove.
            self._plan.results.append(apply(operation, _Recorder(None), self._given.moment))
            return
        if isinstance(operation, Put):
            kind, request = self._put(operation, shape, target)
        elif isinstance(operation, Update):
            kind, request = self._update(operation, shape, target)
        elif isinstance(operation, Add):
            kind, request = self._count(operation, shape)
        else:
            kind, request = self._delete(operation, shape, target)
        if kind != "Put":
            request["Key"] = shape.key(target[1])
        request["TableName"] = self._given.tables[operation.spec.name]
        self._plan.actions.append({kind: request})

    def _put(
        self, operation: Put, shape: Layout[Any], target: Target
    ) -> tuple[str, dict[str, Any]]:
        row = shape.codec.row(operation.item)
        words, conditions = Expressions(), []
        standing = self._given.known.get(target)
        if operation.if_absent:
            conditions.append(words.is_absent(shape, self._now))
        elif shape.spec.unique and standing is None:
            conditions.append(words.is_absent(shape))
        elif standing is not None:
            conditions += words.same_unique(shape, standing.raw)
        conditions += self._same_spilled(words, standing)
        lives = standing is not None and not shape.codec.expired(standing.row, self._now)
        before = standing.row if standing is not None and lives else None
        self.guards.change(shape.spec, target[1], before, row)
        item = shape.attributes(row) | {TOKEN: {"S": self._plan.token}}
        self._shrink(item, shape, target, set(item))
        self._replaces(standing, item)
        self._places(shape, target, row)
        self._plan.results.append(operation.item)
        return "Put", {"Item": item, **words.request(conditions)}

    def _update(
        self, operation: Update, shape: Layout[Any], target: Target
    ) -> tuple[str, dict[str, Any]]:
        standing = self._given.known.get(target)
        recorder = _Recorder(standing)
        self._plan.results.append(apply(operation, recorder, self._given.moment))
        if standing is None:
            raise AssertionError("An update of nothing was let through.")
        row = standing.row | recorder.values
        merged = self._merged(shape, standing.raw, row, set(recorder.values))
        merged[TOKEN] = {"S": self._plan.token}
        self._shrink(merged, shape, target, set(recorder.values))
        words = Expressions()
        conditions = [
            words.is_same("version", standing.raw.get("version")),
            *words.same_unique(shape, standing.raw),
            words.same_spilled(standing.raw),
        ]
        self.guards.change(shape.spec, target[1], standing.row, row)
        self._replaces(standing, merged)
        self._places(shape, target, row, standing.row)
        explicit = recorder.values.keys() & merged.keys()
        changes = _changes(words, standing.raw, merged, explicit)
        return "Update", words.request(conditions, UpdateExpression=changes)

    @staticmethod
    def _merged(shape: Layout[Any], raw: Attributes, row: Row, changed: set[str]) -> Attributes:
        """An item with the changed fields of a row, and with what is derived from them."""
        derived = {order_name(index) for index in shape.spec.indexes}
        derived |= {unique_name(name) for name in shape.spec.unique} | {TTL}
        fresh = shape.attributes(row)
        old = {name: value for name, value in raw.items() if name not in changed | derived}
        new = {name: fresh[name] for name in changed | derived if name in fresh}
        kept = {name: key for name, key in spilled_in(raw).items() if name not in changed}
        old.pop(SPILLED, None)
        if kept:
            old[SPILLED] = {"M": {name: {"S": key} for name, key in kept.items()}}
        return old | new

    def _delete(
        self, operation: Delete, shape: Layout[Any], target: Target
    ) -> tuple[str, dict[str, Any]]:
        words, conditions = Expressions(), []
        read = target in self._given.known
        standing = self._given.known.get(target)
        if operation.if_version is not None:
            conditions.append(words.is_same("version", {"N": str(operation.if_version)}))
            conditions += words.lives(shape, self._now)
        if read:
            apply(operation, _Recorder(standing), self._given.moment)
        if shape.spec.unique:
            conditions += (
                words.same_unique(shape, standing.raw) if standing else [words.is_absent(shape)]
            )
        conditions += self._same_spilled(words, standing)
        if standing is not None and not shape.codec.expired(standing.row, self._now):
            self.guards.change(shape.spec, target[1], standing.row, None)
        self._replaces(standing, {})
        self._plan.results.append(None)
        return "Delete", words.request(conditions)

    def _count(self, operation: Add, shape: Layout[Any]) -> tuple[str, dict[str, Any]]:
        words = Expressions()
        conditions = [words.stands(shape), *words.lives(shape, self._now)]
        parts = []
        for name, n in amounts(operation).items():
            shape.codec.columns[name].encode(n)
            mark = words.name(name)
            low, high = max(-_INT64, -_INT64 - n), min(_INT64 - 1, _INT64 - 1 - n)
            span = f"{words.value({'N': str(low)})} AND {words.value({'N': str(high)})}"
            conditions.append(f"attribute_not_exists({mark}) OR {mark} BETWEEN {span}")
            parts.append(f"{mark} {words.value({'N': str(n)})}")
        changes = "ADD " + ", ".join(parts)
        if self._alone:
            # Sent twice, it must not count twice; a transaction has a token of its own for that.
            token = words.value({"S": self._plan.token})
            conditions.append(f"NOT {words.name(TOKEN)} = {token}")
            changes += f" SET {words.name(TOKEN)} = {token}"
        self._plan.results.append(None)
        return "Update", words.request(conditions, UpdateExpression=changes)

    def _same_spilled(self, words: Expressions, standing: Standing | None) -> list[str]:
        """A single write is told what it replaced; a transaction must know before."""
        if self._alone and standing is None:
            return []
        return [words.same_spilled(standing.raw if standing else None)]

    def _shrink(
        self, item: Attributes, shape: Layout[Any], target: Target, changed: set[str]
    ) -> None:
        def folder() -> str:
            return folder_of(self._given.tables[target[0]], key_text(target[1]))

        self._plan.written += shrink(item, shape, changed, folder, self._given.spill, self._most)

    def _replaces(self, standing: Standing | None, item: Attributes) -> None:
        before = set(spilled_in(standing.raw).values()) if standing else set()
        self._plan.replaced += before - set(spilled_in(item).values())

    def _places(
        self, shape: Layout[Any], target: Target, row: Row, before: Row | None = None
    ) -> None:
        for index in shape.spec.indexes:
            place = _placed(shape, index, target, row)
            if place is not None and (
                before is None or place != _placed(shape, index, target, before)
            ):
                self._plan.placed.append(place)


def _placed(shape: Layout[Any], index: Index, target: Target, row: Row) -> Placed | None:
    place = shape.place(index, row)
    if place is None:
        return None
    return Placed(shape.spec.name, index.name, row[index.partition], place, target[1])


def _changes(words: Expressions, before: Attributes, after: Attributes, explicit: set[str]) -> str:
    """The update from one item to another; what is named in ``explicit`` is set at any rate."""
    sets = [
        f"{words.name(name)} = {words.value(value)}"
        for name, value in after.items()
        if name in explicit or before.get(name) != value
    ]
    gone = [words.name(name) for name in before if name not in after]
    changes = "SET " + ", ".join(sets)
    return changes + (" REMOVE " + ", ".join(gone) if gone else "")
