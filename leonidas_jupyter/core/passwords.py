"""Password hashes: Argon2id with the parameters of RFC 9106 for little memory (section 4)."""

import asyncio
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

AT_ONCE = 2
"""Each hash takes 64 MiB, so that only so many are computed at the same time."""


class Passwords:
    """Hashes and checks passwords in threads."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(AT_ONCE)

    async def hash(self, password: str) -> str:
        """The hash of a password, with its salt and parameters, as PHC text."""
        async with self._room:
            return await asyncio.to_thread(lambda: _hasher().hash(_normal(password)))

    async def verify(self, known: str | None, password: str) -> bool:
        """Whether it is the password; without a known hash the same time is spent in vain."""
        async with self._room:
            return await asyncio.to_thread(_verify, known, password)

    def outdated(self, known: str) -> bool:
        """Whether the hash was made with other parameters than those of today."""
        return _hasher().check_needs_rehash(known)


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _nobody() -> str:
    return _hasher().hash("the password of nobody")


def _verify(known: str | None, password: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerifyMismatchError

    try:
        _hasher().verify(known or _nobody(), _normal(password))
    except (VerifyMismatchError, InvalidHashError):
        return False
    return known is not None


def _normal(password: str) -> str:
    # Two keyboards may write one password in two ways (NIST SP 800-63B, section 5.1.1.2).
    return unicodedata.normalize("NFKC", password)
