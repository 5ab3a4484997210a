"""Copies of everything: carried, taken up again, verified, and refused where they would destroy."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from leonidas_jupyter.copying import walking
from leonidas_jupyter.copying.errors import CopyFailed
from leonidas_jupyter.copying.manifest import Manifest, read_manifest, write_manifest
from leonidas_jupyter.core.ids import now
from leonidas_jupyter.storage.base import ObjectInfo, StoreUnavailable
from leonidas_jupyter.storage.memory import MemoryStore
from leonidas_jupyter.tables.base import Unavailable
from leonidas_jupyter.tables.memory import MemoryTable
from tests.contracts.things import JOBS, NOTES, THINGS, TICKETS, Job, Note, Thing, Ticket
from tests.copying.world import SIGNER, World

OLD = datetime(2025, 3, 4, 5, 6, 7, 8, tzinfo=UTC)


def old(kind, **fields):
    return kind(**{"version": 3, "created_at": OLD, "updated_at": OLD, **fields})


def sha(content):
    return hashlib.sha256(content).hexdigest()


async def fill(world, many=120):
    things = [
        old(Thing, thing_id=f"t{n:04}", email=f"{n}@", rank=n, extra={"b": n, "a": [n, None]})
        for n in range(many)
    ]
    await world.things.load(things)
    await world.source.table(NOTES).load(
        [old(Note, thing_id=f"t{n % 7}", number=n, text="x" * n) for n in range(250)]
    )
    for n in range(20):
        await world.source_store.put(f"projects/p{n % 3}/{n}", bytes([n]) * n * 1000)


def by_name(report):
    return {table.name: table for table in report.tables}


def test_everything_is_carried_as_it_is_and_verified():
    async def body():
        world = World()
        await fill(world)
        report = await world.copy()
        assert report.verified
        assert world.same()
        things = by_name(report)["things"]
        assert (things.items, things.new, things.wrong) == (120, 120, 0)
        assert things.checksum == things.target_checksum != ""
        assert (report.objects.objects, report.objects.new) == (20, 20)
        assert report.objects.carried_bytes == report.objects.object_bytes == 190_000
        assert (await world.copied_things.find("email", "7@")).version == 3
        manifest = await read_manifest(world.target_store, "_copy/manifest.json")
        assert manifest.owner is None
        assert manifest.tables["things"].count == 120

    asyncio.run(body())


def test_a_second_copy_carries_only_what_differs():
    async def body():
        world = World()
        await fill(world)
        await world.copy()
        await world.things.update("t0003", {"name": "new"})
        await world.things.delete("t0004")
        await world.things.put(Thing(thing_id="t9999", email="4@"))
        await world.source_store.put("projects/p1/1", b"changed")
        await world.source_store.put("projects/p1/new", b"new")
        await world.source_store.delete("projects/p2/2")
        report = await world.copy()
        things = by_name(report)["things"]
        assert report.verified
        assert world.same()
        assert (things.new, things.changed) == (1, 1)
        assert (report.objects.new, report.objects.changed, report.objects.removed) == (1, 1, 1)
        again = await world.copy()
        assert [(t.new, t.changed, t.removed) for t in again.tables] == [(0, 0, 0)] * 4
        assert (again.objects.new, again.objects.changed, again.objects.removed) == (0, 0, 0)

    asyncio.run(body())


def test_unique_values_that_changed_hands_arrive():
    async def body():
        world = World()
        for name in "abcd":
            await world.things.put(Thing(thing_id=name, email=f"{name}@"))
        await world.copy()
        for name in "abcd":
            await world.things.update(name, {"email": None})
        for name, email in zip("abcd", "dcba", strict=True):
            await world.things.update(name, {"email": f"{email}@"})
        report = await world.copy()
        assert report.verified
        assert world.same()

    asyncio.run(body())


def test_what_is_expired_stays_behind_and_is_not_missed():
    async def body():
        world = World()
        tickets = world.source.table(TICKETS)
        soon = now() + timedelta(hours=1)
        await tickets.load(
            [Ticket(ticket_id="over", expires_at=OLD), Ticket(ticket_id="on", expires_at=soon)]
        )
        report = await world.copy()
        assert report.verified
        assert by_name(report)["tickets"].items == 1
        assert list(world.target.rows["tickets"]) == [("on",)]

    asyncio.run(body())


def test_a_dry_run_says_what_would_be_done_and_does_nothing():
    async def body():
        world = World()
        await fill(world)
        report = await world.copy(dry_run=True)
        assert not report.verified
        assert by_name(report)["things"].new == 120
        assert by_name(report)["notes"].item_bytes > 250 * 125
        assert (report.objects.new, report.objects.carried_bytes) == (20, 190_000)
        assert world.target.rows["things"] == {}
        assert world.target_store._objects == {}
        nothing = {"target": None, "target_store": None, "marked_in": None}
        assert by_name(await world.copy(dry_run=True, changes=nothing))["things"].new == 120
        await world.copy()
        await world.things.delete("t0001")
        await world.things.update("t0002", {"rank": 5})
        later = by_name(await world.copy(dry_run=True))["things"]
        assert (later.new, later.changed, later.removed) == (0, 1, 1)

    asyncio.run(body())


def test_a_target_that_holds_something_else_is_refused():
    async def body():
        world = World()
        await fill(world)
        await world.copied_things.put(Thing(thing_id="theirs"))
        with pytest.raises(CopyFailed, match="not empty"):
            await world.copy()
        assert len(world.target.rows["things"]) == 1
        only_objects = World()
        await only_objects.target_store.put("projects/p/1", b"x")
        with pytest.raises(CopyFailed, match="not empty"):
            await only_objects.copy()
        report = await world.copy(overwrite=True)
        assert report.verified
        assert world.same()

    asyncio.run(body())


def test_a_target_that_was_used_since_is_refused():
    async def body():
        world = World()
        await fill(world)
        await world.copy()
        await world.copied_things.update("t0001", {"name": "worked on"})
        with pytest.raises(CopyFailed, match="was used"):
            await world.copy()
        assert (await world.copied_things.get("t0001")).name == "worked on"
        assert (await world.copy(overwrite=True)).verified
        assert world.same()

    asyncio.run(body())


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [("source_id", "two", "another installation"), ("release", "0.9", "Leonidas 1.0 made")],
)
def test_a_copy_of_something_else_is_refused(field, value, said):
    async def body():
        world = World()
        await fill(world)
        await world.copy()
        setattr(world, field, value)
        with pytest.raises(CopyFailed, match=said):
            await world.copy()
        assert (await world.copy(overwrite=True)).verified

    asyncio.run(body())


def test_only_one_copies_at_a_time():
    async def body():
        world = World()
        await fill(world)
        other = Manifest(
            release="1.0", shape="s", source="one", owner="elsewhere.1.", seen_at=now()
        )
        await write_manifest(world.target_store, "_copy/manifest.json", other)
        with pytest.raises(CopyFailed, match="at this moment"):
            await world.copy(overwrite=True)
        other.seen_at = now() - timedelta(minutes=2)
        await write_manifest(world.target_store, "_copy/manifest.json", other)
        assert (await world.copy(overwrite=True)).verified

    asyncio.run(body())


def test_merging_keeps_what_the_target_has():
    async def body():
        world = World()
        await fill(world, many=5)
        theirs = Thing(thing_id="theirs", email="theirs@")
        await world.copied_things.load([theirs])
        newer = old(Thing, thing_id="t0001", email="1@", name="newer", updated_at=now())
        older = old(Thing, thing_id="t0002", email="2@", updated_at=OLD - timedelta(days=1))
        await world.copied_things.load([newer, older])
        await world.target_store.put("projects/theirs", b"x")
        report = await world.copy(merge=True)
        assert report.verified
        things = by_name(report)["things"]
        assert (things.new, things.changed, things.kept, things.removed) == (3, 1, 1, 0)
        assert await world.copied_things.get("theirs") == theirs
        assert await world.copied_things.get("t0001") == newer
        assert await world.copied_things.get("t0002") == await world.things.get("t0002")
        assert "projects/theirs" in world.objects(world.target_store)
        with pytest.raises(CopyFailed, match="not empty"):  # it is nobody's copy
            await world.copy()

    asyncio.run(body())


def test_merging_says_whose_unique_values_are_taken():
    async def body():
        world = World()
        await fill(world, many=5)
        theirs = Thing(thing_id="theirs", email="3@")
        await world.copied_things.load([theirs])
        report = await world.copy(merge=True)
        things = by_name(report)["things"]
        assert not report.verified
        assert (things.new, things.conflicts, things.wrong) == (4, 1, 1)
        assert await world.copied_things.get("theirs") == theirs
        assert await world.copied_things.get("t0003") is None

    asyncio.run(body())


class Failing:
    """Ends a copy at a chosen call of the target, as a lost connection would."""

    def __init__(self, monkeypatch, at):
        self.left = at
        for kind, name, error in (
            (MemoryTable, "load", Unavailable("gone")),
            (MemoryTable, "delete", Unavailable("gone")),
            (MemoryStore, "put", StoreUnavailable("gone")),
        ):
            monkeypatch.setattr(kind, name, self._counting(getattr(kind, name), error))

    def _counting(self, real, error):
        async def call(that, *arguments, **options):
            self.left -= 1
            if self.left == 0:
                raise error
            return await real(that, *arguments, **options)

        return call


@pytest.mark.parametrize("at", [1, 2, 5, 12, 21, 22, 23, 24, 25, 26])
def test_a_copy_that_broke_off_anywhere_goes_on(monkeypatch, at):
    async def body():
        world = World()
        await fill(world)
        with monkeypatch.context() as patch:
            Failing(patch, at)
            with pytest.raises((Unavailable, StoreUnavailable)):
                await world.copy()
        report = await world.copy()
        assert report.verified
        assert world.same()

    asyncio.run(body())


def test_what_the_target_lost_or_changed_is_found(monkeypatch):
    async def body(spoil):
        world = World()
        await fill(world)
        with monkeypatch.context() as patch:
            real = MemoryTable.load

            async def load(table, items):
                await real(table, spoil(items))

            patch.setattr(MemoryTable, "load", load)
            patch.setattr(world.things, "load", real)
            return by_name(await world.copy())["notes"]

    def changed(items):
        return [i.model_copy(update={"text": "?"}) if isinstance(i, Note) else i for i in items]

    def dropped(items):
        return [i for i in items if not (isinstance(i, Note) and i.number == 7)]

    assert asyncio.run(body(dropped)).wrong == 1
    notes = asyncio.run(body(changed))
    assert notes.wrong == 250
    assert notes.checksum != notes.target_checksum


class Rotten(MemoryStore):
    """A store that gives other bytes than it was given."""

    rotten = frozenset()

    async def get(self, key, **options):
        async for chunk in super().get(key, **options):
            yield chunk[:-1] + b"?" if key in self.rotten else chunk


def test_an_object_that_is_damaged_at_the_source_is_named():
    async def body():
        world = World()
        world.source_store = Rotten(SIGNER)
        await fill(world)
        world.source_store.rotten = {"projects/p1/7"}
        report = await world.copy()
        assert not report.verified
        assert report.objects.damaged == ["projects/p1/7"]
        assert "projects/p1/7" not in world.objects(world.target_store)
        world.source_store.rotten = set()
        assert (await world.copy()).verified
        assert world.same()

    asyncio.run(body())


def test_reading_back_finds_what_rots_at_the_target():
    async def body():
        world = World()
        world.target_store = Rotten(SIGNER)
        await fill(world)
        world.target_store.rotten = {"projects/p1/7"}
        assert (await world.copy()).verified  # its checksum is right: nobody has read it
        report = await world.copy(read_back=True)
        assert not report.verified
        assert report.objects.wrong == 1

    asyncio.run(body())


class Untold(MemoryStore):
    """A store that does not know checksums."""

    async def head(self, key):
        found = await super().head(key)
        return found and ObjectInfo(found.key, found.size, None)

    async def list(self, prefix, **_options):
        async for found in super().list(prefix):
            yield ObjectInfo(found.key, found.size, None)


def test_without_checksums_the_bytes_are_read_back_and_the_rows_say_what_they_are():
    async def body():
        world = World()
        world.source_store, world.target_store = Untold(SIGNER), Untold(SIGNER)
        await fill(world)
        content = b"what the row says"
        await world.source_store.put("projects/p/x", content)
        await world.things.put(
            Thing(thing_id="x", extra={"objects": {"projects/p/x": sha(content)}})
        )
        assert (await world.copy()).verified
        assert world.same()
        assert (await world.copy()).objects.new == 0
        await world.target_store.put("projects/p/x", content[::-1])
        report = await world.copy()
        assert not report.verified
        assert report.objects.wrong == 1

    asyncio.run(body())


def test_what_changes_at_the_source_meanwhile_leaves_no_pointer_to_nothing(monkeypatch):
    async def body():
        world = World()

        async def version(number):
            key = f"projects/p/{number}"
            await world.source_store.put(key, f"content {number}".encode())
            await world.things.put(Thing(thing_id="x", extra={"objects": {key: None}}))
            await world.source_store.delete(f"projects/p/{number - 1}")

        await version(1)
        scanned = [0]
        real = MemoryTable.scan

        async def scan(table, **options):
            if table.spec is not THINGS or table._database is not world.source or scanned[0] > 2:
                return await real(table, **options)
            scanned[0] += 2
            await version(scanned[0])
            page = await real(table, **options)
            await version(scanned[0] + 1)  # the row that was just read is of the past
            return page

        monkeypatch.setattr(MemoryTable, "scan", scan)
        report = await world.copy()
        assert scanned[0] == 4
        assert report.verified
        assert report.lost == 0
        copied = await world.copied_things.get("x")
        (key,) = copied.extra["objects"]
        assert key in world.objects(world.target_store)
        assert world.same()

    asyncio.run(body())


def _around_scans(world, monkeypatch, before=None, after=None):
    """Something happens at the source each time when its things are read."""
    real = MemoryTable.scan

    async def scan(table, **options):
        read = table.spec is THINGS and table._database is world.source
        if read and before is not None:
            await before(options)
        page = await real(table, **options)
        if read and after is not None:
            await after(options)
        return page

    monkeypatch.setattr(MemoryTable, "scan", scan)


def test_uploads_that_never_end_arrive_with_their_rows(monkeypatch):
    async def body():
        world = World()
        uploads = iter(range(100))

        async def upload(_options):
            key = f"projects/p/{next(uploads)}"
            await world.source_store.put(key, b"x")
            await world.things.put(Thing(thing_id=key, extra={"objects": {key: None}}))

        _around_scans(world, monkeypatch, before=upload)
        report = await world.copy()
        assert report.verified
        assert report.lost == 0
        needed = {key for thing in world.target.rows["things"] for key in thing}
        assert needed == set(world.objects(world.target_store)) != set()

    asyncio.run(body())


def test_an_object_that_a_carried_row_needs_stays_though_the_source_has_it_no_more(monkeypatch):
    async def body():
        world = World()
        key = "projects/p/1"
        await world.source_store.put(key, b"x")
        await world.things.put(Thing(thing_id="x", extra={"objects": {key: None}}))

        async def replace(_options):
            await world.source_store.delete(key)

        _around_scans(world, monkeypatch, after=replace)
        report = await world.copy()
        assert report.verified
        assert key in world.objects(world.target_store)

    asyncio.run(body())


def test_a_name_that_changes_hands_while_it_is_copied_costs_nobody_the_account(monkeypatch):
    async def body():
        world = World()
        monkeypatch.setattr(walking, "PAGE", 1)
        await world.things.load([old(Thing, thing_id="a", email="ann@"), old(Thing, thing_id="c")])
        await world.copy()
        done = []

        async def rename(options):
            if options["after"] is None and not done:
                done.append(True)
                await world.things.update("a", {"email": "carl@"})
                await world.things.put(Thing(thing_id="b", email="ann@"))

        real = MemoryTable.scan
        _around_scans(world, monkeypatch, after=lambda o: rename({"after": None, **o}))
        report = await world.copy()
        monkeypatch.setattr(MemoryTable, "scan", real)
        assert done
        assert report.verified
        assert world.same()

    asyncio.run(body())


def test_objects_that_the_source_itself_lost_are_said_and_end_no_copy():
    async def body():
        world = World()
        await world.things.put(Thing(thing_id="x", extra={"objects": {"projects/p/gone": None}}))
        report = await world.copy()
        assert report.verified
        assert report.lost == 1
        assert report.objects.lost == ["projects/p/gone"]

    asyncio.run(body())


def test_work_that_goes_on_at_the_source_is_noticed():
    async def body():
        world = World()
        leased = {"unfinished": "ingest", "worker_id": "w"}
        await world.source.table(JOBS).load(
            [
                Job(job_id="a", lease_until=now() + timedelta(seconds=30), **leased),
                Job(job_id="b", lease_until=OLD, **leased),
            ]
        )
        assert (await world.copy()).working == 1

    asyncio.run(body())


def test_what_belongs_to_the_installation_itself_stays():
    async def body():
        world = World()
        await fill(world)
        await world.source_store.put("doctor/1", b"x")
        await world.source_store.put("items/things/1", b"x")
        report = await world.copy(changes={"beside": ("items/",)})
        assert report.verified
        assert report.objects.objects == 20
        await world.target_store.put("items/things/2", b"its own")
        assert (await world.copy(changes={"beside": ("items/",)})).verified
        assert "items/things/2" in world.target_store._objects

    asyncio.run(body())


def test_only_the_items_or_only_the_objects_can_be_carried():
    async def body():
        world = World()
        await fill(world)
        items = {"source_store": None, "target_store": None, "mark": "_copy/x.json"}
        report = await world.copy(changes={**items, "marked_in": world.source_store})
        assert report.verified
        assert report.objects is None
        assert world.source.rows == world.target.rows
        report = await world.copy(changes={"specs": (), "target": None})
        assert report.verified
        assert world.same()

    asyncio.run(body())


def test_few_objects_are_on_their_way_at_once(monkeypatch):
    async def body():
        world = World()
        await fill(world)
        going, most = [0], [0]
        real = MemoryStore.put

        async def put(store, *arguments, **options):
            going[0] += 1
            most[0] = max(most[0], going[0])
            await asyncio.sleep(0.01)
            try:
                return await real(store, *arguments, **options)
            finally:
                going[0] -= 1

        monkeypatch.setattr(MemoryStore, "put", put)
        assert (await world.copy(jobs=3)).verified
        assert most[0] == 3

    asyncio.run(body())
