"""The engines and stores that every contract test runs against.

One that joins needs a function that opens it empty, and its line in the table below. One behind a
server names the fixture of tests/servers that gives its URL, which is passed in place of the
folder: ``"dynamodb": Engine(dynamodb_database, "dynamodb_url")``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from leonidas_jupyter.core.ids import now
from leonidas_jupyter.core.s3place import parse_s3
from leonidas_jupyter.server.spilled import SpilledObjects
from leonidas_jupyter.storage.base import ObjectStore
from leonidas_jupyter.storage.local import LocalStore
from leonidas_jupyter.storage.memory import MemoryStore
from leonidas_jupyter.storage.s3 import S3Store
from leonidas_jupyter.storage.signing import UrlSigner
from leonidas_jupyter.tables.base import Database
from leonidas_jupyter.tables.dynamodb import open_dynamodb
from leonidas_jupyter.tables.memory import MemoryDatabase
from leonidas_jupyter.tables.schema import sql_metadata
from leonidas_jupyter.tables.sql import SqlDatabase, driver_of
from tests.contracts.things import SPECS

Clock = Callable[[], datetime]
SIGNER = UrlSigner(b"k" * 32, "/leonidas/api/v1")


def memory_database(_folder: Path, clock: Clock = now) -> Database:
    return MemoryDatabase(SPECS, clock=clock)


def sqlite_database(folder: Path, clock: Clock = now) -> Database:
    return sql_database(f"sqlite:///{folder / 'contract.db'}", clock)


def duckdb_database(folder: Path, clock: Clock = now) -> Database:
    return sql_database(f"duckdb:///{folder / 'contract.duckdb'}", clock)


def sql_database(url: str, clock: Clock = now) -> Database:
    driver = driver_of(url)
    with driver.engine.begin() as connection:
        driver.alone(connection)
        sql_metadata(SPECS).create_all(connection)
    return SqlDatabase(driver, SPECS, clock=clock)


def dynamodb_database(url: str, clock: Clock = now) -> Database:
    objects = SpilledObjects(MemoryStore(SIGNER))
    database = open_dynamodb(url, SPECS, objects=objects, create=True)
    database.clock = clock
    return database


def shared_database(url: str, clock: Clock = now) -> Database:
    """Of any engine that several processes may open by a URL."""
    return (dynamodb_database if url.startswith("dynamodb:") else sql_database)(url, clock)


def memory_store(_folder: Path) -> ObjectStore:
    return MemoryStore(SIGNER)


def s3_store(url: str) -> ObjectStore:
    return S3Store(parse_s3(url), SIGNER, proxy=True)


def local_store(folder: Path) -> ObjectStore:
    return LocalStore(folder / "store", SIGNER)


@dataclass(frozen=True)
class Engine:
    """How tests open an engine or a store.

    Attributes:
        open: makes it from a folder of the test, or from the URL on ``server``; databases also
            take ``clock``.
        server: the fixture with a URL that is the test's own; None for what needs no server.
    """

    open: Callable[..., Any]
    server: str | None = None


DATABASES: dict[str, Engine] = {
    "memory": Engine(memory_database),
    "sqlite": Engine(sqlite_database),
    "duckdb": Engine(duckdb_database),
    "postgresql": Engine(sql_database, "postgres_schema_url"),
    "dynamodb": Engine(dynamodb_database, "dynamodb_url"),
}
STORES: dict[str, Engine] = {
    "memory": Engine(memory_store),
    "local": Engine(local_store),
    "s3": Engine(s3_store, "s3_url"),
}
