"""The events of one run: numbered, stored before they are final, text sent at once in between.

How a reader's pieces of text add up is said in `leonidas_jupyter.chat.schemas`.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

TEXT = "text_delta"
FINISHED = "run_finished"
BATCH_BYTES = 1024
BATCH_SECONDS = 0.25
PACE_SECONDS = 0.015
"""How soon a reader gets more text after a piece that is not stored yet: to the eye at once, and
the pieces of a quick model cost one write to the client together instead of one each."""

Store = Callable[[int, str, Mapping[str, Any]], Awaitable[None]]
"""Stores an event under its number; the event counts once this returns."""


@dataclass(frozen=True)
class RunEvent:
    """An event as a reader gets it; ``number`` is None for text that is not stored yet."""

    number: int | None
    name: str
    data: Mapping[str, Any]


class _News:
    """Wakes whoever waits at the moment, and nobody who comes later."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def tell(self) -> None:
        """There is something new."""
        self._event.set()
        self._event.clear()

    async def wait(self) -> None:
        """Until there is."""
        await self._event.wait()


class Journal:
    """Takes a run's events in order, and lets any number of readers follow.

    ``record`` is called for each event before any reader gets it with a number. Text is collected
    into batches of BATCH_BYTES or BATCH_SECONDS; another event closes the batch before it. A reader
    gets the first text at once, what follows within PACE_SECONDS, and whatever is stored at once.
    Where the run goes on after a pause, readers are not told of the pause's end.
    """

    def __init__(self, record: Store, stored: list[RunEvent]) -> None:
        self._record = record
        self._stored = stored
        self._went_on_at = len(stored)
        self._open = ""
        self._closed = False
        self._writing = asyncio.Lock()
        self._said_more = _News()
        self._stored_more = _News()
        self._batch_begun = asyncio.Event()

    @property
    def open_text(self) -> str:
        """What was said and is not stored yet."""
        return self._open

    async def say(self, text: str) -> None:
        """Take a piece of text; readers get it before it is stored."""
        self._open += text
        self._said_more.tell()
        if len(self._open.encode()) >= BATCH_BYTES:
            await self.flush()
        else:
            self._batch_begun.set()

    async def add(self, name: str, data: Mapping[str, Any]) -> None:
        """Store an event, after the text before it."""
        await self._to_its_end(self._write(name, data))

    async def flush(self) -> None:
        """Close the batch: what was said so far is stored once this returns."""
        await self._to_its_end(self._write())

    async def keep_flushing(self) -> None:
        """Close each batch BATCH_SECONDS after it began; runs until it is cancelled."""
        while True:
            await self._batch_begun.wait()
            await asyncio.sleep(BATCH_SECONDS)
            await self.flush()

    def close(self) -> None:
        """Nothing follows: readers end once they have everything that was stored."""
        self._closed = True
        self._tell()

    async def follow(self, after: int) -> AsyncIterator[RunEvent]:
        """The stored events after a number, then what comes, live, until the journal is closed."""
        position = after
        sent = 0  # characters of the open text that this reader has
        ready_at = 0.0  # when it is to have more of it
        while True:
            while position < len(self._stored):
                event = self._stored[position]
                position += 1
                if event.name == TEXT:
                    text = event.data["text"]
                    yield RunEvent(event.number, TEXT, {"text": text[sent:]})
                    sent = max(0, sent - len(text))
                elif event.name != FINISHED or position > self._went_on_at:
                    yield event
            if self._closed:
                return
            # From here to a wait nothing else runs, so that no news is missed.
            if len(self._open) <= sent:
                await self._said_more.wait()
            elif (early := ready_at - time.monotonic()) > 0:
                with suppress(TimeoutError):
                    async with asyncio.timeout(early):
                        await self._stored_more.wait()
            else:
                text, sent = self._open[sent:], len(self._open)
                ready_at = time.monotonic() + PACE_SECONDS
                yield RunEvent(None, TEXT, {"text": text})

    async def _to_its_end(self, step: Coroutine[Any, Any, None]) -> None:
        """Do a step that a cancelled caller waits for all the same.

        A write that goes on behind our back would leave its number taken and unknown.
        """
        writing = asyncio.create_task(step)
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait([writing])
            raise

    async def _write(self, name: str | None = None, data: Mapping[str, Any] | None = None) -> None:
        async with self._writing:
            self._batch_begun.clear()
            if self._open:
                text = self._open
                await self._append(TEXT, {"text": text}, text)
            if name is not None:
                await self._append(name, data or {})

    async def _append(self, name: str, data: Mapping[str, Any], text: str = "") -> None:
        number = len(self._stored) + 1
        await self._record(number, name, data)
        # In one step, so that no reader sees the batch twice or not at all.
        self._stored.append(RunEvent(number, name, data))
        self._open = self._open[len(text) :]
        self._tell()

    def _tell(self) -> None:
        self._stored_more.tell()
        self._said_more.tell()
