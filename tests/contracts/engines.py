"""The engines and stores that every contract test runs against.

An engine that joins (PostgreSQL, DuckDB, DynamoDB, S3) needs a line here and nothing else.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from leonidas_jupyter.core.ids import now
from leonidas_jupyter.storage.base import ObjectStore
from leonidas_jupyter.storage.local import LocalStore
from leonidas_jupyter.storage.memory import MemoryStore
from leonidas_jupyter.storage.signing import UrlSigner
from leonidas_jupyter.tables.base import Database
from leonidas_jupyter.tables.memory import MemoryDatabase
from leonidas_jupyter.tables.schema import sql_metadata
from leonidas_jupyter.tables.sql import SqlDatabase
from leonidas_jupyter.tables.sqlite import open_engine
from tests.contracts.things import SPECS

Clock = Callable[[], datetime]
SIGNER = UrlSigner(b"k" * 32, "/leonidas/api/v1")


def memory_database(_folder: Path, clock: Clock = now) -> Database:
    return MemoryDatabase(SPECS, clock=clock)


def sqlite_database(folder: Path, clock: Clock = now) -> Database:
    engine = open_engine(f"sqlite:///{folder / 'contract.db'}")
    with engine.begin() as connection:
        sql_metadata(SPECS).create_all(connection)
    return SqlDatabase(engine, SPECS, clock=clock)


def memory_store(_folder: Path) -> ObjectStore:
    return MemoryStore(SIGNER)


def local_store(folder: Path) -> ObjectStore:
    return LocalStore(folder / "store", SIGNER)


DATABASES: dict[str, Callable[..., Database]] = {
    "memory": memory_database,
    "sqlite": sqlite_database,
}
STORES: dict[str, Callable[[Path], ObjectStore]] = {"memory": memory_store, "local": local_store}
