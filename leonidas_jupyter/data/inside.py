"""A worker process on its own side: messages, limits on itself, ending with its parent."""

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import IO, Any

OUT_OF_MEMORY = 77
"""Exit code of a worker that went over its memory limit."""

ADDRESS_SPACE_SLACK = 8 * 1024**3
"""What the limit on addresses allows beyond that on memory: libraries map more than they use."""


def claim_stdout() -> IO[bytes]:
    """Take standard output for messages alone; whatever else prints goes to standard error."""
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return channel


class Speaker:
    """Writes messages as JSON lines, whole ones, from any thread."""

    def __init__(self, channel: IO[bytes]) -> None:
        self._channel = channel
        self._lock = threading.Lock()

    def say(self, message: dict[str, Any]) -> None:
        """Send one message to the parent."""
        line = json.dumps(message, ensure_ascii=False, allow_nan=False).encode() + b"\n"
        with self._lock:
            self._channel.write(line)
            self._channel.flush()


def resident_bytes(pid: int | None = None) -> int:
    """A process's memory in use (this one's without ``pid``), where Linux tells it; else 0."""
    try:
        with open(f"/proc/{pid or 'self'}/statm", "rb") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def limit_memory(limit: int) -> None:
    """End this process when its memory in use grows by more than ``limit`` bytes from now."""
    ceiling = resident_bytes() + limit

    def watch() -> None:
        while resident_bytes() <= ceiling:
            time.sleep(0.05)
        os._exit(OUT_OF_MEMORY)

    threading.Thread(target=watch, daemon=True).start()
    if sys.platform == "linux":
        import resource

        resource.setrlimit(
            resource.RLIMIT_AS, (ceiling + ADDRESS_SPACE_SLACK, ceiling + ADDRESS_SPACE_SLACK)
        )


def listen(handle: Callable[[dict[str, Any]], None]) -> None:
    """Hand the parent's messages to ``handle`` in a thread; end this process when it is gone."""

    def read() -> None:
        for line in sys.stdin.buffer:
            handle(json.loads(line))
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
