"""What an answer is made of, as it happens: text, tool calls and their results, tokens."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MimeBundle = dict[str, Any]
"""One output in several forms, by media type, as Jupyter has it."""


@dataclass(frozen=True)
class FrameUse:
    """A frame that a tool read, in the version that its file had."""

    name: str
    file_id: str
    content_version: int


@dataclass(frozen=True)
class TextSaid:
    """A piece of the answer's Markdown."""

    text: str


@dataclass(frozen=True)
class ToolCalled:
    """A tool is about to run. ``id`` is unique in the answer; ``code`` is the SQL that will run."""

    id: str
    tool: str
    arguments: Mapping[str, Any]
    code: str | None = None


@dataclass(frozen=True)
class ToolReturned:
    """A tool has run: what to show, and the receipt (frames read, milliseconds)."""

    id: str
    ok: bool
    summary: str
    outputs: Sequence[MimeBundle] = ()
    frames: Sequence[FrameUse] = ()
    elapsed_ms: float = 0.0


@dataclass(frozen=True)
class TokensUsed:
    """What the whole answer cost; ``cost`` in US dollars where the price is known."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None


AnswerEvent = TextSaid | ToolCalled | ToolReturned
Emit = Callable[[AnswerEvent], Awaitable[None]]
"""Takes an event of an answer; it has been stored once this returns, so a tool runs after that."""
