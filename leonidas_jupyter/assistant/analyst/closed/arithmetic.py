"""Formulas written with signs: "(A - B) / C * 100", "log(A + 1)", "(A - mean) / std"."""

import re
from collections.abc import Sequence
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.marks import C, Marks

Expression = Any

_NUMBER = r"\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?"
_TOKEN = re.compile(
    rf"\s*(?:(?P<column>{C})|(?P<number>{_NUMBER})|(?P<symbol>\*\*|\^|[-+*/()÷×\u2212])"
    r"|(?:np\.|numpy\.|math\.)?(?P<function>log10|log2|log1p|log|ln|sqrt|abs|exp)(?=\s*\()"
    r"|\.\s*(?P<method>min|max|mean|median|std)\(\)"
    r"|(?:the\s+)?(?P<statistic>min(?:imum)?|max(?:imum)?|mean|average|median|std|standard\s+deviation)\b"
    rf"(?:\s+(?:value\s+)?of\s+(?:the\s+)?{C}|\s*\(\s*{C}\s*\))?)"
)
_STATISTICS = {
    "minimum": "min", "maximum": "max", "average": "mean", "standard deviation": "std",
}  # fmt: skip
_SIGNS = {"÷": "/", "×": "*", "\u2212": "-", "^": "**"}
_ABSOLUTE = re.compile(r"\|\s*([^|]+?)\s*\|")

Token = tuple[str, Any]


def arithmetic(text: str, marks: Marks) -> Expression | None:
    """Return the longest formula of columns that is written in a text; None for none."""
    text = _ABSOLUTE.sub(r" abs(\1) ", text)
    best: tuple[int, Expression] | None = None
    at = 0
    while at < len(text):
        tokens = _run(text, at, marks)
        if not tokens:
            at += 1
            continue
        found = _longest(tokens)
        if found is not None and (best is None or found[0] > best[0]):
            best = found
        at = max(tokens[-1][2] if found is None else tokens[found[0] - 1][2], at + 1)
    return best[1] if best else None


def _run(text: str, at: int, marks: Marks) -> list[tuple[str, Any, int]]:
    """Return the tokens that stand beside each other from a place on, with where they end."""
    tokens: list[tuple[str, Any, int]] = []
    while at < len(text) and (match := _TOKEN.match(text, at)):
        kind = str(match.lastgroup)
        said = " ".join(match[kind].split())
        value: Any = said
        if kind == "column":
            value = marks.column(said)
        elif kind == "number":
            bare = said.replace(",", "")
            value = float(bare) if "." in bare or "e" in bare else int(bare)
        elif kind == "symbol":
            value = _SIGNS.get(said, said)
        elif kind == "statistic":
            own = re.search(C, match.group())
            value = (_STATISTICS.get(said, said), marks.column(own.group()) if own else None)
        tokens.append((kind, value, match.end()))
        at = match.end()
    return tokens


def _longest(tokens: Sequence[tuple[str, Any, int]]) -> tuple[int, Expression] | None:
    """Return the most of the first tokens that are a formula, and it."""
    for count in range(len(tokens), 1, -1):
        part: list[Token] = [(kind, value) for kind, value, _ in tokens[:count]]
        opened = sum((value == "(") - (value == ")") for kind, value in part if kind == "symbol")
        part += [("symbol", ")")] * max(opened, 0)
        operated = any(
            kind in ("function", "method") or (kind == "symbol" and value not in "()")
            for kind, value in part
        )
        if not operated or all(kind != "column" for kind, _ in part):
            continue
        found = Parser(part).whole()
        if found is not None and not isinstance(found, str):
            return count, found
    return None


class Parser:
    """Arithmetic with the usual precedence; None where it is not well formed."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = list(tokens)
        self._at = 0
        self._only = next((str(value) for kind, value in tokens if kind == "column"), "")

    def whole(self) -> Expression | None:
        """Return the expression of all tokens."""
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
        kind, value = self._tokens[self._at] if self._at < len(self._tokens) else ("end", None)
        if kind in ("end", "symbol", "method"):
            return None
        self._at += 1
        if kind == "function":
            inside = self._atom()
            op = "log" if value == "ln" else value
            return {"op": op, "value": inside} if inside is not None else None
        if kind == "statistic" and isinstance(value, tuple):
            statistic, column = value
            return {"op": "statistic", "column": column or self._only, "statistic": statistic}
        if (
            kind == "column"
            and self._at < len(self._tokens)
            and self._tokens[self._at][0] == "method"
        ):
            self._at += 1
            return {"op": "statistic", "column": value, "statistic": self._tokens[self._at - 1][1]}
        return value
