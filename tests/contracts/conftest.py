import asyncio

import pytest

from tests.contracts.engines import DATABASES, STORES


@pytest.fixture(params=DATABASES)
def run(request, tmp_path):
    """Runs ``body(database)`` on an empty database of each engine."""

    def run(body, **options):
        async def main():
            database = DATABASES[request.param](tmp_path, **options)
            try:
                return await body(database)
            finally:
                await database.close()

        return asyncio.run(main())

    return run


@pytest.fixture(params=STORES)
def on_store(request, tmp_path):
    """Runs ``body(store)`` on an empty store of each kind."""

    def run(body):
        return asyncio.run(body(STORES[request.param](tmp_path)))

    return run
