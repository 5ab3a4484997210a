"""An answer that grows: each step of it is stored before it counts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import BaseModel

from leonidas_jupyter.assistant.events import (
    AnswerEvent,
    TextSaid,
    TokensUsed,
    ToolCalled,
    ToolReturned,
)
from leonidas_jupyter.assistant.journal import TEXT, Journal, RunEvent
from leonidas_jupyter.assistant.shapes import (
    FrameRead,
    RunFinished,
    RunStatus,
    ToolCall,
    ToolCallStarted,
    ToolResult,
    Usage,
)


@dataclass
class Draft:
    """The answer so far."""

    content: str = ""
    tool_calls: list[ToolCall] = field(default_factory=list)
    usage: Usage | None = None


class AnswerStore(Protocol):
    """Where a run's events and its answer are kept."""

    async def record(
        self, number: int, name: str, data: Mapping[str, Any], draft: Draft | None
    ) -> None:
        """Store an event, and with it the answer where one is given."""

    async def finish(
        self, number: int, name: str, data: Mapping[str, Any], draft: Draft, end: RunFinished
    ) -> None:
        """Store the last event, the whole answer and the run's end, all or nothing."""


class AnswerRecord:
    """One run's answer and its events.

    The events go through ``journal``. With each tool call and result the answer is stored too, so
    that what a tool found outlives this process. ``stored`` is what stands already.
    """

    def __init__(
        self, store: AnswerStore, message_id: str, draft: Draft, stored: list[RunEvent]
    ) -> None:
        self._store = store
        self._message_id = message_id
        self._draft = draft
        self._said = [event.data["text"] for event in stored if event.name == TEXT]
        self._end: RunFinished | None = None
        self._before = draft.usage or Usage()
        self.used: Callable[[], TokensUsed] = TokensUsed
        """What this process has used so far; stored with each tool call, lest a crash loses it."""
        self.journal = Journal(self._record, stored)

    async def emit(self, event: AnswerEvent) -> None:
        """Take a step of the answer; a call and a result are stored once this returns."""
        if isinstance(event, TextSaid):
            await self.journal.say(event.text)
        elif isinstance(event, ToolCalled):
            await self._called(event)
        else:
            await self._returned(event)

    async def finish(self, status: RunStatus, error: str | None, used: TokensUsed) -> None:
        """Store the end of the run; ``used`` is on top of what was stored when it was taken up.

        A tool that still ran is marked as interrupted.

        Raises:
            LeaseLost: the run is somebody else's by now.
        """
        for call in self._draft.tool_calls:
            if call.state == "running":
                call.state, call.ok, call.summary = "failed", False, "interrupted"
        self._draft.usage = self._with(used)
        self._end = RunFinished(status=status, message_id=self._message_id, error=error)
        await self._add("usage", self._draft.usage)
        await self._add("run_finished", self._end)

    def _with(self, used: TokensUsed) -> Usage:
        costs = [cost for cost in (self._before.cost, used.cost) if cost is not None]
        return Usage(
            input_tokens=self._before.input_tokens + used.input_tokens,
            output_tokens=self._before.output_tokens + used.output_tokens,
            cost=sum(costs) if costs else None,
        )

    async def _called(self, event: ToolCalled) -> None:
        call = ToolCall(
            id=event.id, tool=event.tool, arguments=dict(event.arguments), code=event.code
        )
        self._draft.tool_calls.append(call)
        started = call.model_dump(include=set(ToolCallStarted.model_fields))
        await self._add("tool_call", ToolCallStarted(**started))

    async def _returned(self, event: ToolReturned) -> None:
        call = next(call for call in self._draft.tool_calls if call.id == event.id)
        call.state = "done" if event.ok else "failed"
        call.ok, call.summary = event.ok, event.summary
        call.outputs = list(event.outputs)
        call.frames = [
            FrameRead(name=use.name, file_id=use.file_id, content_version=use.content_version)
            for use in event.frames
        ]
        call.elapsed_ms = round(event.elapsed_ms, 1)
        await self._add(
            "tool_result",
            ToolResult(id=call.id, ok=event.ok, summary=event.summary, outputs=call.outputs),
        )

    async def _add(self, name: str, data: BaseModel) -> None:
        await self.journal.add(name, data.model_dump(mode="json"))

    async def _record(self, number: int, name: str, data: Mapping[str, Any]) -> None:
        if name == TEXT:
            await self._store.record(number, name, data, None)
            self._said.append(data["text"])
            return
        self._draft.content = "".join(self._said)
        if name == "run_finished" and self._end is not None:
            await self._store.finish(number, name, data, self._draft, self._end)
        else:
            grown = name in ("tool_call", "tool_result")
            if grown:
                self._draft.usage = self._with(self.used())
            await self._store.record(number, name, data, self._draft if grown else None)
