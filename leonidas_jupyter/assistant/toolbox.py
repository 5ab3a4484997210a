"""The tools of one answer, offered to pydantic-ai: numbered, announced, limited, and recorded."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from leonidas_jupyter.assistant.events import (
    Emit,
    MimeBundle,
    ToolBegan,
    ToolCalled,
    ToolReturned,
    ToolTold,
)
from leonidas_jupyter.assistant.policy import Gate, Policy
from leonidas_jupyter.assistant.shapes import StoredCall
from leonidas_jupyter.assistant.tools.base import Tool, ToolContext, ToolFailed, ToolOutput
from leonidas_jupyter.core.tracing import span

if TYPE_CHECKING:
    import pydantic_ai

MAX_OUTPUT_BYTES = 320 * 1024
"""What all tool results of one answer keep, as JSON: an answer is one stored item."""

CALLS_A_ROUND = 4
"""How many calls one answer may have for each of its rounds: whether a call fails can tell a bit of
the data, so that their number bounds what gets out that way."""

LIGHT = ("text/markdown", "text/plain")
"""What of an output stays when the answer has no room for the rest."""

LIGHT_CHARACTERS = 2_000
"""How much of that stays of one call; what our own tools say is shorter."""


class ToolGaveUp(Exception):
    """A tool failed more often than a model may try it in one answer."""


class Toolbox:
    """Runs the tool calls of one answer, one after the other; the model gets what the gate lets.

    ``failure`` is the last error that a tool had, for when the model gets no further.
    """

    def __init__(self, context: ToolContext, gate: Gate, emit: Emit, policy: Policy) -> None:
        self._context = context
        self._gate = gate
        self._emit = emit
        self._rounds = policy.tool_rounds
        self._most_calls = policy.tool_rounds * CALLS_A_ROUND
        self._retries = policy.tool_retries
        self._calls = 0
        self._earlier = 0
        self._steps = 0
        self._left = MAX_OUTPUT_BYTES
        self._failures: Counter[str] = Counter()
        self.failure: str | None = None

    @property
    def steps(self) -> int:
        """How many steps the model had taken when the answer was left."""
        return self._steps

    def recall(self, calls: Sequence[StoredCall], *, same_answer: bool) -> None:
        """Go on from earlier calls: their results are at hand, and numbers follow theirs.

        The limits of an answer go on too, where it is the ``same_answer``.
        """
        for call in calls:
            self._calls = max(self._calls, _number(call.id))
            found = call.found if call.state == "done" else None
            if found is not None:
                self._context.results.add(call.id, found, call.code)
            if not same_answer:
                self._earlier = self._calls
                continue
            self._steps = max(self._steps, call.step)
            self._failures[call.tool] += call.state == "failed" and not call.client_reported
            kept = [call.outputs, call.result, call.told]
            self._left -= len(json.dumps(kept, default=str).encode())

    def offer(self, tool: Tool) -> "pydantic_ai.Tool[None]":
        """The tool as pydantic-ai takes it. Its errors go back to the model as retries."""
        import pydantic_ai
        from pydantic_ai.exceptions import UsageLimitExceeded
        from pydantic_core import SchemaValidator, core_schema

        async def call(
            context: "pydantic_ai.RunContext[None]",
            **arguments: Any,  # noqa: ANN401 - checked by the tool
        ) -> dict[str, Any]:
            step = self._steps + context.run_step
            if step > self._rounds or self._calls - self._earlier >= self._most_calls:
                raise UsageLimitExceeded("tool rounds")
            return await self._call(tool, arguments, step)

        offered = pydantic_ai.Tool.from_schema(
            call,
            tool.name,
            tool.description,
            tool.arguments.model_json_schema(),
            takes_ctx=True,
            # One after the other: results are stored, numbered and shown in one order.
            sequential=True,
        )
        # A schema alone lets any JSON through, and what is no object breaks the call.
        offered.function_schema.validator = SchemaValidator(
            core_schema.dict_schema(core_schema.str_schema(), core_schema.any_schema())
        )
        return offered

    async def carry_out(self, call: StoredCall, tool: Tool | None) -> None:
        """Run a call that somebody has approved; how it went is stored, whatever it is.

        Raises:
            ToolGaveUp: the tool has failed too often in this answer.
        """
        if tool is None:
            await self._emit(ToolReturned(call.id, ok=False, summary="There is no such tool now."))
            return
        await self._emit(ToolBegan(call.id))
        try:
            parsed = tool.arguments.model_validate(call.arguments)
            self._context.may_overwrite = tuple(call.overwrites)
            await self._run(tool, parsed, call.id)
        except ValidationError as error:
            await self._failed(tool, call.id, ToolFailed(_complaint(tool, error)), 0.0)
        except ToolFailed as error:
            self.failure = error.sentence
            await self._told_error(tool, call.id, parsed, error)
            if self._failures[tool.name] > self._retries:
                raise ToolGaveUp(error.sentence) from error
        finally:
            self._context.may_overwrite = ()

    async def _call(self, tool: Tool, arguments: Mapping[str, Any], step: int) -> dict[str, Any]:
        try:
            parsed = tool.arguments.model_validate(arguments)
        except ValidationError as error:
            self._failures[tool.name] += 1
            complaint = _complaint(tool, error)
            raise self._retry(tool, complaint, complaint) from error
        self._calls += 1
        call_id = f"t{self._calls}"
        code, needs = tool.code_of(parsed, self._context), tool.needs(parsed, self._context)
        called = ToolCalled(
            call_id,
            tool.name,
            dict(arguments),
            code,
            needs,
            await overwritten(self._context, code) if needs == "approval" else (),
            step,
        )
        await self._emit(called)
        if needs != "none":
            raise _waiting(needs)
        try:
            return await self._run(tool, parsed, call_id)
        except ToolFailed as error:
            told = await self._told_error(tool, call_id, parsed, error)
            raise self._retry(tool, error.sentence, told) from error

    async def _run(self, tool: Tool, parsed: BaseModel, call_id: str) -> dict[str, Any]:
        """Run a tool; what it found is stored whole, and the model's share of it returned."""
        began = perf_counter()
        try:
            with span("leonidas.tool_call", {"tool": tool.name, "call_id": call_id}) as current:
                output = await tool.run(parsed, self._context)
                current.set("frames", len(output.frames))
        except ToolFailed as error:
            elapsed = (perf_counter() - began) * 1000
            await self._failed(tool, call_id, error, elapsed)
            raise
        elapsed = (perf_counter() - began) * 1000
        outputs, result = await asyncio.to_thread(self._within_room, output)
        returned = ToolReturned(
            call_id,
            ok=True,
            summary=output.summary,
            outputs=outputs,
            result=result,
            frames=output.frames,
            elapsed_ms=elapsed,
            own=output.own,
        )
        await self._emit(returned)
        code = tool.code_of(parsed, self._context)
        self._context.results.add(call_id, output.result, code)
        told = await self._gate.returned(tool, call_id, parsed, output, self._context)
        if not self._gate.open:
            await self._emit(ToolTold(call_id, told, self._gate.level))
        return told

    async def _told_error(
        self, tool: Tool, call_id: str, parsed: BaseModel, error: ToolFailed
    ) -> str:
        told = await self._gate.failed(tool, parsed, error, self._context)
        if not self._gate.open:
            await self._emit(ToolTold(call_id, {"error": told}, self._gate.level))
        return told

    async def _failed(self, tool: Tool, call_id: str, error: ToolFailed, elapsed: float) -> None:
        self._failures[tool.name] += 1
        shown, _ = self._within_room(ToolOutput(error.sentence, {}, error.outputs))
        await self._emit(
            ToolReturned(
                call_id, ok=False, summary=error.sentence, outputs=shown, elapsed_ms=elapsed
            )
        )

    def _retry(self, tool: Tool, sentence: str, told: str) -> Exception:
        """What tells the model of an error, in words for it, as often as it may hear of one."""
        from pydantic_ai import ModelRetry

        self.failure = sentence
        if self._failures[tool.name] > self._retries:
            return ToolGaveUp(sentence)
        return ModelRetry(told)

    def _within_room(
        self, output: ToolOutput
    ) -> tuple[Sequence[MimeBundle], Mapping[str, Any] | None]:
        """The outputs, and the result where they do not hold it.

        Where the answer has no room left, the light forms of the outputs alone.
        """
        held = bool(output.outputs) and output.outputs[0].get("application/json") == output.result
        result = None if held else output.result
        size = len(json.dumps([output.outputs, result], default=str).encode())
        if size <= self._left:
            self._left -= size
            return output.outputs, result
        return _light(output.outputs), None


def _light(outputs: Sequence[MimeBundle]) -> list[MimeBundle]:
    """The light forms of the first outputs, a long one cut."""
    left, kept = LIGHT_CHARACTERS, []
    for bundle in outputs:
        light: MimeBundle = {}
        for kind in LIGHT:
            text = bundle.get(kind)
            if isinstance(text, str) and left > 0:
                light[kind] = text if len(text) <= left else text[: left - 1] + "…"
                left -= len(light[kind])
        if light:
            kept.append(light)
    return kept


async def overwritten(context: ToolContext, code: str | None) -> Sequence[str]:
    """The names of the user's own that code would overwrite, where that can be looked up."""
    if code is None or context.executor is None:
        return ()
    try:
        return await context.executor.overwrites(code)
    except ToolFailed:
        return ()  # what is not there holds no names; running it says so


def _waiting(needs: str) -> Exception:
    from pydantic_ai import ApprovalRequired, CallDeferred

    return ApprovalRequired() if needs == "approval" else CallDeferred()


def _number(call_id: str) -> int:
    return int(call_id[1:]) if call_id[1:].isdigit() else 0


def _complaint(tool: Tool, error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(map(str, first["loc"]))
    takes = ", ".join(tool.arguments.model_fields) or "no arguments"
    return f"{tool.name}({where}): {first['msg']}. It takes: {takes}."
