"""The tables of a SQL database as an administrator sees them: made, looked at, removed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData
from sqlalchemy.engine import make_url

from leonidas_jupyter.tables.base import TableSpec, Unavailable
from leonidas_jupyter.tables.migrations import BOOKKEEPING, is_ready, migrate, stored_revision
from leonidas_jupyter.tables.schema import sql_metadata
from leonidas_jupyter.tables.sql import driver_of

NO_FILE = "There is no database yet."
_OF_A_FILE = frozenset({"sqlite", "duckdb"})
_COLUMNS = (
    "SELECT table_name, column_name FROM information_schema.columns "
    "WHERE table_schema = current_schema()"
)
_LISTS = {
    "sqlite": (
        "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c "
        "WHERE m.type = 'table'",
        "SELECT name FROM sqlite_master WHERE type = 'index'",
    ),
    "postgresql": (
        _COLUMNS,
        "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()",
    ),
    "duckdb": (
        _COLUMNS,
        "SELECT index_name FROM duckdb_indexes() WHERE schema_name = current_schema()",
    ),
}
"""What lists the columns and the indexes; SQLAlchemy cannot read DuckDB's."""


def create_tables(url: str) -> None:
    """Make the tables, or bring those of an older release up to date. Blocks.

    Raises:
        Unavailable: the database does not answer, or is of a newer release.
        ValueError: the URL names no database of a kind that is supported.
    """
    driver = driver_of(url)
    try:
        with driver.explained():
            migrate(driver)
    finally:
        driver.engine.dispose()


def check_tables(url: str, specs: Sequence[TableSpec[Any]]) -> list[str]:
    """What is missing or differs, a sentence each. Blocks; nothing is changed.

    Raises:
        Unavailable: the database does not answer.
        ValueError: the URL names no database of a kind that is supported.
    """
    if is_missing(url):
        return [NO_FILE]
    with _connected(url) as connection:
        try:
            ready = is_ready(connection)
        except Unavailable as newer:
            return [str(newer)]
        stored = stored_revision(connection)
        if stored is None:
            return ["The database has no tables of Leonidas."]
        found = [] if ready else [f"The tables are of an older release (revision {stored})."]
        return found + _missing(connection, sql_metadata(specs))


def drop_tables(url: str, specs: Sequence[TableSpec[Any]]) -> None:
    """Remove the tables and all that is in them. Blocks.

    Raises:
        Unavailable: the database does not answer.
        ValueError: the URL names no database of a kind that is supported.
    """
    if is_missing(url):
        return
    names = [*(spec.name for spec in specs), *sorted(BOOKKEEPING)]
    with _connected(url) as connection, connection.begin():
        for name in names:
            connection.exec_driver_sql(f'DROP TABLE IF EXISTS "{name}"')


def revision(url: str) -> str | None:
    """The revision that the schema is at; None where there is none. Blocks. Raises Unavailable."""
    if is_missing(url):
        return None
    with _connected(url) as connection:
        return stored_revision(connection)


def is_missing(url: str) -> bool:
    """Whether the database would be a file, and there is none."""
    parsed = make_url(url)
    if parsed.get_backend_name() not in _OF_A_FILE:
        return False
    return not Path(str(parsed.database).removeprefix("file:")).exists()


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    driver = driver_of(url)
    try:
        with driver.explained(), driver.engine.connect() as connection:
            yield connection
    finally:
        driver.engine.dispose()


def _missing(connection: Connection, declared: MetaData) -> list[str]:
    """The tables, columns and indexes that are declared and not there."""
    columns, indexes = _LISTS[connection.dialect.name]
    there: dict[str, set[str]] = {}
    for table_name, column_name in connection.exec_driver_sql(columns):
        there.setdefault(table_name, set()).add(column_name)
    made = set(connection.exec_driver_sql(indexes).scalars())
    found = []
    for table in declared.sorted_tables:
        if table.name not in there:
            found.append(f"The table {table.name} is missing.")
            continue
        lacks = [column.name for column in table.columns if column.name not in there[table.name]]
        if lacks:
            found.append(f"The table {table.name} lacks {', '.join(lacks)}.")
        wanted = {str(index.name) for index in table.indexes}
        found.extend(f"The index {name} is missing." for name in sorted(wanted - made))
    return found
