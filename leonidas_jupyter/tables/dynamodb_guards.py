"""Unique values: an item of its own guards each, written in one transaction with its holder.

A guard stands in the table of its holder under a key that no item has, so that Terraform, backups
and ``tables drop`` know of nothing else. Of the values it has a fingerprint only.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from leonidas_jupyter.tables.base import TableSpec
from leonidas_jupyter.tables.dynamodb_expressions import Expressions
from leonidas_jupyter.tables.dynamodb_items import (
    HOLDER,
    UNTIL,
    Attributes,
    fingerprint,
    key_text,
    layout,
    unique_name,
)
from leonidas_jupyter.tables.rows import Row, Scalar

Guarded = tuple[str, str, Scalar]
"""The name of a table, a unique field of it, and a value."""


def holder_of(guard: Attributes) -> tuple[Any, ...]:
    """The key of the item that a guard names."""
    return tuple(json.loads(guard[HOLDER]["S"]))


@dataclass
class _Change:
    """What becomes of one guard."""

    spec: TableSpec[Any]
    released_by: str | None = None
    claimed_by: str | None = None
    lasts: Attributes = field(default_factory=dict)


class Guards:
    """What one transaction does to guards, at most one action for each.

    ``orphans`` are guards whose holders are known not to have the value, and the holders' keys:
    left, for example, by an older release that does not know the field. ``clash`` says that one
    value is claimed twice, or before it is given up.
    """

    def __init__(
        self, tables: dict[str, str], moment: str, orphans: dict[Guarded, tuple[Scalar, ...]]
    ) -> None:
        self._tables = tables
        self._moment = moment
        self._orphans = orphans
        self._changes: dict[Guarded, _Change] = {}
        self.clash = False

    def change(
        self, spec: TableSpec[Any], key: tuple[Scalar, ...], before: Row | None, after: Row | None
    ) -> None:
        """Let an item give up the unique values it had ``before`` and claim those of ``after``."""
        renewed = bool(spec.ttl and before and after and before[spec.ttl] != after[spec.ttl])
        for name in spec.unique:
            old = before[name] if before else None
            new = after[name] if after else None
            if old is not None and old != new:
                self._release(spec, name, key, old)
            if after is not None and new is not None and (old != new or renewed):
                self._claim(spec, name, key, after)

    def _release(
        self, spec: TableSpec[Any], name: str, key: tuple[Scalar, ...], value: Scalar
    ) -> None:
        change = self._change(spec, name, value)
        self.clash = self.clash or change.claimed_by is not None
        change.released_by = key_text(key)

    def _claim(self, spec: TableSpec[Any], name: str, key: tuple[Scalar, ...], row: Row) -> None:
        change = self._change(spec, name, row[name])
        self.clash = self.clash or change.claimed_by is not None
        change.claimed_by = key_text(key)
        change.lasts = layout(spec).lifetime(row)
        if spec.ttl and isinstance(until := row[spec.ttl], str):
            change.lasts[UNTIL] = {"S": until}

    def _change(self, spec: TableSpec[Any], name: str, value: Scalar) -> _Change:
        return self._changes.setdefault((spec.name, name, value), _Change(spec))

    def actions(self, touched: set[tuple[str, tuple[Scalar, ...]]]) -> list[dict[str, Any]]:
        """The actions of a transaction that writes the ``touched`` items (table name and key)."""
        found: list[dict[str, Any]] = []
        for guarded, change in self._changes.items():
            found.append(self._action(guarded, change))
            orphan = self._orphans.get(guarded)
            if orphan is not None and (change.spec.name, orphan) not in touched:
                found.append(self._still_orphan(guarded, change.spec, orphan))
        return found

    def _action(self, guarded: Guarded, change: _Change) -> dict[str, Any]:
        _, name, value = guarded
        shape, words = layout(change.spec), Expressions()
        key, table = shape.guard(name, value), self._tables[change.spec.name]
        ways = [words.is_absent(shape)]
        ways += [
            words.is_same(HOLDER, {"S": holder})
            for holder in (change.claimed_by, change.released_by)
            if holder is not None
        ]
        if change.claimed_by is None:
            request = words.request([" OR ".join(ways)])
            return {"Delete": {"TableName": table, "Key": key, **request}}
        if change.spec.ttl is not None:
            ways.append(words.is_over(self._moment))
        if (orphan := self._orphans.get(guarded)) is not None:
            ways.append(words.is_same(HOLDER, {"S": key_text(orphan)}))
        item = {**key, HOLDER: {"S": change.claimed_by}, **change.lasts}
        return {"Put": {"TableName": table, "Item": item, **words.request([" OR ".join(ways)])}}

    def _still_orphan(
        self, guarded: Guarded, spec: TableSpec[Any], holder: tuple[Scalar, ...]
    ) -> dict[str, Any]:
        """The item that a guard names still does not have the value."""
        _, name, value = guarded
        shape, words = layout(spec), Expressions()
        mark = words.name(unique_name(name))
        other = f"{mark} <> {words.value({'S': fingerprint(value)})}"
        request = words.request([f"attribute_not_exists({mark}) OR {other}"])
        check = {"TableName": self._tables[spec.name], "Key": shape.key(holder)}
        return {"ConditionCheck": {**check, **request}}
