"""A file's way into a bucket: in parts that go on, checked when they are read, swept when not."""

import asyncio
import hashlib
import http.client
from urllib.parse import urlsplit

import pytest

from leonidas_jupyter.core.errors import ErrorCode
from leonidas_jupyter.core.s3place import parse_s3
from leonidas_jupyter.data.arrivals import UPLOAD
from leonidas_jupyter.storage import s3uploads
from leonidas_jupyter.storage.s3 import S3Store
from leonidas_jupyter.tables.memory import MemoryDatabase
from tests.projects import world as worlds
from tests.projects.world import SPECS, World, until

CSV = b"region,amount\n" + b"".join(b"N,%d\n" % n for n in range(10_000))
SHA256 = hashlib.sha256(CSV).hexdigest()
PART = 20_000


@pytest.fixture
def run(s3_url, tmp_path, monkeypatch):
    """Runs ``body(world)`` on a world with its files in a bucket."""
    monkeypatch.setattr(s3uploads, "PART_BYTES", PART)
    monkeypatch.setattr(s3uploads, "PARTED_BYTES", 2 * PART)
    monkeypatch.setitem(
        worlds.ENGINES,
        "s3",
        lambda _, signer: (MemoryDatabase(SPECS), S3Store(parse_s3(s3_url), signer)),
    )

    def run(body, **options):
        async def main():
            world = World(tmp_path, "s3", **options)
            try:
                return await body(world)
            finally:
                await world.close()
                await world.store.close()

        return asyncio.run(main())

    return run


async def put(url, content, headers=None):
    """What a client sends to the bucket; its answer's status and ETag."""

    def send():
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=60)
        try:
            connection.request("PUT", f"{parts.path}?{parts.query}", content, headers or {})
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.getheader("ETag")
        finally:
            connection.close()

    return await asyncio.to_thread(send)


async def send_parts(parts, numbers=None, content=CSV):
    at = 0
    for part in parts:
        if numbers is None or part["number"] in numbers:
            assert (await put(part["url"], content[at : at + part["size"]]))[0] == 200
        at += part["size"]


async def left(world):
    """Everything of the world in the bucket: objects, what is not collected, unfinished parts."""
    store, found = world.store, []
    for folder in (store._objects, store._staged):
        listed = await store._calls.call("list_objects_v2", Prefix=folder)
        found += [each["Key"] for each in listed.get("Contents", [])]
    uploads = await store._calls.call("list_multipart_uploads", Prefix=store._objects)
    return found + [each["Key"] for each in uploads.get("Uploads", [])]


def test_parts_become_a_frame(run):
    async def body(world):
        place = await world.begin(await world.project(), CSV, sha256=SHA256)
        assert [part["number"] for part in place["parts"]] == [1, 2, 3, 4]
        await send_parts(place["parts"])
        confirmed = await world.confirm(place["file_id"], sha256=SHA256)
        assert (confirmed["status"], confirmed["sha256"]) == ("PROCESSING", SHA256)
        file = await world.done(place["file_id"])
        assert (file["status"], file["rows"], file["sha256"]) == ("COMPLETED", 10_000, SHA256)
        assert await world.confirm(place["file_id"], sha256=SHA256)
        names = [key.rpartition("/")[2].partition("-")[0] for key in await left(world)]
        assert sorted(names) == ["frame", "original", "profile"]

    run(body)


def test_an_upload_that_broke_off_goes_on(run):
    async def body(world):
        project_id = await world.project()
        place = await world.begin(project_id, CSV, sha256=SHA256)
        await send_parts(place["parts"], {1, 3})
        error = await world.refused(
            ErrorCode.CONFLICT, "POST", f"/files/{place['file_id']}/confirm", {"sha256": SHA256}
        )
        assert error.detail == {"missing_parts": [2, 4]}
        again = await world.begin(project_id, CSV, sha256=SHA256, replaces=place["file_id"])
        assert again["file_id"] == place["file_id"]
        assert [part["number"] for part in again["parts"] if part["etag"] is None] == [2, 4]
        await send_parts(again["parts"], {2, 4})
        numbers = [{"number": part["number"], "etag": "x"} for part in again["parts"]]
        await world.confirm(place["file_id"], sha256=SHA256, parts=numbers)
        file = await world.done(place["file_id"])
        assert (file["status"], file["content_version"]) == ("COMPLETED", 1)

    run(body)


@pytest.mark.parametrize(
    "changed", [{"sha256": "0" * 64}, {"sha256": None}, {"filename": "other.csv"}]
)
def test_other_content_begins_anew_and_what_was_there_is_given_up(run, changed):
    async def body(world):
        project_id = await world.project()
        place = await world.begin(project_id, CSV, sha256=SHA256)
        await send_parts(place["parts"], {1, 3})
        wanted = {"sha256": SHA256, "replaces": place["file_id"], **changed}
        again = await world.begin(project_id, CSV, **wanted)
        assert {part["etag"] for part in again["parts"]} == {None}
        assert len(await left(world)) == 1
        assert (await put(place["parts"][1]["url"], CSV[PART : 2 * PART]))[0] == 404

    run(body)


def test_two_who_go_on_at_once_share_one_upload(run):
    async def body(world):
        project_id = await world.project()
        place = await world.begin(project_id, CSV, sha256=SHA256)
        fields = {"sha256": SHA256, "replaces": place["file_id"]}
        one, two = await asyncio.gather(*(world.begin(project_id, CSV, **fields) for _ in "12"))
        await send_parts(one["parts"], {1, 2})
        await send_parts(two["parts"], {3, 4})
        await world.confirm(place["file_id"])
        assert (await world.done(place["file_id"]))["status"] == "COMPLETED"

    run(body)


def test_bytes_that_are_others_than_announced_are_found_when_they_are_read(run):
    async def body(world):
        project_id = await world.project()
        other = CSV.replace(b"N,9", b"S,8")
        place = await world.begin(project_id, CSV, sha256=SHA256)
        await send_parts(place["parts"], content=other)
        await world.confirm(place["file_id"], sha256=SHA256)
        file = await world.done(place["file_id"])
        assert file["status"] == "FAILED"
        assert file["reason"] == (
            "The bytes that arrived have another SHA-256 than the one given; upload the file again."
        )
        assert file["sha256"] == hashlib.sha256(other).hexdigest()
        assert file["frame_hash"] is None
        again = await world.begin(project_id, CSV, sha256=SHA256, replaces=place["file_id"])
        await send_parts(again["parts"])
        await world.confirm(place["file_id"])
        assert (await world.done(place["file_id"]))["status"] == "COMPLETED"

    run(body)


def test_what_nobody_announced_is_computed(run):
    async def body(world):
        place = await world.begin(await world.project(), CSV)
        await send_parts(place["parts"])
        confirmed = await world.confirm(place["file_id"])
        assert confirmed["sha256"] is None
        assert (await world.done(place["file_id"]))["sha256"] == SHA256

    run(body)


def test_a_small_file_goes_in_one_piece_with_its_checksum_bound(run):
    small, other = CSV[: 2 * PART], CSV[: 2 * PART][::-1]

    async def body(world):
        sha256 = hashlib.sha256(small).hexdigest()
        place = await world.begin(await world.project(), small, sha256=sha256)
        assert place["parts"] is None
        assert (await put(place["upload_url"], other, place["headers"]))[0] == 400
        await world.refused(ErrorCode.CONFLICT, "POST", f"/files/{place['file_id']}/confirm")
        assert (await put(place["upload_url"], small, place["headers"]))[0] == 200
        await world.confirm(place["file_id"])
        file = await world.done(place["file_id"])
        assert (file["status"], file["sha256"]) == ("COMPLETED", sha256)
        where = await world.call("GET", f"/files/{place['file_id']}/download-url")
        assert "X-Amz-Signature" in where.json["download_url"]

    run(body)


@pytest.mark.parametrize("numbers", [[], [1, 2, 3], [1, 2, 3, 4, 5]])
def test_parts_that_are_not_its_own_are_refused(run, numbers):
    async def body(world):
        place = await world.begin(await world.project(), CSV, sha256=SHA256)
        await send_parts(place["parts"])
        sent = {"parts": [{"number": number, "etag": "x"} for number in numbers]}
        path = f"/files/{place['file_id']}/confirm"
        await world.refused(ErrorCode.INVALID_REQUEST, "POST", path, sent)
        assert (await world.confirm(place["file_id"]))["status"] == "PROCESSING"

    run(body)


@pytest.mark.parametrize("how", ["file", "project", "never"])
def test_nothing_is_left_of_uploads_that_were_given_up(run, how):
    async def body(world):
        project_id = await world.project()
        large = await world.begin(project_id, CSV, "large.csv", sha256=SHA256)
        await send_parts(large["parts"], {1, 2})
        small = await world.begin(project_id, CSV[:PART], "small.csv")
        assert (await put(small["upload_url"], CSV[:PART], small["headers"]))[0] == 200
        assert len(await left(world)) == 2
        if how == "project":
            await world.call("DELETE", f"/projects/{project_id}")
        for place in (large, small):
            if how == "file":
                await world.call("DELETE", f"/files/{place['file_id']}")
            if how == "never":
                table = world.files.arrivals._table
                file = await table.get(place["file_id"])
                assert file.unfinished == UPLOAD
                await table.update(file.file_id, {"lease_until": file.created_at})
        await world.recover()

        async def gone():
            return not await left(world)

        assert await until(gone)

    run(body)
