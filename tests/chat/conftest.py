"""The engines on which the rules of pending calls are held."""

import asyncio

import pytest

from leonidas_jupyter.tables.sql import open_sql
from tests.chat.world import ALL_SPECS
from tests.servers.chosen import CHOSEN, fresh_database


@pytest.fixture(params=["sqlite", pytest.param("memory", marks=pytest.mark.soak)])
def engine(request, tmp_path):
    """How a database is opened."""

    async def opened():
        if request.param == "memory" or not CHOSEN.in_memory:
            return fresh_database(ALL_SPECS)
        return await asyncio.to_thread(open_sql, f"sqlite:///{tmp_path}/l.db", ALL_SPECS)

    return opened
