"""One turn of the conversation: files awaited, the past gathered, the model asked."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from leonidas_jupyter.assistant.agent import Answering, Question
from leonidas_jupyter.assistant.events import Emit, TextSaid, TokensUsed
from leonidas_jupyter.assistant.history import PastMessage, turns_of
from leonidas_jupyter.assistant.models.registry import ModelEntry
from leonidas_jupyter.assistant.policy import Gate, Policy
from leonidas_jupyter.assistant.tools.base import RunQuery, ToolContext
from leonidas_jupyter.assistant.waiting import Look, notice, wait_for_files
from leonidas_jupyter.data.frames import Frame


@dataclass(frozen=True)
class Sources:
    """What a turn needs of the layers above.

    Attributes:
        query: SQL over the frames.
        frames: the project's frames.
        unread: the project's files that have no frame.
        past: what was said before, oldest first, no more than a bounded number of messages.
    """

    query: RunQuery
    frames: Callable[[], Awaitable[Sequence[Frame]]]
    unread: Look
    past: Callable[[], Awaitable[Sequence[PastMessage]]]


class Turn:
    """A question on its way to its answer."""

    def __init__(
        self, text: str, sources: Sources, model: ModelEntry, gate: Gate, policy: Policy
    ) -> None:
        self._text = text
        self._sources = sources
        self._model = model
        self._gate = gate
        self._policy = policy
        self._answering: Answering | None = None

    def used(self) -> TokensUsed:
        """What the answer has cost so far."""
        return TokensUsed() if self._answering is None else self._answering.tokens

    async def answer(self, emit: Emit) -> None:
        """Answer. Raises AnswerFailed."""
        unread = await wait_for_files(self._sources.unread, self._policy.reading_seconds)
        frames = await self._sources.frames()
        if said := notice(unread, any_frames=bool(frames)):
            await emit(TextSaid(said + "\n\n"))
        if not frames and any(file.reason is None for file in unread):
            return  # a model could only say that there is nothing
        question = Question(
            text=self._text,
            turns=turns_of(await self._sources.past()),
            context=ToolContext(frames, self._sources.query),
            model=self._model,
            gate=self._gate,
        )
        self._answering = Answering(question, self._policy, emit)
        await self._answering.run()
