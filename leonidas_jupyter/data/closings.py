"""Where in a file quoted cells may end: what tells a very long cell from a stray quote."""

from pathlib import Path
from typing import Protocol

from leonidas_jupyter.data.lines import physical_lines


class Quotes(Protocol):
    """What quotes on a line say: how many they are, and whether one may end a cell."""

    @property
    def quote(self) -> str:
        """The quote; no line without it is asked about."""

    def odd(self, line: str) -> bool:
        """Whether they are odd in number."""

    def closes(self, line: str) -> bool:
        """Whether a quoted cell that began on an earlier line may end here."""


class Closings:
    """Knows of a whole file where a quoted cell could end; reads it through once, if asked.

    Before the end of a cell stands an even number of quotes, the one that opens it included. So
    there are two kinds of lines that might end one, by how many quotes lie before them, and it is
    enough to know the last line of each kind, and on which side of them a line lies.
    """

    def __init__(self, text: Path, newline: str, quotes: Quotes) -> None:
        self._text = text
        self._newline = newline
        self._quotes = quotes
        self._odd: bytearray | None = None
        self._last = [0, 0]

    def after(self, line: int, odd: bool) -> bool:
        """Whether a cell may end on a line after ``line``.

        Args:
            line: counts from 1.
            odd: whether it holds an odd number of quotes up to there.
        """
        behind = self._read() if self._odd is None else self._odd
        before = behind[line >> 3] >> (line & 7) & 1
        return self._last[before ^ odd] > line

    def _read(self) -> bytearray:
        """For each line a bit: whether the number of quotes up to its end is odd."""
        found, odd = bytearray(1), 0
        quotes = self._quotes
        with self._text.open(encoding="utf-8", errors="replace", newline="") as handle:
            for number, line in enumerate(physical_lines(handle, self._newline), 1):
                if quotes.quote in line:
                    odd ^= quotes.odd(line)
                    if quotes.closes(line):
                        self._last[odd] = number
                if not number & 7:
                    found.append(0)
                found[-1] |= odd << (number & 7)
        self._odd = found
        return found
