"""The file of an engine that keeps everything in one: made for its owner only, and watched."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from leonidas_jupyter.core.folders import make_private
from leonidas_jupyter.tables.base import Unavailable


def make_folder(path: Path) -> None:
    """Make the folder of a file, for its owner only, where there is none. Raises Unavailable."""
    try:
        make_private(path.parent)
    except OSError as error:
        raise _cannot_be_made(error) from error


def make_file(path: Path) -> None:
    """Make an empty file, for its owner only, where there is none. Raises Unavailable.

    One that stands is not even opened: to close it would drop the locks that other connections of
    this process hold on it (POSIX; sqlite.org/howtocorrupt.html, section 2.2).
    """
    make_folder(path)
    try:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise _cannot_be_made(error) from error


def watched(path: Path) -> Callable[[], None]:
    """A look at a file, that raises Unavailable once another one, or none, is there.

    What is written to a file that was deleted, or replaced, while it is open goes nowhere.
    """
    name = str(path)
    opened = _identity(name)

    def look() -> None:
        if _identity(name) != opened:
            raise Unavailable(
                "The file of the database was moved, replaced or deleted while it was in use; "
                "put it back, then restart the server.",
                60,
            )

    return look


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)  # before every read, and a Path takes three times as long
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _cannot_be_made(error: OSError) -> Unavailable:
    reason = (error.strerror or type(error).__name__).lower()
    return Unavailable(
        f"The file that database_url names cannot be made ({reason}); check its folder.", 60
    )
