"""A conversation as exports need it: who said what, by which code, over which files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leonidas_jupyter.assistant.changes import Standing, changes
from leonidas_jupyter.assistant.shapes import AnswerRow, FrameChange, ToolCall
from leonidas_jupyter.data.dialect import Dialect
from leonidas_jupyter.data.frames import Frame

SQL_TOOLS = frozenset({"query", "chart"})
"""Tools whose code is SQL over the frames."""

PYTHON_TOOLS = frozenset({"python", "statistics"})
"""Tools whose code is Python over the frames as DataFrames."""


@dataclass(frozen=True)
class ProjectFile:
    """A file of the project: its frame, and how the bytes with this hash are written."""

    frame: Frame
    dialect: Dialect
    sha256: str


@dataclass(frozen=True)
class Conversation:
    """What is exported.

    Attributes:
        title: of the session.
        project: its name.
        messages: in order.
        files: those of the project that have a frame.
        standing: the same by their ids as they are now; None where that is not known.
    """

    title: str
    project: str
    messages: Sequence[AnswerRow]
    files: Sequence[ProjectFile]
    standing: Mapping[str, Standing] | None = None

    @property
    def used(self) -> list[ProjectFile]:
        """The files that the answers read; all of them where no answer read any."""
        calls = [call for message in self.messages for call in message.tool_calls]
        names = {use.name for call in calls for use in call.frames or ()}
        return [file for file in self.files if file.frame.name in names] or list(self.files)

    def changed(self, said: AnswerRow) -> list[FrameChange]:
        """What has become of the files that an answer read."""
        return [] if self.standing is None else changes(said.tool_calls, self.standing)

    @property
    def older(self) -> list[str]:
        """The files that are not as some answer read them."""
        found = [change for said in self.messages for change in self.changed(said)]
        return sorted({change.filename for change in found})


def runs_alone(call: ToolCall) -> bool:
    """Whether a call's code can run again outside: it was run, by us, over the frames."""
    known = call.tool in SQL_TOOLS or call.tool in PYTHON_TOOLS
    return known and bool(call.code) and call.state == "done" and not _reported(call)


def _reported(call: ToolCall) -> bool:
    """Whether the call ran in somebody's own notebook, among names that nobody else has."""
    return call.needs == "client"
