"""SQL of one's own over HTTP: typed rows, bounded, and stopped when its asker goes."""

import asyncio
import json

import pyarrow as pa
import pytest

from leonidas_jupyter.files.service import FilesService

CSV = b"city,people,on,code\nOslo,709,2024-01-31,007\nBergen,,2024-02-29,012\n"
RUNAWAY = "SELECT count(*) FROM range(100000000000) a, range(100000000000) b WHERE hash(a, b) = 7"
ARROW = "application/vnd.apache.arrow.stream"


@pytest.fixture
def leonidas_settings(leonidas_settings):
    return {**leonidas_settings, "sql_row_limit": 1000, "sql_processes": 1}


async def made(api):
    """A project with one frame, ``cities``."""
    created = (await api("POST", "/projects", json_body={"name": "w"})).json
    path = f"/projects/{created['project_id']}"
    begun = await api(
        "POST",
        f"{path}/files/upload-url",
        json_body={"filename": "cities.csv", "size": len(CSV)},
    )
    await api("PUT", begun.json["upload_url"], auth=None, raw=True, body=CSV)
    file = f"/files/{begun.json['file_id']}"
    assert (await api("POST", f"{file}/confirm", json_body={})).status == 200
    async with asyncio.timeout(120):
        while (await api("GET", file)).json["status"] != "COMPLETED":  # noqa: ASYNC110 - over HTTP
            await asyncio.sleep(0.05)
    return path


def table_of(answer):
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == ARROW
    table = pa.ipc.open_stream(answer.body).read_all()
    return table, json.loads(table.schema.metadata[b"leonidas"])


def left_over(tmp_path):
    return list((tmp_path / "leonidas" / "scratch").iterdir())


async def test_rows_come_typed(api, tmp_path):
    project = await made(api)
    sql = "SELECT *, sum(people) OVER () AS all_people FROM cities ORDER BY city"
    table, told = table_of(await api("POST", f"{project}/query", json_body={"sql": sql}))
    assert [str(field.type) for field in table.schema] == [
        "string", "int64", "date32[day]", "string", "int64",
    ]  # fmt: skip
    assert table["code"].to_pylist() == ["012", "007"]
    assert table["people"].to_pylist() == [None, 709]
    assert (told["rows"], told["truncated"]) == (2, False)
    assert left_over(tmp_path) == []


async def test_the_row_limit_of_the_server_holds_whatever_is_asked_for(api):
    project = await made(api)
    for limit, rows in ((None, 1000), (5000, 1000), (3, 3)):
        body = {"sql": "FROM range(100000)"} | ({"limit": limit} if limit else {})
        table, told = table_of(await api("POST", f"{project}/query", json_body=body))
        assert (table.num_rows, told["truncated"]) == (rows, True)


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT * FROM 'secret.csv'", "files cannot be read here"),
        ("DROP VIEW cities", "Only one query"),
        ("SELECT citty FROM cities", "city"),
        ("SELECT 'x'::INT", "Could not convert"),
        ("SELECT getenv('HOME')", "not available"),
        ("", "empty"),
    ],
)
async def test_what_cannot_be_answered_is_said_in_a_sentence(api, tmp_path, sql, words):
    project = await made(api)
    answer = await api("POST", f"{project}/query", json_body={"sql": sql})
    assert (answer.status, answer.code) == (400, "invalid_request")
    assert words in answer.json["error"]["message"]
    assert str(tmp_path) not in answer.body.decode()
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("body", [{}, {"sql": "SELECT 1", "limit": 0}, {"sql": "x" * 100_001}])
async def test_a_request_has_to_have_its_shape(api, body):
    project = await made(api)
    answer = await api("POST", f"{project}/query", json_body=body)
    assert (answer.status, answer.code) == (400, "invalid_request")


async def test_a_query_ends_with_its_asker(api, services, tmp_path):
    """The only worker is free again long before the query's own time is over."""
    project = await made(api)
    workers = (await services())[FilesService]._frames._sql
    body = json.dumps({"sql": RUNAWAY}).encode()
    _, writer = await asyncio.open_connection("127.0.0.1", api.port)
    lines = [
        f"POST {api.url(project)}/query HTTP/1.1",
        f"Host: 127.0.0.1:{api.port}",
        "Authorization: token a-jupyter-token",
        f"Content-Length: {len(body)}",
        "",
        "",
    ]
    writer.write("\r\n".join(lines).encode() + body)
    async with asyncio.timeout(60):
        while not workers._busy:  # noqa: ASYNC110 - what is waited for signals nothing
            await asyncio.sleep(0.01)
    writer.close()
    async with asyncio.timeout(20):  # of the 30 s that a query may take
        while workers._busy or left_over(tmp_path):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
    table, _ = table_of(await api("POST", f"{project}/query", json_body={"sql": "SELECT 1 AS a"}))
    assert table.to_pylist() == [{"a": 1}]


async def test_queries_are_limited_in_number(api, serve, services):
    from leonidas_jupyter.files.handlers import ROUTES

    route = next(route for route in ROUTES if route.path.endswith("/query"))
    base = await serve(route, query_rate="2/minute")
    created = (await api("POST", "/projects", json_body={"name": "w"})).json
    path = f"{base}/projects/{created['project_id']}/query"
    body = {"sql": "SELECT 1"}
    codes = [(await api("POST", path, raw=True, json_body=body)).status for _ in range(3)]
    assert codes == [200, 200, 429]
