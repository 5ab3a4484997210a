"""The profile alone, beside DuckDB's summary of the same Parquet file."""

from pathlib import Path
from statistics import median

from bench.alone import alone, duckdb_summarise, profile
from bench.report import Row, spread


def measure(parquet: Path, size: str, rounds: int) -> list[Row]:
    """Each in a process of its own, in turn."""
    pairs = [(alone(profile, parquet), alone(duckdb_summarise, parquet)) for _ in range(rounds)]
    ours, peer = zip(*pairs, strict=True)
    seconds, theirs = [each["seconds"] for each in ours], [each["seconds"] for each in peer]
    memory = spread([each["peak_mib"] for each in ours], "MiB")
    return [
        Row(
            f"{size}: profile alone (histograms, top values, key sketches, duplicates, warnings)",
            f"{spread(seconds, 's', 2)}, {memory} at most",
            f"DuckDB's `SUMMARIZE` {spread(theirs, 's', 2)}, "
            f"{spread([each['peak_mib'] for each in peer], 'MiB')}",
            f"{median(seconds) / median(theirs):.1f}×",
        )
    ]
