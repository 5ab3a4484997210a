"""A workbook through the whole server: uploaded, read in the worker, asked in plain words."""

import asyncio
import io

import openpyxl


def _workbook() -> bytes:
    book = openpyxl.Workbook()
    sales = book.active
    sales.title = "Sales"
    for row in (["Our sales"], [], ["region", "amount"], ["N", 10], ["S", 20], ["W", 12.5]):
        sales.append(row)
    prices = book.create_sheet("Prices")
    for row in (["item", "price"], ["tea", 2], ["rum", 9]):
        prices.append(row)
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


async def _files(api, project, count):
    async with asyncio.timeout(120):
        while True:
            files = (await api("GET", f"/projects/{project}/files")).json["items"]
            if len(files) == count and {file["status"] for file in files} == {"COMPLETED"}:
                return {file["frame_name"]: file for file in files}
            assert all(file["status"] != "FAILED" for file in files), files
            await asyncio.sleep(0.02)


async def test_a_workbook_is_uploaded_read_and_asked(api):
    content = _workbook()
    project = (await api("POST", "/projects", json_body={"name": "p"})).json["project_id"]
    wanted = {"filename": "Book.xlsx", "size": len(content)}
    place = (await api("POST", f"/projects/{project}/files/upload-url", json_body=wanted)).json
    headers = {"Content-Length": str(len(content))}
    await api("PUT", place["upload_url"], raw=True, auth=None, headers=headers, body=content)
    assert (await api("POST", f"/files/{place['file_id']}/confirm", json_body={})).status == 200
    files = await _files(api, project, 2)
    assert set(files) == {"book", "book_prices"}
    assert files["book"]["dialect"]["skip_rows"] == 2

    path = f"/projects/{project}/sessions"
    session = (await api("POST", path, json_body={})).json["session_id"]
    asked = {"content": "What is the average amount in book?"}
    answer = (await api("POST", f"/sessions/{session}/chat", json_body=asked)).json
    assert "14.17" in answer["message"]["content"], answer

    where = (await api("GET", f"/files/{place['file_id']}/download-url")).json["download_url"]
    original = await api("GET", where, raw=True, auth=None)
    assert original.body == content
    assert original.headers["content-disposition"].startswith("attachment;")
    assert original.headers["x-content-type-options"] == "nosniff"
