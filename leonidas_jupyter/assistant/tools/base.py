"""What a tool is, what it works with, and what it gives back."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel

from leonidas_jupyter.assistant.events import FrameUse, MimeBundle
from leonidas_jupyter.data.frames import Frame
from leonidas_jupyter.data.sql import QueryResult


class ToolFailed(Exception):
    """The tool could not do what was asked; ``sentence`` says why, for the model and for people."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class RunQuery(Protocol):
    """SQL over the project's frames, as the layers above supply it."""

    def __call__(self, sql: str, *, limit: int) -> Awaitable[QueryResult]:
        """At most ``limit`` rows.

        Raises:
            data.errors.DataError: the query was refused or failed.
        """


@dataclass(frozen=True)
class ToolContext:
    """What tools work with: the project's frames, and a way to query them."""

    frames: Sequence[Frame]
    query: RunQuery

    def frame(self, name: str) -> Frame:
        """The frame of this name, whatever its case.

        Raises:
            ToolFailed: there is none; the sentence names those that there are.
        """
        for frame in self.frames:
            if frame.name.lower() == name.strip().lower():
                return frame
        if not self.frames:
            raise ToolFailed("This project has no files yet.")
        known = ", ".join(frame.name for frame in self.frames)
        raise ToolFailed(f"There is no frame {name!r}; there are: {known}.")


@dataclass(frozen=True)
class ToolOutput:
    """What a tool computed.

    Attributes:
        summary: one line for people.
        result: the whole result as JSON carries it; what of it a model sees is up to the policy.
        outputs: forms to show.
        frames: what was read.
    """

    summary: str
    result: Mapping[str, Any]
    outputs: Sequence[MimeBundle] = ()
    frames: Sequence[FrameUse] = ()


@dataclass(frozen=True)
class Tool:
    """A tool: its name and description for models, the shape of its arguments, and its work.

    ``code`` gives the SQL that a call runs, to be stored and shown before it runs.
    """

    name: str
    description: str
    arguments: type[BaseModel]
    run: Callable[[Any, ToolContext], Awaitable[ToolOutput]]
    code: Callable[[Any], str | None] = lambda _: None


def use_of(frame: Frame) -> FrameUse:
    """The receipt of reading a frame."""
    return FrameUse(frame.name, frame.file_id, frame.content_version)
