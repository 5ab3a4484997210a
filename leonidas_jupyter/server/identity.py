"""Who is calling: our own token, else whom Jupyter Server names."""

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import JupyterHandler
from tornado.web import HTTPError

from leonidas_jupyter.core.config import Leonidas
from leonidas_jupyter.core.errors import ErrorCode, LeonidasError
from leonidas_jupyter.core.tokens import bearer, is_ours

if TYPE_CHECKING:
    from leonidas_jupyter.auth.service import AuthService
    from leonidas_jupyter.core.http import Route
    from leonidas_jupyter.core.security import Caller

RESOURCE = "leonidas"
"""The resource that Jupyter's authorizer is asked about."""

_NAMING = (
    "get_user",
    "_get_user",
    "get_user_token",
    "get_user_cookie",
    "user_from_cookie",
    "generate_anonymous_user",
)
_ACTIONS = {"GET": "read", "HEAD": "read", "WEBSOCKET": "execute"}


@dataclass(frozen=True)
class Identity:
    """What a Jupyter identity means on this server.

    Attributes:
        own_user: whose server this is: JUPYTERHUB_USER, else the operating-system user.
        names_people: whether the identity provider gives real names; else everybody whom it lets
            in is ``own_user``.
        hub: whether this is a user's server inside a JupyterHub; it serves its owner only.
        accounts: whether there are accounts with passwords: for anybody, for users, or not at all.
    """

    own_user: str
    names_people: bool
    hub: bool
    accounts: Literal["open", "user", "refused"]

    @property
    def own_accounts_only(self) -> bool:
        """Whether Jupyter's identities do not count."""
        return self.accounts == "open"

    @property
    def one_person(self) -> bool:
        """Whether everybody here is ``own_user``, so that kernels may be, too."""
        return not self.own_accounts_only and (self.hub or not self.names_people)

    @property
    def personal(self) -> bool:
        """Whether this is a person's own server: no Hub, no accounts, nobody else."""
        return self.one_person and not self.hub

    def username(self, named: str) -> str:
        """The name under which somebody is known here.

        Raises:
            LeonidasError: ``forbidden_by_policy`` to guests on a user's server in a Hub.
        """
        if self.hub and named != self.own_user:
            raise LeonidasError(
                ErrorCode.FORBIDDEN_BY_POLICY, "This server serves its owner only; use your own."
            )
        return named if self.names_people else self.own_user


def read_identity(
    settings: Leonidas,
    provider: Any,  # noqa: ANN401 - any provider, also one of an older base class
    environment: Mapping[str, str],
) -> Identity:
    """What the identity provider and the environment say."""
    names_people = _names_people(provider)
    hub = type(provider).__module__.startswith("jupyterhub.") and "JUPYTERHUB_USER" in environment
    accounts: Literal["open", "user", "refused"] = "refused" if hub or names_people else "user"
    if settings.auth == "password":
        accounts = "open"
    own_user = environment.get("JUPYTERHUB_USER") or _system_user()
    return Identity(own_user, names_people, hub, accounts)


async def identify(
    handler: JupyterHandler, route: "Route", auth: "AuthService", identity: Identity
) -> "Caller | None":
    """The caller of a route; None where the route is for anybody.

    Raises:
        LeonidasError: nobody is named, the token is bad, or they may not.
    """
    if route.who in {"open", "signed"} or (route.who == "account" and identity.accounts == "open"):
        return None
    if route.who == "account" and identity.accounts == "refused":
        source = "JupyterHub" if identity.hub else "this server's identity provider"
        raise LeonidasError(ErrorCode.FORBIDDEN_BY_POLICY, f"Accounts come from {source}.")
    token = bearer(handler.request.headers.get("Authorization"))
    if route.who == "local":
        _check_local(identity, token)
    if token is not None and is_ours(token):
        caller = await auth.authenticate(token)
    elif identity.own_accounts_only:
        raise LeonidasError(ErrorCode.UNAUTHENTICATED, "Sign in with your Leonidas account first.")
    else:
        caller = await auth.identify(identity.username(await _jupyter_user(handler, route)))
    if route.who == "admin" and caller.role != "admin":
        raise LeonidasError(ErrorCode.FORBIDDEN_BY_POLICY, "This is for administrators.")
    if route.who == "admin" and caller.kernel:
        # Such a token may be used by code that a model wrote.
        raise LeonidasError(
            ErrorCode.FORBIDDEN_BY_POLICY, "Kernels may not do this; sign in as an administrator."
        )
    return caller


def _check_local(identity: Identity, token: str | None) -> None:
    """Raise where this is nobody's own server, or where code in a kernel may be calling.

    A kernel's token is one of ours; what is decided here must not be decided by what DS Bro runs.
    """
    if not identity.personal:
        raise LeonidasError(
            ErrorCode.FORBIDDEN_BY_POLICY,
            "Here the administrator decides this; it is for a person's own server only.",
        )
    if token is not None and is_ours(token):
        raise LeonidasError(
            ErrorCode.FORBIDDEN_BY_POLICY,
            "Kernels and accounts may not decide this; do it in JupyterLab.",
        )


async def _jupyter_user(handler: JupyterHandler, route: "Route") -> str:
    """Whom Jupyter Server names, by cookie with XSRF, token, or whatever its provider takes."""
    refused: HTTPError | None = None
    try:
        await JupyterHandler.prepare(handler, _redirect_to_login=False)
        if not JupyterHandler.check_origin(handler):
            refused = HTTPError(403)
    except HTTPError as error:
        refused = error
    user = getattr(handler, "_jupyter_current_user", None)
    if user is None:
        raise LeonidasError(ErrorCode.UNAUTHENTICATED, "Sign in to Jupyter first, or send a token.")
    if refused is not None:
        raise LeonidasError(
            ErrorCode.XSRF_FAILED,
            "The request did not come from this server's own pages; reload the page.",
        )
    action = _ACTIONS.get(route.method, "write")
    allowed = handler.authorizer.is_authorized(handler, user, action, RESOURCE)
    if not await ensure_async(allowed):
        raise LeonidasError(
            ErrorCode.FORBIDDEN_BY_POLICY, f"You may not {action} here; ask the administrator."
        )
    return str(user.username)


def _names_people(provider: Any) -> bool:  # noqa: ANN401 - see read_identity
    """Whether any part of Jupyter Server's own, anonymous way to name users was replaced."""
    kind = type(provider)
    parts = [getattr(kind, name, None) for name in _NAMING]
    if kind.__name__ == "LegacyIdentityProvider":
        parts.append(provider.login_handler_class)
    return any(
        part is not None and not part.__module__.startswith("jupyter_server.") for part in parts
    )


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"  # a container may run under a number that has no name
