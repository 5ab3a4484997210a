"""What people do, done on a real server with its data in DynamoDB and S3, and counted."""

import asyncio
import hashlib
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection
from itertools import chain, repeat
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.api import API, call, demo_project
from bench.metering import Counted, Ledger
from bench.orders import generate
from leonidas_jupyter.kernel.files import POLL_SECONDS
from scripts.serving import Server

DEMO_FILES = 3
TURNS = 30
LISTED = 50
WATCHED_SECONDS = 60.0

QUESTIONS = (
    "average body mass by species",
    "how many penguins are there on each island?",
    "the longest bill of each species",
    "average flipper length by sex",
    "how many penguins were weighed?",
)
SMALL_BYTES = 1_000_000
LARGE_BYTES = 200_000_000

FIRST_USE = "first use: the account, and the demo project with its three files"
SIGN_IN = "sign a notebook or script in"
NEW_PROJECT = "make a project"
LIST_PROJECTS = "list the projects"
NEW_SESSION = "make a session"
LIST_SESSIONS = f"list {LISTED} sessions"
LIST_FILES = "list the files of a project"
TURN = "ask a question that takes one query (built-in analyst)"
HISTORY = "read 50 messages of a history"
REATTACH = "attach again to an answer"
UPLOAD = "upload a CSV of 1 MB, read and profiled"
LARGE_UPLOAD = "upload a CSV of 200 MB, in parts, read and profiled"
OPEN = "open a file: its profile and a preview"
DOWNLOAD = "download a file"
LOAD = "load a frame in a notebook"
WATCHING = "JupyterLab with a project open, an hour"
RECOVERY = "one server, an hour, looking for work that another left"


@dataclass
class Actions:
    """Does everything in turn; ``found`` is what each action took, on average of its repetitions.

    What goes between the client and S3 itself is counted here, as ``direct``.
    """

    server: Server
    ledger: Ledger
    work: Path
    direct: Counted = field(default_factory=Counted)
    found: dict[str, Counted] = field(default_factory=dict)

    def everything(self) -> dict[str, Counted]:
        """What each action took."""
        begun = time.monotonic()
        self._call("GET", "healthz")  # the tables are made
        self._do(FIRST_USE, self._begin)
        demo = demo_project(self.server)
        self._do(SIGN_IN, lambda: self._call("POST", "auth/token"))
        self._do(NEW_PROJECT, lambda: self._call("POST", "projects", {"name": "Mine"}), 10)
        self._do(LIST_PROJECTS, lambda: self._call("GET", "projects"))
        sessions = f"projects/{demo}/sessions"
        self._do(NEW_SESSION, lambda: self._call("POST", sessions, {}), LISTED)
        self._do(LIST_SESSIONS, lambda: self._call("GET", f"{sessions}?limit={LISTED}"))
        self._talk(str(self._call("POST", sessions, {})["session_id"]))
        self._files(demo)
        self._do(WATCHING, lambda: asyncio.run(self._watch(demo)))
        self.found[WATCHING] *= 3600 / WATCHED_SECONDS
        self.found[RECOVERY] = self.ledger.recovery * (3600 / (time.monotonic() - begun))
        return self.found

    def _do(self, what: str, act: Callable[[], object], times: int = 1) -> None:
        self.direct = Counted()
        self.ledger.take()
        for _ in range(times):
            act()
        self.found[what] = (self.ledger.take() + self.direct) * (1 / times)

    def _begin(self) -> None:
        """Come for the first time, and look again each second until all is there."""
        files: list[Any] = []
        while len(files) < DEMO_FILES or any(each["status"] != "COMPLETED" for each in files):
            time.sleep(1)
            for project in self._call("GET", "projects")["items"]:
                files = self._call("GET", f"projects/{project['project_id']}/files")["items"]

    def _talk(self, session_id: str) -> None:
        questions = iter(QUESTIONS * TURNS)
        answers: list[Any] = []
        path = f"sessions/{session_id}"

        def ask() -> None:
            answer = self._call("POST", f"{path}/chat", {"content": next(questions)})
            if answer["status"] != "completed":
                raise RuntimeError(f"{answer['status']}: {answer['message']['content']}")
            answers.append(answer)

        self._do(TURN, ask, TURNS)
        self._do(HISTORY, lambda: self._call("GET", f"{path}/chat?before=latest&limit=50"))
        events = f"{API}/{path}/runs/{answers[-1]['run_id']}/events?after=0"
        self._do(REATTACH, lambda: self.server.get(events))

    def _files(self, project_id: str) -> None:
        small = generate(self.work / "orders_1_mb.csv", SMALL_BYTES)
        large = generate(self.work / "orders_200_mb.csv", LARGE_BYTES)
        files: list[str] = []
        self._do(UPLOAD, lambda: files.append(self._upload(project_id, small)))
        self._do(LARGE_UPLOAD, lambda: self._upload(project_id, large))
        self._do(LIST_FILES, lambda: self._call("GET", f"projects/{project_id}/files"))
        self._do(OPEN, lambda: self._open(files[0]))
        self._do(DOWNLOAD, lambda: self._download(files[0], "original"))
        self._do(LOAD, lambda: self._download(files[0], "frame"))

    def _call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        return call(self.server, method, path, body)

    def _upload(self, project_id: str, path: Path) -> str:
        """Upload as the notebooks' client does, with its looks at how far reading has come."""
        content = path.read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        wanted = {"filename": path.name, "size": len(content), "sha256": sha256}
        place = self._call("POST", f"projects/{project_id}/files/upload-url", wanted)
        whole = [{"url": place["upload_url"], "size": len(content)}]
        at = 0
        for part in place.get("parts") or whole:
            headers = {} if place.get("parts") else place["headers"]
            self._exchange("PUT", part["url"], headers, content[at : at + part["size"]])
            at += part["size"]
            self.direct += Counted(puts=1)
        self._call("POST", f"files/{place['file_id']}/confirm", {"sha256": sha256})
        for pause in chain(POLL_SECONDS, repeat(POLL_SECONDS[-1])):
            file = self._call("GET", f"files/{place['file_id']}")
            if file["status"] == "COMPLETED":
                break
            if file["status"] == "FAILED":
                raise RuntimeError(file["reason"])
            time.sleep(pause)
        return str(place["file_id"])

    def _open(self, file_id: str) -> None:
        self._call("GET", f"files/{file_id}")
        self._call("GET", f"files/{file_id}/preview")

    def _download(self, file_id: str, form: str) -> None:
        place = self._call("GET", f"files/{file_id}/download-url?form={form}")
        self._exchange(place["method"], place["download_url"], place["headers"])
        self.direct += Counted(gets=1)

    @staticmethod
    def _exchange(
        method: str, url: str, headers: dict[str, str], content: bytes | None = None
    ) -> None:
        parts = urlsplit(url)
        with closing(HTTPConnection(parts.netloc, timeout=300)) as connection:
            connection.request(method, f"{parts.path}?{parts.query}", content, headers)
            answer = connection.getresponse()
            said = answer.read()
            if answer.status >= HTTPStatus.BAD_REQUEST:
                raise RuntimeError(f"{method}: {answer.status} {said[:500]!r}")

    async def _watch(self, project_id: str) -> None:
        """Follow a project's events for a while, as JupyterLab does."""
        from tornado.httpclient import HTTPRequest
        from tornado.websocket import websocket_connect

        url = f"ws://127.0.0.1:{self.server.port}/{API}/projects/{project_id}/events"
        headers = {"Authorization": f"token {self.server.token}"}
        socket = await websocket_connect(HTTPRequest(url, headers=headers))
        if await socket.read_message() is None:
            raise RuntimeError("The events of the project ended at once.")
        await asyncio.to_thread(self.ledger.take)  # what opening took is not for each hour
        await asyncio.sleep(WATCHED_SECONDS)
        socket.close()
