"""Writes: planned without reading where that can be, and once more with everything read.

Most writes go through at the first attempt. When a condition does not hold, all that the
operations are about is read and the rules of ``operations.apply``, the same for every engine, say
which failure is the first; where they find none, somebody was quicker, and it is tried again.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import ValidationError

from leonidas_jupyter.tables.base import (
    Add,
    Delete,
    Exists,
    KeyPart,
    Missing,
    Operation,
    Put,
    Stale,
    TableSpec,
    Unavailable,
    Update,
)
from leonidas_jupyter.tables.dynamodb_calls import (
    ATTEMPTS,
    BUSY,
    CONTENDED,
    Cancelled,
    ConditionFailed,
    pause,
)
from leonidas_jupyter.tables.dynamodb_guards import Guarded, holder_of
from leonidas_jupyter.tables.dynamodb_items import TOKEN, Attributes, key_text, layout
from leonidas_jupyter.tables.dynamodb_planner import Planner
from leonidas_jupyter.tables.dynamodb_plans import Given, Placed, Plan, Standing, Target, target_of
from leonidas_jupyter.tables.dynamodb_reads import Reader
from leonidas_jupyter.tables.dynamodb_spill import MAX_ITEM, Vanished, folder_of, shrink, spilled_in
from leonidas_jupyter.tables.operations import Result, apply
from leonidas_jupyter.tables.rows import Row, Scalar

_CALLS = {"Put": "put_item", "Update": "update_item", "Delete": "delete_item"}
_ANSWERS = {"Put": "ALL_OLD", "Update": "ALL_NEW", "Delete": "ALL_OLD"}


class _Contended(Exception):
    """Something else stands than was expected."""


class _Snapshot:
    """The rows of one table as they were read, with what was done to them; see operations.Rows."""

    def __init__(self, world: "_World", spec: TableSpec[Any]) -> None:
        self._world = world
        self._spec = spec

    def read(self, key: tuple[KeyPart, ...]) -> Row | None:
        return self._world.row(self._spec, key)

    def holder(self, field: str, value: Scalar) -> Row | None:
        return self._world.holder(self._spec, field, value)

    def insert(self, row: Row) -> None:
        key = tuple(row[name] for name in self._spec.key)
        self._world.rows[self._spec.name, key] = row

    def change(self, key: tuple[Scalar, ...], values: Row) -> None:
        standing = self._world.rows.get((self._spec.name, key)) or {}
        self._world.rows[self._spec.name, key] = {**standing, **values}

    def remove(self, key: tuple[Scalar, ...]) -> None:
        self._world.rows[self._spec.name, key] = None


class _World:
    """Everything that the operations of a transaction are about."""

    def __init__(self, reader: Reader, known: dict[Target, Standing | None]) -> None:
        self._reader = reader
        self.known = known
        self.orphans: dict[Guarded, tuple[Scalar, ...]] = {}
        self.rows: dict[Target, Row | None] = {
            target: standing.row if standing else None for target, standing in known.items()
        }

    def row(self, spec: TableSpec[Any], key: tuple[Scalar, ...]) -> Row | None:
        target = (spec.name, key)
        if target not in self.rows:
            standing = self._reader.one(spec, key)
            self.rows[target] = standing.row if standing else None
        return self.rows[target]

    def holder(self, spec: TableSpec[Any], field: str, value: Scalar) -> Row | None:
        for (name, _), row in self.rows.items():
            if name == spec.name and row is not None and row[field] == value:
                return row
        guard = self._reader.raw(spec, layout(spec).guard(field, value))
        if guard is None:
            return None
        key = holder_of(guard)
        before = self.known.get((spec.name, key))
        row = before.row if before else self.row(spec, key)
        if row is None or row[field] != value:
            self.orphans[spec.name, field, value] = key
            return None
        return self.row(spec, key)


class Writer:
    """Does operations, alone or several at once; blocks.

    ``placed`` is told of places in indexes that were written, ``spilled`` that objects were.
    """

    def __init__(
        self,
        reader: Reader,
        clock: Callable[[], datetime],
        placed: Callable[[Placed], None],
        spilled: Callable[[], None],
    ) -> None:
        self._reader = reader
        self._on_spilled = spilled
        self._clock = clock
        self._placed = placed

    def run(self, operations: Sequence[Operation]) -> list[Result]:
        """All of the operations or none; what each gives.

        Raises:
            Missing, Stale, Exists, ValueError: the first failure in order.
            Unavailable: DynamoDB does not do it, or others write to the same items all the time.
        """
        for attempt in range(ATTEMPTS * 2):
            try:
                return self._attempt(operations, careful=attempt > 0)
            except _Contended:
                pause(attempt)
        raise Unavailable(CONTENDED, retry_after=1)

    def load(self, spec: TableSpec[Any], items: Sequence[Any]) -> None:
        """Store items of a table without unique fields as they are, over what stands.

        Objects of what stood there are left to be swept.

        Raises:
            ValueError: a value cannot be stored.
            Unavailable: some of the items may be stored.
        """
        table, shape = self._reader.tables[spec.name], layout(spec)
        rows = [shape.codec.row(item) for item in items]
        puts: list[dict[str, Any]] = []
        written: list[str] = []
        for row in rows:
            attributes = shape.attributes(row)
            folder = partial(folder_of, table, key_text(shape.codec.key_of(row)))
            written += shrink(
                attributes, shape, set(attributes), folder, self._reader.spill, MAX_ITEM
            )
            puts.append({"PutRequest": {"Item": attributes}})
        self._spilled(written)
        asked = {table: puts}
        for attempt in range(ATTEMPTS):
            answer = self._reader.calls.call("batch_write_item", RequestItems=asked)
            if not (asked := answer.get("UnprocessedItems") or {}):
                return
            pause(attempt)
        raise Unavailable(BUSY, 5)

    def _attempt(self, operations: Sequence[Operation], *, careful: bool) -> list[Result]:
        moment = self._clock()
        specs = {operation.spec.name: operation.spec for operation in operations}
        wanted = [target_of(each) for each in operations if careful or _must_read(each)]
        known = self._reader.many(specs, wanted) if wanted else {}
        world = _World(self._reader, known)
        try:
            if careful:
                for operation in operations:
                    apply(operation, _Snapshot(world, operation.spec), moment)
            return self._planned(operations, world, moment, careful=careful)
        except ValidationError:
            _readable(operations, known)
            raise

    def _planned(
        self, operations: Sequence[Operation], world: _World, moment: datetime, *, careful: bool
    ) -> list[Result]:
        tables, spill = self._reader.tables, self._reader.spill
        given = Given(tables, world.known, world.orphans, spill, moment)
        planner = Planner(given, operations)
        try:
            plan = planner.plan()
        except (Missing, Stale, Exists, ValueError) as error:
            if careful or len(operations) == 1:
                raise
            raise _Contended from error  # an operation before this one may fail too
        if planner.guards.clash and not careful:
            spill.discard(plan.written)
            raise _Contended
        return self._do(plan, operations)

    def _do(self, plan: Plan, operations: Sequence[Operation]) -> list[Result]:
        try:
            if len(plan.actions) == len(operations) == 1:
                self._single(plan, operations[0])
            elif plan.actions:
                self._reader.calls.call("transact_write_items", TransactItems=plan.actions)
        except (Cancelled, ConditionFailed) as error:
            self._reader.spill.discard(plan.written)
            raise _Contended from error
        self._spilled(plan.written)
        for placed in plan.placed:
            self._placed(placed)
        self._reader.spill.discard(plan.replaced)
        return plan.results

    def _spilled(self, written: Sequence[str]) -> None:
        if written:
            self._on_spilled()

    def _single(self, plan: Plan, operation: Operation) -> None:
        """One write that needs no transaction: half of its price, and it tells what stood."""
        (action,) = plan.actions
        ((kind, request),) = action.items()
        try:
            answer = self._reader.calls.call(
                _CALLS[kind],
                **request,
                ReturnValues=_ANSWERS[kind],
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ConditionFailed as error:
            # Sent twice because the first answer was lost, it meets its own work.
            if kind == "Delete" and error.repeated and error.item is None:
                return
            if (error.item or {}).get(TOKEN) != {"S": plan.token}:
                raise
            answer = {"Attributes": error.item} if kind == "Update" else {}
        self._told(plan, operation, answer.get("Attributes"))

    def _told(self, plan: Plan, operation: Operation, item: Attributes | None) -> None:
        if item is None:
            return
        if isinstance(operation, Put | Delete):
            plan.replaced += set(spilled_in(item).values()) - {*plan.replaced, *plan.written}
        elif isinstance(operation, Add):
            plan.results[0] = int(item[operation.field]["N"])
        else:
            shape = layout(operation.spec)
            with suppress(Vanished):  # changed again already: what was planned is what stood
                plan.results[0] = shape.item(self._reader.standing(shape, item).row)


def _readable(operations: Sequence[Operation], known: dict[Target, Standing | None]) -> None:
    """Raise Unreadable where an item to change is not as this release knows it."""
    for operation in operations:
        standing = known.get(target_of(operation))
        if isinstance(operation, Update) and standing is not None:
            layout(operation.spec).item(standing.row)


def _must_read(operation: Operation) -> bool:
    """Whether even the first attempt needs what stands."""
    if isinstance(operation, Put):
        return bool(operation.spec.unique) and not operation.if_absent
    return isinstance(operation, Update) or (
        isinstance(operation, Delete) and bool(operation.spec.unique)
    )
