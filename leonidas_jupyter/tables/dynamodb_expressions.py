"""Conditions and changes in DynamoDB's expression language, names and values by placeholders."""

from typing import Any

from leonidas_jupyter.tables.dynamodb_items import (
    SPILLED,
    UNTIL,
    Attribute,
    Attributes,
    Layout,
    unique_name,
)


class Expressions:
    """The expressions of one request, and what stands for their placeholders."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._values: list[Attribute] = []

    def name(self, attribute: str) -> str:
        """A placeholder for an attribute's name; many are reserved words."""
        return self._names.setdefault(attribute, f"#n{len(self._names)}")

    def value(self, value: Attribute) -> str:
        """A placeholder for a value."""
        self._values.append(value)
        return f":v{len(self._values) - 1}"

    def request(self, conditions: list[str], **more: str) -> dict[str, Any]:
        """The parameters of a request: all conditions must hold; ``more`` are other expressions."""
        found: dict[str, Any] = dict(more)
        if conditions:
            found["ConditionExpression"] = " AND ".join(f"({each})" for each in conditions)
        if self._names:
            found["ExpressionAttributeNames"] = {mark: each for each, mark in self._names.items()}
        if self._values:
            values = {f":v{number}": value for number, value in enumerate(self._values)}
            found["ExpressionAttributeValues"] = values
        return found

    def is_same(self, attribute: str, value: Attribute | None) -> str:
        """An attribute has a value, or is absent."""
        if value is None:
            return f"attribute_not_exists({self.name(attribute)})"
        return f"{self.name(attribute)} = {self.value(value)}"

    def stands(self, shape: Layout[Any]) -> str:
        """There is an item."""
        return f"attribute_exists({self.name(shape.spec.key[0])})"

    def is_absent(self, shape: Layout[Any], moment: str | None = None) -> str:
        """There is no item; with a moment, one whose time is over counts as none."""
        absent = self.is_same(shape.spec.key[0], None)
        if moment is None or shape.spec.ttl is None:
            return absent
        return f"{absent} OR {self._over(shape.spec.ttl, moment)}"

    def lives(self, shape: Layout[Any], moment: str) -> list[str]:
        """An item's time is not over."""
        return [] if shape.spec.ttl is None else [f"NOT {self._over(shape.spec.ttl, moment)}"]

    def is_over(self, moment: str) -> str:
        """A guard's holder is expired."""
        return self._over(UNTIL, moment)

    def same_unique(self, shape: Layout[Any], standing: Attributes) -> list[str]:
        """The unique values of an item are those that were read."""
        names = [unique_name(field) for field in shape.spec.unique]
        return [self.is_same(name, standing.get(name)) for name in names]

    def same_spilled(self, standing: Attributes | None) -> str:
        """An item points to the objects that were read, or to none where it was not read."""
        return self.is_same(SPILLED, (standing or {}).get(SPILLED))

    def _over(self, attribute: str, moment: str) -> str:
        """A time is over; of an absent attribute no comparison is true."""
        return f"{self.name(attribute)} <= {self.value({'S': moment})}"
