"""What was said before: nothing of a laxer time passes at a stricter level, by whatever way."""

import asyncio

import pytest

from leonidas_jupyter.assistant.earlier import Earlier
from leonidas_jupyter.assistant.history import PastCall, PastTurn, messages
from leonidas_jupyter.assistant.policy import Gate, Policy
from leonidas_jupyter.assistant.shapes import RunningSummary, StoredCall
from leonidas_jupyter.assistant.summary import fold, listed, transcript
from leonidas_jupyter.chat.schemas import ChatRequest
from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.core.paging import Page
from leonidas_jupyter.sessions.schemas import SessionUpdate
from leonidas_jupyter.tables.memory import MemoryDatabase
from tests.assistant.canaries import ALICE, COMMON, SALARY, Recorder, frame, query
from tests.chat.world import ALL_SPECS, ANN, OneFile, World

NONE, SCHEMA, SUMMARY, AGGREGATES, ROWS = DataExposure
BELOW = (SCHEMA, SUMMARY, AGGREGATES)
LEVELS = (SCHEMA, SUMMARY, AGGREGATES, ROWS)
LAX = Policy(
    exposure_max=ROWS, allowed_models=("builtin", "remote"), model="remote", reading_seconds=0
)
TOP = (("query", {"sql": "select name, salary from people order by salary desc limit 1"}),)


def turn(level, **more):
    call = PastCall("query", {"sql": f"select '{ALICE}'"}, f"1 row: {SALARY}", {"note": "told"})
    text = {"answer": f"It is {ALICE}.", "said": "It is {{t1.0.name}}."}
    return PastTurn("who?", calls=[call], level=level, **(text | more))


@pytest.mark.parametrize("then", [*LEVELS, None])
@pytest.mark.parametrize("now", BELOW)
def test_an_earlier_turn_passes_as_its_model_said_it_or_not_at_all(then, now):
    heard = str(messages([turn(then)], Gate(local=False, exposure=now), 6_000))
    passes = then is not None and then.rank <= now.rank
    assert f"It is {ALICE}." not in heard
    assert ("{{t1.0.name}}" in heard) is passes
    assert (f"select '{ALICE}'" in heard) is passes
    assert str(SALARY) not in heard
    assert ("told" in heard) is passes
    assert "who?" in heard


def test_at_rows_and_in_this_process_everything_passes():
    for gate in (Gate(local=False, exposure=ROWS), Gate(local=True, exposure=NONE)):
        heard = str(messages([turn(ROWS)], gate, 6_000))
        assert f"It is {ALICE}." in heard
        assert f"1 row: {SALARY}" in heard


def test_what_a_local_model_saw_is_everything():
    assert Gate(local=True, exposure=SCHEMA).level is ROWS
    assert Gate(local=False, exposure=SCHEMA).level is SCHEMA


@pytest.mark.parametrize("now", BELOW)
def test_an_answer_that_goes_on_is_held_to_what_holds_now(now):
    stored = StoredCall(
        id="t1", tool="query", arguments={"sql": f"select '{ALICE}'"}, state="done", ok=True,
        summary=ALICE, result={"rows": [[ALICE]]}, told={"rows": [[ALICE]]}, told_at=ROWS,
    )  # fmt: skip
    failed = stored.model_copy(update={"id": "t2", "state": "failed", "summary": f"bad {ALICE}"})
    earlier = Earlier("q", f"Shown {ALICE}", f"Said {ALICE}", (stored, failed), ROWS)
    assert ALICE not in str(earlier.messages(Gate(local=False, exposure=now), 6_000))
    assert ALICE in str(earlier.messages(Gate(local=False, exposure=ROWS), 6_000))


@pytest.mark.parametrize("now", BELOW)
def test_a_summary_of_a_laxer_time_is_not_sent(now):
    gate = Gate(local=False, exposure=now)
    stored = RunningSummary(text=f"They spoke of {ALICE}.", until="m1", exposure=ROWS)
    turns = [turn(ROWS, last_id=f"m{n}", answer=ALICE * 900) for n in range(1, 9)]
    parted = fold(turns, stored, gate, 400)
    assert parted.summary is None
    for text in (listed(parted, gate, 5_000), transcript(parted, gate)):
        assert ALICE not in text
    lax = Gate(local=False, exposure=ROWS)
    assert ALICE in transcript(fold(turns, stored, lax, 400), lax)


UNREAD = "unread-3308"


class People:
    """The project's files, as chat asks them: one table full of canaries."""

    async def frames(self, _project_id):
        return [frame()]

    async def standing(self, _project_id):
        return []

    async def of_project(self, *_, **__):
        return Page(items=[OneFile(f"{UNREAD}.csv", "PROCESSING")])

    async def query(self, _project_id, sql, *, limit):
        return await query(sql, limit=limit)

    async def statistics(self, _project_id, recipe):
        raise AssertionError(f"nobody asks for {recipe} here")


class Parrot(Recorder):
    """Calls, then says what it got, and a handle: whatever it has seen is in its answer."""

    async def __call__(self, messages, info):
        async for part in super().__call__(messages, info):
            yield f"{self.returned} {{{{t1.0.name}}}} " if isinstance(part, str) else part


def talk(*said):
    """A conversation in one session; gives what the model was given at each question.

    Args:
        said: of each question its level, its model, and the id of the message that it edits.
    """
    heard = []

    async def main():
        model = Parrot(steps=TOP)

        async def stream(messages, info):
            async for part in model(messages, info):
                yield part

        world = World(MemoryDatabase(ALL_SPECS), stream, policy=LAX, files=People())
        world.projects.policy = LAX
        try:
            session = await world.session()
            for text, level, name, edits in said:
                model.heard.clear()
                model.returned.clear()
                await world.sessions.change(ANN, session, SessionUpdate(data_exposure=level))
                request = ChatRequest(content=text, model=name)
                if edits is None:
                    run = await world.chat.say(ANN, session, request)
                else:
                    messages = await world.said(session)
                    run = await world.chat.edit(ANN, session, messages[edits].message_id, request)
                answer = await world.chat.ended(run)
                assert answer.status == "completed"
                assert ALICE in answer.message.content  # the user reads it at every level
                assert UNREAD in answer.message.content
                heard.append(model.all)
        finally:
            await world.tasks.close()

    asyncio.run(main())
    return heard


@pytest.mark.parametrize("now", BELOW)
@pytest.mark.parametrize(
    ("then", "model"), [(ROWS, "remote"), (ROWS, "builtin"), (SCHEMA, "builtin")]
)
def test_a_session_that_became_stricter_sends_nothing_of_before(then, model, now):
    first, second = talk(("first?", then, model, None), ("second?", now, "remote", None))
    assert ALICE in first
    assert ALICE not in second
    assert str(SALARY) not in second
    assert "first?" in second


def test_a_session_that_stays_lax_sends_it():
    _, second = talk(("first?", ROWS, "remote", None), ("second?", ROWS, "remote", None))
    assert ALICE in second


def test_at_one_strict_level_the_models_own_words_go_along():
    _, second = talk(("first?", SCHEMA, "remote", None), ("second?", SCHEMA, "remote", None))
    assert "{{t1.0.name}}" in second
    assert ALICE not in second
    assert UNREAD not in second  # what the server itself said of a file


def test_an_edited_question_is_gone_with_what_followed_it():
    planted = "what-of-planted-9917"
    talked = talk(
        (planted, ROWS, "remote", None),
        ("and?", ROWS, "remote", None),
        ("new?", SCHEMA, "remote", 0),
    )
    assert planted in talked[1]
    assert planted not in talked[2]
    assert ALICE not in talked[2]
    assert "new?" in talked[2]


def test_group_values_of_aggregates_do_not_pass_at_schema():
    first, second = talk(("first?", AGGREGATES, "remote", None), ("x?", SCHEMA, "remote", None))
    assert COMMON in first  # in the summary of the column
    assert COMMON not in second
