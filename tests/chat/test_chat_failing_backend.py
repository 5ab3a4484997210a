"""A database that fails in the middle of an answer: it is said, and the session goes on at once."""

import asyncio

import pytest

from leonidas_jupyter.assistant.answers import RunStore
from leonidas_jupyter.assistant.live import INTERRUPTED
from leonidas_jupyter.chat.repository import ChatRepository
from leonidas_jupyter.storage.base import StoreUnavailable
from leonidas_jupyter.tables.base import Unavailable
from leonidas_jupyter.tables.leases import Leases
from tests.chat.world import world

SENTENCE = "The database is asked for more than it takes; try again soon."


@pytest.fixture
def failing(monkeypatch):
    """Lets the first calls of a method fail."""

    def failing(kind, name, error, times=1):
        whole, left = getattr(kind, name), [error] * times

        async def method(*args, **kwargs):
            if left:
                raise left.pop()
            return await whole(*args, **kwargs)

        monkeypatch.setattr(kind, name, method)

    return failing


def in_session(body):
    """Runs ``body(world, session_id)`` where nobody's lease is over before the test is."""

    async def main():
        async with world(leases=Leases(seconds=3600)) as w, asyncio.timeout(60):
            await body(w, await w.session())

    asyncio.run(main())


@pytest.mark.parametrize("error", [Unavailable(SENTENCE), StoreUnavailable(SENTENCE)])
def test_what_failed_is_said_in_its_sentence(failing, error):
    async def body(w, session_id):
        failing(RunStore, "record", error)
        answer = await w.ask(session_id)
        assert (answer.status, answer.error) == ("failed", SENTENCE)
        assert (await w.ask(session_id)).status == "completed"

    in_session(body)


def test_an_end_that_could_not_be_stored_is_stored_without_waiting_for_the_lease(failing):
    async def body(w, session_id):
        failing(RunStore, "finish", Unavailable(SENTENCE))
        answer = await w.ask(session_id)
        assert (answer.status, answer.error) == ("failed", INTERRUPTED)
        assert (await w.ask(session_id)).status == "completed"
        assert len(await w.said(session_id)) == 4

    in_session(body)


def test_a_question_that_could_not_be_begun_stands_in_nobodys_way(failing):
    async def body(w, session_id):
        failing(ChatRepository, "record_of", Unavailable(SENTENCE))
        with pytest.raises(Unavailable):
            await w.ask(session_id)
        assert (await w.ask(session_id)).status == "completed"
        statuses = [each.run_status for each in await w.said(session_id) if each.run_id]
        assert statuses == ["failed", "completed"]

    in_session(body)
