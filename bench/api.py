"""The few calls of the API that the benchmarks make, on one running server."""

import hashlib
import time
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scripts.serving import Server

API = "leonidas/api/v1"
WAIT_SECONDS = 300


def call(server: Server, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
    """The answer's JSON.

    Raises:
        RuntimeError: when the answer is not a success.
    """
    answer = server.send(method, f"{API}/{path}", body)
    if answer.status >= HTTPStatus.BAD_REQUEST:
        raise RuntimeError(f"{method} {path}: {answer.status} {answer.body[:500]!r}")
    return answer.json if answer.body else None


def upload(server: Server, project_id: str, path: Path) -> str:
    """Upload a file as any client does (URL, PUT, confirm); return the file's id."""
    with path.open("rb") as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    wanted = {"filename": path.name, "size": path.stat().st_size, "sha256": sha256}
    target = call(server, "POST", f"projects/{project_id}/files/upload-url", wanted)
    place = urlsplit(target["upload_url"])
    connection = HTTPConnection("127.0.0.1", server.port, timeout=120)
    headers = {**target["headers"], "Content-Length": str(path.stat().st_size)}
    with path.open("rb") as content:
        connection.request(target["method"], place.path, content, headers)
        answer = connection.getresponse()
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise RuntimeError(f"PUT: {answer.status} {answer.read(500)!r}")
        answer.read()
    connection.close()
    call(server, "POST", f"files/{target['file_id']}/confirm", {})
    return str(target["file_id"])


def wait_until_profiled(server: Server, file_id: str) -> dict[str, Any]:
    """The file with its profile.

    Raises:
        RuntimeError: when it could not be read, or took too long.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        file: dict[str, Any] = call(server, "GET", f"files/{file_id}")
        if file["status"] == "COMPLETED":
            return file
        if file["status"] == "FAILED":
            raise RuntimeError(file["reason"])
        time.sleep(0.02)
    raise RuntimeError(f"{file_id} was not profiled within {WAIT_SECONDS} s")


def demo_project(server: Server) -> str:
    """The id of the demo project, once all its files are profiled."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        for project in call(server, "GET", "projects")["items"]:
            files = call(server, "GET", f"projects/{project['project_id']}/files")["items"]
            if len(files) == 3 and all(file["status"] == "COMPLETED" for file in files):
                return str(project["project_id"])
        time.sleep(0.1)
    raise RuntimeError("The demo project was not made.")
