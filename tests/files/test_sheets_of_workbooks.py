"""A workbook is one upload and several frames: each sheet that holds something is a file."""

import asyncio
import io

import openpyxl
import pytest

from leonidas_jupyter.core.errors import ErrorCode
from leonidas_jupyter.data import siblings
from leonidas_jupyter.files.repository import FILES
from leonidas_jupyter.files.schemas import FileLimits
from leonidas_jupyter.projects.repository import PROJECTS
from tests.projects.world import until

NAMES = [["name", "n"], ["Ann", 1], ["Bo", 2]]


def workbook(**sheets) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


BOOK = workbook(Data=NAMES, Prices=[["item", "price"], ["tea", 2.5]], Empty=[], Days=[["d"], [7]])


async def listed(world, project_id) -> dict[str, dict]:
    """The project's files by name, once all are read."""

    async def read():
        files = (await world.call("GET", f"/projects/{project_id}/files")).json["items"]
        still = {"UPLOADING", "PROCESSING"}
        return None if any(file["status"] in still for file in files) else files

    return {file["filename"]: file for file in await until(read)}


def test_each_sheet_is_a_frame(run):
    async def body(world):
        project_id = await world.project()
        first = await world.upload(project_id, BOOK, "Book.xlsx")
        files = await listed(world, project_id)
        assert {name: file["frame_name"] for name, file in files.items()} == {
            "Book.xlsx": "book",
            "Book (Prices).xlsx": "book_prices",
            "Book (Days).xlsx": "book_days",
        }
        assert {file["status"] for file in files.values()} == {"COMPLETED"}
        assert first["dialect"]["sheet"] == "Data"
        assert first["dialect"]["assumed"] == [
            "This is the sheet “Data” of the workbook; it also has “Prices”, “Days”.",
            "The other sheets are frames, too: book_prices and book_days.",
        ]
        prices = files["Book (Prices).xlsx"]
        assert prices["dialect"]["sheet"] == prices["override"]["sheet"] == "Prices"
        assert (prices["source"], prices["size"]) == ("USER_UPLOAD", len(BOOK))
        project = await world.database.table(PROJECTS).get(project_id)
        assert project.file_count == 3
        result = await world.files.query(
            project_id, "select b.n * p.price as x from book b, book_prices p where b.n = 2"
        )
        assert [list(row) for row in result.rows] == [[5.0]]

    run(body)


def test_the_files_of_sheets_live_on_their_own(run):
    async def body(world):
        project_id = await world.project()
        file = await world.upload(project_id, BOOK, "Book.xlsx")
        files = await listed(world, project_id)
        await world.call("DELETE", f"/files/{files['Book (Days).xlsx']['file_id']}")
        await world.call("DELETE", f"/files/{file['file_id']}")
        prices = files["Book (Prices).xlsx"]["file_id"]
        where = (await world.call("GET", f"/files/{prices}/download-url")).json
        assert (await world.call("GET", where["download_url"])).content == BOOK
        await world.call("PUT", f"/files/{prices}/dialect", {"sheet": "days"})
        again = await world.done(prices)
        assert (again["dialect"]["sheet"], again["rows"]) == ("Days", 1)
        assert list(await listed(world, project_id)) == ["Book (Prices).xlsx"]

    run(body)


def test_another_workbook_leaves_the_files_of_sheets_alone(run):
    async def body(world):
        project_id = await world.project()
        file_id = (await world.upload(project_id, BOOK, "Book.xlsx"))["file_id"]
        files = await listed(world, project_id)
        await world.call("DELETE", f"/files/{files['Book (Days).xlsx']['file_id']}")
        new = workbook(Data=[["name"], ["Cy"]], Prices=[["item"], ["x"]], More=[["m"], [1]])
        for target, rows in ((file_id, 1), (files["Book (Prices).xlsx"]["file_id"], 1)):
            place = await world.begin(project_id, new, "Book2.xlsx", replaces=target)
            await world.put(place, new)
            await world.confirm(target)
            assert (await world.done(target))["rows"] == rows
            assert len(await listed(world, project_id)) == 1 + (target == file_id)
        first = await world.file(file_id)
        assert first["dialect"]["sheet"] == "Data"
        assert first["dialect"]["assumed"][-1] == (
            "What was made of the other sheets earlier stays as it is: book_prices. "
            "Upload the workbook to those files, too, where it is to change."
        )
        prices = await world.file(files["Book (Prices).xlsx"]["file_id"])
        assert (prices["dialect"]["sheet"], prices["content_version"]) == ("Prices", 2)

    run(body)


def test_a_sheet_that_was_named_comes_alone(run):
    async def body(world):
        project_id = await world.project()
        file = await world.upload(project_id, BOOK, "Book.xlsx", dialect={"sheet": "Prices"})
        assert file["dialect"]["sheet"] == "Prices"
        assert len(await listed(world, project_id)) == 1

    run(body)


def test_what_breaks_off_in_between_is_taken_up_and_nothing_is_doubled(run, monkeypatch):
    async def body(world):
        project_id = await world.project()
        place = await world.begin(project_id, BOOK, "Book.xlsx")
        await world.put(place, BOOK)
        made = siblings.Siblings._make
        calls = []

        async def breaks(self, file, sheet):
            calls.append(sheet)
            if len(calls) == 2:
                await broken.wait()
            return await made(self, file, sheet)

        broken = asyncio.Event()
        monkeypatch.setattr(siblings.Siblings, "_make", breaks)
        await world.confirm(place["file_id"])

        async def second():
            return len(calls) == 2

        await until(second)
        await world.tasks.close()  # as a server that ends; its leases are given up
        row = await world.database.table(FILES).get(place["file_id"])
        assert row.unfinished == "ingest"
        broken.set()
        await world.recover()
        await world.done(place["file_id"])
        files = await listed(world, project_id)
        assert sorted(files) == ["Book (Days).xlsx", "Book (Prices).xlsx", "Book.xlsx"]
        assert calls == ["Prices", "Days", "Prices", "Days"]
        project = await world.database.table(PROJECTS).get(project_id)
        assert project.file_count == 3

    run(body)


@pytest.mark.parametrize("moment", ["before the row", "after the row"])
def test_a_workbook_deleted_while_its_sheets_are_made_leaves_none(run, monkeypatch, moment):
    """Deleted by this server, which stops the making, and by another one, which does not."""

    async def body(world):
        project_id = await world.project()
        place = await world.begin(project_id, BOOK, "Book.xlsx")
        await world.put(place, BOOK)
        reached, go_on, stored_all = asyncio.Event(), asyncio.Event(), asyncio.Event()
        began = []
        begin = world.files._sheets.begin

        async def held(project_id, incoming, file_id):
            began.append(file_id)
            if len(began) == 2 and moment == "before the row":
                reached.set()
                await go_on.wait()
            stored = await begin(project_id, incoming, file_id)
            if len(began) == 2 and moment == "after the row":
                reached.set()
                await go_on.wait()
            if len(began) == 2:
                stored_all.set()
            return stored

        object.__setattr__(world.files._sheets, "begin", held)

        async def as_if_elsewhere(_file_id):
            pass

        monkeypatch.setattr(world.files._reading, "stop", as_if_elsewhere)
        await world.confirm(place["file_id"])
        await asyncio.wait_for(reached.wait(), 60)
        await world.call("DELETE", f"/files/{place['file_id']}")

        async def removed():
            return await world.database.table(FILES).get(place["file_id"]) is None

        await until(removed)
        go_on.set()
        await asyncio.wait_for(stored_all.wait(), 60)

        async def gone():
            project = await world.database.table(PROJECTS).get(project_id)
            if project.file_count:
                return False
            page = await world.files._repository.of_project(project_id, after=None, limit=9)
            return not page.items and not await world.objects()

        await until(gone)
        assert len(began) == 2

    run(body)


def test_copies_take_no_more_than_an_upload_may(run):
    async def body(world):
        project_id = await world.project()
        file = await world.upload(project_id, BOOK, "Book.xlsx")
        assert len(await listed(world, project_id)) == 2
        assert file["dialect"]["assumed"][-1] == (
            "The other sheets are frames, too: book_prices. "
            "1 more would take too much space: upload them in a workbook each."
        )

    run(body, limits=FileLimits(max_upload_bytes=len(BOOK) + 100))


def test_what_a_format_does_not_have_is_refused_at_once(run):
    async def body(world):
        project_id = await world.project()
        file = await world.upload(project_id, workbook(S=NAMES), "Book.xlsx")
        where = f"/files/{file['file_id']}/dialect"
        error = await world.refused(ErrorCode.INVALID_REQUEST, "PUT", where, {"delimiter": ";"})
        assert error.message == "A workbook has nothing of the kind: leave out delimiter."
        assert (await world.file(file["file_id"]))["status"] == "COMPLETED"

    run(body)


def test_names_of_files_from_names_of_sheets():
    named = siblings.sheet_filename
    assert named("Book.xlsx", "Q1/Q2") == "Book (Q1_Q2).xlsx"
    assert named("Book.v2.xlsx", "  a\n b ") == "Book.v2 (a b).xlsx"
    assert len(named("x" * 250 + ".xlsx", "y" * 255)) == 255
    assert named("Book.xlsx", "a\u202eb") == "Book (sheet).xlsx"
