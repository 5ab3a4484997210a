"""What kernels inherit: where this server is, their secret for a token, whom to trust."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

URL = "LEONIDAS_URL"
SECRET = "LEONIDAS_KERNEL_SECRET"  # noqa: S105 - the variable's name
CA_BUNDLE = "LEONIDAS_CA_BUNDLE"
_EVERYWHERE = {"": "127.0.0.1", "*": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - mapped to loopback


class KernelEnvironment:
    """Puts them into the environment once the server listens, and takes them out at its end."""

    def __init__(self, server: "ServerApp", secret: str | None, ca_bundle: str = "") -> None:
        self._server = server
        self._secret = secret
        self._ca_bundle = ca_bundle
        # A server that was started from a notebook inherits another server's.
        for name in (URL, SECRET):
            os.environ.pop(name, None)

    def publish_soon(self) -> None:
        """Publish after the callbacks that wait already: the port is bound by one of them."""
        self._server.io_loop.add_callback(self.publish)

    def publish(self) -> None:
        """Set the variables; not on a UNIX socket, which the kernel's client does not speak."""
        if self._secret is None or self._server.sock:
            return
        os.environ[URL] = self._url()
        os.environ[SECRET] = self._secret
        if self._ca_bundle:
            os.environ[CA_BUNDLE] = self._ca_bundle

    def withdraw(self) -> None:
        """Remove the variables, if they are still this server's."""
        if self._secret is not None and os.environ.get(SECRET) == self._secret:
            del os.environ[SECRET]
            os.environ.pop(URL, None)

    def _url(self) -> str:
        server = self._server
        host = _EVERYWHERE.get(server.ip, server.ip)
        host = f"[{host}]" if ":" in host else host
        scheme = "https" if server.certfile else "http"
        return f"{scheme}://{host}:{server.port}{server.base_url}"
