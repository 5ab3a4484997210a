"""From Arrow to pandas. Sessions' kernels get this file as it is, so it imports nothing of ours."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


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


def with_long_texts(schema: Any) -> Any:  # noqa: ANN401 - pyarrow is not typed
    """The schema with texts as pandas 3 holds them, which take eight bytes an offset."""
    import pyarrow as pa

    return _retyped(schema, pa.string(), pa.large_string())


def with_short_texts(schema: Any) -> Any:  # noqa: ANN401 - pyarrow is not typed
    """The schema with texts as Arrow's readers give them: joins take no two kinds of text."""
    import pyarrow as pa

    return _retyped(schema, pa.large_string(), pa.string())


def _retyped(schema: Any, old: Any, new: Any) -> Any:  # noqa: ANN401 - pyarrow is not typed
    import pyarrow as pa

    fields = [field.with_type(new) if field.type == old else field for field in schema]
    return pa.schema(fields, schema.metadata)


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
