"""A file that says that a process has, or had, unfinished work: looked for at each start."""

import os
from pathlib import Path

from leonidas_jupyter.core.processes import has_ended

FOLDER = "running"


class Marker:
    """One file for each process that works; an orderly end without unfinished work removes it."""

    def __init__(self, directory: Path) -> None:
        self._folder = directory / FOLDER
        self._own = self._folder / str(os.getpid())

    def left_behind(self) -> bool:
        """Whether a process that has ended left its file; costs one look into a directory."""
        return any(self._over(name) for name in self._names())

    def others_live(self) -> bool:
        """Whether another process that has not ended works here."""
        return any(name.isdigit() and not self._over(name) for name in self._names())

    def set(self) -> bool:
        """This process works; what ended ones left is its business now: whether there is any."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        left = [name for name in self._names() if self._over(name)]
        self._own.touch()
        for name in left:
            if name != self._own.name:
                (self._folder / name).unlink(missing_ok=True)
        return bool(left)

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
        # In a container, the process before had the same number.
        return int(name) == os.getpid() or has_ended(int(name))
