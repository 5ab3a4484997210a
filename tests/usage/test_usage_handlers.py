"""The route of usage."""

import asyncio

import pytest

from leonidas_jupyter.core.errors import LeonidasError
from leonidas_jupyter.core.http import Request, Services
from leonidas_jupyter.usage.handlers import ROUTES
from leonidas_jupyter.usage.repository import UsageRepository
from leonidas_jupyter.usage.schemas import DailyBudget
from leonidas_jupyter.usage.service import UsageService
from tests.chat.world import ALL_SPECS, ANN
from tests.servers.chosen import fresh_database


def ask(query):
    services = Services()
    repository = UsageRepository(fresh_database(ALL_SPECS))
    services.add(UsageService(repository=repository, budget=DailyBudget(tokens=500)))
    (route,) = ROUTES
    request = Request(
        method="GET",
        path="/usage",
        params={},
        query=query,
        headers={},
        request_id="r",
        base_url="/leonidas/api/v1",
        caller=ANN,
    )
    return asyncio.run(route.handler(request, services)).body


def test_nothing_used_yet():
    found = ask({})
    assert found.days == []
    assert (found.budget.daily_tokens, found.budget.tokens_left) == (500, 500)
    assert found.budget.daily_cost is None


@pytest.mark.parametrize("days", ["0", "-1", "367", "1e2", "", "٣", "9" * 50])
def test_days_that_are_none(days):
    with pytest.raises(LeonidasError, match="1 to 366"):
        ask({"days": days})
