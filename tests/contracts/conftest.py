import asyncio

import pytest

from tests.contracts.engines import DATABASES, STORES


@pytest.fixture
def place_of(request, tmp_path):
    """Where an engine keeps what it holds: the URL on its server, or a folder."""

    def find(engine):
        return request.getfixturevalue(engine.server) if engine.server else tmp_path

    return find


@pytest.fixture(params=DATABASES)
def run(request, place_of):
    """Runs ``body(database)`` on an empty database of each engine."""
    engine = DATABASES[request.param]
    where = place_of(engine)

    def run(body, **options):
        async def main():
            database = engine.open(where, **options)
            try:
                return await body(database)
            finally:
                await database.close()

        return asyncio.run(main())

    return run


@pytest.fixture(params=STORES)
def on_store(request, place_of):
    """Runs ``body(store)`` on an empty store of each kind."""
    engine = STORES[request.param]
    where = place_of(engine)

    def run(body):
        async def main():
            store = engine.open(where)
            try:
                return await body(store)
            finally:
                await store.close()

        return asyncio.run(main())

    return run
