"""The libraries whose tables frames can be; one that is missing is said in a sentence."""

from typing import Any

from leonidas_jupyter.kernel.conversion import to_pandas, with_short_texts
from leonidas_jupyter.kernel.errors import LeonidasError

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


def from_arrow(table: Any, engine: str, dtype_backend: str | None) -> Any:  # noqa: ANN401 - one of several libraries' tables
    """A table in memory as ``pandas``, ``polars`` or ``arrow`` have it.

    Raises:
        LeonidasError: the library is not installed.
    """
    if engine == "polars":
        return library("polars").from_arrow(table)
    if engine == "arrow" or dtype_backend == "pyarrow":
        table = table.cast(with_short_texts(table.schema))
    return table if engine == "arrow" else to_pandas(table, dtype_backend)
