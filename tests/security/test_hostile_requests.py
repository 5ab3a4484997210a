"""Requests that no honest client sends: each is refused in the one shape, none is a 500."""

import base64
import json

import pytest

from leonidas_jupyter.core.http import MOST_FIELD_NAME, MOST_FIELDS

ENDLESS = "9" * 5000
"""More digits than Python reads as a number (sys.get_int_max_str_digits)."""


def cursor(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@pytest.mark.parametrize("limit", [ENDLESS, "0" * 5000 + "1", "-1", "٣", "1e1"])
async def test_a_limit_that_is_no_number_is_refused(api, limit):
    answer = await api("GET", f"/projects?limit={limit}")
    assert (answer.status, answer.code) == (400, "invalid_request")


FORGED = [
    b"[" * 40_000,
    b"[" + ENDLESS.encode() + b",1]",
    b"[1e999,1e999]",
    b"[NaN,NaN]",
    json.dumps([2**70, "x"]).encode(),
    json.dumps(["\ud800", "\ud800"]).encode(),
    json.dumps([{}, []]).encode(),
    b"\xff\xfe",
]


@pytest.mark.parametrize("raw", FORGED, ids=range(len(FORGED)))
async def test_forged_cursors_are_refused(api, raw):
    answer = await api("GET", f"/projects?after={cursor(raw)}")
    assert (answer.status, answer.code) == (400, "invalid_request")


async def test_a_body_of_many_wrong_fields_gets_a_short_answer(api):
    body = {f"wrong-{number}": 1 for number in range(50_000)}
    answer = await api("POST", "/projects", json_body=body)
    assert answer.code == "invalid_request"
    assert len(answer.json["error"]["detail"]["fields"]) == MOST_FIELDS
    assert len(answer.body) < 10_000


async def test_a_wrong_field_with_a_long_name_is_not_repeated_whole(api):
    answer = await api("POST", "/projects", json_body={"name": "x", "y" * 100_000: 1})
    assert answer.code == "invalid_request"
    (field,) = answer.json["error"]["detail"]["fields"]
    assert len(field["field"]) == MOST_FIELD_NAME
    assert len(answer.body) < 10_000


@pytest.mark.parametrize(
    "body",
    [
        b'{"name":' + b"[" * 100_000,
        b'{"name":' + ENDLESS.encode() + b"}",
        b'{"name":NaN}',
        b'{"name":"\\ud800"}',
        b'{"\\ud800":1,"name":"x"}',
        b'{"name":"\xff"}',
        b'{"name":"a\\u0000b"}',
        b"\xef\xbb\xbf{}",
        b'{"name":"x"}{"name":"y"}',
    ],
)
async def test_json_that_is_none_or_hostile_is_refused(api, body):
    answer = await api("POST", "/projects", body=body)
    assert (answer.status, answer.code) == (400, "invalid_request")


@pytest.mark.parametrize("size", [2**63, 10**400])
async def test_a_size_beyond_all_disks_is_refused(api, size):
    project = (await api("POST", "/projects", json_body={"name": "p"})).json["project_id"]
    wanted = {"filename": "a.csv", "size": size}
    answer = await api("POST", f"/projects/{project}/files/upload-url", json_body=wanted)
    assert (answer.status, answer.code) == (400, "invalid_request")


async def test_an_endless_range_gets_the_whole(api):
    project = (await api("POST", "/projects", json_body={"name": "p"})).json["project_id"]
    wanted = {"filename": "a.csv", "size": 8}
    path = f"/projects/{project}/files/upload-url"
    begun = (await api("POST", path, json_body=wanted)).json
    put = await api("PUT", begun["upload_url"], auth=None, raw=True, body=b"a,b\n1,2\n")
    assert put.status == 204
    assert (await api("POST", f"/files/{begun['file_id']}/confirm", json_body={})).status == 200
    where = (await api("GET", f"/files/{begun['file_id']}/download-url")).json["download_url"]
    ranged = {"Range": f"bytes={ENDLESS}-"}
    answer = await api("GET", where, auth=None, raw=True, headers=ranged)
    assert (answer.status, answer.body) == (200, b"a,b\n1,2\n")


async def test_what_an_ordinary_request_to_a_live_address_gets_is_documented(api):
    project = (await api("POST", "/projects", json_body={"name": "p"})).json["project_id"]
    answer = await api("GET", f"/projects/{project}/events")
    document = (await api("GET", "/openapi.json")).json
    (path,) = [path for path in document["paths"] if path.endswith("/projects/{project_id}/events")]
    assert str(answer.status) in document["paths"][path]["get"]["responses"]
