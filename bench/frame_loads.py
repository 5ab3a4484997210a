"""A frame loaded in a notebook, the first and the second time, beside pandas reading the CSV.

Second loads are a process's second, of both: memory that a process touches for the first time costs
as much again, which a new kernel pays, and which has a row of its own.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.alone import alone, frame, read_csv, read_csv_arrow
from bench.report import Goal, Row, spread

GOALS = {"native": 5.0, "pyarrow": 30.0}
"""How many times as fast as pandas reads the original the second load should be, at 200 MB."""

GOAL_AT = "200 MB"
KINDS = {"native": "native types (writable)", "pyarrow": "Arrow types"}

Figures = dict[str, list[dict[str, float]]]


@dataclass(frozen=True)
class Place:
    """Where a frame is: the server's address and Jupyter's token, the project, its name."""

    url: str
    token: str
    project: str
    frame: str


def measure(place: Place, table: Path, home: Path, size: str, rounds: int) -> list[Row]:
    """Each load in a process of its own, in turn; the first ones find an empty cache."""
    cache = home / "cache"
    found: Figures = {"first": [], "native": [], "pyarrow": [], "pandas": [], "fastest": []}
    for _ in range(rounds):
        shutil.rmtree(cache, ignore_errors=True)
        for name, backend in (("first", "native"), ("native", "native"), ("pyarrow", "pyarrow")):
            where = (place.url, place.token, place.project, place.frame, backend)
            found[name].append(alone(frame, *where, LEONIDAS_CACHE_DIR=str(cache)))
        found["pandas"].append(alone(read_csv, table))
        found["fastest"].append(alone(read_csv_arrow, table))
    return _rows(found, size)


def _rows(found: Figures, size: str) -> list[Row]:
    goals = GOALS if size == GOAL_AT else {}
    rows = [
        _row(f"{size}: second load in a kernel, {words}", found, kind, "again", goals.get(kind))
        for kind, words in KINDS.items()
    ]
    rows += [
        _row(f"{size}: load in a new kernel, from the cache, {words}", found, kind, "seconds")
        for kind, words in KINDS.items()
    ]
    what = f"{size}: first load (download, check, unpack), {KINDS['native']}"
    return [*rows, _row(what, found, "first", "seconds"), _memory(found, size)]


def _row(what: str, found: Figures, kind: str, when: str, goal: float | None = None) -> Row:
    """``when`` is ``seconds`` for a process's first load, ``again`` for its second."""
    ours, pandas, fastest = (
        [each[when] for each in found[name]] for name in (kind, "pandas", "fastest")
    )
    times = median(pandas) / median(ours)
    return Row(
        what,
        spread(ours, "s", 3),
        f"`pandas.read_csv` {spread(pandas, 's', 3)}; with Arrow's reader and types "
        f"{spread(fastest, 's', 3)}",
        f"{times:.1f}× as fast",
        None if goal is None else Goal(times, goal, "×", least=True),
    )


def _memory(found: Figures, size: str) -> Row:
    peaks = {name: [each["peak_mib"] for each in runs] for name, runs in found.items()}
    said = {"first": "first load", "native": "from the cache", "pyarrow": "with Arrow types"}
    return Row(
        f"{size}: peak memory of these processes, with the pages of the mapped cache",
        ", ".join(f"{words} {spread(peaks[kind], 'MiB')}" for kind, words in said.items()),
        f"`pandas.read_csv` {spread(peaks['pandas'], 'MiB')}; with Arrow's reader and types "
        f"{spread(peaks['fastest'], 'MiB')}",
        f"{median(peaks['native']) / median(peaks['pandas']):.2f}× (from the cache to `read_csv`)",
    )
