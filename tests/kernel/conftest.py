"""A server of a few lines, for what a real one does only on bad days; and clean surroundings."""

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from leonidas_jupyter.kernel.client import Client, Endpoint
from leonidas_jupyter.kernel.tokens import Credentials
from tests.kernel.jupyterserver import JupyterServer, surroundings

PREFIX = "/base/leonidas/api/v1"


class Call:
    """One request, and what can be done with it."""

    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        self.method = handler.command
        self.path = parts.path.removeprefix(PREFIX)
        self.query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self.headers = {name.lower(): value for name, value in handler.headers.items()}
        self.body = handler.rfile.read(int(self.headers.get("content-length", 0)))
        self._handler = handler

    @property
    def json(self) -> dict:
        return json.loads(self.body or b"{}")

    def answer(self, status: int, body: object = None, headers: dict | None = None) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        self._handler.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self._handler.send_header(name, value)
        self._handler.send_header("Content-Length", str(len(content)))
        self._handler.end_headers()
        self._handler.wfile.write(content)

    def fail(self, status: int, code: str, message: str, headers: dict | None = None) -> None:
        error = {"code": code, "message": message, "detail": {}, "request_id": "r1"}
        self.answer(status, {"error": error}, headers)

    def stream(self, *events: tuple[str, dict, int | None], tear: bool = False) -> None:
        """Send events in chunks; ``tear`` breaks the connection instead of ending the body."""
        handler = self._handler
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for name, data, number in events:
            text = f"event: {name}\n" + (f"id: {number}\n" if number is not None else "")
            chunk = f"{text}data: {json.dumps(data)}\n\n".encode()
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        if tear:
            handler.close_connection = True
        else:
            handler.wfile.write(b"0\r\n\r\n")

    def hang_up(self) -> None:
        self._handler.close_connection = True


class Stub:
    """Answers by what a test puts into ``on``; the first entry of a list is used up."""

    def __init__(self) -> None:
        self.on: dict[tuple[str, str], list[Callable[[Call], None]]] = {}
        self.calls: list[Call] = []
        self.connections = 0
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                stub.connections += 1

            def _serve(self) -> None:
                call = Call(self)
                stub.calls.append(call)
                planned = stub.on.get((call.method, call.path), [])
                if not planned:
                    call.fail(404, "not_found", f"no {call.method} {call.path} here")
                elif len(planned) > 1:
                    planned.pop(0)(call)
                else:
                    planned[0](call)

            do_GET = do_POST = do_PUT = do_DELETE = _serve

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        self.base = self.origin + PREFIX
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.on["POST", "/auth/token"] = [lambda call: call.answer(200, self.tokens("first"))]

    def tokens(self, name: str) -> dict:
        return {
            "access_token": f"access-{name}",
            "refresh_token": f"refresh-{name}",
            "expires_in": 900,
            "user": {"username": "ann", "api_version": "1.0"},
        }

    def paths(self) -> list[str]:
        return [f"{call.method} {call.path}" for call in self.calls]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def stub() -> Iterator[Stub]:
    server = Stub()
    yield server
    server.close()


@pytest.fixture
def client(stub: Stub) -> Iterator[Client]:
    made = Client(Endpoint(stub.base, Credentials(jupyter_token="jt"), "a stub"))
    yield made
    with contextlib.suppress(Exception):
        made.transport.close()


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """No server in the environment, none running, nothing cached."""
    for name in ("LEONIDAS_URL", "LEONIDAS_KERNEL_SECRET", "LEONIDAS_TOKEN", "JPY_PARENT_PID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("LEONIDAS_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "runtime").mkdir()


@dataclass
class Result:
    """What came of running a cell."""

    status: str
    stdout: str = ""
    stderr: str = ""
    outputs: list[dict] = field(default_factory=list)
    error: dict = field(default_factory=dict)
    payload_text: str = ""

    @property
    def text(self) -> str:
        return "".join(output.get("text/plain", "") for output in self.outputs)


class Kernel:
    """A real ipykernel, as a front end sees it; a display that is updated shows its last state."""

    def __init__(self, client: BlockingKernelClient, manager: KernelManager | None = None) -> None:
        self.manager = manager
        self.client = client
        self.client.start_channels()
        self._wait_until_ready()
        self.pid = int(self.run("import os; print(os.getpid())").stdout)

    def _wait_until_ready(self) -> None:
        """Until it answers; a busy machine's kernel may miss a heartbeat, which is no death."""
        deadline = time.monotonic() + 60
        while True:
            try:
                return self.client.wait_for_ready(timeout=60)
            except RuntimeError:
                if time.monotonic() > deadline:
                    raise

    def run(self, code: str, timeout: float = 120, *, interrupt: bool = False) -> Result:
        """Run a cell; ``interrupt`` presses the stop button once something is displayed."""
        request = self.client.execute(code)
        result = Result("")
        displays: dict[str, int] = {}
        deadline = time.monotonic() + timeout
        while True:
            message = self.client.get_iopub_msg(timeout=deadline - time.monotonic())
            if message["parent_header"].get("msg_id") != request:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                break
            self._take(result, displays, kind, content)
            if interrupt and result.outputs:
                os.kill(self.pid, signal.SIGINT)
                interrupt = False
        while True:
            reply = self.client.get_shell_msg(timeout=deadline - time.monotonic())
            if reply["parent_header"].get("msg_id") == request:
                break
        result.status = reply["content"]["status"]
        payload = reply["content"].get("payload") or []
        result.payload_text = "".join(p.get("data", {}).get("text/plain", "") for p in payload)
        return result

    def _take(self, result: Result, displays: dict[str, int], kind: str, content: dict) -> None:
        if kind == "stream":
            text = getattr(result, content["name"]) + content["text"]
            setattr(result, content["name"], text)
        elif kind in {"display_data", "execute_result"}:
            if name := content.get("transient", {}).get("display_id"):
                displays[name] = len(result.outputs)
            result.outputs.append(content["data"])
        elif kind == "update_display_data":
            result.outputs[displays[content["transient"]["display_id"]]] = content["data"]
        elif kind == "error":
            result.error = content

    def complete(self, code: str) -> list[str]:
        """What the whole words would be that replace the fragment at the end of ``code``."""
        self.client.complete(code, len(code))
        while True:
            reply = self.client.get_shell_msg(timeout=60)
            if reply["msg_type"] == "complete_reply":
                return list(reply["content"]["matches"])

    def close(self) -> None:
        self.client.stop_channels()
        if self.manager is not None:
            self.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="session")
def home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def kernels(home) -> Callable[..., Kernel]:
    """Starts kernels that find no server but those which a test gives them."""

    def start(**variables: str) -> Kernel:
        manager = KernelManager(kernel_name="python3")
        env = surroundings(home, **variables)
        manager.start_kernel(env=env, cwd=str(home), stderr=subprocess.DEVNULL)
        return Kernel(manager.client(), manager)

    return start


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[JupyterServer]:
    """A real Jupyter server with the demo project."""
    made = JupyterServer(tmp_path_factory.mktemp("server"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def notebook(server) -> Iterator[Kernel]:
    """A kernel that the server started, with the extension loaded, in the demo project."""
    client = BlockingKernelClient(connection_file=str(server.start_kernel()))
    client.load_connection_file()
    kernel = Kernel(client)
    kernel.run("%load_ext leonidas_jupyter")
    kernel.run("%leonidas use Demo")
    deadline = time.monotonic() + 60
    said = ""
    while not all(name in said for name in ("penguins", "countries", "seattle_weather")):
        assert time.monotonic() < deadline, said
        said = kernel.run("%leonidas frames").text
    yield kernel
    kernel.close()
