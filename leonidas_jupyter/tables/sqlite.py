"""What is particular to SQLite: its file, journal, locks and errors."""

import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from leonidas_jupyter.tables.base import Unavailable
from leonidas_jupyter.tables.drivers import BUSY, BUSY_SECONDS, READS_ONLY, Driver
from leonidas_jupyter.tables.files import make_file, watched

log = logging.getLogger(__name__)

BEGIN = "BEGIN IMMEDIATE"
"""Locks out other writers at once: of two transactions that read first and then write, one would
else fail however long it may wait."""
_NETWORK = frozenset(
    {
        *("9p", "afs", "beegfs", "ceph", "cifs", "fuse.glusterfs", "fuse.sshfs", "glusterfs"),
        *("gpfs", "lustre", "ncpfs", "nfs", "nfs4", "smb2", "smb3", "smbfs", "virtiofs"),
    }
)
"""File systems on which several machines, or machine and guest, share files but no memory."""

_SENTENCES = {
    "SQLITE_BUSY": BUSY,
    "SQLITE_LOCKED": BUSY,
    "SQLITE_PROTOCOL": BUSY,
    "SQLITE_FULL": "The disk of the database is full; free some space and try again.",
    "SQLITE_IOERR": "The disk of the database cannot be read or written; check it and try again.",
    "SQLITE_CANTOPEN": "The database cannot be opened; check that its folder exists and is yours.",
    "SQLITE_READONLY": "The database cannot be written; check who owns it and try again.",
    "SQLITE_PERM": "The database cannot be opened; check who owns it and try again.",
    "SQLITE_AUTH": "The database cannot be opened; check who owns it and try again.",
    "SQLITE_CORRUPT": "The database is damaged; restore it from a backup.",
    "SQLITE_NOTADB": "The database is damaged, or not a database; restore it from a backup.",
    "SQLITE_NOMEM": "There is too little memory for the database; try again in a moment.",
}
_SOON = frozenset({"SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL"})


@contextmanager
def explained() -> Iterator[None]:
    """Failures of the engine within the body become Unavailable; our mistakes stay as they are."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        name = _name(cause)
        if name not in _SENTENCES:
            raise
        raise Unavailable(_SENTENCES[name], retry_after=5 if name in _SOON else 60) from error


def _name(error: BaseException | None) -> str:
    """The primary result code (sqlite.org/rescode.html) behind an error of the driver."""
    return "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])


def sqlite_driver(address: str) -> Driver:
    """The driver for a ``sqlite:///`` URL. Raises Unavailable, ValueError; see open_engine."""
    engine = open_engine(address)
    return Driver(engine, BEGIN, explained, look=watched(_path(engine.url)))


def open_engine(address: str) -> Engine:
    """An engine for a ``sqlite:///`` URL, whose file is made, for its owner only, if need be.

    Its connections begin nothing by themselves; a transaction of SQLAlchemy begins with BEGIN.

    Raises:
        Unavailable: the file cannot be made or opened, or is no database.
        ValueError: the URL names no SQLite file.
    """
    url = _checked(address)
    path = _path(url)
    make_file(path)
    engine = create_engine(
        url,
        poolclass=NullPool,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
    )
    with explained():
        journal = _choose_journal(engine, path)
    # With the log, NORMAL keeps the file sound and loses nothing when a process is killed; a power
    # cut may take the last moments. Without the log it could damage the file.
    _configure(engine, synchronous="NORMAL" if journal == "wal" else "FULL")
    return engine


def _checked(address: str) -> URL:
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise ValueError("database_url is not a URL; write sqlite:////folder/name.db.") from error
    if url.get_backend_name() != "sqlite":
        raise ValueError(f"database_url: {url.get_backend_name()} is not supported; use sqlite.")
    if not url.database or ":memory:" in url.database:
        raise ValueError("database_url names no file; write sqlite:////folder/name.db or memory://")
    return url


def _path(url: URL) -> Path:
    name = str(url.database)
    return Path(name.removeprefix("file:")) if "uri" in url.query else Path(name)


def _choose_journal(engine: Engine, path: Path) -> str:
    """Write-ahead log where it is safe, else a rollback journal, said once in the log.

    The log needs memory shared by all who open the file (sqlite.org/wal.html, "Disadvantages").
    """
    if filesystem(path) in _NETWORK:
        reason = "it lies on a network file system"
        wanted = "delete"
    else:
        reason = "the file system does not support it"
        wanted = "wal"
    got = _set_journal(engine, wanted)
    if got != "wal":
        log.warning(
            "The database %s uses no write-ahead log, as %s: writes are slower.", path, reason
        )
    return got


def _set_journal(engine: Engine, wanted: str) -> str:
    """Ask for a journal mode until no other process holds the file; the mode it then has."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            with engine.connect() as connection:
                have = str(connection.exec_driver_sql("PRAGMA journal_mode").scalar())
                if have == wanted:
                    return have
                return str(connection.exec_driver_sql(f"PRAGMA journal_mode={wanted}").scalar())
        except DBAPIError as error:
            if _name(error.orig) not in _SOON or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def filesystem(path: Path, mounts: Path = Path("/proc/self/mounts")) -> str:
    """The type of the file system that holds ``path``; empty where the system does not tell."""
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    where = path.resolve()
    best, kind = "", ""
    for line in lines:
        _, point, of, *_ = line.split(" ")
        point = point.replace("\\040", " ")
        if where.is_relative_to(point) and len(point) >= len(best):
            best, kind = point, of
    return kind


def _configure(engine: Engine, synchronous: str) -> None:
    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's connection
        connection.isolation_level = None  # the driver begins nothing by itself
        connection.execute(f"PRAGMA synchronous={synchronous}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if not connection.get_execution_options().get(READS_ONLY):
            connection.exec_driver_sql(BEGIN)
