"""Calls of the tool ``statistics``: the question's conditions as the recipe's filter."""

from typing import TYPE_CHECKING, Any

from leonidas_jupyter.assistant.analyst.plan import PlannedCall
from leonidas_jupyter.assistant.analyst.question import Condition, Question, Unfit, Where

if TYPE_CHECKING:
    from collections.abc import Sequence

Shape = dict[str, Any]
_TEXTS = {"contains": "contains", "starts": "starts_with", "ends": "ends_with"}
_PARTS = {"year": "year", "month": "month", "quarter": "quarter", "hour": "hour"}


def statistics(question: Question, *outputs: Shape) -> PlannedCall:
    """Return a call that computes ``outputs`` over the question's frame and filters.

    Raises:
        Unfit: a condition has no form in a recipe, or the columns are computed.
    """
    if question.view is not None:
        raise Unfit("I can test columns of a file only, not computed ones.")
    steps = [{"op": "filter", "condition": where_shape(question.where)}]
    return PlannedCall(
        "statistics",
        {
            "frame": question.frame,
            "steps": steps if question.where.conditions else [],
            "outputs": list(outputs),
        },
    )


def where_shape(where: Where) -> Shape:
    """Return conditions in a recipe's form."""
    shapes = [_condition(condition) for condition in where.conditions]
    return shapes[0] if len(shapes) == 1 else {"op": where.joiner, "conditions": shapes}


def _condition(condition: Condition) -> Shape:
    shape = _plain(condition)
    turned = condition.op in ("in", "null") or condition.op in ("=", "!=", ">", ">=", "<", "<=")
    if condition.negated and not turned:
        return {"op": "not", "condition": shape}
    return shape


def _plain(condition: Condition) -> Shape:
    left: Any = condition.column
    values: Sequence[Any] = condition.values
    if condition.part == "dayofweek":
        left = {"op": "date_part", "value": left, "part": "weekday"}
        values = [value - 1 for value in values]
    elif condition.part:
        left = {"op": "date_part", "value": left, "part": _PARTS[condition.part]}
    op = condition.op
    if op == "null":
        return {"op": "not_null" if condition.negated else "is_null", "left": left}
    if op == "in":
        return {"op": "not_in" if condition.negated else "in", "left": left, "values": list(values)}
    if op == "between":
        return {"op": "between", "left": left, "low": values[0], "high": values[1]}
    if op == "period":
        bounds = zip((">=", "<"), values, strict=True)
        tests = [{"op": sign, "left": left, "value": value} for sign, value in bounds]
        return {"op": "and", "conditions": tests}
    if op in _TEXTS:
        return {"op": _TEXTS[op], "left": left, "text": str(values[0]), "ignore_case": True}
    if op in ("=", "!=", ">", ">=", "<", "<="):
        return {"op": "==" if op == "=" else op, "left": left, "value": values[0]}
    raise Unfit("I cannot test the rows that meet such a condition.")
