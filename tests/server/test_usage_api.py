"""Usage and budgets through the API of a server."""

import pytest


@pytest.fixture
def leonidas_settings(leonidas_settings):
    return leonidas_settings | {"user_daily_tokens": 1234}


async def test_my_usage_and_my_budget(api):
    answer = await api("GET", "/usage?days=7")
    assert answer.status == 200
    assert answer.json["days"] == []
    assert answer.json["budget"]["daily_tokens"] == 1234
    me = await api("GET", "/auth/me")
    assert me.json["policy"]["budget"] == 1234
    assert (await api("GET", "/usage?days=1000")).code == "invalid_request"


async def test_nobody_reads_usage_unnamed(api):
    assert (await api("GET", "/usage", auth=None)).status == 401
