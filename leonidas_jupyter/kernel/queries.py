"""SQL over a project's frames: the server answers, and the rows come with their types."""

import json
import warnings
from typing import Any

from leonidas_jupyter.kernel.client import Client, path_of
from leonidas_jupyter.kernel.engines import check_kinds, from_arrow, library
from leonidas_jupyter.kernel.errors import LeonidasError
from leonidas_jupyter.kernel.progress import clock

ENGINES = ("pandas", "polars", "arrow")
METADATA = b"leonidas"
"""Under which key of the schema's metadata the server tells about the result."""

ANSWER_SECONDS = 3600.0
"""A query takes as long as the server lets it, which waits for its turn before."""

EXACT_DIGITS = 15
"""Every decimal number of so many digits survives the way through a binary double."""


def ask(
    client: Client,
    project_id: str,
    sql: str,
    *,
    limit: int | None,
    engine: str,
    dtype_backend: str | None,
    progress: bool,
) -> Any:  # noqa: ANN401 - a table of the engine's
    """The result of one query; see ``Frames.sql``.

    Raises:
        LeonidasError: the query was refused or failed, or a library is missing.
    """
    if engine not in ENGINES:
        raise LeonidasError(
            f"A result has no engine {engine!r}; there are: {', '.join(ENGINES)}.", code="usage"
        )
    check_kinds(engine, dtype_backend)
    if engine == "polars":
        library("polars")
    path = path_of("/projects/{project_id}/query", project_id=project_id)
    wanted = {"sql": sql} if limit is None else {"sql": sql, "limit": limit}
    with clock("Asking", shown=progress):
        stream = client.download(path, body=wanted, timeout=ANSWER_SECONDS)
    table, told = _read(stream)
    if told["truncated"] and (limit is None or told["rows"] < limit):
        warnings.warn(
            f"The result has more rows than the server gives: these are the first "
            f"{told['rows']:,}. Aggregate or filter in the SQL.",
            stacklevel=3,
        )
    if engine == "pandas" and dtype_backend != "pyarrow":
        table = _with_floats(table)
    return from_arrow(table.replace_schema_metadata(None), engine, dtype_backend)


def _read(stream: bytes) -> tuple[Any, dict[str, Any]]:
    """The table, and what the server tells about it."""
    try:
        import pyarrow as pa
    except ImportError as error:
        raise LeonidasError(
            "The result of SQL takes pandas and pyarrow: `pip install pandas pyarrow` in this "
            "kernel's environment."
        ) from error
    try:
        table = pa.ipc.open_stream(stream).read_all()
        return table, json.loads(table.schema.metadata[METADATA])
    except (pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise LeonidasError(
            "The server's answer is no table that this kernel can read; install the same "
            "leonidas-jupyter in both."
        ) from error


def _with_floats(table: Any) -> Any:  # noqa: ANN401 - pyarrow is not typed
    """The table with decimals as floats where every value of a column survives that."""
    import pyarrow as pa

    for number, field in enumerate(table.schema):
        if pa.types.is_decimal(field.type):
            floats = _floats(table.column(number))
            if floats is not None:
                table = table.set_column(number, field.name, floats)
    return table


def _floats(column: Any) -> Any | None:  # noqa: ANN401 - as above
    """A decimal column as floats; None where some value has too many digits."""
    import pyarrow as pa
    from pyarrow import compute

    # By way of text: the direct cast multiplies by powers of ten, which are not exact in binary.
    text = column.cast(pa.string())
    mantissa = compute.replace_substring_regex(text, r"E.*|[-.]", "")
    digits = compute.utf8_length(compute.utf8_trim(mantissa, "0"))
    longest = compute.max(digits).as_py()
    return None if longest is not None and longest > EXACT_DIGITS else text.cast(pa.float64())
