"""Walks over whole tables, and items stored exactly as they are."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from leonidas_jupyter.core.errors import ErrorCode, LeonidasError
from leonidas_jupyter.core.ids import now
from leonidas_jupyter.core.paging import encode_cursor
from leonidas_jupyter.tables.base import Exists
from tests.contracts.things import NOTES, THINGS, TICKETS, Color, Note, Part, Thing, Ticket

LONG_AGO = datetime(2024, 2, 29, 12, 0, 0, 123456, tzinfo=UTC)


async def walk(table, limit):
    """Everything, page by page; ends although pages may be short or empty."""
    found, after = [], None
    for _ in range(10_000):
        page = await table.scan(after=after, limit=limit)
        assert len(page.items) <= limit
        found.extend(page.items)
        if page.next is None:
            return found
        after = page.next
    raise AssertionError("The walk does not end.")


def by_key(table, items):
    return {table.spec.key_of(item): item for item in items}


def notes_of(many):
    return [
        Note(thing_id=f"t{n % 3}", number=n - 10, text=f"text {n}", version=n + 1)
        for n in range(many)
    ]


@pytest.mark.parametrize("limit", [1, 4, 23, 500])
def test_a_walk_meets_every_item_once(run, limit):
    async def body(database):
        notes = database.table(NOTES)
        stored = notes_of(23)
        for note in stored:
            await notes.put(note)
        found = await walk(notes, limit)
        assert len(found) == len(stored)
        assert by_key(notes, found) == by_key(notes, stored)

    run(body)


def test_a_walk_over_nothing_ends(run):
    async def body(database):
        assert await walk(database.table(THINGS), 10) == []

    run(body)


def test_a_walk_stays_in_its_table(run):
    async def body(database):
        await database.table(NOTES).put(Note(thing_id="a", number=1))
        await database.table(THINGS).put(Thing(thing_id="a"))
        (thing,) = await walk(database.table(THINGS), 10)
        assert isinstance(thing, Thing)

    run(body)


def test_a_walk_stays_right_while_others_write(run):
    async def body(database):
        notes = database.table(NOTES)
        lasting = notes_of(30)
        await notes.load(lasting)
        found, after, number = [], None, 100
        while True:
            page = await notes.scan(after=after, limit=4)
            found.extend(page.items)
            await notes.put(Note(thing_id="t1", number=number))
            await notes.put(Note(thing_id="t1", number=-number))
            await notes.delete(("t1", -number + 1))
            number += 1
            if page.next is None:
                break
            after = page.next
        keys = [notes.spec.key_of(note) for note in found]
        assert len(keys) == len(set(keys))
        assert set(by_key(notes, lasting)) <= set(keys)

    run(body)


def test_a_walk_sees_what_was_written_just_before(run):
    async def body(database):
        notes = database.table(NOTES)
        for number in range(20):
            await notes.put(Note(thing_id="a", number=number))
            assert len(await walk(notes, 7)) == number + 1
            await notes.update(("a", number), {"text": "new"})
            assert by_key(notes, await walk(notes, 7))["a", number].text == "new"

    run(body)


def test_what_is_expired_is_walked_over_too(run):
    async def body(database):
        tickets = database.table(TICKETS)
        over = Ticket(ticket_id="over", holder="ann", expires_at=LONG_AGO)
        going = Ticket(ticket_id="going", expires_at=now() + timedelta(hours=1))
        await tickets.load([over, going])
        assert await tickets.get("over") is None
        assert by_key(tickets, await walk(tickets, 1)) == by_key(tickets, [over, going])

    run(body)


@pytest.mark.parametrize("cursor", ["no cursor", encode_cursor([1, 2, 3]), encode_cursor([None])])
def test_a_cursor_of_something_else_is_refused(run, cursor):
    async def body(database):
        await database.table(NOTES).load(notes_of(3))
        with pytest.raises(LeonidasError) as caught:
            await database.table(NOTES).scan(after=cursor)
        assert caught.value.code is ErrorCode.INVALID_REQUEST

    run(body)


@pytest.mark.parametrize("limit", [0, -1])
def test_a_page_of_nothing_is_refused(run, limit):
    async def body(database):
        with pytest.raises(ValueError, match="at least one"):
            await database.table(NOTES).scan(limit=limit)

    run(body)


def old_thing(thing_id, **fields):
    made = {"version": 7, "schema_version": 1, "created_at": LONG_AGO, "updated_at": LONG_AGO}
    return Thing(thing_id=thing_id, owner="ann", **{**made, **fields})


def test_items_are_loaded_as_they_are(run):
    async def body(database):
        things = database.table(THINGS)
        stored = [
            old_thing(
                f"t{n:03}",
                rank=n,
                email=f"{n}@" if n % 2 else None,
                color=Color.BLUE,
                best=Part(name="ü\0"),
                extra={"n": [n, None]},
            )
            for n in range(130)
        ]
        await things.load(stored)
        assert await things.get("t007") == stored[7]
        assert await things.find("email", "129@") == stored[129]
        page = await things.query("rank", "ann", limit=130)
        assert page.items == stored
        page = await things.query("color", "blue", between=(LONG_AGO, LONG_AGO), limit=200)
        assert len(page.items) == 130
        changed = await things.update("t007", {"rank": 1000}, if_version=7)
        assert changed.version == 8

    run(body)


def test_loading_nothing_does_nothing(run):
    async def body(database):
        await database.table(THINGS).load([])
        assert await walk(database.table(THINGS), 10) == []

    run(body)


def test_loading_again_changes_nothing(run):
    async def body(database):
        things = database.table(THINGS)
        stored = [old_thing(f"t{n}", email=f"{n}@") for n in range(5)]
        for _ in range(3):
            await things.load(stored)
        await things.load([stored[3]])
        assert by_key(things, await walk(things, 10)) == by_key(things, stored)

    run(body)


def test_what_stands_is_replaced_whole(run):
    async def body(database):
        things = database.table(THINGS)
        await things.put(old_thing("a", email="a@", version=9, extra={"x": 1}, rank=5))
        after = old_thing("a", email="b@", version=2)
        await things.load([after])
        assert await things.get("a") == after
        assert await things.find("email", "a@") is None
        assert await things.find("email", "b@") == after
        assert (await things.query("rank", "ann", between=(5, 5))).items == []
        await things.put(Thing(thing_id="b", email="a@"), if_absent=True)

    run(body)


def test_a_unique_value_that_another_holds_is_not_taken(run):
    async def body(database):
        things = database.table(THINGS)
        standing = await things.put(Thing(thing_id="a", email="a@"))
        with pytest.raises(Exists) as caught:
            await things.load([old_thing("b", email="a@")])
        assert caught.value.field == "email"
        assert await things.get("a") == standing
        assert await things.get("b") is None
        with pytest.raises(Exists):
            await things.load([old_thing("c", email="c@"), old_thing("d", email="c@")])
        assert len([t for t in await walk(things, 10) if t.email == "c@"]) <= 1

    run(body)


def test_a_loaded_unique_value_is_guarded(run):
    async def body(database):
        things = database.table(THINGS)
        await things.load([old_thing("a", email="a@")])
        with pytest.raises(Exists):
            await things.put(Thing(thing_id="b", email="a@"))
        await things.delete("a")
        await things.put(Thing(thing_id="b", email="a@"))

    run(body)


def test_an_expired_holder_gives_way(run):
    async def body(database):
        tickets = database.table(TICKETS)
        await tickets.load([Ticket(ticket_id="over", holder="ann", expires_at=LONG_AGO)])
        await tickets.load([Ticket(ticket_id="new", holder="ann")])
        assert (await tickets.find("holder", "ann")).ticket_id == "new"

    run(body)


def test_two_items_with_one_key_are_refused(run):
    async def body(database):
        notes = database.table(NOTES)
        with pytest.raises(ValueError, match="one key"):
            await notes.load([Note(thing_id="a", number=1), Note(thing_id="a", number=1, text="x")])
        assert await walk(notes, 10) == []

    run(body)


def test_what_cannot_be_stored_is_refused(run):
    async def body(database):
        with pytest.raises(ValueError, match="finite"):
            await database.table(THINGS).load([old_thing("a", weight=float("nan"))])

    run(body)


def test_loading_at_once_leaves_whole_items(run):
    async def body(database):
        things = database.table(THINGS)
        ways = [
            [old_thing(f"t{n}", name=str(way), rank=way) for n in range(30)] for way in range(4)
        ]
        await asyncio.gather(*(things.load(items) for items in ways))
        found = await walk(things, 10)
        assert len(found) == 30
        assert all(thing.name == str(thing.rank) for thing in found)

    run(body)
