"""Processes of this machine, and whose a file is that is being written."""

import os
import socket


def has_ended(pid: int) -> bool:
    """Whether no process has this number; one that may not be asked about counts as living."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def signature() -> str:
    """How the names begin of what this process writes for itself: ``host.process.``."""
    return f"{_host()}.{os.getpid()}."


def writer_has_ended(name: str) -> bool | None:
    """Whether the process whose signature a name bears has ended; None where that is not known.

    It is known of processes of this machine only. In a container the next process may have the
    number of the one before, so that what bears one's own signature need not be one's own.
    """
    host, _, rest = name.partition(".")
    number = rest.partition(".")[0]
    if host != _host() or not number.isdigit():
        return None
    return has_ended(int(number))


def _host() -> str:
    return "".join(c for c in socket.gethostname() if c.isalnum() or c in "-_") or "host"
