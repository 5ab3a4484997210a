"""Recipes run in this process, over real tables, beside pandas and scipy."""

import functools
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from leonidas_jupyter.data.ingest import ingest
from leonidas_jupyter.data.profile import FrameProfile
from leonidas_jupyter.data.recipes.program import Program, compile_recipe
from leonidas_jupyter.data.recipes.results import RecipeResult
from leonidas_jupyter.data.recipes.running import run_program
from leonidas_jupyter.data.recipes.steps import Recipe

TABLES = Path(__file__).parent.parent / "golden" / "tables"
FOLDER = tempfile.TemporaryDirectory(prefix="recipes-")


@functools.cache
def frame(name: str) -> tuple[Path, FrameProfile]:
    """A golden table as a frame: its Parquet file and its profile."""
    return made(name, (TABLES / f"{name}.csv").read_bytes())


@functools.cache
def made(name: str, content: bytes) -> tuple[Path, FrameProfile]:
    """Any CSV as a frame."""
    folder = Path(tempfile.mkdtemp(dir=FOLDER.name))
    source, target = folder / "source.csv", folder / f"{name}.parquet"
    source.write_bytes(content)
    report = ingest(source, target, filename="t.csv", override=None, progress=lambda _: None)
    return target, report.profile


@functools.cache
def reference(name: str) -> pd.DataFrame:
    """The golden table as pandas reads it without us."""
    dates = {"cars": ["Year"], "stocks": ["date"], "weather": ["date"], "movies": ["Release Date"]}
    return pd.read_csv(TABLES / f"{name}.csv", parse_dates=dates.get(name, False))


def request_of(program: Program, paths: Mapping[str, Path]) -> dict[str, Any]:
    """What the worker gets."""
    return {
        "code": program.code,
        "frames": {
            name: {"path": str(paths[name]), "columns": list(columns)}
            for name, columns in program.read.items()
        },
        "figures": [asdict(figure) for figure in program.figures],
        "tables": [asdict(table) for table in program.tables],
        "sources": {name: list(each) for name, each in program.sources.items()},
        "marks": [asdict(mark) for mark in program.marks],
    }


def run(recipe: Mapping[str, Any], **own: str) -> RecipeResult:
    """A recipe over golden tables, or over CSV texts by name."""
    shaped = Recipe.model_validate(recipe)
    found = {
        name: made(name, own[name].encode()) if name in own else frame(name)
        for name in {*own, *shaped.frames}
        if name in own or (TABLES / f"{name}.csv").exists()
    }
    program = compile_recipe(shaped, {name: profile for name, (_, profile) in found.items()})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = run_program(
            request_of(program, {name: path for name, (path, _) in found.items()}), 1000
        )
    return RecipeResult.model_validate({**result, "code": program.code})


def figures(recipe: Mapping[str, Any], **own: str) -> dict[str, Any]:
    """The figures by name."""
    result = run(recipe, **own)
    return {c.name: v for c, v in zip(result.columns, result.rows[0], strict=True)}


def table(recipe: Mapping[str, Any], **own: str) -> list[list[Any]]:
    """The rows of the only table."""
    (only,) = run(recipe, **own).tables
    return only.rows


def column(name: str, steps: list[dict[str, Any]], csv: str) -> list[Any]:
    """A column of the table ``t`` after some steps."""
    outputs = [{"op": "table", "name": "all", "columns": [name], "limit": 1000}]
    return [row[0] for row in table({"frame": "t", "steps": steps, "outputs": outputs}, t=csv)]


def derived(value: Any, csv: str) -> list[Any]:
    """An expression over the table ``t``."""
    return column("new", [{"op": "derive", "name": "new", "value": value}], csv)


def kept(condition: dict[str, Any], csv: str, name: str = "id") -> list[Any]:
    """Which rows of the table ``t`` meet a condition, by a column."""
    return column(name, [{"op": "filter", "condition": condition}], csv)
