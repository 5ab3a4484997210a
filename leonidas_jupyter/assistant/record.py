"""An answer that grows: each step of it is stored before it counts."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import BaseModel

from leonidas_jupyter.assistant.earlier import CUT_SHORT, Earlier
from leonidas_jupyter.assistant.events import (
    AnswerChecked,
    AnswerEvent,
    TextSaid,
    TokensUsed,
    ToolBegan,
    ToolCalled,
    ToolReturned,
    ToolTold,
)
from leonidas_jupyter.assistant.journal import FINISHED, TEXT, Journal, RunEvent
from leonidas_jupyter.assistant.shapes import (
    FrameRead,
    OwnRead,
    Receipts,
    RunFinished,
    RunStatus,
    StoredCall,
    ToolCallStarted,
    ToolResult,
    Usage,
)
from leonidas_jupyter.core.exposure import DataExposure

NOT_BEGUN = "interrupted before it began"
"""What stands at a call that was allowed, and never ran."""

ENDED_BEFORE = "The answer ended before it ran."
"""What stands at a call that nobody was asked about any more."""


@dataclass
class Draft:
    """The answer so far; ``said`` is what the model said where ``content`` is not the same."""

    content: str = ""
    tool_calls: list[StoredCall] = field(default_factory=list)
    usage: Usage | None = None
    said: str | None = None
    receipts: Receipts | None = None


class AnswerStore(Protocol):
    """Where a run's events and its answer are kept."""

    async def record(
        self, number: int, name: str, data: Mapping[str, Any], draft: Draft | None
    ) -> None:
        """Store an event, and with it the answer where one is given."""

    async def keep_said(self, said: str) -> None:
        """Store what the model said, before anybody reads it filled in."""

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
        self._shown = [event.data["text"] for event in stored if event.name == TEXT]
        # What is shown is stored after what was said, so that nothing filled in passes for it.
        self._said = "".join(self._shown) if draft.said is None else draft.said
        self._earlier = draft.usage or Usage()
        self._waited = _waited(stored)
        self._end: RunFinished | None = None
        self.used: Callable[[], TokensUsed] = TokensUsed
        """What this process has used so far; stored with each tool call, lest a crash loses it."""
        self.observe: Callable[[AnswerEvent], None] = lambda _: None
        """Sees each step before it is stored."""
        self.journal = Journal(self._record, stored)

    @property
    def text(self) -> str:
        """What was said so far, as people read it."""
        return "".join(self._shown) + self.journal.open_text

    def earlier(self, question: str, exposure: DataExposure) -> Earlier:
        """What stands of the answer, for it to go on; its calls change as this record does."""
        used = self._earlier
        return Earlier(
            question=question,
            shown="".join(self._shown),
            said=self._said,
            calls=tuple(self._draft.tool_calls),
            exposure=exposure,
            used=TokensUsed(used.input_tokens, used.output_tokens, used.cost),
        )

    async def resume(self) -> None:
        """Go on after a pause: tell readers how the calls that waited were answered."""
        for call in self._draft.tool_calls:
            if call.id in self._waited and call.state != "pending":
                await self._tell(call)

    async def emit(self, event: AnswerEvent) -> None:
        """Take a step of the answer; a call and a result are stored once this returns."""
        self.observe(event)
        match event:
            case TextSaid():
                await self._text(event)
            case ToolCalled():
                await self._called(event)
            case ToolBegan():
                await self._began(event)
            case ToolReturned():
                await self._returned(event)
            case ToolTold():
                call = self._call(event.id)
                call.told, call.told_at = dict(event.told), event.level
            case AnswerChecked():
                self._draft.receipts = event.receipts

    async def finish(self, status: RunStatus, error: str | None, used: TokensUsed) -> RunStatus:
        """Store the end of the run, and say how it ended; ``used`` is what this process used.

        An answer with calls that wait is pending. A tool that still ran is marked as interrupted.

        Raises:
            LeaseLost: the run is somebody else's by now.
        """
        waiting = [call.id for call in self._draft.tool_calls if call.state == "pending"]
        if status is RunStatus.COMPLETED and waiting:
            status = RunStatus.PENDING
        else:
            waiting = []
            self._cut_short()
        self._draft.usage = _sum(self._earlier, used)
        self._end = RunFinished(
            status=status,
            message_id=self._message_id,
            pending=waiting,
            error=error,
            receipts=self._draft.receipts,
        )
        await self._add("usage", self._draft.usage)
        await self._add(FINISHED, self._end)
        return status

    def _cut_short(self) -> None:
        for call in self._draft.tool_calls:
            if call.state == "running":
                call.state, call.ok, call.summary = "failed", False, CUT_SHORT
            elif call.state == "pending" and call.decision is not None:
                call.state, call.ok, call.summary = "failed", False, NOT_BEGUN
            elif call.state == "pending":
                call.state, call.ok, call.summary = "refused", False, ENDED_BEFORE

    async def _text(self, event: TextSaid) -> None:
        self._said += event.text if event.said is None else event.said
        if event.said is not None:
            self._draft.said = self._said
            await self._store.keep_said(self._said)
        await self.journal.say(event.text)

    async def _called(self, event: ToolCalled) -> None:
        call = StoredCall(
            id=event.id,
            tool=event.tool,
            arguments=dict(event.arguments),
            code=event.code,
            needs=event.needs,
            state="running" if event.needs == "none" else "pending",
            overwrites=list(event.overwrites),
            step=event.step,
            said=len(self._said),
        )
        self._draft.tool_calls.append(call)
        await self._announce(call)

    async def _began(self, event: ToolBegan) -> None:
        call = self._call(event.id)
        call.state = "running"
        await self._announce(call.model_copy(update={"needs": "none"}))

    async def _announce(self, call: StoredCall) -> None:
        started = call.model_dump(include=set(ToolCallStarted.model_fields))
        await self._add("tool_call", ToolCallStarted(**started))

    async def _returned(self, event: ToolReturned) -> None:
        call = self._call(event.id)
        call.state = "done" if event.ok else "failed"
        call.ok, call.summary = event.ok, event.summary
        call.outputs = list(event.outputs)
        call.result = None if event.result is None else dict(event.result)
        call.frames = [FrameRead.model_validate(use, from_attributes=True) for use in event.frames]
        call.own = [OwnRead.model_validate(use, from_attributes=True) for use in event.own]
        call.elapsed_ms = round(event.elapsed_ms, 1)
        await self._tell(call)

    async def _tell(self, call: StoredCall) -> None:
        result = ToolResult(
            id=call.id,
            ok=bool(call.ok),
            summary=call.summary or "",
            outputs=call.outputs or [],
            frames=call.frames or [],
            own=call.own,
        )
        await self._add("tool_result", result)

    def _call(self, call_id: str) -> StoredCall:
        return next(call for call in self._draft.tool_calls if call.id == call_id)

    async def _add(self, name: str, data: BaseModel) -> None:
        await self.journal.add(name, data.model_dump(mode="json"))

    async def _record(self, number: int, name: str, data: Mapping[str, Any]) -> None:
        if name == TEXT:
            await self._store.record(number, name, data, None)
            self._shown.append(data["text"])
            return
        draft = self._draft
        draft.content = "".join(self._shown)
        draft.said = self._said if self._said != draft.content else None
        if name == FINISHED and self._end is not None:
            await self._store.finish(number, name, data, draft, self._end)
        else:
            grown = draft if name in ("tool_call", "tool_result") else None
            if grown is not None:
                draft.usage = _sum(self._earlier, self.used())
            await self._store.record(number, name, data, grown)


def _waited(stored: list[RunEvent]) -> frozenset[str]:
    """The calls that waited when the run paused last."""
    paused: Iterator[RunEvent] = (event for event in reversed(stored) if event.name == FINISHED)
    last = next(paused, None)
    return frozenset(last.data.get("pending", ())) if last is not None else frozenset()


def _sum(earlier: Usage, used: TokensUsed) -> Usage:
    costs = [cost for cost in (earlier.cost, used.cost) if cost is not None]
    return Usage(
        input_tokens=earlier.input_tokens + used.input_tokens,
        output_tokens=earlier.output_tokens + used.output_tokens,
        cost=sum(costs) if costs else None,
    )
