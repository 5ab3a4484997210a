"""The keys that sign: given by the settings, or made once and kept in a file of mode 0600."""

import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

FILE = "signing_key"


class Keyring:
    """Signing keys: the first one signs, all of them verify, so that keys can be changed."""

    def __init__(self, secrets_: Sequence[str]) -> None:
        if not secrets_:
            raise ValueError("a keyring needs a key")
        self._secrets = tuple(secret.encode() for secret in secrets_)

    def derive(self, purpose: str) -> list[bytes]:
        """One 32-byte key for each secret, good for ``purpose`` only (HMAC-SHA256 of its name)."""
        return [hmac.digest(s, f"leonidas {purpose}".encode(), "sha256") for s in self._secrets]


def key_id(key: bytes) -> str:
    """A short public name of a key."""
    return hashlib.sha256(b"kid" + key).hexdigest()[:12]


def stored_key(directory: Path) -> str:
    """The key that this installation made for itself; made now if there is none.

    Of several processes that begin at the same time one makes it, and all of them read it.

    Raises:
        OSError: it can be neither read nor written.
    """
    path = directory / FILE
    if not path.exists():
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = directory / f"{FILE}.{secrets.token_hex(8)}"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)  # unlike a rename, it fails where another process was first
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip()
