"""Asking and being answered: what is stored, what is said, what is refused."""

import asyncio
import json

import pytest

from leonidas_jupyter.chat.schemas import RUN_EVENTS, ChatRequest
from leonidas_jupyter.core.errors import LeonidasError
from tests.chat.world import ANN, BOB, Files, OneFile, call, entry, returned, text_of, world


def test_an_answer_is_stored_with_its_tool_calls_and_receipts():
    async def main():
        async with world() as w:
            session = await w.session()
            answer = await w.ask(session)
            assert answer.status == "completed"
            assert answer.message.content == "Let me look. \n\nThe total is 6."
            (done,) = answer.message.tool_calls
            assert (done.id, done.tool, done.state, done.ok) == ("t1", "query", "done", True)
            assert done.code == "select sum(amount) as total from sales"
            assert done.summary == "1 row, 1 column"
            assert done.outputs[0]["application/json"]["rows"] == [[6]]
            assert "| total |" in done.outputs[0]["text/markdown"]
            assert [(f.name, f.file_id, f.content_version) for f in done.frames] == [
                ("sales", "f-sales", 3)
            ]
            assert done.elapsed_ms > 0
            assert answer.message.usage.output_tokens > 0
            question, stored = await w.said(session)
            assert (question.role, question.content) == ("USER", "what is the total?")
            assert stored == answer.message
            assert stored.model == "builtin"
            seen = await w.sessions.read(ANN, session)
            assert (seen.message_count, seen.title) == (2, "what is the total?")
            assert seen.last_message_at is not None

    asyncio.run(main())


def test_the_events_have_the_names_and_payloads_of_the_api():
    async def main():
        async with world() as w:
            run = await w.say(await w.session())
            events = await w.events(run)
            await w.chat.ended(run)
            replayed = await w.events(run)
            names = [event.name for event in replayed]
            assert names[0] == "run_started"
            assert names[-2:] == ["usage", "run_finished"]
            assert [n for n in names if n.startswith("tool")] == ["tool_call", "tool_result"]
            assert [event.number for event in replayed] == list(range(1, len(replayed) + 1))
            for event in [*events, *replayed]:
                shape = RUN_EVENTS[event.name]
                assert set(event.data) == set(shape.model_fields)
                shape.model_validate(event.data, strict=False)
                json.dumps(event.data)
            assert text_of(events) == text_of(replayed) == "Let me look. \n\nThe total is 6."

    asyncio.run(main())


def test_the_model_gets_the_conversation_after_the_cut():
    heard = []

    async def listening(messages, info):
        heard.append([(p.part_kind, str(p.content)) for m in messages for p in m.parts])
        yield "ok"

    async def main():
        async with world(listening) as w:
            session = await w.session()
            await w.ask(session, "first")
            await w.ask(session, "second")
            assert ("user-prompt", "first") in heard[-1]
            assert ("text", "ok") in heard[-1]
            await w.sessions.refresh(ANN, session)
            await w.ask(session, "third")
            assert heard[-1] == [("user-prompt", "third")]
            assert len(await w.said(session)) == 6

    asyncio.run(main())


def test_earlier_tool_calls_go_along_as_summaries():
    heard = []

    async def listening(messages, info):
        heard.append(messages)
        if len(heard) == 1:
            yield call("query", '{"sql": "select 1 as one from sales"}')
        else:
            yield "done"

    async def main():
        async with world(listening) as w:
            session = await w.session()
            await w.ask(session, "first")
            await w.ask(session, "second")
            kinds = [p.part_kind for m in heard[-1] for p in m.parts]
            assert kinds == ["user-prompt", "tool-call", "tool-return", "text", "user-prompt"]
            assert heard[-1][2].parts[0].content == {"summary": "3 rows, 1 column"}

    asyncio.run(main())


def test_a_tools_error_goes_back_to_the_model_and_is_kept():
    async def clumsy(messages, info):
        if not returned(messages):
            yield call("query", '{"sql": "select nothing from sales"}')
        else:
            part = returned(messages)[0]
            assert part.outcome == "retried"
            yield f"It failed: {part.content}"

    async def main():
        async with world(clumsy) as w:
            answer = await w.ask(await w.session())
            assert answer.status == "completed"
            (failed,) = answer.message.tool_calls
            assert (failed.state, failed.ok) == ("failed", False)
            assert "nothing" in failed.summary
            assert "nothing" in answer.message.content

    asyncio.run(main())


@pytest.mark.parametrize(
    ("yielded", "sentence"),
    [
        (call("query", '{"sql": "select nothing from sales"}'), "nothing"),
        (call("query", '{"sqql": 1}'), "query(sql): Field required. It takes: sql."),
        (call("query", "[1]"), "gave no usable answer"),
        (call("query", '{"sql": '), "gave no usable answer"),
        (call("quer<|channel|>y", "{}"), "gave no usable answer"),
        (call("describe_frame", '{"name": "salez"}'), "There is no frame 'salez'"),
    ],
)
def test_a_model_that_never_gets_a_tool_right_fails_in_one_sentence(yielded, sentence):
    asked = []

    async def stubborn(messages, info):
        asked.append(messages)
        yield yielded

    async def main():
        async with world(stubborn) as w:
            session = await w.session()
            answer = await w.ask(session)
            assert answer.status == "failed"
            assert sentence in answer.error
            assert "\n" not in answer.error
            assert len(asked) == 3  # the first time, and twice more
            assert (await w.say(session)).run_id != answer.run_id  # the session is free again

    asyncio.run(main())


def test_a_model_that_asks_for_tools_without_end_is_stopped():
    async def asking(messages, info):
        yield call("list_frames", "{}")

    async def main():
        async with world(asking) as w:
            answer = await w.ask(await w.session())
            assert answer.status == "failed"
            assert "asked for tools 8 times" in answer.error
            assert len(answer.message.tool_calls) == 8

    asyncio.run(main())


def test_what_a_provider_says_in_its_error_reaches_nobody(caplog):
    from pydantic_ai.exceptions import ModelHTTPError

    async def refused(messages, info):
        yield "half "
        raise ModelHTTPError(403, "m", {"message": "key sk-secret is not valid"})

    async def crashed(messages, info):
        yield "half "
        raise ZeroDivisionError("sk-secret")

    async def main():
        for stream, sentence in ((refused, "did not answer"), (crashed, "An error of the server")):
            async with world(stream) as w:
                run = await w.say(await w.session())
                answer = await w.chat.ended(run)
                assert answer.status == "failed"
                assert sentence in answer.error
                assert answer.message.content == "half "
                everything = answer.model_dump_json() + str(await w.events(run))
                assert "sk-secret" not in everything

    asyncio.run(main())


def test_bytes_that_no_store_takes_do_not_break_an_answer():
    async def odd(messages, info):
        yield "a\x00b\ud83d"

    async def main():
        async with world(odd) as w:
            assert (await w.ask(await w.session())).message.content == "ab?"

    asyncio.run(main())


def test_a_project_without_files_is_answered_by_the_model():
    async def asking(messages, info):
        if not returned(messages):
            yield call("query", '{"sql": "select 1"}')
        else:
            yield returned(messages)[0].content

    async def main():
        async with world(asking, files=Files(table=[])) as w:
            answer = await w.ask(await w.session())
            assert "no files yet" in answer.message.content

    asyncio.run(main())


def test_files_that_are_being_read_are_awaited_and_named():
    from leonidas_jupyter.assistant.policy import Policy
    from leonidas_jupyter.core.events import FileProgress

    reading = OneFile("new_[1].csv", "PROCESSING")

    async def main():
        async with world(files=Files(listed=[reading])) as w:
            await w.bus.publish(FileProgress("p", "f-1", 0.4))
            answer = await w.ask(await w.session())
            assert answer.message.content.startswith(
                "new\\_\\[1\\].csv is still being read (40 %); this answer is without it.\n\n"
            )
            assert answer.message.content.endswith("The total is 6.")
        async with world(files=Files(table=[], listed=[reading])) as w:
            answer = await w.ask(await w.session())
            assert answer.message.content == (
                "new\\_\\[1\\].csv is still being read; ask again when it is done.\n\n"
            )
            assert answer.status == "completed"
        patient = Files(listed=[reading])
        async with world(files=patient, policy=Policy(reading_seconds=30)) as w:
            run = await w.say(await w.session())
            await asyncio.sleep(0)
            patient.listed = []
            answer = await w.chat.ended(run)
            assert "being read" not in answer.message.content

    asyncio.run(main())


def test_a_file_that_could_not_be_read_is_named_where_nothing_else_stands():
    broken = OneFile("bad.csv", "FAILED", reason="It is empty.")

    async def talk(messages, info):
        yield "Hello."

    async def main():
        async with world(talk, files=Files(table=[], listed=[broken])) as w:
            answer = await w.ask(await w.session())
            assert answer.message.content == "bad.csv could not be read: It is empty.\n\nHello."
        async with world(talk, files=Files(listed=[broken])) as w:
            assert (await w.ask(await w.session())).message.content == "Hello."

    asyncio.run(main())


def test_a_second_question_while_one_is_answered_is_refused_with_the_run():
    from tests.chat.world import endless

    async def main():
        async with world(endless) as w:
            session = await w.session()
            run = await w.say(session)
            with pytest.raises(LeonidasError) as refused:
                await w.say(session)
            assert refused.value.code == "run_in_progress"
            assert refused.value.detail == {"run_id": run.run_id}
            with pytest.raises(LeonidasError) as refused:
                await w.chat.delete(ANN, session, run.question_id)
            assert refused.value.code == "run_in_progress"

    asyncio.run(main())


def test_of_two_questions_at_once_exactly_one_wins():
    from tests.chat.world import endless

    async def main():
        async with world(endless) as w:
            session = await w.session()
            results = await asyncio.gather(
                *(w.say(session, f"q{n}") for n in range(8)), return_exceptions=True
            )
            won = [r for r in results if not isinstance(r, BaseException)]
            lost = [r for r in results if isinstance(r, LeonidasError)]
            assert (len(won), len(lost)) == (1, 7)
            assert {r.code for r in lost} == {"run_in_progress"}
            assert len(await w.said(session)) == 2
            assert (await w.sessions.read(ANN, session)).message_count == 2

    asyncio.run(main())


def test_models_and_exposures_that_policy_forbids_are_refused():
    async def main():
        async with world() as w:
            session = await w.session()
            for more, code in (
                ({"model": "remote"}, "forbidden_by_policy"),
                ({"model": "x" * 200}, "forbidden_by_policy"),
                ({"data_exposure": "rows"}, "forbidden_by_policy"),
            ):
                with pytest.raises(LeonidasError) as refused:
                    await w.say(session, **more)
                assert refused.value.code == code
            answer = await w.ask(session, data_exposure="schema")
            assert (await w.repository.runs.get(answer.run_id)).exposure == "schema"
            assert len(await w.said(session)) == 2

    asyncio.run(main())


def test_a_model_that_is_allowed_but_unknown_is_one_clear_sentence():
    from leonidas_jupyter.assistant.policy import Policy

    async def main():
        policy = Policy(allowed_models=("builtin", "gpt"), reading_seconds=0)
        async with world(policy=policy) as w:
            with pytest.raises(LeonidasError, match="There is no model 'gpt' here; choose one of"):
                await w.say(await w.session(), model="gpt")

    asyncio.run(main())


def test_other_peoples_sessions_and_runs_do_not_exist():
    async def main():
        async with world() as w:
            session = await w.session()
            answer = await w.ask(session)
            message = answer.message.message_id
            mine = await w.session(BOB)
            asked = ChatRequest(content="q")
            tries = (
                lambda: w.chat.say(BOB, session, asked),
                lambda: w.chat.edit(BOB, session, message, asked),
                lambda: w.chat.delete(BOB, session, message),
                lambda: w.chat.history(BOB, session, after=None, before=None, limit=1),
                lambda: w.chat.cancel(BOB, session, answer.run_id),
                lambda: w.chat.follow(BOB, session, answer.run_id, 0),
                lambda: w.chat.cancel(BOB, mine, answer.run_id),
                lambda: w.chat.follow(BOB, mine, answer.run_id, 0),
                lambda: w.chat.delete(BOB, mine, message),
                lambda: w.chat.edit(BOB, mine, message, asked),
            )
            for attempt in tries:
                with pytest.raises(LeonidasError) as refused:
                    await attempt()
                assert refused.value.code == "not_found"

    asyncio.run(main())


def test_the_registry_makes_the_model_that_it_is_asked_for():
    from leonidas_jupyter.assistant.models.registry import ModelRegistry

    registry = ModelRegistry([entry("a", None)])
    assert "a" in registry
    assert "b" not in registry
