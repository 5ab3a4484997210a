"""``query``: SQL over the project's frames."""

import asyncio
import json
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from leonidas_jupyter.assistant.events import FrameUse
from leonidas_jupyter.assistant.tools.base import (
    Tool,
    ToolContext,
    ToolFailed,
    ToolOutput,
    use_of,
)
from leonidas_jupyter.assistant.tools.table import counted, markdown_table
from leonidas_jupyter.core.errors import LeonidasError
from leonidas_jupyter.data.errors import DataError, SqlRefused
from leonidas_jupyter.data.frames import Frame
from leonidas_jupyter.data.sql import QueryResult

MAX_ROWS = 1_000
"""Rows of a result at most; more say ``truncated``."""

MAX_BYTES = 96 * 1024
"""What of a result is kept with the answer, as JSON; the rows that do not fit are left out."""


class QueryArguments(BaseModel):
    """One SELECT."""

    model_config = ConfigDict(extra="forbid")

    sql: str = Field(
        description="One SELECT in DuckDB's SQL over the frames by name; quote columns with "
        'double quotes ("Total Revenue").',
        max_length=20_000,
    )


async def run_sql(sql: str, context: ToolContext, limit: int) -> QueryResult:
    """The result of a query.

    Raises:
        ToolFailed: it was refused or failed; the sentence says why, made for people.
    """
    if not context.frames:
        sentence = "This project has no files yet, so there is nothing to query."
        raise ToolFailed(sentence, safe=True)
    try:
        return await context.query(sql, limit=limit)
    except DataError as error:
        # Refused is what does not fit the rules, by its words alone; what ran may quote cells.
        refused = isinstance(error, SqlRefused)
        raise ToolFailed(error.sentence, safe=refused) from error
    except LeonidasError as error:
        raise ToolFailed(error.message) from error


async def frames_read(sql: str, frames: Sequence[Frame]) -> list[FrameUse]:
    """The frames that a query names, by its parse; all of them where it cannot be parsed."""
    return await asyncio.to_thread(_frames_read, sql, frames)


def _frames_read(sql: str, frames: Sequence[Frame]) -> list[FrameUse]:
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        parsed = sqlglot.parse_one(sql, dialect="duckdb")
    except SqlglotError:
        return [use_of(frame) for frame in frames]
    named = {table.name.lower() for table in parsed.find_all(exp.Table)}
    return [use_of(frame) for frame in frames if frame.name.lower() in named]


def fitting(result: QueryResult, max_bytes: int) -> QueryResult:
    """The result with as many of its first rows as fit into ``max_bytes`` of JSON."""
    left = max_bytes
    for kept, row in enumerate(result.rows):
        left -= len(json.dumps(row, ensure_ascii=False).encode()) + 1
        if left < 0:
            return result.model_copy(update={"rows": result.rows[:kept], "truncated": True})
    return result


def size_of(result: QueryResult) -> str:
    """``3 rows, 2 columns``, and whether there were more."""
    first = "the first " if result.truncated else ""
    return f"{first}{counted(len(result.rows), 'row')}, {counted(len(result.columns), 'column')}"


async def _query(arguments: QueryArguments, context: ToolContext) -> ToolOutput:
    result = fitting(await run_sql(arguments.sql, context, MAX_ROWS), MAX_BYTES)
    plain = result.model_dump(mode="json")
    table = markdown_table([column.name for column in result.columns], result.rows)
    if result.truncated:
        table += f"\n\nOnly {size_of(result)} are kept here."
    return ToolOutput(
        summary=size_of(result),
        result=plain,
        outputs=[{"text/markdown": table, "application/json": plain}],
        frames=await frames_read(arguments.sql, context.frames),
    )


QUERY = Tool(
    name="query",
    description="Run one SQL query (DuckDB) over the frames; the result is shown to the user.",
    arguments=QueryArguments,
    run=_query,
    code=lambda arguments: str(arguments.sql),
)
