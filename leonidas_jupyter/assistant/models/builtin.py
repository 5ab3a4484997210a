"""The built-in analyst as a pydantic-ai model.

No network, no tokens, the same answer every time.
"""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ModelResponseStreamEvent,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RequestUsage

from leonidas_jupyter.assistant.analyst.analyst import Analyst
from leonidas_jupyter.assistant.analyst.plan import Plan, ToolOutcome
from leonidas_jupyter.data.frames import Frame

NAME = "builtin"
_PIECE = re.compile(r"\s*\S+\s?|\s+$")


@dataclass(frozen=True)
class Conversation:
    """The history as the analyst needs it.

    The question, those before it, and the tool results since it.
    """

    question: str
    earlier: tuple[str, ...]
    outcomes: tuple[ToolOutcome, ...]


class BuiltinModel(Model):
    """Answers from the frames' profiles and the project's tools; see ``assistant.analyst``.

    Args:
        frames: the project's frames, as the tools know them.
    """

    def __init__(self, frames: Sequence[Frame]) -> None:
        super().__init__()
        self._frames = frames

    @cached_property
    def _analyst(self) -> Analyst:
        return Analyst(self._frames)

    @property
    def model_name(self) -> str:
        """The model's name in settings and answers."""
        return NAME

    @property
    def system(self) -> str:
        """The provider's name; there is no provider."""
        return NAME

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Return the tool calls that the question needs, or, once they have returned.

        The answer.
        """
        self.prepare_request(model_settings, model_request_parameters)
        parts = await self._parts_for(messages)
        return ModelResponse(parts=parts, model_name=NAME, provider_name=NAME, usage=RequestUsage())

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: object = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """Do as ``request`` does, the text in small pieces."""
        del run_context
        _, parameters = self.prepare_request(model_settings, model_request_parameters)
        parts = await self._parts_for(messages)
        yield BuiltinStream(model_request_parameters=parameters, parts=parts)

    async def _parts_for(self, messages: Sequence[ModelMessage]) -> list[TextPart | ToolCallPart]:
        # A question to a frame of a thousand columns is read for half a second.
        return await asyncio.to_thread(self._parts, read_conversation(messages))

    def _parts(self, conversation: Conversation) -> list[TextPart | ToolCallPart]:
        plan = self._analyst.plan(conversation.question, conversation.earlier)
        if _finished(plan, conversation.outcomes):
            return [TextPart(plan.say(conversation.outcomes))]
        done = len(conversation.outcomes)
        return [ToolCallPart(call.tool, dict(call.arguments)) for call in plan.calls[done:]]


def _finished(plan: Plan, outcomes: Sequence[ToolOutcome]) -> bool:
    return len(outcomes) >= len(plan.calls) or any(not outcome.ok for outcome in outcomes)


@dataclass
class BuiltinStream(StreamedResponse):
    """A finished response, streamed: text word by word, tool calls whole."""

    parts: Sequence[TextPart | ToolCallPart] = ()
    _timestamp: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def _get_event_iterator(self) -> AsyncIterator[ModelResponseStreamEvent]:
        for index, part in enumerate(self.parts):
            for event in self._events(index, part):
                yield event

    def _events(
        self, index: int, part: TextPart | ToolCallPart
    ) -> Iterator[ModelResponseStreamEvent]:
        if isinstance(part, TextPart):
            for piece in _PIECE.findall(part.content):
                yield from self._parts_manager.handle_text_delta(
                    vendor_part_id=index, content=piece
                )
            return
        yield self._parts_manager.handle_tool_call_part(
            vendor_part_id=index,
            tool_name=part.tool_name,
            args=part.args,
            tool_call_id=part.tool_call_id,
        )

    @property
    def model_name(self) -> str:
        """The model's name."""
        return NAME

    @property
    def provider_name(self) -> str:
        """The provider's name."""
        return NAME

    @property
    def provider_url(self) -> None:
        """There is no provider to call."""
        return

    @property
    def timestamp(self) -> datetime:
        """When the response was begun."""
        return self._timestamp


def read_conversation(messages: Sequence[ModelMessage]) -> Conversation:
    """Return the last question, the earlier ones and the results of the tools called since.

    Parts of other kinds are passed over.
    """
    prompts: list[str] = []
    outcomes: list[ToolOutcome] = []
    for message in messages:
        if not isinstance(message, ModelRequest):
            continue
        for part in message.parts:
            if isinstance(part, UserPromptPart):
                prompts.append(_prompt_text(part))
                outcomes = []
            elif isinstance(part, ToolReturnPart):
                outcomes.append(outcome_of(part))
    if not prompts:
        return Conversation("", (), tuple(outcomes))
    return Conversation(prompts[-1], tuple(prompts[:-1]), tuple(outcomes))


def _prompt_text(part: UserPromptPart) -> str:
    if isinstance(part.content, str):
        return part.content
    return " ".join(piece for piece in part.content if isinstance(piece, str))


def outcome_of(part: ToolReturnPart) -> ToolOutcome:
    """Return a tool's return as an outcome, whether it holds a dict.

    JSON text or a pydantic object.
    """
    if part.outcome != "success":
        return ToolOutcome(ok=False, error=_sentence(part.content))
    content: Any = part.content
    if hasattr(content, "model_dump"):
        content = content.model_dump(mode="json")
    if isinstance(content, str):
        try:
            content = json.loads(content)
        except ValueError:
            return ToolOutcome(ok=False, error=content)
    if isinstance(content, list):
        content = {"frames": content}
    if not isinstance(content, Mapping):
        return ToolOutcome(ok=False, error="the tool gave no table")
    if isinstance(content.get("error"), str) and "columns" not in content:
        return ToolOutcome(ok=False, error=content["error"])
    return ToolOutcome(ok=True, result=content)


def _sentence(content: object) -> str:
    if isinstance(content, str):
        return content.splitlines()[0] if content.strip() else "the tool gave no reason"
    if isinstance(content, list) and content and isinstance(content[0], dict):
        return str(content[0].get("msg", "the arguments were not accepted"))
    return "the tool gave no reason"
