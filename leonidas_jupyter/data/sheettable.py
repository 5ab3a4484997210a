"""A sheet into a frame: the table is found among what stands around it, its cells keep their types.

What holds for the rows of a CSV holds for those of a sheet: titles above, header rows, notes below.
Blank rows and columns are left out. A column of cells of one type has that type; one of different
types is read by the rules of CSV, from its cells as text.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from leonidas_jupyter.data.advance import Rising
from leonidas_jupyter.data.dialect import Dialect, DialectOverride
from leonidas_jupyter.data.errors import UnreadableFile
from leonidas_jupyter.data.footers import footer_rows, looks_total
from leonidas_jupyter.data.formats import Opened, Outcome
from leonidas_jupyter.data.layout import Layout, find_layout
from leonidas_jupyter.data.readers import BATCH_CELLS, BATCH_ROWS
from leonidas_jupyter.data.rounds import type_text
from leonidas_jupyter.data.sheetcells import SheetColumn, cell_text
from leonidas_jupyter.data.sheetxml import notes_on
from leonidas_jupyter.data.stacked import next_table
from leonidas_jupyter.data.tokens import Record
from leonidas_jupyter.data.valuetyping import ValueTyping
from leonidas_jupyter.data.workbook import Numbered, Sheet, Workbook

if TYPE_CHECKING:
    import duckdb

HEAD_ROWS = 1000
TAIL_ROWS = 60
"""How many rows at both ends are looked at for what surrounds the table."""


def read_sheet(
    connection: "duckdb.DuckDBPyConnection",
    opened: Opened,
    override: DialectOverride | None,
    typed: Path,
    progress: Rising,
) -> Outcome:
    """Write the frame of one sheet of a workbook to ``typed``.

    Raises:
        UnreadableFile: the workbook is damaged, protected or too large, or has no such sheet.
    """
    said = override or DialectOverride()
    book = Workbook(opened.plain)
    sheet, others = book.choose(said.sheet)
    progress(0.2)
    dialect = Dialect(format="excel", compression=opened.compression, sheet=sheet.name)
    dialect.assumed += _of_sheets(sheet, others, book.hidden)
    table = Table(sheet, said)
    raw = typed.with_name("raw.parquet")
    columns = table.write(raw, lambda part: progress(0.2 + 0.2 * part))
    dialect.skip_rows, dialect.header_rows = table.layout.skip_rows, len(table.layout.header)
    dialect.footer_rows, dialect.total_at = table.footers, table.total_at
    dialect.assumed += table.notes + notes_on(opened.plain, sheet.name)
    values = [column.settle() for column in columns]
    typing = ValueTyping(dialect, table.layout.header, values, override)
    type_text(connection, typing, raw, typed, progress, 0.7)
    typing.describe(dialect)
    return Outcome(dialect, typing.originals, sheets=others if said.sheet is None else [])


def _of_sheets(sheet: Sheet, others: list[str], hidden: list[str]) -> list[str]:
    """Sentences on which of the sheets this is."""
    notes = []
    if others:
        listed = ", ".join(f"“{name}”" for name in others[:10])
        listed += " …" if len(others) > 10 else ""
        notes.append(f"This is the sheet “{sheet.name}” of the workbook; it also has {listed}.")
    skipped = [name for name in hidden if name != sheet.name]
    if skipped:
        listed = ", ".join(f"“{name}”" for name in skipped[:10])
        notes.append(f"Hidden sheets are left out: {listed}.")
    return notes


@dataclass
class Table:
    """The table of a sheet, found when it is made; ``write`` reads it."""

    sheet: Sheet
    said: DialectOverride

    def __post_init__(self) -> None:
        self.notes: list[str] = []
        self.footers = 0
        self.total_at: int | None = None
        self._end = 0
        self._columns = _filled_columns(self.sheet)
        if not self._columns:
            raise UnreadableFile(f"The sheet “{self.sheet.name}” is empty.")
        self.layout = self._find(self.said.skip_rows)
        if self.said.footer_rows is None:
            self._keep_one()
        width = len(self._columns)
        self.notes += [note.replace("lines", "rows") for note in self.layout.assumed]
        self._before = self.layout.skip_rows + self.layout.header_lines
        sample = [row.fields for row in self.layout.body]
        self._longest = [max((len(row[i]) for row in sample), default=0) for i in range(width)]

    def _find(self, skip_rows: int | None) -> Layout:
        """Where the table stands among its rows."""
        rows = [_record(row) for row in islice(self._rows(), HEAD_ROWS)]
        return find_layout(rows, len(self._columns), self.said.header_rows, skip_rows)

    def _keep_one(self) -> None:
        """Leave out the smaller of two tables that stand below one another, and say so."""
        start = next_table(self.layout)
        if start is None:
            return
        skip, body = self.said.skip_rows, self.layout.body
        other = body[start].line
        if skip is None and len(body) - start - 1 > start:
            skip = other - 1
            where, instead = f"A smaller table stands above, up to row {skip:,}", 0
        else:
            self._end, instead = other, other - 1
            where = f"Another table begins in row {other:,}"
        self.notes.append(
            f"{where}; it is left out. To have it instead, say skip_rows {instead:,}; to keep all "
            "as one table, footer_rows 0."
        )
        self._columns = _filled_columns(self.sheet, (skip or 0) + 1, self._end)
        self.layout = self._find(skip)

    def _rows(self) -> Iterator[Numbered]:
        """The rows of the table that hold something, in the columns that do."""
        picked = self._columns
        for number, row in self.sheet.rows():
            if self._end and number >= self._end:
                return
            yield number, [row[column] for column in picked]

    def write(self, target: Path, progress: Callable[[float], None]) -> list[SheetColumn]:
        """Write the table's cells as text; returns what is known of each column."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        columns = [SheetColumn() for _ in self._columns]
        schema = pa.schema([(f"c{number}", pa.string()) for number in range(len(columns))])
        height = max(self.sheet.height, 1)
        with pq.ParquetWriter(target, schema) as writer:
            for batch in _batches(self._body(), len(columns)):
                cells = zip(*(row for _, row in batch), strict=True)
                arrays = [
                    pa.array(column.texts(found), pa.string())
                    for column, found in zip(columns, cells, strict=True)
                ]
                writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
                progress(min(1.0, batch[-1][0] / height))
        return columns

    def _body(self) -> Iterator[Numbered]:
        """The rows of the table, without what stands below it."""
        held: deque[Numbered] = deque()
        count = last = 0
        blank = 0
        for number, row in self._rows():
            if number <= self._before:
                continue
            blank += number - last - 1 if last else 0
            last = number
            held.append((number, row))
            if len(held) > TAIL_ROWS:
                count += 1
                yield held.popleft()
        tail = [_record(row) for row in held]
        self.footers = self._footers(tail, count)
        kept = list(held)[: len(held) - self.footers]
        yield from kept
        if blank and kept and (between := blank - _gaps(held, len(kept))):
            self.notes.append(f"Blank rows between the rows are left out: {between:,}.")

    def _footers(self, tail: list[Record], before: int) -> int:
        """How many rows at the end are notes, and a word about them."""
        limit = len(tail) if before else len(tail) - 1
        count = self.said.footer_rows
        if count is None:
            width = len(self._columns)
            count = footer_rows(tail[-limit:], width, self._longest) if limit > 0 else 0
        count = min(count, len(tail))
        if count:
            text = " ".join(" ".join(tail[len(tail) - count].fields).split())
            self.notes.append(f"What follows the last row of data is left out: “{text[:40]}”.")
        rest = tail[: len(tail) - count]
        if before + len(rest) > 2 and looks_total(rest[-1].fields):
            self.total_at = count + 1
            self.notes.append("The last row looks like a total; it is kept as a row.")
        return count


def _gaps(held: Iterable[Numbered], kept: int) -> int:
    """How many blank rows stand behind the first ``kept`` rows, before and among those after."""
    numbers = [number for number, _ in held]
    return numbers[-1] - numbers[kept - 1] - (len(numbers) - kept)


def _record(row: Numbered) -> Record:
    fields = [cell_text(cell) for cell in row[1]]
    return Record(row[0], " ".join(fields), fields)


def _filled_columns(sheet: Sheet, first: int = 1, end: int = 0) -> list[int]:
    """The columns that hold something beside other cells: a title alone in its row makes none.

    Only rows from ``first`` on count, and if an ``end`` is given, those before it.
    """
    beside: set[int] = set()
    alone: set[int] = set()
    for number, row in sheet.rows():
        if number < first:
            continue
        if end and number >= end:
            break
        filled = [column for column, cell in enumerate(row) if cell != ""]
        (beside if len(filled) > 1 else alone).update(filled)
    return sorted(beside or alone)


def _batches(rows: Iterator[Numbered], width: int) -> Iterator[list[Numbered]]:
    limit = max(1, min(BATCH_ROWS, BATCH_CELLS // width))
    while batch := list(islice(rows, limit)):
        yield batch
