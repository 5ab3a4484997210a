"""How far a copy has come, for whoever watches."""

from typing import Protocol


class Progress(Protocol):
    """Somebody who watches; ``unit`` is what is counted, in the plural, or ``B`` for bytes."""

    def begin(self, what: str, unit: str, total: int | None = None) -> None:
        """A step begins."""

    def advance(self, n: int) -> None:
        """So many more are done."""

    def end(self) -> None:
        """The step is over."""


class Silent:
    """Nobody watches."""

    def begin(self, what: str, unit: str, total: int | None = None) -> None:
        """See Progress."""

    def advance(self, n: int) -> None:
        """See Progress."""

    def end(self) -> None:
        """See Progress."""
