"""Columns and rows of a frame's copy on the disk, and how much memory they take."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from leonidas_jupyter.kernel.errors import LeonidasError

SAMPLE_ROWS = 20_000
"""How many rows say how long the texts of a frame are."""

OBJECT_BYTES = 57
"""A Python string and the reference to it, without its characters; before pandas 3 texts are so."""


class Copy:
    """A frame on the disk: as Parquet, or as Arrow IPC, which is mapped."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        self._mapped: Any = None

    @property
    def schema(self) -> Any:  # noqa: ANN401 - pyarrow is not typed
        """The Arrow schema."""
        if self.path.suffix == ".arrow":
            return self._table().schema
        from pyarrow import parquet

        return parquet.read_schema(self.path)

    def dataset(self) -> Any:  # noqa: ANN401 - pyarrow is not typed
        """The copy as a ``pyarrow.dataset.Dataset``, which reads what a scan needs."""
        from pyarrow import dataset

        if self.path.suffix == ".arrow":
            return dataset.dataset(self._table())
        return dataset.dataset(self.path, format="parquet")

    def table(self, columns: Sequence[str] | None, condition: Any) -> Any:  # noqa: ANN401 - pyarrow is not typed
        """Columns, in the order asked for, of the rows that fulfil an expression.

        Raises:
            LeonidasError: there is no such column.
        """
        check_columns(self.name, columns, self.schema.names)
        wanted = None if columns is None else list(columns)
        if self.path.suffix == ".arrow" and condition is None:
            table = self._table()
            return table if wanted is None else table.select(wanted)
        return self.dataset().to_table(columns=wanted, filter=condition)

    def estimated_bytes(self, columns: Sequence[str] | None, condition: Any) -> int:  # noqa: ANN401 - pyarrow is not typed
        """About how much memory those take as a DataFrame."""
        check_columns(self.name, columns, self.schema.names)
        names = self.schema.names if columns is None else list(columns)
        sample = self._sample(names)
        rows = self._rows(condition)
        return int(_frame_bytes(sample) / max(sample.num_rows, 1) * rows)

    def _rows(self, condition: Any) -> int:  # noqa: ANN401 - pyarrow is not typed
        if condition is None and self.path.suffix == ".arrow":
            return int(self._table().num_rows)
        return int(self.dataset().count_rows(filter=condition))

    def _sample(self, names: list[str]) -> Any:  # noqa: ANN401 - pyarrow is not typed
        if self.path.suffix == ".arrow":
            return self._table().select(names)
        import pyarrow as pa
        from pyarrow.parquet import ParquetFile

        with ParquetFile(self.path) as file:
            middle = [file.num_row_groups // 2] if file.num_row_groups else []
            batches = file.iter_batches(SAMPLE_ROWS, row_groups=middle, columns=names)
            first = [batch for batch in [next(batches, None)] if batch is not None]
            schema = pa.schema([file.schema_arrow.field(name) for name in names])
            return pa.Table.from_batches([batch.select(names) for batch in first], schema)

    def _table(self) -> Any:  # noqa: ANN401 - pyarrow is not typed
        if self._mapped is None:
            import pyarrow as pa

            with pa.memory_map(str(self.path)) as source:
                self._mapped = pa.ipc.open_file(source).read_all()
        return self._mapped


def check_columns(name: str, wanted: Sequence[str] | None, known: Sequence[str]) -> None:
    """See that a frame has the columns that are wanted.

    Raises:
        LeonidasError: it has not; the sentence offers the nearest name.
    """
    missing = [column for column in wanted or () if column not in known]
    if not missing:
        return
    lower = {column.lower(): column for column in known}
    near = difflib.get_close_matches(missing[0].lower(), lower, n=1)
    hint = f"did you mean {lower[near[0]]!r}?" if near else f"it has {_some(known)}."
    raise LeonidasError(f"{name} has no column {missing[0]!r}; {hint}", code="usage")


def _some(names: Sequence[str], most: int = 20) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _frame_bytes(table: Any) -> int:  # noqa: ANN401 - pyarrow is not typed
    """What a table takes in memory, with the objects that pandas 2 makes of texts."""
    import pandas as pd
    import pyarrow as pa

    size = int(table.nbytes)
    if int(pd.__version__.split(".")[0]) < 3:
        texts = [each for each in table.schema.types if each in (pa.string(), pa.large_string())]
        size += len(texts) * OBJECT_BYTES * table.num_rows
    return size
