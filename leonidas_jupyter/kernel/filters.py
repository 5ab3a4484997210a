"""Conditions for those that carry them out: as Arrow's expressions, or as SQL."""

import functools
import math
import operator
from typing import Any

from leonidas_jupyter.kernel.conditions import (
    Column,
    Compared,
    Condition,
    Holds,
    Joined,
    Like,
    Missing,
    Not,
    OneOf,
    of_tuples,
)
from leonidas_jupyter.kernel.conditiontext import parse
from leonidas_jupyter.kernel.errors import LeonidasError
from leonidas_jupyter.kernel.selection import check_columns

_OPERATORS = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def filter_of(where: Any, schema: Any, name: str) -> Any:  # noqa: ANN401 - as people write it; pyarrow is not typed
    """A condition as a ``pyarrow.compute.Expression``.

    Args:
        where: text, tuples, an expression of pyarrow's (which is returned), or None.
        schema: of the frame.
        name: of the frame, for errors.

    Raises:
        LeonidasError: it is no condition, or does not fit the columns.
    """
    if where is None or _is_expression(where):
        return where
    return _Expressions(schema, name).of(condition_of(where))


def condition_of(where: Any) -> Condition:  # noqa: ANN401 - as people write it
    """A condition from text or tuples.

    Raises:
        LeonidasError: it is none.
    """
    if isinstance(where, str):
        return parse(where)
    if isinstance(where, tuple | list):
        return of_tuples(where)
    raise LeonidasError(
        f"where takes a condition like \"amount > 10 AND region = 'north'\", a list of "
        f"(column, op, value), or an expression of pyarrow, and not {type(where).__name__}.",
        code="usage",
    )


def _is_expression(where: Any) -> bool:  # noqa: ANN401 - as people write it
    import pyarrow.compute as pc

    return isinstance(where, pc.Expression)


class _Expressions:
    """Builds Arrow's expressions over one schema's columns; unknown stays unknown, as in SQL."""

    def __init__(self, schema: Any, name: str) -> None:  # noqa: ANN401 - pyarrow is not typed
        self._schema = schema
        self._name = name

    def of(self, condition: Condition) -> Any:  # noqa: ANN401 - pyarrow is not typed
        """The expression; raises LeonidasError where the condition does not fit the columns."""
        if isinstance(condition, Joined):
            join = operator.and_ if condition.word == "AND" else operator.or_
            return functools.reduce(join, [self.of(part) for part in condition.parts])
        if isinstance(condition, Not):
            return ~self.of(condition.part)
        field, kind = self._field(condition.column)
        if isinstance(condition, Missing):
            return field.is_null()
        if isinstance(condition, Holds):
            return self._boolean(condition, field, kind)
        if isinstance(condition, OneOf):
            return self._one_of(condition, field, kind)
        if isinstance(condition, Like):
            return self._like(condition, field, kind)
        return self._compared(condition, field, kind)

    def _field(self, column: Column) -> tuple[Any, Any]:
        import pyarrow.compute as pc

        if column.name not in self._schema.names:
            lower = {name.lower(): name for name in self._schema.names}
            named = lower.get(column.name.lower(), column.name)  # SQL does not tell them apart
            check_columns(self._name, [named], self._schema.names)
            column = Column(named)
        return pc.field(column.name), self._schema.field(column.name).type

    def _boolean(self, condition: Holds, field: Any, kind: Any) -> Any:  # noqa: ANN401 - see above
        import pyarrow as pa

        if not pa.types.is_boolean(kind):
            raise LeonidasError(
                f"{condition.column.name} alone is no condition: compare it.", code="usage"
            )
        return field

    def _one_of(self, condition: OneOf, field: Any, kind: Any) -> Any:  # noqa: ANN401 - see above
        import pyarrow as pa
        import pyarrow.compute as pc

        if any(isinstance(value, float) for value in condition.values) and pa.types.is_integer(
            kind
        ):
            kind, field = pa.float64(), field.cast(pa.float64())
        values = pa.array(
            [self._scalar(condition.column, v, kind).as_py() for v in condition.values], kind
        )
        # Arrow takes a missing value for one that is not in the list, SQL for unknown.
        return pc.if_else(field.is_valid(), field.isin(values), pa.scalar(None, pa.bool_()))

    def _like(self, condition: Like, field: Any, kind: Any) -> Any:  # noqa: ANN401 - see above
        import pyarrow as pa
        import pyarrow.compute as pc

        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            raise LeonidasError(f"{condition.column.name} is no text; compare it.", code="usage")
        return pc.match_like(field, condition.pattern, ignore_case=condition.ignore_case)

    def _compared(self, condition: Compared, field: Any, kind: Any) -> Any:  # noqa: ANN401 - see above
        import pyarrow as pa

        if isinstance(condition.value, Column):
            named = condition.value.name
            if named.lower() not in map(str.lower, self._schema.names):
                raise LeonidasError(
                    f"{self._name} has no column {named!r}; a text stands in single quotes: "
                    f"'{named}'.",
                    code="usage",
                )
            other, _ = self._field(condition.value)
            return _OPERATORS[condition.op](field, other)
        value = condition.value
        if pa.types.is_date(kind) and not _is_day(value):
            kind = pa.timestamp("us")
            field = field.cast(kind)
        return _OPERATORS[condition.op](field, self._scalar(condition.column, value, kind))

    def _scalar(self, column: Column, value: Any, kind: Any) -> Any:  # noqa: ANN401 - see above
        """A value as the column's type has it."""
        import pyarrow as pa

        try:
            scalar = pa.scalar(value)
            number = pa.types.is_integer(scalar.type) or pa.types.is_floating(scalar.type)
            if number and (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
                return scalar  # Arrow compares numbers of any two types
            if number or pa.types.is_boolean(scalar.type) != pa.types.is_boolean(kind):
                raise pa.ArrowInvalid("other kinds of values")
            return scalar.cast(kind)
        except (pa.ArrowException, TypeError, ValueError) as error:
            quotes = " in single quotes" if pa.types.is_string(kind) else ""
            raise LeonidasError(
                f"{column.name} is {_kind_name(kind)}, with which {value!r} cannot be compared; "
                f"write {_example(kind)}{quotes}.",
                code="usage",
            ) from error


def _is_day(value: Any) -> bool:  # noqa: ANN401 - a value of a cell
    """Whether a value that is compared with a date is itself without a time of day."""
    if isinstance(value, str):
        return len(value.strip()) <= len("2024-01-01")
    return not hasattr(value, "hour")


def _kind_name(kind: Any) -> str:  # noqa: ANN401 - pyarrow is not typed
    import pyarrow as pa

    if pa.types.is_boolean(kind):
        return "true or false"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "a number"
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return "a date"
    return "a time" if pa.types.is_time(kind) else "text"


def _example(kind: Any) -> str:  # noqa: ANN401 - pyarrow is not typed
    return {
        "true or false": "TRUE or FALSE",
        "a number": "one like 12.5",
        "a date": "one like '2024-12-31'",
        "a time": "one like '23:59:00'",
        "text": "it",
    }[_kind_name(kind)]


def sql_of(condition: Condition) -> str:
    """A condition in DuckDB's SQL, every name and value quoted."""
    if isinstance(condition, Joined):
        return "(" + f" {condition.word} ".join(sql_of(part) for part in condition.parts) + ")"
    if isinstance(condition, Not):
        return f"(NOT {sql_of(condition.part)})"
    column = _quoted(condition.column)
    if isinstance(condition, Missing):
        return f"({column} IS NULL)"
    if isinstance(condition, OneOf):
        return f"({column} IN ({', '.join(_literal(value) for value in condition.values)}))"
    if isinstance(condition, Like):
        word = "ILIKE" if condition.ignore_case else "LIKE"
        # Arrow's LIKE has the backslash for an escape; DuckDB's only where it is told.
        return f"({column} {word} {_literal(condition.pattern)} ESCAPE '\\')"
    if isinstance(condition, Compared):
        other = condition.value
        right = _quoted(other) if isinstance(other, Column) else _literal(other)
        return f"({column} {condition.op} {right})"
    return column


def _quoted(column: Column) -> str:
    return '"' + column.name.replace('"', '""') + '"'


def _literal(value: Any) -> str:  # noqa: ANN401 - a value of a cell
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return repr(value) if math.isfinite(value) else f"'{value}'::DOUBLE"
    text = value.isoformat(" ") if hasattr(value, "hour") and hasattr(value, "year") else str(value)
    return "'" + text.replace("'", "''") + "'"
