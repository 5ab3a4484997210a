"""What DuckDB alone needs for the same work: ``python -m bench.duckdb_alone CSV PARQUET``.

Copies the CSV to Parquet and summarises it. Prints seconds and the peak of its memory as JSON.
"""

import json
import resource
import sys
import time


def main(source: str, target: str) -> dict[str, float]:
    """Seconds of the copy and of the summary, and the process's peak memory in MiB."""
    import duckdb

    connection = duckdb.connect()
    begun = time.perf_counter()
    connection.execute(f"COPY (FROM read_csv('{source}')) TO '{target}' (FORMAT parquet)")
    copied = time.perf_counter()
    connection.execute(f"SUMMARIZE FROM read_csv('{source}')").fetchall()
    summarised = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "copy": copied - begun,
        "summarise": summarised - copied,
        "peak_mib": peak / (2**20 if sys.platform == "darwin" else 2**10),
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2])))
