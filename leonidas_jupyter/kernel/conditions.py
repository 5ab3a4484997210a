"""Conditions on rows, as a small tree; and how ``(column, op, value)`` says them.

As in SQL, a row for which a condition is unknown is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from leonidas_jupyter.kernel.errors import LeonidasError

COMPARISONS = {
    "=": "=",
    "==": "=",
    "<>": "<>",
    "!=": "<>",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
}


@dataclass(frozen=True)
class Column:
    """A column, by its name."""

    name: str


@dataclass(frozen=True)
class Compared:
    """A column beside a value or another column; ``op`` is a value of COMPARISONS."""

    column: Column
    op: str
    value: Any


@dataclass(frozen=True)
class OneOf:
    """A column whose value is one of several."""

    column: Column
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Like:
    """A text that fits a pattern of SQL: ``%`` stands for any characters, ``_`` for one."""

    column: Column
    pattern: str
    ignore_case: bool


@dataclass(frozen=True)
class Missing:
    """A column without a value."""

    column: Column


@dataclass(frozen=True)
class Holds:
    """A boolean column that is true."""

    column: Column


@dataclass(frozen=True)
class Not:
    """What is false."""

    part: "Condition"


@dataclass(frozen=True)
class Joined:
    """Several conditions of which all (``AND``) or one (``OR``) must hold."""

    word: str
    parts: tuple["Condition", ...]


Condition = Compared | OneOf | Like | Missing | Holds | Not | Joined


def of_tuples(given: Sequence[Any]) -> Condition:
    """The condition in a list of ``(column, op, value)``, all of which hold.

    In a list of such lists, one list holds. ``op`` is a sign of SQL's comparisons, ``in``,
    ``not in``, ``like``, ``not like``, or with None ``is`` or ``is not``.

    Raises:
        LeonidasError: it is none.
    """
    if given and all(isinstance(each, list) for each in given):
        return joined("OR", [of_tuples(each) for each in given])
    if len(given) == 3 and isinstance(given, tuple) and isinstance(given[0], str):
        given = [given]
    if not given:
        raise LeonidasError("The condition is empty; leave where out for all rows.", code="usage")
    return joined("AND", [_of_tuple(each) for each in given])


def _of_tuple(given: Any) -> Condition:  # noqa: ANN401 - what a person passes
    if not isinstance(given, tuple | list) or len(given) != 3:
        raise LeonidasError(f"{given!r} is no (column, op, value).", code="usage")
    name, op, value = given
    column, op = Column(str(name)), " ".join(str(op).lower().split())
    if op in {"in", "not in"}:
        found: Condition = OneOf(column, tuple(value))
    elif op in {"like", "not like"}:
        found = Like(column, str(value), ignore_case=False)
    elif value is None and op in {"is", "is not", "=", "==", "!=", "<>"}:
        found, op = Missing(column), "not" if op in {"is not", "!=", "<>"} else op
    elif op in COMPARISONS and value is not None:
        return Compared(column, COMPARISONS[op], value)
    else:
        raise LeonidasError(
            f"{op!r} with {value!r} is no comparison; there are: {' '.join(COMPARISONS)}, in, "
            "not in, like, not like, and is or is not with None.",
            code="usage",
        )
    return Not(found) if op.startswith("not") else found


def joined(word: str, parts: list[Condition]) -> Condition:
    """Conditions joined by AND or OR; one alone stays itself."""
    return parts[0] if len(parts) == 1 else Joined(word, tuple(parts))
