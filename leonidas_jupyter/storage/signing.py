"""URLs that carry their own authority: for one key and one verb, for a while."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from leonidas_jupyter.core.errors import ErrorCode, LeonidasError
from leonidas_jupyter.core.ids import now
from leonidas_jupyter.storage.base import SignedUrl, check_key

_PURPOSE = b"leonidas blob 1\n"
"""Stands before what is signed, so that a signature made for another purpose does not fit."""

_KEY_BYTES = 16


@dataclass(frozen=True)
class SignedGrant:
    """What a signed URL allows.

    Attributes:
        size: the exact number of bytes to PUT; null for GET.
        sha256: what the bytes must hash to, where that was known when signing.
        filename: the name under which to offer the download.
    """

    key: str
    size: int | None = None
    sha256: str | None = None
    filename: str | None = None


class UrlSigner:
    """Makes and verifies ``{prefix}/blobs/{token}``.

    The token is ``payload.signature``, both base64url without padding: a JSON object and its
    HMAC-SHA256 (RFC 2104).
    """

    def __init__(self, key: bytes, prefix: str, *, clock: Callable[[], datetime] = now) -> None:
        if len(key) < _KEY_BYTES:
            raise ValueError(f"A signing key has at least {_KEY_BYTES} bytes.")
        self._key = key
        self._prefix = prefix.rstrip("/")
        self._clock = clock

    def sign(
        self,
        method: str,
        key: str,
        *,
        expires_in: int,
        size: int | None = None,
        sha256: str | None = None,
        filename: str | None = None,
    ) -> SignedUrl:
        """A URL that allows ``method`` on one object for ``expires_in`` seconds."""
        expires = int((self._clock() + timedelta(seconds=expires_in)).timestamp())
        grant = {"m": method, "k": check_key(key), "e": expires}
        optional = {"s": size, "h": sha256, "f": filename}
        grant.update((name, value) for name, value in optional.items() if value is not None)
        payload = _encode(json.dumps(grant, separators=(",", ":")).encode())
        token = f"{payload}.{_encode(self._signature(payload))}"
        return SignedUrl(
            url=f"{self._prefix}/blobs/{token}",
            method=method,
            expires_at=datetime.fromtimestamp(expires, UTC),
        )

    def verify(self, token: str, method: str) -> SignedGrant:
        """What a token allows.

        Raises:
            LeonidasError: ``unauthenticated`` when it is not ours or for another verb,
                ``token_expired`` when its time is over.
        """
        payload, _, signature = token.partition(".")
        try:
            given = _decode(signature)
            fits = hmac.compare_digest(self._signature(payload), given)
            grant: dict[str, Any] = json.loads(_decode(payload)) if fits else {}
        except (binascii.Error, ValueError):
            grant = {}
        if grant.get("m") != method:
            raise LeonidasError(
                ErrorCode.UNAUTHENTICATED, "This link is not valid; ask for a new one."
            )
        if grant["e"] <= self._clock().timestamp():
            raise LeonidasError(ErrorCode.TOKEN_EXPIRED, "This link is over; ask for a new one.")
        return SignedGrant(grant["k"], grant.get("s"), grant.get("h"), grant.get("f"))

    def _signature(self, payload: str) -> bytes:
        return hmac.digest(self._key, _PURPOSE + payload.encode(), hashlib.sha256)


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(text: str) -> bytes:
    """The bytes of base64url; one text only for each, so that no token has a twin."""
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _encode(raw) != text:
        raise ValueError("not base64url")
    return raw
