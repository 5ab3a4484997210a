"""The tools of one answer, offered to pydantic-ai: numbered, announced, limited, and recorded."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from leonidas_jupyter.assistant.events import Emit, MimeBundle, ToolCalled, ToolReturned
from leonidas_jupyter.assistant.policy import Gate
from leonidas_jupyter.assistant.tools.base import Tool, ToolContext, ToolFailed, ToolOutput

if TYPE_CHECKING:
    import pydantic_ai

MAX_OUTPUT_BYTES = 320 * 1024
"""What all tool results of one answer keep, as JSON: an answer is one stored item."""

LIGHT = ("text/markdown", "text/plain")
"""What of an output stays when the answer has no room for the rest."""


class Toolbox:
    """Runs the tool calls of one answer, one after the other; the model gets what the gate lets.

    ``failure`` is the last error that a tool had, for when the model gets no further.
    """

    def __init__(self, context: ToolContext, gate: Gate, emit: Emit, rounds: int) -> None:
        self._context = context
        self._gate = gate
        self._emit = emit
        self._rounds = rounds
        self._calls = 0
        self._left = MAX_OUTPUT_BYTES
        self.failure: str | None = None

    def offer(self, tool: Tool) -> "pydantic_ai.Tool[None]":
        """The tool as pydantic-ai takes it. Its errors go back to the model as retries."""
        import pydantic_ai
        from pydantic_ai.exceptions import UsageLimitExceeded
        from pydantic_core import SchemaValidator, core_schema

        async def call(
            context: "pydantic_ai.RunContext[None]",
            **arguments: Any,  # noqa: ANN401 - checked by the tool
        ) -> dict[str, Any]:
            if context.run_step > self._rounds:
                raise UsageLimitExceeded("tool rounds")
            return await self._call(tool, arguments)

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

    async def _call(self, tool: Tool, arguments: Mapping[str, Any]) -> dict[str, Any]:
        try:
            parsed = tool.arguments.model_validate(arguments)
        except ValidationError as error:
            raise self._retry(_complaint(tool, error)) from error
        self._calls += 1
        call_id = f"t{self._calls}"
        await self._emit(ToolCalled(call_id, tool.name, dict(arguments), tool.code(parsed)))
        began = perf_counter()
        try:
            output = await tool.run(parsed, self._context)
        except ToolFailed as error:
            elapsed = (perf_counter() - began) * 1000
            await self._emit(
                ToolReturned(call_id, ok=False, summary=error.sentence, elapsed_ms=elapsed)
            )
            raise self._retry(error.sentence) from error
        elapsed = (perf_counter() - began) * 1000
        returned = ToolReturned(
            call_id,
            ok=True,
            summary=output.summary,
            outputs=await asyncio.to_thread(self._within_room, output),
            frames=output.frames,
            elapsed_ms=elapsed,
        )
        await self._emit(returned)
        return self._gate.result(tool.name, call_id, output.result)

    def _retry(self, sentence: str) -> Exception:
        from pydantic_ai import ModelRetry

        self.failure = sentence
        return ModelRetry(self._gate.error(sentence))

    def _within_room(self, output: ToolOutput) -> Sequence[MimeBundle]:
        """The outputs; where the answer has no room left, their light forms alone."""
        size = len(json.dumps(output.outputs).encode())
        if size <= self._left:
            self._left -= size
            return output.outputs
        return [
            {kind: form for kind, form in bundle.items() if kind in LIGHT}
            for bundle in output.outputs
        ]


def _complaint(tool: Tool, error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(map(str, first["loc"]))
    takes = ", ".join(tool.arguments.model_fields) or "no arguments"
    return f"{tool.name}({where}): {first['msg']}. It takes: {takes}."
