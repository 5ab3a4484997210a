"""Several processes on one database, and one that is killed: nothing is lost, nothing is halved."""

import asyncio
import contextlib
import signal
import sqlite3

import pytest

from tests.contracts.engines import shared_database
from tests.contracts.things import NOTES, THINGS, Thing
from tests.tables.conftest import SERVED

COUNT_AND_CHANGE = """
import asyncio, sys
from leonidas_jupyter.tables.base import Stale
from tests.contracts.engines import shared_database
from tests.contracts.things import THINGS

async def one():
    database = shared_database(sys.argv[1])
    things = database.table(THINGS)
    for _ in range(25):
        await things.add("t", "count", 1)
        while True:
            thing = await things.get("t")
            try:
                await things.update("t", {"rank": thing.rank + 1}, if_version=thing.version)
                break
            except Stale:
                pass
    await database.close()

async def main():
    await asyncio.gather(*(one() for _ in range(4)))

asyncio.run(main())
"""

CLAIM_NAMES = """
import asyncio, sys
from leonidas_jupyter.tables.base import Exists
from tests.contracts.engines import shared_database
from tests.contracts.things import THINGS, Thing

async def main():
    database = shared_database(sys.argv[1])
    things = database.table(THINGS)

    async def claim(number):
        try:
            await things.put(Thing(thing_id=f"{sys.argv[2]}{number}", email=str(number)))
            print("won", number)
        except Exists as refused:
            assert refused.field == "email"

    await asyncio.gather(*(claim(number) for number in range(40)))
    await database.close()

asyncio.run(main())
"""

PAY = """
import asyncio, random, sys
from leonidas_jupyter.tables.base import Add
from tests.contracts.engines import shared_database
from tests.contracts.things import THINGS

async def main():
    database = shared_database(sys.argv[1])

    async def pay(payer, payee):
        await database.transact(
            [Add(THINGS, payer, "count", -1), Add(THINGS, payee, "count", 1)]
        )

    pairs = [random.sample("abcd", 2) for _ in range(60)]
    await asyncio.gather(*(pay(*pair) for pair in pairs))
    await database.close()

asyncio.run(main())
"""

WRITE_PAIRS = """
import asyncio, sys
from leonidas_jupyter.tables.base import Add, Put
from tests.contracts.engines import shared_database
from tests.contracts.things import NOTES, THINGS, Note

async def main():
    database = shared_database(sys.argv[1])
    number = int(sys.argv[2])
    while True:
        number += 1
        pair = [Put(NOTES, Note(thing_id=side, number=number, text="x" * 5000)) for side in "ab"]
        await database.transact([pair[0], Add(THINGS, "t", "count", 1), pair[1]])
        print(number, flush=True)

asyncio.run(main())
"""


@pytest.fixture(params=["sqlite", "duckdb", "postgresql", "dynamodb"])
def any_kind(request, tmp_path):
    """The URL of a database of each kind."""
    if request.param in SERVED:
        return request.getfixturevalue(SERVED[request.param])
    return f"{request.param}:///{tmp_path / 'any.db'}"


def on(url, body):
    async def main():
        database = shared_database(url)
        try:
            return await body(database)
        finally:
            await database.close()

    return asyncio.run(main())


def ended(process):
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out


def test_two_processes_of_four_threads_lose_nothing(shared, python):
    on(shared, lambda database: database.table(THINGS).put(Thing(thing_id="t")))
    for process in [python(COUNT_AND_CHANGE, shared) for _ in range(2)]:
        ended(process)
    thing = on(shared, lambda database: database.table(THINGS).get("t"))
    assert (thing.count, thing.rank, thing.version) == (200, 200, 201)


def test_two_processes_share_out_unique_values(shared, python):
    on(shared, lambda database: database.ping())
    processes = [python(CLAIM_NAMES, shared, name) for name in "ab"]
    won = [line for process in processes for line in ended(process).splitlines()]
    assert sorted(won) == sorted(f"won {number}" for number in range(40))


def test_transactions_that_cross_wait_for_each_other_and_all_come_through(shared, python):
    async def fill(database):
        for name in "abcd":
            await database.table(THINGS).put(Thing(thing_id=name, count=100))

    async def counts(database):
        return [(await database.table(THINGS).get(name)).count for name in "abcd"]

    on(shared, fill)
    for process in [python(PAY, shared) for _ in range(2)]:
        ended(process)
    after = on(shared, counts)
    assert sum(after) == 400
    assert after != [100] * 4


def test_a_kill_in_the_middle_of_writes_loses_nothing_confirmed(any_kind, python):
    on(any_kind, lambda database: database.table(THINGS).put(Thing(thing_id="t")))
    confirmed = 0
    for lines in (1, 20, 47):
        process = python(WRITE_PAIRS, any_kind, confirmed + 1000)
        for _ in range(lines):
            confirmed = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate()
        confirmed = max([confirmed, *map(int, rest.split())])
        left, right, count = on(any_kind, stands)
        assert left == right
        assert confirmed in left
        assert count == len(left)
    if any_kind.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(any_kind.removeprefix("sqlite:///"))) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def stands(database):
    notes = database.table(NOTES)
    left, right = [
        {note.number for note in (await notes.query(None, side, limit=100_000)).items}
        for side in "ab"
    ]
    return left, right, (await database.table(THINGS).get("t")).count
