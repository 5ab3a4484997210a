"""The rules of accounts and tokens, and who a caller is."""

import asyncio
import contextlib
import hmac
import logging
from dataclasses import replace
from datetime import datetime, timedelta

from pydantic import SecretStr

from leonidas_jupyter.auth.repository import AuthRepository
from leonidas_jupyter.auth.schemas import (
    ERASE,
    WELCOME,
    AuthResponse,
    AuthSettings,
    StoredUser,
    TokenFamily,
    UserLogin,
    UserRegister,
    UserResponse,
)
from leonidas_jupyter.core.errors import ErrorCode, LeonidasError, conflict
from leonidas_jupyter.core.events import EventBus, UserRegistered
from leonidas_jupyter.core.ids import new_id, now
from leonidas_jupyter.core.passwords import Passwords
from leonidas_jupyter.core.rates import RateLimiter
from leonidas_jupyter.core.recent import Recent
from leonidas_jupyter.core.security import Caller
from leonidas_jupyter.core.tasks import Tasks
from leonidas_jupyter.core.tokens import AccessTokens, Claims, Refresh, RefreshTokens
from leonidas_jupyter.tables.base import Exists, Missing, Stale
from leonidas_jupyter.tables.leases import Leases
from leonidas_jupyter.tables.resumable import Resumable

log = logging.getLogger(__name__)

USER_SECONDS = 10.0
"""How long a user's row is taken as read."""
FAMILY_SECONDS = 2.0
"""How soon a sign-out in one process takes effect in another one on the same database."""


class AuthService:
    """Accounts, tokens and callers."""

    def __init__(
        self,
        *,
        repository: AuthRepository,
        bus: EventBus,
        tasks: Tasks,
        leases: Leases,
        access: AccessTokens,
        refresh: RefreshTokens,
        failures: RateLimiter,
        settings: AuthSettings,
    ) -> None:
        self._repository = repository
        self._bus = bus
        self._leases = leases
        self._access = access
        self._refresh = refresh
        self._failures = failures
        self._settings = settings
        self._passwords = Passwords()
        self._named: Recent[str, Caller] = Recent(USER_SECONDS)
        self._users: Recent[str, Caller] = Recent(USER_SECONDS)
        self._alive: Recent[str, bool] = Recent(FAMILY_SECONDS)
        self._welcomes = Resumable(
            WELCOME, repository.users, self._welcome, leases=leases, tasks=tasks
        )

    async def identify(self, username: str) -> Caller:
        """The user whom Jupyter or a Hub names; their row is made on first sight.

        Raises:
            LeonidasError: ``forbidden_by_policy`` where the name is that of an account.
        """
        if (known := self._named.get(username)) is not None:
            return known
        user = await self._repository.named(username) or await self._first_sight(username)
        if user.password_hash is not None:
            raise LeonidasError(
                ErrorCode.FORBIDDEN_BY_POLICY,
                "Your name belongs to an account with a password here; ask the administrator.",
            )
        if user.unfinished == ERASE:
            raise _being_erased()
        if user.unfinished == WELCOME:
            await self._welcomed(user)
        caller = self._caller(user)
        self._named.put(username, caller)
        return caller

    async def authenticate(self, token: str) -> Caller:
        """Who bears one of our access tokens.

        Raises:
            LeonidasError: ``token_expired`` or ``unauthenticated``.
        """
        claims = await self._claims(token)
        caller = self._users.get(claims.user_id)
        if caller is None:
            caller = self._caller(await self._present(claims.user_id))
            self._users.put(claims.user_id, caller)
        return replace(caller, kernel=True) if claims.kernel else caller

    async def register(self, wanted: UserRegister) -> AuthResponse:
        """A new account, signed in.

        Raises:
            LeonidasError: ``conflict`` where the e-mail or the name is taken.
        """
        if {wanted.username, wanted.email} & self._settings.admins:
            # Whoever came first would be the administrator that was named.
            raise _taken()
        password_hash = await self._passwords.hash(wanted.password.get_secret_value())
        user = self._newcomer(wanted.username or wanted.email)
        user = user.model_copy(update={"email": wanted.email, "password_hash": password_hash})
        try:
            user = await self._repository.add_user(user)
        except Exists as error:
            raise _taken() from error
        await self._welcomed(user)
        return await self._sign_in(user)

    async def login(self, given: UserLogin) -> AuthResponse:
        """Sign in with a password; as slow for an unknown address as for a wrong password.

        Raises:
            LeonidasError: ``unauthenticated``, or ``rate_limited`` after too many failures.
        """
        self._failures.check(given.email)
        password = given.password.get_secret_value()
        user = await self._repository.with_email(given.email)
        known = user.password_hash if user else None
        if not await self._passwords.verify(known, password) or user is None or known is None:
            self._failures.count(given.email)
            raise LeonidasError(
                ErrorCode.UNAUTHENTICATED, "E-mail or password is wrong; try again."
            )
        if user.unfinished == ERASE:
            raise _being_erased()
        if self._passwords.outdated(known):
            fresh = await self._passwords.hash(password)
            await self._repository.set_password_hash(user.user_id, fresh)
        if user.unfinished == WELCOME:
            await self._welcomed(user)
        return await self._sign_in(user)

    async def exchange(self, caller: Caller) -> AuthResponse:
        """Tokens for whom Jupyter or a Hub named, or, marked as a kernel's, for a kernel."""
        return await self._sign_in(await self._present(caller.user_id), kernel=caller.kernel)

    async def exchange_secret(self, secret: SecretStr) -> AuthResponse:
        """Tokens of the server's own user, for a kernel that this server started.

        Raises:
            LeonidasError: ``unauthenticated``.
        """
        kernels = self._settings.kernels
        given = secret.get_secret_value().encode("utf-8", "surrogatepass")
        if kernels is None or not hmac.compare_digest(kernels.secret.encode(), given):
            raise LeonidasError(
                ErrorCode.UNAUTHENTICATED,
                "The secret is not that of this server; restart the kernel from it.",
            )
        caller = await self.identify(kernels.username)
        return await self.exchange(replace(caller, kernel=True))

    async def refresh(self, token: SecretStr) -> AuthResponse:
        """The next tokens of a family. A token that was used before ends the family.

        Of two that come at the same time, both get the same next refresh token.

        Raises:
            LeonidasError: ``unauthenticated``.
        """
        given = self._refresh.verify(token.get_secret_value())
        family = await self._repository.family(given.family_id)
        if family is None or family.revoked_at is not None:
            raise _signed_out()
        if family.generation != given.generation:
            log.warning("A refresh token was used twice; its family %s ends", family.family_id)
            await self._revoke(family.family_id)
            raise _signed_out()
        try:
            family = await self._repository.rotate(family, self._until())
        except Stale as error:
            now_is = await self._repository.family(given.family_id)
            if now_is is None or now_is.revoked_at or now_is.generation != given.generation + 1:
                raise _signed_out() from error
            family = now_is
        return self._tokens(await self._present(family.user_id), family)

    async def logout(self, access: str | None, refresh: SecretStr | None) -> None:
        """End the families of these tokens; one that is none of ours ends nothing."""
        families: set[str] = set()
        with contextlib.suppress(LeonidasError):
            families.add(self._access.verify(access or "").family_id)
        if refresh is not None:
            with contextlib.suppress(LeonidasError):
                families.add(self._refresh.verify(refresh.get_secret_value()).family_id)
        for family_id in families:
            await self._revoke(family_id)

    def forget(self, user: StoredUser) -> None:
        """Read a user's row anew when it is needed next; other processes do within seconds."""
        self._named.forget(user.username)
        self._users.forget(user.user_id)

    async def recover(self) -> None:
        """Go on with the welcomes that a stopped process left."""
        await self._welcomes.recover()

    async def me(self, caller: Caller) -> UserResponse:
        """Who is calling, and what they may do."""
        return self._response(await self._present(caller.user_id))

    async def _claims(self, token: str) -> Claims:
        claims = self._access.verify(token)
        if self._alive.get(claims.family_id) is None:
            family = await self._repository.family(claims.family_id)
            if family is None or family.revoked_at is not None:
                raise _signed_out()
            self._alive.put(claims.family_id, True)
        return claims

    async def _revoke(self, family_id: str) -> None:
        self._alive.forget(family_id)
        with contextlib.suppress(Missing):
            await self._repository.revoke(family_id, now())
        self._alive.forget(family_id)

    async def _present(self, user_id: str) -> StoredUser:
        user = await self._repository.user(user_id)
        if user is None or user.unfinished == ERASE:
            raise _signed_out()
        return user

    async def _first_sight(self, username: str) -> StoredUser:
        try:
            return await self._repository.add_user(self._newcomer(username))
        except Exists:
            # Another request or server saw the same person first.
            user = await self._repository.named(username)
            if user is None:
                raise
            return user

    def _newcomer(self, username: str) -> StoredUser:
        return StoredUser(user_id=new_id(), username=username, **self._leases.fields(WELCOME))

    async def _welcomed(self, user: StoredUser) -> None:
        """Wait until a newcomer has a first project; a failure is logged, and tried again later."""
        await asyncio.wait([self._welcomes.start(user.user_id)])

    async def _welcome(self, user: StoredUser) -> None:
        await self._bus.deliver(UserRegistered(user.user_id))
        await self._leases.finish(self._repository.users, user, {})

    async def _sign_in(self, user: StoredUser, *, kernel: bool = False) -> AuthResponse:
        family = TokenFamily(
            family_id=new_id(),
            user_id=user.user_id,
            kernel=kernel or None,
            expires_at=self._until(),
        )
        return self._tokens(user, await self._repository.add_family(family))

    def _tokens(self, user: StoredUser, family: TokenFamily) -> AuthResponse:
        refresh = Refresh(family.family_id, family.generation)
        return AuthResponse(
            access_token=self._access.issue(
                user.user_id, family.family_id, kernel=bool(family.kernel)
            ),
            refresh_token=self._refresh.token(refresh),
            expires_in=self._access.seconds,
            user=self._response(user),
        )

    def _response(self, user: StoredUser) -> UserResponse:
        return UserResponse(
            user_id=user.user_id,
            username=user.username,
            email=user.email,
            role=self._caller(user).role,
            policy=self._settings.policy,
            created_at=user.created_at,
        )

    def _caller(self, user: StoredUser) -> Caller:
        role = "admin" if user.username in self._settings.admins else user.role
        return Caller(user.user_id, user.username, role)

    def _until(self) -> datetime:
        return now() + timedelta(seconds=self._settings.refresh_seconds)


def _taken() -> LeonidasError:
    return conflict("This e-mail address or user name has an account; sign in, or choose another.")


def _being_erased() -> LeonidasError:
    return LeonidasError(
        ErrorCode.FORBIDDEN_BY_POLICY,
        "This account is being erased, as an administrator asked; wait until that is done.",
    )


def _signed_out() -> LeonidasError:
    return LeonidasError(
        ErrorCode.UNAUTHENTICATED, "The token is not valid any more; sign in again."
    )
