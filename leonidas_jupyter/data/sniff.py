"""Which delimiter, quote and escape a text uses: the one under which it looks most like a table.

As in CleverCSV (van den Burg, Nazábal, Sutton: Wrangling messy CSV files by detecting row and type
patterns, 2019), a reading is good when rows have equal widths and cells look like values. Unlike
there, the share of rows that agree counts and not the number of different widths, so that preambles
and a few ragged rows do not turn the scale.
"""

import re
from collections import Counter
from dataclasses import dataclass

from leonidas_jupyter.data.cellkinds import kind
from leonidas_jupyter.data.lines import without_end
from leonidas_jupyter.data.records import records
from leonidas_jupyter.data.tokens import Record, Syntax, Tokenizer

DELIMITERS: dict[str, float] = {
    ",": 1.0,
    ";": 1.0,
    "\t": 1.02,
    "|": 1.0,
    "\x1f": 1.0,
    "\x01": 1.0,
    "~": 0.9,
    "^": 0.9,
    "||": 1.05,
    "::": 1.0,
    ":": 0.7,
    " ": 0.65,
}
"""Candidates and how likely they are before the file is seen."""

NOWHERE = "\x00"
"""The delimiter of one column: it is in no text, since files with NUL are not read."""

UNCOMMON = re.compile(r" [|] |(?:(?![\s\w\"'.,()+$€£%-])[\x21-\x7e]|->|<-){2,4}|->|\t\t+|[¦§þ¬¶]")
"""What else may separate cells; each of its signs is nowhere else in the file's first lines."""

UNCOMMON_SCORE = 1.1
UNCOMMON_LINES = 40
MAX_TITLES = 3
"""Lines above a table that may lack an uncommon delimiter."""

SAMPLE_ROWS = 400
LONGEST_SAMPLE = 5 * SAMPLE_ROWS
SCORED_CELLS = 20_000
SINGLE_COLUMN_SCORE = 0.32
"""A delimiter that many lines lack must do better than this, or the file is one column."""

EVERY_LINE_SCORE = 0.05
"""The same for a delimiter that is in nearly every line."""

RARE_SCORE = 0.15
"""The same for a tab and for several signs, which running text has not."""

QUOTED_ROWS = 50

BARE = ("number", "date", "time", "null")
COMMON_IN_TEXT = (" ", ":")
FEW_COLUMNS = 4
"""Words and times hold spaces and colons: fewer columns than this prove nothing."""

TYPED = {"number": 1.0, "date": 1.0, "time": 1.0, "null": 1.0, "empty": 0.6, "token": 0.75}
UNTYPED = 0.35
"""What cells count for by their looks; running text is as good as anything can be in its place."""


@dataclass
class Reading:
    """The sample under one syntax: its records, the table's width, and how table-like that is."""

    syntax: Syntax
    rows: list[Record]
    width: int
    score: float


def best_reading(lines: list[str], delimiter: str | None, quote: str | None) -> Reading:
    """The most table-like reading of a sample; what a person has said is not guessed."""
    sample = lines[: _whole_rows(lines, quote or '"')]
    text = "\n".join(map(without_end, sample))
    candidates = [delimiter] if delimiter else [mark for mark in DELIMITERS if mark in text]
    if not delimiter:
        candidates = _whole_marks(text, candidates + _uncommon(sample, candidates))
    best: Reading | None = None
    for mark in candidates:
        for sign in [quote] if quote is not None else _quotes(text, mark):
            reading = _read(sample, mark, sign, text)
            if best is None or reading.score > best.score + 1e-9:
                best = reading
    if best is None or (delimiter is None and best.score < _needed(best)):
        sign = quote if quote is not None else '"'
        return _single_column(sample, sign)
    return best


def _whole_marks(text: str, candidates: list[str]) -> list[str]:
    """The candidates without those that stand nowhere but within a longer one.

    What is quoted may hold any signs, so it does not count.
    """
    bare = _outside_quotes(text)
    counts = {mark: bare.count(mark) for mark in candidates}
    return [
        mark
        for mark in candidates
        if not any(
            mark in longer
            and mark != longer
            and counts[mark] == counts[longer] * longer.count(mark) > 0
            for longer in candidates
        )
    ]


def _outside_quotes(text: str) -> str:
    """A text up to where all quotes are closed, with a letter for what is quoted."""
    lines = text.split("\n")
    open_quote, closed = False, 0
    for number, line in enumerate(lines, 1):
        open_quote ^= line.count('"') % 2 == 1
        closed = closed if open_quote else number
    return re.sub('"[^"]*"', "x", "\n".join(lines[:closed]))


def _uncommon(sample: list[str], common: list[str]) -> list[str]:
    """Signs in a row, and rare single ones, that stand equally often in every line.

    A few lines at the beginning may be without, a title, and one at the end, a note.
    """
    head = "\n".join(without_end(line) for line in sample[:UNCOMMON_LINES] if line.strip())
    lines = _outside_quotes(head).split("\n")
    kept = []
    for mark in dict.fromkeys(UNCOMMON.findall("\n".join(lines))):
        start = next(number for number, line in enumerate(lines) if mark in line)
        stop = len(lines) - (len(lines) > start + 3 and mark not in lines[-1])
        table = lines[start:stop]
        counts = {line.count(mark) for line in table}
        long = len(table) >= 3 and start <= MAX_TITLES
        if mark not in common and long and len(counts) == 1 and not _of_its_own(mark, table):
            kept.append(mark)
    return kept


def _of_its_own(mark: str, lines: list[str]) -> bool:
    """Whether a sign of the mark separates cells without the others.

    In a run of one sign any other shows it; among different signs it is as often in every line.
    """
    for sign in set(mark.strip(" ")):
        alone = [line.count(sign) - line.count(mark) * mark.count(sign) for line in lines]
        if any(alone) and (len(set(mark)) == 1 or len(set(alone)) == 1):
            return True
    return False


def _whole_rows(lines: list[str], quote: str) -> int:
    """How many lines to look at: a cell of many lines is not cut in the middle."""
    odd = False
    for number, line in enumerate(lines[:LONGEST_SAMPLE], 1):
        odd ^= line.count(quote) % 2 == 1
        if number >= SAMPLE_ROWS and not odd:
            return number
    # Stray quotes leave no place to cut, and no reason to look at more.
    return SAMPLE_ROWS


def _needed(reading: Reading) -> float:
    """The score that a delimiter needs to be believed."""
    rows = [row for row in reading.rows if row.text.strip()]
    whole = sum(len(row.fields) == 1 for row in rows)
    if _words_quoted(reading):
        return EVERY_LINE_SCORE
    if reading.syntax.delimiter in COMMON_IN_TEXT and reading.width < FEW_COLUMNS:
        return SINGLE_COLUMN_SCORE
    if whole <= 0.1 * len(rows) or _all_quoted(reading):
        return EVERY_LINE_SCORE
    rare = reading.syntax.delimiter == "\t" or len(reading.syntax.delimiter) > 1
    return RARE_SCORE if rare else SINGLE_COLUMN_SCORE


def _all_quoted(reading: Reading) -> bool:
    """Whether each cell of the rows that fit is quoted, which no running text is."""
    tokenizer = Tokenizer(reading.syntax)
    fitting = [row for row in reading.rows if len(row.fields) == reading.width][:QUOTED_ROWS]
    return len(fitting) > 2 and all(all(tokenizer.quoted(row.text)) for row in fitting)


def _words_quoted(reading: Reading) -> bool:
    """Whether every cell is quoted but for values, as R writes tables; running text is not so."""
    tokenizer = Tokenizer(reading.syntax)
    words = 0
    for row in [row for row in reading.rows if row.text.strip()][:QUOTED_ROWS]:
        quoted = tokenizer.quoted(row.text)
        if len(quoted) != len(row.fields):
            return False
        for cell, inside in zip(row.fields, quoted, strict=True):
            if not inside and kind(cell) not in BARE:
                return False
            words += inside
    return words > 1


def _quotes(text: str, delimiter: str) -> list[str]:
    """The quotes worth trying: the double one, and the single one where fields begin and end so."""
    found = ['"']
    opening = text.count(delimiter + "'") + text.count("\n'") + text.startswith("'")
    closing = text.count("'" + delimiter) + text.count("'\n") + text.endswith("'")
    if min(opening, closing) >= 2:
        found.append("'")
    return found


def _read(sample: list[str], delimiter: str, quote: str, text: str) -> Reading:
    syntax = Syntax(delimiter, quote, _escape(text, quote, delimiter))
    tokenizer = Tokenizer(syntax)
    rows = list(records(sample, tokenizer))
    if delimiter != " " and _spaced(rows, tokenizer):
        syntax = Syntax(delimiter, quote, syntax.escape, skip_space=True)
        rows = list(records(sample, Tokenizer(syntax)))
    width = table_width(rows)
    rows = list(records(sample, Tokenizer(syntax), width))
    return Reading(syntax, rows, width, _score(rows, width, syntax))


def _single_column(sample: list[str], quote: str) -> Reading:
    syntax = Syntax(NOWHERE, quote, quote)
    rows = list(records(sample, Tokenizer(syntax), 1))
    return Reading(syntax, rows, 1, SINGLE_COLUMN_SCORE)


def _escape(text: str, quote: str, delimiter: str) -> str:
    """A backslash where it stands before quotes in fields more often than quotes are doubled."""
    if not quote:
        return ""
    escaped = text.count("\\" + quote) - text.count("\\" + quote + delimiter)
    doubled = text.count(quote * 2) - text.count(delimiter + quote * 2 + delimiter)
    # An apostrophe after a backslash is found in any text; one alone proves nothing.
    return "\\" if escaped > max(doubled, quote == "'") else quote


def _spaced(rows: list[Record], tokenizer: Tokenizer) -> bool:
    """Whether a space follows nearly every delimiter, so that it belongs to it.

    A space before a quote is no part of the cell in any case, and says nothing.
    """
    after = [field for row in rows for field in _bare(row, tokenizer)[1:] if field]
    return len(after) > 1 and sum(field[0] == " " for field in after) >= 0.98 * len(after)


def _bare(row: Record, tokenizer: Tokenizer) -> list[str]:
    """A record's cells with nothing for those that are quoted."""
    quote = tokenizer.syntax.quote
    if not quote or quote not in row.text:
        return row.fields
    quoted = tokenizer.quoted(row.text)
    if len(quoted) != len(row.fields):
        return row.fields
    return ["" if inside else cell for cell, inside in zip(row.fields, quoted, strict=True)]


def table_width(rows: list[Record]) -> int:
    """How many columns most rows have; a blank line has none.

    Where widths differ and a wider first row is followed by rows that end early, its width counts.
    """
    widths = Counter(len(row.fields) for row in rows if row.text.strip())
    if not widths:
        return 1
    common, count = max(widths.items(), key=lambda item: (item[1] * min(item[0], 2), item[0]))
    total = sum(widths.values())
    first = next(len(row.fields) for row in rows if row.text.strip())
    if count < 0.7 * total and first == max(widths) and first > common:
        return first
    return common


def _score(rows: list[Record], width: int, syntax: Syntax) -> float:
    if width < 2:
        return 0.0
    body = [row for row in rows if row.text.strip()]
    start = next((i for i, row in enumerate(body) if len(row.fields) == width), 0)
    lead = min(start, 12)
    body = body[start:]
    fitting = [row.fields for row in body if len(row.fields) == width]
    agreement = len(fitting) / (len(body) + 0.5 * lead)
    looks = _looks(fitting, width)
    shape = (width - 0.8) / width
    quoted = 1.0 if syntax.quote == '"' else 0.97
    spaced = 1.03 if syntax.skip_space else 1.0
    wasted = _wasted_quotes([row for row in body if len(row.fields) == width], syntax)
    return (
        agreement**2
        * looks
        * shape
        * DELIMITERS.get(syntax.delimiter, UNCOMMON_SCORE)
        * quoted
        * spaced
        * wasted
    )


def _looks(fitting: list[list[str]], width: int) -> float:
    """How much the cells look like values, 0 to 1, columns counting alike."""
    rows = fitting[: max(20, SCORED_CELLS // width)]
    total = sum(TYPED.get(kind(cell), UNTYPED) for row in rows for cell in row)
    return total / (len(rows) * width)


def _wasted_quotes(fitting: list[Record], syntax: Syntax) -> float:
    """Less than 1 where quotes stay in the cells of many rows: they were meant to be read.

    Those within quoted cells were, and those that come in pairs amid a cell, as in JSON.
    """
    tokenizer = Tokenizer(syntax)
    rows = [_bare(row, tokenizer) for row in fitting[:200]]
    odd = sum(any(map(_cut, row)) for row in rows)
    return 1.0 - 0.8 * odd / max(len(rows), 1)


def _cut(cell: str) -> bool:
    """Whether a cell looks like part of a quoted one, or like a quoted one read as it stands."""
    if cell[:1] == "'" == cell[-1:]:
        return True
    return '"' in cell and (
        cell.count('"') % 2 == 1 or '"' in (cell.strip()[:1], cell.strip()[-1:])
    )
