"""The cells of JSON rows as a Parquet file of text, and what types their columns can take."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leonidas_jupyter.data.jsonflat import FRACTION, FlatRows
from leonidas_jupyter.data.jsontext import cell_text, digits, is_double, number_text
from leonidas_jupyter.data.valuetyping import Values

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

Rows = list[dict[str, Any]] | FlatRows
INT64 = 2**63
EXACT_INTEGER = 2**53
"""Up to here every integer is a double, too."""

EXACT_CHARACTERS = 16
"""A number of no more characters, one of them a point, has 15 digits: a double holds them all."""

UNUSUAL = r"[eE]|^-?0\.000000"
"""What is in a number that ``Decimal`` writes with an exponent."""


@dataclass
class _Column:
    """What has been seen of a member: the types of its values, and how far numbers go.

    ``exact`` says that each number with a fraction is what a double of it says.
    """

    values: Values = field(default_factory=Values)
    kinds: set[type] = field(default_factory=set)
    low: int = 0
    high: int = 0
    exact: bool = True
    nans: int = 0
    halves: int = 0

    def settle(self) -> Values:
        """The type that holds every value of the column."""
        kinds, values = self.kinds - {type(None)}, self.values
        values.sql_type = "VARCHAR"
        if kinds == {bool}:
            values.sql_type = "BOOLEAN"
        elif kinds == {int} and self.low >= -INT64 and self.high < INT64:
            values.sql_type = "BIGINT"
        elif kinds and kinds <= {int, bytes, float} and self._fits_doubles():
            values.sql_type = "DOUBLE"
        elif kinds == {str}:
            values.sql_type, values.strings = None, True
        return values

    def array(self, cells: list[Any]) -> "pa.Array":
        """A batch's values as text, after a look at what they are."""
        import pyarrow as pa

        kinds = set(map(type, cells))
        self.kinds |= kinds
        if float in kinds:
            cells = [self._constant(cell) if type(cell) is float else cell for cell in cells]
            kinds = set(map(type, cells))
            self.kinds |= kinds
        kinds.discard(type(None))
        if int in kinds:
            integers = [cell for cell in cells if type(cell) is int]
            self.low, self.high = min([self.low, *integers]), max([self.high, *integers])
        if bytes in kinds:
            if kinds <= {bytes, int}:
                return self._numbers(
                    _texts([digits(cell) if type(cell) is int else cell for cell in cells])
                )
            self._numbers(_texts([cell for cell in cells if type(cell) is bytes]))
        if kinds == {bool}:
            return pa.array(cells, pa.bool_()).cast(pa.string())
        if kinds == {int} and self.low >= -INT64 and self.high < INT64:
            return pa.array(cells, pa.int64()).cast(pa.string())
        if not kinds <= {str}:
            return self._strings([None if cell is None else cell_text(cell) for cell in cells])
        self.values.blank = self.values.blank or "" in cells
        self.values.look_at(cells)
        return self._strings(cells)

    def flat(self, texts: "pa.Array", kinds: set[type]) -> "pa.Array":
        """Values that are text already, as text, after a look at what they are."""
        import pyarrow as pa
        import pyarrow.compute as pc

        self.kinds |= kinds
        if int in kinds:
            whole = texts
            if bytes in kinds:
                whole = texts.filter(pc.invert(pc.match_substring_regex(texts, FRACTION)))
            bounds = pc.min_max(whole.cast(pa.int64())).as_py()
            self.low, self.high = min(self.low, bounds["min"]), max(self.high, bounds["max"])
        if bytes in kinds:
            return self._numbers(texts)
        if kinds == {str}:
            blank = self.values.blank or pc.any(pc.equal(pc.binary_length(texts), 0)).as_py()
            self.values.blank = bool(blank)
            if self.values.lacks:
                self.values.look_at(pc.unique(texts).to_pylist())
        return texts

    def _numbers(self, texts: "pa.Array") -> "pa.Array":
        """Numbers as they are written, as text; takes note whether doubles hold them."""
        import pyarrow as pa
        import pyarrow.compute as pc

        odd = pc.match_substring_regex(texts, UNUSUAL)
        if self.exact:
            doubtful = pc.or_(odd, pc.greater(pc.binary_length(texts), EXACT_CHARACTERS))
            self.exact = all(map(is_double, texts.filter(doubtful).to_pylist()))
        if not pc.any(odd).as_py():
            return texts
        usual = [number_text(text) for text in texts.filter(odd).to_pylist()]
        return pc.replace_with_mask(texts, pc.fill_null(odd, False), pa.array(usual, pa.string()))

    def _strings(self, texts: list[str | None]) -> "pa.Array":
        import pyarrow as pa

        try:
            return pa.array(texts, pa.string())
        except UnicodeEncodeError:  # half of a character, by an escape without its other half
            whole = [text and text.encode("utf-8", "replace").decode() for text in texts]
            self.halves += sum(one != other for one, other in zip(texts, whole, strict=True))
            return pa.array(whole, pa.string())

    def _constant(self, cell: float) -> str | None:
        """What is no number of JSON, but written all the same: NaN, Infinity."""
        if math.isnan(cell):
            self.nans += 1
            return None
        return "Infinity" if cell > 0 else "-Infinity"

    def _fits_doubles(self) -> bool:
        return self.exact and self.low >= -EXACT_INTEGER and self.high <= EXACT_INTEGER


class JsonColumns:
    """Takes rows in and writes their cells to Parquet; a new member is a new column.

    Until a new one comes, batches go into one file; ``finish`` joins the files where they differ.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._columns: dict[str, _Column] = {}
        self._parts: list[Path] = []
        self._writer: pq.ParquetWriter | None = None
        self._width = 0

    @property
    def names(self) -> list[str]:
        """The members seen so far, in the order of their first appearance."""
        return list(self._columns)

    @property
    def width(self) -> int:
        """How many members have been seen."""
        return len(self._columns)

    def know(self, rows: Rows) -> bool:
        """Whether all members of rows have been expected."""
        names = rows.names if isinstance(rows, FlatRows) else set().union(*rows)
        return self._columns.keys() >= set(names)

    def expect(self, rows: list[dict[str, Any]]) -> None:
        """Make room for the members of rows."""
        for row in rows:
            if not row.keys() <= self._columns.keys():
                for name in row:
                    self._columns.setdefault(name, _Column())

    def add(self, rows: Rows) -> None:
        """Write rows whose members are expected."""
        import pyarrow as pa

        if isinstance(rows, FlatRows):
            arrays = self._flat(rows)
        else:
            arrays = [
                column.array([row.get(name) for row in rows])
                for name, column in self._columns.items()
            ]
        writer = self._writer
        if writer is None or self._width != len(arrays):
            writer = self._next(len(arrays))
        writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=writer.schema))

    def _flat(self, rows: FlatRows) -> "list[pa.Array]":
        import pyarrow as pa

        found = {name: place for place, name in enumerate(rows.names)}
        missing = pa.nulls(len(rows), pa.string())
        return [
            column.flat(rows.texts[found[name]], rows.kinds[found[name]])
            if name in found
            else missing
            for name, column in self._columns.items()
        ]

    def _next(self, width: int) -> "pq.ParquetWriter":
        import pyarrow.parquet as pq

        if self._writer is not None:
            self._writer.close()
        part = self._folder / f"part-{len(self._parts)}.parquet"
        self._parts.append(part)
        # It is read once: a dictionary costs more than it spares.
        self._writer = pq.ParquetWriter(part, _schema(width), use_dictionary=False)
        self._width = width
        return self._writer

    def finish(self) -> Path:
        """One Parquet file of text with all columns, ``c0``, ``c1`` and so on."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        if self._writer is not None:
            self._writer.close()
        if len(self._parts) == 1:
            return self._parts[0]
        whole = self._folder / "whole.parquet"
        schema = _schema(self.width)
        with pq.ParquetWriter(whole, schema) as writer:
            for part in self._parts:
                file = pq.ParquetFile(part)
                for batch in file.iter_batches(max(64, 1_000_000 // self.width)):
                    missing = pa.nulls(batch.num_rows, pa.string())
                    arrays = batch.columns + [missing] * (self.width - batch.num_columns)
                    writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
                part.unlink()
        return whole

    def values(self) -> list[Values]:
        """What is known of each column's values, once all rows are in."""
        return [column.settle() for column in self._columns.values()]

    def notes(self) -> list[str]:
        """Sentences on what is no JSON, or no text."""
        found = [
            f"The values of “{name}” that are no number (NaN) are read as missing: {column.nans:,}."
            for name, column in self._columns.items()
            if column.nans
        ]
        if halves := sum(column.halves for column in self._columns.values()):
            found.append(f"Texts with half a character, read with a ? there: {halves:,}.")
        return found


def _schema(width: int) -> "pa.Schema":
    import pyarrow as pa

    return pa.schema([(f"c{number}", pa.string()) for number in range(width)])


def _texts(numbers: list[bytes | None]) -> "pa.Array":
    import pyarrow as pa

    return pa.array(numbers, pa.binary()).cast(pa.string())
