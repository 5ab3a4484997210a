"""How a database of an older release becomes one of this release: by Alembic's revisions.

``versions/0001_….py`` and those after it are explicit DDL, never changed once released.
``python -m leonidas_jupyter.tables.migrations`` prints what a next one has to do.

A release also works with the schema of a newer one that says so: a revision that only adds (tables,
indexes that are not unique, columns that may be null or have a default) names in
``compatible_from`` the oldest revision whose releases can go on; the migration leaves it in
the database, in ``leonidas_schema``, where they read it. So the replicas of a server can be
replaced one after the other, and the older release can come back.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, TableClause, Text, column, delete, insert, select

from leonidas_jupyter.tables.base import Unavailable
from leonidas_jupyter.tables.drivers import READS_ONLY

if TYPE_CHECKING:
    from leonidas_jupyter.tables.drivers import Driver

_HERE = Path(__file__).parent
NOTES = TableClause(
    "leonidas_schema", column("revision", Text()), column("compatible_from", Text())
)
"""The table, of one row, that says which releases the schema is good for."""
BOOKKEEPING = frozenset({"alembic_version", NOTES.name})
"""Tables about the schema, which no domain declares."""

NEWER = (
    "The database was written by a newer Leonidas; install that release, or a later one, to open "
    "it."
)
OLDER = (
    "The tables of the database are missing or of an older release; run `jupyter leonidas tables "
    "create`, or set c.Leonidas.create_tables."
)


def revisions() -> tuple[str, ...]:
    """The revisions that this release knows, oldest first."""
    return tuple(sorted(path.stem.partition("_")[0] for path in _HERE.glob("versions/0*.py")))


def stored_revision(connection: Connection) -> str | None:
    """The revision that a database is at; None for one without a schema."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if found is None else str(found)


def has_notes(connection: Connection) -> bool:
    """Whether the schema has a place where it says which releases it is good for."""
    return bool(connection.dialect.has_table(connection, NOTES.name))


def note(connection: Connection, revision: str, compatible_from: str) -> None:
    """Write which releases the schema of a revision is good for."""
    connection.execute(delete(NOTES))
    connection.execute(insert(NOTES).values(revision=revision, compatible_from=compatible_from))


def compatible_from(connection: Connection, revision: str) -> str | None:
    """The oldest revision whose releases work with a revision's schema; None: it is not said."""
    if not has_notes(connection):
        return None
    found = select(NOTES.c.compatible_from).where(NOTES.c.revision == revision)
    return connection.execute(found).scalar()


def is_ready(connection: Connection) -> bool:
    """Whether this release works with the schema as it is; else it is an older one, or none.

    Raises:
        Unavailable: the database is of a newer release that this one does not work with.
    """
    stored = stored_revision(connection)
    known = revisions()
    if stored is None or stored in known:
        return stored == known[-1]
    oldest = compatible_from(connection, stored)
    if oldest is None or oldest > known[-1]:
        raise Unavailable(NEWER, retry_after=60)
    return True


def check_schema(driver: "Driver") -> None:
    """Look whether this release works with the schema.

    Raises:
        Unavailable: the database has no tables, or those of another release.
    """
    with _looking(driver) as connection:
        if not is_ready(connection):
            raise Unavailable(OLDER, retry_after=60)


def migrate(driver: "Driver") -> None:
    """Bring the schema up to date, all or nothing, and once however many start at the same time.

    Alembic, which takes a quarter of a second to import, is imported only when there is work.

    Raises:
        Unavailable: the database is of a newer release.
    """
    with _looking(driver) as connection:
        if is_ready(connection):
            return
    with driver.engine.begin() as connection:
        driver.alone(connection)
        if not is_ready(connection):
            upgrade(connection)


def upgrade(connection: Connection, to: str = "head") -> None:
    """Run Alembic within the transaction of a connection, and note which releases can go on."""
    from leonidas_jupyter.tables.migrations.upgrading import run

    run(connection, _HERE, to)


def _looking(driver: "Driver") -> Connection:
    return driver.engine.connect().execution_options(**{READS_ONLY: True})
