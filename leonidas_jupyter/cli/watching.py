"""How far a copy has come, in a terminal: a bar where there is one to draw in, else lines."""

import sys
import time
from typing import Any

LINE_SECONDS = 10.0


class Bars:
    """Draws one bar for each step with tqdm."""

    def __init__(self) -> None:
        self._bar: Any = None

    def begin(self, what: str, unit: str, total: int | None = None) -> None:
        """See Progress."""
        from tqdm import tqdm

        scaled = unit == "B"
        self._bar = tqdm(
            desc=what,
            unit=unit if scaled else f" {unit}",
            unit_scale=scaled,
            total=total,
            leave=False,
            file=sys.stderr,
        )

    def advance(self, n: int) -> None:
        """See Progress."""
        if self._bar is not None:
            self._bar.update(n)

    def end(self) -> None:
        """See Progress."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class Lines:
    """Writes a line now and then, for logs."""

    def __init__(self, seconds: float = LINE_SECONDS) -> None:
        self._seconds = seconds
        self._what = self._unit = ""
        self._done = 0
        self._total: int | None = None
        self._next = 0.0

    def begin(self, what: str, unit: str, total: int | None = None) -> None:
        """See Progress."""
        self._what, self._unit, self._total, self._done = what, unit, total, 0
        self._next = time.monotonic() + self._seconds

    def advance(self, n: int) -> None:
        """See Progress."""
        self._done += n
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self._seconds
        of = f" of {_amount(self._total, self._unit)}" if self._total else ""
        sys.stderr.write(f"{self._what}: {_amount(self._done, self._unit)}{of}\n")
        sys.stderr.flush()

    def end(self) -> None:
        """See Progress."""


def progress() -> Bars | Lines:
    """What suits where the errors go."""
    return Bars() if sys.stderr.isatty() else Lines()


def in_bytes(n: int) -> str:
    """A number of bytes for people."""
    size = float(n)
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def _amount(n: int, unit: str) -> str:
    return in_bytes(n) if unit == "B" else f"{n:,} {unit}"
