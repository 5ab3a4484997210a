"""Answers that go on: after a pause, and after they broke off; what was said and what is shown."""

import asyncio
import json
from datetime import timedelta

from leonidas_jupyter.assistant.live import INTERRUPTED
from leonidas_jupyter.assistant.policy import Policy
from leonidas_jupyter.chat.repository import ChatRepository
from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.core.ids import now
from tests.chat.asking import CODE, bench, coding, once, python
from tests.chat.kernels import Kernels
from tests.chat.world import (
    ALL_SPECS,
    World,
    call,
    endless,
    returned,
    summing,
    until,
    world,
)
from tests.servers.chosen import fresh_database
from tests.servers.stored import put_back, snapshot

TOTAL = '{"sql": "select sum(amount) as total from sales"}'


def parts(messages):
    return [part for message in messages for part in message.parts]


async def always(messages, info):
    """A model that asks for code whatever it got."""
    yield python(CODE)


def test_a_tool_that_keeps_failing_reaches_the_user_across_pauses(engine):
    asked = []

    async def stubborn(messages, info):
        asked.append(returned(messages))
        yield python(CODE)

    async def main():
        async with bench(engine, stubborn) as w:
            w.kernels.own.error = "KeyError: amount"
            session = await w.session()
            answer = await w.ask(session)
            for number in (1, 2):
                answer = await w.answer(session, approvals=once(f"t{number}"))
                assert answer.status == "pending"
            answer = await w.answer(session, approvals=once("t3"))
            assert answer.status == "failed"
            assert "KeyError: amount" in answer.error
            assert len(w.kernels.own.ran) == len(asked) == 3
            states = [each.state for each in answer.message.tool_calls]
            assert states == ["failed", "failed", "failed"]

    asyncio.run(main())


def test_rounds_and_tokens_are_counted_across_pauses(engine):
    async def main():
        policy = Policy(tool_rounds=2, reading_seconds=0)
        async with bench(engine, always, policy=policy) as w:
            session = await w.session()
            first = await w.ask(session)
            second = await w.answer(session, approvals=once("t1"))
            assert second.status == "pending"
            last = await w.answer(session, approvals=once("t2"))
            assert last.status == "failed"
            assert "asked for tools 2 times" in last.error
            used = [each.message.usage.input_tokens for each in (first, second, last)]
            assert 0 < used[0] < used[1] < used[2]
        policy = Policy(run_tokens=150, reading_seconds=0)
        async with bench(engine, always, policy=policy) as w:
            session = await w.session()
            answer = await w.ask(session)
            number = 0
            while answer.status == "pending":
                number += 1
                answer = await w.answer(session, approvals=once(f"t{number}"))
            assert answer.status == "failed"
            assert "150 tokens" in answer.error
            assert number >= 1

    asyncio.run(main())


def test_an_answer_that_broke_off_goes_on_with_what_it_had_found():
    heard = []

    async def breaking(messages, info):
        heard.append(messages)
        last = messages[-1].parts[-1]
        if last.part_kind == "user-prompt" and last.content == "go on":
            yield "It was {{t1.0.total}}."
        elif not returned(messages):
            yield "Let me look. "
            yield call("query", TOTAL)
        else:
            raise ZeroDivisionError

    async def main():
        async with world(breaking) as w:
            session = await w.session()
            broken = await w.ask(session, "what is the total?")
            assert broken.status == "failed"
            done = await w.ask(session, "go on")
            assert done.status == "completed"
            seen = parts(heard[-1])
            kinds = [part.part_kind for part in seen]
            assert kinds == [
                "user-prompt",
                "text",
                "tool-call",
                "tool-return",
                "text",
                "user-prompt",
            ]
            assert seen[0].content == "what is the total?"
            assert seen[3].content["rows"] == [[6]]
            assert "broken off" in seen[4].content
            # What it had found can be named, and backs the numbers of the answer.
            assert done.message.content == "It was 6."
            assert done.message.receipts.unmatched == []
            stored = await w.repository.message(session, done.message.message_id)
            assert stored.said == "It was {{t1.0.total}}."
            # And after an answer that came to its end, only summaries go along.
            await w.ask(session, "go on")
            kept = [p.content for p in parts(heard[-1]) if p.part_kind == "tool-return"]
            assert kept == [{"summary": "1 row, 1 column"}]

    asyncio.run(main())


def test_calls_of_an_answer_that_goes_on_have_numbers_of_their_own():
    async def twice(messages, info):
        if not returned(messages):
            yield call("query", TOTAL)
        elif messages[0].parts[0].content == "first" and len(messages) == 3:
            raise ZeroDivisionError
        else:
            yield "done"

    async def main():
        async with world(twice) as w:
            session = await w.session()
            await w.ask(session, "first")
            done = await w.ask(session, "go on")
            assert [each.id for each in done.message.tool_calls] == ["t2"]

    asyncio.run(main())


def test_what_an_interrupted_answer_takes_along_is_bounded():
    heard = []

    async def wide(messages, info):
        heard.append(messages)
        if messages[-1].parts[-1].part_kind == "user-prompt" and len(heard) > 1:
            yield "ok"
        elif len(heard) <= 3:
            yield call("query", f'{{"sql": "select repeat(\'x\', 4000) as wide{len(heard)}"}}')
        else:
            raise ZeroDivisionError

    async def main():
        async with world(wide, policy=Policy(history_tokens=2_500, reading_seconds=0)) as w:
            session = await w.session()
            assert (await w.ask(session, "first")).status == "failed"
            assert (await w.ask(session, "go on")).status == "completed"
            kept = [p.content for p in parts(heard[-1]) if p.part_kind == "tool-return"]
            assert ["rows" in each for each in kept] == [False, True, True]
            assert "not at hand" in kept[0]["note"]

    asyncio.run(main())


def test_a_stricter_level_holds_for_an_answer_that_broke_off():
    heard = []

    async def breaking(messages, info):
        heard.append(messages)
        if len(heard) == 1:
            yield "canary-said "
            yield call("query", '{"sql": "select \'canary-found\' as c from sales"}')
        elif len(heard) == 2:
            raise ZeroDivisionError
        else:
            yield "ok"

    policy = Policy(
        model="remote",
        allowed_models=("remote", "builtin"),
        exposure_max=DataExposure.ROWS,
        reading_seconds=0,
    )

    async def main(first_model):
        heard.clear()
        async with world(breaking, policy=policy) as w:
            session = await w.session()
            await w.ask(session, "first", model=first_model)
            assert "canary-found" in str(heard[1])
            done = await w.ask(session, "go on", data_exposure="aggregates")
            assert done.status == "completed"
            assert "canary" not in str(heard[2])

    for model in ("remote", "builtin"):
        asyncio.run(main(model))


def test_what_a_model_was_told_of_a_result_is_told_again_at_no_stricter_level():
    heard = []

    async def breaking(messages, info):
        heard.append(messages)
        if len(heard) == 1:
            yield call("query", TOTAL)
        elif len(heard) == 2:
            raise ZeroDivisionError
        else:
            yield "ok"

    policy = Policy(
        model="remote",
        allowed_models=("remote",),
        exposure_max=DataExposure.AGGREGATES,
        exposure_k=2,
        reading_seconds=0,
    )

    def told(messages):
        (result,) = [p for p in parts(messages) if p.part_kind == "tool-return"]
        return result.content

    async def main(level):
        heard.clear()
        async with world(breaking, policy=policy) as w:
            session = await w.session()
            await w.ask(session, "first")
            assert told(heard[1])["rows"] == [[6]]
            await w.ask(session, "go on", data_exposure=level)
            return told(heard[2])

    assert asyncio.run(main("aggregates"))["rows"] == [[6]]
    assert "rows" not in asyncio.run(main("summary"))


def test_a_call_that_was_interrupted_is_not_run_again_and_the_model_knows(engine):
    heard = []

    async def main():
        database = await engine()
        kernels = Kernels()
        kernels.own.hold = asyncio.Event()
        one = World(database, coding(CODE, heard=heard), executors=kernels)
        session = await one.session()
        await one.ask(session)
        run = await one.chat.answer(*given(session, once("t1")))
        await kernels.own.begun.wait()
        stored = await one.repository.message(session, run.message_id)
        assert stored.tool_calls[0].state == "running"  # written before it ran
        await one.tasks.close()
        other = World(database, coding(CODE, heard=heard), executors=kernels)
        answer = await other.chat.ended(run)
        assert (answer.status, answer.error) == ("failed", INTERRUPTED)
        (stopped,) = answer.message.tool_calls
        assert (stopped.state, stopped.summary) == ("failed", "interrupted")
        await other.ask(session, "go on")
        (told,) = [p for p in parts(heard[-1]) if p.part_kind == "tool-return"]
        assert "not run again by itself" in told.content["error"]
        assert kernels.own.ran == [CODE]
        await other.tasks.close()
        await database.close()

    asyncio.run(main())


def given(session, approvals):
    from leonidas_jupyter.chat.schemas import ChatRequest
    from tests.chat.world import ANN

    return ANN, session, ChatRequest(approvals=approvals)


def test_what_was_approved_and_never_began_is_said_so(engine):
    async def main():
        database = await engine()
        kernels = Kernels()
        w = World(database, coding(CODE), executors=kernels)
        session = await w.session()
        waiting = await w.ask(session)
        begun = w.chat._desk.go_on

        async def never(*_):
            """The process dies here."""

        w.chat._desk.go_on = never
        run = await w.chat.answer(*given(session, once("t1")))
        assert run.status == "running"
        over = {"lease_until": now() - timedelta(seconds=1)}
        await w.repository.runs.update(run.run_id, over)
        w.chat._desk.go_on = begun
        await w.chat.recover()
        answer = await w.chat.ended(run)
        assert (answer.run_id, answer.status) == (waiting.run_id, "failed")
        (lost,) = answer.message.tool_calls
        assert (lost.state, lost.summary) == ("failed", "interrupted before it began")
        assert kernels.own.ran == []
        await w.tasks.close()
        await database.close()

    asyncio.run(main())


def test_what_the_model_said_is_kept_beside_what_is_shown():
    async def naming(messages, info):
        if not returned(messages):
            yield "Let me look. "
            yield call("query", TOTAL)
        else:
            for piece in ("It is {", "{t1.0.", "total}} in", " all."):
                yield piece

    policy = Policy(
        model="remote",
        allowed_models=("remote",),
        exposure_max=DataExposure.SCHEMA,
        reading_seconds=0,
    )

    async def main():
        async with world(naming, policy=policy) as w:
            session = await w.session()
            run = await w.say(session)
            done = await w.chat.ended(run)
            assert done.message.content == "Let me look. \n\nIt is 6 in all."
            stored = await w.repository.message(session, run.message_id)
            assert stored.said == "Let me look. \n\nIt is {{t1.0.total}} in all."
            assert stored.exposure == "schema"
            assert stored.tool_calls[0].told is not None
            assert "6" not in json.dumps(stored.tool_calls[0].told)
            assert "said" not in done.message.model_dump()
        async with world(summing) as w:
            session = await w.session()
            done = await w.ask(session)
            stored = await w.repository.message(session, done.message.message_id)
            assert (stored.said, stored.exposure) == (None, "rows")  # it ran here and saw all

    asyncio.run(main())


def test_what_was_filled_in_is_never_stored_before_what_was_said():
    async def naming(messages, info):
        if not returned(messages):
            yield call("query", TOTAL)
        else:
            yield "It is {{t1.0.total}} in all. "
            yield "x" * 2000
            await asyncio.Event().wait()

    policy = Policy(model="remote", allowed_models=("remote",), exposure_max=DataExposure.SCHEMA)

    async def main():
        database = fresh_database(ALL_SPECS)
        w = World(database, naming, policy=policy)
        session = await w.session()
        run = await w.say(session)

        async def shown():
            events = await w.repository.events(run.run_id, 0)
            return any("It is 6" in event.data.get("text", "") for event in events)

        await until(shown)
        stored = await w.repository.message(session, run.message_id)
        assert stored.said.startswith("It is {{t1.0.total}} in all.")
        # The process is killed: what another one makes of it keeps the two apart.
        before = await snapshot(database, ALL_SPECS)
        await w.tasks.close()
        await put_back(database, before)
        past = {"lease_until": now() - timedelta(seconds=1)}
        await w.repository.runs.update(run.run_id, past)
        other = World(database)
        await other.chat.recover()
        stored = await other.repository.message(session, run.message_id)
        assert stored.content.startswith("It is 6 in all.")
        assert stored.said.startswith("It is {{t1.0.total}} in all.")
        await other.tasks.close()

    asyncio.run(main())


def test_numbers_that_nothing_backs_are_named_below_the_answer():
    async def guessing(messages, info):
        if not returned(messages):
            yield call("query", TOTAL)
        else:
            yield "The total is 6, and the mean 77.25."

    async def main():
        async with world(guessing) as w:
            session = await w.session()
            run = await w.say(session)
            done = await w.chat.ended(run)
            assert done.message.content.startswith("The total is 6, and the mean 77.25.\n\n")
            assert "77.25" in done.message.content.split("\n\n")[1]
            assert [each.text for each in done.message.receipts.unmatched] == ["77.25"]
            last = (await w.events(run))[-1].data
            assert [each["text"] for each in last["receipts"]["unmatched"]] == ["77.25"]
            stored = await w.repository.message(session, run.message_id)
            assert stored.said == "The total is 6, and the mean 77.25."  # the note is ours

    asyncio.run(main())


def test_history_shows_what_is_said_so_far_in_this_process_and_others(engine):
    async def main():
        database = await engine()
        w, other = World(database, endless), World(database, endless)
        session = await w.session()
        run = await w.say(session)

        async def said(world_):
            (_, answer) = await world_.said(session)
            assert answer.run_status == "running"
            return "word9 " in answer.content

        await until(lambda: said(w))
        await until(lambda: said(other))
        reads = []
        events = ChatRepository.events

        async def counting(self, run_id, after):
            found = await events(self, run_id, after)
            reads.append(len(found))
            return found

        ChatRepository.events = counting
        try:
            await w.said(session)
            assert reads == []  # in its own process it is at hand
            await other.said(session)
            assert sum(reads) > 0
        finally:
            ChatRepository.events = events
        await w.chat.cancel(*cancelled(session, run))
        await w.chat.ended(run)
        await w.tasks.close()
        await other.tasks.close()
        await database.close()

    asyncio.run(main())


def cancelled(session, run):
    from tests.chat.world import ANN

    return ANN, session, run.run_id
