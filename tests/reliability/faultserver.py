"""The whole application in this process without a web server, started again as often as need be.

It is called as the web adapter calls it: a row of the route table, the caller by a token, errors in
their one shape.
"""

import asyncio
import json
import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

from traitlets.config import Config

from leonidas_jupyter.admin.service import AdminService
from leonidas_jupyter.core.config import load_settings
from leonidas_jupyter.core.errors import LeonidasError
from leonidas_jupyter.core.http import Request
from leonidas_jupyter.core.ids import new_id, now
from leonidas_jupyter.data import framestore
from leonidas_jupyter.data.sql import SqlLimits, SqlWorkers
from leonidas_jupyter.server import bootstrap
from leonidas_jupyter.server.engines import SPECS
from leonidas_jupyter.storage.base import StoreUnavailable
from leonidas_jupyter.tables.base import Missing, Stale, Unavailable

BASE = "/leonidas/api/v1"
LEASED = ("users", "projects", "sessions", "files", "runs")
AWAITED = ("upload", "approval")
"""Unfinished for days: nobody has to come back for them."""


@dataclass
class Answer:
    """What a call gave."""

    status: int
    json: dict | None = None
    retry_after: int | None = None

    @property
    def message(self):
        return self.json["error"]["message"]

    @property
    def code(self):
        return self.json["error"]["code"]


async def _body(response):
    if response.chunks is not None:
        return {"content": b"".join([chunk async for chunk in response.chunks])}
    if response.body is None:
        return None
    return json.loads(response.body.model_dump_json())


@dataclass
class Application:
    """One start of the application."""

    gateway: object

    @property
    def parts(self):
        return self.gateway._close.__self__

    async def call(self, method, path, body=None, *, token=None, chunks=None, headers=None):
        parts = urlsplit(path)
        try:
            match = self.gateway.find(method, parts.path)
            caller = await self._caller(match.route, token)
            request = Request(
                method=method,
                path=parts.path,
                params=match.params,
                query=dict(parse_qsl(parts.query)),
                headers=headers or {},
                request_id=new_id(),
                base_url=BASE,
                body=b"" if body is None else json.dumps(body).encode(),
                chunks=chunks,
                caller=caller,
            )
            response = await self.gateway.call(match.route, request)
            try:
                return Answer(response.status, await _body(response))
            except Exception as error:
                raise self.gateway.shaped(error, match.route) from error
        except LeonidasError as error:
            return Answer(error.status, error.body("r"), error.retry_after)

    async def _caller(self, route, token):
        if route.who in {"open", "signed", "account"}:
            return None
        try:
            return await self.gateway.auth.authenticate(token)
        except Exception as error:
            raise self.gateway.shaped(error, route) from error

    async def settled(self):
        """Wait until nothing goes on in the background."""
        async with asyncio.timeout(120):
            while not self.parts._tasks.idle:  # noqa: ASYNC110 - what is waited for is elsewhere
                await asyncio.sleep(0.002)

    async def recover(self):
        """What the application does now and then by itself."""
        for service in self.parts._resumable:
            await service.recover()
        await self.settled()


@dataclass
class Host:
    """Starts the application on the engines of its settings; ``database`` looks past it."""

    settings: dict
    database: object
    recovered: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self):
        """A start, once it has looked for unfinished work. Raises Unavailable, StoreUnavailable."""
        settings = load_settings(Config({"Leonidas": self.settings}), {})
        self.recovered.clear()
        gateway = await bootstrap.start_gateway(settings, BASE, None, object())
        self.application = Application(gateway)
        async with asyncio.timeout(60):
            await self.recovered.wait()
        await self.application.settled()

    async def end_leases(self):
        """As if the time of everybody who worked on something were over."""
        for spec in SPECS:
            if spec.name in LEASED:
                await self._end(self.database.table(spec), spec)

    async def _end(self, table, spec):
        for item in (await table.scan(limit=500)).items:
            if item.unfinished is not None and item.unfinished not in AWAITED:
                over = {"lease_until": now() - timedelta(seconds=1)}
                try:
                    await table.update(spec.key_of(item), over, if_version=item.version)
                except (Stale, Missing):
                    continue

    async def restart(self):
        """End in order, and start again when all leases are over."""
        await self.application.gateway.close()
        await self.end_leases()
        await self.start()


@asynccontextmanager
async def hosts(monkeypatch):
    """Gives hosts by their settings and a database that looks past them.

    They share worker processes, and what reading a file gave is kept: neither is what breaks here.
    """
    workers = SqlWorkers(SqlLimits(processes=1))
    shared = _Shared(workers)
    recover = AdminService.recover
    waiting = []

    async def recovered(service):
        try:
            await recover(service)
        finally:
            for host in waiting:
                host.recovered.set()

    with monkeypatch.context() as patch:
        patch.setattr(AdminService, "recover", recovered)  # the last of a look for unfinished work
        patch.setattr(bootstrap, "SqlWorkers", lambda _limits: shared)
        patch.setattr(bootstrap, "RECOVERY_SECONDS", 3600.0)
        patch.setattr(framestore, "run_ingest", _Remembered(framestore.run_ingest))
        patch.setattr("leonidas_jupyter.core.passwords._hasher", _quick_hasher)

        def host(settings, database):
            made = Host(settings, database)
            waiting.append(made)
            return made

        try:
            yield host
        finally:
            await workers.close()


class _Shared:
    """Workers that outlive a host."""

    def __init__(self, workers):
        self._workers = workers

    def __getattr__(self, name):
        return getattr(self._workers, name)

    async def close(self):
        """They are ended by whoever started them."""


class _Remembered:
    """Reads a file once, and gives the same again for the same bytes."""

    def __init__(self, read):
        self._read = read
        self._known = {}

    async def __call__(self, source, target, **options):
        key = (source.read_bytes(), options["filename"])
        if key not in self._known:
            report = await self._read(source, target, **options)
            self._known[key] = report, target.read_bytes()
            return report
        report, frame = self._known[key]
        target.write_bytes(frame)
        return report


def _quick_hasher():
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Errors(logging.Handler):
    """What was logged as an error of ours: no failure of an engine is one."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.found = []

    def emit(self, record):
        error = record.exc_info[1] if record.exc_info else None
        if not _of_an_engine(error):
            self.found.append(f"{record.getMessage()}: {error!r}")


def _of_an_engine(error):
    if isinstance(error, ExceptionGroup):
        return all(map(_of_an_engine, error.exceptions))
    return isinstance(error, Unavailable | StoreUnavailable)
