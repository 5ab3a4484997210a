"""Where a connected model is kept: a file for what it is, the system's keyring for its key."""

import logging
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from leonidas_jupyter.models.schemas import StoredConnection

log = logging.getLogger(__name__)

CONNECTION = "connected_model.json"
KEY = "connected_model.key"
SERVICE = "leonidas-jupyter"
"""What the keyring calls us."""

RECOMMENDED = 1
"""The least priority of a keyring's backend that keeps secrets well (keyring's own measure)."""


class ConnectionRepository:
    """One connected model in a directory; every method blocks.

    The key goes to the system's keyring where there is a real one, else to a file of mode 0600. It
    never goes to the database.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self) -> StoredConnection | None:
        """What is connected; None also where the file cannot be read as what it should be."""
        try:
            return StoredConnection.model_validate_json((self._directory / CONNECTION).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            log.warning("The connected model cannot be read (%s)", type(error).__name__)
            return None

    def write(self, connection: StoredConnection, key: str | None) -> StoredConnection:
        """Keep a model and its key; as it is kept.

        Raises:
            OSError: the directory cannot be written.
        """
        self._drop_key()
        key_in = None if key is None else self._keep_key(key)
        kept = connection.model_copy(update={"key_in": key_in})
        self._put(CONNECTION, kept.model_dump_json(indent=2))
        return kept

    def key(self, connection: StoredConnection) -> str | None:
        """The key of what is connected."""
        if connection.key_from is not None:
            return os.environ.get(connection.key_from) or None
        if connection.key_in == "file":
            with suppress(OSError):
                return (self._directory / KEY).read_text("utf-8")
        if connection.key_in == "keyring":
            import keyring
            from keyring.errors import KeyringError

            with suppress(KeyringError):
                return keyring.get_password(SERVICE, self._account)
        return None

    def remove(self) -> None:
        """Forget the model and its key.

        Raises:
            OSError: the directory cannot be written.
        """
        self._drop_key()
        (self._directory / CONNECTION).unlink(missing_ok=True)

    @property
    def _account(self) -> str:
        return f"model of {self._directory}"

    def _keep_key(self, key: str) -> Literal["keyring", "file"]:
        if (backend := _real_keyring()) is not None:
            from keyring.errors import KeyringError

            try:
                backend.set_password(SERVICE, self._account, key)
            except KeyringError:
                log.warning("The system's keyring takes no key; a file of mode 0600 keeps it.")
            else:
                return "keyring"
        self._put(KEY, key)
        return "file"

    def _drop_key(self) -> None:
        (self._directory / KEY).unlink(missing_ok=True)
        known = self.read()
        if known is not None and known.key_in == "keyring":
            import keyring
            from keyring.errors import KeyringError

            with suppress(KeyringError):
                keyring.delete_password(SERVICE, self._account)

    def _put(self, name: str, text: str) -> None:
        """Write a file whole or not at all, and for its owner only."""
        fresh = self._directory / f"{name}.{secrets.token_hex(8)}"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._directory / name)
        except OSError:
            fresh.unlink(missing_ok=True)
            raise


def _real_keyring() -> Any:  # noqa: ANN401 - backends of any system
    """The system's keyring, where it is one that keeps secrets well."""
    import keyring
    from keyring.backends.fail import Keyring as NoKeyring

    backend = keyring.get_keyring()
    if isinstance(backend, NoKeyring) or backend.priority < RECOMMENDED:
        return None
    return backend
