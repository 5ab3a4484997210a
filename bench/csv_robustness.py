"""Read every case of a CSV-robustness set with our reader and score what was loaded.

    python bench/csv_robustness.py DIRECTORY [-- scorer options]

DIRECTORY (or the environment variable LEONIDAS_CSV_ROBUSTNESS) holds ``cases/``, ``clean/`` and
``score.py``. The reader is told nothing but the file. Typed values are written as the frame holds
them, under the names as written in the file where it has some.
"""

import csv
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from leonidas_jupyter.data.errors import UnreadableFile
from leonidas_jupyter.data.ingest import ingest

VARIABLE = "LEONIDAS_CSV_ROBUSTNESS"


def as_text(value: object) -> str:
    """A frame's value as a CSV cell."""
    if value is None:
        return ""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def load(case: Path, target: Path, scratch: Path) -> None:
    """Read one case and write the table that came of it."""
    import pyarrow.parquet as pq

    parquet = scratch / "frame.parquet"
    report = ingest(case, parquet, filename=case.name, override=None, progress=lambda _: None)
    table = pq.read_table(parquet)
    with target.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, quoting=csv.QUOTE_ALL)
        columns = report.profile.columns
        writer.writerow([column.original_name or column.name for column in columns])
        rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
        writer.writerows([as_text(value) for value in row] for row in rows)


def main() -> int:
    """Load all cases, then hand over to the scorer."""
    arguments = sys.argv[1:]
    given = arguments.pop(0) if arguments else os.environ.get(VARIABLE)
    if given is None:
        print(f"usage: {sys.argv[0]} DIRECTORY (or set {VARIABLE})")
        return 2
    directory = Path(given)
    with tempfile.TemporaryDirectory() as loaded, tempfile.TemporaryDirectory() as scratch:
        for case in sorted((directory / "cases").iterdir()):
            try:
                load(case, Path(loaded) / case.name, Path(scratch))
            except UnreadableFile as error:
                print(f"  not read: {case.name}: {error.sentence}")
                if not case.stat().st_size:
                    (Path(loaded) / case.name).touch()
        scorer = [sys.executable, str(directory / "score.py"), loaded, "--cases", str(directory)]
        return subprocess.run([*scorer, *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
