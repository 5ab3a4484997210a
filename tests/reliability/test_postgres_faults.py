"""Connections to PostgreSQL end at one statement of the journey to an answer and away again."""

import asyncio
from contextlib import asynccontextmanager
from itertools import count

import pytest

from leonidas_jupyter.server.engines import SPECS
from leonidas_jupyter.storage.local import LocalStore
from leonidas_jupyter.storage.signing import UrlSigner
from leonidas_jupyter.tables.sql import open_sql
from tests.reliability.awsfaults import Call, Injector
from tests.reliability.faultcells import ALL_STEPS, Cells
from tests.reliability.faultserver import hosts
from tests.reliability.postgresfaults import FAULTS, watching

MAIN = [
    # step, statement, table, fault, lasting
    ("register", "INSERT", "users", "ended after", True),
    ("create", "COMMIT", "", "confirmed unseen", False),
    ("upload", "COMMIT", "", "confirmed unseen", True),
    ("ask", "BEGIN", "", "ended before", True),
    ("ask", "COMMIT", "", "confirmed unseen", True),
    ("leave", "DELETE", "projects", "ended before", False),
]


@pytest.fixture
def cells(tmp_path, postgres_url, monkeypatch):
    """Cells on empty tables and a folder of their own each."""
    numbers = count()

    def emptied():
        import psycopg

        names = ", ".join(spec.name for spec in SPECS)
        with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(f"TRUNCATE {names}")

    @asynccontextmanager
    async def fresh():
        folder = tmp_path / f"{next(numbers):05}"
        database = open_sql(postgres_url, SPECS, create_tables=True)
        emptied()
        store = LocalStore(folder / "objects", UrlSigner(b"k" * 32, ""))
        settings = {
            "data_dir": str(folder),
            "database_url": postgres_url,
            "auth": "password",
            "demo_project": False,
            "signing_keys": ["k" * 40],
        }
        try:
            yield settings, database, store
        finally:
            await database.close()
            await store.close()

    @asynccontextmanager
    async def cells():
        injector = Injector()
        async with hosts(monkeypatch) as host:
            with watching(injector, postgres_url, monkeypatch):
                yield Cells(host, injector, fresh, FAULTS)

    return cells


@pytest.mark.timeout(1200)  # six journeys, on a machine that may be busy
def test_the_main_statements(cells):
    async def body():
        async with cells() as made:
            wrong = []
            for step, operation, about, fault, lasting in MAIN:
                call = Call(step, "postgresql", operation, about)
                wrong += await made.tried(call, 1, fault, lasting=lasting)
            assert wrong == []
            assert made.ran == len(MAIN)

    asyncio.run(body())


@pytest.mark.soak
@pytest.mark.parametrize("step", ALL_STEPS)
def test_every_statement(cells, step):
    async def body():
        async with cells() as made:
            assert await made.matrix(step) == []

    asyncio.run(body())
