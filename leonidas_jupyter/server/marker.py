"""A file that says that a process has, or had, unfinished work: looked for at each start."""

import os
from pathlib import Path

FOLDER = "running"


class Marker:
    """One file for each process that works; an orderly end without unfinished work removes it."""

    def __init__(self, directory: Path) -> None:
        self._folder = directory / FOLDER
        self._own = self._folder / str(os.getpid())

    def left_behind(self) -> bool:
        """Whether a process that has ended left its file; costs one look into a directory."""
        return any(self._over(name) for name in self._names())

    def set(self) -> None:
        """This process works; what ended ones left is its business now."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in self._names():
            if self._over(name):
                (self._folder / name).unlink(missing_ok=True)
        self._own.touch()

    def clear(self) -> None:
        """All is done."""
        self._own.unlink(missing_ok=True)

    def _names(self) -> list[str]:
        try:
            return os.listdir(self._folder)
        except OSError:
            return []

    @staticmethod
    def _over(name: str) -> bool:
        if not name.isdigit():
            return False
        if int(name) == os.getpid():
            return True  # in a container, the process before had the same number
        try:
            os.kill(int(name), 0)
        except ProcessLookupError:
            return True
        except OSError:
            return False
        return False
