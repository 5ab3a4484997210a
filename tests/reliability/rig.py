"""Real Jupyter servers in processes of their own, to be killed, stopped, starved and doubled."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psutil

from scripts.servers.process import free_port

TOKEN = "a-token-for-tests"
BASE = "/leonidas/api/v1"
START_SECONDS = 120
EXTENSIONS = {"leonidas_jupyter": True} | dict.fromkeys(
    ("jupyter_lsp", "jupyter_server_terminals", "jupyterlab", "notebook", "notebook_shim"), False
)
"""Only ours: the others take seconds to load."""
QUICK = """
from leonidas_jupyter.server import bootstrap
from leonidas_jupyter.tables.leases import Leases
bootstrap.RECOVERY_SECONDS = 0.5
Leases.__init__.__defaults__ = (None, 3.0)
"""
"""Configuration that shortens leases, so that a test need not wait for half a minute."""

HELD_QUERIES = """
import asyncio
from pathlib import Path
from leonidas_jupyter.data.sql import SqlWorkers
_query = SqlWorkers.query
async def query(self, *arguments, **options):
    while Path({hold!r}).exists():
        await asyncio.sleep(0.02)
    return await _query(self, *arguments, **options)
SqlWorkers.query = query
"""
"""Configuration that makes every answer that needs a query wait while the file ``hold`` stands."""

SLOW_READING = """
import asyncio
from leonidas_jupyter.data import framestore
_ingest = framestore.run_ingest
async def ingest(*arguments, **options):
    await asyncio.sleep({seconds})
    return await _ingest(*arguments, **options)
framestore.run_ingest = ingest
"""
"""Configuration that makes reading a file last so long, before its worker starts."""


def until(enough, seconds=90.0, pause=0.05):
    """Wait until ``enough()`` is true; gives what it gave."""
    deadline = time.monotonic() + seconds
    while not (found := enough()):
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain"
        time.sleep(pause)
    return found


@dataclass
class Answer:
    """What a server answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body or b"null")

    @property
    def code(self):
        return self.json["error"]["code"]

    @property
    def message(self):
        return self.json["error"]["message"]


@dataclass
class Event:
    """A server-sent event."""

    name: str
    data: dict
    number: int | None


@dataclass
class Server:
    """``jupyter server`` with Leonidas on a data directory; ended by ``kill`` or ``stop``."""

    home: Path
    data: Path
    configuration: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    limit: str = ""
    wait: bool = True

    def __post_init__(self):
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "root").mkdir(exist_ok=True)
        self.port = free_port()
        config = self.home / "jupyter_server_config.py"
        config.write_text(self.configuration)
        foreign = ("LEONIDAS_", "JUPYTER", "JPY_")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
        self.log_file = self.home / f"{self.port}.log"
        command = [
            sys.executable,
            *("-m", "jupyter_server", f"--config={config}", f"--ServerApp.port={self.port}"),
            *("--ServerApp.port_retries=0", "--ServerApp.ip=127.0.0.1", "--allow-root"),
            *("--no-browser", f"--ServerApp.root_dir={self.home / 'root'}"),
            f"--ServerApp.jpserver_extensions={EXTENSIONS}",
            f"--IdentityProvider.token={TOKEN}",
        ]
        if self.limit:
            command = ["sh", "-c", f'{self.limit}; exec "$@"', "sh", *command]
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                env=kept
                | {
                    "JUPYTER_CONFIG_DIR": str(self.home / "config"),
                    "JUPYTER_RUNTIME_DIR": str(self.home / "runtime"),
                    "JUPYTER_DATA_DIR": str(self.home / "share"),
                    "IPYTHONDIR": str(self.home / "ipython"),
                    "LEONIDAS_DATA_DIR": str(self.data),
                    "LEONIDAS_DEMO_PROJECT": "0",
                    **self.variables,
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        if self.wait:
            self.until_up()

    def until_up(self):
        """Wait until Jupyter answers; Leonidas is not asked."""

        def up():
            assert self.process.poll() is None, self.log
            with suppress(OSError, HTTPException):
                return self.jupyter("GET", "/api/status").status == 200
            return False

        until(up, START_SECONDS)

    # Calls

    def call(self, method, path, body=None, headers=None, timeout=90.0):
        """A call of the API; ``body`` is sent as JSON, or as it is when it is bytes."""
        return self.jupyter(method, BASE + path, body, headers, timeout)

    def good(self, method, path, body=None, **options):
        """A call that succeeds; its JSON."""
        answer = self.call(method, path, body, **options)
        assert answer.status < 300, (method, path, answer.status, answer.body[:500])
        return answer.json

    def jupyter(self, method, path, body=None, headers=None, timeout=90.0):
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=timeout)) as connection:
            content = body if body is None or isinstance(body, bytes) else json.dumps(body)
            connection.request(
                method, path, content, {"Authorization": f"token {TOKEN}", **(headers or {})}
            )
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, names, answer.read())

    def project(self, name="Reliable"):
        return self.good("POST", "/projects", {"name": name})["project_id"]

    def session(self, project_id):
        return self.good("POST", f"/projects/{project_id}/sessions", {})["session_id"]

    def begin(self, project_id, content, filename):
        wanted = {"filename": filename, "size": len(content)}
        place = self.good("POST", f"/projects/{project_id}/files/upload-url", wanted)
        return place | {"size": len(content)}

    def put(self, place, content, **options):
        return self.jupyter("PUT", place["upload_url"], content, place["headers"], **options)

    @contextmanager
    def begin_put(self, place, beginning):
        """Send the beginning of an upload, and nothing more while the body runs."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=90)) as connection:
            connection.putrequest("PUT", place["upload_url"])
            for name, value in place["headers"].items():
                connection.putheader(name, value)
            if "content-length" not in {name.lower() for name in place["headers"]}:
                connection.putheader("Content-Length", str(place["size"]))
            connection.endheaders(beginning)
            yield

    def upload(self, project_id, content, filename="t.csv"):
        """Begin, PUT, confirm; the file's id."""
        place = self.begin(project_id, content, filename)
        answer = self.put(place, content)
        assert answer.status == 204, answer.body
        self.good("POST", f"/files/{place['file_id']}/confirm", {})
        return place["file_id"]

    def file(self, file_id):
        return self.good("GET", f"/files/{file_id}")

    def read_file(self, file_id, seconds=90.0):
        """The file, once it is read or was found unreadable."""

        def done():
            file = self.file(file_id)
            return file if file["status"] in ("COMPLETED", "FAILED") else None

        return until(done, seconds)

    def items(self, path):
        found, cursor = [], ""
        while cursor is not None:
            page = self.good("GET", f"{path}?limit=200{cursor and '&after='}{cursor}")
            found, cursor = found + page["items"], page["next"]
        return found

    def say(self, session_id, content, **options):
        return self.call("POST", f"/sessions/{session_id}/chat", {"content": content}, **options)

    def stream(self, method, path, body=None, timeout=90.0):
        """The events of a run, as they come, until the server ends or dies."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        with closing(connection):
            headers = {"Authorization": f"token {TOKEN}", "Accept": "text/event-stream"}
            content = None if body is None else json.dumps(body)
            connection.request(method, BASE + path, content, headers)
            answer = connection.getresponse()
            if answer.status != 200:
                raise AssertionError((answer.status, answer.read()))
            fields = {}
            for raw in answer:
                line = raw.decode().rstrip("\r\n")
                if line and not line.startswith(":"):
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif not line and fields:
                    number = int(fields["id"]) if "id" in fields else None
                    yield Event(fields["event"], json.loads(fields["data"]), number)
                    fields = {}

    # What can be seen from outside

    @property
    def log(self):
        return self.log_file.read_text(errors="replace")

    def workers(self):
        """The worker processes below this server."""
        try:
            below = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []
        return [each for each in below if "leonidas_jupyter.data" in " ".join(_command(each))]

    # Ends

    def kill(self):
        """End it as a crash does; its workers end by themselves within seconds."""
        workers = self.workers()
        self.process.kill()
        self.process.wait()
        _, alive = psutil.wait_procs(workers, timeout=60)
        assert alive == [], alive

    def stop(self, number=signal.SIGTERM, seconds=90.0):
        """End it in order; how long that took."""
        workers = self.workers()
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(seconds)
        took = time.monotonic() - began
        _, alive = psutil.wait_procs(workers, timeout=60)
        assert alive == [], alive
        return took

    def close(self):
        if self.process.poll() is None:
            self.kill()


def _command(process):
    with suppress(psutil.Error):
        return process.cmdline()
    return []


class Background(threading.Thread):
    """A call in a thread; its result, or what it raised."""

    def __init__(self, work, *arguments):
        super().__init__(daemon=True)
        self._work, self._arguments = work, arguments
        self.result = self.error = None
        self.start()

    def run(self):
        try:
            self.result = self._work(*self._arguments)
        except Exception as error:  # noqa: BLE001 - looked at by whoever waits
            self.error = error

    def wait(self, seconds=90.0):
        self.join(seconds)
        assert not self.is_alive()
        return self.result


def table_of(megabytes, columns=6):
    """A CSV of about so many megabytes."""
    line = ",".join(f"{{n}}{number}.5" for number in range(columns - 1))
    text = "name," + ",".join(f"c{number}" for number in range(columns - 1)) + "\n"
    each = "ann," + line.replace("{n}", "7") + "\n"
    return (text + each * int(megabytes * 1e6 / len(each))).encode()
