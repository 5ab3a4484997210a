"""What is DynamoDB's own: its requests, its indexes, its limits on keys and transactions."""

import asyncio
import json
import threading
from datetime import UTC, datetime, timedelta

import pytest

from leonidas_jupyter.core.errors import ErrorCode, LeonidasError
from leonidas_jupyter.core.paging import encode_cursor
from leonidas_jupyter.tables.base import (
    Add,
    Delete,
    Exists,
    Index,
    Item,
    Missing,
    Put,
    TableSpec,
    Update,
)
from leonidas_jupyter.tables.dynamodb_fresh import SECONDS, Fresh
from leonidas_jupyter.tables.dynamodb_items import HOLDER, TTL, layout
from leonidas_jupyter.tables.dynamodb_plans import Placed
from leonidas_jupyter.tables.leases import Leases
from tests.contracts.things import JOBS, NOTES, THINGS, TICKETS, Job, Note, Thing, Ticket
from tests.tables.dynamodb_faults import Faults, answer, asked


class Tag(Item):
    owner: str
    tag: str


TAGS = TableSpec("tags", Tag, key=("owner", "tag"))
START = datetime(2030, 1, 1, tzinfo=UTC)


async def raw(database, spec, *key):
    """An item as it is stored."""
    request = {"TableName": database.tables[spec.name], "Key": layout(spec).key(key)}
    found = await asyncio.to_thread(database.client.get_item, **request, ConsistentRead=True)
    return found.get("Item")


def first(database):
    """Makes faults that let other work be done before the request."""
    loop = asyncio.get_running_loop()

    def meanwhile(work):
        def fault(request, send):
            asyncio.run_coroutine_threadsafe(work, loop).result(60)
            return send(request)

        return fault

    return meanwhile


async def everything(database, spec):
    """All that is stored in a table."""
    found = await asyncio.to_thread(database.client.scan, TableName=database.tables[spec.name])
    return found["Items"]


@pytest.mark.parametrize(
    ("spec", "index", "position"), [(THINGS, "rank", [1, "k" * 1025]), (TAGS, None, ["k" * 1025])]
)
def test_a_cursor_longer_than_any_key_is_an_invalid_request(on_dynamodb, spec, index, position):
    async def body(database):
        with pytest.raises(LeonidasError) as refused:
            await database.table(spec).query(index, "ann", after=encode_cursor(position))
        assert refused.value.code is ErrorCode.INVALID_REQUEST

    on_dynamodb(body, [spec])


def test_each_action_takes_few_requests(on_dynamodb):
    async def body(database):
        things, notes, jobs = (database.table(spec) for spec in (THINGS, NOTES, JOBS))
        meter, leases = database.meter, Leases()

        async def requests(*work):
            meter.take()
            for each in work:
                await each
            return meter.take()[0]

        new = Thing(thing_id="t", owner="ann")
        assert await requests(things.put(new, if_absent=True)) == {"put_item": 1}
        assert await requests(things.get("t")) == {"get_item": 1}
        assert await requests(things.add("t", "count", 1)) == {"update_item": 1}
        assert await requests(things.update("t", {"rank": 1})) == {"get_item": 1, "update_item": 1}
        assert await requests(things.query("rank", "ann")) == {"query": 1, "batch_get_item": 1} or {
            "query": 1,
            "get_item": 1,
        }
        assert await requests(things.query("rank", "nobody")) == {"query": 1}
        written = [notes.put(Note(thing_id="t", number=n), if_absent=True) for n in range(60)]
        assert await requests(*written) == {"put_item": 60}
        assert await requests(notes.query(None, "t", limit=50)) == {"query": 1}
        assert await requests(notes.delete(("t", 1), if_version=1)) == {"delete_item": 1}
        await jobs.put(job := Job(job_id="j", **leases.fields("ingest")))
        renewal = leases.update(jobs, job, {"lease_until": leases.until()})
        assert await requests(renewal) == {"get_item": 2, "update_item": 1}
        together = [
            Put(NOTES, Note(thing_id="t", number=100), if_absent=True),
            Add(THINGS, "t", "count", 1),
            Delete(NOTES, ("t", 5), if_version=1),
        ]
        assert await requests(database.transact(together)) == {"transact_write_items": 1}
        claimed = things.put(Thing(thing_id="u", email="a@"), if_absent=True)
        assert await requests(claimed) == {"transact_write_items": 1}
        assert await requests(things.find("email", "a@")) == {"get_item": 2}

    on_dynamodb(body)


def test_units_are_counted(on_dynamodb):
    async def body(database):
        notes = database.table(NOTES)
        await notes.put(Note(thing_id="t", number=1), if_absent=True)
        await notes.get(("t", 1))
        _, units = database.meter.take()
        assert units == {"put_item": 1.0, "get_item": 1.0}

    on_dynamodb(body)


def test_what_changes_no_index_writes_to_none(on_dynamodb):
    async def body(database):
        jobs = database.table(JOBS)
        await jobs.put(Job(job_id="j", **Leases().fields("ingest")))
        database.meter.take()
        await jobs.update("j", {"progress": 5})
        assert database.meter.take()[1]["update_item"] == 1.0
        await jobs.update("j", {"lease_until": START})
        assert database.meter.take()[1]["update_item"] > 1.0

    on_dynamodb(body)


def test_nothing_blocks_the_loop(on_dynamodb):
    let_go = threading.Event()

    def wait(_request, _send):
        assert let_go.wait(60)

    async def body(database):
        with Faults(database.client).during([wait] * 3):
            asked_for = [
                asyncio.create_task(work)
                for work in (
                    database.table(THINGS).get("t"),
                    database.table(THINGS).put(Thing(thing_id="u"), if_absent=True),
                    database.table(NOTES).query(None, "t"),
                )
            ]
            for _ in range(100):
                await asyncio.sleep(0)
            let_go.set()
            await asyncio.gather(*asked_for)

    on_dynamodb(body)


class TestIndexes:
    """Indexes follow their table a moment later."""

    def test_what_was_written_here_is_listed_before_the_index_has_it(self, on_dynamodb):
        def behind(request, _send):
            return answer(request, 200, {"Items": [], "Count": 0, "ScannedCount": 0})

        async def body(database):
            things = database.table(THINGS)
            for number in (3, 1, 2):
                await things.put(Thing(thing_id=f"t{number}", owner="ann", rank=number))
            await things.put(Thing(thing_id="other", owner="bob", rank=1))
            await things.delete("t2")
            await things.update("t1", {"rank": 9})
            with Faults(database.client).during([behind], "Query", always=True):
                page = await things.query("rank", "ann")
                assert [each.thing_id for each in page.items] == ["t3", "t1"]
                page = await things.query("rank", "ann", between=(None, 5))
                assert [each.thing_id for each in page.items] == ["t3"]
                page = await things.query("rank", "ann", limit=1, descending=True)
                assert [each.thing_id for each in page.items] == ["t1"]
                page = await things.query("rank", "ann", limit=1, after=page.next, descending=True)
                assert [each.thing_id for each in page.items] == ["t3"]

        on_dynamodb(body)

    def test_what_an_index_still_shows_of_the_past_is_left_out(self, on_dynamodb):
        past = []

        def remember(request, send):
            past.append(send(request))
            return past[0]

        def again(request, _send):
            return answer(request, 200, {"Items": kept, "Count": 3, "ScannedCount": 3})

        kept = []

        async def body(database):
            things = database.table(THINGS)
            for name in "abc":
                await things.put(Thing(thing_id=name, owner="ann", rank=1))
            found = await asyncio.to_thread(
                database.client.query,
                TableName=database.tables["things"],
                IndexName="rank",
                KeyConditionExpression="#o = :o",
                ExpressionAttributeNames={"#o": "owner"},
                ExpressionAttributeValues={":o": {"S": "ann"}},
            )
            kept.extend(found["Items"])
            await things.delete("a")
            await things.update("b", {"owner": "bob"})
            await things.update("c", {"name": "new"})
            database.fresh = Fresh()
            with Faults(database.client).during([again], "Query"):
                page = await things.query("rank", "ann")
            assert [(each.thing_id, each.name) for each in page.items] == [("c", "new")]

        on_dynamodb(body)

    def test_fresh_places_are_forgotten(self):
        clock = [0.0]
        fresh = Fresh(lambda: clock[0])
        for number in range(3):
            fresh.add(Placed("things", "rank", "ann", f"{number}#", ("t",)))
        assert [placed.place for placed in fresh.of("things", "rank", "ann")] == ["2#"]
        assert fresh.of("things", "rank", "bob") == []
        clock[0] = SECONDS
        assert fresh.of("things", "rank", "ann") == []


class TestPages:
    def test_a_page_is_full_however_much_is_expired(self, on_dynamodb):
        async def body(database):
            tickets = database.table(TICKETS)
            for number in range(12):
                late = None if number % 4 == 3 else START + timedelta(seconds=1)
                made = START + timedelta(seconds=number)
                await tickets.put(
                    Ticket(ticket_id=f"{number:02}", expires_at=late, created_at=made)
                )
            database.clock = lambda: START + timedelta(hours=1)
            page = await tickets.query("series", "s", limit=2)
            assert [each.ticket_id for each in page.items] == ["03", "07"]
            page = await tickets.query("series", "s", limit=2, after=page.next)
            assert ([each.ticket_id for each in page.items], page.next) == (["11"], None)

        on_dynamodb(body, clock=lambda: START)

    def test_a_page_goes_on_where_dynamodb_stops(self, on_dynamodb):
        async def body(database):
            notes = database.table(NOTES)
            for number in range(6):
                await notes.put(Note(thing_id="t", number=number))
            faults = Faults(database.client)

            def one_by_one(request, send):
                body = asked(request)
                made = {**body, "Limit": 1}
                request.body = json.dumps(made).encode()
                request.headers["Content-Length"] = str(len(request.body))
                return send(request)

            with faults.during([one_by_one], "Query", always=True):
                page = await notes.query(None, "t", limit=4)
            assert [each.number for each in page.items] == [0, 1, 2, 3]
            assert page.next is not None
            assert len(faults.requests) == 5

        on_dynamodb(body)


class TestLimits:
    def test_a_transaction_too_large_with_its_guards_is_refused(self, on_dynamodb):
        async def body(database):
            puts = [Put(THINGS, Thing(thing_id=f"{n}", email=f"{n}@")) for n in range(51)]
            with pytest.raises(ValueError, match="102 actions; DynamoDB takes 100"):
                await database.transact(puts)
            assert await everything(database, THINGS) == []
            await database.transact(puts[:50])
            assert len(await everything(database, THINGS)) == 100

        on_dynamodb(body)

    def test_a_key_too_long_is_refused_and_changes_nothing(self, on_dynamodb):
        async def body(database):
            notes, things = database.table(NOTES), database.table(THINGS)
            await notes.put(Note(thing_id="x" * 2_048, number=1))
            await things.put(Thing(thing_id="t"))
            for bad in ("x" * 2_049, "ü" * 1_025):
                with pytest.raises(ValueError, match="2048 bytes"):
                    await notes.put(Note(thing_id=bad, number=1))
                with pytest.raises(ValueError, match="2048 bytes"):
                    await things.update("t", {"owner": bad})
            with pytest.raises(ValueError, match="1024 bytes"):  # it stands in indexes, after times
                await things.put(Thing(thing_id="x" * 1_000))
            assert len(await everything(database, THINGS)) == 1

        on_dynamodb(body)

    def test_empty_texts_stand_in_keys_and_indexes(self, on_dynamodb):
        async def body(database):
            things = database.table(THINGS)
            await things.put(Thing(thing_id="", owner="", rank=1))
            await things.put(Thing(thing_id="\0", owner="\0", rank=2))
            assert (await things.get("")).rank == 1
            assert [each.rank for each in (await things.query("rank", "")).items] == [1]
            assert [each.rank for each in (await things.query("rank", "\0")).items] == [2]
            assert len((await things.scan()).items) == 2

        on_dynamodb(body)

    @pytest.mark.parametrize(
        "spec",
        [
            TableSpec("t", Thing, key=("weight",)),
            TableSpec("t", Note, key=("number",), unique=("text",)),
        ],
    )
    def test_a_declaration_that_cannot_work_here(self, spec):
        with pytest.raises(TypeError, match=r"of t"):
            layout(spec)

    def test_an_index_by_what_is_null_but_not_by_default(self):
        class Owned(Item):
            name: str
            owner: str | None = "somebody"

        spec = TableSpec("t", Owned, key=("name",), indexes=(Index("o", "owner", "created_at"),))
        with pytest.raises(TypeError, match=r"t\.owner"):
            layout(spec)


class TestUniqueValues:
    def test_nothing_is_left_of_values_that_were_given_up(self, on_dynamodb):
        async def body(database):
            things = database.table(THINGS)
            await things.put(Thing(thing_id="a", email="x"))
            await things.update("a", {"email": "y"})
            assert len(await everything(database, THINGS)) == 2
            await things.put(Thing(thing_id="a"))
            assert len(await everything(database, THINGS)) == 1
            await things.put(Thing(thing_id="a", email="z"))
            await things.delete("a")
            assert await everything(database, THINGS) == []

        on_dynamodb(body)

    def test_a_guard_that_nobody_holds_gives_way(self, on_dynamodb):
        async def body(database):
            things = database.table(THINGS)
            await things.put(Thing(thing_id="a", email="x"))
            await asyncio.to_thread(  # as a release does that does not know the field
                database.client.update_item,
                TableName=database.tables["things"],
                Key=layout(THINGS).key(("a",)),
                UpdateExpression="REMOVE email, #u",
                ExpressionAttributeNames={"#u": "_unique_email"},
            )
            assert await things.find("email", "x") is None
            await things.put(Thing(thing_id="b", email="x"), if_absent=True)
            assert (await things.find("email", "x")).thing_id == "b"
            with pytest.raises(Exists):
                await things.update("a", {"email": "x"})

        on_dynamodb(body)

    def test_a_value_is_not_given_up_after_it_is_claimed(self, on_dynamodb):
        async def body(database):
            things = database.table(THINGS)
            await things.put(Thing(thing_id="a", email="x"))
            claim = Put(THINGS, Thing(thing_id="b", email="x"), if_absent=True)
            with pytest.raises(Exists):
                await database.transact([claim, Update(THINGS, "a", {"email": None})])
            twice = Put(THINGS, Thing(thing_id="c", email="y"), if_absent=True)
            with pytest.raises(Exists):
                await database.transact([twice, Update(THINGS, "a", {"email": "y"})])
            await database.transact([Update(THINGS, "a", {"email": None}), claim])
            assert (await things.find("email", "x")).thing_id == "b"

        on_dynamodb(body)

    def test_values_that_change_between_read_and_write_are_seen(self, on_dynamodb):
        async def body(database):
            things, meanwhile = database.table(THINGS), first(database)
            await things.put(Thing(thing_id="a", email="x"))
            replaced = things.put(Thing(thing_id="a", email="y"))  # of the same version
            with Faults(database.client).during([meanwhile(replaced)], "TransactWriteItems"):
                await things.update("a", {"email": "z"})
            assert await things.find("email", "y") is None
            assert (await things.find("email", "z")).thing_id == "a"
            assert len(await everything(database, THINGS)) == 2

        on_dynamodb(body)

    def test_a_guard_is_taken_over_only_while_nobody_holds_it(self, on_dynamodb):
        async def body(database):
            things, meanwhile = database.table(THINGS), first(database)
            await things.put(Thing(thing_id="a", email="x"))
            await asyncio.to_thread(
                database.client.update_item,
                TableName=database.tables["things"],
                Key=layout(THINGS).key(("a",)),
                UpdateExpression="REMOVE email, #u",
                ExpressionAttributeNames={"#u": "_unique_email"},
            )
            regained = things.update("a", {"email": "x"})
            plan = [None, meanwhile(regained)]
            with (
                Faults(database.client).during(plan, "TransactWriteItems"),
                pytest.raises(Exists),
            ):
                await things.put(Thing(thing_id="b", email="x"), if_absent=True)
            assert (await things.find("email", "x")).thing_id == "a"
            assert await things.get("b") is None

        on_dynamodb(body)

    def test_a_guard_lasts_as_long_as_its_holder(self, on_dynamodb):
        async def body(database):
            tickets = database.table(TICKETS)
            end = START + timedelta(minutes=1)
            await tickets.put(Ticket(ticket_id="t", holder="ann", expires_at=end))
            await tickets.update("t", {"expires_at": end + timedelta(hours=1)})
            stored = await everything(database, TICKETS)
            assert len({item[TTL]["N"] for item in stored}) == 1
            database.clock = lambda: end + timedelta(minutes=1)
            with pytest.raises(Exists):
                await tickets.put(Ticket(ticket_id="u", holder="ann"), if_absent=True)
            await tickets.update("t", {"expires_at": None})
            assert all(TTL not in item for item in await everything(database, TICKETS))
            assert (await raw(database, TICKETS, "t")).get(HOLDER) is None

        on_dynamodb(body, clock=lambda: START)


def test_nothing_is_added_to_what_is_expired(on_dynamodb):
    class Counted(Item):
        name: str
        count: int = 0
        ends: datetime

    spec = TableSpec("counted", Counted, key=("name",), ttl="ends")

    async def body(database):
        table, end = database.table(spec), START + timedelta(seconds=1)
        await table.put(Counted(name="c", ends=end))
        assert await table.add("c", "count", 1) == 1
        database.clock = lambda: end
        with pytest.raises(Missing):
            await table.add("c", "count", 1)
        with pytest.raises(Missing):
            await database.transact([Add(spec, "c", "count", 1)])

    on_dynamodb(body, specs=[spec], clock=lambda: START)


def test_an_expired_item_is_swept_after_its_time(on_dynamodb):
    async def body(database):
        end = START + timedelta(microseconds=1)
        await database.table(TICKETS).put(Ticket(ticket_id="t", expires_at=end))
        stored = await raw(database, TICKETS, "t")
        assert int(stored[TTL]["N"]) >= end.timestamp()
        assert int(stored[TTL]["N"]) <= end.timestamp() + 2

    on_dynamodb(body, clock=lambda: START)
