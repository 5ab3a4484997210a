"""Very many columns: those that are treated alike are laid end to end and treated as one.

DuckDB plans about a millisecond for each column of a query and holds 2048 rows of all of them at
once, which of 20,000 columns is a minute and a gigabyte. As stacks they take a handful of queries.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from leonidas_jupyter.data.plans import Plan
from leonidas_jupyter.data.typing_pass import MISFIT, Column, Typing, misfits

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq

STACK_CELLS = 1_000_000
"""Cells of a stack, at most, but for a single column."""

GROUP_CELLS = 8_000_000
GROUP_BYTES = 1 << 26
"""What a row group of the frame is made from, at most, but for a single one of the text."""

Key = TypeVar("Key", bound=Hashable)
Progress = Callable[[float], None]


def stacks_of(keys: Iterable[Key], rows: int) -> Iterator[tuple[Key, list[int]]]:
    """Numbers of columns with the same key, together no more than a stack's cells."""
    alike: dict[Key, list[int]] = {}
    for number, key in enumerate(keys):
        alike.setdefault(key, []).append(number)
    size = max(1, STACK_CELLS // max(rows, 1))
    for key, numbers in alike.items():
        for start in range(0, len(numbers), size):
            yield key, numbers[start : start + size]


def stacked(table: "pa.Table", numbers: Sequence[int]) -> "pa.Table":
    """Some columns of one type as a single one, ``cell``, beside each its place in ``numbers``."""
    import pyarrow as pa

    columns = [table.column(number) for number in numbers]
    chunks = [chunk for column in columns for chunk in column.chunks]
    cells = pa.chunked_array(chunks, columns[0].type).combine_chunks()
    places = [pa.repeat(pa.scalar(place, pa.int32()), len(c)) for place, c in enumerate(columns)]
    return pa.table({"place": pa.concat_arrays(places), "cell": cells})


def write_stacked(
    connection: "duckdb.DuckDBPyConnection",
    typing: Typing,
    raw: Path,
    target: Path,
    progress: Progress,
) -> None:
    """Write the typed columns of a Parquet file to another one.

    Raises:
        duckdb.InvalidInputException: some cell does not fit its column's plan.
    """
    import pyarrow.parquet as pq

    writer = None
    try:
        for group, done, share in _groups(raw):
            table = _typed(connection, typing, group, lambda part: progress(done + share * part))  # noqa: B023 - called in this round alone
            writer = writer or pq.ParquetWriter(target, table.schema, compression="snappy")
            writer.write_table(table, row_group_size=max(1, table.num_rows))
    finally:
        if writer is not None:
            writer.close()


def learn_stacked(
    connection: "duckdb.DuckDBPyConnection", typing: Typing, raw: Path, progress: Progress
) -> set[str]:
    """As ``Typing.learn``, of a Parquet file's columns."""
    changed: set[str] = set()
    for group, done, share in _groups(raw):
        for numbers, part in _plan_stacks(typing, group):
            plan = typing.columns[numbers[0]].plan
            connection.register("stack", stacked(group, numbers))
            found = connection.execute(
                f"SELECT place, {misfits('cell', plan)} FROM stack GROUP BY place"  # noqa: S608 - own SQL
            ).fetchall()
            for place, cells in found:
                if cells:
                    column = typing.columns[numbers[place]]
                    column.learn(cells)
                    changed.add(column.name)
            progress(done + share * part)
    return changed


def _groups(raw: Path) -> "Iterator[tuple[pa.Table, float, float]]":
    """Row groups, joined where they are small; how much lay before each, and its share."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(raw) as source:
        count = source.num_row_groups
        if not count:
            yield source.schema_arrow.empty_table(), 0.0, 1.0
        for numbers in _joined(source.metadata):
            yield source.read_row_groups(numbers), numbers[0] / count, len(numbers) / count


def _joined(metadata: "pq.FileMetaData") -> Iterator[list[int]]:
    joined: list[int] = []
    cells = size = 0
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        cells += group.num_rows * metadata.num_columns
        size += group.total_byte_size
        if joined and (cells > GROUP_CELLS or size > GROUP_BYTES):
            yield joined
            joined, cells = [], group.num_rows * metadata.num_columns
            size = group.total_byte_size
        joined.append(number)
    if joined:
        yield joined


def _plan_stacks(typing: Typing, group: "pa.Table") -> Iterator[tuple[list[int], float]]:
    """The columns that are not taken as they are, by plan and type; how many lie behind then."""
    import pyarrow as pa

    keys = [
        (column.plan.key, field.type)
        for column, field in zip(typing.columns, group.schema, strict=True)
    ]
    behind = 0
    as_it_is = (Plan().key, pa.string())
    for key, numbers in stacks_of(keys, group.num_rows):
        behind += len(numbers)
        if key != as_it_is:
            yield numbers, behind / len(keys)


def _typed(
    connection: "duckdb.DuckDBPyConnection", typing: Typing, group: "pa.Table", progress: Progress
) -> "pa.Table":
    import pyarrow as pa

    arrays = list(group.columns)
    for numbers, part in _plan_stacks(typing, group):
        connection.register("stack", stacked(group, numbers))
        cells = _converted(connection, typing.columns[numbers[0]])
        for place, number in enumerate(numbers):
            arrays[number] = cells.slice(place * group.num_rows, group.num_rows)
        progress(part)
    return pa.Table.from_arrays(arrays, names=[column.name for column in typing.columns])


def _converted(connection: "duckdb.DuckDBPyConnection", column: Column) -> "pa.Array":
    import pyarrow as pa

    plan = column.plan
    sql = f"SELECT CAST({plan.sql('cell', MISFIT)} AS {plan.sql_type}) AS cell FROM stack"  # noqa: S608 - own SQL
    cells = connection.sql(sql).to_arrow_table().column(0)
    whole = cells.combine_chunks()
    return pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole
