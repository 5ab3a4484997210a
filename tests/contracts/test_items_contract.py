"""Single items: what goes in comes out, and who may change what."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from leonidas_jupyter.tables.base import Add, Delete, Exists, Missing, Put, Stale, Update
from tests.contracts.things import NOTES, THINGS, TICKETS, Color, Note, Part, Thing, Ticket

TEXTS = {
    "unicode": "Zürich 東京 🎉 \u202eabc e\u0301",
    "nul": "a\0b",
    "controls": "\x01\x1f\x7f\r\n\t",
    "quotes": "'; DROP TABLE things; -- \" ` %s :x ?",
    "empty": "",
    "large": "x" * 2_000_000,
}


def full_thing() -> Thing:
    return Thing(
        thing_id="t",
        owner="ann",
        name="n",
        email="a@b.c",
        rank=-(2**63),
        weight=0.1 + 0.2,
        due=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        color=Color.BLUE,
        kind="b",
        done=True,
        count=2**63 - 1,
        either="7",
        best=Part(name="p", size=1e300, inner=[Part(name="q")]),
        parts=[Part(name="ü\0"), Part(name="x", size=float("inf"))],
        extra={"big": 2**100, "none": None, "list": [1, 2.5, True, "a\0"], "é": {"n": -0.5}},
    )


def test_every_kind_of_field_comes_back_as_it_was(run):
    async def body(database):
        thing = full_thing()
        things = database.table(THINGS)
        assert await things.put(thing) == thing
        return thing, await things.get("t")

    put, got = run(body)
    assert got == put
    assert got.due.utcoffset() == timedelta(0)
    assert got.either == "7"
    assert (got.done, got.color, type(got.count)) == (True, Color.BLUE, int)


def test_the_least_item_comes_back_as_it_was(run):
    async def body(database):
        thing = await database.table(THINGS).put(Thing(thing_id="t"))
        assert await database.table(THINGS).get("t") == thing

    run(body)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_texts_are_kept_in_every_place(run, text):
    async def body(database):
        thing = Thing(
            thing_id="k" + text[:100], name=text, email=text[:500], extra={text[:100]: text}
        )
        things = database.table(THINGS)
        await things.put(thing)
        assert await things.get(thing.thing_id) == thing
        assert await things.find("email", text[:500]) == thing
        assert await things.get("k") == (thing if text == "" else None)

    run(body)


@pytest.mark.parametrize(
    "changes",
    [
        {"due": datetime(2026, 1, 1)},  # noqa: DTZ001 - naive on purpose
        {"weight": float("nan")},
        {"weight": float("inf")},
        {"count": 2**63},
        {"rank": -(2**63) - 1},
        {"name": "\ud800"},
        {"extra": {"a": "\ud800"}},
        {"name": None},
    ],
    ids=["naive", "nan", "inf", "big", "small", "surrogate", "inner-surrogate", "null"],
)
def test_what_cannot_be_kept_is_refused_and_changes_nothing(run, changes):
    async def body(database):
        things = database.table(THINGS)
        bad = Thing.model_construct(**{**Thing(thing_id="bad").__dict__, **changes})
        with pytest.raises(ValueError):  # noqa: PT011 - the message is the engine-free codec's
            await things.put(bad)
        good = await things.put(Thing(thing_id="good"))
        with pytest.raises(ValueError):  # noqa: PT011 - the codec's, or pydantic's
            await things.update("good", changes)
        assert await things.get("bad") is None
        assert await things.get("good") == good

    run(body)


def test_put_replaces_the_whole_item_unless_it_must_be_absent(run):
    async def body(database):
        things = database.table(THINGS)
        await things.put(full_thing(), if_absent=True)
        with pytest.raises(Exists) as refused:
            await things.put(Thing(thing_id="t", name="second"), if_absent=True)
        assert refused.value.field == "thing_id"
        assert (await things.get("t")).name == "n"
        replaced = await things.put(Thing(thing_id="t", name="third"))
        assert await things.get("t") == replaced
        assert replaced.parts == []

    run(body)


def test_of_many_puts_at_once_one_wins(run):
    async def body(database):
        things = database.table(THINGS)
        tries = (things.put(Thing(thing_id="t", rank=n), if_absent=True) for n in range(20))
        results = await asyncio.gather(*tries, return_exceptions=True)
        winners = [each for each in results if isinstance(each, Thing)]
        assert len(winners) == 1
        assert all(isinstance(each, Exists) for each in results if each not in winners)
        assert await things.get("t") == winners[0]

    run(body)


def test_a_unique_value_is_held_once(run):
    async def body(database):
        things = database.table(THINGS)
        await things.put(Thing(thing_id="a", email="x"))
        await things.put(Thing(thing_id="b", email="y"))
        for attempt in (
            things.put(Thing(thing_id="c", email="x")),
            things.put(Thing(thing_id="b", email="x")),
            things.update("b", {"email": "x"}),
        ):
            with pytest.raises(Exists) as refused:
                await attempt
            assert refused.value.field == "email"
        assert await things.get("c") is None
        assert (await things.find("email", "y")).thing_id == "b"
        assert (await things.get("b")).version == 1
        await things.put(Thing(thing_id="n1"))
        await things.put(Thing(thing_id="n2"))
        assert await things.find("email", "z") is None

    run(body)


def test_a_unique_value_is_free_again_when_it_is_given_up(run):
    async def body(database):
        things = database.table(THINGS)
        await things.put(Thing(thing_id="a", email="x"))
        await things.update("a", {"email": None})
        await things.put(Thing(thing_id="b", email="x"))
        await things.delete("b")
        await things.put(Thing(thing_id="c", email="x"))
        assert (await things.find("email", "x")).thing_id == "c"
        await things.update("c", {"email": "x", "rank": 5})

    run(body)


def test_of_many_claims_of_a_unique_value_one_wins(run):
    async def body(database):
        things = database.table(THINGS)
        tries = (things.put(Thing(thing_id=str(n), email="x")) for n in range(20))
        results = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(isinstance(each, Thing) for each in results) == 1
        assert sum(isinstance(each, Exists) for each in results) == 19

    run(body)


def test_update_raises_the_version_and_sets_the_time(run):
    moment = datetime(2030, 1, 1, tzinfo=UTC)

    async def body(database):
        things = database.table(THINGS)
        before = await things.put(full_thing())
        after = await things.update("t", {"name": "new", "parts": [Part(name="z")]})
        assert after == await things.get("t")
        expected = before.model_copy(
            update={
                "name": "new",
                "parts": [Part(name="z")],
                "version": before.version + 1,
                "updated_at": moment,
            }
        )
        assert after == expected

    run(body, clock=lambda: moment)


def test_update_and_delete_take_only_the_version_asked_for(run):
    async def body(database):
        things = database.table(THINGS)
        await things.put(Thing(thing_id="t"))
        await things.update("t", {"rank": 1}, if_version=1)
        with pytest.raises(Stale):
            await things.update("t", {"rank": 2}, if_version=1)
        with pytest.raises(Stale):
            await things.delete("t", if_version=1)
        assert (await things.get("t")).rank == 1
        await things.delete("t", if_version=2)
        assert await things.get("t") is None

    run(body)


def test_what_is_not_there_is_missing(run):
    async def body(database):
        things = database.table(THINGS)
        assert await things.get("t") is None
        await things.delete("t")
        for attempt in (
            things.update("t", {"rank": 2}),
            things.update("t", {"rank": 2}, if_version=1),
            things.delete("t", if_version=1),
            things.add("t", "count", 1),
        ):
            with pytest.raises(Missing):
                await attempt

    run(body)


@pytest.mark.parametrize("length", [1025, 2049, 100_000])
def test_nothing_stands_under_a_key_however_long(run, length):
    """As the path of a request may hold one; an engine may have a limit for keys."""
    long = "k" * length

    async def body(database):
        things, notes = database.table(THINGS), database.table(NOTES)
        assert await things.get(long) is None
        assert await things.find("email", long) is None
        assert await notes.get((long, 1)) is None
        await things.delete(long)
        for attempt in (
            things.update(long, {"rank": 2}),
            things.update(long, {"rank": 2}, if_version=1),
            things.delete(long, if_version=1),
            things.add(long, "count", 1),
            database.transact(
                [Put(THINGS, Thing(thing_id="t")), Update(THINGS, long, {"rank": 2})]
            ),
            database.transact([Put(THINGS, Thing(thing_id="t")), Add(THINGS, long, "count", 1)]),
        ):
            with pytest.raises(Missing):
                await attempt
        assert await things.get("t") is None
        await database.transact([Delete(THINGS, long), Put(NOTES, Note(thing_id="a", number=1))])
        assert await notes.get(("a", 1)) is not None
        assert (await notes.query(None, long)).items == []
        assert (await things.query("rank", long)).items == []

    run(body)


@pytest.mark.parametrize("changes", [{"thing_id": "u"}, {"version": 9}, {"nonsense": 1}])
def test_keys_versions_and_unknown_fields_cannot_be_changed(run, changes):
    async def body(database):
        things = database.table(THINGS)
        thing = await things.put(Thing(thing_id="t"))
        with pytest.raises(ValueError, match="cannot be changed"):
            await things.update("t", changes)
        assert await things.get("t") == thing

    run(body)


def test_changes_are_validated_by_the_model(run):
    async def body(database):
        things = database.table(THINGS)
        thing = await things.put(Thing(thing_id="t"))
        with pytest.raises(ValidationError):
            await things.update("t", {"color": "green"})
        assert await things.get("t") == thing

    run(body)


def test_add_counts_exactly_however_many_add_at_once(run):
    async def body(database):
        things = database.table(THINGS)
        before = await things.put(Thing(thing_id="t", count=5))
        values = await asyncio.gather(*(things.add("t", "count", 1) for _ in range(50)))
        assert sorted(values) == list(range(6, 56))
        assert await things.add("t", "count", -60) == -5
        after = await things.get("t")
        assert after == before.model_copy(update={"count": -5})

    run(body)


@pytest.mark.parametrize("field", ["version", "name", "weight", "thing_id"])
def test_add_is_for_counts_only(run, field):
    async def body(database):
        await database.table(THINGS).put(Thing(thing_id="t"))
        with pytest.raises(ValueError, match="not a count"):
            await database.table(THINGS).add("t", field, 1)

    run(body)


def test_add_beyond_64_bits_is_refused(run):
    async def body(database):
        things = database.table(THINGS)
        await things.put(Thing(thing_id="t", count=2**63 - 1))
        with pytest.raises(ValueError, match="64 bits"):
            await things.add("t", "count", 1)
        assert (await things.get("t")).count == 2**63 - 1

    run(body)


def test_optimistic_changes_lose_nothing(run):
    async def one(things):
        while True:
            thing = await things.get("t")
            try:
                await things.update("t", {"rank": thing.rank + 1}, if_version=thing.version)
            except Stale:
                continue
            return

    async def body(database):
        things = database.table(THINGS)
        await things.put(Thing(thing_id="t"))
        await asyncio.gather(*(one(things) for _ in range(20)))
        assert (await things.get("t")).rank == 20
        assert (await things.get("t")).version == 21

    run(body)


def test_composed_keys(run):
    async def body(database):
        notes = database.table(NOTES)
        await notes.put(Note(thing_id="a", number=1, text="one"))
        await notes.put(Note(thing_id="a", number=10, text="ten"))
        await notes.put(Note(thing_id="b", number=1, text="other"))
        assert (await notes.get(("a", 10))).text == "ten"
        assert await notes.get(("b", 10)) is None
        with pytest.raises(Exists) as refused:
            await notes.put(Note(thing_id="a", number=1), if_absent=True)
        assert refused.value.field == "number"
        with pytest.raises(ValueError, match="fields"):
            await notes.get("a")

    run(body)


def test_what_comes_out_is_a_copy(run):
    async def body(database):
        things = database.table(THINGS)
        put = await things.put(full_thing())
        put.parts.append(Part(name="later"))
        got = await things.get("t")
        got.extra["later"] = 1
        assert await things.get("t") == full_thing().model_copy(
            update={"created_at": got.created_at, "updated_at": got.updated_at}
        )

    run(body)


class TestTimeToLive:
    def test_an_item_whose_time_is_over_is_gone(self, run):
        clock = [datetime(2030, 1, 1, tzinfo=UTC)]

        async def body(database):
            tickets = database.table(TICKETS)
            soon, later = clock[0] + timedelta(seconds=1), clock[0] + timedelta(hours=1)
            await tickets.put(Ticket(ticket_id="old", holder="ann", expires_at=soon))
            await tickets.put(Ticket(ticket_id="new", expires_at=later))
            await tickets.put(Ticket(ticket_id="ever"))
            assert len((await tickets.query("series", "s")).items) == 3
            clock[0] = soon
            assert await tickets.get("old") is None
            assert await tickets.find("holder", "ann") is None
            page = await tickets.query("series", "s", limit=2)
            assert [each.ticket_id for each in page.items] == ["new", "ever"]
            assert page.next is None
            for attempt in (
                tickets.update("old", {"series": "x"}),
                tickets.delete("old", if_version=1),
            ):
                with pytest.raises(Missing):
                    await attempt

        run(body, clock=lambda: clock[0])

    def test_it_ends_at_its_time_and_can_be_put_off(self, run):
        clock = [datetime(2030, 1, 1, tzinfo=UTC)]

        async def body(database):
            tickets = database.table(TICKETS)
            end = clock[0] + timedelta(minutes=1)
            await tickets.put(Ticket(ticket_id="t", expires_at=end))
            clock[0] = end - timedelta(microseconds=1)
            assert await tickets.get("t") is not None
            await tickets.update("t", {"expires_at": end + timedelta(minutes=1)})
            clock[0] = end
            assert await tickets.get("t") is not None
            clock[0] = end + timedelta(minutes=1)
            assert await tickets.get("t") is None

        run(body, clock=lambda: clock[0])

    def test_its_key_and_unique_value_are_free(self, run):
        clock = [datetime(2030, 1, 1, tzinfo=UTC)]

        async def body(database):
            tickets = database.table(TICKETS)
            soon = clock[0] + timedelta(seconds=1)
            await tickets.put(Ticket(ticket_id="a", holder="ann", expires_at=soon))
            await tickets.put(Ticket(ticket_id="b", holder="bob", expires_at=soon))
            clock[0] = soon
            fresh = await tickets.put(Ticket(ticket_id="a", holder="bob"), if_absent=True)
            assert await tickets.get("a") == fresh
            assert await tickets.find("holder", "bob") == fresh
            assert await tickets.get("b") is None

        run(body, clock=lambda: clock[0])
