"""Golden questions: the product's frames, answers by DuckDB, compared with pandas.

A golden line is an object: ``question``, ``kind``, ``expect`` (a pandas expression over ``df``, or
``abstain``, or ``text:`` and words of the answer), and where needed ``earlier`` (questions before
it), ``column`` (which column of the result answers; the first after the groups otherwise),
``mark`` (of the chart), ``count`` (compare the number of rows), ``having`` (keep gaps only),
``parts`` (``expect`` lists the first cell of each result), ``tables`` (further tables at hand; they
are ``other["name"]`` in the expression).
"""

import datetime
import decimal
import json
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from scipy import stats

from leonidas_jupyter.assistant.analyst.analyst import Analyst
from leonidas_jupyter.assistant.analyst.plan import Plan, PlannedCall, ToolOutcome
from leonidas_jupyter.assistant.tools.frames import description
from leonidas_jupyter.assistant.tools.vegalite import checked
from leonidas_jupyter.data.frames import Frame, frame_name
from leonidas_jupyter.data.ingest import ingest
from leonidas_jupyter.data.recipes.program import compile_recipe
from leonidas_jupyter.data.recipes.running import run_program
from leonidas_jupyter.data.recipes.steps import Recipe
from leonidas_jupyter.data.statement import check_statement

HERE = Path(__file__).parent
TABLES = HERE / "tables"
READING: Mapping[str, Mapping[str, Any]] = {
    "cars": {"parse_dates": ["Year"]},
    "movies": {"parse_dates": ["Release Date"]},
    "weather": {"parse_dates": ["date"]},
    "stocks": {"parse_dates": ["date"]},
    "employment": {"parse_dates": ["month"]},
    "flights": {"parse_dates": ["date"]},
    "ohlc": {"parse_dates": ["date"]},
    "iowa": {"parse_dates": ["year"]},
    "birdstrikes": {"parse_dates": ["Flight Date"]},
    "countries": {
        "sep": ";",
        "decimal": ",",
        "thousands": ".",
        "encoding": "cp1252",
        "skiprows": 3,
        "keep_default_na": False,
        "skipfooter": 2,
        "engine": "python",
    },
}


@dataclass(frozen=True)
class Table:
    """A golden table as the product has it (``frame``, ``parquet``)."""

    name: str
    frame: Frame
    parquet: Path

    def pandas(self) -> pd.DataFrame:
        """The table as pandas reads the same file."""
        return read(self.name)


def load(name: str, folder: Path) -> Table:
    """Ingest a golden table as the product does."""
    source, parquet = TABLES / f"{name}.csv", folder / f"{name}.parquet"
    report = ingest(source, parquet, filename=source.name, override=None, progress=lambda _: None)
    frame = Frame(
        name=frame_name(source.name),
        file_id=name,
        filename=source.name,
        frame_hash=report.frame_hash,
        content_version=1,
        profile=report.profile.shown(),
        keys=report.profile.keys,
    )
    return Table(name, frame, parquet)


def others(entry: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """Further tables that a golden line speaks of, as pandas reads them."""
    return {name: read(name) for name in entry.get("tables", ())}


def read(name: str) -> pd.DataFrame:
    """A golden table as pandas reads its file."""
    return pd.read_csv(TABLES / f"{name}.csv", **READING.get(name, {}))


def golden(name: str) -> list[dict[str, Any]]:
    """The golden lines about a table."""
    text = (HERE / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def golden_names() -> list[str]:
    """Every table that has golden lines."""
    return sorted(path.stem for path in HERE.glob("*.jsonl"))


class Desk:
    """Tools over some tables, as far as the analyst needs them, in plain DuckDB."""

    def __init__(self, tables: Sequence[Table]):
        self.frames = [table.frame for table in tables]
        self.analyst = Analyst(self.frames)
        self._files = {table.frame.name: table.parquet for table in tables}
        self._connection = duckdb.connect()
        self._asked: dict[tuple[str, ...], tuple[Plan, list[ToolOutcome], str]] = {}
        for table in tables:
            self._connection.execute(
                f"CREATE VIEW \"{table.frame.name}\" AS FROM '{table.parquet}'"
            )

    def ask(
        self, question: str, earlier: Sequence[str] = ()
    ) -> tuple[Plan, list[ToolOutcome], str]:
        """The plan, what its calls gave, and the answer."""
        key = (question, *earlier)
        if key not in self._asked:
            plan = self.analyst.plan(question, earlier)
            outcomes = [self.run(call) for call in plan.calls]
            self._asked[key] = plan, outcomes, plan.say(outcomes)
        return self._asked[key]

    def run(self, call: PlannedCall) -> ToolOutcome:
        """One tool call."""
        if call.tool == "list_frames":
            listed = [
                {
                    "name": f.name,
                    "filename": f.filename,
                    "rows": f.profile.rows,
                    "columns": len(f.profile.columns),
                }
                for f in self.frames
            ]
            return ToolOutcome(True, {"frames": listed})
        if call.tool == "describe_frame":
            found = next(frame for frame in self.frames if frame.name == call.arguments["name"])
            return ToolOutcome(True, description(found))
        if call.tool == "statistics":
            return ToolOutcome(True, self._statistics(call.arguments))
        cursor = self._connection.execute(check_statement(call.arguments["sql"]))
        columns = [{"name": column[0], "type": str(column[1])} for column in cursor.description]
        rows = [[_plain(value) for value in row] for row in cursor.fetchall()]
        if call.tool == "chart":
            assert set(call.arguments) == {"sql", "spec"}
            checked(call.arguments["spec"], [column["name"] for column in columns])
        return ToolOutcome(
            True, {"columns": columns, "rows": rows, "truncated": False, "elapsed_ms": 0.1}
        )

    def _statistics(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """A recipe's results, computed as the worker does."""
        recipe = Recipe.model_validate(arguments)
        program = compile_recipe(recipe, {frame.name: frame.profile for frame in self.frames})
        frames = {
            name: {"path": str(self._files[name]), "columns": list(columns)}
            for name, columns in program.read.items()
        }
        parts = {key: [asdict(each) for each in getattr(program, key)] for key in _PARTS}
        request = {"code": program.code, "frames": frames, "sources": program.sources, **parts}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return run_program(request, 200)


_PARTS = ("figures", "tables", "marks")


def _plain(value: Any) -> Any:
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, datetime.date | datetime.datetime):
        return value.isoformat()
    return value


def _same_form(value: Any) -> Any:
    if isinstance(value, pd.Timestamp | datetime.date):
        return value.isoformat()[:10]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | float | np.integer | np.floating):
        return float(value)
    if isinstance(value, str) and value[4:5] == value[7:8] == "-":
        return value[:10]
    return value


def same(wanted: Any, got: Any) -> bool:
    """Whether two cells are equal, numbers within a millionth."""
    first, second = _same_form(wanted), _same_form(got)
    if isinstance(first, float) and isinstance(second, float):
        return math.isclose(first, second, rel_tol=1e-6, abs_tol=1e-9)
    return bool(first == second)


def judge(entry: Mapping[str, Any], desk: Desk, frame: pd.DataFrame) -> tuple[str, str]:
    """``right``, ``abstained``, ``declined`` or ``wrong``, and what was found instead."""
    plan, outcomes, text = desk.ask(entry["question"], entry.get("earlier", ()))
    if entry["expect"] == "abstain":
        return ("wrong", f"answered: {text[:200]}") if plan.calls else ("abstained", "")
    if not plan.calls:
        return "declined", text[:200]
    if entry["expect"].startswith("text:"):
        found = entry["expect"].removeprefix("text:") in text
        return ("right", "") if found else ("wrong", text[:200])
    if "mark" in entry:
        drawn = [call.arguments["spec"]["mark"] for call in plan.calls if call.tool == "chart"]
        names = [mark if isinstance(mark, str) else mark["type"] for mark in drawn]
        if names != [entry["mark"]]:
            return "wrong", f"drew {names}"
    # The expressions are this repository's own golden files.
    names = {"df": frame, "pd": pd, "np": np, "stats": stats, "other": others(entry)}
    wanted = eval(entry["expect"], names)  # noqa: S307
    results = [outcome.result for outcome in outcomes if "rows" in outcome.result]
    if "parts" in entry:
        one = len(results) == 1
        cells = (
            results[0]["rows"][0][: len(wanted)]
            if one
            else [result["rows"][0][0] for result in results]
        )
        equal = len(cells) == len(wanted) and all(map(same, wanted, cells))
        return ("right", "") if equal else ("wrong", f"{wanted} not {cells}")
    result = results[0]
    problem = _compare(
        entry, wanted, [column["name"] for column in result["columns"]], result["rows"]
    )
    return ("wrong", problem) if problem else ("right", "")


def _compare(
    entry: Mapping[str, Any], wanted: Any, columns: list[str], rows: list[list[Any]]
) -> str:
    if "count" in entry:
        return "" if wanted == len(rows) else f"{wanted} rows, not {len(rows)}"
    if isinstance(wanted, pd.Series):
        return _compare_groups(wanted, rows)
    if "column" in entry and entry["column"] not in columns:
        return f"no column {entry['column']} in {columns}"
    at = columns.index(entry["column"]) if "column" in entry else 0
    if isinstance(wanted, set):
        kept = [row for row in rows if row[1] > 0] if "having" in entry else rows
        got = {_same_form(row[at]) for row in kept}
        return "" if got == {_same_form(value) for value in wanted} else f"{wanted} not {got}"
    listed = wanted if isinstance(wanted, list) else [wanted]
    cells = [row[at] for row in rows] if isinstance(wanted, list) else [row[at] for row in rows[:1]]
    if entry["expect"].startswith("round(") and cells:
        cells = [round(cells[0], 2)]
    equal = len(cells) == len(listed) and all(map(same, listed, cells))
    return "" if equal else f"{listed[:6]} not {cells[:6]}"


def _compare_groups(wanted: pd.Series, rows: list[list[Any]]) -> str:
    keys = wanted.index.nlevels
    want = {
        tuple(map(_same_form, index if keys > 1 else (index,))): value
        for index, value in wanted.dropna().items()
    }
    got = {tuple(map(_same_form, row[:keys])): row[keys] for row in rows if row[keys] is not None}
    equal = want.keys() == got.keys() and all(same(value, got[key]) for key, value in want.items())
    return "" if equal else f"{list(want.items())[:5]} not {list(got.items())[:5]}"
