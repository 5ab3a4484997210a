"""A frame loaded in a notebook, the first and the second time, beside pandas reading the CSV."""

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
    seconds = {name: [each["seconds"] for each in runs] for name, runs in found.items()}
    peaks = {name: [each["peak_mib"] for each in runs] for name, runs in found.items()}
    fastest = f"Arrow's reader and types {spread(seconds['fastest'], 's', 3)}"
    peer = f"`pandas.read_csv` {spread(seconds['pandas'], 's', 3)}"
    pandas = median(seconds["pandas"])
    rows = []
    for kind, words in KINDS.items():
        times = pandas / median(seconds[kind])
        goal = Goal(times, GOALS[kind], "×", least=True) if size == GOAL_AT else None
        what = f"{size}: second load in a kernel, {words}"
        ours = spread(seconds[kind], "s", 3)
        rows.append(Row(what, ours, f"{peer}; with {fastest}", f"{times:.1f}× as fast", goal))
    first = pandas / median(seconds["first"])
    rows.append(
        Row(
            f"{size}: first load in a kernel (download, check, unpack), native types",
            spread(seconds["first"], "s", 3),
            peer,
            f"{first:.1f}× as fast",
        )
    )
    memory = ", ".join(
        f"{words} {spread(peaks[kind], 'MiB')}"
        for kind, words in {
            "first": "first load",
            "native": "second",
            "pyarrow": "Arrow types",
        }.items()
    )
    rows.append(
        Row(
            f"{size}: peak memory of these processes, with the pages of the mapped cache",
            memory,
            f"`pandas.read_csv` {spread(peaks['pandas'], 'MiB')}; with Arrow's reader and types "
            f"{spread(peaks['fastest'], 'MiB')}",
            f"{median(peaks['native']) / median(peaks['pandas']):.2f}× (second to `read_csv`)",
        )
    )
    return rows
