"""Measure everything, print the table, and write bench/RESULTS.md: ``python -m bench``.

``python -m bench turns "session memory"`` measures these alone, and writes nothing.
"""

import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bench import (
    analyst,
    cancelling,
    closed_form,
    computing,
    csv_robustness,
    ingest,
    kernel_load,
    machine,
    query,
    requests_per_second,
    server_start,
    session_memory,
    streaming,
    turns,
)
from bench.report import Row, table

CHECKOUT = Path(__file__).resolve().parent.parent
RESULTS = CHECKOUT / "bench" / "RESULTS.md"

Measure = Callable[[Path], list[Row]]
"""Measures in an empty folder of its own."""


def _measurements(work: Path) -> dict[str, Measure]:
    return {
        "server start": server_start.measure,
        "kernel": lambda _: kernel_load.measure(work, CHECKOUT),
        "requests per second": requests_per_second.measure,
        "100 MB CSV": lambda home: ingest.measure(home, work),
        "query": lambda _: query.measure(work / "orders_100mb.parquet"),
        "streaming": streaming.measure,
        "cancelling": cancelling.measure,
        "turns": turns.measure,
        "session memory": session_memory.measure,
        "computing": computing.measure,
        "analyst": analyst.measure,
        "closed-form questions": lambda _: closed_form.measure(),
        "csv robustness": lambda _: csv_robustness.measure(),
    }


def main() -> int:
    """Run the measurements, all or those named on the command line; return the exit code.

    One that fails is a row that says so, and the others go on.
    """
    work = CHECKOUT / "build" / "bench"
    work.mkdir(parents=True, exist_ok=True)
    known, wanted = _measurements(work), sys.argv[1:]
    if unknown := [name for name in wanted if name not in known]:
        print(f"There is no measurement {unknown[0]!r}; there are: {', '.join(known)}.")
        return 2
    rows: list[Row] = []
    failed = 0
    load = machine.load()
    for name, measure in known.items():
        if not wanted or name in wanted:
            found = _measured(name, measure)
            failed += found is None
            rows += found or [Row(name, "not measured: it failed", "—", "—")]
    lines = table(rows)
    print("\n".join(["", *lines]))
    if not wanted:
        RESULTS.write_text("\n".join([*_head(load), *lines, ""]), encoding="utf-8")
    return 1 if failed else 0


def _measured(name: str, measure: Measure) -> list[Row] | None:
    """The rows; None where the measurement failed, and then it is printed why."""
    begun = time.monotonic()
    print(f"{name} ...", end=" ", flush=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        try:
            rows = measure(Path(home))
        except Exception:  # noqa: BLE001 - whatever one of them raises, the others are measured
            print("failed", flush=True)
            traceback.print_exc()
            return None
    print(f"{time.monotonic() - begun:.0f} s", flush=True)
    return rows


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
