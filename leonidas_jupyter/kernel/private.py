"""A private server for a process that has none around: loopback, random token, ends with it."""

import contextlib
import importlib.util
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from leonidas_jupyter.kernel.client import Endpoint
from leonidas_jupyter.kernel.discovery import API_PATH
from leonidas_jupyter.kernel.errors import LeonidasError
from leonidas_jupyter.kernel.http import Transport
from leonidas_jupyter.kernel.tokens import Credentials

START_SECONDS = 60.0
STOP_SECONDS = 15.0
_NEEDED = ("jupyter_server", "pydantic", "sqlalchemy", "duckdb", "pydantic_ai", "jwt", "argon2")
_NOT_INHERITED = frozenset(
    {
        "LEONIDAS_URL",
        "LEONIDAS_TOKEN",
        "LEONIDAS_KERNEL_SECRET",
        "JPY_PARENT_PID",
        "JUPYTER_TOKEN",
        "JUPYTERHUB_API_TOKEN",
    }
)


class PrivateServer:
    """A Jupyter server with nothing but Leonidas, for this process alone."""

    def __init__(self) -> None:
        _check_installed()
        self._directory = Path(tempfile.mkdtemp(prefix="leonidas-"))
        self._log = self._directory / "server.log"
        (self._directory / "root").mkdir()
        token = secrets.token_urlsafe(32)
        _write_config(self._directory, token)
        with self._log.open("wb") as log:
            # Its own session: a Ctrl-C in the terminal is meant for the parent.
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-P", "-m", "leonidas_jupyter.kernel.serve", self._directory],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self._directory / "root",
                env=_environment(self._directory),
                start_new_session=True,
            )
        try:
            url = self._wait()
        except BaseException:
            self.stop()
            raise
        self.endpoint = Endpoint(
            url.rstrip("/") + API_PATH,
            Credentials(jupyter_token=token),
            f"a private server that was started for this process, {url}",
            alive=lambda: self.running,
        )

    @property
    def pid(self) -> int:
        """The process id of the server."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether its process still runs."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End the server and wait until it has ended."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        # It does this itself at its end, unless it was killed.
        shutil.rmtree(self._directory, ignore_errors=True)

    def _wait(self) -> str:
        """The address, once the server answers there."""
        info_file = self._directory / "runtime" / f"jpserver-{self._process.pid}.json"
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise self._failed("ended at once")
            with contextlib.suppress(OSError, ValueError, KeyError):
                url = str(json.loads(info_file.read_text(encoding="utf-8"))["url"])
                status = _status(url)
                if status in {200, 503}:
                    return url
                if status is not None:
                    raise self._failed("runs without Leonidas")
            time.sleep(0.05)
        raise self._failed(f"did not answer within {START_SECONDS:g} seconds")

    def _failed(self, what: str) -> LeonidasError:
        return LeonidasError(
            f"The private server {what}{self._said()}; start `jupyter lab` yourself and try "
            "again there.",
            code="unreachable",
        )

    def _said(self) -> str:
        """The log's last error, else its last line, without the time before it."""
        with contextlib.suppress(OSError):
            text = self._log.read_text(encoding="utf-8", errors="replace")
            lines = [line.strip() for line in text.split("\n") if line.strip()]
            errors = [line for line in lines if line.startswith(("[E ", "[C "))]
            for line in reversed(errors or lines):
                return f" ({line.partition('] ')[2] or line})"
        return ""


def _check_installed() -> None:
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise LeonidasError(
            "There is no Jupyter server with Leonidas to work with, and starting a private one "
            "takes more packages: `pip install 'leonidas-jupyter[server]'`, or name a server with "
            "url= and token=.",
            code="unreachable",
        )


def _write_config(directory: Path, token: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config: dict[str, Any] = {
        "ServerApp": {
            "ip": "127.0.0.1",
            "port": port,
            "open_browser": False,
            "allow_root": True,
            "root_dir": str(directory / "root"),
            "jpserver_extensions": {"leonidas_jupyter": True},
        },
        "IdentityProvider": {"token": token},
    }
    file = directory / "config.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(config), encoding="utf-8")


def _environment(directory: Path) -> dict[str, str]:
    """Ours, without what speaks of another server, and without the person's Jupyter config."""
    kept = {k: v for k, v in os.environ.items() if k not in _NOT_INHERITED}
    return kept | {"JUPYTER_NO_CONFIG": "1", "JUPYTER_RUNTIME_DIR": str(directory / "runtime")}


def _status(url: str) -> int | None:
    """The status of our readiness there; None when nothing answers."""
    transport = Transport(url)
    try:
        path = urlsplit(url).path.rstrip("/") + API_PATH + "/healthz"
        return transport.request("GET", path, timeout=START_SECONDS).status
    except LeonidasError:
        return None
    finally:
        transport.close()
