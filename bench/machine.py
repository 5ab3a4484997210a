"""What a figure was measured on: the processor, the memory, the system and the versions."""

import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

PEERS = (
    "jupyter_server",
    "jupyterlab",
    "ipykernel",
    "pandas",
    "pyarrow",
    "duckdb",
    "scipy",
    "pydantic-ai-slim",
)


def processor() -> str:
    """The processor's name, from Linux's /proc or from Python."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def system() -> str:
    """The operating system with its version."""
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return f"{platform.system()} {platform.release()}"


def describe(load_before: float) -> list[str]:
    """The machine and the day in Markdown lines, without its name."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
    memory = psutil.virtual_memory().total / 2**30
    return [
        f"- {processor()}, {cores} cores, {memory:.0f} GiB of memory, {system()}",
        f"- Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in PEERS),
        f"- {datetime.now(UTC):%Y-%m-%d}; load average at the start {load_before:.1f}",
    ]


def load() -> float:
    """The load average of the last minute, which says whether others used the machine."""
    return os.getloadavg()[0]
