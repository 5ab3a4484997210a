"""A real `jupyter server` in a process of its own, for the tests and benchmarks that need one."""

import json
import os
import secrets
import subprocess
import time
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from scripts.servers.process import free_port

START_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """What the server answered."""

    status: int
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever JSON it is
        """The body as JSON."""
        return json.loads(self.body)


class Server:
    """Starts on entering, is stopped on leaving; its home and all its data are under `home`.

    Attributes:
        url: where it listens, with a slash at the end.
        home: its home folder.
        token: what Jupyter's ``Authorization: token …`` needs.
        process: the running process.
        started_in: seconds from the start of the process to its first answer.
    """

    def __init__(self, python: str | Path, home: Path, *options: str) -> None:
        self.token = secrets.token_hex(16)
        self.started_in = 0.0
        self._python = python
        self.home = home
        self._options = options
        self._log = home / "server.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"

    def __enter__(self) -> Self:
        root = self.home / "root"
        root.mkdir(exist_ok=True)
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    self._python,
                    "-m",
                    "jupyter_server",
                    "--no-browser",
                    "--allow-root",
                    f"--port={self.port}",
                    "--ServerApp.port_retries=0",
                    f"--ServerApp.root_dir={root}",
                    *self._options,
                ],
                env={"HOME": str(self.home), "PATH": os.defpath, "JUPYTER_TOKEN": self.token},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        try:
            self._wait()
        except BaseException:
            self.process.kill()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        finally:
            self.process.kill()
            self.process.wait()

    def _wait(self) -> None:
        begun = time.monotonic()
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > begun + START_SECONDS:
                raise AssertionError(f"The server did not start:\n{self.log()}")
            time.sleep(0.005)
        self.started_in = time.monotonic() - begun

    def _answers(self) -> bool:
        try:
            return self.get("api/status").status == HTTPStatus.OK
        except OSError:
            return False

    def get(self, path: str) -> Answer:
        """GET a path under the server's URL, with Jupyter's token."""
        return self.send("GET", path)

    def send(self, method: str, path: str, body: object = None) -> Answer:
        """Send a request, with a body as JSON when there is one.

        Raises:
            OSError: when the server is not there.
        """
        connection = HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body)
        try:
            connection.request(method, f"/{path}", content, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read())
        finally:
            connection.close()

    def log(self) -> str:
        """What the server wrote so far."""
        return self._log.read_text(encoding="utf-8")
