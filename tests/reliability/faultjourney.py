"""The journey from an account to an answer and away again, by somebody who tries again when told.

Each step can be repeated after a refusal, whose work may have been done all the same.
"""

import hashlib
import re
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection
from urllib.parse import urlsplit

from leonidas_jupyter.assistant.live import BROKEN
from tests.reliability.awsfaults import SECRET

SMALL = b"region,amount\n" + b"".join(b"north,%d\nsouth,%d\n" % (n, 2 * n) for n in range(20))
LARGE = b"day,number\n" + b"".join(b"2026-01-01,%07d\n" % n for n in range(8000))
ACCOUNT = {"email": "ann@example.org", "password": "correct horse battery"}
NORTH = "| north | 190 |"
PATIENCE = 12
"""How often somebody tries again."""

_LEAKS = re.compile(
    r"https?:|127\.0\.0\.1|localhost|arn:|AKIA|Traceback|botocore|psycopg|sqlalchemy"
    r"|leonidas-tests|secret|\bt[0-9a-f]{12}|example\.org|[<>{}]"
)


def check_sentence(text):
    """One sentence or two for people, that tell nothing of where and how."""
    assert text, "nothing was said"
    assert text[0].isupper(), text
    assert text.endswith("."), text
    assert len(text) < 250, text
    assert SECRET not in text
    assert _LEAKS.search(text) is None, text


@dataclass
class Person:
    """Goes through the journey, and remembers what was confirmed.

    ``healed`` is called after each refusal: what is wrong is put right before the next attempt.
    """

    host: object
    healed: object
    refusals: list = field(default_factory=list)
    token: str | None = None
    project: str | None = None
    session: str | None = None
    files: dict = field(default_factory=dict)
    answers: list = field(default_factory=list)
    gone: bool = False

    @property
    def application(self):
        return self.host.application

    async def call(self, method, path, body=None, *, over=(), **options):
        """The answer in the end; ``over`` are the statuses of what was done before unseen."""
        refused = False
        for _ in range(PATIENCE):
            answer = await self.application.call(method, path, body, token=self.token, **options)
            if answer.status == 503:
                refused = True
                assert answer.code == "backend_unavailable"
                assert answer.retry_after >= 1
                self.refused(answer.message)
            elif answer.status == 409 and answer.code == "run_in_progress":
                assert refused or self.refusals, "nothing went wrong before"
                await self.host.end_leases()
                await self.application.recover()
            else:
                assert answer.status < 300 or (refused and answer.status in over), (
                    method,
                    path,
                    answer,
                    self.refusals,
                )
                return answer
        raise AssertionError(f"{method} {path} was refused for ever: {self.refusals}")

    def refused(self, sentence):
        check_sentence(sentence)
        self.refusals.append(sentence)
        self.healed()

    # The steps

    async def register(self):
        await self.call("POST", "/auth/register", ACCOUNT, over=(409,))

    async def login(self):
        signed_in = (await self.call("POST", "/auth/login", ACCOUNT)).json
        self.token = signed_in["access_token"]
        assert (await self.call("GET", "/auth/me")).json["email"] == ACCOUNT["email"]

    async def create(self):
        made = await self.call("POST", "/projects", {"name": "Sales"})
        self.project = made.json["project_id"]

    async def upload(self):
        await self._upload("sales.csv", SMALL)

    async def upload_parts(self):
        await self._upload("large.csv", LARGE)

    async def _upload(self, filename, content):
        sha256 = hashlib.sha256(content).hexdigest()
        wanted = {"filename": filename, "size": len(content), "sha256": sha256}
        place = (await self.call("POST", f"/projects/{self.project}/files/upload-url", wanted)).json
        await self._put(place, content)
        file_id = place["file_id"]
        await self.call("POST", f"/files/{file_id}/confirm", {"sha256": sha256})
        self.files[file_id] = (filename, sha256)
        await self._read(file_id)

    async def _put(self, place, content):
        pieces = [(place["upload_url"], len(content), place["headers"])]
        if place.get("parts"):
            pieces = [(part["url"], part["size"], {}) for part in place["parts"]]
        at = 0
        for url, size, headers in pieces:
            piece = content[at : at + size]
            at += size
            if url.startswith("http"):
                _send(url, piece, headers)
                continue
            path = url.removeprefix("/leonidas/api/v1")
            sent = {**headers, "content-length": str(size)}
            await self.call("PUT", path, chunks=_Chunks(piece), headers=sent)

    async def _read(self, file_id):
        """Until the file is read; what broke off goes on when its lease is over."""
        for _ in range(PATIENCE):
            await self.application.settled()
            file = (await self.call("GET", f"/files/{file_id}")).json
            if file["status"] == "COMPLETED":
                return
            if file["status"] == "FAILED":
                self.refused(file["reason"])
                await self.call("PUT", f"/files/{file_id}/dialect", {}, over=(409,))
                continue
            assert file["status"] == "PROCESSING", file
            await self._put_right()
        raise AssertionError(f"It was never read: {file}")

    async def _put_right(self):
        self.healed()
        await self.host.end_leases()
        await self.application.recover()

    async def listing(self):
        listed = (await self.call("GET", f"/projects/{self.project}/files")).json["items"]
        assert {file["file_id"] for file in listed} >= self.files.keys()

    async def converse(self):
        made = await self.call("POST", f"/projects/{self.project}/sessions", {})
        self.session = made.json["session_id"]

    async def ask(self):
        for _ in range(PATIENCE):
            path = f"/sessions/{self.session}/chat"
            said = (await self.call("POST", path, {"content": "total amount by region"})).json
            if said["status"] == "completed" and NORTH in said["message"]["content"]:
                self.answers.append(said["message"]["message_id"])
                return
            if said["status"] == "completed":  # a tool failed, and the answer says why
                self.refused(_of_tools(said["message"]))
            else:
                assert said["status"] == "failed", said
                assert said["error"] != BROKEN, said
                self.refused(said["error"])
        raise AssertionError(f"It was never answered: {self.refusals}")

    async def history(self):
        said = (await self.call("GET", f"/sessions/{self.session}/chat")).json["items"]
        done = [each["message_id"] for each in said if each["run_status"] == "completed"]
        assert set(done) >= set(self.answers), said
        assert len(said) % 2 == 0

    async def rename(self):
        file_id = next(iter(self.files))
        renamed = await self.call("PUT", f"/files/{file_id}/rename", {"filename": "totals.csv"})
        assert renamed.json["filename"] == "totals.csv"
        self.files[file_id] = ("totals.csv", self.files[file_id][1])

    async def remove(self):
        file_id = list(self.files)[-1]
        await self.call("DELETE", f"/files/{file_id}", over=(404,))
        del self.files[file_id]
        await self.application.settled()

    async def leave(self):
        await self.call("DELETE", f"/projects/{self.project}", over=(404,))
        self.gone = True
        await self.application.settled()

    async def confirmed(self):
        """Whatever was confirmed stands, as far as the journey has come."""
        if self.token is None:
            return
        assert (await self.call("GET", "/auth/me")).status == 200
        if self.project is None:
            return
        answer = await self.application.call("GET", f"/projects/{self.project}", token=self.token)
        assert answer.status == (404 if self.gone else 200)
        if self.gone:
            return
        listed = (await self.call("GET", f"/projects/{self.project}/files")).json["items"]
        shown = {file["file_id"]: file for file in listed}
        for file_id, (filename, sha256) in self.files.items():
            file = shown[file_id]
            assert (file["filename"], file["sha256"]) == (filename, sha256)
            assert file["status"] == "COMPLETED", file
        if self.session is not None:
            await self.history()


STEPS = (
    "register",
    "login",
    "create",
    "upload",
    "upload_parts",
    "listing",
    "converse",
    "ask",
    "history",
    "rename",
    "remove",
    "leave",
)


class _Chunks:
    """A body that can be sent again."""

    def __init__(self, content):
        self._content = content

    async def __aiter__(self):
        for at in range(0, len(self._content), 4096):
            yield self._content[at : at + 4096]


def _of_tools(message):
    """What the calls of an answer say that failed."""
    failed = [call["summary"] for call in message["tool_calls"] if not call["ok"]]
    return failed[0] if failed else message["content"]


def _send(url, content, headers):
    parts = urlsplit(url)
    with closing(HTTPConnection(parts.netloc, timeout=60)) as connection:
        connection.request("PUT", f"{parts.path}?{parts.query}", content, dict(headers))
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        answer.read()
