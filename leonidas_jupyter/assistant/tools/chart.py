"""``chart``: a Vega-Lite specification over a query's result, with the data inside."""

import math
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from leonidas_jupyter.assistant.tools.base import Tool, ToolContext, ToolFailed, ToolOutput
from leonidas_jupyter.assistant.tools.query import fitting, frames_read, run_sql, size_of
from leonidas_jupyter.assistant.tools.vegalite import NotAChart, checked
from leonidas_jupyter.data.profile import Scalar
from leonidas_jupyter.data.sql import QueryResult

VEGA_LITE = "application/vnd.vegalite.v5+json"
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
"""Names the format's version for renderers; nothing is fetched from it."""

MAX_ROWS = 5_000
"""Points of a chart at most."""

MAX_BYTES = 96 * 1024
"""What of the data is kept with the answer, as JSON; the rows that do not fit are left out."""


class ChartArguments(BaseModel):
    """A query and how to draw it."""

    model_config = ConfigDict(extra="forbid")

    sql: str = Field(
        description="One SELECT (DuckDB) whose columns the chart's fields name; aggregate here.",
        max_length=20_000,
    )
    spec: dict[str, Any] = Field(
        description="Vega-Lite 5: mark and encoding (or layer), title, width, height; no data, no "
        "transform, no config, no href or image."
    )


def _point(value: Scalar) -> Scalar:
    """Non-finite numbers come as text; a chart has no place for them."""
    if value in ("NaN", "Infinity", "-Infinity"):
        return None
    return value if not isinstance(value, float) or math.isfinite(value) else None


def _text_form(spec: dict[str, Any], result: QueryResult) -> str:
    """What stands where no chart can be drawn."""
    first = spec["layer"][0] if "layer" in spec else spec
    encoding = {**spec.get("encoding", {}), **first.get("encoding", {})}
    drawn = [
        f"{name}: {channel['field']}"
        for name, channel in encoding.items()
        if isinstance(channel, dict) and "field" in channel
    ]
    title = f"{spec['title']} — " if isinstance(spec.get("title"), str) else ""
    return f"{title}{first['mark']['type']} chart ({', '.join(drawn)}) of {size_of(result)}"


async def _chart(arguments: ChartArguments, context: ToolContext) -> ToolOutput:
    result = fitting(await run_sql(arguments.sql, context, MAX_ROWS), MAX_BYTES)
    names = [column.name for column in result.columns]
    try:
        spec = checked(arguments.spec, names)
    except NotAChart as error:
        raise ToolFailed(error.sentence) from error
    values = [dict(zip(names, map(_point, row), strict=True)) for row in result.rows]
    text = _text_form(spec, result)
    full = {"$schema": SCHEMA, **spec, "data": {"values": values}}
    bundle: dict[str, Any] = {VEGA_LITE: full, "text/plain": text}
    if context.draw is not None and (picture := await context.draw(full)):
        bundle["image/png"] = picture
    return ToolOutput(
        summary=text,
        result=result.model_dump(mode="json"),
        outputs=[bundle],
        frames=await frames_read(arguments.sql, context.frames),
    )


CHART = Tool(
    name="chart",
    description="Draw a chart (Vega-Lite) of one SQL query's result; it is shown to the user.",
    arguments=ChartArguments,
    run=_chart,
    code=lambda arguments: str(arguments.sql),
)
