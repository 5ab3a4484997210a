"""Between a model and a row: one column per field, the same values in every engine."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, StrEnum, auto
from functools import lru_cache
from types import NoneType, UnionType
from typing import Annotated, Any, Generic, Literal, Union, get_args, get_origin

from pydantic_core import from_json, to_json, to_jsonable_python

from leonidas_jupyter.tables.base import Index, Key, KeyPart, M, TableSpec

Scalar = str | int | float | bool | None
Row = dict[str, Scalar]

_INT64 = 1 << 63


class Kind(StrEnum):
    """What a column holds."""

    TEXT = auto()
    INTEGER = auto()
    REAL = auto()
    BOOLEAN = auto()
    TIME = auto()
    JSON = auto()


def encode_time(value: datetime) -> str:
    """A time as text of fixed width, in UTC, so that texts sort as times do.

    Raises:
        ValueError: when the time is naive.
    """
    if value.tzinfo is None:
        raise ValueError("A time without a time zone cannot be stored.")
    return value.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def _encode_text(value: Any) -> str:  # noqa: ANN401 - an enumeration's member or a text
    text = value.value if isinstance(value, Enum) else value
    if not isinstance(text, str):
        raise TypeError(f"A text was expected, not {type(text).__name__}.")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("Half of a surrogate pair cannot be stored.") from error
    return text


def _encode_integer(value: int) -> int:
    if not -_INT64 <= value < _INT64:
        raise ValueError("An integer beyond 64 bits cannot be stored in a field of its own.")
    return int(value)


def _encode_real(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("Only finite numbers can be stored.")
    return float(value)


def _encode_json(value: object) -> str:
    # In two steps: in one, a nested model writes its infinities as null.
    plain = to_jsonable_python(value, inf_nan_mode="constants")
    return to_json(plain, inf_nan_mode="constants").decode()


_ENCODE: dict[Kind, Callable[[Any], Scalar]] = {
    Kind.TEXT: _encode_text,
    Kind.INTEGER: _encode_integer,
    Kind.REAL: _encode_real,
    Kind.BOOLEAN: bool,
    Kind.TIME: encode_time,
    Kind.JSON: _encode_json,
}
_SORTED: dict[Kind, tuple[type, ...]] = {
    Kind.TEXT: (str,),
    Kind.INTEGER: (int,),
    Kind.REAL: (int, float),
    Kind.TIME: (str,),
}
"""The kinds that can be a key or stand in an index, and the types of their stored values."""


def _members(annotation: Any) -> list[Any]:  # noqa: ANN401 - any annotation
    """The types a field may have, unions and ``Annotated`` taken apart."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _members(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return [member for each in get_args(annotation) for member in _members(each)]
    return [annotation]


def _kind(types: list[Any]) -> Kind:
    if len(types) != 1:
        return Kind.JSON
    only = types[0]
    if get_origin(only) is Literal:
        texts = all(isinstance(value, str) for value in get_args(only))
        return Kind.TEXT if texts else Kind.JSON
    if not isinstance(only, type):
        return Kind.JSON
    if issubclass(only, str) or (issubclass(only, Enum) and _is_text_enum(only)):
        return Kind.TEXT
    exact = {bool: Kind.BOOLEAN, int: Kind.INTEGER, float: Kind.REAL, datetime: Kind.TIME}
    return exact.get(only, Kind.JSON)


def _is_text_enum(kind: type[Enum]) -> bool:
    return all(isinstance(member.value, str) for member in kind)


@dataclass(frozen=True)
class Column:
    """One field of a model as it stands in a table."""

    name: str
    kind: Kind
    nullable: bool

    def encode(self, value: object) -> Scalar:
        """The value as it is stored.

        Raises:
            ValueError: when it cannot be stored faithfully.
        """
        if value is None:
            if not self.nullable:
                raise ValueError(f"{self.name} cannot be null.")
            return None
        return _ENCODE[self.kind](value)

    def orders(self, value: Scalar) -> bool:
        """Whether a value, as it is stored, is of the type that this column sorts by."""
        return isinstance(value, _SORTED[self.kind]) and not isinstance(value, bool)


class Codec(Generic[M]):
    """Turns the items of one table into rows and back."""

    def __init__(self, spec: TableSpec[M]) -> None:
        self.spec = spec
        self.columns = {name: self._column(name) for name in spec.model.model_fields}
        self.names = tuple(self.columns)
        self._json = tuple(c.name for c in self.columns.values() if c.kind is Kind.JSON)
        self._validate: Callable[[Any], M] = spec.model.__pydantic_validator__.validate_python
        self._check_declaration()

    def _column(self, name: str) -> Column:
        types = _members(self.spec.model.model_fields[name].annotation)
        nullable = NoneType in types or Any in types
        return Column(name, _kind([t for t in types if t is not NoneType]), nullable)

    def _check_declaration(self) -> None:
        spec = self.spec
        ordered = {*spec.key, *spec.unique}
        ordered.update(name for index in spec.indexes for name in (index.partition, index.sort))
        for name in ordered:
            if name not in self.columns or self.columns[name].kind not in _SORTED:
                raise TypeError(f"{spec.name}.{name} cannot be a key or stand in an index.")
        if any(self.columns[name].nullable for name in spec.key):
            raise TypeError(f"A key field of {spec.name} can be null.")
        if spec.ttl is not None and self.columns[spec.ttl].kind is not Kind.TIME:
            raise TypeError(f"{spec.name}.{spec.ttl} is not a time.")

    def row(self, item: M) -> Row:
        """The item as it is stored.

        Raises:
            ValueError: when a value cannot be stored faithfully.
        """
        return {name: c.encode(getattr(item, name)) for name, c in self.columns.items()}

    def item(self, row: Mapping[str, Scalar]) -> M:
        """The item that a row holds."""
        if not self._json:
            return self._validate(row)
        values: dict[str, Any] = dict(row)
        for name in self._json:
            text = values[name]
            if text is not None:
                values[name] = from_json(text)
        return self._validate(values)

    def key(self, key: Key) -> tuple[KeyPart, ...]:
        """A key, one plain value for each field of it.

        Raises:
            ValueError: when it has another number of parts than the table's key.
        """
        parts = key if isinstance(key, tuple) else (key,)
        if len(parts) != len(self.spec.key):
            raise ValueError(f"A key of {self.spec.name} has the fields {self.spec.key}.")
        return tuple(
            self.columns[name].encode(part)  # type: ignore[misc]  # key columns are never null
            for name, part in zip(self.spec.key, parts, strict=True)
        )

    def key_of(self, row: Mapping[str, Scalar]) -> tuple[Scalar, ...]:
        """The key in a row."""
        return tuple(row[name] for name in self.spec.key)

    def expired(self, row: Mapping[str, Scalar], moment: str) -> bool:
        """Whether the row's time is over at ``moment`` (as ``encode_time`` writes it)."""
        if self.spec.ttl is None:
            return False
        until = row[self.spec.ttl]
        return isinstance(until, str) and until <= moment

    def order(self, index: Index) -> tuple[str, ...]:
        """The fields that order an index: its sort field, then the key's other fields."""
        rest = (name for name in self.spec.key if name not in (index.sort, index.partition))
        return (index.sort, *rest)


@lru_cache(maxsize=256)
def codec(spec: TableSpec[M]) -> Codec[M]:
    """The codec of a declaration, built once."""
    return Codec(spec)
