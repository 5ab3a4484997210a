"""The domains put together on one engine, called through their route tables as an adapter would."""

import asyncio
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from leonidas_jupyter.core.errors import ErrorCode, LeonidasError
from leonidas_jupyter.core.events import Event, EventBus
from leonidas_jupyter.core.http import Request, Response, Services
from leonidas_jupyter.core.security import Caller, Role
from leonidas_jupyter.core.tasks import Tasks
from leonidas_jupyter.data.frames import FrameCache
from leonidas_jupyter.data.recipes.workers import RecipeLimits, RecipeWorkers
from leonidas_jupyter.data.sql import SqlLimits, SqlWorkers
from leonidas_jupyter.files.handlers import ROUTES as FILE_ROUTES
from leonidas_jupyter.files.repository import SPECS as FILE_SPECS
from leonidas_jupyter.files.repository import FilesRepository
from leonidas_jupyter.files.schemas import FileLimits
from leonidas_jupyter.files.service import FilesService
from leonidas_jupyter.projects.handlers import ROUTES as PROJECT_ROUTES
from leonidas_jupyter.projects.repository import MEMBERS, ProjectsRepository
from leonidas_jupyter.projects.repository import SPECS as PROJECT_SPECS
from leonidas_jupyter.projects.schemas import Member
from leonidas_jupyter.projects.service import ProjectsService
from leonidas_jupyter.sessions.handlers import ROUTES as SESSION_ROUTES
from leonidas_jupyter.sessions.repository import SPECS as SESSION_SPECS
from leonidas_jupyter.sessions.repository import SessionsRepository
from leonidas_jupyter.sessions.service import SessionsService
from leonidas_jupyter.storage.local import LocalStore
from leonidas_jupyter.storage.signing import UrlSigner
from leonidas_jupyter.tables.base import Stale
from leonidas_jupyter.tables.leases import Leases
from tests.servers.chosen import CHOSEN, fresh_database, fresh_store

ROUTES = (*PROJECT_ROUTES, *SESSION_ROUTES, *FILE_ROUTES)
SPECS = (*PROJECT_SPECS, *SESSION_SPECS, *FILE_SPECS)
BASE = "/leonidas/api/v1"
ANN = Caller("u-ann", "ann")
BOB = Caller("u-bob", "bob")


def sqlite(folder):
    from leonidas_jupyter.tables.sql import open_sql

    return open_sql(f"sqlite:///{folder / 'meta.db'}", SPECS)


def installed(folder, signer):
    """The engines of a server as it is installed, or those that were chosen for this run."""
    if CHOSEN.in_memory:
        return sqlite(folder), LocalStore(folder / "store", signer)
    return fresh_database(SPECS, folder), fresh_store(signer, folder)


ENGINES = {
    "memory": lambda _folder, signer: (fresh_database(SPECS), fresh_store(signer)),
    "sqlite": installed,
}
TRIED = ["sqlite", pytest.param("memory", marks=pytest.mark.soak)]
"""The engine of a server as it is installed; contract tests hold the others to the same."""


@dataclass
class Answer:
    """What came back: the status, the JSON of a body, the headers, the bytes of a download."""

    status: int
    json: dict | None
    headers: dict
    content: bytes = b""


class World:
    """One server: engines, services and everything that was published."""

    def __init__(self, folder: Path, engine: str = "memory", *, limits=None, **options) -> None:
        self.signer = UrlSigner(b"k" * 32, BASE)
        self.database, self.store = ENGINES[engine](folder, self.signer)
        self.folder = folder
        self.bus = EventBus()
        self.events: list[Event] = []
        self.bus.subscribe(Event, self._record)
        self.tasks = Tasks()
        self.leases = Leases(seconds=options.get("lease_seconds", 30))
        self.sql = SqlWorkers(SqlLimits(processes=1))
        self.recipes = RecipeWorkers(RecipeLimits(processes=1))
        common = {"bus": self.bus, "tasks": self.tasks, "leases": self.leases}
        policy = options.get("policy")
        self.projects = ProjectsService(
            repository=ProjectsRepository(self.database), policy=policy, **common
        )
        self.sessions = SessionsService(
            repository=SessionsRepository(self.database), projects=self.projects, **common
        )
        self.files = FilesService(
            repository=FilesRepository(self.database),
            projects=self.projects,
            store=self.store,
            signer=self.signer,
            sql=self.sql,
            recipes=self.recipes,
            cache=FrameCache(folder / "cache", 10**9),
            limits=limits or FileLimits(),
            scratch=folder / "scratch",
            **common,
        )
        self.services = Services()
        for service in (self.projects, self.sessions, self.files):
            self.services.add(service)

    async def _record(self, event):
        self.events.append(event)

    async def close(self):
        await self.tasks.close()
        await self.sql.close()
        await self.recipes.close()
        await self.database.close()

    async def recover(self):
        for service in (self.projects, self.sessions, self.files):
            await service.recover()

    async def call(
        self, method, path, body=None, *, caller=ANN, headers=None, chunks=None
    ) -> Answer:
        """One request; success must be what the route table declares."""
        parts = urlsplit(path.removeprefix(BASE))
        route, params = find(method, parts.path)
        raw = body if isinstance(body, bytes) else json.dumps(body).encode() if body else b""
        request = Request(
            method=method,
            path=parts.path,
            params=params,
            query=dict(parse_qsl(parts.query)),
            headers={name.lower(): value for name, value in (headers or {}).items()},
            request_id="r-1",
            base_url=BASE,
            body=raw,
            chunks=chunks,
            caller=None if route.who == "signed" else caller,
        )
        response = await route.handler(request, self.services)
        return await self._answer(route, response)

    async def _answer(self, route, response: Response) -> Answer:
        assert response.status in {route.status, 206}
        content = b"".join([chunk async for chunk in response.chunks]) if response.chunks else b""
        body = response.body.model_dump(mode="json") if response.body else None
        assert (body is None) == (route.gives is None)
        assert route.gives is None or route.gives.model_validate(body)
        return Answer(response.status, body, dict(response.headers), content)

    async def refused(self, code, *args, **kwargs) -> LeonidasError:
        """A request that fails with this code; returns the error."""
        with pytest.raises((LeonidasError, Stale)) as caught:
            await self.call(*args, **kwargs)
        error = caught.value
        if isinstance(error, Stale):
            error = LeonidasError(ErrorCode.VERSION_MISMATCH, "as the adapter says it")
        assert error.code == code, error.message
        return error

    # The usual first steps

    async def project(self, name="Penguins", caller=ANN) -> str:
        return (await self.call("POST", "/projects", {"name": name}, caller=caller)).json[
            "project_id"
        ]

    async def session(self, project_id, title=None) -> str:
        body = {"title": title} if title else None
        answer = await self.call("POST", f"/projects/{project_id}/sessions", body)
        return answer.json["session_id"]

    async def member(self, project_id, caller, role: Role):
        member = Member(
            project_id=project_id, member=f"user:{caller.username}", role=role, added_by="u-ann"
        )
        await self.database.table(MEMBERS).put(member)

    async def begin(self, project_id, content, filename="sales.csv", **fields) -> dict:
        wanted = {"filename": filename, "size": len(content), **fields}
        answer = await self.call("POST", f"/projects/{project_id}/files/upload-url", wanted)
        return answer.json

    async def put(self, place, content, length=None):
        headers = {"Content-Length": str(len(content) if length is None else length)}
        return await self.call(
            "PUT", place["upload_url"], headers=headers, chunks=in_chunks(content)
        )

    async def confirm(self, file_id, **fields) -> dict:
        return (await self.call("POST", f"/files/{file_id}/confirm", fields)).json

    async def upload(self, project_id, content, filename="sales.csv", **fields) -> dict:
        """Upload, confirm, and wait until the file is read."""
        place = await self.begin(project_id, content, filename, **fields)
        await self.put(place, content)
        await self.confirm(place["file_id"], sha256=hashlib.sha256(content).hexdigest())
        return await self.done(place["file_id"])

    async def file(self, file_id, caller=ANN) -> dict:
        return (await self.call("GET", f"/files/{file_id}", caller=caller)).json

    async def done(self, file_id) -> dict:
        """The file once it is no longer being read."""

        async def read():
            file = await self.file(file_id)
            return file if file["status"] in {"COMPLETED", "FAILED"} else None

        return await until(read)

    async def objects(self) -> list[str]:
        return [info.key async for info in self.store.list("projects/")]

    def seen(self, kind) -> list:
        return [event for event in self.events if isinstance(event, kind)]


def find(method, path):
    """The route of a request and its parameters."""
    for route in ROUTES:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.path)
        if route.method == method and (match := re.fullmatch(pattern, path)):
            return route, match.groupdict()
    raise AssertionError(f"no route {method} {path}")


async def in_chunks(content, size=7):
    for at in range(0, len(content), size):
        yield content[at : at + size]


async def until(check, seconds=60):
    """What ``check`` returns as soon as that is something."""
    async with asyncio.timeout(seconds):
        while not (result := await check()):  # noqa: ASYNC110 - what is waited for is elsewhere
            await asyncio.sleep(0.01)
    return result
