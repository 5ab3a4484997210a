"""Questions edited, messages, sessions and projects deleted: what goes along with them."""

import asyncio

import pytest

from leonidas_jupyter.chat.repository import MESSAGES, RUN_EVENTS, RUNS
from leonidas_jupyter.chat.schemas import ChatRequest
from leonidas_jupyter.core.errors import LeonidasError
from leonidas_jupyter.core.ids import now
from leonidas_jupyter.projects.repository import PROJECTS
from leonidas_jupyter.sessions.repository import SESSIONS
from tests.chat.world import (
    ALL_SPECS,
    ANN,
    World,
    counted,
    endless,
    over,
    until,
    world,
)
from tests.servers.chosen import fresh_database
from tests.servers.stored import items_of


async def none_left(w, spec):
    return await counted(w, spec) == [0]


def test_editing_a_question_takes_back_what_followed():
    async def echo(messages, info):
        yield f"answer to {messages[-1].parts[-1].content}"

    async def main():
        async with world(echo) as w:
            session = await w.session()
            answers = [await w.ask(session, f"q{n}") for n in range(4)]
            messages = await w.said(session)
            run = await w.chat.edit(
                ANN, session, messages[2].message_id, ChatRequest(content="better")
            )
            await w.chat.ended(run)
            now_said = [(m.role, m.content) for m in await w.said(session)]
            assert now_said == [
                ("USER", "q0"),
                ("ASSISTANT", "answer to q0"),
                ("USER", "better"),
                ("ASSISTANT", "answer to better"),
            ]
            assert (await w.sessions.read(ANN, session)).message_count == 4
            for gone in answers[1:]:
                assert await w.repository.runs.get(gone.run_id) is None
                assert await w.repository.events(gone.run_id, 0) == []
            with pytest.raises(LeonidasError, match="Only a question can be edited"):
                await w.chat.edit(ANN, session, messages[1].message_id, ChatRequest(content="x"))
            with pytest.raises(LeonidasError) as refused:
                await w.chat.edit(ANN, session, "nothing", ChatRequest(content="x"))
            assert refused.value.code == "not_found"

    asyncio.run(main())


def test_deleting_a_message_removes_it_with_its_run():
    async def main():
        async with world() as w:
            session = await w.session()
            answer = await w.ask(session)
            await w.chat.delete(ANN, session, answer.message.message_id)
            assert [m.role for m in await w.said(session)] == ["USER"]
            assert (await w.sessions.read(ANN, session)).message_count == 1
            assert await counted(w, RUNS, RUN_EVENTS) == [0, 0]
            with pytest.raises(LeonidasError) as refused:
                await w.chat.delete(ANN, session, answer.message.message_id)
            assert refused.value.code == "not_found"

    asyncio.run(main())


def test_a_session_deleted_in_mid_run_stops_it_and_leaves_nothing():
    async def main():
        async with world(endless) as w:
            session, kept = await w.session(), await w.session()
            other = await w.say(kept)
            run = await w.say(session)
            await until(lambda: w.repository.events(run.run_id, 1))
            await w.sessions.delete(ANN, session)
            await until(lambda: no_run_left(w, run))
            await until(lambda: gone(w, session))
            left = {message.session_id for message in await items_of(w.database, MESSAGES)}
            assert left == {kept}
            events = await items_of(w.database, RUN_EVENTS)
            assert {event.run_id for event in events} == {other.run_id}
            with pytest.raises(LeonidasError) as refused:
                await w.say(session)
            assert refused.value.code == "not_found"
            assert (await w.repository.runs.get(other.run_id)).status == "running"

    async def gone(w, session):
        stored = await items_of(w.database, SESSIONS)
        return session not in {each.session_id for each in stored}

    async def no_run_left(w, run):
        return await w.repository.runs.get(run.run_id) is None

    asyncio.run(main())


def test_a_deleted_project_takes_its_messages_along_in_batches():
    async def main():
        async with world() as w:
            session = await w.session()
            project = (await w.sessions.read(ANN, session)).project_id
            for n in range(3):
                await w.ask(session, f"q{n}")
            message, *_ = await items_of(w.database, MESSAGES)
            many = [
                message.model_copy(update={"message_id": f"0-{n:04}", "run_id": None})
                for n in range(250)
            ]
            await w.database.table(MESSAGES).load(many)
            await w.projects.delete(ANN, project)
            await until(lambda: none_left(w, PROJECTS))
            assert await counted(w, MESSAGES, RUNS, RUN_EVENTS) == [0, 0, 0]

    asyncio.run(main())


def test_a_removal_that_breaks_off_is_taken_up_again(monkeypatch):
    async def main():
        database = fresh_database(ALL_SPECS)
        w = World(database)
        session = await w.session()
        for n in range(3):
            await w.ask(session, f"q{n}")
        calls = []
        whole = w.repository.forget_run

        async def breaking(run_id):
            calls.append(run_id)
            if len(calls) == 2:
                raise OSError("gone")
            await whole(run_id)

        monkeypatch.setattr(w.repository, "forget_run", breaking)
        await w.sessions.delete(ANN, session)
        await until(lambda: len(calls) == 2)
        await w.tasks.close()
        await over(w.sessions._repository.sessions, session)
        other = World(database)
        await other.sessions.recover()
        await until(lambda: none_left(other, SESSIONS))
        assert await counted(w, MESSAGES, RUNS, RUN_EVENTS) == [0, 0, 0]
        await other.tasks.close()

    asyncio.run(main())


def test_a_session_or_project_deleted_while_a_question_is_stored_leaves_nothing():
    async def main(delete):
        async with world(endless) as w:
            session = await w.session()
            begin = w.repository.begin

            async def slow(*args, **more):
                await begin(*args, **more)
                # Its removal has passed already when the question is stored.
                await delete(w, session)

            w.repository.begin = slow
            with pytest.raises(LeonidasError) as refused:
                await w.say(session)
            assert refused.value.code == "not_found"
            assert await counted(w, MESSAGES, RUNS, RUN_EVENTS) == [0, 0, 0]

    async def session_marked(w, session):
        await w.sessions._repository.change(session, {"deleted_at": now()}, if_version=None)

    async def project_marked(w, session):
        project = (await w.sessions._repository.get(session)).project_id
        await w.projects._repository.projects.update(project, {"deleted_at": now()})

    for delete in (session_marked, project_marked):
        asyncio.run(main(delete))
