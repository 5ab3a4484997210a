"""What the tools of one answer found out, whole: for the user, whatever a model sees of it."""

from collections.abc import Iterator, Mapping
from typing import Any

Result = Mapping[str, Any]
"""A tool's result as JSON carries it; a table has ``columns`` ({name, type}) and ``rows``."""


class Results:
    """The results of one answer by the id of their call (``t1``, ``t2``, …), in order.

    Attributes:
        codes: the code of each call that had any, by the same id: the numbers that stand in it
            are inputs of the computation.
    """

    def __init__(self) -> None:
        self._found: dict[str, Result] = {}
        self.codes: dict[str, str] = {}

    def add(self, call_id: str, result: Result, code: str | None = None) -> None:
        """Keep a call's result, and the code that computed it."""
        self._found[call_id] = result
        if code:
            self.codes[call_id] = code

    def __iter__(self) -> Iterator[tuple[str, Result]]:
        return iter(self._found.items())

    def get(self, call_id: str) -> Result | None:
        """A call's result; None when there is none, or it is not at hand any more."""
        return self._found.get(call_id)
