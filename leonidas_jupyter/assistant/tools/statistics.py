"""``statistics``: a recipe over one frame, compiled to pandas and scipy code that is shown and run.

It needs no approval: what runs is compiled from typed steps, in a process without files or network.
"""

import json
from collections.abc import Sequence
from typing import Any

from pydantic import GetJsonSchemaHandler
from pydantic_core import CoreSchema

from leonidas_jupyter.assistant.tools.base import (
    Tool,
    ToolContext,
    ToolFailed,
    ToolOutput,
    use_of,
)
from leonidas_jupyter.assistant.tools.table import counted, markdown_table
from leonidas_jupyter.core.errors import LeonidasError
from leonidas_jupyter.data.errors import DataError
from leonidas_jupyter.data.recipes.errors import RecipeRefused
from leonidas_jupyter.data.recipes.grammar import (
    grammar_of_outputs,
    grammar_of_steps,
    ops_of,
    shapes_of,
)
from leonidas_jupyter.data.recipes.outputs import AnyOutput
from leonidas_jupyter.data.recipes.program import code_of
from leonidas_jupyter.data.recipes.results import RecipeResult, ResultTable
from leonidas_jupyter.data.recipes.steps import AnyStep, Recipe
from leonidas_jupyter.data.recipes.tables import Join

MAX_BYTES = 96 * 1024
"""What of the tables is kept with the answer, as JSON; the rows that do not fit are left out."""

UNAVAILABLE = "Statistics cannot be run here: use query."

DESCRIPTION = """Statistics over one frame that SQL has not: fill, bin, scale, encode, outliers, \
tests (normality, t, ANOVA, chi²), correlation with p, regression with train/test split, joins. \
Steps change a working copy of the table, in order; outputs give named figures and tables, shown \
to the user. Missing values are left out of statistics and never meet a condition but is_null. \
Example: {"frame": "loans", "steps": [{"op": "fill_missing", "columns": ["amount"], "method": \
"median"}, {"op": "derive", "name": "total", "value": {"op": "+", "left": "a", "right": "b"}}], \
"outputs": [{"op": "correlation", "name": "c", "x": "total", "y": "amount"}]}"""


class StatisticsArguments(Recipe):
    """A recipe; its schema for models says in short what ops there are.

    Some providers take no description of more than 1,024 characters for a tool, so that what a
    step and an output may be stands with the arguments. A call is checked by the whole shapes.
    """

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """An object of three properties; each step and output is an object with an op."""
        del core_schema, handler

        def listed(union: Any, said: str) -> dict[str, Any]:  # noqa: ANN401 - a typing construct
            ops = [op for shape in shapes_of(union) for op in ops_of(shape)]
            properties = {"op": {"type": "string", "enum": ops}}
            item = {"type": "object", "properties": properties, "required": ["op"]}
            return {"type": "array", "items": item, "description": said}

        properties = {
            "frame": {"type": "string", "description": "Its name, as list_frames gives it."},
            "steps": listed(AnyStep, grammar_of_steps()),
            "outputs": listed(AnyOutput, grammar_of_outputs()),
        }
        return {
            "type": "object",
            "properties": properties,
            "required": ["frame", "outputs"],
            "additionalProperties": False,
        }


def _named(recipe: Recipe, context: ToolContext) -> Recipe:
    """The recipe with the names of frames as they are written.

    Raises:
        ToolFailed: there is no such frame.
    """
    steps = [
        step.model_copy(update={"frame": context.frame(step.frame).name})
        if isinstance(step, Join)
        else step
        for step in recipe.steps
    ]
    return Recipe.model_construct(
        frame=context.frame(recipe.frame).name, steps=steps, outputs=recipe.outputs
    )


def _code(recipe: StatisticsArguments, context: ToolContext) -> str | None:
    try:
        profiles = {frame.name: frame.profile for frame in context.frames}
        return code_of(_named(recipe, context), profiles)
    except (RecipeRefused, ToolFailed):
        return None  # running it says why


async def _statistics(recipe: StatisticsArguments, context: ToolContext) -> ToolOutput:
    if context.statistics is None:
        raise ToolFailed(UNAVAILABLE, safe=True)
    named = _named(recipe, context)
    try:
        result = await context.statistics(named)
    except RecipeRefused as error:
        raise ToolFailed(error.sentence, safe=True) from error
    except DataError as error:
        raise ToolFailed(error.sentence) from error
    except LeonidasError as error:
        raise ToolFailed(error.message) from error
    result = result.model_copy(update={"tables": _fitting(result.tables)})
    plain = result.model_dump(mode="json", exclude={"code"})
    return ToolOutput(
        summary=_summary(result),
        result=plain,
        outputs=[{"text/markdown": _markdown(result), "application/json": plain}],
        frames=[use_of(context.frame(name)) for name in named.frames],
    )


def _fitting(tables: Sequence[ResultTable]) -> list[ResultTable]:
    """The tables with as many of their first rows as there is room for."""
    left = MAX_BYTES
    kept = []
    for table in tables:
        rows = []
        for row in table.rows:
            left -= len(json.dumps(row, ensure_ascii=False).encode()) + 1
            if left < 0:
                break
            rows.append(row)
        cut = len(rows) < len(table.rows)
        kept.append(table.model_copy(update={"rows": rows, "truncated": table.truncated or cut}))
    return kept


def _summary(result: RecipeResult) -> str:
    parts = [counted(len(result.columns), "figure")] if result.columns else []
    parts += [counted(len(result.tables), "table")] if result.tables else []
    return ", ".join(parts)


def _markdown(result: RecipeResult) -> str:
    """The figures one below the other, then the tables, each under its name."""
    parts = []
    if result.columns:
        names = [column.name for column in result.columns]
        rows = list(zip(names, result.rows[0], strict=True))
        # What was not asked for (a critical value of a test that has none) is left out here.
        shown = [row for row in rows if row[1] is not None] or rows
        parts.append(markdown_table(["figure", "value"], shown))
    for table in result.tables:
        columns = [column.name for column in table.columns]
        text = markdown_table([table.name], [])[2:].split(" |")[0]
        parts.append(f"**{text}**\n\n{markdown_table(columns, table.rows)}")
        if table.truncated:
            parts.append(f"Only the first {counted(len(table.rows), 'row')} are kept here.")
    return "\n\n".join(parts)


STATISTICS = Tool(
    name="statistics",
    description=DESCRIPTION,
    arguments=StatisticsArguments,
    run=_statistics,
    code_over=_code,
    offered=lambda context: context.statistics is not None,
)
