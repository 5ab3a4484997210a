"""What a text says of new values that do not exist: divisions by zero, missing operands."""

import re
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.facts import Facts
from leonidas_jupyter.assistant.analyst.closed.gaps import MISSING
from leonidas_jupyter.assistant.analyst.closed.marks import C

_AWAY = (
    r"(?:ignor\w*|exclud\w*|drop\w*|remov\w*|skip\w*|omit\w*|disregard\w*|discard\w*|leav\w*\s+out|left\s+out"
    r"|without|not\s+(?:be\s+)?(?:count|consider|includ)\w*)"
)
_UNDEFINED = r"(?:undefined|infinit\w+|inf|divisions?\s+by\s+zero|divid\w+\s+by\s+zero)"
_NOTHING = re.compile(
    rf"\b{_AWAY}\b[^.;]*?\b{_UNDEFINED}\b(?:\s+(?:values?|ratios?|results?))?"
    rf"|\b{_UNDEFINED}\b[^.;]*?\b(?:{_AWAY}|{MISSING}|nan|null)\b"
    rf"|\b{_AWAY}\b[^.;]*?{C}\s+(?:is|are|was|of|equals?|equal\s+to|being|=|==)\s*(?:to\s+)?(?:zero|0)\b"
    rf"|\b{_AWAY}\b[^.;]*?\b(?:zero|0)\s+(?:\w+\s+)?{C}(?:\s*\([^)]*\))?"
    rf"|\b(?:zero|0)\s+(?:\w+\s+)?{C}[^.;]*?\b{_AWAY}\b(?:\s*\([^)]*\))?"
    rf"|{C}\s+(?:is|are|was|of|equals?|equal\s+to|being|=|==)\s*(?:to\s+)?(?:zero|0)\b[^.;]*?\b(?:{_AWAY}|{MISSING}|nan|null)\b"
)
_REPLACED = re.compile(
    r"\b(?:infinit\w+|inf|undefined)\b[^.]*?\b(?:with|by|to|as)\s+(?P<to>zero|0|nan|null|missing)\b"
    r"|\bdivisions?\s+by\s+zero[^.]*?\b(?P<to2>zero|0|nan|null|missing)\b(?=[^.]*$)"
)


def adjust(facts: Facts) -> None:
    """Apply what sentences say about divisions: a constant added, what is infinite replaced."""
    step = facts.step("denominator")
    for name, expression in list(facts.derived.items()):
        divisor = _divisor(expression)
        if divisor is None:
            continue
        if step is not None and expression.get("op") == "/":
            expression["right"] = {"op": "+", "left": divisor, "right": step.how["plus"]}
            step.how["taken"] = True
        elif (treated := _treated(facts)) is not None:
            facts.derived[name] = {
                "op": "if",
                "condition": {"op": "==", "left": divisor, "value": 0},
                "then": treated[0],
                "otherwise": expression,
            }


def _divisor(expression: Any) -> Any:  # noqa: ANN401 - expressions of recipes
    """Return what a new column's values are divided by, as far as that may be zero."""
    if not isinstance(expression, dict):
        return None
    if expression.get("op") == "/" and not isinstance(expression["right"], int | float):
        return expression["right"]
    if expression.get("op") in ("*", "/"):
        left = _divisor(expression["left"])
        return left if left is not None else _divisor(expression["right"])
    return None


def _treated(facts: Facts) -> tuple[int | None] | None:
    """Return what stands for a division by zero, in a tuple; None where nothing is said of it."""
    found: tuple[int | None] | None = None
    for at, match in facts.finds(_REPLACED):
        facts.claim(at, match)
        found = (0,) if (match["to"] or match["to2"]) in ("zero", "0") else (None,)
    if found is not None:
        return found
    for at, match in facts.finds(_NOTHING):
        facts.claim(at, match)
        found = (None,)
    return found
