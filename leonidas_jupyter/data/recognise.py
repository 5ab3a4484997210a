"""How a plain text file is written: syntax and layout from its beginning, middle and end."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from leonidas_jupyter.data.dialect import Dialect, DialectOverride
from leonidas_jupyter.data.errors import UnreadableFile
from leonidas_jupyter.data.footers import footer_rows, looks_total
from leonidas_jupyter.data.headings import column_names
from leonidas_jupyter.data.layout import (
    Layout,
    column_kinds,
    commented,
    find_comment,
    find_layout,
    name_from_comment,
)
from leonidas_jupyter.data.lines import split_lines
from leonidas_jupyter.data.records import records
from leonidas_jupyter.data.sampling import HEAD, outside_cell, sample_lines
from leonidas_jupyter.data.sniff import NOWHERE, SAMPLE_ROWS, Reading, best_reading
from leonidas_jupyter.data.stacked import next_table, same_header
from leonidas_jupyter.data.tokens import Record, Syntax, Tokenizer

SAMPLE_LINES = 5 * SAMPLE_ROWS
PROBE = 1 << 16
PROBES = 4
"""How many places after the beginning are looked at for what columns hold, and how much at each."""

MAX_COLUMNS = 50_000


@dataclass
class Recognition:
    """A file's dialect and what else reading it needs. ``sample`` are rows that fit the table.

    ``even_start`` says that no line before the data leaves a quote open, and that all of them end
    alike: else DuckDB, which skips rows and not lines, would skip the whole file with them.
    ``end_line`` is the physical line that another table begins on, 0 where there is none;
    ``repeats`` says that the header comes again.
    """

    dialect: Dialect
    syntax: Syntax
    layout: Layout
    names: list[str]
    written: list[str]
    line_end: str
    even_start: bool = True
    end_line: int = 0
    repeats: bool = False
    sample: list[list[str]] = field(default_factory=list)

    @property
    def width(self) -> int:
        """The number of columns."""
        return len(self.names)

    @property
    def lines_before(self) -> int:
        """How many physical lines stand before the first data row."""
        return self.layout.skip_rows + self.layout.header_lines


def examine(path: Path, override: DialectOverride | None) -> Recognition:
    """Recognise a UTF-8 text file without a byte order mark.

    Raises:
        UnreadableFile: it has no text, a first line beyond all measure, or too many columns.
    """
    said = override or DialectOverride()
    sample = sample_lines(path, '"' if said.quote is None else said.quote, SAMPLE_LINES)
    lines, newline, whole = sample.lines, sample.newline, sample.whole
    reading = best_reading(_without_comments(lines, said), said.delimiter, said.quote)
    syntax = _syntax(reading, said)
    tokenizer = Tokenizer(syntax)
    rows = list(sample.records(tokenizer, reading.width, SAMPLE_LINES))
    comment = find_comment(rows, reading.width) if said.comment is None else said.comment
    all_rows = [row for row in rows if row.text.strip()]
    rows = [row for row in all_rows if not _begins(row, comment)]
    if not rows:
        raise UnreadableFile("The file holds only comments: upload it again with its data.")
    layout = find_layout(rows, reading.width, said.header_rows, said.skip_rows)
    if said.header_rows is None and said.skip_rows is None:
        above = [row for row in all_rows if row.line <= layout.skip_rows]
        name_from_comment(layout, above, tokenizer)
    layout.comment, layout.comment_said = comment, said.comment is not None
    names, written = column_names(_shifted(layout), layout.width)
    if len(names) > MAX_COLUMNS:
        raise UnreadableFile(
            f"Line {layout.skip_rows + 1:,} has {len(names):,} columns, more than the "
            f"{MAX_COLUMNS:,} that a frame may have: check the delimiter, or turn the table around."
        )
    dialect = _dialect(syntax, layout, newline, said)
    found = Recognition(dialect, syntax, layout, names, written, newline)
    before = sample.before(found.lines_before)
    ends = {line.endswith("\r\n") for line in before}
    odd = any(line.count(syntax.quote) % 2 for line in before if syntax.quote)
    found.even_start = len(ends) < 2 and not odd
    if (larger := _larger_below(path, found, said, _look_between(found, said))) is not None:
        return larger
    complete = (whole and len(lines) <= SAMPLE_LINES) or found.end_line > 0
    _look_at_end(found.layout.body if complete else _tail(path, found), complete, found, said)
    if not whole and not found.end_line:
        found.sample += list(_probe(path, found))
    return found


def _odd_signs(syntax: Syntax, said: DialectOverride) -> list[str]:
    """What is worth a word of how cells are quoted."""
    odd = []
    if said.quote is None and syntax.quote not in ("", '"'):
        odd.append(f"Cells are taken to be quoted by {syntax.quote}, which is not part of them.")
    if said.escape is None and syntax.escape == "\\":
        odd.append("A backslash before a quote is taken to escape it, and is left out.")
    return odd


def _dialect(syntax: Syntax, layout: Layout, newline: str, said: DialectOverride) -> Dialect:
    return Dialect(
        delimiter="," if syntax.delimiter == NOWHERE else syntax.delimiter,
        quote=syntax.quote,
        escape=syntax.escape,
        skip_space=syntax.skip_space,
        newline={"any": "\n"}.get(newline, newline),
        comment=layout.comment,
        skip_rows=layout.skip_rows,
        header_rows=len(layout.header),
        assumed=layout.assumed + _odd_signs(syntax, said),
    )


def _without_comments(lines: list[str], said: DialectOverride) -> list[str]:
    """The lines that syntax is judged by."""
    kept = [line for line in lines if line.strip()]
    if said.skip_rows:
        kept = [line for line in lines[said.skip_rows :] if line.strip()]
    plain = list(_outside_comments(kept, said.comment or "#", said.quote or '"'))
    return plain if len(plain) >= 2 else kept


def _outside_comments(lines: list[str], sign: str, quote: str) -> Iterator[str]:
    """The lines that are no comments; a line within a quoted cell is none, however it begins."""
    quoted = False
    for line in lines:
        if quoted or not line.startswith(sign):
            quoted ^= line.count(quote) % 2 == 1
            yield line


def _syntax(reading: Reading, said: DialectOverride) -> Syntax:
    found = reading.syntax
    escape = found.escape if said.escape is None else said.escape
    return Syntax(found.delimiter, found.quote, escape, found.skip_space)


def _begins(row: Record, comment: str) -> bool:
    return bool(comment) and row.text.startswith(comment)


def _shifted(layout: Layout) -> list[list[str]]:
    """The header rows; where one name too few stands over full rows, the first is unnamed.

    R writes row names so: a header of one field less than the rows have.
    """
    named = max(map(len, layout.header), default=layout.width)
    surplus = [cell for row in layout.header for cell in row[layout.width :] if cell.strip()]
    if surplus:
        layout.assumed.append(
            f"The header has {named} names over {layout.width} columns; some are left out."
        )
    if named >= layout.width or not layout.body:
        return layout.header
    if named != layout.width - 1 or layout.kinds[-1] == "empty":
        layout.assumed.append(
            f"The header names {named} of {layout.width} columns; the others are numbered."
        )
        return layout.header
    layout.assumed.append("The first column has no name: row names, as R writes them.")
    return [["", *row] for row in layout.header]


def _look_at_end(
    tail: list[Record], complete: bool, found: Recognition, said: DialectOverride
) -> None:
    """Find notes and empty rows at the end, and say so; a ``complete`` tail is all of the body."""
    longest = _longest(found)
    # A short table is not all footer.
    limit = len(tail) - 1
    count = said.footer_rows
    if count is None:
        count = footer_rows(tail[-limit:], found.width, longest) if limit > 0 else 0
        notes = [row for row in tail[len(tail) - count :] if any(map(str.strip, row.fields))]
        if notes:
            found.dialect.assumed.append(
                f"What follows the last row of data is left out: “{_short(notes[0])}”."
            )
        elif count:
            found.dialect.assumed.append(f"Empty rows at the end are left out: {count:,}.")
    found.dialect.footer_rows = count
    last = tail[limit - count] if limit - count > 1 else None
    if complete and count:
        del found.layout.body[len(found.layout.body) - count :]
        found.sample = [r.fields for r in found.layout.body if len(r.fields) == found.width]
    if last is not None and looks_total(last.fields):
        found.dialect.total_at = count + 1
        found.dialect.assumed.append(
            f"The last row looks like a total (“{_short(last)}”); it is kept as a row."
        )


def _larger_below(
    path: Path, found: Recognition, said: DialectOverride, rows: int
) -> Recognition | None:
    """What is found of a table below with more ``rows`` than the first one, and a word on it."""
    if said.skip_rows is not None or rows <= len(found.layout.body):
        return None
    other = examine(path, said.model_copy(update={"skip_rows": found.end_line - 1}))
    other.dialect.assumed.append(
        f"A smaller table stands above, up to line {found.end_line - 1:,}; it is left out. To have "
        "it instead, say skip_rows 0."
    )
    return other


def _look_between(found: Recognition, said: DialectOverride) -> int:
    """Find another table below the first one, and headers that come again, and say so.

    Returns how many rows the other table has in the sample.
    """
    layout = found.layout
    below = 0
    start = next_table(layout) if said.footer_rows is None else None
    if start is not None:
        row = layout.body[start]
        found.end_line, below = row.line, len(layout.body) - start - 1
        del layout.body[start:]
        layout.kinds = column_kinds([each.fields for each in layout.body], found.width)
        found.dialect.assumed.append(
            f"Another table begins in line {row.line:,} (“{_short(row)}”); it is left out. To have "
            f"it instead, say skip_rows {row.line - 1:,}; to keep all as one table, footer_rows 0."
        )
    again = [row for row in layout.body if same_header(row, layout.header)]
    if again and said.header_rows is None and found.width > 1:
        found.repeats = True
        layout.body = [row for row in layout.body if not same_header(row, layout.header)]
    found.sample = [row.fields for row in layout.body if len(row.fields) == found.width]
    return below


def _longest(found: Recognition) -> list[int]:
    """The longest cell of each column, in rows that have more than one."""
    rows = [row for row in found.sample[:2000] if sum(1 for cell in row if cell.strip()) > 1]
    if found.width > 2000:
        return []
    return [max((len(row[i]) for row in rows), default=0) for i in range(found.width)]


def _short(row: Record) -> str:
    text = " ".join(" ".join(row.fields).split())
    return text if len(text) <= 40 else text[:39] + "…"


def _tail(path: Path, found: Recognition) -> list[Record]:
    """The last rows of a large file."""
    size = path.stat().st_size
    lines = _lines_at(path, max(0, size - PROBE), found)
    rows = records(lines, Tokenizer(found.syntax), found.width, comment=found.dialect.comment)
    return [row for row in rows if row.text.strip() and not commented(row, found.layout)]


def _lines_at(path: Path, start: int, found: Recognition) -> list[str]:
    """The whole lines in a part of the file, without those of a cell begun before them."""
    with path.open("rb") as handle:
        handle.seek(start)
        raw = handle.read(PROBE)
        at_end = not handle.read(1)
    lines = split_lines(raw.decode("utf-8", "ignore"), found.line_end)
    return outside_cell(lines[1:] if at_end else lines[1:-1], found.syntax.quote)


def _probe(path: Path, found: Recognition) -> Iterator[list[str]]:
    """Rows from later parts of a large file, for what its columns hold."""
    size = path.stat().st_size
    tokenizer = Tokenizer(found.syntax)
    footer = found.dialect.footer_rows
    for number in range(1, PROBES + 1):
        start = min(size * number // PROBES, size - PROBE)
        lines = _lines_at(path, max(start, HEAD), found)
        rows = [row.fields for row in records(lines, tokenizer, found.width)]
        if 2 * sum(len(row) == found.width for row in rows) < len(rows):
            continue  # probably within a cell of very many lines
        if number == PROBES and footer:
            rows = rows[:-footer]
        yield from (row for row in rows if len(row) == found.width)
