"""The way to a server: whose certificates are trusted, and by way of which proxy.

``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY`` are read as other programs read
them; this machine itself is never reached by way of a proxy.
"""

import base64
import http.client
import ipaddress
import os
import ssl
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import SplitResult, unquote, urlsplit

from leonidas_jupyter.kernel.errors import LeonidasError

CA_VARIABLES = ("LEONIDAS_CA_BUNDLE", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
"""Files of certificates to trust besides the system's; Python itself reads ``SSL_CERT_FILE``."""


@dataclass(frozen=True)
class Way:
    """How connections to one host are made.

    Attributes:
        before: stands before the path of each request; a proxy for plain HTTP needs the whole URL.
        headers: go with each request.
    """

    secure: bool
    host: str
    port: int | None
    proxy: SplitResult | None = None
    before: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def connection(self, timeout: float) -> http.client.HTTPConnection:
        """A new connection, not made yet.

        Raises:
            LeonidasError: a file of certificates cannot be read.
        """
        host, port = self.host, self.port
        if self.proxy is not None:
            host, port = str(self.proxy.hostname), self.proxy.port
        if not self.secure:
            return http.client.HTTPConnection(host, port, timeout=timeout)
        paths = tuple(os.environ.get(name, "") for name in CA_VARIABLES)
        connection = http.client.HTTPSConnection(
            host, port, timeout=timeout, context=_context(paths)
        )
        if self.proxy is not None:
            connection.set_tunnel(self.host, self.port, headers=_authorization(self.proxy))
        return connection


def way_to(origin: SplitResult) -> Way:
    """How an origin is reached, as the environment says now.

    Raises:
        LeonidasError: the proxy's address is none.
    """
    secure, host = origin.scheme == "https", str(origin.hostname)
    proxy = _proxy(origin)
    if proxy is None or secure:
        return Way(secure, host, origin.port, proxy)
    before = f"{origin.scheme}://{origin.netloc}"
    return Way(secure, host, origin.port, proxy, before, _authorization(proxy))


def _proxy(origin: SplitResult) -> SplitResult | None:
    if not any(name.lower().endswith("_proxy") for name in os.environ) or _is_here(origin):
        return None
    from urllib.request import (  # type: ignore[attr-defined]  # typeshed knows not all of it
        getproxies_environment,
        proxy_bypass_environment,
    )

    proxies = getproxies_environment()
    address = proxies.get(origin.scheme) or proxies.get("all")
    if not address or proxy_bypass_environment(origin.netloc.rpartition("@")[2], proxies):
        return None
    parts = urlsplit(address if "://" in address else f"http://{address}")
    if parts.scheme != "http" or not parts.hostname:
        name = f"{origin.scheme.upper()}_PROXY"
        raise LeonidasError(
            f"{name} names no proxy that can be used here; write it like http://proxy:3128.",
            code="usage",
        )
    return parts


def _is_here(origin: SplitResult) -> bool:
    host = str(origin.hostname)
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _authorization(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    known = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}".encode()
    return {"Proxy-Authorization": f"Basic {base64.b64encode(known).decode()}"}


@lru_cache(maxsize=4)
def _context(paths: tuple[str, ...]) -> ssl.SSLContext:
    context = ssl.create_default_context()
    for name, path in zip(CA_VARIABLES, paths, strict=True):
        if not path:
            continue
        try:
            if os.path.isdir(path):
                context.load_verify_locations(capath=path)
            else:
                context.load_verify_locations(cafile=path)
        except OSError as error:  # SSLError is one
            raise LeonidasError(
                f"The certificates in {name} cannot be read; correct the path.", code="usage"
            ) from error
    return context
