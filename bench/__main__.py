"""Measure everything, print the table, and write bench/RESULTS.md: ``python -m bench``."""

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bench import (
    closed_form,
    ingest,
    kernel_load,
    machine,
    query,
    requests_per_second,
    server_start,
    turns,
)
from bench.report import Row, table

CHECKOUT = Path(__file__).resolve().parent.parent
RESULTS = CHECKOUT / "bench" / "RESULTS.md"


def _measurements(work: Path, home: Path) -> list[tuple[str, Callable[[], list[Row]]]]:
    return [
        ("server start", lambda: server_start.measure(home)),
        ("kernel", lambda: kernel_load.measure(work, CHECKOUT)),
        ("requests per second", lambda: requests_per_second.measure(home)),
        ("turns", lambda: turns.measure(home)),
        ("closed-form questions", closed_form.measure),
        ("100 MB CSV", lambda: ingest.measure(home, work)),
        ("query", lambda: query.measure(work / "orders_100mb.parquet")),
    ]


def main() -> int:
    """Run the measurements, all or those named on the command line; return the exit code."""
    work = CHECKOUT / "build" / "bench"
    work.mkdir(parents=True, exist_ok=True)
    wanted = sys.argv[1:]
    rows: list[Row] = []
    load = machine.load()
    with tempfile.TemporaryDirectory() as home:
        for name, measure in _measurements(work, Path(home)):
            if wanted and name not in wanted:
                continue
            begun = time.monotonic()
            print(f"{name} ...", end=" ", flush=True)
            rows += measure()
            print(f"{time.monotonic() - begun:.0f} s", flush=True)
    lines = table(rows)
    print("\n".join(["", *lines]))
    if not wanted:
        RESULTS.write_text("\n".join([*_head(load), *lines, ""]), encoding="utf-8")
    return 0


def _head(load: float) -> list[str]:
    return [
        "# Measured",
        "",
        "Written by `make bench`. Every figure stands beside a peer measured in the same run, in",
        "turn; figures are medians (lowest-highest).",
        "",
        *machine.describe(),
        f"- {datetime.now(UTC):%Y-%m-%d}; load average at the start {load:.1f}",
        "",
    ]


if __name__ == "__main__":
    sys.exit(main())
