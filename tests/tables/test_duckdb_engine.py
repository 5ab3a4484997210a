"""What is particular to DuckDB: one process, its file, and that it reads without Leonidas too."""

import asyncio
import logging
import re
import stat
from pathlib import Path

import duckdb
import pytest

from leonidas_jupyter.tables import sql
from leonidas_jupyter.tables.base import Add, Unavailable
from leonidas_jupyter.tables.migrations.autogenerate import declared
from leonidas_jupyter.tables.sql import open_sql
from tests.contracts.engines import duckdb_database
from tests.contracts.things import NOTES, SPECS, THINGS, Note, Thing
from tests.tables.dump_release import sample_model

DOCS = Path(__file__).parents[2] / "docs" / "databases.md"

HOLD = """
import sys
from leonidas_jupyter.tables.sql import open_sql
database = open_sql(sys.argv[1], [])
print("holds", flush=True)
sys.stdin.read()
"""


def on_duckdb(folder, body):
    async def main():
        database = duckdb_database(folder)
        try:
            return await body(database)
        finally:
            await database.close()

    return asyncio.run(main())


def test_a_second_process_is_told_what_else_there_is(tmp_path, python):
    url = f"duckdb:///{tmp_path / 'a.duckdb'}"
    holder = python(HOLD, url)
    assert holder.stdout.readline() == "holds\n"
    with pytest.raises(Unavailable) as refused:
        open_sql(url, SPECS)
    said = str(refused.value)
    assert "open in another process" in said
    assert "sqlite or postgresql" in said
    assert str(tmp_path) not in said
    holder.stdin.close()
    holder.wait(60)
    asyncio.run(open_sql(url, SPECS).close())


def test_a_closed_database_is_free_for_plain_duckdb(tmp_path):
    async def body(database):
        await database.table(THINGS).put(Thing(thing_id="t", name="é\0", rank=7))
        await database.table(NOTES).load([Note(thing_id="t", number=n) for n in range(3)])

    on_duckdb(tmp_path, body)
    with duckdb.connect(tmp_path / "contract.duckdb", read_only=True) as connection:
        asked = (
            "SELECT name, rank, things.created_at::TIMESTAMPTZ <= now(), count(*) "
            "FROM things JOIN notes USING (thing_id) GROUP BY ALL"
        )
        assert connection.execute(asked).fetchall() == [("é\0", 7, True, 3)]


def test_the_example_in_the_docs_reads_a_history(tmp_path):
    path = tmp_path / "history.duckdb"

    async def fill():
        database = open_sql(f"duckdb:///{path}", declared())
        for spec in declared():
            await database.table(spec).put(sample_model(spec.model))
        await database.close()

    asyncio.run(fill())
    (example,) = re.findall(r"```sql\n(.*?)```", DOCS.read_text(), re.DOTALL)
    with duckdb.connect(path, read_only=True) as connection:
        ((project, week, questions, tokens),) = connection.execute(example).fetchall()
    assert (project, week.year, questions, tokens) == ("x", 2099, 1, 1)


def test_writers_in_one_process_lose_nothing(tmp_path):
    """Each on a connection of its own: DuckDB refuses the later of two changes of one row."""

    async def body(database):
        await database.table(THINGS).put(Thing(thing_id="t"))
        second = duckdb_database(tmp_path)
        adds = [
            each.transact([Add(THINGS, "t", "count", 1)])
            for _ in range(60)
            for each in (database, second)
        ]
        await asyncio.gather(*adds)
        await second.close()
        return (await database.table(THINGS).get("t")).count

    assert on_duckdb(tmp_path, body) == 120


def test_a_conflict_that_does_not_end_is_an_overload(tmp_path, monkeypatch):
    monkeypatch.setattr("leonidas_jupyter.tables.connection.pause", lambda _attempt: None)

    def conflict(*_):
        raise duckdb.TransactionException("TransactionContext Error: Conflict on tuple deletion!")

    async def body(database):
        monkeypatch.setattr(sql, "apply", conflict)
        with pytest.raises(Unavailable, match="busy"):
            await database.table(THINGS).put(Thing(thing_id="t"))
        monkeypatch.undo()
        await database.table(THINGS).put(Thing(thing_id="t"))

    on_duckdb(tmp_path, body)


def test_files_are_their_owner_s_only(tmp_path, caplog):
    folder = tmp_path / "new" / "folder"

    async def body(database):
        await database.table(THINGS).put(Thing(thing_id="t"))
        return {stat.S_IMODE(each.stat().st_mode) for each in (folder, folder.parent)}

    assert on_duckdb(folder, body) == {0o700}
    assert stat.S_IMODE((folder / "contract.duckdb").stat().st_mode) == 0o600
    assert caplog.records == []


def test_a_folder_that_others_may_enter_is_said_to_be_one(tmp_path, caplog):
    tmp_path.chmod(0o755)
    on_duckdb(tmp_path, lambda database: database.ping())
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "folder of your own" in caplog.text


def test_nothing_is_fetched_and_nothing_else_is_opened(tmp_path):
    async def body(database):
        def look(connection):
            raw = connection._raw
            names = ("autoinstall_known_extensions", "autoload_known_extensions")
            return [raw.execute(f"SELECT current_setting('{n}')").fetchone()[0] for n in names]

        return await database.read(look)

    assert on_duckdb(tmp_path, body) == [False, False]


class TestFailures:
    def test_a_file_that_is_no_database(self, tmp_path):
        path = tmp_path / "a.duckdb"
        path.write_bytes(b"id,name\n" * 1000)
        with pytest.raises(Unavailable, match="no DuckDB database"):
            open_sql(f"duckdb:///{path}", SPECS)
        assert path.read_bytes() == b"id,name\n" * 1000

    def test_a_folder_in_its_place(self, tmp_path):
        with pytest.raises(Unavailable, match="cannot be opened"):
            open_sql(f"duckdb:///{tmp_path}", SPECS)

    def test_a_file_in_the_place_of_its_folder(self, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(Unavailable, match="cannot be made"):
            open_sql(f"duckdb:///{tmp_path}/file/a.duckdb", SPECS)

    def test_a_file_that_was_moved_away(self, tmp_path):
        async def body(database):
            (tmp_path / "contract.duckdb").rename(tmp_path / "away")
            with pytest.raises(Unavailable, match="moved, replaced or deleted"):
                await database.table(THINGS).get("t")

        on_duckdb(tmp_path, body)

    @pytest.mark.parametrize(
        "url", ["duckdb://", "duckdb:///:memory:", "duckdb:////tmp/a.duckdb?threads=1"]
    )
    def test_urls_that_name_no_file(self, url):
        with pytest.raises(ValueError, match="database_url"):
            open_sql(url, SPECS)
