"""Every engine of the metadata, each empty, with the servers of those that have one."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import urlencode

from leonidas_jupyter.server.engines import open_database
from leonidas_jupyter.tables.base import Database
from scripts.servers.dynamodb import dynoxide
from scripts.servers.postgres import Cluster
from scripts.servers.process import HOST, Running
from scripts.servers.s3 import REGION, Keys

PEER = "SQLite"
"""The engine that Leonidas begins with, beside which the others are shown."""

MEMORY = "memory"
NAMES = (PEER, "DuckDB", "PostgreSQL", "DynamoDB", MEMORY)
KEYS = Keys("AKIDYNOXIDE000000000", "dynoxide-checks-none")


@asynccontextmanager
async def databases(home: Path) -> AsyncIterator[dict[str, Database]]:
    """Each engine by its name, on files in ``home`` and servers that end with the body.

    Raises:
        ServerMissing, NotStarted: a server is not installed, or does not start.
    """
    with _urls(home) as urls, _keys():
        async with AsyncExitStack() as opened:
            found: dict[str, Database] = {}
            for name, url in urls.items():
                found[name] = await asyncio.to_thread(open_database, url, create=True)
                opened.push_async_callback(found[name].close)
            yield found


@contextmanager
def _urls(home: Path) -> Iterator[dict[str, str]]:
    home.chmod(0o755)  # PostgreSQL becomes nobody where this is root
    (home / "engines").mkdir(mode=0o700)
    cluster = Cluster(home)
    files = home / "engines"
    with Running(cluster.server(), home) as postgres, Running(dynoxide(), home) as dynamodb:
        query = urlencode({"endpoint_url": f"http://{HOST}:{dynamodb.port}"})
        urls = (
            f"sqlite:///{files / 'leonidas.db'}",
            f"duckdb:///{files / 'leonidas.duckdb'}",
            cluster.url(postgres.port),
            f"dynamodb://{REGION}/bench?{query}",
            "memory://",
        )
        yield dict(zip(NAMES, urls, strict=True))


@contextmanager
def _keys() -> Iterator[None]:
    """No credentials but those that the server here takes."""
    before = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    for name in before:
        del os.environ[name]
    os.environ.update(KEYS.environment())
    try:
        yield
    finally:
        for name in KEYS.environment():
            del os.environ[name]
        os.environ.update(before)
