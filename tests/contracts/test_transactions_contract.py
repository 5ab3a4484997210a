"""Several operations at once: all of them or none."""

import asyncio

import pytest

from leonidas_jupyter.tables.base import (
    MAX_OPERATIONS,
    Add,
    Delete,
    Exists,
    Missing,
    Put,
    Stale,
    Update,
)
from tests.contracts.things import NOTES, THINGS, Note, Thing


async def everything(database):
    """The whole content, as far as these tests write."""
    things, notes = database.table(THINGS), database.table(NOTES)
    found = [await things.get(key) for key in "abcdef"]
    page = await notes.query(None, "a", limit=200)
    return [each for each in [*found, *page.items] if each is not None]


async def prepare(database):
    things = database.table(THINGS)
    await things.put(Thing(thing_id="a", email="a@", count=1))
    await things.put(Thing(thing_id="b", email="b@"))
    await things.put(Thing(thing_id="c"))


GOOD = [
    Put(THINGS, Thing(thing_id="d", email="d@"), if_absent=True),
    Update(THINGS, "b", {"name": "new"}, if_version=1),
    Delete(THINGS, "c"),
    Add(THINGS, "a", "count", 2),
    Put(NOTES, Note(thing_id="a", number=1)),
]
FAILURES = {
    "version": (Update(THINGS, "e", {"name": "x"}, if_version=7), Stale),
    "deleted version": (Delete(THINGS, "e", if_version=7), Stale),
    "unique": (Put(THINGS, Thing(thing_id="f", email="a@")), Exists),
    "updated unique": (Update(THINGS, "e", {"email": "d@"}), Exists),
    "key": (Put(THINGS, Thing(thing_id="e"), if_absent=True), Exists),
    "missing": (Update(THINGS, "f", {"name": "x"}), Missing),
    "nothing to add to": (Add(THINGS, "f", "count", 1), Missing),
    "not storable": (Update(THINGS, "e", {"weight": float("nan")}), ValueError),
}


def test_all_operations_are_done(run):
    async def body(database):
        await prepare(database)
        await database.transact(GOOD)
        things = database.table(THINGS)
        assert (await things.get("d")).email == "d@"
        assert (await things.get("b")).name == "new"
        assert (await things.get("b")).version == 2
        assert await things.get("c") is None
        assert (await things.get("a")).count == 3
        assert await database.table(NOTES).get(("a", 1)) is not None
        await database.transact([])

    run(body)


def test_one_item_counts_several_things_at_once(run):
    async def body(database):
        await prepare(database)
        things = database.table(THINGS)
        await database.transact([Add(THINGS, "a", "count", 2, {"rank": 5})])
        await database.transact([Add(THINGS, "a", "count", -1, {"rank": 1})])
        after = await things.get("a")
        assert (after.count, after.rank, after.version) == (2, 6, 1)
        for wrong in ("version", "name", "thing_id"):
            with pytest.raises(ValueError, match="not a count"):
                await database.transact([Add(THINGS, "a", "count", 1, {wrong: 1})])
        assert await things.get("a") == after

    run(body)


@pytest.mark.parametrize("place", [1, 3, len(GOOD)])
@pytest.mark.parametrize(("bad", "error"), FAILURES.values(), ids=FAILURES)
def test_a_failure_anywhere_undoes_everything(run, bad, error, place):
    async def body(database):
        await prepare(database)
        await database.table(THINGS).put(Thing(thing_id="e"))
        before = await everything(database)
        with pytest.raises(error):
            await database.transact([*GOOD[:place], bad, *GOOD[place:]])
        assert await everything(database) == before
        await database.transact(GOOD)

    run(body)


def test_the_first_failure_is_told(run):
    async def body(database):
        await prepare(database)
        with pytest.raises(Stale):
            await database.transact(
                [Update(THINGS, "a", {}, if_version=9), Add(THINGS, "zz", "count", 1)]
            )

    run(body)


def test_more_than_the_most_operations_are_refused(run):
    async def body(database):
        notes = [Put(NOTES, Note(thing_id="a", number=n)) for n in range(MAX_OPERATIONS + 1)]
        with pytest.raises(ValueError, match="at most"):
            await database.transact(notes)
        assert await everything(database) == []
        await database.transact(notes[:-1])
        assert len(await everything(database)) == MAX_OPERATIONS

    run(body)


def test_two_operations_on_one_item_are_refused(run):
    async def body(database):
        await prepare(database)
        before = await everything(database)
        with pytest.raises(ValueError, match="one item"):
            await database.transact(
                [Update(THINGS, "a", {"name": "x"}), Add(THINGS, ("a",), "count", 1)]
            )
        assert await everything(database) == before

    run(body)


def test_a_unique_value_passes_on_within_a_transaction(run):
    async def body(database):
        await prepare(database)
        await database.transact([Delete(THINGS, "a"), Put(THINGS, Thing(thing_id="d", email="a@"))])
        assert (await database.table(THINGS).find("email", "a@")).thing_id == "d"

    run(body)


def test_transactions_at_once_count_exactly(run):
    async def one(database, number):
        await database.transact(
            [
                Put(NOTES, Note(thing_id="a", number=number), if_absent=True),
                Add(THINGS, "a", "count", 1),
            ]
        )

    async def body(database):
        await prepare(database)
        tries = (one(database, number % 15) for number in range(30))
        results = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(isinstance(each, Exists) for each in results) == 15
        assert (await database.table(THINGS).get("a")).count == 1 + 15
        assert len((await database.table(NOTES).query(None, "a")).items) == 15

    run(body)


def test_an_engine_that_stands_answers(run):
    run(lambda database: database.ping())
