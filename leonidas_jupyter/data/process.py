"""Worker processes: JSON lines over pipes, no secrets in them, ending with their parent."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Any

KEPT_VARIABLES = (
    "PATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "PYTHONPATH",
    "PYTHONHOME",
    "TMPDIR",
    "TEMP",
    "TMP",
    "SYSTEMROOT",
    "MALLOC_ARENA_MAX",
)
"""What a worker sees of the environment: enough to find Python and its libraries."""

Message = dict[str, Any]


def worker_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The part of ``environ`` that a worker process may see."""
    kept = {name: environ[name] for name in KEPT_VARIABLES if name in environ}
    return kept | {"PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1"}


class WorkerProcess:
    """One worker process and its pipes.

    Plain ``subprocess`` with a reading thread, because asyncio's own subprocesses do not exist on
    the event loop that Jupyter uses on Windows. The worker watches its standard input: when this
    process ends in whatever way, the pipe closes and the worker ends too.
    """

    def __init__(self, process: subprocess.Popen[bytes], loop: asyncio.AbstractEventLoop) -> None:
        self._process = process
        self._loop = loop
        self._messages: asyncio.Queue[Message | None] = asyncio.Queue()
        self._complaints = b""
        threads = [
            threading.Thread(target=target, daemon=True) for target in (self._read, self._listen)
        ]
        for thread in threads:
            thread.start()

    @classmethod
    async def start(cls, module: str) -> "WorkerProcess":
        """Start ``python -m module``; creating the process happens in a thread."""

        def spawn() -> subprocess.Popen[bytes]:
            # -P keeps the current folder off the import path: a project may hold a json.py.
            return subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
                [sys.executable, "-P", "-m", module],
                env=worker_environment(os.environ),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )

        # A caller that is cancelled right here must not leave the new process behind.
        loop = asyncio.get_running_loop()
        starting = asyncio.ensure_future(asyncio.to_thread(spawn))
        try:
            process = await asyncio.shield(starting)
        except asyncio.CancelledError:
            starting.add_done_callback(lambda started: cls(started.result(), loop).kill())
            raise
        return cls(process, loop)

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - for the type checker
        with self._process.stdout as lines:
            for line in lines:
                try:
                    message = json.loads(line)
                except ValueError:
                    continue
                self._hand_over(message)
        self._process.wait()
        self._hand_over(None)

    def _listen(self) -> None:
        assert self._process.stderr is not None  # noqa: S101 - for the type checker
        with self._process.stderr as lines:
            for line in lines:
                self._complaints = (self._complaints + line)[-4000:]

    def _hand_over(self, message: Message | None) -> None:
        try:
            self._loop.call_soon_threadsafe(self._messages.put_nowait, message)
        except RuntimeError:  # the loop is closed: nobody waits any more
            self.kill()

    async def send(self, message: Message) -> None:
        """Send one message; a worker that has ended is found out by ``receive``."""
        await asyncio.to_thread(self.send_now, message)

    def send_now(self, message: Message) -> None:
        """As ``send``, in the calling thread; for short messages."""
        pipe = self._process.stdin
        assert pipe is not None  # noqa: S101 - for the type checker
        try:
            pipe.write(json.dumps(message).encode() + b"\n")
            pipe.flush()
        except (OSError, ValueError):
            return

    async def receive(self) -> Message | None:
        """The worker's next message, or None once it has ended."""
        message = await self._messages.get()
        if message is None:
            self._messages.put_nowait(None)
        return message

    def kill(self) -> None:
        """End the worker at once; safe to call twice."""
        if self._process.poll() is None:
            self._process.kill()
        if self._process.stdin is not None:
            try:
                self._process.stdin.close()
            except OSError:
                return

    async def ended(self) -> int:
        """Wait for the worker's end; returns its exit code (negative: the signal that ended it)."""
        return await asyncio.to_thread(self._process.wait)

    @property
    def pid(self) -> int:
        """The worker's process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the worker still runs."""
        return self._process.poll() is None

    @property
    def complaints(self) -> str:
        """The end of what the worker wrote to its standard error."""
        return self._complaints.decode("utf-8", "replace")
