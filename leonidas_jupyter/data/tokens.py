"""Lines into fields, forgivingly: stray and unclosed quotes become part of their cell."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from leonidas_jupyter.data.lines import line_ends, without_end

LONG_RECORD = 100_000
OPENING_TRIES = 20
"""How many quotes that never close are tried in a record of more characters than that: each try
reads the rest of it, and under a wrong delimiter every quoted word of a long text is one.
"""


@dataclass(frozen=True)
class Syntax:
    """How fields are separated and quoted; ``escape == quote`` means that quotes are doubled."""

    delimiter: str
    quote: str = '"'
    escape: str = '"'
    skip_space: bool = False


@dataclass
class Record:
    """One row as read: the line that it begins on (from 1), its text and its fields.

    ``lines`` is how many physical lines it takes; ``open_quote`` says that a quote opens a cell in
    it and is never closed.
    """

    line: int
    text: str
    fields: list[str]
    lines: int = 1
    open_quote: bool = False


class Tokenizer:
    """Splits text into fields under one syntax."""

    def __init__(self, syntax: Syntax, *, bare_quotes: bool = False) -> None:
        """With ``bare_quotes``, two quotes before a delimiter are a quote and the closing one."""
        self.syntax = syntax
        self._bare: Tokenizer | None = None
        if syntax.quote and not bare_quotes:
            self._bare = Tokenizer(syntax, bare_quotes=True)
        self._delimiter = syntax.delimiter
        quote, escape = re.escape(syntax.quote), re.escape(syntax.escape)
        end = re.escape(syntax.delimiter)
        pad = "" if syntax.delimiter == " " else "[ ]*"
        self._plain = re.compile(rf"[ ]*([^{end}]*)" if syntax.skip_space else rf"([^{end}]*)")
        if len(syntax.delimiter) > 1:
            self._plain = re.compile(rf"((?:(?!{end}).)*)", re.S)
        self._quoted: re.Pattern[str] | None = None
        self._closing: re.Pattern[str] | None = None
        self._unescape: re.Pattern[str] | None = None
        if syntax.quote:
            # A quote inside closes the field only where a delimiter or the end follows. What the
            # look-ahead finds is not tried again: else unclosed quotes take exponential time. (A
            # possessive repetition would say the same, but matches wrongly before Python 3.11.5.)
            last = rf"{pad}(?:{end}|\Z)"
            stop = rf"{quote}(?!{last})"
            escaped = rf"|{escape}." if syntax.escape and syntax.escape != syntax.quote else ""
            doubled = rf"|{quote}{quote}(?!{last})" if bare_quotes else rf"|{quote}{quote}"
            inside = rf"[^{quote}{escape}]+"
            body = rf"(?=((?:{inside}{escaped}{doubled}|{stop})*))(?:\1)"
            # A space before an opening quote belongs to no cell, whatever else is so in the file.
            lead = pad
            self._quoted = re.compile(rf"{lead}{quote}{body}{quote}{pad}(?={end}|\Z)", re.S)
            self._opening = re.compile(rf"{lead}{quote}")
            self._reopening = re.compile(rf"{end}{pad}{quote}(?!{quote}|{last})")
            self._closing = re.compile(rf"{quote}{pad}(?:{end}|\Z)")
            if escaped:
                self._unescape = re.compile(rf"{escape}([{quote}{escape}])|{quote}{quote}", re.S)

    def split(self, text: str, literal: frozenset[int] = frozenset()) -> tuple[list[str], bool]:
        """The fields of a record, and whether a quoted one is left open.

        Quotes that open at a position in ``literal`` are read as ordinary characters.
        """
        if self._quoted is None or self.syntax.quote not in text:
            return self._split_plain(text), False
        fields: list[str] = []
        open_quote = False
        for start, end, content, quoted in self._walk(text, literal):
            fields.append(self._clean(content) if quoted else content)
            if not quoted and start not in literal and start < end:
                open_quote = open_quote or self._opening.match(text, start) is not None
        return fields, open_quote

    def _walk(
        self, text: str, literal: frozenset[int] = frozenset()
    ) -> Iterator[tuple[int, int, str, bool]]:
        assert self._quoted is not None  # noqa: S101 - for the type checker; split() looked
        position, width = 0, len(self._delimiter)
        tries = OPENING_TRIES if len(text) > LONG_RECORD else len(text) + 1
        while True:
            bare = position in literal or not tries
            found = None if bare else self._quoted.match(text, position)
            quoted = found is not None
            if found is None:
                tries -= not bare and self._opening.match(text, position) is not None
                found = self._plain.match(text, position)
            assert found is not None  # noqa: S101 - a plain field may be empty, so it matches
            yield position, found.end(), found[1], quoted
            position = found.end()
            if position >= len(text):
                return
            position += width
            if position == len(text):
                yield position, position, "", False
                return

    def _split_plain(self, text: str) -> list[str]:
        fields = text.split(self._delimiter)
        return [field.lstrip(" ") for field in fields] if self.syntax.skip_space else fields

    def _clean(self, content: str) -> str:
        quote = self.syntax.quote
        if self._unescape is not None:
            return self._unescape.sub(lambda found: found[1] or quote, content)
        return content.replace(quote + quote, quote)

    @property
    def quote(self) -> str:
        """The quote of the syntax."""
        return self.syntax.quote

    def closes(self, line: str) -> bool:
        """Whether a quoted field that began on an earlier line may end on this one."""
        return self._closing is not None and self._closing.search(without_end(line)) is not None

    def odd(self, line: str) -> bool:
        """Whether an odd number of quotes, but for escaped ones, stand in a line."""
        quote, escape = self.syntax.quote, self.syntax.escape
        escaped = line.count(escape + quote) if escape and escape != quote else 0
        return (line.count(quote) - escaped) % 2 == 1

    def quoted(self, text: str) -> list[bool]:
        """Which fields of a record are quoted."""
        if self._quoted is None:
            return [False] * len(self._split_plain(text))
        return [quoted for _, _, _, quoted in self._walk(text)]

    def strict(self, text: str) -> bool:
        """Whether every quote opens a field, closes it, or is doubled or escaped within it."""
        quote, escape = self.syntax.quote, self.syntax.escape or self.syntax.quote
        return not any(
            quote in (content.replace(escape + quote, "") if quoted else content)
            for _, _, content, quoted in self._walk(text)
        )

    def reopens(self, text: str) -> bool:
        """Whether a quote opens in a cell of lines as if none were open: the first is a stray."""
        # As it is written: quotes that are doubled or escaped open nothing.
        cells = (content for _, _, content, _ in self._walk(text))
        return self._reopening.search(max(cells, key=line_ends)) is not None

    def repair(self, text: str, expected: int) -> list[str] | None:
        """Fields that fit the table, if reading one quote as an ordinary character makes them."""
        if self._quoted is None or self._bare is None:
            return None
        fields, open_quote = self._bare.split(text)
        if len(fields) == expected and not open_quote:
            return fields
        starts = [start for start, _, _, quoted in self._walk(text) if quoted]
        for start in starts:
            fields, open_quote = self.split(text, frozenset((start,)))
            if len(fields) == expected and not open_quote:
                return fields
        return None
