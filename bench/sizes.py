"""A CSV of one size all the way: read in, profiled, loaded in a kernel, asked."""

import sys
from dataclasses import dataclass
from pathlib import Path

from bench import frame_loads, ingest, profiling, query
from bench.alone import alone, duckdb_copy
from bench.api import call, demo_project, upload, wait_until_profiled
from bench.orders import generate
from bench.report import Row
from scripts.serving import Server


@dataclass(frozen=True)
class Size:
    """A size of CSV: its name, its bytes, and how often each thing is measured."""

    name: str
    bytes: int
    rounds: int
    queries: int


SMALL = Size("10 MB", 10_000_000, 5, 200)
MIDDLE = Size("200 MB", 200_000_000, 3, 100)
LARGE = Size("2 GB", 2_000_000_000, 3, 20)


def measure(home: Path, work: Path, size: Size) -> list[Row]:
    """Everything at one size, on one server; the CSV is kept in ``work`` for the next time."""
    table = generate(work / f"orders_{size.name.replace(' ', '_').lower()}.csv", size.bytes)
    parquet = home / "orders.parquet"
    alone(duckdb_copy, table, parquet)
    with Server(sys.executable, home) as server:
        demo_project(server)
        project_id = call(server, "POST", "projects", {"name": "Benchmark"})["project_id"]
        rows = ingest.measure(server, project_id, table, home, size.name, size.rounds)
        file = wait_until_profiled(server, upload(server, project_id, table))
        where = frame_loads.Place(server.url, server.token, project_id, str(file["frame_name"]))
        rows += frame_loads.measure(where, table, home, size.name, size.rounds)
    rows += profiling.measure(parquet, size.name, size.rounds)
    return rows + query.measure(parquet, size.name, size.queries)
