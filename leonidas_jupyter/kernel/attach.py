"""Which server this process works with: found, or a private one that is started once and shared."""

import atexit
import os
import threading
from typing import TYPE_CHECKING

from leonidas_jupyter.kernel.client import Client
from leonidas_jupyter.kernel.discovery import find
from leonidas_jupyter.kernel.errors import LeonidasError

if TYPE_CHECKING:
    from leonidas_jupyter.kernel.private import PrivateServer

_lock = threading.Lock()
_private: "PrivateServer | None" = None


def attach(url: str | None = None, token: str | None = None) -> Client:
    """A client of the server that ``discovery`` finds, else of this process's private one.

    Raises:
        LeonidasError: no server answers and none can be started, or this is the kernel in which
            DS Bro's own code runs: with a person's authority it could approve what it wants.
    """
    if os.environ.get("DS_BRO_SESSION"):
        raise LeonidasError(
            "Code that DS Bro runs in its session's kernel cannot reach Leonidas; run it in a "
            "notebook of your own.",
            code="forbidden_by_policy",
        )
    endpoint = find(url, token)
    if endpoint is None:
        endpoint = _private_server().endpoint
    return Client(endpoint)


def _private_server() -> "PrivateServer":
    global _private
    with _lock:
        if _private is None or not _private.running:
            from leonidas_jupyter.kernel.private import PrivateServer

            if _private is not None:
                _private.stop()
            _private = PrivateServer()
            atexit.register(_stop, _private, os.getpid())
        return _private


def _stop(server: "PrivateServer", owner: int) -> None:
    if os.getpid() == owner:  # a forked child is not the one to stop its parent's server
        server.stop()
