"""One piece of work in a process of its own: ``python -m bench.alone WORK ARGUMENT…``.

Prints its seconds, and the most memory that the process held, as JSON; of loads also the seconds of
doing it again once the first result is dropped. Libraries are imported before the clock starts;
``WORKS`` says which works there are.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.memory import peak_mib

PATIENCE_SECONDS = 1800

Timed = Callable[[], object]


def duckdb_copy(source: str, target: str) -> Timed:
    """DuckDB alone: the CSV to Parquet."""
    import duckdb

    connection = duckdb.connect()
    sql = f"COPY (FROM read_csv('{source}')) TO '{target}' (FORMAT parquet)"
    return lambda: connection.execute(sql)


def duckdb_summarise(source: str) -> Timed:
    """DuckDB alone: the CSV's or the Parquet file's summary."""
    import duckdb

    connection = duckdb.connect()
    return lambda: connection.execute(f"SUMMARIZE FROM '{source}'").fetchall()


def duckdb_query(source: str, sql: str) -> Timed:
    """DuckDB alone: a query over the Parquet file, as the table ``orders``."""
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"CREATE VIEW orders AS FROM '{source}'")
    return lambda: connection.execute(sql).fetchall()


def profile(source: str) -> Timed:
    """Our profile of the Parquet file."""
    import duckdb
    import pyarrow.parquet  # noqa: F401 - which is not to be timed

    from leonidas_jupyter.data.summarise import profile_frame

    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")
    return lambda: profile_frame(connection, Path(source), {}, lambda _: None)


def read_csv(source: str) -> Timed:
    """``pandas.read_csv`` as it comes."""
    import pandas as pd

    return lambda: pd.read_csv(source)


def read_csv_arrow(source: str) -> Timed:
    """``pandas.read_csv`` at its fastest: Arrow's reader and types."""
    import pandas as pd
    import pyarrow.csv  # noqa: F401 - which is not to be timed

    return lambda: pd.read_csv(source, engine="pyarrow", dtype_backend="pyarrow")


def frame(url: str, token: str, project: str, name: str, backend: str) -> Timed:
    """A frame as a notebook loads it; ``backend`` is ``native`` or ``pyarrow``."""
    import pandas as pd  # noqa: F401 - which is not to be timed
    import pyarrow.compute
    import pyarrow.parquet  # noqa: F401 - as above

    from leonidas_jupyter import connect

    frames = connect(project, url=url, token=token).frames
    dtype_backend = None if backend == "native" else backend

    def load() -> object:
        return frames.load(name, dtype_backend=dtype_backend, any_size=True, progress=False)

    return load


WORKS: dict[str, Callable[..., Timed]] = {
    work.__name__: work
    for work in (
        duckdb_copy,
        duckdb_summarise,
        duckdb_query,
        profile,
        read_csv,
        read_csv_arrow,
        frame,
    )
}


LOADS = {"read_csv", "read_csv_arrow", "frame"}


def alone(work: Callable[..., Timed], *arguments: object, **variables: str) -> dict[str, float]:
    """Have a work done in a process of its own; ``seconds``, ``peak_mib``, of loads ``again``.

    ``variables`` are added to its environment.

    Raises:
        RuntimeError: it failed.
    """
    import os

    command = [sys.executable, "-m", "bench.alone", work.__name__, *map(str, arguments)]
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        env={**os.environ, **variables},
    )
    if done.returncode:
        raise RuntimeError(f"{work.__name__}: {done.stderr[-2000:]}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def main(name: str, *arguments: str) -> dict[str, float]:
    """Do the work; seconds, and the process's peak memory in MiB."""
    timed = WORKS[name](*arguments)
    seconds, result = _clocked(timed)
    figures = {"seconds": seconds, "peak_mib": peak_mib()}
    if name == "frame" and arguments[-1] == "native":
        result.iloc[0, 0] = result.iloc[1, 0]  # raises where the frame cannot be changed
    if name in LOADS:
        del result
        figures["again"] = _clocked(timed)[0]
    return figures


def _clocked(timed: Timed) -> tuple[float, Any]:
    begun = time.perf_counter()
    result = timed()
    return time.perf_counter() - begun, result


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
