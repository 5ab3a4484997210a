"""How long the built-in analyst takes for golden questions, beside the same SQL in DuckDB alone."""

import asyncio
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from bench.report import Row
from leonidas_jupyter.assistant.analyst.analyst import Analyst
from leonidas_jupyter.assistant.analyst.plan import Plan, ToolOutcome
from leonidas_jupyter.data.frames import Frame, frame_name
from leonidas_jupyter.data.ingest import ingest
from leonidas_jupyter.data.sql import SqlLimits, SqlWorkers

GOLDEN = Path(__file__).resolve().parent.parent / "tests" / "golden"
SAMPLED = 5
"""Every so many questions one is asked."""


@dataclass(frozen=True)
class Table:
    """A table as the product has it."""

    frame: Frame
    parquet: Path


@dataclass
class Times:
    """Of several questions, in milliseconds.

    Attributes:
        plan: from the question to its plan; a new analyst makes it, as for each answer.
        whole: from the question to the answer, with the SQL in its worker.
        peer: the same SQL in DuckDB in this process, its rows fetched.
    """

    plan: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    peer: list[float] = field(default_factory=list)


def measure(home: Path) -> list[Row]:
    """A sample of the golden questions that are answered by SQL."""
    times = asyncio.run(_measure(home))
    more = median(times.whole) - median(times.peer)
    return [
        Row(
            f"built-in analyst, question to answer, {len(times.whole)} golden questions",
            f"median {median(times.whole):.1f} ms, p95 {_p95(times.whole):.1f} ms "
            f"(of it the plan {median(times.plan):.1f} ms, p95 {_p95(times.plan):.1f} ms)",
            f"the same SQL in DuckDB in process: median {median(times.peer):.1f} ms, "
            f"p95 {_p95(times.peer):.1f} ms",
            f"{more:+.1f} ms",
        )
    ]


def read_in(source: Path, folder: Path) -> Table:
    """Ingest a file as the product does."""
    parquet = folder / f"{source.stem}.parquet"
    report = ingest(source, parquet, filename=source.name, override=None, progress=lambda _: None)
    frame = Frame(
        name=frame_name(source.name),
        file_id=source.stem,
        filename=source.name,
        frame_hash=report.frame_hash,
        content_version=1,
        profile=report.profile,
    )
    return Table(frame, parquet)


async def _measure(folder: Path) -> Times:
    times, workers = Times(), SqlWorkers(SqlLimits())
    try:
        for golden in sorted(GOLDEN.glob("*.jsonl")):
            table = read_in(GOLDEN / "tables" / f"{golden.stem}.csv", folder)
            await _ask_all(list(_questions(golden)), table, workers, times)
    finally:
        await workers.close()
    return times


def _questions(golden: Path) -> Iterator[str]:
    """A sample of the questions that stand alone, over one table, and have an answer."""
    lines = golden.read_text(encoding="utf-8").splitlines()
    for number, entry in enumerate(map(json.loads, lines)):
        apart = not entry.get("earlier") and not entry.get("tables")
        if number % SAMPLED == 0 and apart and entry["expect"] != "abstain":
            yield entry["question"]


async def _ask_all(
    questions: Sequence[str], table: Table, workers: SqlWorkers, times: Times
) -> None:
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW \"{table.frame.name}\" AS FROM '{table.parquet}'")
        await workers.query({table.frame.name: table.parquet}, f'FROM "{table.frame.name}"')
        for question in questions:
            begun = time.perf_counter()
            plan = Analyst([table.frame]).plan(question)
            planned = time.perf_counter()
            queries = list(_queries(plan))
            if not queries:
                continue
            asked = [await workers.query({table.frame.name: table.parquet}, q) for q in queries]
            plan.say([ToolOutcome(ok=True, result=each.model_dump(mode="json")) for each in asked])
            answered = time.perf_counter()
            for query in queries:
                connection.execute(query).fetchall()
            times.peer.append((time.perf_counter() - answered) * 1000)
            times.plan.append((planned - begun) * 1000)
            times.whole.append((answered - begun) * 1000)


def _queries(plan: Plan) -> Iterator[str]:
    """The SQL of a plan; none where it calls for other tools."""
    calls: Sequence[Mapping[str, Any]] = [
        dict(call.arguments) for call in plan.calls if call.tool == "query"
    ]
    if len(calls) == len(plan.calls):
        yield from (str(call["sql"]) for call in calls)


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]
