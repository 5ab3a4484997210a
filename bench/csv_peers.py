"""Other readers of CSV, told nothing but the file, each as it comes and as forgiving as it goes.

Each gives rows of cells, the first one the header.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

Table = list[list[object]]
Reader = Callable[[Path], Table]

PATIENCE = 30
"""Seconds that a reader may take for one file; clevercsv weighs every dialect it can think of."""


def pandas_plain(path: Path) -> Table:
    """``pandas.read_csv`` as it comes."""
    import pandas as pd

    frame = pd.read_csv(path, low_memory=False)
    return [list(frame.columns), *frame.astype(object).where(frame.notna(), None).values.tolist()]


def pandas_sniffing(path: Path) -> Table:
    """The delimiter found by pandas, cells as text, rows that do not fit skipped."""
    import pandas as pd

    frame = pd.read_csv(
        path,
        sep=None,
        engine="python",
        dtype=str,
        keep_default_na=False,
        na_filter=False,
        on_bad_lines="skip",
        encoding_errors="replace",
    )
    return [list(frame.columns), *frame.values.tolist()]


def polars_plain(path: Path) -> Table:
    """``polars.read_csv`` as it comes."""
    import polars as pl

    frame = pl.read_csv(path)
    return [list(frame.columns), *map(list, frame.rows())]


def polars_lenient(path: Path) -> Table:
    """Cells as text, long rows cut, broken UTF-8 replaced."""
    import polars as pl

    frame = pl.read_csv(
        path,
        infer_schema=False,
        truncate_ragged_lines=True,
        ignore_errors=True,
        encoding="utf8-lossy",
    )
    return [list(frame.columns), *map(list, frame.rows())]


def pyarrow_plain(path: Path) -> Table:
    """``pyarrow.csv.read_csv`` as it comes."""
    from pyarrow import csv

    return _of_arrow(csv.read_csv(path))


def pyarrow_lenient(path: Path) -> Table:
    """Line ends in cells allowed, rows that do not fit skipped."""
    from pyarrow import csv

    parse = csv.ParseOptions(newlines_in_values=True, invalid_row_handler=lambda _: "skip")
    return _of_arrow(csv.read_csv(path, parse_options=parse))


def _of_arrow(table: "pa.Table") -> Table:
    columns = [column.to_pylist() for column in table.columns]
    return [list(table.column_names), *map(list, zip(*columns, strict=True))]


def duckdb_automatic(path: Path) -> Table:
    """DuckDB's own recognition of everything."""
    return _duckdb(path, "")


def duckdb_lenient(path: Path) -> Table:
    """Recognition by DuckDB, cells as text, short rows filled."""
    return _duckdb(path, ", all_varchar = true, null_padding = true, parallel = false")


def duckdb_serial(path: Path) -> Table:
    """Recognition by DuckDB, cells as text, read in one go."""
    return _duckdb(path, ", all_varchar = true, parallel = false")


def _duckdb(path: Path, options: str) -> Table:
    import duckdb

    with duckdb.connect() as connection:
        quoted = str(path).replace("'", "''")
        found = connection.execute(f"FROM read_csv('{quoted}'{options})")
        names = [column[0] for column in found.description or ()]
        return [[*names], *map(list, found.fetchall())]


def clevercsv_table(path: Path) -> Table:
    """``clevercsv``: dialect and encoding found, the first row taken for the header."""
    import clevercsv

    return [list(row) for row in clevercsv.read_table(str(path))]


PEERS: dict[str, tuple[Reader, ...]] = {
    "pandas": (pandas_plain, pandas_sniffing),
    "polars": (polars_plain, polars_lenient),
    "pyarrow": (pyarrow_plain, pyarrow_lenient),
    "DuckDB": (duckdb_automatic, duckdb_lenient, duckdb_serial),
    "clevercsv": (clevercsv_table,),
}
"""Each library's ways to read; the best of them, kind by kind, is what it is measured by."""


def missing() -> list[str]:
    """The libraries that are not installed: pip's extra ``bench`` has them."""
    return [name for name in PEERS if find_spec(name.lower()) is None]


def read(reader: Reader, path: Path) -> Table | None:
    """What the reader gives; None where it raises or takes too long."""
    try:
        with _patience():
            return reader(path)
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - any failure is no table, and polars' panics are no Exception
        return None


@contextmanager
def _patience() -> Iterator[None]:
    """Raise in the main thread when ``PATIENCE`` is over."""

    def over(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
