"""The text of a program while it is written: lines, imports, and variables."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

IMPORTS = {
    "np": "import numpy as np",
    "optimize": "from scipy import optimize",
    "pd": "import pandas as pd",
    "stats": "from scipy import stats",
}
FUNCTIONS = (
    "len", "next", "iter", "min", "float", "int", "str", "object", "bool", "round",
)  # fmt: skip
"""Python's own that programs use."""

WORKING = ("df", "table", "working_table")
MAX_VARIABLE = 40

RESERVED = frozenset(
    re.findall(
        r"\w+",
        """
    and as assert async await break class continue def del elif else except finally for from global
    if import in is lambda match case type nonlocal not or pass raise return try while with yield
    abs int float str len next iter round max min range list dict set print sum any all sorted zip
    map filter bool object id input open vars dir hash format slice rows_used
    center spread q1 q3 low high order n_test values period
    """,
    )
)
"""What no variable may be called: Python's words, and what the programs themselves use."""


@dataclass(frozen=True)
class Mark:
    """From which line of a program on the lines belong to a step or output."""

    line: int
    label: str


def literal(value: bool | float | str | None) -> str:
    """A plain value as Python writes it; the only way of names and values into a program."""
    if value is None:
        return "np.nan"
    if not isinstance(value, bool | int | float | str):
        raise TypeError("only plain values are written")
    return repr(value)


def literals(values: Iterable[bool | float | str | None]) -> str:
    """A list of plain values."""
    return f"[{', '.join(map(literal, values))}]"


def key(names: list[str]) -> str:
    """One name, or a list of them, as pandas takes keys."""
    return literal(names[0]) if len(names) == 1 else literals(names)


class Writer:
    """Collects the lines of a program."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._frames = set(taken)
        self._taken = self._frames | RESERVED | set(IMPORTS)
        self._lines: list[str] = []
        self._marks: list[Mark] = []
        self.table = next(name for name in WORKING if name not in self._frames)
        self._taken.add(self.table)

    def say(self, *lines: str) -> None:
        """Write lines."""
        self._lines.extend(line for text in lines for line in text.split("\n"))

    def begin(self, label: str) -> None:
        """What follows belongs to this step or output."""
        self._marks.append(Mark(len(self._lines), label))

    def variable(self, wanted: str) -> str:
        """A variable that nothing else is called, resembling ``wanted``."""
        plain = unicodedata.normalize("NFKD", wanted).encode("ascii", "ignore").decode().lower()
        slug = re.sub(r"\W+", "_", plain).strip("_")[:MAX_VARIABLE].strip("_") or "result"
        slug = slug if slug[0].isalpha() else f"result_{slug}"
        name, number = slug, 1
        while name in self._taken:
            number += 1
            name = f"{slug}_{number}"
        self._taken.add(name)
        return name

    def text(self, loading: list[str]) -> tuple[str, list[Mark]]:
        """The whole program, and where the parts of it begin."""
        body = "\n".join([*loading, *self._lines])
        imports = [line for name, line in IMPORTS.items() if re.search(rf"\b{name}\.", body)]
        shadowed = sorted(self._frames & set(FUNCTIONS))
        imports += [f"from builtins import {name}" for name in shadowed]
        # A frame may be called like a module or function; it is taken before its name is.
        first = self._frames.isdisjoint([*IMPORTS, *shadowed])
        head = [*imports, "", *loading] if first else [*loading, "", *imports]
        head = [*(head if imports else loading), ""]
        marks = [Mark(mark.line + len(head) + 1, mark.label) for mark in self._marks]
        return "\n".join([*head, *self._lines]).rstrip("\n") + "\n", marks
