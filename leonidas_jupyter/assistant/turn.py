"""One turn of the conversation: files awaited, the past gathered, the model asked."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from leonidas_jupyter.assistant.agent import Answering, Question
from leonidas_jupyter.assistant.earlier import Earlier
from leonidas_jupyter.assistant.events import Emit, TextSaid, TokensUsed
from leonidas_jupyter.assistant.executors import Executor
from leonidas_jupyter.assistant.history import turns_of
from leonidas_jupyter.assistant.models.registry import ModelEntry
from leonidas_jupyter.assistant.namespace import ClientFrame
from leonidas_jupyter.assistant.policy import Gate, Policy
from leonidas_jupyter.assistant.record import AnswerRecord
from leonidas_jupyter.assistant.shapes import AnswerRow, RunStatus
from leonidas_jupyter.assistant.summary import Memory
from leonidas_jupyter.assistant.tools.base import (
    DrawChart,
    PythonMode,
    RunQuery,
    RunStatistics,
    SaveResults,
    ToolContext,
)
from leonidas_jupyter.assistant.waiting import Look, notice, wait_for_files
from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.data.frames import Frame

BROKE_OFF = (RunStatus.FAILED, RunStatus.CANCELLED)
"""Answers after which "continue" goes on with what was found."""


@dataclass(frozen=True)
class Sources:
    """What a turn needs of the layers above.

    Attributes:
        query: SQL over the frames.
        frames: the project's frames.
        unread: the project's files that have no frame.
        past: what was said before, oldest first, no more than a bounded number of messages.
        python: how Python runs in this answer.
        executor: what runs it; null where the client does, or nothing can.
        save: makes files out of results; null where this caller may not.
        draw: makes pictures out of charts; null where nothing can.
        beside: tables that the notebook has which asked, and SQL does not know.
        statistics: recipes over the frames; null where nothing runs them.
    """

    query: RunQuery
    frames: Callable[[], Awaitable[Sequence[Frame]]]
    unread: Look
    past: Callable[[], Awaitable[Sequence[AnswerRow]]]
    python: PythonMode = "off"
    executor: Executor | None = None
    save: SaveResults | None = None
    draw: DrawChart | None = None
    beside: Sequence[ClientFrame] = ()
    statistics: RunStatistics | None = None

    def context(self, frames: Sequence[Frame]) -> ToolContext:
        """What the tools work with."""
        return ToolContext(
            frames=frames,
            query=self.query,
            python=self.python,
            executor=self.executor,
            save=self.save,
            draw=self.draw,
            statistics=self.statistics,
        )


class Turn:
    """A question on its way to its answer."""

    def __init__(
        self,
        text: str,
        sources: Sources,
        model: ModelEntry,
        gate: Gate,
        policy: Policy,
        memory: Memory,
    ) -> None:
        self._text = text
        self._sources = sources
        self._model = model
        self._gate = gate
        self._policy = policy
        self._memory = memory
        self._answering: Answering | None = None

    def used(self) -> TokensUsed:
        """What the answer has cost so far, since it began or went on."""
        used = self._memory.used
        return used if self._answering is None else used + self._answering.tokens

    async def answer(self, emit: Emit) -> None:
        """Answer. Raises AnswerFailed."""
        unread = await wait_for_files(self._sources.unread, self._policy.reading_seconds)
        frames = await self._sources.frames()
        if said := notice(unread, any_frames=bool(frames)):
            await emit(TextSaid(said + "\n\n", said=""))
        if not frames and any(file.reason is None for file in unread):
            return  # a model could only say that there is nothing
        past = list(await self._sources.past())
        await self._ask(frames, past, broken_off(past), emit)

    async def go_on(self, record: AnswerRecord, exposure: DataExposure) -> None:
        """Go on after a pause, once everything that waited is answered. Raises AnswerFailed.

        ``exposure`` is the level at which the answer was begun.
        """
        await record.resume()
        earlier = record.earlier(self._text, exposure)
        frames = await self._sources.frames()
        await self._ask(frames, list(await self._sources.past()), earlier, record.emit)

    async def _ask(
        self,
        frames: Sequence[Frame],
        past: list[AnswerRow],
        earlier: Earlier | None,
        emit: Emit,
    ) -> None:
        if earlier is not None and not earlier.goes_on:
            past = past[:-2]
        turns, summary = await self._memory.recall(
            turns_of(past), self._model, self._gate, self._policy.history_tokens
        )
        question = Question(
            text=self._text,
            turns=turns,
            summary=summary,
            context=self._sources.context(frames),
            model=self._model,
            gate=self._gate,
            earlier=earlier,
            beside=self._sources.beside,
        )
        self._answering = Answering(question, self._policy, emit)
        await self._answering.run()


def broken_off(past: Sequence[AnswerRow]) -> Earlier | None:
    """The last answer, if it broke off: whoever asks next gets what it had found."""
    if len(past) < 2 or past[-1].run_status not in BROKE_OFF or past[-2].role != "USER":
        return None
    question, answer = past[-2], past[-1]
    return Earlier(
        question=question.content,
        shown=answer.content,
        said=answer.content if answer.said is None else answer.said,
        calls=tuple(answer.tool_calls),
        exposure=answer.exposure or DataExposure.ROWS,
        goes_on=False,
    )
