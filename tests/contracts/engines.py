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
}
STORES: dict[str, Engine] = {
    "memory": Engine(memory_store),
    "local": Engine(local_store),
}
