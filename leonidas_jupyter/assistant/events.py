"""What an answer is made of, as it happens: text, tool calls and their results, tokens."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from leonidas_jupyter.core.exposure import DataExposure

if TYPE_CHECKING:
    from leonidas_jupyter.assistant.shapes import Receipts

MimeBundle = dict[str, Any]
"""One output in several forms, by media type, as Jupyter has it."""


@dataclass(frozen=True)
class FrameUse:
    """A frame that a tool read, in the version that its file had, under the dialect of then."""

    name: str
    file_id: str
    content_version: int
    filename: str = ""
    frame_hash: str = ""


@dataclass(frozen=True)
class OwnUse:
    """A variable that code read in place of a file's frame: made by a person, or by earlier code.

    ``place`` is whose it is; ``filename`` the file that has a frame of this name.
    """

    name: str
    filename: str
    place: Literal["notebook", "session"]


@dataclass(frozen=True)
class TextSaid:
    """A piece of the answer's Markdown; ``said`` is what the model said where that differs."""

    text: str
    said: str | None = None


@dataclass(frozen=True)
class ToolCalled:
    """A tool is about to run, or waits for what it ``needs`` first.

    Attributes:
        id: unique in the answer.
        code: the SQL or Python that will run.
        needs: ``none`` when it runs now.
        overwrites: names of the user's own that the code would overwrite.
        step: which of the model's steps asked for it, from 1; calls of one step belong together.
    """

    id: str
    tool: str
    arguments: Mapping[str, Any]
    code: str | None = None
    needs: Literal["none", "approval", "client"] = "none"
    overwrites: Sequence[str] = ()
    step: int = 0


@dataclass(frozen=True)
class ToolBegan:
    """A call that waited is about to run."""

    id: str


@dataclass(frozen=True)
class ToolReturned:
    """A tool has run: what to show, and the receipt (frames read, milliseconds).

    ``result`` is the whole of it, for an answer that goes on later; null where the outputs hold it.
    ``own`` are variables that it read in place of frames.
    """

    id: str
    ok: bool
    summary: str
    outputs: Sequence[MimeBundle] = ()
    result: Mapping[str, Any] | None = None
    frames: Sequence[FrameUse] = ()
    elapsed_ms: float = 0.0
    own: Sequence[OwnUse] = ()


@dataclass(frozen=True)
class ToolTold:
    """What the model was told of a call, at which level, where that is less than there is."""

    id: str
    told: Mapping[str, Any]
    level: DataExposure


@dataclass(frozen=True)
class TokensUsed:
    """What the whole answer cost; ``cost`` in US dollars where the price is known."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None

    def __add__(self, other: "TokensUsed") -> "TokensUsed":
        """Both together; a cost that is not known counts as nothing beside one that is."""
        costs = [cost for cost in (self.cost, other.cost) if cost is not None]
        return TokensUsed(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            sum(costs) if costs else None,
        )


@dataclass(frozen=True)
class AnswerChecked:
    """The numbers of the whole answer were matched with what was computed."""

    receipts: "Receipts"


AnswerEvent = TextSaid | ToolCalled | ToolBegan | ToolReturned | ToolTold | AnswerChecked
Emit = Callable[[AnswerEvent], Awaitable[None]]
"""Takes an event of an answer; it has been stored once this returns, so a tool runs after that."""
