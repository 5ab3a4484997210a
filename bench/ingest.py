"""From a CSV to its typed copy and profile, beside DuckDB doing its part of it alone."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.alone import alone, duckdb_copy, duckdb_summarise
from bench.api import call, upload, wait_until_profiled
from bench.memory import PeakMemory
from bench.report import Goal, Row, spread
from scripts.serving import Server

GOAL = 3.5
GOAL_MIB = 512


@dataclass
class Ingests:
    """Figures of several uploads: seconds, and MiB."""

    upload: list[float] = field(default_factory=list)
    profile: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    peer: list[float] = field(default_factory=list)
    peer_memory: list[float] = field(default_factory=list)


def _ours(server: Server, project_id: str, table: Path, into: Ingests) -> None:
    memory = PeakMemory(server.process.pid)
    memory.start()
    begun = time.perf_counter()
    file_id = upload(server, project_id, table)
    confirmed = time.perf_counter()
    wait_until_profiled(server, file_id)
    into.profile.append(time.perf_counter() - confirmed)
    into.upload.append(confirmed - begun)
    into.memory.append(memory.stop())
    call(server, "DELETE", f"files/{file_id}")


def _theirs(table: Path, target: Path, into: Ingests) -> None:
    both = [alone(duckdb_copy, table, target), alone(duckdb_summarise, table)]
    into.peer.append(sum(each["seconds"] for each in both))
    into.peer_memory.append(max(each["peak_mib"] for each in both))


def measure(
    server: Server, project_id: str, table: Path, home: Path, size: str, rounds: int
) -> list[Row]:
    """Upload and profile, and DuckDB alone, in turn."""
    figures = Ingests()
    for _ in range(rounds):
        _ours(server, project_id, table, figures)
        _theirs(table, home / "peer.parquet", figures)
    return _rows(figures, size)


def _rows(figures: Ingests, size: str) -> list[Row]:
    peer = median(figures.peer)
    ratio = median(figures.profile) / peer
    memory = median(figures.memory)
    whole = [sum(pair) for pair in zip(figures.upload, figures.profile, strict=True)]
    why = "Every cell is read as text first and checked when it is typed"
    return [
        Row(
            f"{size} CSV, confirm to profile",
            spread(figures.profile, "s", 2),
            f"DuckDB's `COPY … TO parquet` and `SUMMARIZE` {spread(figures.peer, 's', 2)}",
            f"{ratio:.1f}×",
            Goal(ratio, GOAL, "×", why=why),
        ),
        Row(
            f"{size} CSV, upload to profile (hash, PUT, confirm, profile)",
            spread(whole, "s", 2),
            "the same",
            f"{median(whole) / peer:.1f}×",
        ),
        Row(
            f"{size}: peak memory of that above the idle server (USS, with its workers)",
            spread(figures.memory, "MiB"),
            f"DuckDB's process {spread(figures.peer_memory, 'MiB')}",
            f"{memory:.0f} MiB",
            Goal(memory, GOAL_MIB, " MiB"),
        ),
    ]
