"""A Jupyter server with Leonidas in the tests' process, and a client that shows whole answers."""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from tornado.httpclient import HTTPRequest
from tornado.routing import Rule
from tornado.websocket import websocket_connect

from leonidas_jupyter.core.config import Leonidas
from leonidas_jupyter.core.http import Services
from leonidas_jupyter.server.dispatcher import ApiHandler, Site
from leonidas_jupyter.server.gateway import Gateway
from leonidas_jupyter.server.lazy import LazyGateway
from leonidas_jupyter.server.sockets import SocketHandler, WantsSocket
from tests.servers.chosen import CHOSEN

JUPYTER_TOKEN = "a-jupyter-token"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of an error that has the one shape."""
        assert self.headers["content-type"] == "application/json"
        (error,) = self.json.values()
        assert set(error) == {"code", "message", "detail", "request_id"}
        assert list(self.json) == ["error"]
        assert error["message"]
        assert error["request_id"] == self.headers["x-request-id"]
        return error["code"]


@dataclass
class Api:
    """Calls of one server; ``auth`` is a token of ours, "jupyter", or None for nothing at all."""

    fetch: Any
    base: str
    port: int
    tokens: dict[str, str] = field(default_factory=dict)

    def url(self, path: str) -> str:
        return f"{self.base}leonidas/api/v1{path}"

    async def __call__(
        self, method, path, *, auth="jupyter", json_body=None, headers=None, **options
    ) -> Answer:
        sent = dict(headers or {})
        if auth == "jupyter":
            sent.setdefault("Authorization", f"token {JUPYTER_TOKEN}")
        elif auth is not None:
            sent.setdefault("Authorization", f"Bearer {auth}")
        if json_body is not None:
            options["body"] = json.dumps(json_body)
        elif method in {"POST", "PUT", "PATCH"} and "body_producer" not in options:
            options.setdefault("body", "")
        raw = options.pop("raw", False)
        target = path if raw else self.url(path)
        # Tornado's own 20 seconds are short for a first request on a machine under load.
        options = {"connect_timeout": 120, "request_timeout": 120, **options}
        response = await self.fetch(
            target,
            method=method,
            headers=sent,
            raise_error=False,
            allow_nonstandard_methods=True,
            follow_redirects=False,
            **options,
        )
        lower = {name.lower(): value for name, value in response.headers.get_all()}
        return Answer(response.code, lower, response.body or b"")

    async def sign_up(self, name: str) -> str:
        """A token of another user, who registered."""
        if name not in self.tokens:
            account = {"email": f"{name}@example.org", "password": "correct horse battery"}
            answer = await self("POST", "/auth/register", json_body=account)
            assert answer.status == 201, answer.body
            self.tokens[name] = answer.json["access_token"]
        return self.tokens[name]

    async def token(self) -> str:
        """A token of the local user."""
        return (await self("POST", "/auth/token")).json["access_token"]

    @asynccontextmanager
    async def socket(self, path, headers=None, *, raw=False):
        """A WebSocket, closed in the end."""
        sent = {"Authorization": f"token {JUPYTER_TOKEN}"} if headers is None else headers
        url = f"ws://127.0.0.1:{self.port}{path if raw else self.url(path)}"
        socket = await websocket_connect(HTTPRequest(url, headers=sent, connect_timeout=60))
        try:
            yield socket
        finally:
            over = socket.close_code is not None
            socket.close()
            while not over and await asyncio.wait_for(socket.read_message(), 60) is not None:
                pass


@pytest.fixture
def leonidas_settings(tmp_path, chosen_engines):
    """The settings of the server under test; modules and tests change them."""
    return {
        "data_dir": str(tmp_path / "leonidas"),
        **CHOSEN.settings,
        "demo_project": False,
    }


@pytest.fixture
def jp_server_config(leonidas_settings):
    return {
        "ServerApp": {"jpserver_extensions": {"leonidas_jupyter": True}},
        "IdentityProvider": {"token": JUPYTER_TOKEN},
        "Leonidas": leonidas_settings,
    }


@pytest.fixture
def api(jp_serverapp, http_server_client, jp_base_url, jp_http_port):
    return Api(http_server_client.fetch, jp_base_url, jp_http_port)


@pytest.fixture
def extension(jp_serverapp):
    return jp_serverapp.extension_manager.extension_points["leonidas"].app


@pytest.fixture
def serve(jp_serverapp, extension, jp_base_url):
    """Serves other rows beside the real ones, under ``{base_url}probe``, with the real services."""

    async def go(*routes, **traits):
        real = await extension._site.lazy.get()
        gateway = Gateway(
            routes=routes,
            services=real.services,
            settings=Leonidas(**traits),
            close=lambda: asyncio.sleep(0),
        )

        async def ready():
            return gateway

        base = f"{jp_base_url}probe"
        site = Site(base, LazyGateway(ready), extension._site.identity)
        path = f"{base}(?:/.*)?"
        shared = {"site": site}
        jp_serverapp.web_app.add_handlers(
            ".*$",
            [Rule(WantsSocket(path), SocketHandler, shared), (path, ApiHandler, shared)],
        )
        return base

    return go


@pytest.fixture
def services(extension):
    """The services of the server under test."""

    async def go() -> Services:
        return (await extension._site.lazy.get()).services

    return go
