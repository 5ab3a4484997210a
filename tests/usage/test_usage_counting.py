"""What answers use: counted once, for their user, day, model and session, whatever happens."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from leonidas_jupyter.assistant.policy import Policy
from leonidas_jupyter.assistant.shapes import RunStatus, Usage
from leonidas_jupyter.chat.repository import RUNS
from leonidas_jupyter.chat.schemas import ChatRequest
from leonidas_jupyter.core.errors import LeonidasError
from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.core.ids import now
from leonidas_jupyter.core.security import Caller
from leonidas_jupyter.usage.repository import USAGE, UsageRepository, counting
from leonidas_jupyter.usage.schemas import DailyBudget, beyond, midnight_after
from leonidas_jupyter.usage.service import UsageService
from tests.chat.world import ALL_SPECS, ANN, BOB, World, call, returned, summing, until, world
from tests.servers.chosen import fresh_database
from tests.servers.stored import put_back, snapshot

ALLOWED = Policy(
    allowed_models=("builtin", "remote"),
    exposure_max=DataExposure.ROWS,
    reading_seconds=0,
    tool_rounds=3,
)


async def report(w, caller=ANN, days=30, budget=None):
    service = UsageService(repository=UsageRepository(w.database), budget=budget)
    return await service.report(caller, days)


def test_an_answer_is_counted_for_its_user_its_day_its_model_and_its_session():
    async def main():
        async with world(policy=ALLOWED) as w:
            session = await w.session()
            first = (await w.ask(session, model="remote")).message.usage
            assert first.input_tokens > 0
            assert first.output_tokens > 0
            second = (await w.ask(session, model="builtin")).message.usage
            found = await report(w)
            assert {day.model: day.input_tokens for day in found.days} == {
                "remote": first.input_tokens,
                "builtin": second.input_tokens,
            }
            assert {day.day for day in found.days} == {now().date().isoformat()}
            assert found.total.runs == 2
            assert found.total.output_tokens == first.output_tokens + second.output_tokens
            assert found.budget is None
            shown = await w.sessions.read(ANN, session)
            assert shown.usage.input_tokens == found.total.input_tokens
            assert shown.usage.output_tokens == found.total.output_tokens
            assert (await report(w, BOB)).days == []

    asyncio.run(main())


def test_costs_are_added_up_exactly():
    async def main():
        database = fresh_database(ALL_SPECS)
        usage, moment = UsageRepository(database), now()
        await usage.begin_day("u", "m", moment)
        for _ in range(1000):
            used = Usage(input_tokens=1, output_tokens=2, cost=0.0001)
            await database.transact([counting("u", "m", moment, used, runs=1)])
        service = UsageService(repository=usage)
        found = await service.report(Caller("u", "u"), 1)
        assert found.total.cost == 0.1
        assert found.total.model_dump() | {"cost": 0} == {
            "runs": 1000,
            "input_tokens": 1000,
            "output_tokens": 2000,
            "cost": 0,
        }

    asyncio.run(main())


def test_what_a_killed_process_had_used_is_counted():
    async def main():
        database = fresh_database(ALL_SPECS)
        held = asyncio.Event()

        async def dying(messages, info):
            if not returned(messages):
                yield call("query", '{"sql": "select sum(amount) as total from sales"}')
            else:
                held.set()
                await asyncio.Event().wait()
                yield "never"

        w = World(database, dying, policy=ALLOWED)
        session = await w.session()
        run = await w.say(session, model="remote")
        await held.wait()
        stored = (await w.repository.message(session, run.message_id)).usage
        assert stored.input_tokens > 0
        before = await snapshot(database, ALL_SPECS)
        await w.tasks.close()
        await put_back(database, before)
        await database.table(RUNS).update(run.run_id, {"lease_until": now() - timedelta(seconds=1)})
        later = World(database, policy=ALLOWED)
        assert (await later.chat.ended(run)).status == "failed"
        found = await report(later)
        assert found.total.input_tokens == stored.input_tokens
        assert found.total.runs == 1
        assert (await later.sessions.read(ANN, session)).usage.input_tokens == stored.input_tokens

    asyncio.run(main())


def test_a_cancelled_answer_is_counted_as_far_as_it_came():
    async def main():
        async def slow(messages, info):
            if not returned(messages):
                yield call("query", '{"sql": "select 1 as one"}')
            else:
                yield "one "
                await asyncio.Event().wait()

        async with world(slow, policy=ALLOWED) as w:
            session = await w.session()
            run = await w.say(session, model="remote")

            async def began():
                message = await w.repository.message(session, run.message_id)
                return any(each.state == "done" for each in message.tool_calls)

            await until(began)
            await w.chat.cancel(ANN, session, run.run_id)
            answer = await w.chat.ended(run)
            assert answer.status == RunStatus.CANCELLED
            found = await report(w)
            assert found.total.input_tokens == answer.message.usage.input_tokens > 0

    asyncio.run(main())


def test_what_was_counted_before_a_pause_is_not_counted_again():
    before = Usage(input_tokens=100, output_tokens=10, cost=0.5)
    after = Usage(input_tokens=250, output_tokens=15, cost=0.75)
    assert beyond(after, before) == Usage(input_tokens=150, output_tokens=5, cost=0.25)
    assert beyond(after, None) == after
    assert beyond(after, after) == Usage(cost=0)
    assert beyond(Usage(input_tokens=1), Usage()) == Usage(input_tokens=1)


@pytest.mark.parametrize("budget", [DailyBudget(tokens=60), DailyBudget(tokens=1)])
def test_a_budget_bounds_the_answer_and_then_refuses_the_next(budget):
    asked = []

    async def counting_model(messages, info):
        asked.append(1)
        async for piece in summing(messages, info):
            yield piece

    async def main():
        async with world(counting_model, policy=ALLOWED, budget=budget) as w:
            session = await w.session()
            answer = await w.ask(session, model="remote")
            assert answer.status == "failed"
            assert "budget" in answer.error
            assert "midnight UTC" in answer.error
            so_far, messages = len(asked), len(await w.said(session))
            with pytest.raises(LeonidasError) as refused:
                await w.say(session, model="remote")
            assert (refused.value.code, refused.value.status) == ("budget_exhausted", 429)
            assert 0 < refused.value.retry_after <= 86_400
            assert refused.value.detail["tokens_left"] == 0
            assert len(asked) == so_far
            assert len(await w.said(session)) == messages
            left = (await report(w, budget=budget)).budget
            assert (left.daily_tokens, left.tokens_left) == (budget.tokens, 0)
            assert (await w.ask(session, model="builtin")).status == "completed"
            with pytest.raises(LeonidasError):
                await w.chat.edit(
                    ANN,
                    session,
                    (await w.said(session))[0].message_id,
                    ChatRequest(content="again", model="remote"),
                )

    asyncio.run(main())


def test_a_budget_in_dollars_and_its_renewal():
    async def main():
        database = fresh_database(ALL_SPECS)
        usage = UsageRepository(database)
        moment = datetime(2026, 3, 31, 23, 59, 30, tzinfo=UTC)
        service = UsageService(repository=usage, budget=DailyBudget(cost=1.0), clock=lambda: moment)
        await usage.begin_day("u", "m", moment)
        await service.check("u")
        used = Usage(input_tokens=5, output_tokens=5, cost=1.25)
        await database.transact([counting("u", "m", moment, used, runs=1)])
        with pytest.raises(LeonidasError) as refused:
            await service.check("u")
        assert refused.value.retry_after == 30
        await service.check("u", free=True)
        await service.check("v")
        assert await service.tokens_left("u") is None
        moment += timedelta(seconds=31)
        await service.check("u")
        budget = (await service.report(Caller("u", "u"), 2)).budget
        assert (budget.daily_cost, budget.cost_left) == (1.0, 1.0)
        assert budget.resets_at == midnight_after(moment) == datetime(2026, 4, 2, tzinfo=UTC)

    asyncio.run(main())


def test_a_report_has_the_days_that_were_asked_for_and_forgets_after_a_year():
    async def main():
        database = fresh_database(ALL_SPECS)
        usage, today = UsageRepository(database), now()
        for days in (0, 1, 29, 30, 390, 401):
            for model in ("a", "b"):
                moment = today - timedelta(days=days)
                await usage.begin_day("u", model, moment)
                if days < 400:
                    one = counting("u", model, moment, Usage(input_tokens=1), runs=1)
                    await database.transact([one])
        service = UsageService(repository=usage)
        for days, entries in ((1, 2), (2, 4), (30, 6), (31, 8), (366, 8)):
            found = await service.report(Caller("u", "u"), days)
            assert len(found.days) == found.total.input_tokens == entries
        assert [each.day for each in found.days] == sorted(
            (e.day for e in found.days), reverse=True
        )
        assert found.days[0].day == today.date().isoformat()
        assert (
            await database.table(USAGE).get(("user:u", f"{(today - timedelta(days=401)).date()} a"))
            is None
        )

    asyncio.run(main())


def test_counting_at_once_loses_nothing():
    async def main():
        async with world(policy=ALLOWED) as w:
            sessions = [await w.session() for _ in range(6)]
            answers = await asyncio.gather(*(w.ask(each, model="remote") for each in sessions))
            found = await report(w)
            assert found.total.runs == 6
            assert found.total.input_tokens == sum(
                each.message.usage.input_tokens for each in answers
            )

    asyncio.run(main())
