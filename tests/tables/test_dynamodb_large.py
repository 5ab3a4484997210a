"""Items larger than DynamoDB takes: compressed, or in part in the object store."""

import asyncio
import json
from base64 import b64encode
from datetime import timedelta
from random import Random

import pytest

from leonidas_jupyter.core.ids import now
from leonidas_jupyter.storage.base import StoreUnavailable
from leonidas_jupyter.tables.base import Delete, Put, Stale, Unavailable, Update
from leonidas_jupyter.tables.dynamodb_items import SPILLED, size
from leonidas_jupyter.tables.dynamodb_spill import (
    MAX_ITEM,
    SETTLED,
    folder_of,
    object_key,
    owner_of,
    spilled_in,
)
from tests.contracts.things import NOTES, THINGS, Note, Part, Thing
from tests.tables.dynamodb_faults import Faults, error
from tests.tables.test_dynamodb_engine import raw

NOISE = b64encode(Random(1).randbytes(1_500_000)).decode()  # noqa: S311 - no secret
"""What does not become small: two million characters."""


async def objects(database):
    return [info.key async for info in database.store.list("")]


def test_a_field_that_becomes_small_is_compressed(on_dynamodb):
    async def body(database):
        things = database.table(THINGS)
        thing = await things.put(
            Thing(thing_id="t", name="ü" * 500_000, parts=[Part(name="x" * 5_000)])
        )
        stored = await raw(database, THINGS, "t")
        assert size(stored) < 10_000
        assert "B" in stored["name"]
        assert "B" in stored["parts"]
        assert await things.get("t") == thing
        assert await objects(database) == []
        changed = await things.update("t", {"name": "short", "parts": []})
        assert (await raw(database, THINGS, "t"))["name"] == {"S": "short"}
        assert await things.get("t") == changed

    on_dynamodb(body)


def test_what_is_too_large_lies_in_the_object_store(on_dynamodb):
    async def body(database):
        things = database.table(THINGS)
        thing = Thing(thing_id="t", owner="ann", name=NOISE, email=NOISE[::-1], rank=1)
        await things.put(thing, if_absent=True)
        assert size(await raw(database, THINGS, "t")) < MAX_ITEM
        assert len(await objects(database)) == 2
        assert await things.get("t") == thing
        assert await things.find("email", NOISE[::-1]) == thing
        assert (await things.query("rank", "ann")).items == [thing]
        assert (await things.scan()).items == [thing]
        counted = await things.update("t", {"rank": 2})
        assert counted.name == NOISE
        assert await things.add("t", "count", 3) == 3
        assert len(await objects(database)) == 2
        changed = await things.update("t", {"name": NOISE[5:]})
        assert await things.get("t") == changed
        assert len(await objects(database)) == 2
        await things.update("t", {"name": "short"})
        assert len(await objects(database)) == 1
        await things.delete("t")
        assert await objects(database) == []

    on_dynamodb(body)


def test_many_fields_that_are_too_large_together(on_dynamodb):
    async def body(database):
        things = database.table(THINGS)
        thing = Thing(
            thing_id="t",
            name=NOISE[:300_000],
            parts=[Part(name=NOISE[300_000:500_000])],
            extra={"a": NOISE[500_000:900_000]},
        )
        await things.put(thing)
        assert await things.get("t") == thing
        grown = await things.update("t", {"best": Part(name=NOISE[900_000:1_200_000])})
        assert await things.get("t") == grown
        assert grown.best.name in NOISE
        stored = await raw(database, THINGS, "t")
        assert size(stored) <= MAX_ITEM
        assert sorted(spilled_in(stored).values()) == sorted(await objects(database))

    on_dynamodb(body)


@pytest.mark.parametrize("together", [False, True])
def test_objects_go_with_what_they_belong_to(on_dynamodb, together):
    async def body(database):
        notes = database.table(NOTES)

        async def do(operation):
            if together:
                other = Put(NOTES, Note(thing_id="other", number=1))
                await database.transact([operation, other])
            else:
                await database.run(operation)

        for number in range(3):
            await do(Put(NOTES, Note(thing_id="t", number=number, text=NOISE)))
        assert len(await objects(database)) == 3
        await do(Put(NOTES, Note(thing_id="t", number=0, text=NOISE[1:])))
        assert (await notes.get(("t", 0))).text == NOISE[1:]
        assert len(await objects(database)) == 3
        await do(Put(NOTES, Note(thing_id="t", number=0)))
        await do(Delete(NOTES, ("t", 1), if_version=1))
        await do(Delete(NOTES, ("t", 2)))
        assert await objects(database) == []

    on_dynamodb(body)


def test_a_transaction_of_large_items_stays_below_what_dynamodb_takes(on_dynamodb):
    async def body(database):
        notes = [
            Note(thing_id="t", number=n, text=NOISE[n * 1_000 : n * 1_000 + 300_000])
            for n in range(20)
        ]
        await database.transact([Put(NOTES, note, if_absent=True) for note in notes])
        assert (await database.table(NOTES).query(None, "t")).items == notes

    on_dynamodb(body)


def test_loaded_items_may_be_large(on_dynamodb):
    async def body(database):
        notes, things = database.table(NOTES), database.table(THINGS)
        await notes.load(stored := [Note(thing_id="t", number=n, text=NOISE) for n in range(3)])
        assert (await notes.scan()).items == stored
        await things.load([thing := Thing(thing_id="t", email="x", name=NOISE)])
        assert await things.find("email", "x") == thing

    on_dynamodb(body)


def test_a_write_that_is_refused_leaves_no_object(on_dynamodb):
    async def body(database):
        notes = database.table(NOTES)
        await notes.put(Note(thing_id="t", number=1, text=NOISE))
        with pytest.raises(Stale):
            await notes.update(("t", 1), {"text": NOISE[1:]}, if_version=7)
        with pytest.raises(Stale):
            await database.transact(
                [
                    Put(NOTES, Note(thing_id="t", number=2, text=NOISE)),
                    Update(NOTES, ("t", 1), {"text": NOISE[1:]}, if_version=7),
                ]
            )
        assert len(await objects(database)) == 1
        assert (await notes.get(("t", 1))).text == NOISE

    on_dynamodb(body)


def test_whoever_fails_midway_leaves_an_object_too_many_and_never_too_few(on_dynamodb):
    """Nobody knows whether a write was done whose answer is a fault; so nothing is removed."""

    async def body(database):
        notes = database.table(NOTES)
        await notes.put(Note(thing_id="t", number=1, text=NOISE))
        fault = error("AccessDeniedException")
        with Faults(database.client).during([fault], "UpdateItem"), pytest.raises(Unavailable):
            await notes.update(("t", 1), {"text": NOISE[1:]})
        assert (await notes.get(("t", 1))).text == NOISE
        assert len(await objects(database)) == 2
        assert await database.sweep() == 0  # it is new: somebody may be about to point to it
        database.clock = lambda: now() + SETTLED + timedelta(minutes=1)
        assert await database.sweep() == 1
        assert (await notes.get(("t", 1))).text == NOISE
        await asyncio.to_thread(
            database.client.delete_item,
            TableName=database.tables["notes"],
            Key={"thing_id": {"S": "t"}, "number": {"N": "1"}},
        )  # as DynamoDB does when an item's time is over
        assert await database.sweep() == 1
        assert await objects(database) == []

    on_dynamodb(body)


def test_writing_what_is_large_sweeps_now_and_then(on_dynamodb):
    async def body(database):
        database.clock = lambda: now() + SETTLED + timedelta(minutes=1)
        left = object_key(folder_of(database.tables["notes"], '["gone",1]'), "text")
        await database.store.put(left, b"x")
        foreign = f"items/{database.tables['notes']}/of-somebody-else"
        await database.store.put(foreign, b"x")
        await database.table(NOTES).put(Note(thing_id="t", number=1, text=NOISE))
        async with asyncio.timeout(60):
            await database.sweeper._task
        stored = await objects(database)
        assert left not in stored
        assert foreign in stored
        assert len(stored) == 2

    on_dynamodb(body)


def test_a_reader_meets_no_object_that_was_replaced(on_dynamodb):
    async def body(database):
        notes = database.table(NOTES)
        await notes.put(Note(thing_id="t", number=1, text=NOISE))
        get, replaced = database.objects.get, Note(thing_id="t", number=1, text=NOISE[1:])

        async def get_late(key):
            database.objects.get = get
            await notes.put(replaced)
            return await get(key)

        database.objects.get = get_late
        assert await notes.get(("t", 1)) == replaced

    on_dynamodb(body)


def test_a_store_that_fails_is_said(on_dynamodb):
    async def body(database):
        notes = database.table(NOTES)
        await notes.put(Note(thing_id="t", number=1, text=NOISE))

        async def fail(*_arguments, **_options):
            raise StoreUnavailable("The bucket is away.", 7)

        database.store.put = fail
        with pytest.raises(Unavailable, match="The bucket is away") as refused:
            await notes.put(Note(thing_id="t", number=2, text=NOISE))
        assert refused.value.retry_after == 7
        assert await notes.get(("t", 2)) is None

    on_dynamodb(body)


def test_without_an_object_store_an_item_may_be_too_large(on_dynamodb):
    async def body(database):
        with pytest.raises(ValueError, match="larger than DynamoDB takes"):
            await database.table(NOTES).put(Note(thing_id="t", number=1, text=NOISE))

    on_dynamodb(body, objects=None)


@pytest.mark.parametrize("key", [("a",), ("ü/..\0", 7), ("x" * 300, "y" * 40)])
def test_an_object_tells_whose_it_is(key):
    text = json.dumps(key)
    before = now() - timedelta(seconds=1)
    owner, made = owner_of(object_key(folder_of("prefix-notes", text), "text"))
    assert owner == text
    assert before <= made <= now() + timedelta(seconds=1)


def test_an_item_says_where_its_parts_lie(on_dynamodb):
    async def body(database):
        await database.table(NOTES).put(Note(thing_id="t", number=1, text=NOISE))
        stored = await raw(database, NOTES, "t", 1)
        (key,) = await objects(database)
        assert stored[SPILLED] == {"M": {"text": {"S": key}}}
        assert key.startswith(f"items/{database.tables['notes']}/")

    on_dynamodb(body)
