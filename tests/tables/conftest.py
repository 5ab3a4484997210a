import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from leonidas_jupyter.server.spilled import SpilledObjects
from leonidas_jupyter.storage.memory import MemoryStore
from leonidas_jupyter.tables.dynamodb import open_dynamodb
from leonidas_jupyter.tables.dynamodb_calls import Meter
from tests.contracts.engines import SIGNER
from tests.contracts.things import SPECS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def python():
    """Starts ``python -c code arguments`` in the checkout; what still runs at the end is killed."""
    started = []

    def start(code, *arguments):
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()


SERVED = {"postgresql": "postgres_url", "dynamodb": "dynamodb_url"}
"""The fixtures with URLs of the engines behind servers."""


@pytest.fixture(params=["sqlite", *SERVED])
def shared(request, tmp_path):
    """The URL of a database that several processes may have."""
    if request.param in SERVED:
        return request.getfixturevalue(SERVED[request.param])
    return f"sqlite:///{tmp_path / 'shared.db'}"


@pytest.fixture
def on_dynamodb(dynamodb_url):
    """Runs ``body(database)``; its ``store`` holds what was spilled, its ``meter`` counts."""

    def run(body, specs=SPECS, **options):
        async def main():
            store, meter = MemoryStore(SIGNER), Meter()
            database = open_dynamodb(
                dynamodb_url, specs, objects=SpilledObjects(store), create=True, meter=meter
            )
            database.store, database.meter = store, meter
            for name, value in options.items():
                setattr(database, name, value)
            meter.take()
            try:
                return await body(database)
            finally:
                await database.close()

        return asyncio.run(main())

    return run
