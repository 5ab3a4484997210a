"""Read every case of a CSV-robustness set with our reader and score what was loaded.

    python -m bench.csv_robustness DIRECTORY [-- scorer options]

DIRECTORY (or the environment variable LEONIDAS_CSV_ROBUSTNESS) holds ``cases/``, ``clean/`` and
``score.py``, which prints ``KIND n= COUNT SCORE`` of a folder of loaded tables. The reader is told
nothing but the file. Typed values are written as the frame holds them, under the names as written
in the file: no name for a column that has none, and no header where the file has none, since the
numbers that the product gives such columns are in no file. ``measure`` scores other readers beside
ours, kind by kind.
"""

import csv
import os
import re
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bench.csv_peers import PEERS, Reader, missing, read
from bench.report import Goal, Row
from leonidas_jupyter.data.errors import UnreadableFile
from leonidas_jupyter.data.ingest import ingest

VARIABLE = "LEONIDAS_CSV_ROBUSTNESS"
OVERALL = {"SYNTHETIC": 9.8, "REAL": 9.3}
"""What the scorer says of all files, and what it should be at least."""

_LINE = re.compile(r"(\S+)\s+n=\s*(\d+)\s+([\d.]+)")

Scores = dict[str, float]
"""The mean score, 0 to 10, of each kind of file."""


def as_text(value: object) -> str:
    """A frame's value as a CSV cell."""
    if value is None:
        return ""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def load(case: Path, scratch: Path) -> list[list[object]]:
    """Our reading of one case: the header, where there is one, and the rows.

    Raises:
        UnreadableFile: it is no table.
    """
    import pyarrow.parquet as pq

    parquet = scratch / "frame.parquet"
    report = ingest(case, parquet, filename=case.name, override=None, progress=lambda _: None)
    table = pq.read_table(parquet)
    rows = [list(row) for row in zip(*(c.to_pylist() for c in table.columns), strict=True)]
    names: list[object] = [column.original_name for column in report.profile.columns]
    return [names, *rows] if any(names) else rows


def write(table: Iterable[Sequence[object]], target: Path) -> None:
    """A table as the scorer wants it."""
    with target.open("w", encoding="utf-8", errors="replace", newline="") as handle:
        writer = csv.writer(handle, quoting=csv.QUOTE_ALL)
        writer.writerows([as_text(value) for value in row] for row in table)


def load_all(directory: Path, loaded: Path) -> None:
    """Read every case as the product does; what is refused is printed, and is no table."""
    with tempfile.TemporaryDirectory() as scratch:
        for case in _cases(directory):
            try:
                write(load(case, Path(scratch)), loaded / case.name)
            except UnreadableFile as error:
                print(f"  not read: {case.name}: {error.sentence}")
                if not case.stat().st_size:
                    (loaded / case.name).touch()


def load_by(reader: Reader, directory: Path, loaded: Path) -> None:
    """Read every case with another reader; an empty file, which few take for a table, is one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for case in _cases(directory):
            if (table := read(reader, case)) is not None:
                write(table, loaded / case.name)
            elif not case.stat().st_size:
                (loaded / case.name).touch()


def _cases(directory: Path) -> list[Path]:
    return sorted((directory / "cases").iterdir())


def scores(directory: Path, loaded: Path) -> tuple[Scores, dict[str, int]]:
    """What the set's scorer says of the loaded tables, and how many files each kind has."""
    said = subprocess.run(
        [sys.executable, str(directory / "score.py"), str(loaded), "--cases", str(directory)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = [match.groups() for match in map(_LINE.match, said.splitlines()) if match]
    return (
        {kind: float(score) for kind, _, score in found},
        {kind: int(count) for kind, count, _ in found},
    )


def _peer_scores(readers: tuple[Reader, ...], directory: Path) -> Scores:
    """The best that a library's ways of reading score, kind by kind."""
    best: Scores = {}
    for reader in readers:
        with tempfile.TemporaryDirectory() as loaded:
            load_by(reader, directory, Path(loaded))
            for kind, score in scores(directory, Path(loaded))[0].items():
                best[kind] = max(score, best.get(kind, 0.0))
    return best


def measure() -> list[Row]:
    """Our score beside that of others for each kind of damage, where a set is given."""
    given = os.environ.get(VARIABLE)
    if not given:
        return [Row("CSV robustness", f"not measured: set {VARIABLE}", "—", "—")]
    directory = Path(given)
    with tempfile.TemporaryDirectory() as loaded:
        load_all(directory, Path(loaded))
        ours, counts = scores(directory, Path(loaded))
    absent = missing()
    peers = {
        name: _peer_scores(readers, directory)
        for name, readers in PEERS.items()
        if name not in absent
    }
    rows = list(_rows(ours, counts, peers))
    return rows + [Row(f"CSV robustness, {name}", "—", "not installed", "—") for name in absent]


def _rows(ours: Scores, counts: dict[str, int], peers: dict[str, Scores]) -> Iterator[Row]:
    for kind, score in ours.items():
        theirs = {name: found.get(kind, 0.0) for name, found in peers.items()}
        best = max(theirs.values())
        yield Row(
            f"CSV robustness, {kind} ({counts[kind]}), of 10",
            f"{score:.3f}",
            " · ".join(f"{name} {found:.3f}" for name, found in theirs.items()),
            f"{score - best:+.3f} to the best",
            Goal(score, max(best, OVERALL.get(kind, 0.0)), least=True),
        )


def main() -> int:
    """Load all cases, then hand over to the scorer."""
    arguments = sys.argv[1:]
    given = arguments.pop(0) if arguments else os.environ.get(VARIABLE)
    if given is None:
        print(f"usage: {sys.argv[0]} DIRECTORY (or set {VARIABLE})")
        return 2
    directory = Path(given)
    with tempfile.TemporaryDirectory() as loaded:
        load_all(directory, Path(loaded))
        scorer = [sys.executable, str(directory / "score.py"), loaded, "--cases", str(directory)]
        return subprocess.run([*scorer, *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
