"""What a tool is, what it works with, and what it gives back."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from pydantic import BaseModel

from leonidas_jupyter.assistant.events import FrameUse, MimeBundle, OwnUse
from leonidas_jupyter.assistant.executors import Executor
from leonidas_jupyter.assistant.results import Results
from leonidas_jupyter.assistant.shapes import Needs
from leonidas_jupyter.data.frames import Frame
from leonidas_jupyter.data.recipes.results import RecipeResult
from leonidas_jupyter.data.recipes.steps import Recipe
from leonidas_jupyter.data.sql import QueryResult


class ToolFailed(Exception):
    """The tool could not do what was asked; ``sentence`` says why, for the model and for people.

    ``safe`` says that no value of the data can stand in the sentence: only names of frames and
    columns, words of the call, and our own. Any other goes to a model in other words. ``outputs``
    are what there is to show of it, for people alone.
    """

    def __init__(
        self, sentence: str, *, safe: bool = False, outputs: Sequence[MimeBundle] = ()
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.safe = safe
        self.outputs = outputs


class RunQuery(Protocol):
    """SQL over the project's frames, as the layers above supply it."""

    def __call__(self, sql: str, *, limit: int) -> Awaitable[QueryResult]:
        """At most ``limit`` rows.

        Raises:
            data.errors.DataError: the query was refused or failed.
        """


WriteFile = Callable[[Path], Awaitable[Sequence[str]]]
"""Writes a CSV file to the path that it is given; says which of its columns are text."""


class SaveResults(Protocol):
    """Makes files of the project out of results, as the layers above supply it.

    Both return the new file's frame, once it can be asked.

    Raises:
        ToolFailed: the name is not one, or is taken; a limit is reached; the file cannot be read.
    """

    async def query(self, sql: str, filename: str, sources: Sequence[Frame]) -> Frame:
        """The whole result of a query over ``sources``."""

    async def file(self, write: WriteFile, filename: str, sources: Sequence[Frame]) -> Frame:
        """What ``write`` writes, computed from ``sources``."""


class RunStatistics(Protocol):
    """Recipes over the project's frames, as the layers above supply it."""

    def __call__(self, recipe: Recipe) -> Awaitable[RecipeResult]:
        """The figures and tables.

        Raises:
            data.errors.DataError: the recipe does not fit the frames, or failed.
        """


DrawChart = Callable[[dict[str, Any]], Awaitable[str | None]]
"""A whole Vega-Lite specification as PNG in base64; None where it could not be drawn."""

PythonMode = Literal["ask", "auto", "client", "off"]
"""Whether Python asks first, runs at once, is handed to the client that asked, or is not there."""


@dataclass
class ToolContext:
    """What the tools of one answer work with.

    Attributes:
        frames: the project's frames; a tool that makes one adds it.
        query: SQL over them.
        python: how Python runs in this answer; the session's permission is counted in.
        executor: what runs it; None where the client does, or nothing can.
        may_overwrite: the user's variables that the approval of the call in hand gave away.
        results: what the tools of this answer found so far.
        save: makes files out of results; None where this caller may not.
        draw: makes pictures out of charts; None where nothing can.
        statistics: recipes over the frames; None where nothing runs them.
    """

    frames: Sequence[Frame]
    query: RunQuery
    python: PythonMode = "off"
    executor: Executor | None = None
    may_overwrite: Collection[str] = ()
    results: Results = field(default_factory=Results)
    save: SaveResults | None = None
    draw: DrawChart | None = None
    statistics: RunStatistics | None = None

    def frame(self, name: str) -> Frame:
        """The frame of this name, whatever its case.

        Raises:
            ToolFailed: there is none; the sentence names those that there are.
        """
        for frame in self.frames:
            if frame.name.lower() == name.strip().lower():
                return frame
        if not self.frames:
            raise ToolFailed("This project has no files yet.", safe=True)
        known = ", ".join(frame.name for frame in self.frames)
        raise ToolFailed(f"There is no frame {name!r}; there are: {known}.", safe=True)


@dataclass(frozen=True)
class ToolOutput:
    """What a tool computed.

    Attributes:
        summary: one line for people.
        result: the whole result as JSON carries it; what of it a model sees is up to the policy.
        outputs: forms to show.
        frames: what was read.
        own: variables that were read in place of frames.
    """

    summary: str
    result: Mapping[str, Any]
    outputs: Sequence[MimeBundle] = ()
    frames: Sequence[FrameUse] = ()
    own: Sequence[OwnUse] = ()


@dataclass(frozen=True)
class Tool:
    """A tool: its name and description for models, the shape of its arguments, and its work.

    ``code`` gives the SQL or Python that a call runs, to be stored and shown before it runs.
    ``needs`` says whether somebody must agree first, or the client that asked runs it; what they
    may edit is the argument ``code``. ``offered`` says
    whether a model is told of the tool at all. ``code_over`` stands for ``code`` where it also
    depends on the frames.
    """

    name: str
    description: str
    arguments: type[BaseModel]
    run: Callable[[Any, ToolContext], Awaitable[ToolOutput]]
    code: Callable[[Any], str | None] = lambda _: None
    needs: Callable[[Any, ToolContext], Needs] = lambda _arguments, _context: "none"
    offered: Callable[[ToolContext], bool] = lambda _context: True
    code_over: Callable[[Any, ToolContext], str | None] | None = None

    def code_of(self, arguments: BaseModel, context: ToolContext) -> str | None:
        """The code that a call runs; None where it runs none."""
        return self.code_over(arguments, context) if self.code_over else self.code(arguments)


def use_of(frame: Frame) -> FrameUse:
    """The receipt of reading a frame."""
    return FrameUse(
        frame.name, frame.file_id, frame.content_version, frame.filename, frame.frame_hash
    )
