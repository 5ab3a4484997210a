"""How a new column is computed, read from words and signs: "the ratio of A to B", "A - B"."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.arithmetic import arithmetic
from leonidas_jupyter.assistant.analyst.closed.marks import C, Marks

Expression = Any
"""What a recipe takes as an expression: a column's name, a number, or a tree of operations."""

_THE = r"(?:the\s+|both\s+|respective\s+|original\s+|corresponding\s+)*"
_ONE = rf"(?:{C}|\([^()]*\))"
_X = rf"{_THE}(?:values?\s+(?:of|in|from)\s+{_THE})?({_ONE})(?:\s+(?:values?|prices?)\b)?"
_ABSOLUTE = re.compile(r"\babsolute\b", re.I)
_AND = r"\s*(?:,|and|to|with|by|plus|&)?\s*(?:and\s+|to\s+)?"
_ROUNDS = 6


def _between(sign: str, *, swapped: bool = False) -> Callable[[Sequence[str]], str]:
    def made(parts: Sequence[str]) -> str:
        left, right = (parts[1], parts[0]) if swapped else (parts[0], parts[1])
        return f"( {left} {sign} {right} )"

    return made


def _folded(sign: str) -> Callable[[Sequence[str]], str]:
    def made(parts: Sequence[str]) -> str:
        names = re.findall(_ONE, parts[0])
        return f"( {f' {sign} '.join(names)} )" if len(names) > 1 else ""

    return made


def _mean(parts: Sequence[str]) -> str:
    names = re.findall(_ONE, parts[0])
    return f"( ( {' + '.join(names)} ) / {len(names)} )" if len(names) > 1 else ""


def _grown(parts: Sequence[str]) -> str:
    first, last = parts
    return f"( ( {last} - {first} ) / {first} )"


_SEVERAL = rf"({_ONE}(?:{_AND}(?:the\s+)?{_ONE})+)"
_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[Sequence[str]], str]], ...] = tuple(
    (re.compile(pattern, re.I), made)
    for pattern, made in (
        (
            rf"\b(?:percent(?:age)?|relative)\s+(?:change|increase|growth)\s+from\s+{_X}\s+to\s+{_X}",
            _grown,
        ),
        (rf"\bsubtract\w*\s+{_X}\s+from\s+{_X}", _between("-", swapped=True)),
        (rf"\bsubtract\w*\s+{_X}\s+(?:and|by|with)\s+{_X}", _between("-")),
        (rf"\bdivid(?:e|es|ing|ed)\s+{_X}\s+(?:by|with)\s+{_X}", _between("/")),
        (
            r"\b(?:differences?|gap|spread|subtraction)\s+(?:\(\w+\)\s+)?(?:between|of"
            rf"|in)\s+{_X}\s+(?:and|from|minus)\s+{_X}",
            _between("-"),
        ),
        (
            rf"\b(?:ratio|quotient|proportion|division)\s+(?:of|between)\s+{_X}\s+(?:to|and"
            rf"|over|by|divided\s+by)\s+{_X}",
            _between("/"),
        ),
        (
            rf"\b(?:percentage|share|fraction|proportion|ratio)\s+(?:of|that)\s+{_X}\s+"
            rf"(?:in|of|out\s+of|makes?\s+up\s+of|relative\s+to)\s+{_X}",
            _between("/"),
        ),
        (rf"\b(?:average|mean|averaging)\s+(?:of\s+)?(?:the\s+)?{_SEVERAL}", _mean),
        (rf"\b(?:add|adding)\s+{_X}\s+(?:to|and|with|plus)\s+{_X}", _between("+")),
        (
            r"\b(?:adding|add|sum|summing|addition|total|combining|combine)\s+(?:up\s+)?"
            rf"(?:of\s+)?(?:together\s+)?(?:the\s+|both\s+)*{_SEVERAL}",
            _folded("+"),
        ),
        (rf"\b(?:multiply|multiplying)\s+{_X}\s+(?:by|with|and)\s+{_X}", _between("*")),
        (
            rf"\b(?:multiplying|multiply|product|multiplication)\s+(?:of\s+)?(?:the\s+)?{_SEVERAL}",
            _folded("*"),
        ),
        (
            rf"{_X}\s+(?:as\s+(?:a\s+)?(?:percentage|share|fraction|proportion)\s+of|relative\s+to"
            rf"|per|is\s+divided\s+by|over)\s+{_X}",
            _between("/"),
        ),
        (rf"{_X}\s+to\s+{_X}\s+ratio\b", _between("/")),
        (rf"\bratio\s+{_X}\s+(?:to|over)\s+{_X}", _between("/")),
    )
)
_N = r"(\d[\d,]*(?:\.\d+)?)\b"
_BY_NUMBER: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"\bdivid\w*\s+(?:the\s+)?({_ONE})\s+(?:by|with)\s+{_N}", re.I), r"( \1 / \2 )"),
    (re.compile(rf"\bmultipl\w*\s+(?:the\s+)?({_ONE})\s+(?:by|with)\s+{_N}", re.I), r"( \1 * \2 )"),
    (re.compile(rf"\badd\w*\s+{_N}\s+to\s+(?:the\s+)?({_ONE})", re.I), r"( \2 + \1 )"),
    (re.compile(rf"\bsubtract\w*\s+{_N}\s+from\s+(?:the\s+)?({_ONE})", re.I), r"( \2 - \1 )"),
    (re.compile(rf"\bsubtract\w*\s+(?:the\s+)?({_ONE})\s+from\s+{_N}", re.I), r"( \2 - \1 )"),
)
_SPOKEN = (
    (re.compile(r"\b(?:is\s+)?divided\s+by\b", re.I), " / "),
    (re.compile(r"\b(?:is\s+)?multiplied\s+(?:by|with)\b|\btimes\b", re.I), " * "),
    (
        re.compile(
            r"\bminus\b|\bsubtracted\s+by\b|\bless\b(?=\s+(?:the\s+)?[\ue100-\uefff])", re.I
        ),
        " - ",
    ),
    (re.compile(r"\bplus\b", re.I), " + "),
    (re.compile(r"\s+(?:the\s+)(?=[\ue100-\uefff])", re.I), " "),
)
_RESULT = (
    r"(?:(?:it|this|that|(?:the|this|that)\s+(?:result|ratio|quotient|sum|difference|product|value"
    r"|outcome|figure|number)\w*)\s+)"
)
_SCALED: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "*",
        re.compile(
            rf"\b(?:multipl\w*|scal\w*)\s+{_RESULT}?(?:by|with)\s+(?:a\s+factor\s+of\s+)?{_N}", re.I
        ),
    ),
    ("*", re.compile(rf"\btimes\s+{_N}", re.I)),
    ("/", re.compile(rf"\bdivid\w*\s+{_RESULT}(?:by|with)\s+{_N}", re.I)),
)
"""What a sentence does to the result of the calculation that it has named before."""
_UNTOLD = re.compile(r"\bpercent(?:age)?\s+(?:difference|change)\s+between\b", re.I)


def read_formula(text: str, marks: Marks, own: str | None = None) -> Expression | None:
    """Return the expression that a marked ``text`` describes; ``own`` is the new column's name."""
    written = None
    if own is not None:
        sign = marks.column_sign(own)
        match = re.search(rf"{sign}\s*=(?!=)\s*([^;]*)", text)
        written = match[1] if match else None
        text = text.replace(sign, " ")
    expression = _read(written, marks) if written else None
    if expression is None:
        expression = _read(text, marks)
    if expression is None or (
        _UNTOLD.search(text) and '"/"' not in repr(expression).replace("'", '"')
    ):
        return None
    expression = _scaled(text, expression)
    if _ABSOLUTE.search(text) and expression.get("op") != "abs":
        return {"op": "abs", "value": expression}
    return expression


def _scaled(text: str, expression: Expression) -> Expression:
    """Return the expression with "and multiplying the result by 1000" done to it."""
    for op, pattern in _SCALED:
        for match in pattern.finditer(text):
            bare = match[1].replace(",", "")
            number = float(bare) if "." in bare else int(bare)
            if not re.search(rf"(?<![\w.]){re.escape(str(number))}(?![\w.])", repr(expression)):
                expression = {"op": op, "left": expression, "right": number}
    return expression


def _read(text: str, marks: Marks) -> Expression | None:
    for _ in range(_ROUNDS):
        before = text
        for pattern, made in _PATTERNS:
            match = pattern.search(text)
            written = made([group for group in match.groups() if group]) if match else ""
            if match and written and not _same(written):
                text = f"{text[: match.start()]} {written} {text[match.end() :]}"
        for pattern, written in _BY_NUMBER:
            text = pattern.sub(written, text)
        if text == before:
            break
    for pattern, sign in _SPOKEN:
        text = pattern.sub(sign, text)
    return arithmetic(text, marks)


def _same(written: str) -> bool:
    """Return whether a calculation is one of a column with itself."""
    signs = re.findall(C, written)
    return len(signs) == 2 and signs[0] == signs[1]
