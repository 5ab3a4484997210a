"""The lines that a file is recognised by: its beginning, in which very long cells are cut short.

A quoted cell over thousands of lines would leave nothing else to be seen of the table. So it is
looked for where quotes stay open for long, and put in as one line of the sample.
"""

import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from leonidas_jupyter.data.closings import Closings
from leonidas_jupyter.data.errors import UnreadableFile
from leonidas_jupyter.data.lines import line_end_of, physical_lines, split_lines, without_end
from leonidas_jupyter.data.records import LINE_COST, MAX_CELL, records, too_long
from leonidas_jupyter.data.tokens import Record, Tokenizer

HEAD = 1 << 18
"""How much of the beginning is looked at, in bytes; more where lines are long."""

LONGEST_HEAD = 1 << 24
ENOUGH_LINES = 40
FEW_LINES = 6
LONG_CELL = 300
"""A quoted cell over more lines than this is cut short."""

KEPT_LINES = 20
COMPARED_LINES = 200
ALIKE = 0.7
MARKS = ",;\t|"


@dataclass
class Sample:
    """Lines with their ends, the number (from 1) of each, and of the one behind the last.

    ``whole`` says that they are all of the file; ``newline`` is as ``line_end_of`` gives it.
    """

    lines: list[str]
    numbers: list[int]
    whole: bool
    newline: str

    def records(self, tokenizer: Tokenizer, width: int, most: int) -> Iterator[Record]:
        """The records of at most so many lines, but for one that the sample's end cuts."""
        lines = self.lines[:most]
        all_there = self.whole and len(lines) == len(self.lines)
        for record in records(lines, tokenizer, width):
            first = record.line - 1
            near_end = 0 < len(lines) - LONG_CELL <= first
            if record.open_quote and near_end and not all_there:
                return
            record.line = self.numbers[first]
            record.lines = self.numbers[first + record.lines] - record.line
            yield record

    def before(self, number: int) -> list[str]:
        """The lines up to a number."""
        return [line for line, its in zip(self.lines, self.numbers, strict=False) if its <= number]


def _head(path: Path) -> tuple[str, bool]:
    """The file's beginning, long enough for some rows, and whether that is all of it.

    Raises:
        UnreadableFile: the first line is longer than any row should be.
    """
    size = path.stat().st_size
    length = HEAD
    with path.open("rb") as handle:
        raw = handle.read(length)
        while len(raw) < size and length < LONGEST_HEAD and _line_count(raw) < ENOUGH_LINES:
            length *= 4
            raw += handle.read(length - len(raw))
    if len(raw) < size and _line_count(raw) == 0:
        raise UnreadableFile(
            f"Line 1 is longer than {len(raw) // 2**20} MiB, so this is no table of rows: "
            "check the file's line ends, or export it again."
        )
    return raw.decode("utf-8", "ignore"), len(raw) >= size


def _line_count(raw: bytes) -> int:
    return max(raw.count(b"\n"), raw.count(b"\r"))


def sample_lines(path: Path, quote: str, most: int) -> Sample:
    """The lines of the file's beginning; with very long cells as one line each, ``most`` lines.

    Raises:
        UnreadableFile: there is nothing to be seen.
    """
    head, whole = _head(path)
    newline = line_end_of(head)
    lines = split_lines(head, newline)
    if not whole and len(lines) > 1:
        lines.pop()  # more of it follows
    if not any(line.strip() for line in lines):
        raise UnreadableFile("The file holds only blank lines: upload it again with its content.")
    if quote and _runs_on(lines[:most], whole, quote):
        return _Gathering(path, newline, quote).sample(most)
    if quote and not whole:
        lines = _without_torn_end(lines, _LooseQuotes(quote))
    return Sample(lines, list(range(1, len(lines) + 2)), whole, newline)


def _runs_on(lines: list[str], whole: bool, quote: str) -> bool:
    """Whether quotes stay open over very many lines, or over most of what there is to be seen."""
    opened: int | None = None
    for number, line in enumerate(lines):
        if line.count(quote) % 2:
            opened = number if opened is None else None
        elif opened is not None and number - opened > LONG_CELL:
            return True
    if whole or opened is None:
        return False
    return 2 * sum(map(len, lines[opened:])) > sum(map(len, lines))


def _without_torn_end(lines: list[str], quotes: "_LooseQuotes") -> list[str]:
    """The lines up to a quoted cell that goes on behind the last one."""
    opened: int | None = None
    for number, line in enumerate(lines):
        if quotes.odd(line):
            opened = number if opened is None else None
    if not opened or len(lines) - opened > LONG_CELL or not quotes.opens(lines[opened]):
        return lines
    return lines[:opened]


class _LooseQuotes:
    """Quotes on lines whose delimiter is not known yet: any sign that is no letter may be one."""

    def __init__(self, quote: str) -> None:
        self.quote = quote
        sign = re.escape(quote)
        self._opens = re.compile(rf"(?:^|[^\w\s{sign}]|\t)[ ]*{sign}")
        self._closes = re.compile(rf"{sign}[ ]*(?:$|[^\w\s{sign}]|\t)")

    def odd(self, line: str) -> bool:
        return line.count(self.quote) % 2 == 1

    def opens(self, line: str) -> bool:
        return self.odd(line) and self._opens.search(line) is not None

    def closes(self, line: str) -> bool:
        return self._closes.search(without_end(line)) is not None


class _Gathering:
    """Goes through a file from its beginning until a sample is together."""

    def __init__(self, path: Path, newline: str, quote: str) -> None:
        self._path = path
        self._newline = newline
        self._quotes = _LooseQuotes(quote)
        self._closings = Closings(path, newline, self._quotes)
        self._lines: list[str] = []
        self._numbers: list[int] = []
        self._next = 1
        self._size = self._left_out = 0

    def sample(self, most: int) -> Sample:
        """At most so many lines."""
        with self._path.open(encoding="utf-8", errors="replace", newline="") as handle:
            source = physical_lines(handle, self._newline)
            pending: deque[str] = deque()
            whole = False
            while len(self._lines) < most and not self._enough():
                line = pending.popleft() if pending else next(source, None)
                if line is None:
                    whole = True
                    break
                taken = 1
                if self._quotes.opens(line):
                    line, taken = self._cell(line, pending, source)
                self._lines.append(line)
                self._numbers.append(self._next)
                self._next += taken
                self._size += len(line)
        numbers = [*self._numbers, self._next]
        return Sample(self._lines, numbers, whole, self._newline)

    def _enough(self) -> bool:
        """Whether to leave it at the lines there are; a few are needed in any case."""
        if self._left_out > LONGEST_HEAD and len(self._lines) >= FEW_LINES:
            return True
        return self._size > HEAD and len(self._lines) >= ENOUGH_LINES

    def _cell(self, line: str, pending: deque[str], source: Iterator[str]) -> tuple[str, int]:
        """A line with all the lines of the cell that it opens, cut short, and how many it takes.

        It is alone where the cell is not long, and where the quote may be a stray.
        """
        ahead: list[str] = []
        size, odd = len(line), True
        while len(ahead) < LONG_CELL or self._goes_on(ahead, size, odd):
            following = pending.popleft() if pending else next(source, None)
            if following is None:
                break
            ahead.append(following)
            size += len(following)
            odd ^= self._quotes.odd(following)
            if not odd and self._quotes.closes(following):
                if len(ahead) <= LONG_CELL or self._rows(ahead[:-1]):
                    break
                return self._short(line, ahead), 1 + len(ahead)
        pending.extendleft(reversed(ahead))
        return line, 1

    def _goes_on(self, ahead: list[str], size: int, odd: bool) -> bool:
        """Whether a quote that has stayed open over very many lines opens a cell that ends.

        Raises:
            UnreadableFile: it is larger than memory allows.
        """
        lines = len(ahead)
        if lines == LONG_CELL and self._rows(ahead):
            return False
        if lines == LONG_CELL or size + LINE_COST * lines > MAX_CELL:
            if not self._closings.after(self._next + lines, odd):
                return False
            if lines > LONG_CELL:
                raise too_long(self._next)
        return True

    def _short(self, line: str, ahead: list[str]) -> str:
        left_out = ahead[KEPT_LINES:-1]
        self._left_out += sum(map(len, left_out))
        if sum(each.count(self._quotes.quote) for each in left_out) % 2:
            return "".join([line, *ahead])
        return "".join([line, *ahead[:KEPT_LINES], ahead[-1]])

    def _rows(self, inside: list[str]) -> bool:
        """Whether the lines look like the rows before them: as many of one mark in nearly all."""
        outside = [line for line in self._lines[-COMPARED_LINES:] if line.strip()]
        step = max(1, len(inside) // COMPARED_LINES)
        for mark in MARKS:
            usual, share = _usual([line.count(mark) for line in outside])
            if usual and share >= ALIKE:
                counts = [line.count(mark) for line in inside[::step] if line.strip()]
                return counts.count(usual) >= ALIKE * len(counts)
        return False


def _usual(counts: list[int]) -> tuple[int, float]:
    """The most frequent number, and its share."""
    if not counts:
        return 0, 0.0
    number, count = Counter(counts).most_common(1)[0]
    return number, count / len(counts)


def outside_cell(lines: list[str], quote: str) -> list[str]:
    """Lines from the middle of a file without those that belong to a cell begun before them."""
    if not quote:
        return lines
    # Words stand before a quote that closes a cell; a delimiter, or nothing, before one that opens.
    closes = re.compile(rf"^[^{re.escape(quote)}]*[\w.!?)\]]{re.escape(quote)}[ ]*(?:$|[^\w\s])")
    for number, line in enumerate(lines):
        if line.count(quote) % 2:
            return lines[number + 1 :] if closes.match(line.rstrip("\r\n")) else lines
    return lines
