"""What is particular to SQLite: several processes, kills, journals, failures of the disk."""

import asyncio
import contextlib
import logging
import os
import sqlite3
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from leonidas_jupyter.tables import sql, sqlite, statements
from leonidas_jupyter.tables.base import Put, Unavailable
from leonidas_jupyter.tables.drivers import Driver
from leonidas_jupyter.tables.schema import sql_metadata
from leonidas_jupyter.tables.sql import SqlDatabase, open_sql
from leonidas_jupyter.tables.sqlite import BEGIN, filesystem, open_engine
from leonidas_jupyter.tables.statements import Shape
from tests.contracts.engines import sqlite_database
from tests.contracts.things import NOTES, SPECS, THINGS, TICKETS, Note, Thing, Ticket


def on_sqlite(folder, body):
    async def main():
        database = sqlite_database(folder)
        try:
            return await body(database)
        finally:
            await database.close()

    return asyncio.run(main())


def journal(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA journal_mode").fetchone()[0]


def test_it_keeps_a_write_ahead_log(tmp_path, caplog):
    on_sqlite(tmp_path, lambda database: database.ping())
    assert journal(tmp_path / "contract.db") == "wal"
    assert caplog.records == []


def test_where_the_log_cannot_be_it_keeps_a_rollback_journal_and_says_so(tmp_path, caplog):
    # This VFS of SQLite's own has no shared memory, as some file systems have none.
    url = f"sqlite:///file:{tmp_path}/dot.db?vfs=unix-dotfile&uri=true"

    async def body():
        engine = open_engine(url)
        with engine.begin() as connection:
            sql_metadata(SPECS).create_all(connection)
        database = SqlDatabase(Driver(engine, BEGIN, sqlite.explained), SPECS)
        await asyncio.gather(
            *(
                database.table(THINGS).put(Thing(thing_id=str(number), owner="ann"))
                for number in range(10)
            )
        )
        found = await database.table(THINGS).query("rank", "ann")
        await database.close()
        return len(found.items)

    assert asyncio.run(body()) == 10
    assert journal(tmp_path / "dot.db") == "delete"
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert "write-ahead log" in record.getMessage()


def test_on_a_network_home_it_keeps_a_rollback_journal(tmp_path, caplog, monkeypatch):
    on_sqlite(tmp_path, lambda database: database.ping())
    monkeypatch.setattr(sqlite, "filesystem", lambda _path: "nfs4")
    on_sqlite(tmp_path, lambda database: database.table(THINGS).put(Thing(thing_id="t")))
    assert journal(tmp_path / "contract.db") == "delete"
    assert "network file system" in caplog.text


def test_the_file_system_of_a_path(tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "overlay / overlay rw 0 0\n"
        "server:/export /home nfs4 rw 0 0\n"
        "tmpfs /home/ann/local tmpfs rw 0 0\n"
        "//host/share /mnt/with\\040space cifs rw 0 0\n"
    )
    for path, kind in {
        "/home/ann/x.db": "nfs4",
        "/home/ann/local/x.db": "tmpfs",
        "/homes/x.db": "overlay",
        "/mnt/with space/x.db": "cifs",
    }.items():
        assert filesystem(Path(path), mounts) == kind
    assert filesystem(tmp_path, tmp_path / "missing") == ""


def test_files_and_folders_are_their_owners_only(tmp_path):
    async def body(database):
        await database.table(THINGS).put(Thing(thing_id="t"))
        folder = tmp_path / "new" / "folder"
        assert {stat.S_IMODE(each.stat().st_mode) for each in (folder, folder.parent)} == {0o700}
        return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}

    before = os.umask(0)
    try:
        modes = on_sqlite(tmp_path / "new" / "folder", body)
    finally:
        os.umask(before)
    assert set(modes) == {"contract.db", "contract.db-wal", "contract.db-shm"}
    assert set(modes.values()) == {0o600}


class TestFailures:
    def test_a_lock_held_too_long(self, tmp_path, monkeypatch):
        on_sqlite(tmp_path, lambda database: database.ping())
        monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)
        other = sqlite3.connect(tmp_path / "contract.db", isolation_level=None)

        async def body(database):
            things = database.table(THINGS)
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Unavailable, match="busy") as refused:
                await things.put(Thing(thing_id="t"))
            assert refused.value.retry_after == 5
            assert await things.get("t") is None
            other.execute("ROLLBACK")
            await things.put(Thing(thing_id="t"))

        with contextlib.closing(other):
            on_sqlite(tmp_path, body)

    def test_a_full_disk(self, tmp_path):
        on_sqlite(tmp_path, lambda database: database.ping())
        engine = open_engine(f"sqlite:///{tmp_path / 'contract.db'}")

        @event.listens_for(engine, "connect")
        def small_disk(connection, _record):
            connection.execute("PRAGMA max_page_count=60")

        async def main():
            database = SqlDatabase(Driver(engine, BEGIN, sqlite.explained), SPECS)
            things = database.table(THINGS)
            before = await things.put(Thing(thing_id="t"))
            big = Thing(thing_id="big", name="x" * 1_000_000)
            with pytest.raises(Unavailable, match=r"full; free some space"):
                await database.transact(
                    [Put(NOTES, Note(thing_id="t", number=1)), Put(THINGS, big)]
                )
            assert await things.get("t") == before
            assert await database.table(NOTES).get(("t", 1)) is None
            await things.put(Thing(thing_id="u"))
            await database.close()

        asyncio.run(main())

    def test_a_file_that_is_no_database(self, tmp_path):
        path = tmp_path / "a.db"
        path.write_bytes(b"id,name\n" * 1000)
        with pytest.raises(Unavailable, match="not a database"):
            open_sql(f"sqlite:///{path}", SPECS)
        assert path.read_bytes() == b"id,name\n" * 1000

    def test_a_folder_in_its_place(self, tmp_path):
        with pytest.raises(Unavailable, match="cannot be opened"):
            open_sql(f"sqlite:///{tmp_path}", SPECS)

    def test_a_file_in_the_place_of_its_folder(self, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(Unavailable, match="cannot be made"):
            open_sql(f"sqlite:///{tmp_path}/file/a.db", SPECS)

    def test_a_mistake_of_ours_is_no_outage(self, tmp_path):
        async def body(database):
            with contextlib.closing(sqlite3.connect(tmp_path / "contract.db")) as other:
                other.execute("DROP TABLE things")
            with pytest.raises(sqlite3.OperationalError, match="no such table"):
                await database.table(THINGS).get("t")

        on_sqlite(tmp_path, body)

    @pytest.mark.parametrize(
        "url",
        [
            "nonsense",
            "sqlite://",
            "sqlite:///:memory:",
            "mysql://host/name",
            "duckdb://",
            "postgresql://host",
        ],
    )
    def test_urls_that_name_no_file(self, url):
        with pytest.raises(ValueError, match="database_url"):
            open_sql(url, SPECS)


def test_expired_rows_are_swept_a_few_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(statements, "SWEPT_AT_ONCE", 3)
    monkeypatch.setattr(sql, "SWEPT_AT_ONCE", 3)
    clock = [datetime(2100, 1, 1, tzinfo=UTC)]

    def left():
        with contextlib.closing(sqlite3.connect(tmp_path / "contract.db")) as connection:
            return [row[0] for row in connection.execute("SELECT ticket_id FROM tickets")]

    async def main():
        database = sqlite_database(tmp_path, clock=lambda: clock[0])
        tickets = database.table(TICKETS)
        soon = clock[0] + timedelta(seconds=1)
        expiring = [Put(TICKETS, Ticket(ticket_id=f"old{n}", expires_at=soon)) for n in range(5)]
        await database.transact([*expiring, Put(TICKETS, Ticket(ticket_id="ever"))])
        await database.close()
        clock[0] = soon
        database = sqlite_database(tmp_path, clock=lambda: clock[0])
        tickets = database.table(TICKETS)
        await tickets.put(Ticket(ticket_id="a"))
        assert len(left()) == 4
        await tickets.put(Ticket(ticket_id="b"))
        assert sorted(left()) == ["a", "b", "ever"]
        await tickets.put(Ticket(ticket_id="over", expires_at=soon))
        await tickets.put(Ticket(ticket_id="c"))
        assert sorted(left()) == ["a", "b", "c", "ever", "over"]  # swept a moment ago
        await database.close()

    asyncio.run(main())


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("index", THINGS.indexes, ids=lambda index: index.name)
def test_a_query_walks_its_index(tmp_path, index, descending):
    """A listing stays flat as tables grow: no scan of the table, no sort."""

    async def statement(database):
        shape = Shape(index, after=True, low=True, high=True, descending=descending)
        return database.statements["things"].page(shape).text

    text = on_sqlite(tmp_path, statement)
    with contextlib.closing(sqlite3.connect(tmp_path / "contract.db")) as connection:
        asked = connection.execute(f"EXPLAIN QUERY PLAN {text}", [1] * text.count("?"))
        plan = " ".join(row[3] for row in asked)
    assert f"USING INDEX ix_things_{index.name}" in plan
    assert "B-TREE" not in plan
