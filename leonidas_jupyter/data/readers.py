"""A recognised text file as a relation of text columns ``c0, c1 …`` that DuckDB can read.

Clean files DuckDB reads itself, in parallel. Whatever is ragged, commented or oddly quoted is read
here, row by row, into a Parquet file of text, and each row that does not fit is reported.
"""

import io
import itertools
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from leonidas_jupyter.data.closings import Closings
from leonidas_jupyter.data.layout import commented
from leonidas_jupyter.data.lines import physical_lines
from leonidas_jupyter.data.plans import literal
from leonidas_jupyter.data.realign import Realigner
from leonidas_jupyter.data.recognise import Recognition
from leonidas_jupyter.data.records import records
from leonidas_jupyter.data.stacked import same_header
from leonidas_jupyter.data.tokens import Record, Tokenizer
from leonidas_jupyter.data.typing_pass import WIDE

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 20_000
BATCH_CELLS = 1_000_000
BATCH_CHARACTERS = 1 << 25
REPORTED = 10
REPORTED_TEXT = 200


class BadRow(BaseModel):
    """A row that does not fit the table. ``line`` counts from 1; ``text`` is cut."""

    line: int
    text: str
    fields: int
    expected: int


class BadRows(BaseModel):
    """How many rows do not fit the table, and the first ten of them."""

    count: int
    first: list[BadRow]


def duckdb_relation(text: Path, found: Recognition) -> str | None:
    """SQL that reads a clean file strictly; None where the file is not of that kind.

    DuckDB raises on the first row that does not fit, and the file is read by ``read_leniently``.
    """
    dialect, syntax = found.dialect, found.syntax
    plain = (
        found.even_start
        and not found.end_line
        and not found.repeats
        and not dialect.comment
        and syntax.escape != "\\"  # DuckDB drops every backslash then
        and not dialect.footer_rows
        and not syntax.skip_space
        and 1 < found.width <= WIDE
        and found.line_end in ("\n", "\r\n")
        and len(syntax.delimiter.encode()) == 1
    )
    if not plain:
        return None
    columns = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(found.width))
    options = {
        "auto_detect": "false",
        "header": "false",
        "skip": str(found.lines_before),
        "delim": literal(syntax.delimiter),
        "quote": literal(syntax.quote),
        "escape": literal(syntax.escape),
        "nullstr": "''",
        "strict_mode": "true",
        "columns": "{" + columns + "}",
    }
    listed = ", ".join(f"{name} = {value}" for name, value in options.items())
    return f"read_csv({literal(str(text))}, {listed})"


def ends_in_delimiter(text: Path, found: Recognition) -> int:
    """How many data lines end with a delimiter and nothing or two quotes after it.

    DuckDB drops empty cells beyond the last column without a word. Where each row has the right
    width, this is the number of empty cells in the last column.
    """
    mark, quote = found.syntax.delimiter.encode(), found.syntax.quote.encode()
    end = found.line_end.encode()
    needles = [mark + end, mark + quote * 2 + end] if quote else [mark + end]
    overlap = max(map(len, needles)) - 1
    count = 0
    rest = b""
    with text.open("rb") as handle:
        for _ in range(found.lines_before):
            handle.readline()
        while chunk := handle.read(1 << 24):
            window = rest + chunk
            for needle in needles:
                # What stood whole in the carried-over part was counted with the chunk before.
                count += window.count(needle) - rest.count(needle)
            rest = window[-overlap:]
    return count + rest.endswith((mark, mark + quote * 2) if quote else mark)


def read_leniently(
    text: Path, found: Recognition, target: Path, progress: Callable[[float], None]
) -> BadRows | None:
    """Read every row into a Parquet file of text columns at ``target``; returns what did not fit.

    What is left out or read against its quotes is said in the dialect.

    Raises:
        UnreadableFile: a line is longer than any row should be, or a quoted cell is.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    size = max(text.stat().st_size, 1)
    schema = pa.schema([(f"c{number}", pa.string()) for number in range(found.width)])
    fitter = Fitter(found, text)
    # Statistics would copy a very long cell four times.
    options = {"compression": "snappy", "use_dictionary": False, "write_statistics": False}
    with (
        text.open("rb") as source,
        io.TextIOWrapper(source, "utf-8", errors="replace", newline="") as handle,
        pq.ParquetWriter(target, schema, **options) as writer,
    ):
        for batch in _batches(fitter.rows(handle), found.width):
            writer.write_batch(_arrow(batch, schema))
            progress(min(1.0, source.tell() / size))
    found.dialect.assumed += fitter.notes()
    return fitter.report()


def _batches(rows: Iterator[list[str]], width: int) -> Iterator[list[list[str]]]:
    """Rows in batches of bounded count and size."""
    limit = max(1, min(BATCH_ROWS, BATCH_CELLS // width))
    batch: list[list[str]] = []
    characters = 0
    for row in rows:
        batch.append(row)
        characters += sum(map(len, row))
        if len(batch) >= limit or characters > BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _arrow(batch: list[list[str]], schema: "pa.Schema") -> "pa.RecordBatch":
    import pyarrow as pa

    columns = [
        pa.array([cell or None for cell in column], pa.string())
        for column in zip(*batch, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


class Fitter:
    """Brings the rows of a file to the table's width and remembers those that did not have it."""

    def __init__(self, found: Recognition, text: Path) -> None:
        self._found = found
        self._tokenizer = Tokenizer(found.syntax)
        self._closings = Closings(text, found.line_end, self._tokenizer)
        self._realigner = Realigner(found)
        self._count = 0
        self._first: list[BadRow] = []
        self._blanks = self._comments = self._open_quotes = self._headers = 0

    def rows(self, handle: io.TextIOWrapper) -> Iterator[list[str]]:
        """The data rows, each of the table's width, footers left out."""
        held: deque[Record] = deque()
        footer = self._found.dialect.footer_rows
        for record in self._records(handle):
            held.append(record)
            if len(held) > footer:
                yield self._fit(held.popleft())

    def report(self) -> BadRows | None:
        """The rows that did not fit; None if all did."""
        return BadRows(count=self._count, first=self._first) if self._count else None

    def notes(self) -> list[str]:
        """Sentences on the lines that are no rows, and on quotes that are none."""
        counts = {
            "Blank lines between the rows are left out": self._blanks,
            f"Lines that begin with {self._found.dialect.comment} are left out": self._comments,
            "Rows that repeat the header are left out": self._headers,
            "Rows with a quote that opens a cell and is not closed, read as they stand": (
                self._open_quotes
            ),
        }
        return [f"{what}: {count:,}." for what, count in counts.items() if count]

    def _records(self, handle: io.TextIOWrapper) -> Iterator[Record]:
        found = self._found
        before, comment = found.lines_before, found.dialect.comment
        lines = itertools.islice(physical_lines(handle, found.line_end), before, None)
        blanks = 0
        tokenizer, closings = self._tokenizer, self._closings
        for record in records(lines, tokenizer, found.width, before + 1, comment, closings):
            if found.end_line and record.line >= found.end_line:
                return
            if commented(record, found.layout):
                self._comments += 1
            elif found.repeats and same_header(record, found.layout.header):
                self._headers += 1
            elif record.text.strip() or found.syntax.delimiter in record.text:
                self._blanks += blanks
                blanks = 0
                self._open_quotes += record.open_quote
                yield record
            elif found.width == 1:
                # Among several columns a blank line is no row to anybody; here it might be one.
                blanks += 1

    def _fit(self, record: Record) -> list[str]:
        fields, width = record.fields, self._found.width
        if len(fields) == width:
            return fields
        self._count += 1
        if len(self._first) < REPORTED:
            text = record.text[:REPORTED_TEXT]
            self._first.append(
                BadRow(line=record.line, text=text, fields=len(fields), expected=width)
            )
        return self._realigner.fit(record)
