"""One person's day over HTTP, on whichever engines the server was given."""

import hashlib
import io
import ssl
from contextlib import closing
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import urlsplit

import pandas as pd

from tests.reliability.rig import until

SMALL = b"region,amount\n" + b"".join(b"north,%d\nsouth,%d\n" % (n, 2 * n) for n in range(100))
LINE = b"2026-01-01,some words to fill the line with,%07d\n"
LARGE = b"day,note,number\n" + b"".join(LINE % n for n in range(400_000))
"""About 20 MB, which an S3 store takes in parts."""


def send(method, url, content=None, headers=None, *, authority=None):
    """The status, headers and body of a request that carries nothing but what is signed."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        trusting = ssl.create_default_context(cafile=authority)
        connection = HTTPSConnection(parts.netloc, timeout=120, context=trusting)
    else:
        connection = HTTPConnection(parts.netloc, timeout=120)
    with closing(connection):
        connection.request(method, f"{parts.path}?{parts.query}", content, dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


def absolute(server, url):
    return url if url.startswith("http") else f"http://127.0.0.1:{server.port}{url}"


def upload(server, project_id, filename, content, **trusting):
    """Begin, PUT in one piece or in parts, confirm; the file once it is read."""
    sha256 = hashlib.sha256(content).hexdigest()
    wanted = {"filename": filename, "size": len(content), "sha256": sha256}
    place = server.good("POST", f"/projects/{project_id}/files/upload-url", wanted)
    pieces = [(place["upload_url"], len(content), place["headers"])]
    if place.get("parts"):
        pieces = [(part["url"], part["size"], {}) for part in place["parts"]]
    at = 0
    for url, size, headers in pieces:
        status, _, body = send(
            "PUT", absolute(server, url), content[at : at + size], headers, **trusting
        )
        assert status in (200, 204), body
        at += size
    assert at == len(content)
    server.good("POST", f"/files/{place['file_id']}/confirm", {"sha256": sha256})
    file = server.read_file(place["file_id"], 180)
    assert file["status"] == "COMPLETED", file
    return file, len(pieces)


def download(server, file_id, form="original", **trusting):
    place = server.good("GET", f"/files/{file_id}/download-url?form={form}")
    url = absolute(server, place["download_url"])
    status, headers, body = send(place["method"], url, headers=place["headers"], **trusting)
    assert status == 200, body
    assert headers["Content-Disposition"].startswith("attachment")
    return body


def stranger(server):
    """The headers of another account."""
    account = {"email": "bob@example.org", "password": "correct horse battery"}
    made = server.good("POST", "/auth/register", account)
    assert server.call("POST", "/auth/register", account).status == 409
    signed_in = server.good("POST", "/auth/login", account)
    assert signed_in["user"] == made["user"]
    return {"Authorization": f"Bearer {signed_in['access_token']}"}


def live_through(server, *, large=True, **trusting):
    """Project, files, questions, a stranger, export, removal; the id of a project that stays.

    ``authority`` is a file with the authority that vouches for the store.
    """
    project_id = server.project("Sales")
    file, _ = upload(server, project_id, "sales.csv", SMALL, **trusting)
    assert file["rows"] == 200
    assert download(server, file["file_id"], **trusting) == SMALL
    frame = pd.read_parquet(io.BytesIO(download(server, file["file_id"], "frame", **trusting)))
    assert frame["amount"].sum() == sum(3 * n for n in range(100))
    if large:
        big, _ = upload(server, project_id, "large.csv", LARGE, **trusting)
        assert big["rows"] == 400_000
        assert download(server, big["file_id"], **trusting) == LARGE
        assert server.call("DELETE", f"/files/{big['file_id']}").status == 204

    session_id = server.session(project_id)
    answer = server.say(session_id, "total amount by region").json
    assert answer["status"] == "completed"
    assert "| north | 4950 |" in answer["message"]["content"]
    assert "| south | 9900 |" in answer["message"]["content"]
    events = list(
        server.stream("POST", f"/sessions/{session_id}/chat", {"content": "how many rows?"})
    )
    assert events[-1].data["status"] == "completed"
    said = server.items(f"/sessions/{session_id}/chat")
    assert [each["role"] for each in said] == ["USER", "ASSISTANT"] * 2
    replayed = server.stream(
        "GET", f"/sessions/{session_id}/runs/{events[0].data['run_id']}/events"
    )
    assert [event.name for event in replayed][-1] == "run_finished"
    exported = server.call("GET", f"/sessions/{session_id}/export?format=md")
    assert b"total amount by region" in exported.body

    hers = stranger(server)
    for path in (f"/projects/{project_id}", f"/sessions/{session_id}", f"/files/{file['file_id']}"):
        assert server.call("GET", path, headers=hers).status == 404

    gone = server.project("Gone")
    upload(server, gone, "gone.csv", SMALL, **trusting)
    assert server.call("DELETE", f"/projects/{gone}").status == 204
    until(lambda: server.call("GET", f"/projects/{gone}").status == 404)
    return project_id
