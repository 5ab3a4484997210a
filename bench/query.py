"""Queries through the sandboxed worker process, beside DuckDB in this process."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import psutil

from bench.alone import alone, duckdb_query
from bench.memory import peak_mib
from bench.report import Goal, Row, spread

if TYPE_CHECKING:
    import duckdb

    from leonidas_jupyter.data.sql import SqlWorkers

GOAL_MS = 15
SQL = (
    'SELECT "city", count(*) AS n, avg("unit_price") AS price FROM "orders" GROUP BY ALL ORDER BY 1'
)
MANY_ROWS = 100_000
MANY = f'SELECT * FROM "orders" LIMIT {MANY_ROWS}'  # noqa: S608 - a number
MANY_ROUNDS = 10


def measure(parquet: Path, size: str, rounds: int) -> list[Row]:
    """The same SQL over the same Parquet file, in turn."""
    return asyncio.run(_measure(parquet, size, rounds))


async def _measure(parquet: Path, size: str, rounds: int) -> list[Row]:
    import duckdb

    from leonidas_jupyter.core.config import Leonidas
    from leonidas_jupyter.data.sql import SqlLimits, SqlWorkers

    connection = duckdb.connect()
    connection.execute(f"CREATE VIEW orders AS FROM '{parquet}'")
    workers = SqlWorkers(SqlLimits.of(Leonidas()))
    try:
        small = await _in_turn(
            lambda: _rows_of(workers, parquet),
            lambda: len(connection.execute(SQL).fetchall()),
            rounds,
        )
        peak = _worker_peak()
        with TemporaryDirectory() as folder:
            target = Path(folder) / "result.arrow"
            many = await _in_turn(
                lambda: _typed(workers, parquet, target),
                lambda: _rows_in_process(connection),
                MANY_ROUNDS,
            )
    finally:
        await workers.close()
    return _rows(size, small, many, peak, alone(duckdb_query, parquet, SQL)["peak_mib"])


async def _in_turn(
    ours: Callable[[], Awaitable[int]], peer: Callable[[], int], rounds: int
) -> tuple[list[float], list[float]]:
    """Milliseconds of both; the first round, which starts things, is not counted."""
    found: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 1):
        begun = time.perf_counter()
        first = await ours()
        between = time.perf_counter()
        second = peer()
        ended = time.perf_counter()
        if first != second:
            raise RuntimeError("The two answers differ.")
        if number:
            found[0].append((between - begun) * 1000)
            found[1].append((ended - between) * 1000)
    return found


async def _rows_of(workers: "SqlWorkers", parquet: Path) -> int:
    return len((await workers.query({"orders": parquet}, SQL)).rows)


async def _typed(workers: "SqlWorkers", parquet: Path, target: Path) -> int:
    """The rows of a DataFrame, as ``frames.sql`` makes it of what the server sends on."""
    import pyarrow as pa

    from leonidas_jupyter.kernel.conversion import to_pandas

    await workers.arrow({"orders": parquet}, MANY, target)
    with pa.OSFile(str(target)) as stream:
        return len(to_pandas(pa.ipc.open_stream(stream).read_all()))


def _rows_in_process(connection: "duckdb.DuckDBPyConnection") -> int:
    return len(connection.execute(MANY).df())


def _worker_peak() -> float:
    """The most memory that a worker of this process held, in MiB."""
    workers = psutil.Process().children()
    return max(
        peak_mib(each.pid) for each in workers if any("sqlworker" in a for a in each.cmdline())
    )


def _rows(
    size: str,
    small: tuple[list[float], list[float]],
    many: tuple[list[float], list[float]],
    peak: float,
    peer_peak: float,
) -> list[Row]:
    more = median(small[0]) - median(small[1])
    return [
        Row(
            f"{size}: `query` round trip, small result",
            spread(small[0], "ms", 1),
            f"DuckDB in process {spread(small[1], 'ms', 1)}",
            f"{more:+.1f} ms",
            Goal(more, GOAL_MS, " ms more"),
        ),
        Row(
            f"{size}: {MANY_ROWS:,} rows as a typed DataFrame (`frames.sql`, without HTTP)",
            spread(many[0], "ms"),
            f"DuckDB's `.df()` in process {spread(many[1], 'ms')}",
            f"{median(many[0]) - median(many[1]):+.0f} ms",
        ),
        Row(
            f"{size}: peak memory of the SQL worker in these queries",
            f"{peak:.0f} MiB",
            f"a process with DuckDB alone {peer_peak:.0f} MiB",
            f"{peak - peer_peak:+.0f} MiB",
        ),
    ]
