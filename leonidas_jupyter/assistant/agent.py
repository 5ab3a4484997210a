"""The agent loop: a model that answers a question by calling tools, on pydantic-ai."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leonidas_jupyter.assistant import receipts
from leonidas_jupyter.assistant.earlier import Earlier
from leonidas_jupyter.assistant.events import (
    AnswerChecked,
    AnswerEvent,
    Emit,
    TextSaid,
    TokensUsed,
    ToolCalled,
)
from leonidas_jupyter.assistant.handles import Handles, unfilled
from leonidas_jupyter.assistant.history import PastTurn, messages
from leonidas_jupyter.assistant.models.failures import ModelFailure
from leonidas_jupyter.assistant.models.names import shown
from leonidas_jupyter.assistant.models.registry import ModelEntry
from leonidas_jupyter.assistant.namespace import ClientFrame, described
from leonidas_jupyter.assistant.policy import Gate, Policy
from leonidas_jupyter.assistant.prompt import briefing
from leonidas_jupyter.assistant.telemetry import traced, with_content
from leonidas_jupyter.assistant.toolbox import Toolbox, ToolGaveUp
from leonidas_jupyter.assistant.tools import TOOLS
from leonidas_jupyter.assistant.tools.base import Tool, ToolContext

if TYPE_CHECKING:
    from pydantic_ai import Agent
    from pydantic_ai.messages import ModelMessage
    from pydantic_ai.usage import RunUsage, UsageLimits


FOLLOWED = 3
"""How many questions before this one can be what it follows."""


class AnswerFailed(Exception):
    """There is no answer; ``sentence`` says why, without a word of the provider's."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class Question:
    """What is asked, of which model, over what.

    Attributes:
        earlier: what stands of this answer, where it goes on after a pause; or of the last one,
            where that broke off and is in reach of this question.
        beside: tables that the notebook has which asked, and SQL does not know.
        tools: what may be called, as far as the context offers it.
        summary: what was said before ``turns``, in short.
    """

    text: str
    turns: Sequence[PastTurn]
    context: ToolContext
    model: ModelEntry
    gate: Gate
    earlier: Earlier | None = None
    beside: Sequence[ClientFrame] = ()
    tools: Sequence[Tool] = TOOLS
    summary: str = ""

    @property
    def goes_on(self) -> bool:
        """Whether an answer goes on that was begun before."""
        return self.earlier is not None and self.earlier.goes_on


class Answering:
    """One answer in the making: the model calls tools until it has answered, or must wait.

    Every step goes to ``emit``. A tool runs once ``emit`` has returned for its call, and the model
    sees its result once ``emit`` has returned for that.
    """

    def __init__(self, question: Question, policy: Policy, emit: Emit) -> None:
        self._question = question
        self._policy = policy
        self._sink = emit
        self._tools = [tool for tool in question.tools if tool.offered(question.context)]
        self._toolbox = Toolbox(question.context, question.gate, self._emit, policy)
        self._handles = Handles(question.context.results)
        self._held = ""
        self._begun = TokensUsed()
        self._usage: RunUsage | None = None
        self._shown: list[str] = []
        if (earlier := question.earlier) is not None:
            self._toolbox.recall(earlier.calls, same_answer=earlier.goes_on)
            if earlier.goes_on:
                self._shown.append(earlier.shown)
                self._begun = earlier.used

    @property
    def tokens(self) -> TokensUsed:
        """What was used so far since the answer began or went on, also if it failed."""
        used, begun = self._usage, self._begun
        if used is None:
            return TokensUsed()
        cost = None if used.cost is None else float(used.cost)
        return TokensUsed(
            used.input_tokens - begun.input_tokens, used.output_tokens - begun.output_tokens, cost
        )

    async def run(self) -> None:
        """Ask and answer. Cancelling the caller stops the model and the tool.

        Raises:
            AnswerFailed: the model failed, or used up its rounds, its tokens or its retries.
        """
        # The first import of pydantic-ai takes a second, and a model may prepare itself.
        agent = await asyncio.to_thread(self._agent)
        from pydantic_ai.exceptions import AgentRunError

        waits = False
        try:
            await self._carry_out_approved()
            self._usage = self._used_before()
            async with agent.run_stream_events(
                None if self._question.goes_on else self._question.text,
                message_history=self._history(),
                instructions=await self._instructions(),
                usage_limits=self._limits(),
                usage=self._usage,
            ) as events:
                async for event in events:
                    await self._take(event)
                    waits = waits or _waits(event)
        except (AgentRunError, ToolGaveUp, ModelFailure) as error:
            await self._release()
            raise AnswerFailed(self._sentence(error)) from error
        await self._release()
        if not waits:
            await self._check()

    def _agent(self) -> "Agent[None, Any]":
        from pydantic_ai import Agent, DeferredToolRequests

        model = self._question.model
        agent: Agent[None, Any] = Agent(
            traced(model.make(self._question.context.frames), model.name),
            name="ds_bro",
            deps_type=type(None),
            output_type=[str, DeferredToolRequests],
            tools=[self._toolbox.offer(tool) for tool in self._tools],
            retries={"tools": self._policy.tool_retries, "output": 1},
        )
        if self._policy.trace_content:
            with_content(agent)
        return agent

    async def _carry_out_approved(self) -> None:
        """Run what was approved while the answer waited, before the model hears of it."""
        if self._question.earlier is None or not self._question.goes_on:
            return
        by_name = {tool.name: tool for tool in self._tools}
        for call in self._question.earlier.calls:
            if call.state == "pending" and call.decision in ("once", "session"):
                await self._toolbox.carry_out(call, by_name.get(call.tool))

    def _history(self) -> list["ModelMessage"]:
        question = self._question
        budget = self._policy.history_tokens
        turns = question.turns
        if not question.model.reads_answers:
            turns = [PastTurn(turn.question) for turn in turns]
        past = messages(turns, question.gate, budget, question.summary)
        if question.earlier is None:
            return past
        return [*past, *question.earlier.messages(question.gate, budget)]

    async def _instructions(self) -> str:
        question, budget = self._question, self._policy.context_tokens
        told = await briefing(question.text, question.context, question.gate, budget)
        beside = described(question.beside, budget // 2)
        return f"{told}\n\n{beside}" if beside else told

    def _used_before(self) -> "RunUsage":
        from pydantic_ai.usage import RunUsage

        return RunUsage(
            requests=self._toolbox.steps,
            input_tokens=self._begun.input_tokens,
            output_tokens=self._begun.output_tokens,
        )

    def _limits(self) -> "UsageLimits":
        from pydantic_ai import UsageLimits

        limits = [self._policy.run_tokens, self._budget()]
        known = [limit for limit in limits if limit is not None]
        return UsageLimits(
            request_limit=self._policy.tool_rounds + 1, total_tokens_limit=min(known, default=None)
        )

    def _budget(self) -> int | None:
        """How many tokens the user's budget leaves the answer, those before a pause included."""
        left = self._policy.user_tokens
        return None if left is None else left + self._begun.input_tokens + self._begun.output_tokens

    async def _take(self, event: Any) -> None:  # noqa: ANN401 - later versions add events
        """Pass text on; every other event, also one that is not known yet, is left alone."""
        # By its own mark: an import for each token would cost as much as all the rest of this.
        kind = getattr(event, "event_kind", "")
        if kind == "part_delta":
            if event.delta.part_delta_kind == "text":
                await self._say(event.delta.content_delta)
        elif kind == "part_start" and event.part.part_kind == "text":
            # What was said before a tool call and what is said after it are two paragraphs.
            await self._say(("\n\n" if any(self._shown) else "") + event.part.content)
        elif kind == "part_end" and event.part.part_kind == "text":
            await self._release()

    async def _say(self, text: str) -> None:
        # What no store takes: halves of surrogate pairs, and NUL.
        text = text.encode(errors="replace").decode().replace("\x00", "")
        if text:
            self._held += text
            await self._show(self._handles.feed(text))

    async def _release(self) -> None:
        """Show what was held back of the text for a handle that never came to its end."""
        await self._show(self._handles.rest())

    async def _show(self, text: str) -> None:
        if not text:
            return
        said, self._held = self._held, ""
        self._shown.append(text)
        await self._sink(TextSaid(text, None if said == text else said))

    async def _emit(self, event: AnswerEvent) -> None:
        if isinstance(event, ToolCalled):
            await self._release()
        await self._sink(event)

    async def _check(self) -> None:
        """Match the answer's numbers with what was computed, and say which are not backed."""
        text, question = "".join(self._shown), self._question
        # A question may go on from those before it, and so may its answer.
        words = [*(turn.question for turn in question.turns[-FOLLOWED:]), question.text]
        if question.earlier is not None:
            words.append(question.earlier.question)
        found = await receipts.checked(text, "\n".join(words), question.context.results)
        found.unmatched.extend(unfilled(text))
        if told := receipts.note(found):
            await self._sink(TextSaid("\n\n" + told, said=""))
        await self._sink(AnswerChecked(found))

    def _sentence(self, error: "Exception") -> str:
        from pydantic_ai.exceptions import UnexpectedModelBehavior, UsageLimitExceeded

        if isinstance(error, ModelFailure):
            return error.message
        name, policy = shown(self._question.model.name), self._policy
        if isinstance(error, UsageLimitExceeded):
            if "token" in str(error) and "rounds" not in str(error):
                return self._out_of_tokens(name)
            return (
                f"The model {name!r} asked for tools {policy.tool_rounds} times and had no "
                "answer yet; ask for less at once."
            )
        if isinstance(error, UnexpectedModelBehavior | ToolGaveUp):
            if self._toolbox.failure is not None:
                return f"The model {name!r} got no result: {self._toolbox.failure}"
            return f"The model {name!r} gave no usable answer; ask again, or in other words."
        return f"The model {name!r} did not answer; ask again in a moment."

    def _out_of_tokens(self, name: str) -> str:
        limit, budget = self._policy.run_tokens, self._budget()
        if limit is None or (budget is not None and budget < limit):
            return (
                "Your budget of tokens for today was used up in this answer; it is renewed at "
                "midnight UTC, and the built-in analyst answers until then."
            )
        return (
            f"The model {name!r} used up the {limit} tokens that one answer may use; ask for less "
            "at once."
        )


def _waits(event: Any) -> bool:  # noqa: ANN401 - later versions add events
    """Whether the model has ended with calls that wait for somebody."""
    if getattr(event, "event_kind", "") != "agent_run_result":
        return False
    from pydantic_ai import DeferredToolRequests

    return isinstance(event.result.output, DeferredToolRequests)
