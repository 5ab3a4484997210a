"""The hooks of Jupyter Server: one dispatcher is registered at start, and nothing else."""

import asyncio
import logging
import os
import re
import secrets
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from jupyter_server.extension.application import ExtensionApp
from tornado.routing import Rule

from leonidas_jupyter.core.config import Leonidas, SettingsError, load_settings
from leonidas_jupyter.server.dispatcher import ApiHandler, Site
from leonidas_jupyter.server.identity import Identity, read_identity
from leonidas_jupyter.server.kernelenv import KernelEnvironment
from leonidas_jupyter.server.lazy import LazyGateway
from leonidas_jupyter.server.logs import JupyterLog
from leonidas_jupyter.server.marker import Marker
from leonidas_jupyter.server.sockets import SocketHandler, WantsSocket

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

    from leonidas_jupyter.server.gateway import Gateway

log = logging.getLogger(__name__)

API = "leonidas/api/v1"
NEEDED = ("alembic", "argon2", "duckdb", "jwt", "pydantic", "pydantic_ai", "sqlalchemy", "sqlglot")
"""What the server side imports on its first request; the base install lacks some of it."""
STOP_SECONDS = 15.0
"""How long Jupyter's own end waits for ours."""
RECOVERY_DELAY = 1.0
"""Seconds after start at which work that the last run left is taken up."""


class LeonidasExtension(ExtensionApp):
    """Leonidas on a Jupyter server."""

    name = "leonidas"
    load_other_extensions = True
    _site: Site | None = None

    def initialize(self) -> None:  # type: ignore[override]  # as ExtensionApp's own
        """Read the settings and register the dispatcher; a bad setting leaves Leonidas out."""
        server = self.serverapp
        if server is None:
            raise RuntimeError("The extension is not linked to a server.")
        try:
            settings = _settings(server)
        except SettingsError as error:
            server.log.error("Leonidas is disabled: %s", error)
            return
        except Exception:
            server.log.exception("Leonidas is disabled: it could not read its settings.")
            return
        self._serve(server, settings)

    async def stop_extension(self) -> None:
        """End what was started, in order; whatever happens, the Jupyter server goes on ending."""
        if self._site is None:
            return
        self._kernels.withdraw()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._site.lazy.close()
        except Exception:
            log.exception("Leonidas did not end in order; its next start takes up what was left.")
        self._log.close()
        self._site = None

    def _serve(self, server: "ServerApp", settings: Leonidas) -> None:
        self._log = JupyterLog(server.log, settings.log_format)
        base = server.web_app.settings["base_url"].rstrip("/") + "/" + API
        identity = read_identity(settings, server.identity_provider, os.environ)
        secret = "leo-kernel-" + secrets.token_urlsafe(32) if identity.one_person else None
        lazy = LazyGateway(_starter(settings, base, identity, secret, server))
        self._site = Site(base, lazy, identity)
        path = re.escape(base) + r"(?:/.*)?"
        shared = {"site": self._site}
        server.web_app.add_handlers(  # type: ignore[no-untyped-call]  # jupyter_server's
            ".*$",
            [
                Rule(WantsSocket(path), SocketHandler, shared),
                (path, ApiHandler, shared),
            ],
        )
        self._kernels = KernelEnvironment(server, secret, settings.ca_bundle)
        server.io_loop.add_callback(self._kernels.publish_soon)
        if settings.lasting and Marker(settings.directory).left_behind():
            server.io_loop.call_later(RECOVERY_DELAY, lazy.warm)


def _settings(server: "ServerApp") -> Leonidas:
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise SettingsError(
            "its server side is not installed: pip install 'leonidas-jupyter[server]'"
        )
    return load_settings(server.config, os.environ)


def _starter(
    settings: Leonidas, base: str, identity: Identity, secret: str | None, server: "ServerApp"
) -> Callable[[], Awaitable["Gateway"]]:
    async def start() -> "Gateway":
        from leonidas_jupyter.server.bootstrap import start_gateway
        from leonidas_jupyter.server.kernels import JupyterKernels

        kernels = (secret, identity.own_user) if secret else None
        python = JupyterKernels(server, identity)
        return await start_gateway(settings, base, kernels, python, identity.personal)

    return start


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": "leonidas_jupyter.server.app", "app": LeonidasExtension}]


_load_jupyter_server_extension = LeonidasExtension._load_jupyter_server_extension
