"""``list_frames`` and ``describe_frame``: what the stored profiles know, without reading data."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from leonidas_jupyter.assistant.tools.base import Tool, ToolContext, ToolOutput, use_of
from leonidas_jupyter.assistant.tools.table import counted, markdown_table
from leonidas_jupyter.data.frames import Frame


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
    return ToolOutput(
        summary=counted(len(rows), "frame"),
        result={"frames": rows},
        outputs=[{"text/markdown": table, "application/json": {"frames": rows}}],
        frames=[use_of(frame) for frame in context.frames],
    )


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
    result = description(frame)
    size = f"{counted(frame.profile.rows, 'row')}, {counted(len(columns), 'column')}"
    return ToolOutput(
        summary=f"{frame.name}: {size}",
        result=result,
        outputs=[{"text/markdown": table, "application/json": result}],
        frames=[use_of(frame)],
    )


LIST_FRAMES = Tool(
    name="list_frames",
    description="The project's frames (tables): name for SQL, file name, rows, columns.",
    arguments=ListArguments,
    run=_list,
)
DESCRIBE_FRAME = Tool(
    name="describe_frame",
    description="One frame's columns: type, nulls, distinct values, range, top values.",
    arguments=DescribeArguments,
    run=_describe,
)
