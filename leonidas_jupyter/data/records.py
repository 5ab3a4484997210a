"""Physical lines into records: where a quoted cell runs over lines, and where a quote is a stray.

Within some thousand lines the first place that may end a cell decides. What goes on for longer is a
stray quote when the lines look like rows of the table, or when no cell could end in all the rest of
the file; else it is one long cell, and kept whole, up to a size that memory allows.
"""

import itertools
from collections.abc import Iterable, Iterator

from leonidas_jupyter.data.closings import Closings
from leonidas_jupyter.data.errors import UnreadableFile
from leonidas_jupyter.data.lines import MAX_LINE, without_end
from leonidas_jupyter.data.tokens import Record, Tokenizer

NEAR_LINES = 2000
NEAR_CHARACTERS = 8 * 1024 * 1024
"""How far a quoted cell runs over lines before more than the next place to end it is asked for."""

MAX_CELL = MAX_LINE
"""How large a cell over lines may be, in characters and what each line takes beside them."""

LINE_COST = 64
"""What a line takes in memory beside its characters."""

COMPARED_LINES = 200
"""How many of the lines behind a quote are compared with the table's rows."""

CLOSING_TRIES = 20
"""How many lines that might close a quoted cell are tried where quotes are odd in number so far,
and as many where they are even. Each try reads the whole cell again: long ones would take ages.
"""


def records(
    lines: Iterable[str],
    tokenizer: Tokenizer,
    expected: int | None = None,
    first_line: int = 1,
    comment: str = "",
    closings: Closings | None = None,
) -> Iterator[Record]:
    """The records of physical lines, which come with their ends.

    How many fields are ``expected`` decides where quotes are odd. A line that begins with
    ``comment`` stands for itself: no quote in it reaches into the next line. ``closings`` are those
    of the whole file; without them no cell runs over very many lines.

    Raises:
        UnreadableFile: a quoted cell over lines is larger than memory allows.
    """
    source = iter(lines)
    quote = tokenizer.syntax.quote
    number = first_line
    pending: list[str] = []
    while True:
        line = pending.pop() if pending else next(source, None)
        if line is None:
            return
        text, taken = without_end(line), 1
        if not quote or quote not in line or (comment and line.startswith(comment)):
            yield Record(number, text, tokenizer.split(text)[0])
            number += 1
            continue
        fields, open_quote = tokenizer.split(text)
        if open_quote:
            strict = len(fields) == expected
            ahead = _Ahead(line, number, tokenizer, expected, closings)
            more = ahead.search(source, pending, strict)
            if more is not None:
                text, taken = more
                fields, open_quote = tokenizer.split(text)
        if expected is not None and len(fields) != expected and not tokenizer.strict(text):
            fields = tokenizer.repair(text, expected) or fields
        yield Record(number, text, fields, taken, open_quote)
        number += taken


def too_long(line: int) -> UnreadableFile:
    """What is said of a cell over lines that memory cannot hold; ``line`` is where it begins."""
    return UnreadableFile(
        f"The quoted cell that begins in line {line:,} is longer than {MAX_CELL // 2**20} Mi "
        "characters: close its quote if it should end before, or leave the cell out."
    )


class _Ahead:
    """Looks on the lines behind one for the end of the quoted cell that begins there."""

    def __init__(
        self,
        line: str,
        number: int,
        tokenizer: Tokenizer,
        expected: int | None,
        closings: Closings | None,
    ) -> None:
        self._line = line
        self._number = number
        self._tokenizer = tokenizer
        self._expected = expected
        self._closings = closings
        self._ahead: list[str] = []
        self._characters = len(line)
        self._odd = tokenizer.odd(line)
        self._tries = [0, 0]
        self._far = False

    def search(
        self, source: Iterator[str], pending: list[str], strict: bool
    ) -> tuple[str, int] | None:
        """The record's text and how many lines it runs over; None for a stray quote.

        With ``strict`` only a record of the expected width will do, since the line alone has it,
        too. Lines looked at in vain go back to ``pending``, which is read from its end.

        Raises:
            UnreadableFile: the cell is larger than memory allows.
        """
        waiting = itertools.chain((pending.pop() for _ in range(len(pending))), source)
        result = None
        for following in waiting:
            self._take(following)
            if self._may_close(following):
                text = without_end("".join([self._line, *self._ahead]))
                fields, open_quote = self._tokenizer.split(text)
                if self._tokenizer.reopens(text):
                    break
                if not open_quote:
                    if self._is_record(len(fields), strict):
                        result = (text, 1 + len(self._ahead))
                    break
            if not self._goes_on():
                break
        if result is None:
            pending.extend(reversed(self._ahead))
        return result

    def _take(self, following: str) -> None:
        self._ahead.append(following)
        self._characters += len(following)
        self._odd ^= self._tokenizer.odd(following)

    def _may_close(self, following: str) -> bool:
        if not self._tokenizer.closes(following) or self._tries[self._odd] >= CLOSING_TRIES:
            return False
        self._tries[self._odd] += 1
        return True

    def _is_record(self, found: int, strict: bool) -> bool:
        fits = self._expected is None or found == self._expected
        return fits or (not strict and _looks_whole(len(self._ahead), found, self._expected))

    def _goes_on(self) -> bool:
        """Whether to look at more lines."""
        if self._tries[False] >= CLOSING_TRIES:
            return False
        if not self._far:
            near = len(self._ahead) < NEAR_LINES and self._characters <= NEAR_CHARACTERS
            if near:
                return True
            if self._closings is None or self._rows_follow() or not self._ends_later():
                return False
            self._far = True
        elif self._characters + LINE_COST * len(self._ahead) > MAX_CELL:
            if not self._ends_later():
                return False
            raise too_long(self._number)
        return True

    def _ends_later(self) -> bool:
        assert self._closings is not None  # noqa: S101 - for the type checker
        return self._closings.after(self._number + len(self._ahead), self._odd)

    def _rows_follow(self) -> bool:
        """Whether the lines behind the quote are rows of the table's width each."""
        if self._expected is None or self._expected < 2:
            return False
        step = max(1, len(self._ahead) // COMPARED_LINES)
        some = [line for line in self._ahead[::step] if line.strip()]
        fitting = sum(
            len(self._tokenizer.split(without_end(line))[0]) == self._expected for line in some
        )
        return 2 * fitting >= len(some)


def _looks_whole(ahead: int, found: int, expected: int | None) -> bool:
    """Whether a record over lines that has not the expected width still is better kept whole.

    A stray quote swallows whole rows, so its record has the fields of more than one.
    """
    return expected is None or found < expected or (found < expected + 2 and ahead < 5)
