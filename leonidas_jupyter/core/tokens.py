"""Access tokens (JWT, RFC 7519) and refresh tokens: how they are made and checked."""

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from leonidas_jupyter.core.errors import ErrorCode, LeonidasError
from leonidas_jupyter.core.ids import new_id, now
from leonidas_jupyter.core.keys import Keyring, key_id
from leonidas_jupyter.core.recent import Recent

TYPE = "leo+jwt"
"""The JOSE header's ``typ`` by which a token is known to be ours."""
ALGORITHM = "HS256"
AUDIENCE = "leonidas"
KERNEL = "kernel"
"""The claim ``src`` of tokens that go back to a kernel's secret."""
_REFRESH = "leo-refresh"
_LONGEST_HEADER = 256
"""Characters of a JOSE header that is remembered; ours have about 70."""


@dataclass(frozen=True)
class Claims:
    """What an access token says; ``expires`` is in POSIX seconds.

    ``kernel`` marks one that goes back to a kernel's secret.
    """

    user_id: str
    family_id: str
    expires: float
    kernel: bool = False


class AccessTokens:
    """Signs and verifies access tokens; one that was verified a moment ago is known again."""

    def __init__(self, keyring: Keyring, seconds: int) -> None:
        self.seconds = seconds
        keys = keyring.derive("access tokens")
        self._keys = {key_id(key): key for key in keys}
        self._signing = keys[0]
        self._verified: Recent[str, Claims] = Recent(60.0)

    def issue(self, user_id: str, family_id: str, *, kernel: bool = False) -> str:
        """A token that is good for ``seconds``."""
        import jwt

        issued = now()
        claims = {
            "sub": user_id,
            "fam": family_id,
            "aud": AUDIENCE,
            "iat": issued,
            "exp": issued + timedelta(seconds=self.seconds),
            "jti": new_id(),
        }
        if kernel:
            claims["src"] = KERNEL
        headers = {"typ": TYPE, "kid": key_id(self._signing)}
        return jwt.encode(claims, self._signing, algorithm=ALGORITHM, headers=headers)

    def verify(self, token: str) -> Claims:
        """What the token says, once its type, key, algorithm, audience and time are checked.

        Raises:
            LeonidasError: ``token_expired``, or ``unauthenticated`` for whatever else is wrong.
        """
        claims = self._verified.get(token)
        if claims is None:
            claims = self._verify(token)
            self._verified.put(token, claims)
        if claims.expires <= now().timestamp():
            raise expired()
        return claims

    def _verify(self, token: str) -> Claims:
        import jwt

        header = jose_header(token) or {}
        key = self._keys.get(str(header.get("kid")))
        if header.get("typ") != TYPE or key is None:
            raise _bad()
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                # Another server's clock may be ahead of ours: only the end counts.
                options={"require": ["sub", "fam", "aud", "exp", "iat"], "verify_iat": False},
            )
        except jwt.ExpiredSignatureError as error:
            raise expired() from error
        except jwt.InvalidTokenError as error:
            raise _bad() from error
        return Claims(
            str(claims["sub"]),
            str(claims["fam"]),
            float(claims["exp"]),
            kernel=claims.get("src") == KERNEL,
        )


@dataclass(frozen=True)
class Refresh:
    """What a refresh token says: the how-manieth of its family it is."""

    family_id: str
    generation: int


class RefreshTokens:
    """Refresh tokens ``leo-refresh.FAMILY.GENERATION.MAC``.

    The token of a generation is the same whoever computes it, so that of two simultaneous
    rotations both can answer with the one successor, and no token need be stored.
    """

    def __init__(self, keyring: Keyring) -> None:
        self._keys = keyring.derive("refresh tokens")

    def token(self, refresh: Refresh) -> str:
        """The token of a generation."""
        text = f"{_REFRESH}.{refresh.family_id}.{refresh.generation}"
        return f"{text}.{_mac(self._keys[0], text).decode()}"

    def verify(self, token: str) -> Refresh:
        """What the token says, if it is one of ours.

        Raises:
            LeonidasError: ``unauthenticated``.
        """
        text, _, mac = token.rpartition(".")
        genuine = [hmac.compare_digest(_mac(key, text), mac.encode()) for key in self._keys]
        parts = text.split(".")
        if not any(genuine) or len(parts) != 3:
            raise _bad()
        return Refresh(parts[1], int(parts[2]))


def jose_header(token: str) -> Mapping[str, object] | None:
    """The header of a compact JWS (RFC 7515, section 7.1); None where the text is not one."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    known = len(parts[0]) <= _LONGEST_HEADER
    return _known_header(parts[0]) if known else _read_header(parts[0])


def _read_header(text: str) -> Mapping[str, object] | None:
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        header = json.loads(raw)
    except (binascii.Error, ValueError, RecursionError):
        return None
    return header if isinstance(header, dict) else None


# All tokens that one key signed begin with the same header, and it holds no secret.
_known_header = lru_cache(maxsize=64)(_read_header)


def bearer(authorization: str | None) -> str | None:
    """The token in an ``Authorization`` header (``Bearer`` or Jupyter's ``token``), if any."""
    scheme, _, token = (authorization or "").strip().partition(" ")
    return token.strip() or None if scheme.lower() in {"bearer", "token"} else None


def is_ours(token: str) -> bool:
    """Whether the JOSE header says that Leonidas issued the token; nothing is verified here."""
    return (jose_header(token) or {}).get("typ") == TYPE


def expired() -> LeonidasError:
    """The token was good once."""
    return LeonidasError(ErrorCode.TOKEN_EXPIRED, "The token has expired; refresh it.")


def _bad() -> LeonidasError:
    return LeonidasError(
        ErrorCode.UNAUTHENTICATED, "The token is not valid (any more); sign in again."
    )


def _mac(key: bytes, text: str) -> bytes:
    digest = hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=")
