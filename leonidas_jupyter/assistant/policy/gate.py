"""What one model may see in one run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leonidas_jupyter.assistant.policy.frames import shown_frame
from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.data.frames import Frame

if TYPE_CHECKING:
    from pydantic import BaseModel

    from leonidas_jupyter.assistant.tools.base import Tool, ToolContext, ToolFailed, ToolOutput

SHOWN_TO_THE_USER = "shown to the user; not shown to you at this data exposure"


@dataclass(frozen=True)
class Gate:
    """What one model may see in one run.

    Attributes:
        local: it runs inside this process: nothing leaves, and it sees everything.
        exposure: the level that holds.
        k: how many rows must share what passes below the level ``rows``.
    """

    local: bool
    exposure: DataExposure
    k: int = 10

    @property
    def level(self) -> DataExposure:
        """What the model sees of the data; stored with its answer, for `passes` later on."""
        return DataExposure.ROWS if self.local else self.exposure

    @property
    def open(self) -> bool:
        """Whether every value of the data may pass."""
        return self.level is DataExposure.ROWS

    def passes(self, level: DataExposure | None) -> bool:
        """Whether words of a model that saw ``level`` may pass; None is a level not known."""
        return self.open or (level is not None and level.rank <= self.exposure.rank)

    def frame(self, frame: Frame) -> dict[str, Any]:
        """A frame as the model may know it."""
        return shown_frame(frame, self.level, self.k)

    async def returned(
        self,
        tool: "Tool",
        call_id: str,
        arguments: "BaseModel",
        output: "ToolOutput",
        context: "ToolContext",
    ) -> dict[str, Any]:
        """A tool's result as the model may know it, with the id by which it can be named.

        At the level ``aggregates`` this may run a query of its own, in which small groups are not.
        """
        from leonidas_jupyter.assistant.policy.results import Call, cut, shown_result

        if self.local:
            return {"id": call_id, **output.result}
        if self.open:
            return {"id": call_id, **cut(output.result)}
        return await shown_result(Call(tool, call_id, arguments, output, context, self))

    def result(self, tool: str, call_id: str, result: Mapping[str, Any]) -> dict[str, Any]:
        """A result of which no more is at hand than its values: below ``rows``, its id alone."""
        from leonidas_jupyter.assistant.policy.results import cut

        del tool
        if self.local:
            return {"id": call_id, **result}
        return {"id": call_id, **(cut(result) if self.open else {"note": SHOWN_TO_THE_USER})}

    async def failed(
        self,
        tool: "Tool",
        arguments: "BaseModel",
        failed: "ToolFailed",
        context: "ToolContext",
    ) -> str:
        """A tool's error as the model may know it: databases and code quote cells in theirs."""
        from leonidas_jupyter.assistant.policy.errors import explained, made_of_names

        if self.open or (failed.safe and made_of_names(arguments, context)):
            return failed.sentence
        return await explained(tool, arguments, failed.sentence, context)

    def error(self, sentence: str) -> str:
        """An error of which no more is at hand than its sentence."""
        from leonidas_jupyter.assistant.policy.errors import GENERIC

        return sentence if self.open else GENERIC

    def answer(self, text: str, said: str | None = None, level: DataExposure | None = None) -> str:
        """An earlier answer as the model may know it.

        Args:
            text: as the user reads it, with what the server has filled in.
            said: as the model said it; None where that is the same.
            level: what that model saw; None where it is not known.
        """
        if self.open:
            return text
        if self.passes(level):
            return text if said is None else said
        return f"(An answer, {SHOWN_TO_THE_USER}.)"

    def past_call(self, told: Mapping[str, Any] | None, summary: str) -> Mapping[str, Any]:
        """What stands for the result of an earlier call, of a level that passes."""
        if self.open:
            return {"summary": summary}
        return told or {"note": SHOWN_TO_THE_USER}
