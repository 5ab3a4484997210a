"""Conditions on rows as SQL writes them, read into a tree.

The text is parsed here and nowhere executed, so that nothing in it can do more than compare:
``region = 'north' AND (amount >= 10 OR day BETWEEN '2024-01-01' AND '2024-03-31')``. There are
``= <> != < <= > >=``, ``IN``, ``BETWEEN``, ``LIKE``, ``ILIKE``, ``IS NULL``, ``NOT``, ``AND``,
``OR`` and parentheses, over columns (in double quotes where a name needs them), numbers, texts in
single quotes, TRUE and FALSE.
"""

import re
from typing import Any, NoReturn

from leonidas_jupyter.kernel.conditions import (
    COMPARISONS,
    Column,
    Compared,
    Condition,
    Holds,
    Joined,
    Like,
    Missing,
    Not,
    OneOf,
    joined,
)
from leonidas_jupyter.kernel.errors import LeonidasError

_MIRRORED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<text>'(?:[^']|'')*')
      | (?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`)
      | (?P<word>[^\W\d]\w*)
      | (?P<sign><=|>=|<>|!=|==|[=<>(),+-])
    )""",
    re.VERBOSE,
)


def parse(text: str) -> Condition:
    """The condition that a text says.

    Raises:
        LeonidasError: it is none; the sentence says where it stops being one.
    """
    return _Parser(text).whole()


class _Parser:
    """Recursive descent over the tokens of one condition."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._split(text))
        self._at = 0

    def whole(self) -> Condition:
        """The condition, to the end of the text."""
        found = self._any_of()
        if self._at < len(self._tokens):
            self._fail("AND or OR")
        return found

    def _split(self, text: str) -> list[tuple[str, str]]:
        tokens, at = [], 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None:
                rest = text[at:].strip()
                raise LeonidasError(f"The condition cannot be read from {rest!r} on.", code="usage")
            tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
            at = match.end()
        return tokens

    def _any_of(self) -> Condition:
        parts = [self._all_of()]
        while self._take("OR"):
            parts.append(self._all_of())
        return joined("OR", parts)

    def _all_of(self) -> Condition:
        parts = [self._one()]
        while self._take("AND"):
            parts.append(self._one())
        return joined("AND", parts)

    def _one(self) -> Condition:
        if self._take("NOT"):
            return Not(self._one())
        if self._take("("):
            inner = self._any_of()
            self._expect(")")
            return inner
        left = self._operand()
        if not isinstance(left, Column):
            op, right = self._comparison(), self._operand()
            if not isinstance(right, Column):
                self._fail("a column on one side", back=1)
            return Compared(right, _MIRRORED[op], left)
        return self._about(left)

    def _about(self, column: Column) -> Condition:
        if self._take("IS"):
            negated = self._take("NOT")
            self._expect("NULL")
            return Not(Missing(column)) if negated else Missing(column)
        if self._take("NOT"):
            return Not(self._worded(column) or self._fail("IN, BETWEEN, LIKE or ILIKE"))
        if (worded := self._worded(column)) is not None:
            return worded
        if self._peek()[1] in COMPARISONS:
            return Compared(column, self._comparison(), self._operand())
        return Holds(column)

    def _worded(self, column: Column) -> Condition | None:
        if self._take("IN"):
            self._expect("(")
            values = [self._value()]
            while self._take(","):
                values.append(self._value())
            self._expect(")")
            return OneOf(column, tuple(values))
        if self._take("BETWEEN"):
            low = self._value()
            self._expect("AND")
            return Joined(
                "AND", (Compared(column, ">=", low), Compared(column, "<=", self._value()))
            )
        for word in ("LIKE", "ILIKE"):
            if self._take(word):
                pattern = self._value()
                if not isinstance(pattern, str):
                    self._fail("a text in single quotes", back=1)
                return Like(column, pattern, ignore_case=word == "ILIKE")
        return None

    def _comparison(self) -> str:
        kind, written = self._peek()
        if kind != "sign" or written not in COMPARISONS:
            self._fail("a comparison")
        self._at += 1
        return COMPARISONS[written]

    def _value(self) -> Any:  # noqa: ANN401 - a value of a cell
        value = self._operand()
        if isinstance(value, Column):
            self._fail("a value (texts stand in single quotes)", back=1)
        return value

    def _operand(self) -> Any:  # noqa: ANN401 - a column, or a value of a cell
        kind, written = self._peek()
        if kind == "sign" and written in "+-":
            self._at += 1
            if self._peek()[0] != "number":
                self._fail("a number")
            return -self._operand() if written == "-" else self._operand()
        if kind in {"sign", "end"}:
            self._fail("a column or a value")
        self._at += 1
        if kind == "number":
            return int(written) if written.isdigit() else float(written)
        if kind == "text":
            return written[1:-1].replace("''", "'")
        if kind == "quoted":
            return Column(written[1:-1].replace(written[0] * 2, written[0]))
        return self._named(written)

    def _named(self, word: str) -> Any:  # noqa: ANN401 - a column, or a value of a cell
        upper = word.upper()
        if upper in {"TRUE", "FALSE"}:
            return upper == "TRUE"
        if upper in {"DATE", "TIMESTAMP", "TIME"} and self._peek()[0] == "text":
            return self._value()
        if upper == "NULL":
            self._at -= 1
            self._fail("IS NULL or IS NOT NULL in place of a comparison with NULL")
        return Column(word)

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _take(self, wanted: str) -> bool:
        kind, written = self._peek()
        found = kind in {"word", "sign"} and written.upper() == wanted
        self._at += found
        return found

    def _expect(self, wanted: str) -> None:
        if not self._take(wanted):
            self._fail(wanted)

    def _fail(self, wanted: str, back: int = 0) -> NoReturn:
        self._at -= back
        _, written = self._peek()
        where = f"at {written!r}" if written else "at its end"
        raise LeonidasError(
            f"The condition {self._text.strip()!r} needs {wanted} {where}.", code="usage"
        )
