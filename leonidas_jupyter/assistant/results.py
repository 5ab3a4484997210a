"""What the tools of one answer found out, whole: for the user, whatever a model sees of it."""

from collections.abc import Iterator, Mapping
from typing import Any

Result = Mapping[str, Any]
"""A tool's result as JSON carries it; a table has ``columns`` ({name, type}) and ``rows``."""


class Results:
    """The results of one answer by the id of their call (``t1``, ``t2``, …), in order."""

    def __init__(self) -> None:
        self._found: dict[str, Result] = {}

    def add(self, call_id: str, result: Result) -> None:
        """Keep a call's result."""
        self._found[call_id] = result

    def __iter__(self) -> Iterator[tuple[str, Result]]:
        return iter(self._found.items())

    def get(self, call_id: str) -> Result | None:
        """A call's result; None when there is none, or it is not at hand any more."""
        return self._found.get(call_id)
