"""The code of conditions, as pandas takes them to choose rows.

A condition with a missing value does not hold, also under ``not``, as in SQL: ``not`` is carried
down to the comparisons, and each of them excludes what is missing. A mask is never missing itself.
"""

import datetime
from collections.abc import Callable
from typing import Any

from leonidas_jupyter.data.recipes import expressions as ex
from leonidas_jupyter.data.recipes.errors import RecipeRefused
from leonidas_jupyter.data.recipes.pieces import Code, Scope
from leonidas_jupyter.data.recipes.schema import Kind
from leonidas_jupyter.data.recipes.writer import literal, literals

OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
Compile = Callable[[ex.Expression, Scope], Code]


class Conditions:
    """Compiles conditions; ``compile_expression`` compiles the expressions within them."""

    def __init__(self, compile_expression: Compile) -> None:
        self._expression = compile_expression

    def mask(self, condition: ex.Condition, scope: Scope, *, holds: bool = True) -> str:
        """The code of where the condition holds (or is known not to)."""
        match condition:
            case ex.Not():
                return self.mask(condition.condition, scope, holds=not holds)
            case ex.AllOrAny():
                return self._all_or_any(condition, scope, holds)
            case ex.Compare():
                return self._compare(condition, scope, holds)
            case ex.OneOf():
                return self._one_of(condition, scope, holds)
            case ex.Between():
                return self._between(condition, scope, holds)
            case ex.HasText():
                return self._has_text(condition, scope, holds)
            case _:
                return self._is_null(condition, scope, holds)

    def _all_or_any(self, condition: ex.AllOrAny, scope: Scope, holds: bool) -> str:
        parts = [self.mask(each, scope, holds=holds) for each in condition.conditions]
        if len(parts) == 1:
            return parts[0]
        both = (condition.op == "and") == holds
        sign = (" & " if both else " | ") if scope.table else (" and " if both else " or ")
        return sign.join(f"({part})" for part in parts)

    def _compare(self, condition: ex.Compare, scope: Scope, holds: bool) -> str:
        left = self._expression(condition.left, scope)
        if condition.right is not None:
            right = self._expression(condition.right, scope)
            _comparable(left.kind, right.kind)
        else:
            right = Code(constant(condition.value, left.kind), left.kind, series=False)
        sign = condition.op if holds else OPPOSITE[condition.op]
        text = f"{left.closed} {sign} {right.closed}"
        series = left.series or right.series
        if left.kind.nullable or right.kind.nullable:
            text = f"({text}).fillna(False).astype(bool)"
        if sign != "!=":
            return text
        known = [_known(side, scope) for side in (left, right) if not side.constant]
        known = known if condition.right is not None else known[:1]
        return (" & " if series else " and ").join([f"({text})", *known])

    def _one_of(self, condition: ex.OneOf, scope: Scope, holds: bool) -> str:
        left = self._expression(condition.left, scope)
        wanted = (condition.op == "in") == holds
        if not scope.table or not left.series:
            values = ", ".join(constant(value, left.kind) for value in condition.values)
            return f"{left.closed} {'in' if wanted else 'not in'} [{values}]"
        if left.kind.temporal:
            for value in condition.values:
                constant(value, left.kind)
            moments = f"pd.to_datetime({literals(condition.values)}, format='ISO8601')"
            values = f"{moments}.tz_localize({left.closed}.dt.tz)"
        else:
            values = f"[{', '.join(constant(value, left.kind) for value in condition.values)}]"
        text = f"{left.closed}.isin({values})"
        if left.kind.nullable:
            text = f"{text}.fillna(False).astype(bool)"
        return text if wanted else f"~{text} & {left.closed}.notna()"

    def _between(self, condition: ex.Between, scope: Scope, holds: bool) -> str:
        low = ">=" if condition.inclusive in ("both", "left") else ">"
        high = "<=" if condition.inclusive in ("both", "right") else "<"
        bounds = ex.AllOrAny(
            op="and",
            conditions=[
                ex.Compare(op=low, left=condition.left, value=condition.low),
                ex.Compare(op=high, left=condition.left, value=condition.high),
            ],
        )
        left = self._expression(condition.left, scope)
        plain = left.kind.type in ("integer", "number") and not left.kind.nullable and left.series
        if not (plain and holds):
            return self._all_or_any(bounds, scope, holds)
        ends = [constant(each, left.kind) for each in (condition.low, condition.high)]
        how = "" if condition.inclusive == "both" else f", inclusive={condition.inclusive!r}"
        return f"{left.closed}.between({', '.join(ends)}{how})"

    def _has_text(self, condition: ex.HasText, scope: Scope, holds: bool) -> str:
        left = self._expression(condition.left, scope)
        if left.kind.type not in ("text", "unknown") or not left.series:
            raise RecipeRefused(f"Only text contains text; this holds {left.kind.holds}.")
        wanted, text = condition.op != "not_contains", condition.text
        method = {"starts_with": "startswith", "ends_with": "endswith"}.get(condition.op)
        if method is not None:
            lower = ".str.lower()" if condition.ignore_case else ""
            text = text.lower() if condition.ignore_case else text
            found = f"{left.closed}{lower}.str.{method}({literal(text)}, na=False)"
        else:
            case = ", case=False" if condition.ignore_case else ""
            found = f"{left.closed}.str.contains({literal(text)}{case}, regex=False, na=False)"
        return found if wanted == holds else f"~{found} & {left.closed}.notna()"

    def _is_null(self, condition: ex.IsNull, scope: Scope, holds: bool) -> str:
        left = self._expression(condition.left, scope)
        name = "isna" if (condition.op == "is_null") == holds else "notna"
        return f"{left.closed}.{name}()" if left.series else f"pd.{name}({left.text})"


def _known(side: Code, scope: Scope) -> str:
    return f"{side.closed}.notna()" if side.series and scope.table else f"pd.notna({side.text})"


def _comparable(left: Kind, right: Kind) -> None:
    families = [
        "number" if kind.numeric else "moment" if kind.temporal else kind.type
        for kind in (left, right)
        if kind.type != "unknown"
    ]
    if len(set(families)) > 1:
        raise RecipeRefused(f"A comparison of {left.holds} with {right.holds} has no meaning.")


def constant(value: Any, kind: Kind) -> str:  # noqa: ANN401 - a plain value
    """The code of a value that is compared with, or put into, what holds ``kind``.

    Raises:
        RecipeRefused: it is of another kind.
    """
    if value is None:
        raise RecipeRefused("Nothing equals a missing value: use is_null or not_null.")
    if kind.type == "unknown":
        return literal(value)
    if kind.temporal:
        return literal(moment(value))
    if kind.numeric and isinstance(value, str):
        return literal(_number(value, kind))
    if kind.type == "text" and not isinstance(value, str):
        raise RecipeRefused(
            f"{value!r} is a number, and this holds text: write it as text, or convert the column."
        )
    if kind.type == "time":
        raise RecipeRefused("Times of day cannot be compared as they are: convert to seconds.")
    return literal(value)


def _number(text: str, kind: Kind) -> float | bool:
    if kind.type == "boolean" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not abs(number) < float("inf"):
        raise RecipeRefused(f"{text!r} is text, and this holds {kind.holds}.")
    return int(number) if number.is_integer() else number


def moment(value: Any) -> str:  # noqa: ANN401 - a plain value
    """A date or moment in ISO 8601.

    Raises:
        RecipeRefused: it is none.
    """
    try:
        datetime.datetime.fromisoformat(str(value))
    except ValueError:
        example = "2020-01-31 or 2020-01-31T10:00:00"
        raise RecipeRefused(f"{value!r} is no date; write it as {example}.") from None
    return str(value)
