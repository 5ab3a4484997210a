"""``list_frames`` and ``describe_frame``: what the stored profiles know, without reading data."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from leonidas_jupyter.assistant.tools.base import Tool, ToolContext, ToolOutput, use_of
from leonidas_jupyter.assistant.tools.table import counted, markdown_table
from leonidas_jupyter.data.frames import Frame
from leonidas_jupyter.data.joins import likely_joins

MOST_JOINED = 40
"""Of more frames than this list_frames names no joins; describe_frame does for one."""


class ListArguments(BaseModel):
    """Nothing is asked."""

    model_config = ConfigDict(extra="forbid")


class DescribeArguments(BaseModel):
    """Which frame."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="The frame's name, as list_frames gives it.", max_length=200)


async def _list(_: ListArguments, context: ToolContext) -> ToolOutput:
    rows: list[dict[str, Any]] = [
        {
            "name": frame.name,
            "filename": frame.filename,
            "rows": frame.profile.rows,
            "columns": len(frame.profile.columns),
            "content_version": frame.content_version,
        }
        for frame in context.frames
    ]
    names = ["name", "filename", "rows", "columns"]
    table = markdown_table(names, [[row[name] for name in names] for row in rows])
    joins = await asyncio.to_thread(_all_joins, context.frames)
    if joins:
        table += f"\n\nLikely joins:\n\n{_joins_table(joins)}"
    result = {"frames": rows, "joins": joins}
    return ToolOutput(
        summary=counted(len(rows), "frame"),
        result=result,
        outputs=[{"text/markdown": table, "application/json": result}],
        frames=[use_of(frame) for frame in context.frames],
    )


def _all_joins(frames: Sequence[Frame]) -> list[dict[str, Any]]:
    """The likely joins among frames, each once; none where there are very many frames."""
    found: list[dict[str, Any]] = []
    if len(frames) > MOST_JOINED:
        return found
    for number, frame in enumerate(frames):
        joins = likely_joins(frame, frames[number + 1 :])
        found += [{"name": frame.name, **join.model_dump(mode="json")} for join in joins]
    return found


def _joins_table(joins: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        [f"{join['name']}.{join['column']}", f"{join['frame']}.{join['other_column']}",
         join["share"], join["unique_here"], join["unique_there"]]
        for join in joins
    ]  # fmt: skip
    titles = ["column", "other", "share found there", "unique here", "unique there"]
    return markdown_table(titles, rows)


def description(frame: Frame) -> dict[str, Any]:
    """A frame with its profile, as JSON carries it; histograms are left out."""
    profile = frame.profile.model_dump(mode="json", exclude={"columns": {"__all__": {"histogram"}}})
    return {"name": frame.name, "filename": frame.filename, **profile}


async def _describe(arguments: DescribeArguments, context: ToolContext) -> ToolOutput:
    frame = context.frame(arguments.name)
    columns = frame.profile.columns
    table = markdown_table(
        ["column", "type", "nulls", "distinct", "min", "max", "mean"],
        [[c.name, c.type, c.nulls, c.distinct, c.min, c.max, c.mean] for c in columns],
    )
    joins = await asyncio.to_thread(likely_joins, frame, context.frames)
    result = description(frame) | {"joins": [join.model_dump(mode="json") for join in joins]}
    if joins:
        named = [{"name": frame.name, **join} for join in result["joins"]]
        table += f"\n\nLikely joins:\n\n{_joins_table(named)}"
    size = f"{counted(frame.profile.rows, 'row')}, {counted(len(columns), 'column')}"
    return ToolOutput(
        summary=f"{frame.name}: {size}",
        result=result,
        outputs=[{"text/markdown": table, "application/json": result}],
        frames=[use_of(frame)],
    )


LIST_FRAMES = Tool(
    name="list_frames",
    description="The project's frames (tables): name for SQL, file name, rows, columns, joins.",
    arguments=ListArguments,
    run=_list,
)
DESCRIBE_FRAME = Tool(
    name="describe_frame",
    description="One frame's columns: type, nulls, distinct values, range, top values, joins.",
    arguments=DescribeArguments,
    run=_describe,
)
