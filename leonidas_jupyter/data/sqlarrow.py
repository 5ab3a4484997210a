"""A query's result as an Arrow IPC stream, written into a file by the SQL worker itself.

What JSON cannot tell stays told: dates, times and zones, decimals, whole numbers of any size, NaN
beside missing, bytes, lists and structs. The server hands the file on as it is and reads none of
it. The schema's metadata holds, under ``leonidas``, a JSON object with ``rows``, ``truncated``,
``elapsed_ms``, and ``columns`` with DuckDB's names of the types.

Format: https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format
"""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leonidas_jupyter.data.errors import SqlRefused
from leonidas_jupyter.data.statement import ONLY_QUERIES

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

METADATA = b"leonidas"
BATCH_ROWS = 1000
AS_TEXT = frozenset(("uhugeint", "bit", "bignum", "varint", "time with time zone", "geometry"))
"""What Arrow has no type for, or DuckDB none that others read; alone it is DuckDB's own text."""

AS_JSON = frozenset(("union", "variant"))
NESTED = frozenset(("list", "array", "struct", "map"))
DAY_MICROSECONDS = 86_400_000_000
MOST_DAYS = 2**63 // DAY_MICROSECONDS // 2
"""Longer spans than this (146,000 years) are left as months, days and nanoseconds."""


def write_arrow(
    connection: "duckdb.DuckDBPyConnection", sql: str, target: Path, *, limit: int, max_bytes: int
) -> dict[str, Any]:
    """Write the first rows of one checked statement's result to ``target``.

    At most ``limit`` rows, of about ``max_bytes``. Returns ``rows``, and ``truncated`` where there
    were more.

    Raises:
        SqlRefused: it is no query.
        duckdb.Error: whatever stands against the query.
    """
    import duckdb
    import pyarrow as pa

    started = time.perf_counter()
    kinds = [statement.type for statement in connection.extract_statements(sql)]
    if kinds not in ([duckdb.StatementType.SELECT], [duckdb.StatementType.MULTI]):
        raise SqlRefused(ONLY_QUERIES)
    relation = connection.sql(sql)
    if relation is None:  # a statement without a result
        raise SqlRefused(ONLY_QUERIES)
    names, types = list(relation.columns), list(relation.types)
    projected = relation.project(", ".join(_expression(n, t) for n, t in enumerate(types, 1)))
    table, truncated = _collect(projected, limit, max_bytes)
    columns = [_settled(*each) for each in zip(table.columns, types, strict=True)]
    told = {
        "rows": table.num_rows,
        "truncated": truncated,
        "elapsed_ms": round((time.perf_counter() - started) * 1000, 3),
        "columns": [{"name": n, "type": str(t)} for n, t in zip(names, types, strict=True)],
    }
    table = pa.table(columns, names=_distinct(names), metadata={METADATA: json.dumps(told)})
    with pa.OSFile(str(target), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return {"rows": table.num_rows, "truncated": truncated}


def _expression(number: int, kind: Any) -> str:  # noqa: ANN401 - DuckDB's types are not typed
    column = f"#{number}"
    if kind.id in AS_JSON or (kind.id in NESTED and _is_odd(kind)):
        return f"CAST(to_json({column}) AS VARCHAR)"
    return f"CAST({column} AS VARCHAR)" if kind.id in AS_TEXT else column


def _is_odd(kind: Any) -> bool:  # noqa: ANN401 - as above
    """Whether there is something in it that has to become text."""
    if kind.id not in NESTED:
        return kind.id in AS_TEXT or kind.id in AS_JSON
    return any(_is_odd(child) for name, child in kind.children if name != "size")


def _collect(
    relation: "duckdb.DuckDBPyRelation", limit: int, max_bytes: int
) -> tuple["pa.Table", bool]:
    """The first rows, and whether there were more."""
    import pyarrow as pa

    # DuckDB before 2.0 calls it by the other name.
    read = getattr(relation, "to_arrow_reader", None) or relation.fetch_record_batch
    reader = read(BATCH_ROWS)
    batches: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in reader:
        if size > max_bytes or (rows == limit and batch.num_rows):
            return pa.Table.from_batches(batches, reader.schema), True
        kept = batch.slice(0, limit - rows)
        batches.append(kept)
        rows, size = rows + kept.num_rows, size + kept.nbytes
        if kept.num_rows < batch.num_rows:
            return pa.Table.from_batches(batches, reader.schema), True
    return pa.Table.from_batches(batches, reader.schema), False


def _settled(column: "pa.ChunkedArray", kind: Any) -> "pa.ChunkedArray":  # noqa: ANN401 - as above
    """The column in the everyday type where its values fit: they are known only now.

    Sums of whole numbers are HUGEINT, which is a decimal in Arrow; the difference of two moments is
    an INTERVAL, which may have months.
    """
    if kind.id == "hugeint":
        return _whole(column)
    return _span(column) if kind.id == "interval" else column


def _whole(column: "pa.ChunkedArray") -> "pa.ChunkedArray":
    import pyarrow as pa

    for narrower in (pa.int64(), pa.uint64()):
        try:
            return column.cast(narrower)
        except pa.ArrowInvalid:
            continue
    return column


def _span(column: "pa.ChunkedArray") -> "pa.ChunkedArray":
    import numpy as np
    import pyarrow as pa

    # The layout of month_day_nano intervals: two int32 and an int64 each.
    layout = np.dtype([("months", "<i4"), ("days", "<i4"), ("nanoseconds", "<i8")])
    spans = pa.concat_arrays([pa.array([], column.type), *column.chunks])
    missing = spans.is_null().to_numpy(zero_copy_only=False)
    held = np.frombuffer(spans.buffers()[1] or b"", dtype=layout, count=len(spans))
    parts = np.where(missing, np.zeros(1, layout), held)
    if (parts["months"] != 0).any() or (np.abs(parts["days"].astype("i8")) > MOST_DAYS).any():
        return column
    microseconds = parts["days"] * np.int64(DAY_MICROSECONDS) + parts["nanoseconds"] // 1000
    return pa.chunked_array([pa.array(microseconds, pa.duration("us"), mask=missing)])


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, with a number after those that stood before: ``a``, ``a_1``, as DuckDB does it."""
    given: dict[str, None] = {}
    for name in names:
        other, number = name, 0
        while other in given or (number and other in names):
            number += 1
            other = f"{name}_{number}"
        given[other] = None
    return list(given)
