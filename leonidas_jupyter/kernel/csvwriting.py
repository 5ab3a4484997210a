"""Tables as CSV files that are read back as they were, and that no spreadsheet runs.

A cell that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV
Injection"): one that begins with ``= + - @``, their full-width forms, a tab or a line's end. Texts
that are only a number, a telephone number or a dash stay as they are.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leonidas_jupyter.kernel.errors import LeonidasError

if TYPE_CHECKING:
    import pandas as pd

ROWS_AT_ONCE = 50_000
FORMULA = r"(?s)[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20].*"
HARMLESS = r"[+\-]?(?:\d[\d.,' ]*|\.\d+)(?:[eE][+\-]?\d+)?\s?%?|-+"
MARK = "'"

DAY = "%Y-%m-%d"
MOMENT = "%Y-%m-%d %H:%M:%S.%f"
"""One format for every moment of a column: some without a fraction would make it text."""

Tick = Callable[[], None]


class CsvWriter:
    """Writes one table, part by part.

    Attributes:
        guarded: how many cells were marked.
        text_columns: which columns hold text, by the names that the file has.
    """

    def __init__(self, path: Path, *, guard: bool) -> None:
        self._path = path
        self._guard = guard
        self.guarded = 0
        self.text_columns: list[str] = []

    def write(self, table: Any, tick: Tick) -> None:  # noqa: ANN401 - one of several libraries' tables
        """Write a table of pandas, polars, DuckDB, dask or Arrow; ``tick`` is called as it goes.

        Raises:
            LeonidasError: it is no table.
            OSError: the file cannot be written.
        """
        first = True
        for frame, formats in parts(table):
            written = self._header(frame)
            if first:
                self.text_columns = [str(n) for n in written if _is_text(written[n])]
            for name, cells in written.items():
                if str(name) in formats:
                    written[name] = cells.dt.strftime(formats[str(name)])
                elif self._guard and _is_text(cells):
                    written[name] = self._guarded(cells)
            written.to_csv(
                self._path,
                mode="w" if first else "a",
                header=first,
                index=False,
                # Python's writer quotes a lone CR only where the lines' ends hold one (RFC 4180).
                lineterminator="\r\n",
                encoding="utf-8",
            )
            first = False
            tick()

    def _header(self, frame: "pd.DataFrame") -> "pd.DataFrame":
        """The frame under the names that the file gives its columns."""
        import re

        names = [str(name) for name in frame.columns]
        if self._guard:
            marked = [re.fullmatch(FORMULA, n) and not re.fullmatch(HARMLESS, n) for n in names]
            names = [MARK + n if mark else n for n, mark in zip(names, marked, strict=True)]
        return frame.set_axis(names, axis="columns")

    def _guarded(self, cells: "pd.Series[Any]") -> "pd.Series[Any]":
        text = cells.astype(object)
        begin = text.str.fullmatch(FORMULA).eq(True) & ~text.str.fullmatch(HARMLESS).eq(True)
        count = int(begin.sum())
        if not count:
            return cells
        self.guarded += count
        return text.mask(begin, MARK + text.where(begin, ""))


def parts(table: Any) -> Iterator[tuple["pd.DataFrame", dict[str, str]]]:  # noqa: ANN401 - see above
    """A table in DataFrames of some thousand rows, with how their moments are written.

    An index becomes columns where it has a name or is more than the numbers of the rows.

    Raises:
        LeonidasError: it is no table.
    """
    import pandas as pd

    if isinstance(table, pd.Series):
        table = table.to_frame(table.name if table.name is not None else "value")
    if isinstance(table, pd.DataFrame):
        yield from _of_pandas(table)
    elif hasattr(table, "partitions") and hasattr(table, "npartitions"):  # dask
        for number in range(table.npartitions):
            yield from _of_pandas(table.partitions[number].compute(), certain=False)
    else:
        yield from _of_arrow(table)


def _of_pandas(
    frame: "pd.DataFrame", *, certain: bool = True
) -> Iterator[tuple["pd.DataFrame", dict[str, str]]]:
    import pandas as pd

    index = frame.index
    if any(name is not None for name in index.names) or not isinstance(index, pd.RangeIndex):
        frame = frame.reset_index() if certain or index.name is not None else frame
    if isinstance(frame.columns, pd.MultiIndex):
        frame = frame.set_axis(
            ["_".join(str(part) for part in name if str(part)) for name in frame.columns],
            axis="columns",
        )
    frame = _distinct(frame)
    formats = {
        str(name): _format_of(frame[name]) if certain else MOMENT
        for name in frame.columns
        if pd.api.types.is_datetime64_any_dtype(frame[name].dtype)
    }
    for start in range(0, max(len(frame), 1), ROWS_AT_ONCE):
        yield frame.iloc[start : start + ROWS_AT_ONCE], formats


def _distinct(frame: "pd.DataFrame") -> "pd.DataFrame":
    """The frame with a number behind each name that came before."""
    seen: dict[str, int] = {}
    names = []
    for name in map(str, frame.columns):
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return frame.set_axis(names, axis="columns")


def _format_of(moments: "pd.Series[Any]") -> str:
    known = moments.dropna()
    if known.dt.tz is not None:
        return f"{MOMENT}%z"
    return DAY if (known == known.dt.normalize()).all() else MOMENT


def _of_arrow(table: Any) -> Iterator[tuple["pd.DataFrame", dict[str, str]]]:  # noqa: ANN401 - see above
    import pyarrow as pa

    table = table.collect() if hasattr(table, "collect") else table  # a LazyFrame of polars
    if not hasattr(table, "__arrow_c_stream__"):
        raise LeonidasError(
            f"A {type(table).__name__} is no table: save a DataFrame of pandas, polars or dask, a "
            "relation of DuckDB, or a table of pyarrow.",
            code="usage",
        )
    reader = pa.RecordBatchReader.from_stream(table)
    formats = {
        field.name: MOMENT if field.type.tz is None else f"{MOMENT}%z"
        for field in reader.schema
        if pa.types.is_timestamp(field.type)
    }
    yield reader.schema.empty_table().to_pandas(), {}
    for batch in reader:
        frame = batch.to_pandas(types_mapper=_kept_whole().get)
        for start in range(0, len(frame), ROWS_AT_ONCE):
            yield frame.iloc[start : start + ROWS_AT_ONCE], formats


def _kept_whole() -> dict[Any, Any]:
    from leonidas_jupyter.kernel.conversion import nullable_types

    return nullable_types()


def _is_text(cells: "pd.Series[Any]") -> bool:
    import pandas as pd

    kind = cells.dtype
    if isinstance(kind, pd.CategoricalDtype):
        return _is_text(pd.Series(kind.categories))
    if pd.api.types.is_object_dtype(kind):
        return pd.api.types.infer_dtype(cells, skipna=True) in {"string", "mixed", "empty", "bytes"}
    return pd.api.types.is_string_dtype(kind)
