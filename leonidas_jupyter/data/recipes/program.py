"""From a recipe to the program that is shown and run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType

from leonidas_jupyter.data.profile import FrameProfile
from leonidas_jupyter.data.recipes import (
    classification_code,
    column_code,
    inference_code,
    regression_code,
    table_code,
    values_in_order,
    values_of_text,
)
from leonidas_jupyter.data.recipes.board import Board, Figure, TablePart
from leonidas_jupyter.data.recipes.build import Build, mentioned
from leonidas_jupyter.data.recipes.errors import RecipeRefused
from leonidas_jupyter.data.recipes.guard import TOO_DEEP, check_program
from leonidas_jupyter.data.recipes.output import Output
from leonidas_jupyter.data.recipes.output_code import write_output
from leonidas_jupyter.data.recipes.shape import Shape
from leonidas_jupyter.data.recipes.step_code import write_step
from leonidas_jupyter.data.recipes.steps import Recipe
from leonidas_jupyter.data.recipes.tables import Join
from leonidas_jupyter.data.recipes.values import CONDITIONS
from leonidas_jupyter.data.recipes.writer import Mark, Writer

REGISTERED: Sequence[ModuleType] = (
    classification_code, column_code, inference_code, regression_code, table_code,
    values_in_order, values_of_text,
)  # fmt: skip
"""Modules that say, by being imported, how their shapes are compiled."""

OF_ALL_COLUMNS = (
    "drop_missing", "drop_duplicates", "missing_cells", "correlation_matrix", "strongest_pair",
    "describe", "table",
)  # fmt: skip
"""Steps and outputs that take every column when none is named."""

NAMING_THEIR_COLUMNS = ("select", "group", "pivot", "resample")
"""Steps after which the table has the columns that they name, and no others."""


@dataclass(frozen=True)
class Program:
    """A compiled recipe.

    Attributes:
        code: pandas and scipy code over the frames by name; the text that runs.
        read: the columns of each frame that it reads.
        figures: the values of the row of figures, in the order of the recipe's outputs.
        tables: the tables among the results.
        sources: of which outputs others are computed.
        marks: which lines belong to which step or output.
    """

    code: str
    read: Mapping[str, Sequence[str]]
    figures: Sequence[Figure]
    tables: Sequence[TablePart]
    sources: Mapping[str, Sequence[str]]
    marks: Sequence[Mark]


def code_of(recipe: Recipe, frames: Mapping[str, FrameProfile]) -> str:
    """The program's text: it runs in a notebook in which the frames are DataFrames by name.

    Raises:
        RecipeRefused: the recipe does not fit the frames.
    """
    return compile_recipe(recipe, frames).code


def compile_recipe(recipe: Recipe, frames: Mapping[str, FrameProfile]) -> Program:
    """Compile a recipe over frames whose profiles are known.

    Raises:
        RecipeRefused: the recipe does not fit the frames.
    """
    try:
        program = _compiled(recipe, frames)
    except RecursionError:
        raise RecipeRefused(TOO_DEEP) from None
    check_program(program.code)
    return program


def _compiled(recipe: Recipe, frames: Mapping[str, FrameProfile]) -> Program:
    steps = recipe.steps
    wanted = None if _takes_all(recipe) else frozenset(_mentioned(recipe))
    build = Build(Writer(frames), frames, wanted)
    build.schema = build.load(recipe.frame, build.table, wanted)
    board = Board(build, build.table)
    for stage in range(len(steps) + 1):
        if stage:
            _compile_step(steps[stage - 1], stage, build)
        here = [
            output
            for output in recipe.outputs
            if (len(steps) if output.after is None else output.after) == stage
        ]
        _compile_outputs(here, build, board)
    code, marks = build.writer.text(build.loading)
    order = [output.name for output in recipe.outputs]
    return Program(
        code=code,
        read=build.read,
        figures=sorted(board.figures, key=lambda figure: order.index(figure.output)),
        tables=sorted(board.tables, key=lambda table: order.index(table.name)),
        sources=board.sources,
        marks=marks,
    )


def _mentioned(recipe: Recipe) -> Iterator[str]:
    """Every text in it; of columns that get a suffix by being in both tables, also without it."""
    suffixes = [step.suffix for step in recipe.steps if isinstance(step, Join)]
    for text in mentioned(recipe):
        yield text
        yield from (text.removesuffix(suffix) for suffix in suffixes)


def _takes_all(recipe: Recipe) -> bool:
    """Whether every column of the frame may be needed."""
    closed = len(recipe.steps) + 1
    for number, step in enumerate(recipe.steps, 1):
        if step.op in NAMING_THEIR_COLUMNS:
            closed = number
            break
        if _all_columns(step) or (step.op == "melt" and step.keep is None):
            return True
    return any(
        _all_columns(output)
        for output in recipe.outputs
        if (len(recipe.steps) if output.after is None else output.after) < closed
    )


def _all_columns(part: Shape) -> bool:
    named = getattr(part, "columns", None)
    return getattr(part, "op", None) in OF_ALL_COLUMNS and named is None


def _compile_step(step: Shape, number: int, build: Build) -> None:
    label = f"step {number} ({getattr(step, 'op', '')})"
    build.writer.begin(label)
    try:
        write_step(step, build)
    except RecipeRefused as error:
        raise RecipeRefused(f"In {label}: {error.sentence}") from error


def _compile_outputs(outputs: Sequence[Output], build: Build, board: Board) -> None:
    if not outputs:
        return
    parts: dict[str, str] = {}
    for output in outputs:
        label = f"the output {output.name!r}"
        build.writer.begin(label)
        build.say("")
        try:
            board.table = build.table
            if output.where is not None:
                mask = CONDITIONS.mask(output.where, build.scope)
                if mask not in parts:
                    parts[mask] = build.writer.variable("part")
                    build.say(f"{parts[mask]} = {build.table}[{mask}]")
                board.table = parts[mask]
            write_output(output, board)
        except RecipeRefused as error:
            raise RecipeRefused(f"In {label}: {error.sentence}") from error
    board.write_used()
    build.say("")
