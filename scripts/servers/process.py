"""A server program in a process of its own that answers on a free port of 127.0.0.1."""

import itertools
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"
START_SECONDS = 120
ATTEMPTS = 3
"""Another program may take the free port first; then the next one is tried."""

_PORTS = range(20_000, 32_000)
_FIRST: int = random.SystemRandom().choice(_PORTS)
_ports = itertools.cycle([*range(_FIRST, _PORTS.stop), *range(_PORTS.start, _FIRST)])
_KEEPER = Path(__file__).with_name("keeper.py")
_LOG_TAIL = 4000


class ServerMissing(Exception):
    """The program is not installed here; the message says how to get it."""


class NotStarted(Exception):
    """The program ended or does not answer; the message ends with its log."""


@dataclass(frozen=True)
class Program:
    """How a server is started.

    Attributes:
        name: what it is called in messages, and its log file.
        command: the command line for a port.
        answers: whether the server on a port takes calls.
        environment: variables beside the few that any program needs.
        user: the id of the user whose it becomes, when this runs as root.
        signal: what asks it to end.
    """

    name: str
    command: Callable[[int], Sequence[str]]
    answers: Callable[[int], bool]
    environment: Callable[[int], Mapping[str, str]] = lambda _port: {}
    user: int | None = None
    signal: str = "SIGTERM"


def free_port() -> int:
    """A port that nobody uses right now, and that no other call in this process gave.

    The system gives none of these away by itself (they are below `ip_local_port_range`), so that
    it is still free when the server starts; processes begin at places of their own.
    """
    port: int
    for port in itertools.islice(_ports, len(_PORTS)):
        with socket.socket() as free, suppress(OSError):
            free.bind((HOST, port))
            return port
    raise NotStarted(f"Every port from {_PORTS.start} to {_PORTS.stop} is taken.")


class Running:
    """Starts a program on entering and ends it on leaving; it also ends when this process dies.

    Attributes:
        port: where it listens.
        log: the file with what it writes.
    """

    def __init__(self, program: Program, folder: Path) -> None:
        self.port = 0
        self.log = folder / f"{program.name}.log"
        self._program = program

    def __enter__(self) -> Self:
        for attempt in range(1, ATTEMPTS + 1):
            self.port = free_port()
            self._start()
            if self._wait():
                return self
            self.stop()
            if attempt == ATTEMPTS:
                break
        raise NotStarted(f"{self._program.name} did not start:\n{self._tail()}")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the program and wait until it is gone."""
        if self._keeper.stdin is not None:
            self._keeper.stdin.close()
        self._keeper.wait()

    @property
    def pid(self) -> int:
        """The process that keeps the program; it ends with it."""
        return self._keeper.pid

    def _start(self) -> None:
        program, kept = self._program, ["--signal", self._program.signal]
        if program.user is not None:
            kept += ["--user", str(program.user)]
        common = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        with self.log.open("ab") as log:
            self._keeper = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_KEEPER), *kept, *program.command(self.port)],
                env={**common, **program.environment(self.port)},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _wait(self) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._keeper.poll() is None:
            if self._program.answers(self.port):
                return True
            time.sleep(0.02)
        return False

    def _tail(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL:]
