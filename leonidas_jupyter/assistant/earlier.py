"""An answer that goes on: what was said and found in it before, as the model gets it again.

It is made from our own records and passes the gate anew, so that a level that has become stricter
in the meantime holds.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from leonidas_jupyter.assistant.events import TokensUsed
from leonidas_jupyter.assistant.policy import Gate
from leonidas_jupyter.assistant.prompt import tokens
from leonidas_jupyter.assistant.shapes import StoredCall
from leonidas_jupyter.core.exposure import DataExposure

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage

CUT_SHORT = "interrupted"
"""What stands at a call that may have begun when its process ended; it is not run again."""

WITHHELD = "(Not shown to you at this data exposure.)"
BROKEN_OFF = "(This answer was broken off here.)"
GONE = "The result is not at hand any more; run it again if it is needed."
ONCE = "It was interrupted and is not run again by itself: it may have had its effects."
EDITED = "The user edited this code before it ran."


@dataclass(frozen=True)
class Earlier:
    """What stands of an answer.

    Attributes:
        question: what was asked.
        shown: what was said, as people read it.
        said: the same as the model said it.
        calls: its tool calls.
        exposure: the level at which it was made.
        used: what it has cost.
        goes_on: the same answer goes on; else it broke off, and another message asks to go on.
    """

    question: str
    shown: str
    said: str
    calls: Sequence[StoredCall]
    exposure: DataExposure
    used: TokensUsed = field(default_factory=TokensUsed)
    goes_on: bool = True

    def messages(self, gate: Gate, budget: int) -> list["ModelMessage"]:
        """The question, each step of the model, and the results, up to where the answer stopped.

        Of an answer that broke off, the newest results that fit into about ``budget`` tokens.
        """
        from pydantic_ai.messages import ModelRequest, ModelResponse, TextPart, UserPromptPart

        made: list[ModelMessage] = [ModelRequest(parts=[UserPromptPart(self.question)])]
        results = self._results(gate, budget)
        position = 0
        for _, group in groupby(self.calls, key=lambda call: call.step):
            calls = list(group)
            said = self._text(self.said[position : calls[0].said], gate)
            made += self._step(said, calls, results, gate)
            position = max(position, calls[-1].said)
        if not self.goes_on:
            rest = self._text(self.said[position:], gate)
            parts = [TextPart(text) for text in (rest, BROKEN_OFF) if text]
            made.append(ModelResponse(parts=parts))
        return made

    def _results(self, gate: Gate, budget: int) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for call in reversed(self.calls):
            result = self._returned(call, gate)
            budget -= tokens(str(result))
            fits = self.goes_on or budget >= 0 or call.state != "done"
            found[call.id] = result if fits else {"id": call.id, "note": GONE}
        return found

    def _step(
        self,
        text: str,
        calls: Sequence[StoredCall],
        results: Mapping[str, Mapping[str, Any]],
        gate: Gate,
    ) -> Iterator["ModelMessage"]:
        from pydantic_ai.messages import (
            ModelRequest,
            ModelResponse,
            TextPart,
            ToolCallPart,
            ToolReturnPart,
        )

        parts = [
            ToolCallPart(call.tool, self._arguments(call, gate), tool_call_id=call.id)
            for call in calls
        ]
        yield ModelResponse(parts=[*([TextPart(text)] if text else []), *parts])
        yield ModelRequest(
            parts=[
                ToolReturnPart(
                    call.tool,
                    dict(results[call.id]),
                    tool_call_id=call.id,
                    outcome=_outcome(call),
                )
                for call in calls
            ]
        )

    def _text(self, said: str, gate: Gate) -> str:
        if not said.strip():
            return ""
        return said.strip() if gate.passes(self.exposure) else WITHHELD

    def _arguments(self, call: StoredCall, gate: Gate) -> dict[str, Any]:
        # A model writes what it has read into its calls, and a person what they see into theirs.
        if gate.open or (gate.passes(self.exposure) and not call.edited):
            return call.arguments
        return dict.fromkeys(call.arguments, WITHHELD)

    def _returned(self, call: StoredCall, gate: Gate) -> dict[str, Any]:
        """What the model gets back for a call, however it ended."""
        if call.state == "refused":
            return {"id": call.id, "refused": call.summary}
        edited = {"edited": EDITED} if call.edited else {}
        if call.told is not None and not gate.open and gate.passes(call.told_at):
            return {"id": call.id, **call.told, **edited}
        if call.state == "done":
            found = call.found
            shown = {"note": GONE} if found is None else gate.result(call.tool, call.id, found)
            return {**shown, **edited}
        told = ONCE if call.summary == CUT_SHORT else gate.error(call.summary or "it failed")
        return {"id": call.id, "error": told, **edited}


def _outcome(call: StoredCall) -> Literal["success", "failed", "denied", "interrupted"]:
    if call.state == "done":
        return "success"
    if call.state == "refused":
        return "denied"
    return "interrupted" if call.summary == CUT_SHORT else "failed"
