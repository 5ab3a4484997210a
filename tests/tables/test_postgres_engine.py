"""What is particular to PostgreSQL: conflicts, lost connections, restarts, texts, what is said."""

import asyncio
import json
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from leonidas_jupyter.tables import postgres, sql
from leonidas_jupyter.tables.base import Add, Exists, Put, Unavailable
from leonidas_jupyter.tables.postgres import decoded, encoded, postgres_driver
from leonidas_jupyter.tables.sql import SqlDatabase, open_sql
from scripts.servers.postgres import Cluster
from scripts.servers.process import HOST, Running, free_port
from tests.contracts.engines import sql_database
from tests.contracts.things import NOTES, SPECS, THINGS, TICKETS, Note, Thing, Ticket


def plain(url):
    return url.replace("+psycopg", "")


@contextmanager
def other(url):
    """A connection of somebody else."""
    import psycopg

    with psycopg.connect(plain(url), autocommit=True) as connection:
        yield connection


def on(url, body, **options):
    async def main():
        database = sql_database(url, **options)
        try:
            return await body(database)
        finally:
            await database.close()

    return asyncio.run(main())


async def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


def waits_for_a_lock(connection):
    asked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    return connection.execute(asked).fetchone()[0] > 0


@pytest.mark.parametrize(
    "text", ["", "a", "\0", "\x01", "\x02", "\0\x01", "\x01\0\x01\x01", "\x01\x02", "é\0\x01\x7f"]
)
def test_texts_are_encoded_and_come_back(text):
    assert "\0" not in encoded(text)
    assert decoded(encoded(text)) == text


def test_encoded_texts_sort_as_the_texts_do():
    signs = ["\0", "\x01", "\x02", "a"]
    texts = ["", *signs, *(a + b for a in signs for b in signs)]
    texts += [a + b + c for a in signs for b in signs for c in signs]
    assert sorted(texts) == sorted(texts, key=encoded)
    assert len({encoded(text) for text in texts}) == len(texts)


def test_texts_sort_by_their_bytes_whatever_the_database_s_language(postgres_url):
    """The databases of tests have no language, so the columns are looked at."""
    asyncio.run(open_sql(postgres_url, SPECS, create_tables=True).close())
    asked = (
        "SELECT c.relname, a.attname, o.collname FROM pg_attribute a "
        "JOIN pg_class c ON c.oid = a.attrelid JOIN pg_collation o ON o.oid = a.attcollation "
        "WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0"
    )
    with other(postgres_url) as connection:
        found = connection.execute(asked).fetchall()
    assert ("users", "username", "C") in found
    assert ("sessions", "summary", "C") in found  # by a later migration
    assert ("uq_users_username", "username", "C") in found
    bookkeeping = ("alembic_version", "alembic_version_pkc")
    assert {name for table, _, name in found if table not in bookkeeping} == {"C"}


def test_a_row_that_another_changes_is_waited_for(postgres_url):
    async def body(database):
        things = database.table(THINGS)
        await things.put(Thing(thing_id="t", count=1))
        with other(postgres_url) as rival, other(postgres_url) as watcher:
            rival.execute("BEGIN")
            rival.execute("UPDATE things SET count = 10 WHERE thing_id = 't'")
            adding = asyncio.create_task(things.add("t", "count", 1))
            await until(lambda: waits_for_a_lock(watcher))
            assert (await things.get("t")).count == 1  # who reads does not wait
            rival.execute("COMMIT")
            assert await adding == 11

    on(postgres_url, body)


def test_a_value_that_another_takes_first_is_told_by_its_field(postgres_url):
    """What was free when it was looked at may not be any more: it is looked at again."""

    async def body(database):
        things = database.table(THINGS)
        await things.put(Thing(thing_id="first", email="old@"))
        with other(postgres_url) as rival, other(postgres_url) as watcher:
            for attempt, theirs, field in (
                (
                    things.put(Thing(thing_id="t", email="a@")),
                    {"thing_id": "r", "email": "a@"},
                    "email",
                ),
                (
                    things.put(Thing(thing_id="u"), if_absent=True),
                    {"thing_id": "u", "email": None},
                    "thing_id",
                ),
            ):
                rival.execute("BEGIN")
                rival.execute(
                    "INSERT INTO things SELECT (jsonb_populate_record(t, %s)).* FROM things t "
                    "WHERE thing_id = 'first'",
                    [json.dumps(theirs)],
                )
                task = asyncio.create_task(attempt)
                await until(lambda: waits_for_a_lock(watcher))
                rival.execute("COMMIT")
                with pytest.raises(Exists) as refused:
                    await task
                assert refused.value.field == field
        assert await things.get("t") is None

    on(postgres_url, body)


def test_writers_that_cross_lock_in_one_order(postgres_url):
    """A deadlock would be found and tried again, a second later."""

    async def body(database):
        for name in "ab":
            await database.table(THINGS).put(Thing(thing_id=name))
        pairs = [("a", "b"), ("b", "a")] * 40
        await asyncio.gather(
            *(database.transact([Add(THINGS, name, "count", 1) for name in pair]) for pair in pairs)
        )
        return [(await database.table(THINGS).get(name)).count for name in "ab"]

    assert on(postgres_url, body) == [80, 80]
    asked = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    with other(postgres_url) as connection:
        assert connection.execute(asked).fetchone() == (0,)


def test_a_deadlock_is_tried_again(postgres_url):
    async def body(database):
        for name in "ab":
            await database.table(THINGS).put(Thing(thing_id=name))
        with other(postgres_url) as rival, other(postgres_url) as watcher:
            rival.execute("SET deadlock_timeout = '10min'")  # it is ours that gives way
            rival.execute("BEGIN")
            rival.execute("UPDATE things SET rank = 7 WHERE thing_id = 'b'")
            both = [Add(THINGS, "a", "count", 1), Add(THINGS, "b", "count", 1)]
            task = asyncio.create_task(database.transact(both))
            await until(lambda: waits_for_a_lock(watcher))
            await asyncio.to_thread(
                rival.execute, "UPDATE things SET rank = 7 WHERE thing_id = 'a'"
            )
            rival.execute("COMMIT")
            await task
        found = [await database.table(THINGS).get(name) for name in "ab"]
        return [(thing.rank, thing.count) for thing in found]

    assert on(postgres_url, body) == [(7, 1), (7, 1)]


def test_a_holder_that_was_put_off_meanwhile_is_not_taken_for_expired(postgres_url):
    clock = [datetime(2100, 1, 1, tzinfo=UTC)]

    async def body(database):
        tickets = database.table(TICKETS)
        soon = clock[0] + timedelta(seconds=1)
        await tickets.put(Ticket(ticket_id="a", holder="ann", expires_at=soon))
        clock[0] = soon
        with other(postgres_url) as rival, other(postgres_url) as watcher:
            rival.execute("BEGIN")
            rival.execute("UPDATE tickets SET expires_at = '2200-01-01T00:00:00.000000Z'")
            task = asyncio.create_task(tickets.put(Ticket(ticket_id="b", holder="ann")))
            await until(lambda: waits_for_a_lock(watcher))
            rival.execute("COMMIT")
            with pytest.raises(Exists):
                await task
        assert await tickets.get("a") is not None

    on(postgres_url, body, clock=lambda: clock[0])


def test_a_sweep_waits_for_nobody_and_takes_nothing_that_was_put_off(postgres_url):
    clock = [datetime(2100, 1, 1, tzinfo=UTC)]

    async def fill(database):
        soon = clock[0] + timedelta(seconds=1)
        expiring = [Put(TICKETS, Ticket(ticket_id=f"t{n}", expires_at=soon)) for n in range(3)]
        await database.transact(expiring)
        clock[0] = soon

    async def sweep(database):
        with other(postgres_url) as rival:
            rival.execute("BEGIN")
            rival.execute(
                "UPDATE tickets SET expires_at = '2200-01-01T00:00:00.000000Z' "
                "WHERE ticket_id = 't1'"
            )
            await database.table(TICKETS).put(Ticket(ticket_id="new"))
            rival.execute("COMMIT")
            found = rival.execute("SELECT ticket_id FROM tickets ORDER BY 1").fetchall()
        return [name for (name,) in found]

    on(postgres_url, fill, clock=lambda: clock[0])
    assert on(postgres_url, sweep, clock=lambda: clock[0]) == ["new", "t1"]


def test_reads_run_side_by_side_and_so_do_writes(postgres_url):
    async def body(database):
        things = database.table(THINGS)
        for name in "ab":
            await things.put(Thing(thing_id=name))
        with other(postgres_url) as rival, other(postgres_url) as watcher:
            rival.execute("BEGIN")
            rival.execute("SELECT 1 FROM things WHERE thing_id = 'a' FOR UPDATE")
            waiting = asyncio.create_task(things.update("a", {"rank": 1}))
            await until(lambda: waits_for_a_lock(watcher))
            assert (await things.update("b", {"rank": 1})).rank == 1
            assert not waiting.done()
            rival.execute("COMMIT")
            assert (await waiting).rank == 1

    on(postgres_url, body)


def test_idle_connections_are_closed_and_opened_again(postgres_url, monkeypatch):
    monkeypatch.setattr(postgres, "IDLE_SECONDS", 0.05)
    mine = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'leonidas'"

    async def body(database):
        things = database.table(THINGS)
        await things.put(Thing(thing_id="t"))
        with other(postgres_url) as watcher:
            await until(lambda: watcher.execute(mine).fetchone()[0] == 0)
        assert await things.get("t") is not None

    on(postgres_url, body)


class TestLostConnections:
    def test_connections_that_the_server_ended_are_made_anew_unnoticed(self, postgres_url):
        end = (
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE application_name = 'leonidas'"
        )

        async def body(database):
            things = database.table(THINGS)
            await things.put(Thing(thing_id="t"))
            for round_ in range(3):
                with other(postgres_url) as admin:
                    assert admin.execute(end).fetchone()[0] > 0
                assert (await things.get("t")).count == round_
                assert await things.add("t", "count", 1) == round_ + 1

        on(postgres_url, body)

    def test_a_transaction_that_broke_before_its_end_is_done_again(self, postgres_url):
        async def body(database):
            things = database.table(THINGS)
            await things.put(Thing(thing_id="t"))
            with other(postgres_url) as rival, other(postgres_url) as admin:
                rival.execute("BEGIN")
                rival.execute("SELECT 1 FROM things FOR UPDATE")
                adding = asyncio.create_task(things.add("t", "count", 1))
                await until(lambda: waits_for_a_lock(admin))
                admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE wait_event_type = 'Lock'"
                )
                await until(lambda: waits_for_a_lock(admin))
                rival.execute("COMMIT")
                assert await adding == 1

        on(postgres_url, body)

    def test_a_connection_that_breaks_while_it_confirms_is_told_and_not_done_again(
        self, postgres_url
    ):
        """Whether it was done is not known: to do it again might do it twice."""

        async def body(database):
            with other(postgres_url) as admin:
                admin.execute(
                    "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS "
                    "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$"
                )
                admin.execute(
                    "CREATE CONSTRAINT TRIGGER die AFTER INSERT ON notes "
                    "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()"
                )
            with pytest.raises(Unavailable, match="while a change was confirmed") as told:
                await database.table(NOTES).put(Note(thing_id="a", number=1))
            assert told.value.retry_after == 1
            await database.table(THINGS).put(Thing(thing_id="t"))  # by the same thread

        on(f"{postgres_url}?pool_size=2", body)

    def test_a_restart_in_the_middle_loses_nothing_confirmed(self, server_folder):
        """By a crash: the server has no time to end anything in order."""
        folder = server_folder / "restarted"
        folder.mkdir()
        folder.chmod(0o755)
        cluster, port = Cluster(folder), free_port()
        program = cluster.server()
        fixed = replace(
            program,
            command=lambda _port: [*program.command(port), "-c", "synchronous_commit=on"],
            answers=lambda _port: program.answers(port),
            signal="SIGQUIT",
        )
        confirmed, failures = [], []

        async def write(notes, running):
            number = 0
            while running:
                number += 1
                try:
                    await notes.put(Note(thing_id="a", number=number))
                    confirmed.append(number)
                except Unavailable as error:
                    failures.append(error)
                    await asyncio.sleep(0.02)

        async def body(database):
            notes = database.table(NOTES)
            running = [True]
            writing = [asyncio.create_task(write(notes, running))]
            for _ in range(2):
                have = len(confirmed)
                await until(lambda have=have: len(confirmed) > have + 5)
                await asyncio.to_thread(server.stop)
                have = len(failures)
                await until(lambda have=have: len(failures) > have)
                await asyncio.to_thread(server.__enter__)
                have = len(failures)
                for number in range(30):
                    await notes.put(Note(thing_id="b", number=number))
            running.clear()
            await asyncio.gather(*writing)
            return {note.number for note in (await notes.query(None, "a", limit=100_000)).items}

        server = Running(fixed, folder)
        with server:
            stored = on(cluster.url(port), body)
        assert set(confirmed) <= stored
        for failure in failures:
            assert str(port) not in str(failure)
            assert HOST not in str(failure)


class TestFailures:
    def test_a_lock_held_too_long(self, postgres_url, monkeypatch):
        monkeypatch.setattr(postgres, "LOCK_SECONDS", 0.1)

        async def body(database):
            things = database.table(THINGS)
            await things.put(Thing(thing_id="t"))
            with other(postgres_url) as rival:
                rival.execute("BEGIN")
                rival.execute("SELECT 1 FROM things FOR UPDATE")
                with pytest.raises(Unavailable, match="busy") as refused:
                    await things.update("t", {"rank": 1})
                assert refused.value.retry_after == 5
                rival.execute("ROLLBACK")
            await things.update("t", {"rank": 1})

        on(postgres_url, body)

    def test_a_statement_that_takes_too_long(self, postgres_url, monkeypatch):
        monkeypatch.setattr(postgres, "STATEMENT_SECONDS", 0.1)

        async def body(database):
            with other(postgres_url) as rival:
                rival.execute("BEGIN")
                rival.execute("LOCK TABLE things")  # even for who reads
                with pytest.raises(Unavailable, match="too long"):
                    await database.table(THINGS).get("t")
                rival.execute("ROLLBACK")
            assert await database.table(THINGS).get("t") is None

        on(postgres_url, body)

    def test_no_connection_left(self, postgres_url):
        with other(postgres_url) as admin:
            admin.execute("CREATE ROLE crowd LOGIN PASSWORD 'many' CONNECTION LIMIT 0")
            try:
                parts = urlsplit(postgres_url)
                url = parts._replace(netloc=f"crowd:many@{HOST}:{parts.port}").geturl()
                with pytest.raises(Unavailable, match="no connection left") as refused:
                    open_sql(url, SPECS)
            finally:
                admin.execute("DROP ROLE crowd")
        assert refused.value.retry_after == 5

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            (
                lambda parts: parts.replace("leonidas:", "leonidas:wrong"),
                "refuses the user or pass",
            ),
            (lambda parts: parts.replace("leonidas:", "nobody:"), "refuses the user or password"),
            (lambda parts: parts + "nowhere", "no database of the name"),
            (lambda parts: re.sub(r":\d+/", ":1/", parts), "cannot be reached"),
            (lambda parts: parts + "?sslmode=require", "No safe connection"),
        ],
        ids=["password", "user", "database", "port", "no-tls"],
    )
    def test_what_cannot_be_connected_is_told_in_one_sentence(self, postgres_url, change, sentence):
        url = change(postgres_url)
        with pytest.raises(Unavailable, match=sentence) as refused:
            open_sql(url, SPECS)
        said = str(refused.value)
        password = urlsplit(plain(postgres_url)).password
        assert "\n" not in said
        assert not any(secret in said for secret in (password, HOST, "leonidas:"))

    def test_a_user_who_may_not(self, postgres_url):
        with other(postgres_url) as admin:
            admin.execute("CREATE ROLE reader LOGIN PASSWORD 'reads'")
            try:
                netloc = urlsplit(plain(postgres_url)).netloc
                port, name = netloc.rpartition(":")[2], urlsplit(plain(postgres_url)).path
                on(postgres_url, lambda database: database.ping())
                admin.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
                database = SqlDatabase(
                    postgres_driver(f"postgresql://reader:reads@{HOST}:{port}{name}"), SPECS
                )

                async def body():
                    assert await database.table(NOTES).get(("a", 1)) is None
                    with pytest.raises(Unavailable, match="may not do this"):
                        await database.table(NOTES).put(Note(thing_id="a", number=1))
                    await database.close()

                asyncio.run(body())
            finally:
                admin.execute("DROP OWNED BY reader")
                admin.execute("DROP ROLE reader")

    def test_a_database_that_can_only_be_read(self, postgres_url):
        async def body(database):
            name = urlsplit(plain(postgres_url)).path[1:]
            with other(postgres_url) as admin:
                admin.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
            with pytest.raises(Unavailable, match="only be read"):
                await database.table(THINGS).put(Thing(thing_id="t"))

        on(postgres_url, body)

    def test_a_mistake_of_ours_is_no_outage(self, postgres_url):
        import psycopg

        async def body(database):
            with other(postgres_url) as admin:
                admin.execute("DROP TABLE things")
            with pytest.raises(psycopg.errors.UndefinedTable):
                await database.table(THINGS).get("t")

        on(postgres_url, body)

    def test_others_who_always_come_first_are_an_overload(self, postgres_url, monkeypatch):
        import psycopg

        tries = []

        def conflict(*_):
            tries.append(None)
            raise psycopg.errors.SerializationFailure

        monkeypatch.setattr("leonidas_jupyter.tables.connection.pause", lambda _attempt: None)
        monkeypatch.setattr(sql, "apply", conflict)

        async def body(database):
            with pytest.raises(Unavailable, match="busy"):
                await database.table(THINGS).put(Thing(thing_id="t"))

        on(postgres_url, body)
        assert len(tries) > 5

    def test_without_psycopg_the_extra_is_named(self):
        code = (
            "import sys; sys.modules['psycopg'] = None\n"
            "from leonidas_jupyter.tables.base import Unavailable\n"
            "from leonidas_jupyter.tables.sql import open_sql\n"
            "try: open_sql('postgresql+psycopg://host/name', [])\n"
            "except Unavailable as error: print(error)\n"
        )
        said = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
        assert said == "PostgreSQL needs psycopg; install leonidas-jupyter[server,postgres].\n"
