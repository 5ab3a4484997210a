"""A real Jupyter server with Leonidas in a process of its own, and kernels that it starts."""

import json
import os
import signal
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path

from scripts.servers.process import free_port

TOKEN = "a-token-for-tests"
START_SECONDS = 120
OTHERS = ("jupyterlab", "jupyter_lsp", "jupyter_server_terminals", "notebook", "notebook_shim")
"""Extensions that take time to load and that no test here needs."""


def surroundings(home: Path, **variables: str) -> dict[str, str]:
    """An environment in which nothing of the person's own is read or written."""
    foreign = ("LEONIDAS_", "JUPYTER", "JPY_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
    return kept | {
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "LEONIDAS_CACHE_DIR": str(home / "cache"),
        **variables,
    }


class JupyterServer:
    """Starts it, waits until it answers, and ends it."""

    def __init__(self, home: Path, port: int | None = None, **variables: str) -> None:
        self.home = home
        self.runtime = home / "runtime"
        self.runtime.mkdir(parents=True, exist_ok=True)
        (home / "root").mkdir(exist_ok=True)
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}/base/"
        self._log = (home / "server.log").open("ab")
        config = {
            "ServerApp": {
                "port": self.port,
                "port_retries": 0,
                "ip": "127.0.0.1",
                "base_url": "/base/",
                "open_browser": False,
                "allow_root": True,
                "root_dir": str(home / "root"),
                "jpserver_extensions": {"leonidas_jupyter": True} | dict.fromkeys(OTHERS, False),
            },
            "IdentityProvider": {"token": TOKEN},
        }
        (home / "config.json").write_text(json.dumps(config))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", f"--config={home / 'config.json'}"],
            env=surroundings(home, **variables),
            stdout=self._log,
            stderr=self._log,
        )
        self._wait()

    def call(self, method: str, path: str, body: object = None) -> dict:
        """A call of Jupyter's own API."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            content = None if body is None else json.dumps(body)
            headers = {"Authorization": f"token {TOKEN}"}
            connection.request(method, f"/base/{path}", content, headers)
            answer = connection.getresponse()
            content = answer.read()
            if answer.status >= 400:
                raise AssertionError(f"{method} {path}: {answer.status} {content!r}")
            return json.loads(content or b"null")
        finally:
            connection.close()

    def start_kernel(self) -> Path:
        """Start a kernel as a notebook does; the file that says how to connect to it."""
        kernel = self.call("POST", "api/kernels", {"name": "python3"})
        return self.runtime / f"kernel-{kernel['id']}.json"

    def log(self) -> str:
        return (self.home / "server.log").read_text()

    def kill(self) -> None:
        """End it as a crash does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._log.close()

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()
        self._log.close()

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(self.log())
            try:
                self.call("GET", "leonidas/api/v1/healthz")
            except ConnectionRefusedError:
                time.sleep(0.1)
            except AssertionError:
                self.close()
                raise AssertionError(self.log()) from None
            else:
                return
        self.close()
        raise AssertionError(self.log())
