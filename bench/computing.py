"""Statistics, receipts and spans: what each costs beside the same work done bare."""

import asyncio
import random
import re
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from statistics import median
from typing import Any

from bench.analyst import GOLDEN, Table, read_in
from bench.report import Row, spread
from leonidas_jupyter.assistant import receipts
from leonidas_jupyter.assistant.results import Results
from leonidas_jupyter.assistant.tools.statistics import StatisticsArguments
from leonidas_jupyter.core.tracing import span
from leonidas_jupyter.data.recipes.program import compile_recipe
from leonidas_jupyter.data.recipes.workers import RecipeLimits, RecipeWorkers

ROUNDS = 30
SPANS = 20_000
ROWS = 1_000
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
RECIPE = {
    "frame": "penguins",
    "steps": [{"op": "drop_missing", "columns": ["sex", "body_mass_g"]}],
    "outputs": [
        {
            "op": "compare_two",
            "name": "mass",
            "column": "body_mass_g",
            "by": "sex",
            "test": "welch",
            "groups": ["male", "female"],
        }
    ],
}


def measure(home: Path) -> list[Row]:
    """A round trip of ``statistics``, checks of answers, and spans that nobody takes."""
    statistics = asyncio.run(_statistics(read_in(GOLDEN / "tables" / "penguins.csv", home)))
    return [statistics, *_receipts(), _spans()]


async def _statistics(table: Table) -> Row:
    ours, peer, workers = [], [], RecipeWorkers(RecipeLimits())
    profiles, paths = {"penguins": table.frame.profile}, {"penguins": table.parquet}
    try:
        for number in range(ROUNDS + 1):
            begun = time.perf_counter()
            recipe = StatisticsArguments.model_validate(RECIPE)
            result = await workers.run(compile_recipe(recipe, profiles), paths)
            between = time.perf_counter()
            p = _bare_test(table.parquet)
            ended = time.perf_counter()
            figures = dict(zip((c.name for c in result.columns), result.rows[0], strict=True))
            if abs(float(str(figures["mass_p"])) - p) > 1e-9:
                raise RuntimeError("The two tests differ.")
            if number:  # the first starts the worker
                ours.append((between - begun) * 1000)
                peer.append((ended - between) * 1000)
    finally:
        await workers.close()
    return Row(
        "`statistics` round trip, warm (Welch's t-test of two groups)",
        spread(ours, "ms", 1),
        f"pandas and scipy in process {spread(peer, 'ms', 1)}",
        f"{median(ours) - median(peer):+.1f} ms",
    )


def _bare_test(parquet: Path) -> float:
    """The same test, of the same file."""
    import pandas as pd
    from scipy import stats  # type: ignore[import-untyped]  # scipy has no types

    table = pd.read_parquet(parquet, columns=["sex", "body_mass_g"]).dropna()
    groups = [table.loc[table["sex"] == sex, "body_mass_g"] for sex in ("male", "female")]
    return float(stats.ttest_ind(*groups, equal_var=False).pvalue)


def _receipts() -> list[Row]:
    typical = [["Adelie", 3700.66, 152], ["Chinstrap", 3733.09, 68], ["Gentoo", 5076.02, 124]]
    said = (
        "Gentoo penguins are the heaviest: 5,076 g on average (n = 124), 36 % more than Chinstrap "
        "(3,733 g) and 1,375 g more than Adelie (3,700.7 g). Together they are 344 birds."
    )
    chance = random.Random(7)  # noqa: S311 - data, not a secret
    many = [[f"city {n}", chance.uniform(0, 1e5), chance.randrange(10**6)] for n in range(ROWS)]
    lines = [f"| {name} | {value:,.2f} | {count:,} |" for name, value, count in many[:50]]
    table = "\n".join(["| city | mean | n |", "|---|---|---|", *lines])
    return [
        _checked("a typical answer", said, typical),
        _checked(f"an answer of 100 numbers over {ROWS:,} rows", table, many),
    ]


def _checked(what: str, text: str, rows: list[list[Any]]) -> Row:
    results = Results()
    columns = [{"name": name, "type": "DOUBLE"} for name in ("group", "mean", "n")]
    results.add("t1", {"columns": columns, "rows": rows}, "SELECT 1")
    ours = _milliseconds(lambda: receipts.check(text, "mean by group?", results))
    peer = _milliseconds(lambda: _looked_up(text, rows))
    return Row(
        f"receipts of {what}",
        spread(ours, "ms", 2),
        f"each number looked up among the rounded results {spread(peer, 'ms', 2)}",
        f"{median(ours) - median(peer):+.2f} ms",
    )


def _looked_up(text: str, rows: list[list[Any]]) -> int:
    """How many numbers of a text stand in the rows, rounded as they are; nothing derived."""
    values = [value for row in rows for value in row if isinstance(value, int | float)]
    found = 0
    known: dict[int, set[str]] = {}
    for text_of in NUMBER.findall(text):
        plain = text_of.replace(",", "").rstrip(".")
        digits = len(plain.partition(".")[2])
        if digits not in known:
            known[digits] = {f"{value:.{digits}f}" for value in values}
        found += plain in known[digits]
    return found


def _milliseconds(work: Callable[[], object]) -> list[float]:
    work()
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        times.append((time.perf_counter() - begun) * 1000)
    return times


def _spans() -> Row:
    def ours() -> None:
        for _ in range(SPANS):
            with span("bench", {"run_id": "1"}):
                pass

    def bare() -> None:
        for _ in range(SPANS):
            with nullcontext():
                pass

    mine, its = ([each * 1000 / SPANS for each in _milliseconds(work)] for work in (ours, bare))
    return Row(
        "a span while no OpenTelemetry SDK is configured",
        spread(mine, "µs", 2),
        f"`contextlib.nullcontext` {spread(its, 'µs', 2)}",
        f"{median(mine) - median(its):+.2f} µs",
    )
