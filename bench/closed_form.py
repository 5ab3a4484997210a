"""Closed-form questions ("@mean_fare[…]") asked of the built-in analyst.

``python -m bench.closed_form [FOLDER]`` asks those of this repository, or of a folder outside of
it (the environment's ``LEONIDAS_QUESTIONS``) with ``questions.jsonl`` (question, constraints,
format, level, table, answers) and ``tables/``.
"""

import asyncio
import json
import math
import os
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from bench.report import Goal, Row
from leonidas_jupyter.assistant.analyst.analyst import Analyst
from leonidas_jupyter.assistant.analyst.plan import PlannedCall, ToolOutcome
from leonidas_jupyter.assistant.tools.statistics import StatisticsArguments
from leonidas_jupyter.data.errors import DataError
from leonidas_jupyter.data.frames import Frame, frame_name
from leonidas_jupyter.data.ingest import ingest
from leonidas_jupyter.data.recipes.errors import RecipeRefused
from leonidas_jupyter.data.recipes.program import compile_recipe
from leonidas_jupyter.data.recipes.workers import RecipeLimits, RecipeWorkers

CHECKOUT = Path(__file__).resolve().parent.parent
OWN = CHECKOUT / "tests" / "golden" / "closed"
OWN_TABLES = CHECKOUT / "tests" / "golden" / "tables"
VARIABLE = "LEONIDAS_QUESTIONS"
RIGHT_GOAL, WRONG_GOAL = 0.6, 0.08


@dataclass(frozen=True)
class Verdict:
    """What became of a question: ``right``, ``wrong`` or ``declined``, and the answer's text."""

    id: Any
    level: str
    verdict: str
    text: str
    milliseconds: float
    answerable: bool = True


@dataclass
class Tables:
    """Tables as the product has them, and the workers that compute over them."""

    folder: Path
    source: Path
    workers: RecipeWorkers = field(init=False)
    known: dict[str, tuple[Analyst, Frame, Path]] = field(default_factory=dict)

    def table(self, filename: str) -> tuple[Analyst, Frame, Path]:
        """The table of a file, ingested once."""
        if filename not in self.known:
            source, parquet = self.source / filename, self.folder / f"{filename}.parquet"
            report = ingest(
                source, parquet, filename=filename, override=None, progress=lambda _: None
            )
            frame = Frame(
                name=frame_name(filename),
                file_id=filename,
                filename=filename,
                frame_hash=report.frame_hash,
                content_version=1,
                profile=report.profile,
            )
            self.known[filename] = (Analyst([frame]), frame, parquet)
        return self.known[filename]

    async def ask(self, filename: str, question: str) -> tuple[bool, str]:
        """Whether something was computed, and the answer."""
        analyst, frame, parquet = self.table(filename)
        plan = analyst.plan(question)
        outcomes = [await self._run(call, frame, parquet) for call in plan.calls]
        failed = any(not outcome.ok for outcome in outcomes)
        return bool(plan.calls) and not failed, plan.say(outcomes)

    async def _run(self, call: PlannedCall, frame: Frame, parquet: Path) -> ToolOutcome:
        if call.tool != "statistics":
            return ToolOutcome(ok=False, error=f"{call.tool} is not measured here")
        recipe = StatisticsArguments.model_validate(call.arguments)
        try:
            program = compile_recipe(recipe, {frame.name: frame.profile})
            result = await self.workers.run(program, {frame.name: parquet})
        except (RecipeRefused, DataError) as error:
            return ToolOutcome(ok=False, error=error.sentence)
        return ToolOutcome(ok=True, result=result.model_dump(mode="json"))


def equal(want: str, got: str) -> bool:
    """Whether two filled values are equal: numbers as rounded as the label, words without case."""
    want, got = want.strip(), got.strip()
    if want.casefold() == got.casefold():
        return True
    try:
        first, second = float(want.replace(",", "")), float(got.replace(",", "").rstrip("%"))
    except ValueError:
        return False
    decimals = len(want.partition(".")[2])
    near = math.isclose(first, second, rel_tol=0, abs_tol=1e-6)
    return near or (decimals > 0 and round(second, decimals) == round(first, decimals))


def text_of(entry: Mapping[str, Any]) -> str:
    """A question with its constraints and form, as one message."""
    return f"{entry['question']}\n\nConstraints: {entry['constraints']}\n\n{entry['format']}"


async def ask_all(entries: Sequence[Mapping[str, Any]], tables: Tables) -> list[Verdict]:
    """Ask every question; ``answers`` null means that it should be declined."""
    tables.workers = RecipeWorkers(RecipeLimits())
    found = []
    for entry in entries:
        begun = time.perf_counter()
        computed, text = await tables.ask(entry["table"], text_of(entry))
        took = (time.perf_counter() - begun) * 1000
        said = dict(re.findall(r"@(\w+)\[([^\]]*)\]", text)) if computed else {}
        wanted = entry["answers"]
        if not said:
            verdict = "declined"
        elif wanted and all(name in said and equal(wanted[name], said[name]) for name in wanted):
            verdict = "right"
        else:
            verdict = "wrong"
        found.append(Verdict(entry["id"], entry["level"], verdict, text, took, bool(wanted)))
    await tables.workers.close()
    return found


def questions(folder: Path) -> list[dict[str, Any]]:
    """The questions of a folder."""
    lines: list[dict[str, Any]] = []
    for path in sorted(folder.glob("*.jsonl")):
        lines += [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return lines


def asked(folder: Path, tables: Path) -> list[Verdict]:
    """Ask the questions of a folder."""
    with tempfile.TemporaryDirectory() as work:
        return asyncio.run(ask_all(questions(folder), Tables(Path(work), tables)))


def _rows(name: str, verdicts: Sequence[Verdict]) -> Iterator[Row]:
    tally = Counter(verdict.verdict for verdict in verdicts)
    count = sum(verdict.answerable for verdict in verdicts)
    right, wrong = tally["right"] / count, tally["wrong"] / len(verdicts)
    middle = median(verdict.milliseconds for verdict in verdicts)
    yield Row(
        f"closed-form questions answered right, {name}",
        f"{tally['right']} of {count}",
        f"declined {tally['declined']}, {middle:.0f} ms each",
        f"{right:.0%}",
        Goal(right * 100, RIGHT_GOAL * 100, " %", least=True),
    )
    yield Row(
        f"closed-form questions answered wrong, {name}",
        f"{tally['wrong']} of {len(verdicts)}",
        "—",
        f"{wrong:.0%}",
        Goal(wrong * 100, WRONG_GOAL * 100, " %"),
    )


def measure() -> list[Row]:
    """Our own questions, and those outside where they are given."""
    rows = list(_rows("our own", asked(OWN, OWN_TABLES)))
    outside = os.environ.get(VARIABLE)
    if outside:
        folder = Path(outside)
        return [*rows, *_rows("outside", asked(folder, folder / "tables"))]
    return [*rows, Row("closed-form questions, outside", f"not measured: set {VARIABLE}", "—", "—")]


def main() -> int:
    """Ask the questions of a folder, and print what became of each and the tally by level."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get(VARIABLE, str(OWN)))
    tables = folder / "tables" if (folder / "tables").is_dir() else OWN_TABLES
    verdicts = asked(folder, tables)
    for verdict in verdicts:
        if verdict.verdict != "right":
            print(verdict.verdict, verdict.id, " ".join(verdict.text.split())[:160])
    for level in [*dict.fromkeys(verdict.level for verdict in verdicts), "all"]:
        own = [each for each in verdicts if level in (each.level, "all")]
        tally = Counter(each.verdict for each in own)
        print(
            f"{level:8} n={len(own):4}",
            *(f"{key} {tally[key]}" for key in ("right", "wrong", "declined")),
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
