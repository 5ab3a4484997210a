"""How a new column is computed, read from words and signs: "the ratio of A to B", "A - B"."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.marks import CS, C, Marks

Expression = Any
"""What a recipe takes as an expression: a column's name, a number, or a tree of operations."""

_THE = r"(?:the\s+|both\s+|respective\s+|original\s+|corresponding\s+)*"
_X = rf"{_THE}(?:values?\s+(?:of|in|from)\s+{_THE})?({C})(?:\s+(?:values?|prices?))?"
_ABSOLUTE = re.compile(r"\babsolute\b", re.I)


def _binary(op: str, swapped: bool = False) -> Callable[[Sequence[str]], Expression]:
    def made(names: Sequence[str]) -> Expression:
        left, right = (names[1], names[0]) if swapped else (names[0], names[1])
        return {"op": op, "left": left, "right": right}

    return made


def _folded(op: str) -> Callable[[Sequence[str]], Expression]:
    def made(names: Sequence[str]) -> Expression:
        whole: Expression = names[0]
        for name in names[1:]:
            whole = {"op": op, "left": whole, "right": name}
        return whole

    return made


def _mean(names: Sequence[str]) -> Expression:
    return {"op": "/", "left": _folded("+")(names), "right": len(names)}


_AND = r"\s*(?:,|and|to|with|by|plus)?\s*(?:and\s+|to\s+)?"
_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[Sequence[str]], Expression]], ...] = tuple(
    (re.compile(pattern, re.I), made)
    for pattern, made in (
        (rf"\bsubtract\w*\s+{_X}\s+from\s+{_X}", _binary("-", swapped=True)),
        (rf"\bsubtract\w*\s+{_X}\s+(?:and|by|with)\s+{_X}", _binary("-")),
        (rf"\bdivid(?:e|es|ing|ed)\s+{_X}\s+(?:by|with)\s+{_X}", _binary("/")),
        (
            r"\b(?:difference|gap|spread|subtraction)\s+(?:\(\w+\)\s+)?(?:between|of"
            rf"|in)\s+{_X}\s+(?:and|from|minus)\s+{_X}",
            _binary("-"),
        ),
        (
            rf"\b(?:ratio|quotient|proportion|division)\s+(?:of|between)\s+{_X}\s+(?:to|and"
            rf"|over|by|divided by)\s+{_X}",
            _binary("/"),
        ),
        (
            rf"\b(?:average|mean)\s+of\s+(?:the\s+)?({CS})\s*(?:for\s+each\s+row"
            r"|for\s+each\s+day)?",
            _mean,
        ),
        (
            r"\b(?:adding|add|sum|summing|addition|total|combining|combine)\s+(?:up\s+)?"
            rf"(?:of\s+)?(?:together\s+)?(?:the\s+|both\s+)*({C}(?:{_AND}(?:the\s+)?{C})+)",
            _folded("+"),
        ),
        (
            rf"\b(?:multiplying|multiply|product|multiplication)\s+(?:of\s+)?(?:the\s+)?({C}"
            rf"(?:{_AND}(?:the\s+)?{C})+)",
            _folded("*"),
        ),
    )
)
_BY_NUMBER = re.compile(
    rf"\b(?P<op>divid|multipl)\w*\s+(?:the\s+)?(?P<c>{C})\s+(?:by|with)\s+(?P<n>\d[\d,]*(?:\.\d+)?)\b",
    re.I,
)
_TOKEN = re.compile(rf"\s*(?:({C})|(\d+(?:\.\d+)?(?:e[-+]?\d+)?)|(\*\*|[-+*/()÷×\u2212]))")
_INFIX = re.compile(
    rf"(?:[(\s]*(?:{C}|\d+(?:\.\d+)?(?:e[-+]?\d+)?)[)\s]*(?:\*\*|[-+*/÷×\u2212])\s*)+["
    rf"(\s]*(?:{C}|\d+(?:\.\d+)?(?:e[-+]?\d+)?)[)]*"
)
_SPOKEN = (
    (re.compile(r"\bdivided\s+by\b", re.I), "/"),
    (re.compile(r"\bmultiplied\s+(?:by|with)\b|\btimes\b", re.I), "*"),
    (re.compile(r"\bminus\b|\bsubtracted\s+by\b", re.I), "-"),
    (re.compile(r"\bplus\b", re.I), "+"),
    (re.compile(r"\s+(?:the\s+)(?=[\ue100-\uefff])", re.I), " "),
)


def read_formula(text: str, marks: Marks, own: str | None = None) -> Expression | None:
    """Return the expression that a marked ``text`` describes; ``own`` is the new column's name."""
    if own is not None:
        text = text.replace(marks.column_sign(own), " ")
    expression = _spoken(text, marks)
    if expression is None:
        expression = _infix(text, marks)
    if expression is None:
        return None
    if _ABSOLUTE.search(text):
        return {"op": "abs", "value": expression}
    return expression


def _spoken(text: str, marks: Marks) -> Expression | None:
    match = _BY_NUMBER.search(text)
    if match:
        op = {"div": "/", "mul": "*"}[match["op"][:3].lower()]
        return {
            "op": op,
            "left": marks.column(match["c"]),
            "right": float(match["n"].replace(",", "")),
        }
    for pattern, made in _PATTERNS:
        match = pattern.search(text)
        if match:
            names = marks.columns_in(" ".join(group for group in match.groups() if group))
            if len(names) >= 2:
                return made(names)
    return None


def _infix(text: str, marks: Marks) -> Expression | None:
    for pattern, sign in _SPOKEN:
        text = pattern.sub(f" {sign} ", text) if sign != " " else pattern.sub(" ", text)
    found = [match.group() for match in _INFIX.finditer(text) if re.search(C, match.group())]
    if not found:
        return None
    written = max(found, key=len)
    written += ")" * (written.count("(") - written.count(")"))
    tokens = _tokens(written, marks)
    return _Parser(tokens).whole() if tokens else None


def _tokens(text: str, marks: Marks) -> list[Any]:
    tokens: list[Any] = []
    at = 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            return []
        sign, number, symbol = match.groups()
        if sign:
            tokens.append(("column", marks.column(sign)))
        elif number:
            tokens.append(
                ("number", float(number) if "." in number or "e" in number else int(number))
            )
        else:
            tokens.append(("symbol", {"÷": "/", "×": "*", "\u2212": "-"}.get(symbol, symbol)))
        at = match.end()
    return tokens


class _Parser:
    """Arithmetic with the usual precedence; None where it is not well formed."""

    def __init__(self, tokens: Sequence[tuple[str, Any]]) -> None:
        self._tokens = list(tokens)
        self._at = 0

    def whole(self) -> Expression | None:
        found = self._sum()
        return found if self._at == len(self._tokens) else None

    def _symbol(self, *signs: str) -> str | None:
        kind, token = self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")
        if kind != "symbol" or token not in signs:
            return None
        self._at += 1
        return str(token)

    def _sum(self) -> Expression | None:
        left = self._product()
        while left is not None and (sign := self._symbol("+", "-")):
            right = self._product()
            left = {"op": sign, "left": left, "right": right} if right is not None else None
        return left

    def _product(self) -> Expression | None:
        left = self._power()
        while left is not None and (sign := self._symbol("*", "/")):
            right = self._power()
            left = {"op": sign, "left": left, "right": right} if right is not None else None
        return left

    def _power(self) -> Expression | None:
        left = self._atom()
        if left is not None and self._symbol("**"):
            right = self._atom()
            left = {"op": "**", "left": left, "right": right} if right is not None else None
        return left

    def _atom(self) -> Expression | None:
        if self._symbol("("):
            inside = self._sum()
            return inside if self._symbol(")") else None
        if self._at >= len(self._tokens) or self._tokens[self._at][0] == "symbol":
            return None
        self._at += 1
        return self._tokens[self._at - 1][1]
