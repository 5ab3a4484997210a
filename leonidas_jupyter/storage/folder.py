"""The files of the local store: where objects lie, how they get there, what is known of them.

``objects/<key>`` are the bytes, ``checksums/<key>`` what is known of them, ``partial/`` what is
being written. A checksum is written before its object moves into place and names the very file
(inode, size, time of change) that it is true of; one that names another file, as after a kill
between the two, is computed again.
"""

import errno
import hashlib
import json
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from leonidas_jupyter.core.folders import make_private
from leonidas_jupyter.core.processes import signature, writer_has_ended
from leonidas_jupyter.storage.base import BytesDiffer, ObjectInfo, StoreUnavailable

ABANDONED_SECONDS = 3600.0
"""A partial file that nobody has written to for so long belongs to a process that is gone."""

_ATTEMPTS = 20
_GONE = (FileNotFoundError, NotADirectoryError, IsADirectoryError)


def unavailable(error: OSError) -> StoreUnavailable:
    """What a caller gets when the file system fails; without a path, which is nobody's business."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreUnavailable(
            "The disk of the uploaded files is full; free some space and try again.", 60
        )
    reason = (error.strerror or type(error).__name__).lower()
    return StoreUnavailable(
        f"The folder of the uploaded files cannot be used ({reason}); check it and try again.", 60
    )


class Partial:
    """A file that is being written, unseen until it is moved into its place.

    Its lock lets a cancelled caller discard it while a thread still writes.
    """

    def __init__(self, folder: Path) -> None:
        descriptor, name = tempfile.mkstemp(prefix=signature(), dir=folder)
        self.path = Path(name)
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._hash = hashlib.sha256()
        self._lock = threading.Lock()

    def write(self, chunk: bytes) -> None:
        """Add bytes. Raises OSError."""
        rest = memoryview(chunk)
        with self._lock:
            while rest:
                rest = rest[self._file.write(rest) :]
        self._hash.update(chunk)

    def finish(self) -> dict[str, Any]:
        """Make the bytes durable; what is known of the file. Raises OSError."""
        with self._lock:
            os.fsync(self._file.fileno())
            known = _identity(os.fstat(self._file.fileno()))
            self._file.close()
        return known | {"sha256": self._hash.hexdigest()}

    def discard(self) -> None:
        """Remove the file if it is still here."""
        with self._lock:
            self._file.close()
        self.path.unlink(missing_ok=True)


def _identity(status: os.stat_result) -> dict[str, Any]:
    return {"inode": status.st_ino, "size": status.st_size, "changed": status.st_mtime_ns}


class Folder:
    """The three folders of a local store. Everything here blocks and raises OSError."""

    def __init__(self, directory: Path) -> None:
        self._objects = directory / "objects"
        self._checksums = directory / "checksums"
        self._partial = directory / "partial"
        for folder in (directory, self._objects, self._checksums, self._partial):
            make_private(folder)
        self._swept = float("-inf")
        self._sweep()

    def path(self, key: str) -> Path:
        """Where the bytes of an object lie."""
        return self._objects / key

    def usable(self) -> bool:
        """Whether files can be made here."""
        return os.access(self._partial, os.W_OK | os.X_OK)

    def begin(self) -> Partial:
        """A new file to write to."""
        self._sweep()
        return Partial(self._partial)

    def commit(self, partial: Partial, key: str, sha256: str | None = None) -> ObjectInfo:
        """Move what was written into its place, durably. Raises BytesDiffer."""
        known = partial.finish()
        if sha256 not in (None, known["sha256"]):
            raise BytesDiffer(key)
        self._write_checksum(key, known)
        target = self.path(key)
        made = _move(partial.path, target)
        with suppress(FileNotFoundError):  # it was removed again already
            for folder in [*(each.parent for each in made), target.parent]:
                _sync(folder)
        return ObjectInfo(key, known["size"], known["sha256"])

    def info(self, key: str) -> ObjectInfo | None:
        """Size and checksum of an object, or None."""
        try:
            with self.path(key).open("rb") as file:
                identity = _identity(os.fstat(file.fileno()))
                known = self._read_checksum(key)
                if known.items() >= identity.items():
                    return ObjectInfo(key, identity["size"], known["sha256"])
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        except _GONE:
            return None
        self._write_checksum(key, identity | {"sha256": sha256})
        return ObjectInfo(key, identity["size"], sha256)

    def remove(self, key: str) -> None:
        """Remove an object and the folders that are empty then."""
        for root in (self._objects, self._checksums):
            with suppress(*_GONE):
                (root / key).unlink()
            _prune((root / key).parent, root)

    def remove_all(self, prefix: str) -> None:
        """Remove every object below a folder of keys."""
        for root in (self._objects, self._checksums):
            _remove_below(root / prefix)
            _prune((root / prefix).parent, root)

    def keys(self, prefix: str) -> list[str]:
        """The keys that begin with ``prefix``, in order."""
        parent = prefix.rpartition("/")[0]
        return [key for key in _walk(self._objects, parent) if key.startswith(prefix)]

    def _read_checksum(self, key: str) -> dict[str, Any]:
        try:
            known = json.loads((self._checksums / key).read_bytes())
        except (*_GONE, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def _write_checksum(self, key: str, known: dict[str, Any]) -> None:
        """Keep what is known of an object; not durably, since it can be computed again."""
        partial = Partial(self._partial)
        try:
            partial.write(json.dumps(known).encode())
            _move(partial.path, self._checksums / key)
        finally:
            partial.discard()

    def _sweep(self) -> None:
        """Remove, now and then, what killed processes left half written."""
        if time.monotonic() - self._swept < ABANDONED_SECONDS:
            return
        self._swept = time.monotonic()
        for path in self._partial.iterdir():
            with suppress(FileNotFoundError):
                old = time.time() - path.stat().st_mtime > ABANDONED_SECONDS
                if old or writer_has_ended(path.name):
                    path.unlink()


def _move(source: Path, target: Path) -> list[Path]:
    """Move a file into a folder that a delete may be pruning at this moment; the folders made."""
    made: list[Path] = []
    for attempt in range(_ATTEMPTS):
        try:
            made = make_private(target.parent)
            source.replace(target)
        except FileNotFoundError:
            if attempt == _ATTEMPTS - 1 or not source.exists():
                raise
        else:
            break
    return made


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _prune(folder: Path, root: Path) -> None:
    """Remove empty folders from here up to the root."""
    while folder != root:
        try:
            folder.rmdir()
        except FileNotFoundError:
            pass
        except OSError:  # not empty
            return
        folder = folder.parent


def _remove_below(folder: Path) -> None:
    """Remove a folder and all that lies in it; what goes or comes meanwhile is no failure."""
    for at, _, names in os.walk(folder, topdown=False, onerror=_unless_gone):
        for name in names:
            Path(at, name).unlink(missing_ok=True)
        try:
            Path(at).rmdir()
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST):
                raise


def _unless_gone(error: OSError) -> None:
    if not isinstance(error, _GONE):
        raise error


def _walk(root: Path, parent: str) -> Iterator[str]:
    """The keys below a folder in the order of the keys: ``a-b/x`` stands before ``a/x``."""
    try:
        with os.scandir(root / parent) as entries:
            found = sorted(
                e.name + "/" if e.is_dir(follow_symlinks=False) else e.name for e in entries
            )
    except _GONE:
        return
    for name in found:
        key = f"{parent}/{name}" if parent else name
        if name.endswith("/"):
            yield from _walk(root, key[:-1])
        else:
            yield key
