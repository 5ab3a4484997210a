"""The agent loop: a model that answers a question by calling tools, on pydantic-ai."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leonidas_jupyter.assistant.events import Emit, TextSaid, TokensUsed
from leonidas_jupyter.assistant.history import PastTurn, messages
from leonidas_jupyter.assistant.models.registry import ModelEntry
from leonidas_jupyter.assistant.policy import Gate, Policy
from leonidas_jupyter.assistant.prompt import instructions
from leonidas_jupyter.assistant.toolbox import Toolbox
from leonidas_jupyter.assistant.tools import TOOLS
from leonidas_jupyter.assistant.tools.base import ToolContext

if TYPE_CHECKING:
    from pydantic_ai import Agent
    from pydantic_ai.usage import RunUsage


class AnswerFailed(Exception):
    """There is no answer; ``sentence`` says why, without a word of the provider's."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class Question:
    """What is asked, of which model, over what."""

    text: str
    turns: Sequence[PastTurn]
    context: ToolContext
    model: ModelEntry
    gate: Gate


class Answering:
    """One answer in the making: the model calls tools until it has answered.

    Every step goes to ``emit``. A tool runs once ``emit`` has returned for its call, and the model
    sees its result once ``emit`` has returned for that.
    """

    def __init__(self, question: Question, policy: Policy, emit: Emit) -> None:
        self._question = question
        self._policy = policy
        self._emit = emit
        self._toolbox = Toolbox(question.context, question.gate, emit, policy.tool_rounds)
        self._usage: RunUsage | None = None
        self._spoken = False

    @property
    def tokens(self) -> TokensUsed:
        """What was used so far, also of an answer that was cancelled or failed."""
        used = self._usage
        if used is None:
            return TokensUsed()
        cost = None if used.cost is None else float(used.cost)
        return TokensUsed(used.input_tokens, used.output_tokens, cost)

    async def run(self) -> None:
        """Ask and answer. Cancelling the caller stops the model and the tool.

        Raises:
            AnswerFailed: the model failed, or used up its rounds or its retries.
        """
        # The first import of pydantic-ai takes a second, and a model may prepare itself.
        agent = await asyncio.to_thread(self._agent)
        from pydantic_ai import UsageLimits
        from pydantic_ai.exceptions import AgentRunError
        from pydantic_ai.usage import RunUsage

        question, policy = self._question, self._policy
        self._usage = RunUsage()
        try:
            async with agent.run_stream_events(
                question.text,
                message_history=messages(question.turns, question.gate, policy.history_tokens),
                instructions=instructions(
                    question.text,
                    question.context.frames,
                    question.gate,
                    policy.context_tokens,
                ),
                usage_limits=UsageLimits(request_limit=policy.tool_rounds + 1),
                usage=self._usage,
            ) as events:
                async for event in events:
                    await self._take(event)
        except AgentRunError as error:
            raise AnswerFailed(self._sentence(error)) from error

    def _agent(self) -> "Agent[None, str]":
        from pydantic_ai import Agent

        return Agent(
            self._question.model.make(self._question.context.frames),
            name="ds_bro",
            deps_type=type(None),
            tools=[self._toolbox.offer(tool) for tool in TOOLS],
            retries={"tools": self._policy.tool_retries, "output": 1},
        )

    async def _take(self, event: Any) -> None:  # noqa: ANN401 - later versions add events
        """Pass text on; every other event, also one that is not known yet, is left alone."""
        from pydantic_ai.messages import PartDeltaEvent, PartStartEvent, TextPart, TextPartDelta

        if isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta):
            await self._say(event.delta.content_delta)
        elif isinstance(event, PartStartEvent) and isinstance(event.part, TextPart):
            # What was said before a tool call and what is said after it are two paragraphs.
            await self._say(("\n\n" if self._spoken else "") + event.part.content)

    async def _say(self, text: str) -> None:
        # What no store takes: halves of surrogate pairs, and NUL.
        text = text.encode(errors="replace").decode().replace("\x00", "")
        if text:
            self._spoken = True
            await self._emit(TextSaid(text))

    def _sentence(self, error: "Exception") -> str:
        from pydantic_ai.exceptions import UnexpectedModelBehavior, UsageLimitExceeded

        name = self._question.model.name
        if isinstance(error, UsageLimitExceeded):
            return (
                f"The model {name!r} asked for tools {self._policy.tool_rounds} times and had no "
                "answer yet; ask for less at once."
            )
        if isinstance(error, UnexpectedModelBehavior):
            if self._toolbox.failure is not None:
                return f"The model {name!r} got no result: {self._toolbox.failure}"
            return f"The model {name!r} gave no usable answer; ask again, or in other words."
        return f"The model {name!r} did not answer; ask again in a moment."
