"""The schema in the other SQL engines: what the domains declare, made when it should be."""

import asyncio
import contextlib
import sqlite3

import pytest
from sqlalchemy import insert, text
from sqlalchemy import table as lightweight
from sqlalchemy.sql import column

from leonidas_jupyter.tables import sqlschema
from leonidas_jupyter.tables.base import Unavailable
from leonidas_jupyter.tables.migrations import (
    BOOKKEEPING,
    check_schema,
    migrate,
    revisions,
    stored_revision,
    upgrade,
)
from leonidas_jupyter.tables.migrations.autogenerate import declared, difference
from leonidas_jupyter.tables.rows import codec
from leonidas_jupyter.tables.schema import sql_metadata
from leonidas_jupyter.tables.sql import driver_of, open_sql
from tests.tables.dump_release import FOLDER, MOMENT

CREATE = """
import sys
from leonidas_jupyter.tables.migrations import migrate
from leonidas_jupyter.tables.sql import driver_of
print("ready", flush=True)
sys.stdin.read()
migrate(driver_of(sys.argv[1]))
"""

COLUMNS = (
    "SELECT column_name, is_nullable FROM information_schema.columns WHERE table_name = :name "
    "AND table_schema = current_schema() ORDER BY ordinal_position"
)
KEYS = {
    "postgresql": "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid "
    "AND a.attnum = ANY(i.indkey) WHERE i.indisprimary AND i.indrelid = cast(:name AS regclass) "
    "ORDER BY array_position(i.indkey::int2[], a.attnum)",
    "duckdb": "SELECT unnest(constraint_column_names) FROM duckdb_constraints() "
    "WHERE table_name = :name AND constraint_type = 'PRIMARY KEY'",
}
INDEXES = {
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = :name "
    "AND indexname NOT LIKE 'pk%'",
    "duckdb": "SELECT index_name, sql FROM duckdb_indexes() WHERE table_name = :name",
}


@pytest.fixture(params=["postgresql", "duckdb"])
def url(request, tmp_path):
    """The URL of an empty database."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgres_url")
    tmp_path.chmod(0o700)
    return f"duckdb:///{tmp_path / 'a.duckdb'}"


@pytest.fixture
def driver(url):
    driver = driver_of(url)
    yield driver
    driver.engine.dispose()


def columns_of(definition):
    """The columns between the last brackets of a CREATE INDEX."""
    inner = definition.rpartition("(")[2].partition(")")[0]
    return [name.strip().strip('"') for name in inner.split(",")]


def test_the_migrated_schema_is_what_the_domains_declare(driver):
    migrate(driver)
    declarations = sql_metadata(declared())
    with driver.engine.connect() as connection:
        kind = connection.dialect.name
        for spec in declared():
            shape, name = codec(spec), {"name": spec.name}
            found = connection.execute(text(COLUMNS), name).all()
            nullable = {column: answer == "YES" for column, answer in found}
            assert nullable == {c.name: c.nullable for c in shape.columns.values()}
            assert tuple(connection.execute(text(KEYS[kind]), name).scalars()) == spec.key
            indexes = connection.execute(text(INDEXES[kind]), name).all()
            assert {each: columns_of(sql) for each, sql in indexes} == {
                str(index.name): [column.name for column in index.columns]
                for index in declarations.tables[spec.name].indexes
            }
            assert all(("UNIQUE" in sql) == each.startswith("uq_") for each, sql in indexes)


def test_alembic_finds_no_difference_in_postgresql(postgres_url):
    driver = driver_of(postgres_url)
    with driver.engine.begin() as connection:
        upgrade(connection)
        lines = difference(connection).splitlines()
    assert [line.strip() for line in lines if "###" not in line] == ["pass"]
    driver.engine.dispose()


def released(tmp_path, revision):
    """The rows that a release's SQLite database holds, by table and column."""
    script = (FOLDER / f"{revision}.sql").read_text()
    with contextlib.closing(sqlite3.connect(tmp_path / f"{revision}.db")) as connection:
        connection.executescript(script)
        connection.row_factory = sqlite3.Row
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name: [dict(row) for row in connection.execute(f'SELECT * FROM "{name}"')]  # noqa: S608 - ours
            for (name,) in names
            if name not in BOOKKEEPING
        }


@pytest.mark.parametrize("revision", revisions()[:-1])
def test_what_an_older_schema_holds_is_kept(driver, url, tmp_path, revision):
    data = released(tmp_path, revision)
    with driver.engine.begin() as connection:
        upgrade(connection, revision)
        booleans = {
            row.table_name + "." + row.column_name
            for row in connection.execute(
                text(
                    "SELECT table_name, column_name FROM information_schema.columns "
                    "WHERE data_type ILIKE 'boolean'"
                )
            )
        }
        for name, rows in data.items():
            for row in rows:
                values = {
                    key: bool(value) if f"{name}.{key}" in booleans else value
                    for key, value in row.items()
                }
                target = lightweight(name, *(column(key) for key in values))
                connection.execute(insert(target).values(values))
    driver.engine.dispose()

    async def items():
        database = open_sql(url, declared(), create_tables=True)
        found = [await database.table(spec).scan() for spec in declared() if data.get(spec.name)]
        await database.close()
        return found

    pages = asyncio.run(items())
    assert len(pages) == sum(bool(rows) for rows in data.values())
    for page in pages:
        assert [item.created_at for item in page.items] == [MOMENT]


def test_processes_that_start_at_once_make_one_schema(postgres_url, python):
    processes = [python(CREATE, postgres_url) for _ in range(3)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.close()
    for process in processes:
        assert process.wait(timeout=120) == 0, process.stderr.read()
    assert sqlschema.check_tables(postgres_url, declared()) == []


class TestAServersTables:
    def test_a_start_makes_none_unless_it_is_told(self, postgres_url):
        with pytest.raises(Unavailable, match="jupyter leonidas tables create") as refused:
            open_sql(postgres_url, declared())
        assert "\n" not in str(refused.value)
        assert sqlschema.revision(postgres_url) is None
        asyncio.run(open_sql(postgres_url, declared(), create_tables=True).close())
        asyncio.run(open_sql(postgres_url, declared()).close())

    def test_a_start_on_older_ones_leaves_them_alone(self, postgres_url):
        driver = driver_of(postgres_url)
        with driver.engine.begin() as connection:
            upgrade(connection, revisions()[0])
        with pytest.raises(Unavailable, match="older release"):
            open_sql(postgres_url, declared())
        assert sqlschema.revision(postgres_url) == revisions()[0]
        found = sqlschema.check_tables(postgres_url, declared())
        assert any("older release" in problem for problem in found)
        assert "The table usage is missing." in found
        sqlschema.create_tables(postgres_url)
        check_schema(driver)
        driver.engine.dispose()


def test_tables_are_made_looked_at_and_removed(url):
    specs = declared()
    assert len(sqlschema.check_tables(url, specs)) == 1
    sqlschema.create_tables(url)
    assert sqlschema.check_tables(url, specs) == []
    sqlschema.create_tables(url)
    driver = driver_of(url)
    with driver.engine.begin() as connection:
        connection.execute(text("CREATE TABLE somebody_s (a TEXT)"))
        connection.execute(text("DROP INDEX ix_users_unfinished"))
        connection.execute(text("DROP TABLE members"))
        connection.execute(text("ALTER TABLE messages DROP COLUMN receipts"))
    driver.engine.dispose()
    assert sorted(sqlschema.check_tables(url, specs)) == [
        "The index ix_users_unfinished is missing.",
        "The table members is missing.",
        "The table messages lacks receipts.",
    ]
    sqlschema.drop_tables(url, specs)
    driver = driver_of(url)
    with driver.engine.begin() as connection:
        assert stored_revision(connection) is None
        left = (
            connection.execute(
                text(
                    "SELECT table_name FROM information_schema.tables "
                    "WHERE table_schema = current_schema()"
                )
            )
            .scalars()
            .all()
        )
        assert left == ["somebody_s"]
    driver.engine.dispose()
