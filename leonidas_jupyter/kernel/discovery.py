"""Finding a server: by arguments, by the environment, the one that runs here, or a private one."""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from leonidas_jupyter.kernel.client import Endpoint
from leonidas_jupyter.kernel.errors import LeonidasError
from leonidas_jupyter.kernel.http import Transport
from leonidas_jupyter.kernel.tokens import Credentials

API_PATH = "/leonidas/api/v1"
PROBE_SECONDS = 10.0
"""The first request loads the server's engines, which takes a second or two."""

_PAGES = ("/lab", "/tree", "/notebooks", "/doc", "/edit", "/consoles", "/login")
_LEO_URL = "LEONIDAS_URL"
_LEO_SECRET = "LEONIDAS_KERNEL_SECRET"  # noqa: S105 - the variable's name
_LEO_TOKEN = "LEONIDAS_TOKEN"  # noqa: S105 - the variable's name


@dataclass(frozen=True)
class RunningServer:
    """A Jupyter server of this user, as its own ``jpserver-PID.json`` tells."""

    url: str
    token: str = field(repr=False)
    pid: int


def find(url: str | None = None, token: str | None = None) -> Endpoint | None:
    """The server to use; None when there is none but a private one could be started.

    Raises:
        LeonidasError: what was named, in arguments or the environment, does not answer.
    """
    if url is not None:
        return _named(url, token)
    credentials = _from_environment()
    if credentials is not None:
        base = api_base(os.environ[_LEO_URL])
        if _answers(base) is None:
            raise LeonidasError(
                f"The Jupyter server that {_LEO_URL} names ({_origin(base)}) does not answer; "
                "restart the kernel from a running server, or name one with url=.",
                code="unreachable",
            )
        return Endpoint(base, credentials, f"this kernel's server, {_origin(base)}")
    for server in running_servers():
        base = api_base(server.url)
        if _answers(base):
            found = f"the running Jupyter server, {_origin(base)}"
            return Endpoint(base, Credentials(jupyter_token=server.token), found)
    return None


def running_servers() -> list[RunningServer]:
    """This user's running servers that have a token: this kernel's own first, then the newest."""
    parent = os.environ.get("JPY_PARENT_PID", "")
    with contextlib.suppress(OSError):
        files = sorted(
            runtime_directory().glob("jpserver-*.json"),
            key=lambda file: (file.stem == f"jpserver-{parent}", file.stat().st_mtime),
            reverse=True,
        )
        return list(_readable(files))
    return []


def runtime_directory() -> Path:
    """Where Jupyter servers of this user leave their addresses."""
    try:
        from jupyter_core.paths import jupyter_runtime_dir
    except ImportError:
        # Without jupyter_core no server of this environment can have left a file elsewhere.
        named = os.environ.get("JUPYTER_RUNTIME_DIR")
        return Path(named) if named else Path.home() / ".local/share/jupyter/runtime"
    return Path(jupyter_runtime_dir())


def api_base(url: str) -> str:
    """The API's address, from any address of a Jupyter server that a person may copy."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    path = parts.path.rstrip("/")
    if path.endswith(API_PATH):
        path = path[: -len(API_PATH)]
    for page in _PAGES:
        head, found, _ = path.partition(page + "/")
        if found or path.endswith(page):
            path = head.removesuffix(page)
            break
    return f"{parts.scheme}://{parts.netloc}{path}{API_PATH}"


def _named(url: str, token: str | None) -> Endpoint:
    base = api_base(url)
    found = f"the server at {_origin(base)}"
    token = token or parse_qs(urlsplit(url).query).get("token", [None])[0]
    if token is None:
        known = [s.token for s in running_servers() if api_base(s.url) == base]
        token = known[0] if known else None
    if token is not None:
        return Endpoint(base, Credentials.of_token(token), found)
    credentials = _from_environment()
    if credentials is not None and api_base(os.environ[_LEO_URL]) == base:
        return Endpoint(base, credentials, found)
    raise LeonidasError(
        f"A token for {_origin(base)} is needed: pass token=, or a URL with ?token=….",
        code="usage",
    )


def _from_environment() -> Credentials | None:
    """What a server gave its kernels, or what a person set for scripts."""
    if not os.environ.get(_LEO_URL):
        return None
    if secret := os.environ.get(_LEO_SECRET):
        return Credentials(kernel_secret=secret)
    token = os.environ.get(_LEO_TOKEN)
    return Credentials.of_token(token) if token else None


def _answers(base: str) -> bool | None:
    """Whether Leonidas is there; None when nothing is."""
    transport = Transport(base)
    try:
        answer = transport.request("GET", urlsplit(base).path + "/healthz", timeout=PROBE_SECONDS)
    except LeonidasError:
        return None
    finally:
        transport.close()
    return answer.headers.get("content-type", "").startswith("application/json") and (
        answer.status in {200, 503}
    )


def _readable(files: list[Path]) -> Iterator[RunningServer]:
    for file in files:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            info: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            # Under a Hub a server has no token of its own; its user's is in the environment.
            token = info["token"] or os.environ.get("JUPYTERHUB_API_TOKEN", "")
            if token and not info.get("sock") and _alive(int(info["pid"])):
                yield RunningServer(info["url"], token, int(info["pid"]))


def _alive(pid: int) -> bool:
    if os.name == "nt":
        return True  # there, signal 0 would end the process
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _origin(base: str) -> str:
    return base.removesuffix(API_PATH) + "/"
