"""How a database of an older release becomes one of this release: by Alembic's revisions.

``versions/0001_….py`` and those after it are explicit DDL, never changed once released.
``python -m leonidas_jupyter.tables.migrations`` prints what a next one has to do.
"""

from pathlib import Path

from sqlalchemy import Connection, Engine

from leonidas_jupyter.tables.base import Unavailable

_HERE = Path(__file__).parent


def revisions() -> tuple[str, ...]:
    """The revisions that this release knows, oldest first."""
    return tuple(sorted(path.stem.partition("_")[0] for path in _HERE.glob("versions/0*.py")))


def stored_revision(connection: Connection) -> str | None:
    """The revision that a database is at; None for one without a schema."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if found is None else str(found)


def migrate(engine: Engine) -> None:
    """Bring the schema up to date, all or nothing, and once however many start at the same time.

    Alembic, which takes a quarter of a second to import, is imported only when there is work.

    Raises:
        Unavailable: the database is of a newer release.
    """
    newest = revisions()[-1]
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if stored_revision(connection) == newest:
            return
    with engine.begin() as connection:
        stored = stored_revision(connection)
        if stored is not None and stored not in revisions():
            raise Unavailable(
                "The database was written by a newer Leonidas; install that release, or a later "
                "one, to open it.",
                retry_after=60,
            )
        if stored != newest:
            upgrade(connection)


def upgrade(connection: Connection, to: str = "head") -> None:
    """Run Alembic within the transaction of a connection."""
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, to)
