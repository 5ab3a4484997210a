"""The domains on each engine."""

import asyncio

import pytest

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
