"""What is particular to DuckDB: its one process, its file and errors."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from leonidas_jupyter.tables.base import Unavailable
from leonidas_jupyter.tables.drivers import BUSY, Driver
from leonidas_jupyter.tables.files import make_folder, watched

log = logging.getLogger(__name__)

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",  # nothing is downloaded
    "autoload_known_extensions": "false",
    "memory_limit": "512MB",
    "threads": "1",
}
ELSEWHERE = (
    "The database is open in another process, and DuckDB lets one process have it; close that one, "
    "or set c.Leonidas.database_url to sqlite or postgresql, which take several."
)
_EXAMPLE = "duckdb:////folder/name.duckdb"


def duckdb_driver(address: str) -> Driver:
    """The driver for a ``duckdb:///`` URL, whose file is made, for its owner only, if need be.

    Raises:
        Unavailable: the file cannot be made or opened, another process has it, or DuckDB is not
            installed.
        ValueError: the URL names no file.
    """
    path = _path(address)
    try:
        import duckdb_engine  # noqa: F401 - SQLAlchemy finds its dialect
    except ImportError as error:
        raise Unavailable(
            "DuckDB as the database needs duckdb-engine; install leonidas-jupyter[server].",
            60,
        ) from error
    return Driver(
        _open(path), "BEGIN", explained, look=watched(path), conflict=_conflict, columnwise=True
    )


def _open(path: Path) -> Engine:
    """An engine whose connections are cursors of one that holds the file until it is disposed."""
    import duckdb
    from duckdb_engine import ConnectionWrapper

    make_folder(path)
    with explained():
        held = duckdb.connect(path, config=_CONFIG)
    path.chmod(0o600)
    if path.parent.stat().st_mode & 0o077:
        log.warning(
            "Others may enter the folder of the database %s, and read what DuckDB keeps beside it; "
            "keep it in a folder of your own.",
            path,
        )
    engine = create_engine(
        "duckdb://", poolclass=NullPool, creator=lambda: ConnectionWrapper(held.cursor())
    )
    event.listen(engine, "engine_disposed", lambda _engine: held.close())
    return engine


def _path(address: str) -> Path:
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise ValueError(f"database_url is not a URL; write {_EXAMPLE}.") from error
    if not url.database or ":memory:" in url.database or url.query:
        raise ValueError(f"database_url names no file; write {_EXAMPLE}.")
    return Path(url.database)


def _conflict(error: BaseException) -> bool:
    """Whether another transaction of this process came into the way.

    An index may hold on to a value for as long as somebody reads what stood there before.
    """
    import duckdb

    if isinstance(error, duckdb.ConstraintException):
        return "uplicate key" in str(error)
    return isinstance(error, duckdb.TransactionException) and "onflict" in str(error)


@contextmanager
def explained() -> Iterator[None]:
    """Failures of the engine within the body become Unavailable; our mistakes stay as they are."""
    import duckdb

    try:
        yield
    except (DBAPIError, duckdb.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        sentence = _sentence(cause)
        if sentence is None:
            raise
        raise Unavailable(sentence, retry_after=5 if sentence == BUSY else 60) from error


def _sentence(error: Any) -> str | None:  # noqa: ANN401 - of any type
    import duckdb

    said = str(error)
    if isinstance(error, duckdb.IOException):
        if "lock on file" in said:
            return ELSEWHERE
        if "No space left" in said:
            return "The disk of the database is full; free some space and try again."
        if "not a valid DuckDB" in said:
            return "The file that database_url names is no DuckDB database; name another."
        return "The file of the database cannot be opened, read or written; check it, its folder."
    if isinstance(error, duckdb.FatalException):
        return "The database stopped after a failure; restart the server."
    if isinstance(error, duckdb.OutOfMemoryException):
        return "There is too little memory for the database; try again in a moment."
    return BUSY if _conflict(error) else None
