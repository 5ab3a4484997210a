"""From Arrow to the tables that people work with, and the libraries that this takes."""

from typing import TYPE_CHECKING, Any

from leonidas_jupyter.kernel.errors import LeonidasError

if TYPE_CHECKING:
    import pandas as pd

BACKENDS = ("numpy_nullable", "pyarrow")
ENGINES = ("pandas", "polars", "duckdb", "dask", "arrow")
EXTRAS = {"polars": "polars", "duckdb": "duckdb", "dask": "dask", "distributed": "dask"}
"""Which extra of this package installs a library."""


def library(name: str) -> Any:  # noqa: ANN401 - a module
    """A library that only some need.

    Raises:
        LeonidasError: it is not installed; the sentence says how to.
    """
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError as error:
        extra = EXTRAS[name.partition(".")[0]]
        raise LeonidasError(
            f"This takes {name}, which this kernel cannot import ({error}): "
            f'`pip install "leonidas-jupyter[{extra}]"` in its environment.'
        ) from error


def check_kinds(engine: str, dtype_backend: str | None) -> None:
    """See that an engine and a backend are ones that there are, and fit each other.

    Raises:
        LeonidasError: which there are.
    """
    if engine not in ENGINES:
        raise LeonidasError(
            f"There is no engine {engine!r}; there are: {', '.join(ENGINES)}.", code="usage"
        )
    if dtype_backend is not None and dtype_backend not in BACKENDS:
        raise LeonidasError(
            f"There is no dtype_backend {dtype_backend!r}; there are: {', '.join(BACKENDS)}, and "
            "None for pandas' own types.",
            code="usage",
        )
    if dtype_backend is not None and engine != "pandas":
        raise LeonidasError(f"dtype_backend is for pandas, not for {engine}.", code="usage")


def to_pandas(table: Any, dtype_backend: str | None = None) -> "pd.DataFrame":  # noqa: ANN401 - pyarrow is not typed
    """A DataFrame of one's own to change.

    Args:
        table: a ``pyarrow.Table``; its buffers may be mapped from a file.
        dtype_backend: ``pyarrow`` keeps Arrow's types, without a copy (pandas copies what is
            changed); ``numpy_nullable`` takes pandas' nullable types throughout; None takes the
            default types, writable, dates as ``datetime64``, and the nullable ones (``Int64``,
            ``boolean``) only for whole numbers and booleans with missing values, because the
            default ones would turn those into floats and objects.
    """
    import pandas as pd

    if dtype_backend == "pyarrow":
        frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
        return frame
    nullable = nullable_types(everywhere=dtype_backend is not None)
    series = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        wanted = nullable.get(column.type) if dtype_backend or column.null_count else None
        mapper = None if wanted is None else {column.type: wanted}.get
        values = column.to_pandas(types_mapper=mapper, date_as_object=False)
        # What Arrow did not have to convert is a read-only view of the mapped file.
        values = values.copy() if wanted is None and column.num_chunks == 1 else values
        series[name] = values
    return pd.DataFrame(series, copy=False)


def nullable_types(*, everywhere: bool = False) -> dict[Any, Any]:
    """The nullable types of pandas by Arrow's: where its own hold no missing values, or of all."""
    import pandas as pd
    import pyarrow as pa

    needed = {
        pa.int8(): pd.Int8Dtype(),
        pa.int16(): pd.Int16Dtype(),
        pa.int32(): pd.Int32Dtype(),
        pa.int64(): pd.Int64Dtype(),
        pa.uint8(): pd.UInt8Dtype(),
        pa.uint16(): pd.UInt16Dtype(),
        pa.uint32(): pd.UInt32Dtype(),
        pa.uint64(): pd.UInt64Dtype(),
        pa.bool_(): pd.BooleanDtype(),
    }
    if not everywhere:
        return needed
    return needed | {
        pa.float32(): pd.Float32Dtype(),
        pa.float64(): pd.Float64Dtype(),
        pa.string(): pd.StringDtype(),
        pa.large_string(): pd.StringDtype(),
    }


def from_arrow(table: Any, engine: str, dtype_backend: str | None) -> Any:  # noqa: ANN401 - one of several libraries' tables
    """A table in memory as ``pandas``, ``polars`` or ``arrow`` have it.

    Raises:
        LeonidasError: the library is not installed.
    """
    if engine == "arrow":
        return table
    if engine == "polars":
        return library("polars").from_arrow(table)
    return to_pandas(table, dtype_backend)
