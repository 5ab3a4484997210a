import asyncio
import hashlib

import pytest

from leonidas_jupyter.core.errors import ErrorCode
from leonidas_jupyter.data.errors import SqlFailed, SqlRefused
from tests.projects.world import BASE, until

SALES = (
    "region,amount,day,note\n"
    "Nord,1.5,2024-01-01,=1+1\n"
    "Süd,2,2024-01-02,@SUM(A1)\n"
    "Ost,3.25,2024-01-03,-2+3|cmd\n"
).encode()


def test_a_real_file_can_be_asked_previewed_and_downloaded(run):
    async def body(world):
        project_id = await world.project()
        file = await world.upload(project_id, SALES, "Sales 2024.csv")
        assert (file["status"], file["rows"], file["columns"]) == ("COMPLETED", 3, 4)
        types = {column["name"]: column["type"] for column in file["profile"]["columns"]}
        assert types == {"region": "text", "amount": "number", "day": "date", "note": "text"}

        (frame,) = await world.files.frames(project_id)
        assert (frame.name, frame.file_id, frame.content_version) == (
            "sales_2024",
            file["file_id"],
            1,
        )
        assert frame.profile.rows == 3
        result = await world.files.query(project_id, "SELECT sum(amount) FROM Sales_2024")
        assert result.rows == [[6.75]]
        with pytest.raises(SqlFailed, match="nowhere"):
            await world.files.query(project_id, "SELECT * FROM nowhere")
        with pytest.raises(SqlRefused):
            await world.files.query(project_id, "DROP TABLE sales_2024")

        path = f"/files/{file['file_id']}/preview"
        rows = (await world.call("GET", f"{path}?limit=2")).json
        assert rows["columns"][1] == {"name": "amount", "type": "number"}
        assert rows["rows"] == 3
        assert rows["records"] == [
            {"region": "Nord", "amount": 1.5, "day": "2024-01-01", "note": "=1+1"},
            {"region": "Süd", "amount": 2.0, "day": "2024-01-02", "note": "@SUM(A1)"},
        ]
        for limit in ("0", "1001", "x"):
            await world.refused(ErrorCode.INVALID_REQUEST, "GET", f"{path}?limit={limit}")

        where = f"/files/{file['file_id']}/download-url"
        for form, name in (("original", "Sales%202024.csv"), ("frame", "sales_2024.parquet")):
            place = (await world.call("GET", f"{where}?form={form}")).json
            assert place["download_url"].startswith(f"{BASE}/blobs/")
            answer = await world.call("GET", place["download_url"])
            assert f"UTF-8''{name}" in answer.headers["content-disposition"]
            if form == "original":
                assert answer.content == SALES
            else:
                assert answer.content.startswith(b"PAR1")
                assert len(answer.content) == file["frame_size"]
        await world.refused(ErrorCode.INVALID_REQUEST, "GET", f"{where}?form=xlsx")

    run(body)


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("empty.csv", b"", "empty"),
        ("noise.csv", bytes(range(256)) * 20, "binary"),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(60), "PNG"),
        ("zeros.csv", bytes(4000), "binary"),
    ],
)
def test_what_is_no_table_ends_as_failed_with_a_sentence(run, name, content, word):
    async def body(world):
        project_id = await world.project()
        file = await world.upload(project_id, content, name)
        assert file["status"] == "FAILED"
        assert word in file["reason"]
        assert str(world.folder) not in file["reason"]
        assert file["frame_hash"] is file["profile"] is None
        assert await world.files.frames(project_id) == []
        for path in ("preview", "download-url?form=frame"):
            error = await world.refused(
                ErrorCode.CONFLICT, "GET", f"/files/{file['file_id']}/{path}"
            )
            assert file["reason"] in error.message

    run(body)


def test_a_project_without_files_has_no_frames(run):
    async def body(world):
        project_id = await world.project()
        assert await world.files.frames(project_id) == []
        with pytest.raises(SqlFailed):
            await world.files.query(project_id, "SELECT 1 FROM sales")

    run(body)


def test_a_real_worker_is_stopped_when_its_file_is_deleted(run):
    async def body(world):
        project_id = await world.project()
        content = b"a,b\n" + b"1,two\n" * 2_000_000
        place = await world.begin(project_id, content)
        headers = {"Content-Length": str(len(content))}

        async def whole():
            yield content

        await world.call("PUT", place["upload_url"], headers=headers, chunks=whole())
        await world.confirm(place["file_id"])

        async def reading():
            return any(world.folder.glob("scratch/*/.ingest-*"))

        await until(reading)
        await world.call("DELETE", f"/files/{place['file_id']}")

        async def settled():
            return world.tasks.idle

        await until(settled)
        assert await world.objects() == []
        assert list((world.folder / "scratch").iterdir()) == []

    run(body)


def test_corrected_dialects_change_the_frame_that_is_asked(run):
    async def body(world):
        project_id = await world.project()
        file = await world.upload(project_id, b"code,name\n007,x\n008,y\n")
        await world.call("PUT", f"/files/{file['file_id']}/dialect", {"header_rows": 0})
        again = await world.done(file["file_id"])
        assert (again["status"], again["rows"]) == ("COMPLETED", 3)
        assert again["frame_hash"] != file["frame_hash"]
        result = await world.files.query(project_id, "SELECT count(*) FROM sales")
        assert result.rows == [[3]]

    run(body)


def test_profiles_come_from_memory_the_second_time(run, gate, monkeypatch):
    async def body(world):
        project_id = await world.project()
        file = await world.upload(project_id, SALES)
        await world.file(file["file_id"])
        monkeypatch.setattr(world.store, "get", None)
        assert (await world.file(file["file_id"]))["profile"] == file["profile"]

    run(body)


@pytest.mark.parametrize("ask", ["read", "frames", "query", "preview"])
def test_who_asks_while_new_content_takes_over_gets_the_new(run, ask):
    async def body(world):
        project_id = await world.project()
        file = await world.upload(project_id, SALES)
        newer = SALES + b"West,4,2024-01-04,\n"
        repository, replaced = world.files._repository, False
        get, everything = repository.get, repository.all_of_project

        async def replace():
            nonlocal replaced
            if not replaced:
                replaced = True
                await world.upload(project_id, newer, replaces=file["file_id"])

                async def settled():
                    return world.tasks.idle

                await until(settled)
                world.files._frames._profiles.clear()

        async def get_old(file_id):
            found = await get(file_id)
            await replace()
            return found

        async def all_old(project_id):
            found = await everything(project_id)
            await replace()
            return found

        repository.get, repository.all_of_project = get_old, all_old
        if ask == "read":
            assert (await world.file(file["file_id"]))["profile"]["rows"] == 4
        elif ask == "preview":
            answer = await world.call("GET", f"/files/{file['file_id']}/preview")
            assert len(answer.json["records"]) == answer.json["rows"] == 4
        elif ask == "frames":
            assert [f.profile.rows for f in await world.files.frames(project_id)] == [4]
        else:
            result = await world.files.query(project_id, "SELECT count(*) FROM sales")
            assert result.rows == [[4]]

    run(body)


def test_a_frame_that_is_gone_for_good_is_said(run, gate):
    async def body(world):
        project_id = await world.project()
        file = await world.upload(project_id, SALES)
        await world.store.delete_prefix(f"projects/{project_id}/")
        world.files._frames._profiles.clear()
        path = f"/files/{file['file_id']}"
        error = await world.refused(ErrorCode.CONFLICT, "GET", path)
        assert error.message.startswith("What was read from sales.csv is gone")

    run(body)


async def place_of(world, content, filename="sales.csv", form="original"):
    file = await world.upload(await world.project(), content, filename)
    where = f"/files/{file['file_id']}/download-url?form={form}"
    return file, (await world.call("GET", where)).json["download_url"]


def test_a_download_is_an_attachment_that_no_browser_runs(run, gate):
    async def body(world):
        page = b"<html><script>alert(1)</script>"
        file, url = await place_of(world, page, 'Größe "1".html')
        answer = await world.call("GET", url)
        assert (answer.status, answer.content) == (200, page)
        assert answer.headers == {
            "content-type": "application/octet-stream",
            "content-disposition": 'attachment; filename="Gr__e _1_.html"; '
            "filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%221%22.html",
            "content-length": str(len(page)),
            "content-security-policy": "sandbox; default-src 'none'",
            "x-content-type-options": "nosniff",
            "cache-control": "private, no-store",
            "accept-ranges": "bytes",
            "etag": f'"{hashlib.sha256(page).hexdigest()}"',
        }
        await world.call("DELETE", f"/files/{file['file_id']}")

        async def gone():
            return await world.objects() == []

        await until(gone)
        await world.refused(ErrorCode.NOT_FOUND, "GET", url)

    run(body)


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=5-", (5, 9)),
        ("bytes=9-", (9, 9)),
        ("bytes=1-2", (1, 2)),
        ("bytes=0-0", (0, 0)),
        ("bytes=4-999999", (4, 9)),
        ("bytes=0-", None),
        ("bytes=10-", None),
        ("bytes=999999-", None),
        ("bytes=5-4", None),
        ("bytes=-3", None),
        ("bytes=1-,3-", None),
        ("lines=5-", None),
        ("nonsense", None),
    ],
)
def test_a_download_gives_the_part_that_is_asked_for_or_the_whole(run, gate, asked, part):
    async def body(world):
        _, url = await place_of(world, b"0123456789")
        answer = await world.call("GET", url, headers={"Range": asked})
        first, last = part or (0, 9)
        assert answer.content == b"0123456789"[first : last + 1]
        assert answer.status == (206 if part else 200)
        assert answer.headers["content-length"] == str(last - first + 1)
        said = f"bytes {first}-{last}/10" if part else None
        assert answer.headers.get("content-range") == said

    run(body)


def test_a_download_url_is_good_for_its_own_object_for_a_while(run, gate):
    async def body(world):
        file, url = await place_of(world, b"0123456789")
        project_id, file_id = file["project_id"], file["file_id"]
        key = f"projects/{project_id}/files/{file_id}/1/original"
        over = world.signer.sign("GET", key, expires_in=-1, filename="a").url
        writing = world.signer.sign("PUT", key, expires_in=60, size=1).url
        await world.refused(ErrorCode.TOKEN_EXPIRED, "GET", over)
        await world.refused(ErrorCode.UNAUTHENTICATED, "GET", writing)
        await world.refused(ErrorCode.UNAUTHENTICATED, "GET", url + "A")

    run(body)


def test_original_bytes_are_refused_until_they_came(run):
    async def body(world):
        place = await world.begin(await world.project(), b"x")
        await world.refused(ErrorCode.CONFLICT, "GET", f"/files/{place['file_id']}/download-url")

    run(body)


def test_many_questions_at_once_are_answered(run):
    async def body(world):
        project_id = await world.project()
        await world.upload(project_id, SALES)
        results = await asyncio.gather(
            *(
                world.files.query(project_id, f"SELECT {n} FROM sales LIMIT 1")  # noqa: S608 - numbers
                for n in range(8)
            )
        )
        assert [result.rows for result in results] == [[[n]] for n in range(8)]

    run(body)
