"""Frames as dask DataFrames: each partition is some row groups of the frame's Parquet file.

Where every worker sees the cached file (the same machine, or a disk that they share), partitions
name its path; elsewhere this process ships the row groups, still compressed, into the cluster's
memory, once. Neither way takes a URL, a token, or this package to a worker: pandas and pyarrow are
all that is needed there.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from leonidas_jupyter.kernel.conversion import nullable_types
from leonidas_jupyter.kernel.engines import library
from leonidas_jupyter.kernel.errors import LeonidasError

PARTITION_BYTES = 64 * 1024**2
"""About how much of the file's uncompressed bytes a partition takes."""

SECRETS = ("LEONIDAS_KERNEL_SECRET", "LEONIDAS_TOKEN")
"""Variables of a kernel with which code could act for its user."""

CONNECT_SECONDS = 30
TAIL_BYTES = 1 << 16
"""How much of the file's end workers compare to know that it is the same."""


class Part(NamedTuple):
    """Row groups of one partition, and which rows of the frame they are."""

    row_groups: list[int]
    start: int
    rows: int


def dask_frame(
    path: Path,
    client_or_address: Any,  # noqa: ANN401 - of distributed
    columns: Sequence[str] | None,
    condition: Any,  # noqa: ANN401 - pyarrow is not typed
) -> Any:  # noqa: ANN401 - of dask
    """The Parquet file at ``path`` as a ``dask.dataframe``, with the types that pandas gets.

    Args:
        path: of the cached copy.
        client_or_address: a ``distributed.Client``, a cluster, or a scheduler's address; None
            is the client that is active, else this process's own threads.
        columns: which ones, in which order; None is all.
        condition: which rows, as an expression of pyarrow's; None is all.

    Raises:
        LeonidasError: nobody answers at the address, or the cluster has no worker.
    """
    from pyarrow.parquet import ParquetFile

    frames = library("dask.dataframe")
    client = _client(client_or_address)
    with ParquetFile(path) as file:
        parts = _parts(file.metadata)
        schema = file.schema_arrow
        types = _types(file.metadata, schema)
    names = list(schema.names if columns is None else columns)
    meta = _reader(types, None)(schema.empty_table().select(names), [], 0, 0, names)
    divisions = None
    if condition is None and all(part.rows for part in parts):
        divisions = (*(part.start for part in parts), parts[-1].start + parts[-1].rows - 1)
    if client is not None:
        _forget_secrets(client)
    # The texts are as pandas has them already.
    with library("dask").config.set({"dataframe.convert-string": False}):
        if client is None or _all_see(client, path):
            read = _reader(types, condition)
            args = ([str(path)] * len(parts), *(list(each) for each in zip(*parts, strict=True)))
            return frames.from_map(read, *args, columns=names, meta=meta, divisions=divisions)
        read = library("dask").delayed(_reader(types, None), pure=True)
        shipped = [
            read(
                _shipped(client, path, part, names, condition),
                None,
                part.start,
                part.rows if condition is None else 0,
                names,
            )
            for part in parts
        ]
        return frames.from_delayed(shipped, meta=meta, divisions=divisions, verify_meta=False)


def _client(given: Any) -> Any:  # noqa: ANN401 - of distributed
    """The client to use; None for this process's threads."""
    if given is None:
        try:
            return library("distributed").get_client()
        except (LeonidasError, ValueError):
            return None
    distributed = library("distributed")
    if isinstance(given, distributed.Client):
        return given
    try:
        return distributed.Client(given, timeout=CONNECT_SECONDS)
    except (OSError, ValueError, TypeError) as error:
        raise LeonidasError(
            f"No dask scheduler answers at {given!r} ({error}); is it running?", code="unreachable"
        ) from error


def _forget_secrets(client: Any) -> None:  # noqa: ANN401 - of distributed
    """Take the way to the server out of workers that inherited this kernel's environment.

    Only values that are this kernel's own, which are told by their hashes.
    """
    ours = [os.environ[name] for name in SECRETS if os.environ.get(name)]
    hashes = [hashlib.sha256(value.encode()).hexdigest() for value in ours]

    def forget(names: Sequence[str], hashes: Sequence[str], kernel: int) -> None:
        import hashlib
        import os

        for name in names:
            value = os.environ.get(name, "")
            known = hashlib.sha256(value.encode()).hexdigest() in hashes
            if known and os.getpid() != kernel:  # workers may be threads of the kernel itself
                del os.environ[name]

    if hashes:
        client.run(forget, SECRETS, hashes, os.getpid())


def _parts(metadata: Any) -> list[Part]:  # noqa: ANN401 - pyarrow is not typed
    """Row groups that follow each other, put together until a partition is large enough."""
    parts: list[Part] = []
    groups: list[int] = []
    start = rows = size = 0
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        groups.append(number)
        rows += group.num_rows
        size += group.total_byte_size
        if size >= PARTITION_BYTES:
            parts.append(Part(groups, start, rows))
            start, rows, size, groups = start + rows, 0, 0, []
    if groups or not parts:
        parts.append(Part(groups, start, rows))
    return parts


def _types(metadata: Any, schema: Any) -> dict[str, Any]:  # noqa: ANN401 - pyarrow is not typed
    """The nullable types of pandas for the columns that need them somewhere in the file.

    They must not depend on whether a partition happens to hold a missing value.
    """
    nullable = nullable_types()
    return {
        field.name: nullable[field.type]
        for number, field in enumerate(schema)
        if field.type in nullable and _has_nulls(metadata, number)
    }


def _has_nulls(metadata: Any, column: int) -> bool:  # noqa: ANN401 - pyarrow is not typed
    for number in range(metadata.num_row_groups):
        statistics = metadata.row_group(number).column(column).statistics
        if statistics is None or not statistics.has_null_count or statistics.null_count:
            return True
    return False


def _reader(types: dict[str, Any], condition: Any) -> Callable[..., Any]:  # noqa: ANN401 - pyarrow is not typed
    """What workers run: nested, so that it goes to them whole and not as a name to import."""

    def read(
        source: Any,  # noqa: ANN401 - pyarrow is not typed
        row_groups: list[int] | None,
        start: int,
        rows: int,
        columns: Sequence[str],
    ) -> Any:  # noqa: ANN401 - pandas is imported inside
        import pandas as pd
        import pyarrow as pa
        from pyarrow import dataset, fs

        if isinstance(source, pa.Table):
            table = source.select(columns)
        else:
            shipped = isinstance(source, bytes)
            fragment = dataset.ParquetFileFormat().make_fragment(
                pa.BufferReader(source) if shipped else source,
                None if shipped else fs.LocalFileSystem(),
                row_groups=row_groups,
            )
            table = fragment.to_table(columns=list(columns), filter=condition)
        series = {}
        for name, column in zip(table.column_names, table.columns, strict=True):
            mapper = {column.type: types[name]}.get if name in types else None
            series[name] = column.to_pandas(types_mapper=mapper, date_as_object=False)
        frame = pd.DataFrame(series, copy=False)
        if condition is None and len(frame) == rows:
            frame.index = pd.RangeIndex(start, start + rows)
        return frame

    return read


def _shipped(
    client: Any,  # noqa: ANN401 - of distributed
    path: Path,
    part: Part,
    names: list[str],
    condition: Any,  # noqa: ANN401 - pyarrow is not typed
) -> Any:  # noqa: ANN401 - of distributed
    """A partition's rows as Parquet in the memory of a worker."""
    import pyarrow as pa
    from pyarrow import dataset, fs, parquet

    fragment = dataset.ParquetFileFormat().make_fragment(
        str(path), fs.LocalFileSystem(), row_groups=part.row_groups
    )
    sink = pa.BufferOutputStream()
    table = fragment.to_table(columns=names, filter=condition)
    parquet.write_table(table, sink, compression="zstd")
    return client.scatter(sink.getvalue().to_pybytes(), hash=False)


def _all_see(client: Any, path: Path) -> bool:  # noqa: ANN401 - of distributed
    """Whether every worker has the same file at this path."""
    try:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except TimeoutError as error:
        raise LeonidasError(
            "The dask cluster has no worker; scale it up and try again.", code="unreachable"
        ) from error

    def tail(path: str, size: int) -> bytes | None:
        try:
            with open(path, "rb") as file:
                file.seek(-size, 2)
                return file.read()
        except OSError:
            return None

    size = min(TAIL_BYTES, path.stat().st_size)
    ours = tail(str(path), size)
    return all(theirs == ours for theirs in client.run(tail, str(path), size).values())
