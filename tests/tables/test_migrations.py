"""The schema: what the domains declare, from every released version's database, once and whole."""

import asyncio
import contextlib
import sqlite3
import subprocess
import sys

import pytest

from leonidas_jupyter.tables import migrations
from leonidas_jupyter.tables.base import Unavailable
from leonidas_jupyter.tables.migrations import revisions, stored_revision, upgrade
from leonidas_jupyter.tables.migrations.autogenerate import declared, difference
from leonidas_jupyter.tables.rows import codec
from leonidas_jupyter.tables.sql import open_sql
from leonidas_jupyter.tables.sqlite import open_engine
from tests.tables.dump_release import FOLDER, MOMENT

OPEN_AT_ONCE = """
import sys, time
from leonidas_jupyter.tables.migrations import migrate
from leonidas_jupyter.tables.sql import driver_of
print("ready", flush=True)
sys.stdin.read()
migrate(driver_of(sys.argv[1]))
"""

OPEN_TWICE = """
import asyncio, sys
from leonidas_jupyter.tables.sql import open_sql
database = open_sql(sys.argv[1], [])
asyncio.run(database.close())
print("alembic" in sys.modules)
"""


def url(folder):
    return f"sqlite:///{folder / 'a.db'}"


def schema(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return sorted(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master"))


def open_and_close(folder, specs=()):
    asyncio.run(open_sql(url(folder), specs).close())


def test_the_migrated_schema_is_what_the_domains_declare(tmp_path):
    engine = open_engine(url(tmp_path))
    with engine.begin() as connection:
        upgrade(connection)
        todo = [line.strip() for line in difference(connection).splitlines() if "###" not in line]
    assert todo == ["pass"], (
        "python -m leonidas_jupyter.tables.migrations prints what is missing, and with --help what "
        "to do about it"
    )
    assert {"users", "projects", "files", "sessions", "messages", "runs"} <= {
        spec.name for spec in declared()
    }


def test_the_columns_are_the_fields_of_the_models(tmp_path):
    """Without Alembic's comparison, which might overlook something."""
    open_and_close(tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        for spec in declared():
            found = connection.execute(f"PRAGMA table_info({spec.name})").fetchall()
            nullable = {name: not required for _, name, _, required, _, _ in found}
            assert nullable == {c.name: c.nullable for c in codec(spec).columns.values()}
            key = {place: name for _, name, _, _, _, place in found if place}
            assert tuple(key[place] for place in sorted(key)) == spec.key


@pytest.mark.parametrize("revision", revisions())
def test_a_database_of_every_release_opens_and_keeps_what_it_holds(tmp_path, revision):
    text = (FOLDER / f"{revision}.sql").read_text()
    with contextlib.closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.executescript(text)
    specs = [spec for spec in declared() if f'INSERT INTO "{spec.name}"' in text]
    assert specs

    async def items():
        database = open_sql(url(tmp_path), declared())
        keys = {
            spec: tuple(
                1 if codec(spec).columns[name].kind == "integer" else "x" for name in spec.key
            )
            for spec in specs
        }
        found = [await database.table(spec).get(key) for spec, key in keys.items()]
        await database.close()
        return found

    for spec, item in zip(specs, asyncio.run(items()), strict=True):
        assert item is not None, spec.name
        assert item.created_at == MOMENT
    newest = tmp_path / "new"
    newest.mkdir()
    open_and_close(newest)
    assert schema(tmp_path / "a.db") == schema(newest / "a.db")


def test_alembic_is_imported_only_when_there_is_work(tmp_path):
    answers = [
        subprocess.run(
            [sys.executable, "-c", OPEN_TWICE, url(tmp_path)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for _ in range(2)
    ]
    assert answers == ["True", "False"]


def test_processes_that_start_at_once_make_one_schema(tmp_path, python):
    processes = [python(OPEN_AT_ONCE, url(tmp_path)) for _ in range(3)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.close()
    for process in processes:
        assert process.wait(timeout=60) == 0, process.stderr.read()
    engine = open_engine(url(tmp_path))
    with engine.begin() as connection:
        assert stored_revision(connection) == revisions()[-1]
        assert "pass" in difference(connection)


def test_a_database_of_a_newer_release_is_refused_untouched(tmp_path):
    open_and_close(tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    before = schema(tmp_path / "a.db")
    with pytest.raises(Unavailable, match="newer Leonidas") as refused:
        open_sql(url(tmp_path), [])
    assert "\n" not in str(refused.value)
    assert schema(tmp_path / "a.db") == before


def test_a_migration_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def fail(connection, _to="head"):
        upgrade(connection)
        raise RuntimeError("in the middle")

    monkeypatch.setattr(migrations, "upgrade", fail)
    with pytest.raises(RuntimeError, match="in the middle"):
        open_sql(url(tmp_path), [])
    assert schema(tmp_path / "a.db") == []
    monkeypatch.undo()
    open_and_close(tmp_path)
    assert schema(tmp_path / "a.db") != []


def test_the_developers_command_says_what_is_missing():
    command = [sys.executable, "-m", "leonidas_jupyter.tables.migrations"]
    now = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert now == "pass\n"
    first = subprocess.run([*command, "--first"], capture_output=True, text=True, check=True).stdout
    assert first.count("op.create_table(") == len(declared())
    compile(first, "0001_first.py", "exec")
