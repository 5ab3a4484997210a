"""``save_file``: a result as a new file of the project."""

import asyncio
import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from leonidas_jupyter.assistant.executors.names import names_read
from leonidas_jupyter.assistant.tools.base import (
    Tool,
    ToolContext,
    ToolFailed,
    ToolOutput,
    use_of,
)
from leonidas_jupyter.assistant.tools.query import frames_read, run_sql
from leonidas_jupyter.assistant.tools.table import cell, counted
from leonidas_jupyter.core.filenames import check_filename
from leonidas_jupyter.data.frames import Frame

EXTENSION = ".csv"
FORMULA = r"^[=+@\t\r]|^-[^0-9.]"
"""How text begins that a spreadsheet takes for a formula (OWASP, "CSV Injection")."""

WRITTEN_AS_TEXT = ("VARCHAR", "INTERVAL", "BLOB", "UUID", "ENUM", "BIT", "STRUCT", "MAP", "UNION")


def _named(name: str) -> str:
    name = check_filename(name)
    return name if name.lower().endswith(EXTENSION) else check_filename(name + EXTENSION)


class SaveArguments(BaseModel):
    """What to save, and under which name."""

    model_config = ConfigDict(extra="forbid")

    filename: Annotated[str, AfterValidator(_named)] = Field(
        description="The new file's name; it becomes a CSV file, and a frame of the project.",
        max_length=200,
    )
    sql: str | None = Field(
        default=None,
        description="One SELECT (DuckDB) over the frames: all its rows are saved.",
        max_length=20_000,
    )
    result: str | None = Field(
        default=None,
        description="In place of sql: the id of an earlier result of this answer, such as t2.",
        max_length=20,
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.sql is None) == (self.result is None):
            raise ValueError("Give either sql or result.")
        return self


async def _save_file(arguments: SaveArguments, context: ToolContext) -> ToolOutput:
    if context.save is None:
        raise ToolFailed("Files cannot be saved here.", safe=True)
    if arguments.sql is not None:
        frame, sources = await _of_query(arguments.sql, arguments.filename, context)
    else:
        frame, sources = await _of_result(str(arguments.result), arguments.filename, context)
    context.frames = [*context.frames, frame]
    return _output(frame, sources, await _formulas(frame, context))


async def _of_query(sql: str, filename: str, context: ToolContext) -> tuple[Frame, list[Frame]]:
    if context.save is None or not context.frames:
        raise ToolFailed("This project has no files yet, so there is nothing to save.", safe=True)
    read = {use.file_id for use in await frames_read(sql, context.frames)}
    sources = [frame for frame in context.frames if frame.file_id in read]
    return await context.save.query(sql, filename, sources), sources


async def _of_result(
    call_id: str, filename: str, context: ToolContext
) -> tuple[Frame, list[Frame]]:
    result = context.results.get(call_id)
    if result is None or not isinstance(result.get("rows"), list) or context.save is None:
        tables = [name for name, found in context.results if isinstance(found.get("rows"), list)]
        there = f"there are: {', '.join(tables)}" if tables else "there is none yet"
        raise ToolFailed(f"There is no table {call_id!r} in this answer; {there}.", safe=True)
    code = context.results.codes.get(call_id, "")
    named = names_read(code, [frame.name for frame in context.frames])
    sources = [frame for frame in context.frames if frame.name in named]
    kept, executor = result.get("kept"), context.executor
    if isinstance(kept, str) and executor is not None:
        return await context.save.file(
            lambda target: executor.write(kept, target), filename, sources
        ), sources
    if result.get("truncated"):
        raise ToolFailed(
            f"Of {call_id} only the first rows are at hand; save its query with sql.",
            safe=True,
        )
    return await context.save.file(
        lambda target: asyncio.to_thread(_write, result, target), filename, sources
    ), sources


def _write(result: Mapping[str, Any], target: Path) -> Sequence[str]:
    """A result's rows as CSV; says which columns are text."""
    columns = result["columns"]
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([column["name"] for column in columns])
        for row in result["rows"]:
            writer.writerow(["" if value is None else _cell(value) for value in row])
    return [c["name"] for c in columns if str(c["type"]).startswith(WRITTEN_AS_TEXT)]


def _cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


async def _formulas(frame: Frame, context: ToolContext) -> int:
    """How many cells a spreadsheet would take for formulas."""
    text = [column.name for column in frame.profile.columns if column.type == "text"]
    if not text:
        return 0
    counts = " + ".join(
        f"count(*) FILTER (regexp_matches({_quoted(name)}, '{FORMULA}'))" for name in text
    )
    sql = f"SELECT {counts} FROM {_quoted(frame.name)}"  # noqa: S608 - names, quoted
    found = await run_sql(sql, context, 1)
    count = found.rows[0][0]
    return count if isinstance(count, int) else 0


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _output(frame: Frame, sources: Sequence[Frame], formulas: int) -> ToolOutput:
    rows, columns = frame.profile.rows, len(frame.profile.columns)
    size = f"{counted(rows, 'row')}, {counted(columns, 'column')}"
    said = f"Saved as {cell(frame.filename)} ({size}); its frame is `{frame.name}`."
    saved: dict[str, Any] = {
        "filename": frame.filename,
        "frame": frame.name,
        "row_count": rows,
        "columns": [{"name": c.name, "type": c.type} for c in frame.profile.columns],
    }
    if formulas:
        warning = (
            f"{counted(formulas, 'cell')} begin like a formula: a spreadsheet that opens the file "
            "would run them, so import these columns as text there."
        )
        said += f" {warning}"
        saved["warning"] = warning
    return ToolOutput(
        summary=f"{frame.filename}: {size}",
        result=saved,
        outputs=[{"text/markdown": said, "text/plain": said}],
        frames=[use_of(each) for each in sources],
    )


SAVE_FILE = Tool(
    name="save_file",
    description="Save a result as a new CSV file of the project, for the user and for later "
    "queries: the whole result of an SQL query, or a table that was computed in this answer.",
    arguments=SaveArguments,
    run=_save_file,
    code=lambda arguments: arguments.sql,
    offered=lambda context: context.save is not None,
)
