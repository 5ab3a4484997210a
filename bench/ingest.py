"""From a 100 MB CSV to its typed copy and profile, beside DuckDB doing its part of it alone."""

import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psutil

from bench.api import call, demo_project, upload, wait_until_profiled
from bench.report import Goal, Row, spread
from bench.table_100mb import generate
from scripts.serving import Server

ROUNDS = 3
GOAL = 3.5
GOAL_MIB = 512


@dataclass
class Ingests:
    """Figures of several uploads: seconds, and MiB."""

    upload: list[float] = field(default_factory=list)
    profile: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)


class PeakMemory(threading.Thread):
    """Samples what a process and its children hold (USS) until stopped.

    Attributes:
        base: MiB at the start.
        peak: the most that was seen, in MiB.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._process = psutil.Process(pid)
        self._stopped = threading.Event()
        self.base = self.peak = self._now()

    def _now(self) -> float:
        total = 0
        for process in (self._process, *self._process.children(recursive=True)):
            try:
                total += process.memory_full_info().uss
            except psutil.NoSuchProcess:  # a worker that has just ended
                continue
        return total / 2**20

    def run(self) -> None:
        """Sample every 50 ms."""
        while not self._stopped.wait(0.05):
            self.peak = max(self.peak, self._now())

    def stop(self) -> float:
        """End sampling; return how much the peak was above the start."""
        self._stopped.set()
        self.join()
        return self.peak - self.base


def _alone(table: Path) -> dict[str, float]:
    target = table.with_suffix(".parquet")
    command = [sys.executable, "-m", "bench.duckdb_alone", str(table), str(target)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


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


def measure(home: Path, work: Path) -> list[Row]:
    """Upload and profile, and DuckDB alone, in turn."""
    table = generate(work / "orders_100mb.csv")
    ours, peers = Ingests(), []
    with Server(sys.executable, home) as server:
        demo_project(server)
        project_id = call(server, "POST", "projects", {"name": "Benchmark"})["project_id"]
        for _ in range(ROUNDS):
            _ours(server, project_id, table, ours)
            peers.append(_alone(table))
    return _rows(ours, peers)


def _rows(ours: Ingests, peers: list[dict[str, float]]) -> list[Row]:
    peer = [each["copy"] + each["summarise"] for each in peers]
    ratio = median(ours.profile) / median(peer)
    memory = median(ours.memory)
    whole = [sum(pair) for pair in zip(ours.upload, ours.profile, strict=True)]
    return [
        Row(
            "100 MB CSV, confirm to profile",
            spread(ours.profile, "s", 2),
            f"DuckDB's `COPY … TO parquet` and `SUMMARIZE` {spread(peer, 's', 2)}",
            f"{ratio:.1f}×",
            Goal(
                ratio,
                GOAL,
                "×",
                why="Every cell is read as text first and checked when it is typed",
            ),
        ),
        Row(
            "100 MB CSV, upload to profile (hash, PUT, confirm, profile)",
            spread(whole, "s", 2),
            "the same",
            f"{median(whole) / median(peer):.1f}×",
        ),
        Row(
            "peak memory of that above the idle server (USS, with its workers)",
            spread(ours.memory, "MiB"),
            f"DuckDB's process {spread([each['peak_mib'] for each in peers], 'MiB')}",
            f"{memory:.0f} MiB",
            Goal(memory, GOAL_MIB, " MiB"),
        ),
    ]
