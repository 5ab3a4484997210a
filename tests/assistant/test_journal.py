"""Exactly-once text: whoever reads, from wherever, has each piece once."""

import asyncio
import random

import pytest

from leonidas_jupyter.assistant import journal as module
from leonidas_jupyter.assistant.journal import Journal, RunEvent


class Store:
    """Keeps events; takes a moment for each, and can fail."""

    def __init__(self):
        self.events = []
        self.fail = False

    async def __call__(self, number, name, data):
        await asyncio.sleep(0.001)
        if self.fail:
            raise OSError("disk")
        assert number == len(self.events) + 1
        self.events.append((number, name, dict(data)))

    @property
    def text(self):
        return "".join(data["text"] for _, name, data in self.events if name == "text_delta")


class Reader:
    """Reads as clients are told to: appends all text, drops the provisional when it comes back."""

    def __init__(self):
        self.last = 0
        self.final = ""
        self.provisional = ""
        self.ids = []

    @property
    def text(self):
        return self.final + self.provisional

    def take(self, event):
        if event.name == "text_delta":
            self.provisional += event.data["text"]
        if event.number is not None:
            self.final += self.provisional
            self.provisional = ""
            self.last = event.number
            self.ids.append(event.number)

    def come_back(self):
        self.provisional = ""
        return self.last


def started():
    return [RunEvent(1, "run_started", {})]


async def stay(journal, reader):
    async for event in journal.follow(0):
        reader.take(event)


async def leave_and_come_back(journal, reader, chance):
    while True:
        patience = chance.randint(1, 12)
        async for event in journal.follow(reader.come_back()):
            reader.take(event)
            patience -= 1
            if patience == 0:
                break
        else:
            return
        await asyncio.sleep(0)


async def speak(journal, chance):
    said = ""
    for number in range(300):
        piece = f"<{number}>" * chance.choice((1, 1, 1, 120))
        said += piece
        await journal.say(piece)
        if chance.random() < 0.3:
            await asyncio.sleep(0.002)
        if chance.random() < 0.05:
            await journal.add("tool_call", {})
    await journal.add("run_finished", {})
    journal.close()
    return said


def test_live_readers_and_replays_have_the_same_text(monkeypatch):
    monkeypatch.setattr(module, "BATCH_SECONDS", 0.004)
    chance = random.Random(7)  # noqa: S311 - a test's own chance

    async def main():
        store = Store()
        store.events.append((1, "run_started", {}))
        journal = Journal(store, started())
        readers = [Reader() for _ in range(6)]
        tasks = [asyncio.create_task(stay(journal, reader)) for reader in readers[:3]]
        tasks += [
            asyncio.create_task(leave_and_come_back(journal, reader, chance))
            for reader in readers[3:]
        ]
        flushing = asyncio.create_task(journal.keep_flushing())
        said = await speak(journal, chance)
        await asyncio.gather(*tasks)
        flushing.cancel()
        readers.append(late := Reader())
        await stay(journal, late)
        assert store.text == said
        assert {reader.text for reader in readers} == {said}
        assert {reader.provisional for reader in readers} == {""}
        numbers = list(range(1, len(store.events) + 1))
        assert all(reader.ids == numbers for reader in readers)

    asyncio.run(main())


def test_a_replay_begins_after_the_number_that_is_asked_for():
    async def main():
        journal = Journal(Store(), [])
        for word in ("one ", "two ", "three"):
            await journal.say(word)
            await journal.flush()
        journal.close()
        assert [e.data["text"] async for e in journal.follow(1)] == ["two ", "three"]
        assert [e async for e in journal.follow(3)] == []
        assert [e async for e in journal.follow(99)] == []

    asyncio.run(main())


def test_text_is_sent_before_it_is_stored_and_once_only():
    async def main():
        store = Store()
        journal = Journal(store, started())
        store.events.append((1, "run_started", {}))
        reader = journal.follow(1)
        await journal.say("Hel")
        assert await anext(reader) == RunEvent(None, "text_delta", {"text": "Hel"})
        assert store.text == ""
        await journal.say("lo")
        assert await anext(reader) == RunEvent(None, "text_delta", {"text": "lo"})
        await journal.say("!")
        await journal.flush()
        assert await anext(reader) == RunEvent(2, "text_delta", {"text": "!"})
        assert store.text == "Hello!"
        journal.close()
        assert await anext(reader, None) is None

    asyncio.run(main())


def test_what_follows_the_first_text_quickly_is_sent_together(monkeypatch):
    monkeypatch.setattr(module, "PACE_SECONDS", 3600.0)

    async def main():
        store = Store()
        store.events.append((1, "run_started", {}))
        journal = Journal(store, started())
        reader = journal.follow(1)
        await journal.say("The first")
        assert await anext(reader) == RunEvent(None, "text_delta", {"text": "The first"})
        following = asyncio.create_task(anext(reader))
        for word in (" of", " many", " words"):
            await journal.say(word)
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not following.done()
        await journal.add("tool_call", {})
        assert await following == RunEvent(2, "text_delta", {"text": " of many words"})
        assert (await anext(reader)).name == "tool_call"
        following = asyncio.create_task(anext(reader, None))
        await asyncio.sleep(0)
        journal.close()
        assert await asyncio.wait_for(following, 30) is None

    asyncio.run(main())


def test_a_batch_is_closed_by_its_size_and_by_time(monkeypatch):
    monkeypatch.setattr(module, "BATCH_SECONDS", 0.01)

    async def main():
        store = Store()
        journal = Journal(store, [])
        await journal.say("é" * 511)
        assert store.text == ""
        await journal.say("é")  # 1,024 bytes
        assert store.text == "é" * 512
        flushing = asyncio.create_task(journal.keep_flushing())
        await journal.say("tail")
        async with asyncio.timeout(60):
            async for event in journal.follow(1):
                if event.number == 2:
                    break
        flushing.cancel()
        assert store.text.endswith("tail")

    asyncio.run(main())


def test_another_event_comes_after_the_text_before_it():
    async def main():
        store = Store()
        journal = Journal(store, [])
        await journal.say("text")
        await journal.add("tool_call", {"id": "t1"})
        assert [name for _, name, _ in store.events] == ["text_delta", "tool_call"]

    asyncio.run(main())


def test_a_cancelled_write_is_finished_so_that_its_number_is_known():
    async def main():
        store = Store()
        journal = Journal(store, [])
        await journal.say("half")
        writing = asyncio.create_task(journal.add("tool_call", {}))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        await journal.add("run_finished", {})
        assert [number for number, _, _ in store.events] == [1, 2, 3]

    asyncio.run(main())


def test_what_could_not_be_stored_is_not_final():
    async def main():
        store = Store()
        journal = Journal(store, [])
        store.fail = True
        await journal.say("lost?")
        with pytest.raises(OSError, match="disk"):
            await journal.flush()
        store.fail = False
        await journal.flush()
        assert store.text == "lost?"
        journal.close()
        assert [e.number async for e in journal.follow(0)] == [1]

    asyncio.run(main())
