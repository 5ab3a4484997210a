"""Files of the cache that a living process reads again and again: eviction leaves them alone.

A shared lock (``flock``) on the open file says so across processes, and ends with the process
however it ends. Where a file system or an operating system has no such locks, an open file does:
Windows does not delete it, and elsewhere what is mapped stays readable after it is deleted.
"""

import os
import sys
from pathlib import Path

_held: dict[tuple[int, int], int] = {}
"""Descriptors that are open for as long as this process lives, by device and inode."""


def hold(path: Path) -> None:
    """Keep a file from being evicted for as long as this process lives.

    Raises:
        FileNotFoundError: it was evicted meanwhile.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        if _lock(descriptor, shared=True):
            state = os.fstat(descriptor)
            now = path.stat()
            if (now.st_dev, now.st_ino) != (state.st_dev, state.st_ino):
                raise FileNotFoundError(path)
        known = (os.fstat(descriptor).st_dev, os.fstat(descriptor).st_ino)
        if known not in _held:
            _held[known] = descriptor
            return
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)


def evict(path: Path) -> bool:
    """Delete a file unless a process holds it; whether it is gone."""
    try:
        if sys.platform == "win32":  # where an open file, and only that, is not deleted
            path.unlink(missing_ok=True)
            return True
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    try:
        if not _lock(descriptor, shared=False):
            return False
        path.unlink(missing_ok=True)
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _lock(descriptor: int, *, shared: bool) -> bool:
    """Lock; False where another process has it. True, too, where there are no such locks."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
