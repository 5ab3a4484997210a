"""Folders for work in progress, removed at its end, and those that killed processes left."""

import shutil
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

from leonidas_jupyter.core.processes import signature, writer_has_ended

ABANDONED_SECONDS = 86400.0
"""How old a folder of another machine must be before it counts as left behind."""


class Scratch:
    """A directory of such folders, which several processes may share; everything here blocks.

    What a killed process left is found by the next one that works here: a half-read file can be
    as large as the disk allows.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._own: set[str] = set()
        self._lock = threading.Lock()

    def make(self) -> Path:
        """A new folder, after those left behind are gone. Raises OSError."""
        with self._lock:  # a new folder counts as left behind until it is known as one's own
            self._directory.mkdir(parents=True, exist_ok=True)
            self._sweep()
            folder = Path(tempfile.mkdtemp(prefix=signature(), dir=self._directory))
            self._own.add(folder.name)
        return folder

    def remove(self, folder: Path) -> None:
        """Remove a folder that was made here."""
        shutil.rmtree(folder, ignore_errors=True)
        self._own.discard(folder.name)

    def _sweep(self) -> None:
        for folder in self._directory.iterdir():
            with suppress(FileNotFoundError):
                if self._left(folder):
                    shutil.rmtree(folder, ignore_errors=True)

    def _left(self, folder: Path) -> bool:
        ended = writer_has_ended(folder.name)
        if ended is None:
            return time.time() - folder.stat().st_mtime > ABANDONED_SECONDS
        return ended or (folder.name.startswith(signature()) and folder.name not in self._own)
