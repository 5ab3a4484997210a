"""Items by their keys, read consistently, one or many at once."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from leonidas_jupyter.tables.base import TableSpec, Unavailable
from leonidas_jupyter.tables.dynamodb_calls import ATTEMPTS, BUSY, Calls, pause
from leonidas_jupyter.tables.dynamodb_items import Attributes, Layout, layout
from leonidas_jupyter.tables.dynamodb_plans import Standing, Target
from leonidas_jupyter.tables.dynamodb_spill import Spill, Vanished
from leonidas_jupyter.tables.rows import Scalar

AT_ONCE = 100
"""The most items of one BatchGetItem."""


class Reader:
    """Reads items by their keys; blocks. ``tables`` are DynamoDB's names of the tables, by ours."""

    def __init__(self, calls: Calls, tables: dict[str, str], spill: Spill) -> None:
        self.calls = calls
        self.tables = tables
        self.spill = spill

    def raw(self, spec: TableSpec[Any], key: Attributes) -> Attributes | None:
        """An item as it is stored, by DynamoDB's key."""
        found: Attributes | None = self.calls.call(
            "get_item", TableName=self.tables[spec.name], Key=key, ConsistentRead=True
        ).get("Item")
        return found

    def one(self, spec: TableSpec[Any], key: tuple[Scalar, ...]) -> Standing | None:
        """The item with a key. Raises Unreadable."""
        shape = layout(spec)
        if not shape.fits(key):
            return None
        at = shape.key(key)
        for attempt in range(ATTEMPTS):
            raw = self.raw(spec, at)
            with suppress(Vanished):  # changed between the two reads
                return None if raw is None else self.standing(shape, raw)
            pause(attempt)
        raise Unavailable("Part of an item is missing in the object store.", 60)

    def many(
        self, specs: dict[str, TableSpec[Any]], wanted: Iterable[Target]
    ) -> dict[Target, Standing | None]:
        """The items with some keys; None for those that are not there. Raises Unreadable."""
        found: dict[Target, Standing | None] = {}
        for (name, key), raw in self.raws(specs, list(wanted)).items():
            whole = None if raw is None else self.whole(specs[name], key, raw)
            found[name, key] = whole
        return found

    def standing(self, shape: Layout[Any], raw: Attributes) -> Standing:
        """An item as it was read, what is spilled fetched. Raises Vanished, Unreadable."""
        return Standing(raw, shape.row(raw, self.spill.get))

    def whole(
        self, spec: TableSpec[Any], key: tuple[Scalar, ...], raw: Attributes
    ) -> Standing | None:
        """An item as it was read, or as it is by now where that cannot be told any more."""
        try:
            return self.standing(layout(spec), raw)
        except Vanished:
            return self.one(spec, key)

    def raws(
        self, specs: dict[str, TableSpec[Any]], targets: Sequence[Target]
    ) -> dict[Target, Attributes | None]:
        """The items with some keys as they are stored; None for those that are not there."""
        found: dict[Target, Attributes | None] = dict.fromkeys(targets)
        possible = [each for each in targets if layout(specs[each[0]]).fits(each[1])]
        if len(possible) == 1:
            ((name, key),) = possible
            return found | {(name, key): self.raw(specs[name], layout(specs[name]).key(key))}
        for at in range(0, len(possible), AT_ONCE):
            found |= self._some(specs, possible[at : at + AT_ONCE])
        return found

    def _some(
        self, specs: dict[str, TableSpec[Any]], targets: Sequence[Target]
    ) -> dict[Target, Attributes | None]:
        asked: dict[str, Any] = {}
        names = {self.tables[name]: name for name, _ in targets}
        for name, key in targets:
            keys = asked.setdefault(self.tables[name], {"Keys": [], "ConsistentRead": True})
            keys["Keys"].append(layout(specs[name]).key(key))
        found: dict[Target, Attributes | None] = {}
        for attempt in range(ATTEMPTS):
            answer = self.calls.call("batch_get_item", RequestItems=asked)
            for table, items in answer["Responses"].items():
                shape = layout(specs[names[table]])
                for raw in items:
                    found[names[table], shape.key_of(raw)] = raw
            if not (asked := answer.get("UnprocessedKeys") or {}):
                return found
            pause(attempt)
        raise Unavailable(BUSY, 5)
