"""A small query through the sandboxed worker process, beside DuckDB in this process."""

import asyncio
import time
from pathlib import Path
from statistics import median

from bench.report import Goal, Row, spread

ROUNDS = 200
GOAL_MS = 15
SQL = (
    'SELECT "city", count(*) AS n, avg("unit_price") AS price FROM "orders" GROUP BY ALL ORDER BY 1'
)


def measure(parquet: Path) -> list[Row]:
    """The same SQL over the same Parquet file, in turn."""
    return asyncio.run(_measure(parquet))


async def _measure(parquet: Path) -> list[Row]:
    import duckdb

    from leonidas_jupyter.data.sql import SqlLimits, SqlWorkers

    connection = duckdb.connect()
    connection.execute(f"CREATE VIEW orders AS FROM '{parquet}'")
    workers = SqlWorkers(SqlLimits())
    ours, peer = [], []
    try:
        await workers.query({"orders": parquet}, SQL)  # starts the worker
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            result = await workers.query({"orders": parquet}, SQL)
            between = time.perf_counter()
            rows = connection.execute(SQL).fetchall()
            ended = time.perf_counter()
            if len(rows) != len(result.rows):
                raise RuntimeError("The two answers differ.")
            ours.append((between - begun) * 1000)
            peer.append((ended - between) * 1000)
    finally:
        await workers.close()
    more = median(ours) - median(peer)
    return [
        Row(
            "`query` round trip, small result",
            spread(ours, "ms", 1),
            f"DuckDB in process {spread(peer, 'ms', 1)}",
            f"{more:+.1f} ms",
            Goal(more, GOAL_MS, " ms more"),
        )
    ]
