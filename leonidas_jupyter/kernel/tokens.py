"""Tokens: asked for with what the kernel was given, kept in memory, renewed when they expire."""

import base64
import binascii
import contextlib
import json
import threading
from dataclasses import dataclass, field

from leonidas_jupyter.kernel.errors import LeonidasError
from leonidas_jupyter.kernel.http import Answer, Transport
from leonidas_jupyter.kernel.replies import Json, read_object

TOKEN_TYPE = "leo+jwt"  # noqa: S105 - the JOSE header's typ of our tokens, not a secret


@dataclass(frozen=True)
class Credentials:
    """What a token is asked for with: a Jupyter token, the kernel secret, or a token of ours."""

    jupyter_token: str | None = field(default=None, repr=False)
    kernel_secret: str | None = field(default=None, repr=False)
    access_token: str | None = field(default=None, repr=False)

    @classmethod
    def of_token(cls, token: str) -> "Credentials":
        """Ours or Jupyter's, told apart as the server does, by the JOSE header's ``typ``."""
        return cls(access_token=token) if _is_ours(token) else cls(jupyter_token=token)


class Tokens:
    """The access token of one user at one server."""

    def __init__(self, transport: Transport, prefix: str, credentials: Credentials) -> None:
        self._transport = transport
        self._prefix = prefix
        self._credentials = credentials
        self._access = credentials.access_token
        self._refresh: str | None = None
        self._lock = threading.Lock()

    def access(self) -> str:
        """The present token; asked for when there is none.

        Raises:
            LeonidasError: the server names nobody for these credentials.
        """
        with self._lock:
            return self._access or self._exchange()

    def renew(self, refused: str) -> str:
        """Another token in place of one that was refused.

        Raises:
            LeonidasError: there is no way to get one.
        """
        with self._lock:
            if self._access != refused and self._access is not None:
                return self._access
            if self._refresh is not None:
                refresh, self._refresh = self._refresh, None
                answer = self._post("/auth/refresh", {"refresh_token": refresh})
                if answer.status < 400:
                    return self._keep(read_object(answer, self._transport.origin))
            return self._exchange()

    def revoke(self) -> None:
        """Give back what was signed in for; a server that is gone has nothing to revoke."""
        with self._lock:
            refresh, self._refresh = self._refresh, None
            if refresh is not None:
                with contextlib.suppress(LeonidasError):
                    self._post("/auth/logout", {"refresh_token": refresh}, bearer=self._access)
            self._access = self._credentials.access_token

    def _exchange(self) -> str:
        given = self._credentials
        if given.kernel_secret is not None:
            answer = self._post("/auth/token", {"kernel_secret": given.kernel_secret})
        elif given.jupyter_token is not None:
            answer = self._post("/auth/token", {}, jupyter=given.jupyter_token)
        else:
            raise LeonidasError(
                "The token is not valid any more; connect again with a new one.",
                code="unauthenticated",
            )
        return self._keep(read_object(answer, self._transport.origin))

    def _post(
        self, path: str, body: Json, *, jupyter: str | None = None, bearer: str | None = None
    ) -> Answer:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if jupyter is not None:
            headers["Authorization"] = f"token {jupyter}"
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer}"
        content = json.dumps(body).encode()
        return self._transport.request("POST", self._prefix + path, body=content, headers=headers)

    def _keep(self, tokens: Json) -> str:
        self._access = access = str(tokens["access_token"])
        self._refresh = tokens.get("refresh_token")
        return access


def _is_ours(token: str) -> bool:
    """Whether the JOSE header names our type (RFC 7519, section 5.1); nothing is verified here."""
    head, dot, _ = token.partition(".")
    if not dot:
        return False
    try:
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (binascii.Error, ValueError):
        return False
    return isinstance(header, dict) and header.get("typ") == TOKEN_TYPE
