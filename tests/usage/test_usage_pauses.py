"""An answer that waits is counted when it pauses, and what follows when it goes on: once each."""

import asyncio

from leonidas_jupyter.assistant.policy import Policy
from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.usage.repository import UsageRepository
from leonidas_jupyter.usage.schemas import DailyBudget
from leonidas_jupyter.usage.service import UsageService
from tests.chat.asking import bench, coding, once
from tests.chat.world import ALL_SPECS, ANN
from tests.servers.chosen import fresh_database

CODE = "total = sales.amount.sum()"
ALLOWED = Policy(
    allowed_models=("builtin", "remote"), exposure_max=DataExposure.ROWS, reading_seconds=0
)


async def engine():
    return fresh_database(ALL_SPECS)


async def total(w):
    service = UsageService(repository=UsageRepository(w.database))
    return (await service.report(ANN, 1)).total


def test_each_stretch_is_counted_once():
    async def main():
        async with bench(engine, coding(CODE), policy=ALLOWED) as w:
            session = await w.session()
            paused = await w.ask(session, model="remote")
            assert paused.status == "pending"
            before = await total(w)
            assert before.input_tokens == paused.message.usage.input_tokens > 0
            ended = await w.answer(session, approvals=once("t1"))
            assert ended.status == "completed"
            after = await total(w)
            assert after.runs == 1
            assert after.input_tokens == ended.message.usage.input_tokens > before.input_tokens
            assert after.output_tokens == ended.message.usage.output_tokens
            shown = await w.sessions.read(ANN, session)
            assert shown.usage.input_tokens == after.input_tokens

    asyncio.run(main())


def test_what_was_used_before_a_pause_is_not_taken_off_the_budget_twice():
    async def main():
        budget = DailyBudget(tokens=160)
        async with bench(engine, coding(CODE), policy=ALLOWED, budget=budget) as w:
            session = await w.session()
            paused = await w.ask(session, model="remote")
            assert 160 // 3 < (await total(w)).input_tokens + (await total(w)).output_tokens < 100
            ended = await w.answer(session, approvals=once("t1"))
            assert paused.status == "pending"
            assert ended.status == "completed", ended.error

    asyncio.run(main())
