"""Run a command for as long as the process that started this one lives.

``keeper.py [--signal NAME] [--user UID] COMMAND …``: standard input is a pipe whose other end only
the owner holds. It closes when the owner lets go or is killed, by whatever; then the command gets
the signal, and after a while is killed with all that it started.
"""

import argparse
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress

STOP_SECONDS = 15


def stop(child: subprocess.Popen[bytes], ask: signal.Signals) -> None:
    """Ask the command to end, and end its whole process group when it does not."""
    with suppress(ProcessLookupError):
        child.send_signal(ask)
    with suppress(subprocess.TimeoutExpired):
        child.wait(STOP_SECONDS)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)


def main() -> None:
    """Start the command; exit with its code, or when the owner is gone."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--signal", default="SIGTERM")
    parser.add_argument("--user", type=int)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    child = subprocess.Popen(
        arguments.command,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        user=arguments.user,
        group=arguments.user,
        extra_groups=None if arguments.user is None else [],
    )

    def follow() -> None:
        os._exit(child.wait())

    threading.Thread(target=follow, daemon=True).start()
    sys.stdin.buffer.read()
    stop(child, signal.Signals[arguments.signal])


if __name__ == "__main__":
    main()
