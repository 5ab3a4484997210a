"""Queries: order, ranges, pages that stay right while others write."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leonidas_jupyter.core.errors import ErrorCode, LeonidasError
from leonidas_jupyter.core.ids import new_id
from leonidas_jupyter.core.paging import encode_cursor
from tests.contracts.things import NOTES, THINGS, Color, Note, Thing

START = datetime(2026, 1, 1, tzinfo=UTC)


async def pages(table, *arguments, **options):
    """Everything, page by page."""
    found, after = [], None
    while True:
        page = await table.query(*arguments, after=after, **options)
        found.extend(page.items)
        if page.next is None:
            return found
        assert len(page.items) == options["limit"]
        after = page.next


def ids(items):
    return [each.thing_id for each in items]


async def fill(things, ranks, owner="ann"):
    for number, rank in enumerate(ranks):
        await things.put(Thing(thing_id=f"{owner}{number:03}", owner=owner, rank=rank))


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
@pytest.mark.parametrize("descending", [False, True])
def test_pages_hold_everything_once_in_order_with_ties(run, limit, descending):
    async def body(database):
        things = database.table(THINGS)
        await fill(things, [5, -1, 5, 0, 5, 2**62, -1])
        await fill(things, [5, 1], owner="bob")
        found = await pages(things, "rank", "ann", limit=limit, descending=descending)
        order = sorted(((each.rank, each.thing_id) for each in found), reverse=descending)
        assert [(each.rank, each.thing_id) for each in found] == order
        assert len(found) == 7

    run(body)


def test_the_last_page_has_no_cursor(run):
    async def body(database):
        things = database.table(THINGS)
        await fill(things, [1, 2, 3])
        assert (await things.query("rank", "ann", limit=3)).next is None
        assert (await things.query("rank", "ann", limit=2)).next is not None
        empty = await things.query("rank", "nobody")
        assert (empty.items, empty.next) == ([], None)

    run(body)


def test_cursors_stay_right_under_inserts_and_deletes(run):
    async def body(database):
        things = database.table(THINGS)
        await fill(things, [10, 20, 30, 40])
        first = await things.query("rank", "ann", limit=2)
        assert [each.rank for each in first.items] == [10, 20]
        await things.put(Thing(thing_id="before", owner="ann", rank=5))
        await things.put(Thing(thing_id="after", owner="ann", rank=25))
        await things.delete("ann001")
        await things.delete("ann002")
        second = await things.query("rank", "ann", after=first.next, limit=10)
        assert [each.rank for each in second.items] == [25, 40]

    run(body)


def test_a_cursor_whose_item_and_followers_are_gone_gives_an_empty_page(run):
    async def body(database):
        things = database.table(THINGS)
        await fill(things, [1, 2])
        page = await things.query("rank", "ann", limit=1)
        await things.delete("ann000")
        await things.delete("ann001")
        last = await things.query("rank", "ann", after=page.next)
        assert (last.items, last.next) == ([], None)

    run(body)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(
    ("between", "ranks"),
    [
        ((2, 4), [2, 3, 3, 4]),
        ((None, 2), [1, 2]),
        ((4, None), [4, 5]),
        ((None, None), [1, 2, 3, 3, 4, 5]),
        ((3, 3), [3, 3]),
        ((4, 2), []),
        ((6, None), []),
    ],
)
def test_between_is_inclusive(run, between, ranks, descending):
    async def body(database):
        things = database.table(THINGS)
        await fill(things, [1, 2, 3, 3, 4, 5])
        options = {"between": between, "descending": descending, "limit": 2}
        found = await pages(things, "rank", "ann", **options)
        assert [each.rank for each in found] == (ranks[::-1] if descending else ranks)

    run(body)


def test_times_sort_and_range_as_times(run):
    async def body(database):
        things = database.table(THINGS)
        offsets = [0, 1, 999_999, 1_000_000, 60_000_000, -1, -86_400_000_000]
        for number, micros in enumerate(offsets):
            due = START + timedelta(microseconds=micros)
            await things.put(Thing(thing_id=str(number), owner="ann", due=due))
        found = await pages(things, "due", "ann", limit=2)
        assert ids(found) == ["6", "5", "0", "1", "2", "3", "4"]
        second = (START, START + timedelta(seconds=1))
        assert ids(await pages(things, "due", "ann", limit=9, between=second)) == [*"0123"]
        with pytest.raises(ValueError, match="time zone"):
            await things.query("due", "ann", between=(datetime(2026, 1, 1), None))  # noqa: DTZ001

    run(body)


def test_reals_sort_as_numbers(run):
    async def body(database):
        things = database.table(THINGS)
        weights = [1.5, -2.0, 1e300, 10.0, 0.0, 9.0]
        for number, weight in enumerate(weights):
            await things.put(Thing(thing_id=str(number), owner="ann", weight=weight))
        found = await pages(things, "weight", "ann", limit=1)
        assert [each.weight for each in found] == sorted(weights)

    run(body)


def test_null_partitions_and_null_sorts_stand_in_no_index(run):
    async def body(database):
        things = database.table(THINGS)
        await things.put(Thing(thing_id="no owner", due=START))
        await things.put(Thing(thing_id="no due", owner="ann"))
        await things.put(Thing(thing_id="both", owner="ann", due=START))
        for descending in (False, True):
            page = await things.query("due", "ann", descending=descending, limit=1)
            assert ids(page.items) == ["both"]
            assert page.next is None
        assert ids(await pages(things, "rank", "ann", limit=1)) == ["both", "no due"]

    run(body)


def test_items_move_between_partitions(run):
    async def body(database):
        things = database.table(THINGS)
        await fill(things, [1, 2])
        await things.update("ann000", {"owner": "bob"})
        assert ids((await things.query("rank", "ann")).items) == ["ann001"]
        assert ids((await things.query("rank", "bob")).items) == ["ann000"]

    run(body)


def test_a_partition_may_be_an_enumeration(run):
    async def body(database):
        things = database.table(THINGS)
        for name, color in (("a", Color.RED), ("b", Color.BLUE), ("c", Color.RED)):
            await things.put(Thing(thing_id=name, color=color))
        assert ids((await things.query("color", Color.RED)).items) == ["a", "c"]
        assert ids((await things.query("color", "blue")).items) == ["b"]

    run(body)


def test_the_own_order_of_a_composed_key(run):
    async def body(database):
        notes = database.table(NOTES)
        for number in (10, 9, 2, 1):
            await notes.put(Note(thing_id="a", number=number))
        await notes.put(Note(thing_id="b", number=3))
        found = await pages(notes, None, "a", limit=3)
        assert [each.number for each in found] == [1, 2, 9, 10]
        found = await pages(notes, None, "a", limit=1, descending=True, between=(2, 9))
        assert [each.number for each in found] == [9, 2]

    run(body)


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "nonsense",
        "é",
        encode_cursor([1]),
        encode_cursor([1, "a", 2]),
        encode_cursor(["text", "a"]),
        encode_cursor([1, 2]),
        encode_cursor([None, "a"]),
        encode_cursor([True, "a"]),
        encode_cursor([1, "a"])[:-2],
    ],
)
def test_a_foreign_cursor_is_an_invalid_request(run, cursor):
    async def body(database):
        await fill(database.table(THINGS), [1])
        with pytest.raises(LeonidasError) as refused:
            await database.table(THINGS).query("rank", "ann", after=cursor)
        assert refused.value.code is ErrorCode.INVALID_REQUEST

    run(body)


def test_mistakes_of_the_caller_are_value_errors(run):
    async def body(database):
        things = database.table(THINGS)
        for attempt in (
            things.query("nonsense", "ann"),
            things.query(None, "ann"),
            things.query("rank", "ann", limit=0),
            things.find("name", "x"),
        ):
            with pytest.raises(ValueError, match=r"index|one item|not unique"):
                await attempt

    run(body)


KEYS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=3)
ROWS = st.dictionaries(KEYS, st.tuples(st.integers(-2, 2), st.sampled_from(["ann", "bob", None])))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ROWS, st.integers(1, 4), st.booleans())
def test_any_items_come_in_the_same_order_from_every_engine(run, rows, limit, descending):
    # One engine holds the items of all examples, those of each in partitions of its own.
    example = new_id()

    async def body(database):
        things = database.table(THINGS)
        for key, (rank, owner) in rows.items():
            owned = owner and owner + example
            await things.put(Thing(thing_id=example + key, rank=rank, owner=owned))
        return await pages(things, "rank", f"ann{example}", limit=limit, descending=descending)

    expected = sorted(
        ((rank, example + key) for key, (rank, owner) in rows.items() if owner == "ann"),
        reverse=descending,
    )
    assert [(each.rank, each.thing_id) for each in run(body)] == expected
