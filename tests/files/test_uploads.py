import asyncio
import hashlib

import pytest

from leonidas_jupyter.core.errors import ErrorCode, LeonidasError
from leonidas_jupyter.core.events import FileReady, FileStatusChanged, FileUploaded
from leonidas_jupyter.core.security import Role
from leonidas_jupyter.files.schemas import FileLimits
from tests.projects.world import BASE, BOB, in_chunks, until

CSV = b"region,amount\nN,1\nS,2\n"


async def count(world, project_id):
    return (await world.call("GET", f"/projects/{project_id}")).json["file_count"]


async def listed(world, project_id):
    return (await world.call("GET", f"/projects/{project_id}/files")).json["items"]


async def swept(world):
    await world.recover()
    return "DELETED" in [event.status for event in world.seen(FileStatusChanged)]


def test_a_file_goes_from_upload_to_frame(run, gate):
    async def body(world):
        project_id = await world.project()
        place = await world.begin(project_id, CSV, "Sales 2024.csv")
        assert place["upload_url"].startswith(f"{BASE}/blobs/")
        assert (place["method"], place["headers"], place["parts"]) == ("PUT", {}, None)
        file_id = place["file_id"]
        file = await world.file(file_id)
        assert (file["status"], file["size"], file["content_version"]) == (
            "UPLOADING",
            len(CSV),
            1,
        )
        assert [each["file_id"] for each in await listed(world, project_id)] == [file_id]
        assert await count(world, project_id) == 1
        assert (await world.put(place, CSV)).status == 204
        gate.open.clear()
        confirmed = await world.confirm(file_id)
        assert confirmed["status"] == "PROCESSING"
        assert confirmed["sha256"] == hashlib.sha256(CSV).hexdigest()
        assert confirmed["frame_hash"] is None
        gate.open.set()
        file = await world.done(file_id)
        assert file["status"] == "COMPLETED"
        assert file["frame_name"] == "sales_2024"
        assert (file["rows"], file["columns"], file["reason"]) == (3, 1, None)
        assert file["profile"]["rows"] == 3
        assert (await listed(world, project_id))[0]["profile"] is None
        statuses = [event.status for event in world.seen(FileStatusChanged)]
        assert statuses == ["UPLOADING", "PROCESSING", "COMPLETED"]
        assert world.seen(FileUploaded) == [FileUploaded(project_id, file_id)]
        assert world.seen(FileReady) == [FileReady(project_id, file_id, "sales_2024")]
        prefix = f"projects/{project_id}/files/{file_id}/1/"
        made = file["frame_hash"]
        assert await world.objects() == [
            f"{prefix}frame-{made}.parquet",
            f"{prefix}original",
            f"{prefix}profile-{made}.json",
        ]

    run(body)


def test_a_file_over_the_limit_is_refused_before_it_is_sent(run):
    async def body(world):
        project_id = await world.project()
        url = f"/projects/{project_id}/files/upload-url"
        wanted = {"filename": "sales.csv", "size": 3_100_000_000}
        error = await world.refused(ErrorCode.FILE_TOO_LARGE, "POST", url, wanted)
        assert error.status == 413
        assert error.message == "sales.csv is 3.1 GB; the limit here is 2 GB."
        assert error.detail == {"size": 3_100_000_000, "limit": 2_000_000_000}
        assert await count(world, project_id) == 0
        await world.call("POST", url, {"filename": "sales.csv", "size": 2_000_000_000})

    run(body, limits=FileLimits(max_upload_bytes=2_000_000_000))


@pytest.mark.parametrize(
    "sent",
    [
        {"size": -1},
        {"size": "many"},
        {"size": 1.5},
        {"size": None},
        {"sha256": "abc"},
        {"sha256": "G" * 64},
        {"path": "/etc/passwd"},
        {"file_id": "mine"},
        {"replaces": 7},
    ],
)
def test_what_is_no_upload_is_refused(run, sent):
    async def body(world):
        project_id = await world.project()
        wanted = {"filename": "a.csv", "size": 1} | sent
        error = await world.refused(
            ErrorCode.INVALID_REQUEST, "POST", f"/projects/{project_id}/files/upload-url", wanted
        )
        assert error.detail["fields"][0]["field"] == next(iter(sent))
        assert await count(world, project_id) == 0

    run(body)


def test_files_of_one_name_get_frames_of_different_names_also_at_once(run):
    async def body(world):
        project_id, other = await world.project(), await world.project()
        places = await asyncio.gather(
            *(world.begin(project_id, CSV, name) for name in ["sales.csv"] * 4 + ["Sales.CSV"] * 2)
        )
        names = {(await world.file(place["file_id"]))["frame_name"] for place in places}
        assert names == {"sales", "sales_2", "sales_3", "sales_4", "sales_5", "sales_6"}
        elsewhere = await world.begin(other, CSV)
        assert (await world.file(elsewhere["file_id"]))["frame_name"] == "sales"
        assert await count(world, project_id) == 6
        await world.call("DELETE", f"/files/{places[0]['file_id']}")
        free = names - {f["frame_name"] for f in await listed(world, project_id)}
        again = await world.begin(project_id, CSV)
        assert {(await world.file(again["file_id"]))["frame_name"]} == free

    run(body)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, ErrorCode.LENGTH_REQUIRED),
        ({"Transfer-Encoding": "chunked"}, ErrorCode.LENGTH_REQUIRED),
        ({"Transfer-Encoding": "chunked", "Content-Length": "22"}, ErrorCode.LENGTH_REQUIRED),
        ({"Content-Length": "many"}, ErrorCode.LENGTH_REQUIRED),
        ({"Content-Length": "-22"}, ErrorCode.LENGTH_REQUIRED),
        ({"Content-Length": "21"}, ErrorCode.INVALID_REQUEST),
        ({"Content-Length": "23"}, ErrorCode.INVALID_REQUEST),
        ({"Content-Length": "4000"}, ErrorCode.FILE_TOO_LARGE),
    ],
)
def test_bytes_of_another_length_than_announced_are_refused(run, headers, code):
    async def body(world):
        place = await world.begin(await world.project(), CSV)
        await world.refused(
            code, "PUT", place["upload_url"], headers=headers, chunks=in_chunks(CSV)
        )
        assert await world.objects() == []

    run(body, limits=FileLimits(max_upload_bytes=3000))


@pytest.mark.parametrize("content", [CSV[:-1], CSV + b"x", b"", CSV * 1000])
def test_nothing_is_stored_when_other_bytes_come_than_the_length_says(run, content):
    async def body(world):
        place = await world.begin(await world.project(), CSV)
        await world.refused(
            ErrorCode.INVALID_REQUEST,
            "PUT",
            place["upload_url"],
            headers={"Content-Length": str(len(CSV))},
            chunks=in_chunks(content),
        )
        assert await world.objects() == []
        assert (await world.file(place["file_id"]))["status"] == "UPLOADING"
        assert (await world.put(place, CSV)).status == 204

    run(body)


@pytest.mark.parametrize("content", [CSV[:-1], CSV + b"x"])
def test_a_url_takes_no_other_size_than_it_was_signed_for(run, content):
    async def body(world):
        place = await world.begin(await world.project(), CSV)
        error = await world.refused(
            ErrorCode.INVALID_REQUEST,
            "PUT",
            place["upload_url"],
            headers={"Content-Length": str(len(content))},
            chunks=in_chunks(content),
        )
        assert error.detail == {"expected_size": len(CSV), "actual_size": len(content)}
        assert await world.objects() == []

    run(body)


def test_bytes_that_nobody_awaits_are_refused_before_they_are_sent(run, gate):
    async def body(world):
        place = await world.begin(await world.project(), CSV)
        await world.put(place, CSV)
        await world.confirm(place["file_id"])
        sent = 0

        async def chunks():
            nonlocal sent
            sent += 1
            yield CSV

        headers = {"Content-Length": str(len(CSV))}
        await world.refused(
            ErrorCode.CONFLICT, "PUT", place["upload_url"], headers=headers, chunks=chunks()
        )
        assert sent == 0

    run(body)


def test_a_torn_upload_leaves_nothing_and_can_be_repeated(run):
    async def body(world):
        place = await world.begin(await world.project(), CSV)

        async def torn():
            yield CSV[:5]
            raise ConnectionResetError

        with pytest.raises(ConnectionResetError):
            await world.call(
                "PUT",
                place["upload_url"],
                headers={"Content-Length": str(len(CSV))},
                chunks=torn(),
            )
        assert await world.objects() == []
        confirm = f"/files/{place['file_id']}/confirm"
        await world.refused(ErrorCode.CONFLICT, "POST", confirm)
        await world.put(place, CSV)
        assert len(await world.objects()) == 1

    run(body)


def test_bytes_may_be_sent_again_until_they_are_confirmed(run, gate):
    async def body(world):
        place = await world.begin(await world.project(), CSV)
        await world.put(place, CSV.replace(b"1", b"9"))
        await world.put(place, CSV)
        file = await world.confirm(place["file_id"])
        assert file["sha256"] == hashlib.sha256(CSV).hexdigest()
        await refused_put(world, place, ErrorCode.CONFLICT)
        await world.done(place["file_id"])
        await refused_put(world, place, ErrorCode.CONFLICT)

    run(body)


def test_a_confirmation_in_mid_upload_is_not_overtaken_by_it(run, gate):
    async def body(world):
        place = await world.begin(await world.project(), CSV)
        await world.put(place, CSV)

        async def confirming():
            yield b"?" * (len(CSV) - 1)
            await world.confirm(place["file_id"])
            yield b"?"

        await world.refused(
            ErrorCode.CONFLICT,
            "PUT",
            place["upload_url"],
            headers={"Content-Length": str(len(CSV))},
            chunks=confirming(),
        )
        await world.done(place["file_id"])
        where = await world.call("GET", f"/files/{place['file_id']}/download-url")
        assert (await world.call("GET", where.json["download_url"])).content == CSV

    run(body)


async def refused_put(world, place, code):
    return await world.refused(
        code,
        "PUT",
        place["upload_url"],
        headers={"Content-Length": str(len(CSV))},
        chunks=in_chunks(CSV),
    )


def test_a_signed_url_is_good_for_its_own_upload_only(run):
    async def body(world):
        project_id = await world.project()
        place = await world.begin(project_id, CSV)
        key = f"projects/{project_id}/files/{place['file_id']}/1/original"
        reading = world.signer.sign("GET", key, expires_in=60, filename="a").url
        over = world.signer.sign("PUT", key, expires_in=-1, size=len(CSV)).url
        forged = place["upload_url"][:-2] + "AA"
        for url, code in [
            (reading, ErrorCode.UNAUTHENTICATED),
            (over, ErrorCode.TOKEN_EXPIRED),
            (forged, ErrorCode.UNAUTHENTICATED),
            (f"{BASE}/blobs/nonsense", ErrorCode.UNAUTHENTICATED),
        ]:
            await refused_put(world, {"upload_url": url}, code)
        assert await world.objects() == []
        await world.call("DELETE", f"/files/{place['file_id']}")
        await refused_put(world, place, ErrorCode.NOT_FOUND)
        assert await world.objects() == []

    run(body)


def test_confirming_before_the_bytes_came_is_a_conflict(run):
    async def body(world):
        place = await world.begin(await world.project(), CSV)
        error = await world.refused(
            ErrorCode.CONFLICT, "POST", f"/files/{place['file_id']}/confirm"
        )
        assert error.status == 409
        assert (await world.file(place["file_id"]))["status"] == "UPLOADING"

    run(body)


def test_what_differs_from_what_was_announced_is_said_and_can_be_repeated(run, gate):
    async def body(world):
        project_id = await world.project()
        right, wrong = hashlib.sha256(CSV).hexdigest(), hashlib.sha256(b"x").hexdigest()
        place = await world.begin(project_id, CSV, sha256=right)
        path = f"/files/{place['file_id']}/confirm"
        key = f"projects/{project_id}/files/{place['file_id']}/1/original"

        await world.store.put(key, b"x")
        error = await world.refused(ErrorCode.INVALID_REQUEST, "POST", path)
        assert error.detail == {"expected_size": len(CSV), "actual_size": 1}

        other = CSV.replace(b"1", b"9")
        with pytest.raises(LeonidasError, match="another SHA-256"):
            await world.put(place, other)
        await world.refused(ErrorCode.INVALID_REQUEST, "POST", path)
        await world.store.put(key, other)
        error = await world.refused(ErrorCode.INVALID_REQUEST, "POST", path)
        said = {"expected_sha256": right, "actual_sha256": hashlib.sha256(other).hexdigest()}
        assert error.detail == said

        await world.put(place, CSV)
        error = await world.refused(ErrorCode.INVALID_REQUEST, "POST", path, {"sha256": wrong})
        assert error.detail == {"expected_sha256": wrong, "actual_sha256": right}
        for sent in ({"sha256": "x"}, {"md5": "x"}, {"parts": [{"number": 1, "etag": "x"}]}):
            await world.refused(ErrorCode.INVALID_REQUEST, "POST", path, sent)

        assert (await world.file(place["file_id"]))["status"] == "UPLOADING"
        assert gate.began == []
        assert (await world.confirm(place["file_id"], sha256=right))["status"] == "PROCESSING"
        assert (await world.done(place["file_id"]))["status"] == "COMPLETED"

    run(body)


def test_confirming_many_times_at_once_and_later_reads_once(run, gate):
    async def body(world):
        place = await world.begin(await world.project(), CSV)
        await world.put(place, CSV)
        answers = await asyncio.gather(*(world.confirm(place["file_id"]) for _ in range(5)))
        assert {answer["file_id"] for answer in answers} == {place["file_id"]}
        file = await world.done(place["file_id"])
        sha256 = file["sha256"]
        assert await world.confirm(place["file_id"], sha256=sha256) == file | {
            "profile": None,
            "joins": None,
        }
        error = await world.refused(
            ErrorCode.INVALID_REQUEST,
            "POST",
            f"/files/{place['file_id']}/confirm",
            {"sha256": "0" * 64},
        )
        assert error.detail == {"actual_sha256": sha256}
        assert gate.began == ["sales.csv"]
        assert len(world.seen(FileUploaded)) == 1

    run(body)


def test_an_upload_that_never_came_is_swept_after_its_time(run):
    async def body(world):
        project_id = await world.project()
        place = await world.begin(project_id, CSV)
        await world.store.put(f"projects/{project_id}/files/{place['file_id']}/1/original", CSV)
        await until(lambda: swept(world))
        assert await count(world, project_id) == 0
        assert await world.objects() == await listed(world, project_id) == []
        await world.refused(ErrorCode.NOT_FOUND, "GET", f"/files/{place['file_id']}")

    run(body, limits=FileLimits(upload_seconds=0))


def test_an_upload_is_not_swept_before_its_time(run, gate):
    async def body(world):
        place = await world.begin(await world.project(), CSV)
        await world.recover()
        await world.put(place, CSV)
        await world.confirm(place["file_id"])
        assert (await world.done(place["file_id"]))["status"] == "COMPLETED"

    run(body)


def test_an_upload_of_a_project_that_is_gone_is_swept_too(run):
    async def body(world):
        from leonidas_jupyter.projects.repository import PROJECTS

        project_id = await world.project()
        place = await world.begin(project_id, CSV)
        await world.database.table(PROJECTS).delete(project_id)

        async def forgotten():
            await world.recover()
            return await world.files._repository.get(place["file_id"]) is None

        await until(forgotten)

    run(body, limits=FileLimits(upload_seconds=0))


CALLS = [
    ("GET", "/files/{id}", None, True),
    ("GET", "/files/{id}/download-url", None, True),
    ("GET", "/files/{id}/download-url?form=frame", None, True),
    ("GET", "/projects/{project}/files", None, True),
    ("POST", "/projects/{project}/files/upload-url", {"filename": "b.csv", "size": 1}, False),
    ("POST", "/files/{id}/confirm", None, False),
    ("PUT", "/files/{id}/rename", {"filename": "x.csv"}, False),
    ("PUT", "/files/{id}/dialect", {"delimiter": ";"}, False),
    ("DELETE", "/files/{id}", None, False),
]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR, None])
def test_members_do_what_their_role_allows(run, gate, role):
    async def body(world):
        project_id = await world.project()
        file = await world.upload(project_id, CSV)
        if role is not None:
            await world.member(project_id, BOB, role)
        for method, path, sent, reads in [*CALLS, ("GET", "/files/{id}/preview", None, True)]:
            real = path.format(project=project_id, id=file["file_id"])
            if role is None:
                theirs = await world.refused(ErrorCode.NOT_FOUND, method, real, sent, caller=BOB)
                unknown = path.format(project="unknown", id="unknown")
                none = await world.refused(ErrorCode.NOT_FOUND, method, unknown, sent, caller=BOB)
                assert theirs.body("r") == none.body("r")
            elif not (reads or role is Role.EDITOR):
                await world.refused(ErrorCode.FORBIDDEN_BY_POLICY, method, real, sent, caller=BOB)
            elif "preview" not in path:
                await world.call(method, real, sent, caller=BOB)
                if "dialect" in path:
                    await world.done(file["file_id"])

    run(body)


def test_replacing_asks_for_a_file_of_the_same_project(run):
    async def body(world):
        mine, other = await world.project(), await world.project()
        theirs = await world.project(caller=BOB)
        elsewhere = (await world.begin(other, CSV))["file_id"]
        answer = await world.call(
            "POST",
            f"/projects/{theirs}/files/upload-url",
            {"filename": "a.csv", "size": 1},
            caller=BOB,
        )
        url = f"/projects/{mine}/files/upload-url"
        for replaces in (elsewhere, answer.json["file_id"], "unknown"):
            wanted = {"filename": "a.csv", "size": 1, "replaces": replaces}
            await world.refused(ErrorCode.NOT_FOUND, "POST", url, wanted)
        assert await listed(world, mine) == []

    run(body)


def test_an_upload_that_broke_off_can_be_begun_again_in_its_place(run, gate):
    async def body(world):
        project_id = await world.project()
        first = await world.begin(project_id, CSV)
        await world.put(first, CSV)
        longer = CSV + b"W,3\n"
        again = await world.begin(project_id, longer, "better.csv", replaces=first["file_id"])
        assert again["file_id"] == first["file_id"]
        assert await world.objects() == []
        awaited = await world.file(first["file_id"])
        assert (awaited["size"], awaited["filename"]) == (len(longer), "better.csv")
        await refused_put(world, first, ErrorCode.CONFLICT)
        await world.put(again, longer)
        await world.confirm(first["file_id"])
        file = await world.done(first["file_id"])
        assert (file["status"], file["size"], file["filename"]) == (
            "COMPLETED",
            len(longer),
            "better.csv",
        )
        assert file["frame_name"] == "sales"
        assert await count(world, project_id) == 1

    run(body)
