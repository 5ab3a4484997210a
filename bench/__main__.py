"""Measure everything, print the table, and write bench/RESULTS.md: ``python -m bench``.

``python -m bench turns "session memory"`` measures these alone, and writes nothing. What takes
long is measured only when it is named, alone, and then has a section of its own in that file:
``python -m bench "2 GB"``. So has ``python -m bench "aws costs"``, which counts, and no time.
"""

import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from bench import (
    analyst,
    aws_costs,
    cancelling,
    closed_form,
    computing,
    csv_robustness,
    engines,
    kernel_load,
    long_histories,
    machine,
    requests_per_second,
    server_start,
    session_memory,
    sizes,
    streaming,
    turns,
)
from bench.report import Row, table
from bench.results import keep

CHECKOUT = Path(__file__).resolve().parent.parent
RESULTS = CHECKOUT / "bench" / "RESULTS.md"

PRODUCTION = CHECKOUT / "docs" / "production.md"

LONG = {"2 GB", "1 M messages"}
"""What is measured only when it is named."""

Measure = Callable[[Path], list[Row]]
"""Measures in an empty folder of its own."""

COSTS = "aws costs"
"""It counts, and has a table of its own, which the documentation shows too."""


def _measurements(work: Path) -> dict[str, Measure]:
    return {
        "server start": server_start.measure,
        "kernel": lambda _: kernel_load.measure(work, CHECKOUT),
        "requests per second": requests_per_second.measure,
        "10 MB": lambda home: sizes.measure(home, work, sizes.SMALL),
        "200 MB": lambda home: sizes.measure(home, work, sizes.MIDDLE),
        "2 GB": lambda home: sizes.measure(home, work, sizes.LARGE),
        "streaming": streaming.measure,
        "cancelling": cancelling.measure,
        "turns": turns.measure,
        "session memory": session_memory.measure,
        "engines": engines.measure,
        "long histories": lambda home: long_histories.measure(home, long_histories.FEW),
        "1 M messages": lambda home: long_histories.measure(home, long_histories.MANY),
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
    if wanted == [COSTS]:
        return _count_costs(work)
    if unknown := [name for name in wanted if name not in known]:
        print(f"There is no measurement {unknown[0]!r}; there are: {', '.join([*known, COSTS])}.")
        return 2
    rows: list[Row] = []
    failed = 0
    load = machine.load()
    for name, measure in known.items():
        if name in (wanted or set(known) - LONG):
            found = _measured(name, measure)
            failed += found is None
            rows += found or [Row(name, "not measured: it failed", "—", "—")]
    lines = table(rows)
    print("\n".join(["", *lines]))
    if not wanted:
        keep(RESULTS, "", [*machine.describe(load), "", *lines])
    elif len(wanted) == 1 and set(wanted) <= LONG and not failed:
        keep(RESULTS, wanted[0], [*machine.describe(load), "", *lines])
    return 1 if failed else 0


def _count_costs(work: Path) -> int:
    """Count what people's actions take of AWS, and write it down where it is told."""
    load = machine.load()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        lines = aws_costs.measure(Path(home), work)
    print("\n".join(lines))
    keep(RESULTS, COSTS, [*machine.describe(load), "", *lines])
    aws_costs.keep_in(PRODUCTION, lines)
    return 0


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


if __name__ == "__main__":
    sys.exit(main())
