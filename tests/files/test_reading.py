import asyncio

import pytest

from leonidas_jupyter.core.errors import ErrorCode
from leonidas_jupyter.core.events import FileProgress, FileReady, FileStatusChanged
from leonidas_jupyter.data.reading import MAX_ATTEMPTS
from leonidas_jupyter.files.repository import FILES
from leonidas_jupyter.files.schemas import FileSource
from leonidas_jupyter.projects.repository import PROJECTS
from leonidas_jupyter.storage.base import StoreUnavailable
from tests.projects.world import ANN, until

CSV = b"region,amount\nN,1\nS,2\n"
NEW = b"region,amount\nN,10\nS,20\nW,30\n"


async def row(world, file_id):
    return await world.database.table(FILES).get(file_id)


async def began(gate, number):
    async def check():
        return len(gate.began) >= number

    await until(check)


async def settled(world):
    async def check():
        return world.tasks.idle

    await until(check)


async def original(world, file_id):
    where = (await world.call("GET", f"/files/{file_id}/download-url")).json
    return (await world.call("GET", where["download_url"])).content


async def start_reading(world, gate, content=CSV):
    """A file whose reading has begun and waits for the gate."""
    gate.open.clear()
    project_id = await world.project()
    place = await world.begin(project_id, content)
    await world.put(place, content)
    await world.confirm(place["file_id"])
    await began(gate, 1)
    return project_id, place["file_id"]


async def replace(world, project_id, file_id, content):
    place = await world.begin(project_id, content, "new.csv", replaces=file_id)
    await world.put(place, content)
    return await world.confirm(file_id)


def test_new_content_takes_over_when_its_frame_stands(run, gate):
    async def body(world):
        project_id = await world.project()
        old = await world.upload(project_id, CSV)
        file_id = old["file_id"]
        place = await world.begin(project_id, NEW, "new.csv", replaces=file_id)
        assert place["file_id"] == file_id
        assert (await world.file(file_id))["status"] == "COMPLETED"
        await world.put(place, NEW)
        gate.open.clear()
        during = await world.confirm(file_id)
        await began(gate, 2)
        assert during["status"] == "PROCESSING"
        for name in ("size", "sha256", "content_version", "frame_hash", "filename", "rows"):
            assert during[name] == old[name]
        assert await original(world, file_id) == CSV
        assert [frame.frame_hash for frame in await world.files.frames(project_id)] == [
            old["frame_hash"]
        ]
        gate.open.set()
        new = await world.done(file_id)
        assert (new["status"], new["content_version"], new["size"]) == ("COMPLETED", 2, len(NEW))
        assert (new["frame_name"], new["filename"]) == ("sales", "new.csv")
        assert new["frame_hash"] != old["frame_hash"]
        assert await original(world, file_id) == NEW
        await settled(world)
        assert {key.split("/")[4] for key in await world.objects()} == {"2"}

    run(body)


def test_new_content_that_cannot_be_read_leaves_the_old(run, gate):
    async def body(world):
        project_id = await world.project()
        old = await world.upload(project_id, CSV)
        await replace(world, project_id, old["file_id"], b"unreadable")
        file = await world.done(old["file_id"])
        assert file["status"] == "FAILED"
        assert file["reason"] == "Line 1 is no table. What stood before still stands."
        for name in ("size", "sha256", "content_version", "frame_hash", "filename"):
            assert file[name] == old[name]
        assert len(await world.files.frames(project_id)) == 1
        await settled(world)
        assert {key.split("/")[4] for key in await world.objects()} == {"1"}
        await replace(world, project_id, old["file_id"], NEW)
        third = await world.done(old["file_id"])
        assert (third["status"], third["content_version"], third["reason"]) == (
            "COMPLETED",
            3,
            None,
        )

    run(body)


def test_content_that_was_never_readable_is_replaced_even_by_unreadable(run, gate):
    async def body(world):
        project_id = await world.project()
        old = await world.upload(project_id, b"unreadable")
        assert (old["status"], old["reason"]) == ("FAILED", "Line 1 is no table.")
        assert await world.files.frames(project_id) == []
        assert await original(world, old["file_id"]) == b"unreadable"
        await replace(world, project_id, old["file_id"], b"unreadable too")
        await world.done(old["file_id"])
        assert await original(world, old["file_id"]) == b"unreadable too"
        await replace(world, project_id, old["file_id"], NEW)
        assert (await world.done(old["file_id"]))["status"] == "COMPLETED"

    run(body)


def test_a_replacement_that_never_comes_changes_nothing(run, gate):
    async def body(world):
        project_id = await world.project()
        old = await world.upload(project_id, CSV)
        world.files.arrivals._seconds = 0
        await world.begin(project_id, NEW, replaces=old["file_id"])

        async def given_up():
            await world.recover()
            return (await row(world, old["file_id"])).unfinished is None

        await until(given_up)
        file = await world.file(old["file_id"])
        assert file["status"] == "COMPLETED"
        assert file["frame_hash"] == old["frame_hash"]
        assert await original(world, old["file_id"]) == CSV

    run(body)


def test_what_is_being_read_is_not_replaced_or_corrected(run, gate):
    async def body(world):
        project_id, file_id = await start_reading(world, gate)
        wanted = {"filename": "a.csv", "size": 1, "replaces": file_id}
        url = f"/projects/{project_id}/files/upload-url"
        await world.refused(ErrorCode.CONFLICT, "POST", url, wanted)
        path = f"/files/{file_id}/dialect"
        await world.refused(ErrorCode.CONFLICT, "PUT", path, {"delimiter": ";"})
        for form in ("preview", "download-url?form=frame"):
            await world.refused(ErrorCode.CONFLICT, "GET", f"/files/{file_id}/{form}")
        gate.open.set()
        assert (await world.done(file_id))["status"] == "COMPLETED"

    run(body)


def test_a_corrected_dialect_reads_again_into_another_frame(run, gate):
    async def body(world):
        project_id = await world.project()
        old = await world.upload(project_id, CSV)
        path = f"/files/{old['file_id']}/dialect"
        for sent in ({"delimiter": 5}, {"colour": "red"}, {"header_rows": -1}):
            await world.refused(ErrorCode.INVALID_REQUEST, "PUT", path, sent)
        stale = {"If-Match": "1"}
        await world.refused(
            ErrorCode.VERSION_MISMATCH, "PUT", path, {"delimiter": ";"}, headers=stale
        )
        gate.open.clear()
        match = {"If-Match": str(old["version"])}
        during = (await world.call("PUT", path, {"delimiter": ";"}, headers=match)).json
        assert (during["status"], during["frame_hash"]) == ("PROCESSING", old["frame_hash"])
        gate.open.set()
        new = await world.done(old["file_id"])
        assert (new["status"], new["content_version"]) == ("COMPLETED", 1)
        assert new["frame_hash"] != old["frame_hash"]
        await settled(world)
        assert not [key for key in await world.objects() if old["frame_hash"] in key]
        assert len(await world.objects()) == 3
        assert (await row(world, old["file_id"])).override.delimiter == ";"

    run(body)


def test_a_file_that_could_not_be_read_can_be_read_again(run, gate):
    async def body(world):
        project_id = await world.project()
        file = await world.upload(project_id, b"unreadable")
        await world.call("PUT", f"/files/{file['file_id']}/dialect", {"skip_rows": 1})
        assert (await world.done(file["file_id"]))["reason"] == "Line 1 is no table."
        assert len(gate.began) == 2

    run(body)


def test_deleting_in_mid_reading_stops_it_and_leaves_nothing(run, gate):
    async def body(world):
        project_id, file_id = await start_reading(world, gate)
        assert (await world.call("DELETE", f"/files/{file_id}")).status == 204
        assert gate.cancelled == 1
        await world.refused(ErrorCode.NOT_FOUND, "GET", f"/files/{file_id}")
        assert (await world.call("GET", f"/projects/{project_id}/files")).json["items"] == []
        assert (await world.call("GET", f"/projects/{project_id}")).json["file_count"] == 0
        await settled(world)
        assert await row(world, file_id) is None
        assert await world.objects() == []
        assert list((world.folder / "scratch").iterdir()) == []
        assert [e.status for e in world.seen(FileStatusChanged)][-2:] == ["PROCESSING", "DELETED"]
        assert world.seen(FileReady) == []

    run(body)


def test_deleting_the_project_in_mid_reading_stops_it_and_leaves_nothing(run, gate):
    async def body(world):
        project_id, file_id = await start_reading(world, gate)
        await world.call("DELETE", f"/projects/{project_id}")
        await settled(world)
        assert gate.cancelled == 1
        assert await row(world, file_id) is None
        assert await world.objects() == []
        assert await world.database.table(PROJECTS).get(project_id) is None

    run(body)


def test_a_file_deleted_elsewhere_in_mid_reading_is_not_brought_back(run, gate):
    """Another server deletes: this one learns of it when it wants to write what it has read."""

    async def body(world):
        project_id, file_id = await start_reading(world, gate)
        await world.database.table(FILES).delete(file_id)
        await world.store.delete_prefix(f"projects/{project_id}/")
        gate.open.set()
        await settled(world)
        assert await row(world, file_id) is None
        assert await world.objects() == []
        assert world.seen(FileReady) == []

    run(body)


def test_a_delete_that_wins_over_the_last_write_stays(run, gate, monkeypatch):
    """The mark of the delete comes after the frame is stored and before the row says so."""

    async def body(world):
        _, file_id = await start_reading(world, gate)
        finish = world.leases.finish

        async def finish_late(table, item, changes):
            file = await row(world, file_id)
            await world.files._repository.mark_deleted(file, world.leases)
            return await finish(table, item, changes)

        monkeypatch.setattr(world.leases, "finish", finish_late)
        gate.open.set()
        await settled(world)
        marked = await row(world, file_id)
        assert marked.unfinished == "cascade"
        assert marked.frame_hash is None
        assert await world.objects() == []

    run(body)


def test_a_server_that_lost_its_lease_leaves_all_to_the_other(run, gate):
    async def body(world):
        project_id = await world.project()
        old = await world.upload(project_id, CSV)
        gate.open.clear()
        await replace(world, project_id, old["file_id"], NEW)
        await began(gate, 2)
        table = world.database.table(FILES)
        taken = {"worker_id": "the other", "lease_until": world.leases.until()}
        await table.update(old["file_id"], taken)
        before = await row(world, old["file_id"])
        told = len(world.seen(FileStatusChanged))
        await settled(world)
        assert gate.cancelled == 1
        assert await row(world, old["file_id"]) == before
        assert {key.split("/")[4] for key in await world.objects()} == {"1", "2"}
        assert len(world.seen(FileStatusChanged)) == told

    run(body, lease_seconds=1.5)


def test_one_process_reads_a_file_once_at_a_time(run, gate):
    async def body(world):
        _, file_id = await start_reading(world, gate)
        tasks = {world.files._reading._work.start(file_id) for _ in range(3)}
        assert len(tasks) == 1
        await asyncio.sleep(0)
        gate.open.set()
        await settled(world)
        assert gate.began == ["sales.csv"]

    run(body)


def test_a_deleted_files_name_is_free_and_a_delete_counts_once(run, gate):
    async def body(world):
        project_id = await world.project()
        file = await world.upload(project_id, CSV)
        results = await asyncio.gather(
            *(world.call("DELETE", f"/files/{file['file_id']}") for _ in range(4)),
            return_exceptions=True,
        )
        codes = [result.code for result in results if isinstance(result, Exception)]
        assert codes == [ErrorCode.NOT_FOUND] * 3
        assert (await world.call("GET", f"/projects/{project_id}")).json["file_count"] == 0
        again = await world.begin(project_id, CSV)
        assert (await world.file(again["file_id"]))["frame_name"] == "sales"

    run(body)


def test_renaming_renames_the_frame_too_and_survives_reading(run, gate):
    async def body(world):
        project_id, file_id = await start_reading(world, gate)
        other = await world.begin(project_id, CSV, "taken.csv")
        path = f"/files/{file_id}/rename"
        renamed = (await world.call("PUT", path, {"filename": "Taken.csv"})).json
        assert (renamed["filename"], renamed["frame_name"]) == ("Taken.csv", "taken_2")
        gate.open.set()
        file = await world.done(file_id)
        assert (file["filename"], file["frame_name"]) == ("Taken.csv", "taken_2")
        assert [frame.name for frame in await world.files.frames(project_id)] == ["taken_2"]
        again = (await world.call("PUT", path, {"filename": "taken 2.csv"})).json
        assert again["frame_name"] == "taken_2"
        stale = {"If-Match": "1"}
        await world.refused(
            ErrorCode.VERSION_MISMATCH, "PUT", path, {"filename": "x.csv"}, headers=stale
        )
        await world.call("DELETE", f"/files/{other['file_id']}")
        assert (await world.call("PUT", path, {"filename": "taken.csv"})).json[
            "frame_name"
        ] == "taken"

    run(body)


def test_progress_is_told_but_not_more_often_than_people_can_follow(run, gate):
    async def body(world):
        project_id, file_id = await start_reading(world, gate)
        assert len(world.seen(FileProgress)) == 1
        await world.bus.publish(FileProgress(project_id, file_id, 0.4))
        assert (await world.file(file_id))["progress"] == 0.4
        gate.open.set()
        await settled(world)
        read = await world.file(file_id)
        assert (read["status"], read["progress"]) == ("COMPLETED", None)

    run(body)


def test_a_stores_failure_is_not_the_files_and_is_tried_again(run, gate, monkeypatch):
    async def body(world):
        project_id = await world.project()
        place = await world.begin(project_id, CSV)
        await world.put(place, CSV)
        put = world.store.put

        async def fail(*_args, **_options):
            raise StoreUnavailable("The disk is full.")

        monkeypatch.setattr(world.store, "put", fail)
        await world.confirm(place["file_id"])
        await settled(world)
        file = await world.file(place["file_id"])
        assert (file["status"], file["reason"]) == ("PROCESSING", None)
        monkeypatch.setattr(world.store, "put", put)

        async def recovered():
            await world.recover()
            return (await world.file(place["file_id"]))["status"] == "COMPLETED"

        await until(recovered)
        assert len(gate.began) == 2

    run(body, lease_seconds=0.2)


def test_a_file_that_breaks_reading_again_and_again_ends_as_failed(run, monkeypatch):
    async def body(world):
        tries = 0

        async def crash(*_args, **_options):
            nonlocal tries
            tries += 1
            raise RuntimeError("as if the server had been killed")

        monkeypatch.setattr("leonidas_jupyter.data.framestore.run_ingest", crash)
        project_id = await world.project()
        place = await world.begin(project_id, CSV)
        await world.put(place, CSV)
        await world.confirm(place["file_id"])

        async def ended():
            await world.recover()
            return (await world.file(place["file_id"]))["status"] == "FAILED"

        await until(ended)
        assert tries == MAX_ATTEMPTS
        assert "broke off" in (await world.file(place["file_id"]))["reason"]

    run(body, lease_seconds=0.02)


def test_bytes_that_vanished_end_as_failed(run, gate):
    async def body(world):
        project_id = await world.project()
        file = await world.upload(project_id, CSV)
        key = f"projects/{project_id}/files/{file['file_id']}/1/original"
        await world.store.delete(key)
        await world.call("PUT", f"/files/{file['file_id']}/dialect", {})
        ended = await world.done(file["file_id"])
        assert ended["status"] == "FAILED"
        assert "upload the file again" in ended["reason"]

    run(body)


def test_a_file_of_this_machine_can_be_added(run, gate, tmp_path):
    async def body(world):
        project_id = await world.project()
        source = tmp_path / "result.csv"
        source.write_bytes(CSV)
        added = await world.files.add(
            ANN, project_id, "My result.csv", source, FileSource.APP_GENERATED
        )
        assert (added.source, added.status) == ("APP_GENERATED", "PROCESSING")
        file = await world.done(added.file_id)
        assert (file["frame_name"], file["size"]) == ("my_result", len(CSV))
        assert source.read_bytes() == CSV

    run(body)


def test_the_list_is_the_projects_own_newest_first_in_pages(run):
    async def body(world):
        project_id, other = await world.project(), await world.project()
        ids = [(await world.begin(project_id, CSV))["file_id"] for _ in range(3)]
        await world.begin(other, CSV)
        seen, path = [], f"/projects/{project_id}/files?limit=2"
        while path:
            page = (await world.call("GET", path)).json
            seen += [file["file_id"] for file in page["items"]]
            path = page["next"] and f"/projects/{project_id}/files?limit=2&after={page['next']}"
        assert seen == ids[::-1]

    run(body)


@pytest.mark.parametrize("file_id", ["unknown", "x" * 3000, "a\x00b"])
def test_an_unknown_file_is_not_found(run, file_id):
    async def body(world):
        for method, path, sent in [
            ("GET", "", None),
            ("GET", "/preview", None),
            ("GET", "/download-url", None),
            ("POST", "/confirm", None),
            ("PUT", "/rename", {"filename": "x.csv"}),
            ("PUT", "/dialect", {}),
            ("DELETE", "", None),
        ]:
            await world.refused(ErrorCode.NOT_FOUND, method, f"/files/{file_id}{path}", sent)

    run(body)
