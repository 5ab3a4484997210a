"""A start against a database without tables: the server lives, and says what to do."""

import asyncio
import logging

import pytest

from leonidas_jupyter.server import lazy
from leonidas_jupyter.tables import sqlschema


@pytest.fixture
def leonidas_settings(leonidas_settings, postgres_url):
    return {**leonidas_settings, "database_url": postgres_url}


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(lazy, "PAUSE", 0)


async def test_requests_get_503_until_the_tables_are_made(api, impatient, postgres_url, caplog):
    with caplog.at_level(logging.ERROR):
        refused = await api("GET", "/projects")
    assert refused.status == 503
    assert refused.code == "backend_unavailable"
    said = {record.getMessage() for record in caplog.records}
    (told,) = (each for each in said if "cannot start" in each)
    assert "run `jupyter leonidas tables create`" in told
    assert "127.0.0.1" not in told
    await asyncio.to_thread(sqlschema.create_tables, postgres_url)
    assert (await api("GET", "/projects")).json["items"] != []


class TestToldToMakeThem:
    @pytest.fixture
    def leonidas_settings(self, leonidas_settings):
        return {**leonidas_settings, "create_tables": True}

    async def test_a_start_makes_them(self, api):
        assert (await api("GET", "/projects")).json["items"] != []
