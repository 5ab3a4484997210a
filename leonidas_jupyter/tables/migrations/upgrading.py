"""Runs Alembic: imported only when there is work for it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.ddl.postgresql import PostgresqlImpl
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from leonidas_jupyter.tables.migrations import has_notes, note, stored_revision


class DuckDBImpl(PostgresqlImpl):
    """DuckDB's DDL is PostgreSQL's, as far as the revisions need it; naming it registers it."""

    __dialect__ = "duckdb"
    transactional_ddl = True


def run(connection: Connection, folder: Path, to: str) -> None:
    """Upgrade to a revision of a folder, and note which releases work with the schema then."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, to)
    reached = str(stored_revision(connection))
    if has_notes(connection):
        revision = ScriptDirectory.from_config(config).get_revision(reached)
        note(connection, reached, getattr(revision.module, "compatible_from", reached))
