"""What the extension costs a Jupyter server that does not use it: time to start, and memory."""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psutil

from bench.report import Goal, Row, spread
from scripts.serving import Server

ROUNDS = 9
GOAL_MS = 60
GOAL_MIB = 10
SCATTER = (
    "On a busy machine the starts differ among themselves by more than this; the CPU time is "
    "the steadier figure"
)


@dataclass
class Starts:
    """Figures of several starts, in milliseconds and MiB."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

    def add(self, home: Path, *, enabled: bool) -> None:
        """Start a server once and keep its figures."""
        own = home / ("with" if enabled else "without")
        config = own / ".jupyter" / "jupyter_server_config.json"
        config.parent.mkdir(parents=True, exist_ok=True)
        switch = {"ServerApp": {"jpserver_extensions": {"leonidas_jupyter": enabled}}}
        config.write_text(json.dumps(switch), encoding="utf-8")
        with Server(sys.executable, own) as server:
            process = psutil.Process(server.process.pid)
            times = process.cpu_times()
            self.wall.append(server.started_in * 1000)
            self.cpu.append((times.user + times.system) * 1000)
            self.memory.append(process.memory_full_info().uss / 2**20)


def measure(home: Path) -> list[Row]:
    """Start servers with and without the extension in turn."""
    ours, bare = Starts(), Starts()
    for enabled in (True, False):
        Starts().add(home, enabled=enabled)  # the first start writes caches
    for _ in range(ROUNDS):
        ours.add(home, enabled=True)
        bare.add(home, enabled=False)
    wall = median(ours.wall) - median(bare.wall)
    cpu = median(ours.cpu) - median(bare.cpu)
    memory = median(ours.memory) - median(bare.memory)
    return [
        Row(
            "`jupyter server` start, to its first answer",
            spread(ours.wall, "ms"),
            f"without the extension {spread(bare.wall, 'ms')}",
            f"{wall:+.0f} ms ({cpu:+.0f} ms of CPU time)",
            Goal(wall, GOAL_MS, " ms more", why=SCATTER),
        ),
        Row(
            "its memory (USS) before the first use",
            spread(ours.memory, "MiB", 1),
            f"without the extension {spread(bare.memory, 'MiB', 1)}",
            f"{memory:+.1f} MiB",
            Goal(memory, GOAL_MIB, " MiB more"),
        ),
    ]
