"""The domains on each engine, and reading that waits for the test."""

import asyncio

import pytest

from tests.files.gate import Gate
from tests.projects.world import TRIED, World


@pytest.fixture(params=TRIED)
def run(request, tmp_path):
    """Runs ``body(world)`` on a fresh world on each engine; options go to World."""

    def run(body, **options):
        async def main():
            world = World(tmp_path, request.param, **options)
            try:
                return await body(world)
            finally:
                await world.close()

        return asyncio.run(main())

    return run


@pytest.fixture
def gate(monkeypatch):
    """Reading that is opened, closed and counted by the test, in place of the worker process."""
    gate = Gate()
    monkeypatch.setattr("leonidas_jupyter.data.framestore.run_ingest", gate.read)
    return gate
