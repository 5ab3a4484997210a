"""JSON as it comes: a value per line, an array of them, or several one after the other (RFC 8259).

Read piece by piece, however long the file is; only one value must fit into memory. Numbers with a
fraction or an exponent come as ``bytes``, as they are written: no digit is lost before their column
is typed, no other value has that type, and nothing that keeps the digits is made as quickly.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from typing import Any

from leonidas_jupyter.data.errors import UnreadableFile
from leonidas_jupyter.data.readers import REPORTED, REPORTED_TEXT, BadRow, BadRows

CHUNK = 1 << 20
MAX_VALUE = 48 << 20
"""The longest single value that is read, in characters, where values are not one per line."""

LONGEST_WORD = 16
"""More characters than any word or escape of JSON has."""

BLANKS = re.compile(r"[ \t\r\n\x1e\ufeff]*")
BETWEEN = " \t\r\n\x1e"
"""White space, and what RFC 7464 puts before each value."""

DECODER = json.JSONDecoder(parse_float=str.encode, parse_constant=float, strict=False)
BROKEN = (ValueError, RecursionError)
"""What decoding raises: no JSON, an integer beyond measure, brackets nested too deep."""


@dataclass
class BrokenLines:
    """The lines that are no JSON: how many, and the first of them."""

    count: int = 0
    first: list[tuple[int, str]] | None = None

    def add(self, number: int, line: str) -> None:
        """Take note of a line."""
        self.count += 1
        self.first = self.first or []
        if len(self.first) < REPORTED:
            self.first.append((number, line.strip(BETWEEN)[:REPORTED_TEXT]))

    def report(self, columns: int) -> BadRows | None:
        """The bad rows of a table of so many columns; None if all lines could be read."""
        rows = [
            BadRow(line=number, text=text, fields=0, expected=columns)
            for number, text in self.first or []
        ]
        return BadRows(count=self.count, first=rows) if self.count else None


def is_lines(beginning: str, filename: str) -> bool:
    """Whether each line is a value of its own: the first one is, or the name says so."""
    if re.search(r"\.(jsonl|ndjson)(\.|$)", filename.lower()):
        return True
    line = next((line for line in beginning.splitlines() if line.strip(BETWEEN)), "")
    try:
        value_of(line)
    except BROKEN:
        return False
    return beginning.lstrip(BETWEEN)[:1] == "{" or beginning.strip(BETWEEN) != line.strip(BETWEEN)


def value_of(line: str) -> Any:  # noqa: ANN401 - any JSON
    """The value that a line is, with or without a comma behind it. Raises one of ``BROKEN``."""
    text = line.strip(BETWEEN)
    value, end = DECODER.raw_decode(text)
    if end < len(text) and text[end:].strip(BETWEEN) != ",":
        raise ValueError("more than one value")
    return value


class Documents:
    """Values that are not one per line, read from a text in pieces."""

    def __init__(self, handle: TextIOWrapper) -> None:
        self._handle = handle
        self._buffer = ""
        self._at = 0
        self._line = 1
        self._counted = 0

    def values(self) -> Iterator[Any]:
        """The values at the top; of one array, its elements.

        Raises:
            UnreadableFile: the text is no JSON from some line on, or a value is too long.
        """
        if self._peek() == "[":
            yield from self._elements()
            return
        while self._peek():
            yield self._value()
            if self._peek() == ",":
                self._at += 1

    def _elements(self) -> Iterator[Any]:
        self._at += 1
        if self._peek() == "]":
            self._at += 1
        else:
            while True:
                yield self._value()
                sign = self._peek()
                if sign not in (",", "]"):
                    raise self._unreadable(self._at)
                self._at += 1
                if sign == "]":
                    break
                if self._peek() == "]":  # a comma behind the last element
                    self._at += 1
                    break
        if self._peek():
            raise self._unreadable(self._at)

    def _peek(self) -> str:
        """The next sign that is no white space; nothing at the end."""
        while True:
            found = BLANKS.match(self._buffer, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._more():
                return ""

    def _value(self) -> Any:  # noqa: ANN401 - any JSON
        self._peek()
        while True:
            start = self._at
            try:
                value, end = DECODER.raw_decode(self._buffer, start)
            except BROKEN as error:
                if self._is_cut(error) and self._more():
                    continue
                offset = getattr(error, "pos", start) - start
                raise self._unreadable(self._at + offset) from None
            # A number at the end of what was read may go on behind it.
            if end == len(self._buffer) and self._more():
                continue
            self._at += end - start
            return value

    def _is_cut(self, error: Exception) -> bool:
        """Whether a value only looks broken, because more of it follows: it breaks at the end."""
        if not isinstance(error, json.JSONDecodeError):
            return False
        near = error.pos > len(self._buffer) - LONGEST_WORD
        return near or error.msg.startswith("Unterminated string")

    def _more(self) -> bool:
        """Read on; false at the end of the text."""
        self._line_at(self._at)
        rest = self._buffer[self._at :]
        if len(rest) > MAX_VALUE:
            raise UnreadableFile(
                f"The value that begins on line {self._line:,} is longer than "
                f"{MAX_VALUE >> 20} Mi characters: save one row per line, as JSON lines."
            )
        chunk = self._handle.read(max(CHUNK, len(rest)))
        self._buffer, self._at, self._counted = rest + chunk, 0, 0
        return bool(chunk)

    def _line_at(self, position: int) -> int:
        if position > self._counted:
            self._line += self._buffer.count("\n", self._counted, position)
            self._counted = position
        return self._line

    def _unreadable(self, position: int) -> UnreadableFile:
        line = self._line + self._buffer.count("\n", self._counted, position)
        if position >= len(self._buffer.rstrip(BETWEEN)):
            return UnreadableFile(
                f"The JSON ends on line {line:,} in the middle of a value: upload all of it."
            )
        return UnreadableFile(f"Line {line:,} is no JSON: correct it, or export the file again.")
