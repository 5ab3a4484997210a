"""How much memory there is, how much a table would take, and asking before it takes too much."""

import os
import re
import sys
from pathlib import Path

from leonidas_jupyter.kernel.errors import LeonidasError
from leonidas_jupyter.kernel.listing import size_text
from leonidas_jupyter.kernel.surroundings import in_notebook

SHARE = 0.5
"""What a table may take of the free memory unasked: working with it takes as much again."""

_LIMIT = "LEONIDAS_LOAD_BYTES"
_SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[kmgt]?)(?P<binary>i?)b?", re.IGNORECASE)
_CGROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)


def unasked_bytes() -> int:
    """What a table may take in memory without a question: LEONIDAS_LOAD_BYTES, else by free memory.

    Raises:
        LeonidasError: the variable is no size.
    """
    given = os.environ.get(_LIMIT, "").strip()
    if not given:
        return int(free_bytes() * SHARE)
    size = _SIZE.fullmatch(given)
    if size is None:
        raise LeonidasError(f"{_LIMIT} is {given!r}; write a size in bytes, or one like 8GB.")
    base = 1024 if size["binary"] else 1000
    power = " kmgt".index(size["unit"].lower() or " ")
    return int(float(size["number"]) * base**power)


def free_bytes() -> int:
    """Memory that can be taken now, within the limits of a container."""
    free = _free_of_the_machine()
    for limit, used in _CGROUPS:
        try:
            most, now = Path(limit).read_text().strip(), Path(used).read_text().strip()
        except OSError:
            continue
        if most.isdigit():
            free = min(free, max(int(most) - int(now), 0))
    return free


def _free_of_the_machine() -> int:
    import psutil

    return int(psutil.virtual_memory().available)


def permit(name: str, need: int) -> None:
    """Ask whether a table may take ``need`` bytes, where that is much.

    Raises:
        LeonidasError: no, or nobody can be asked; the sentence says what else can be done.
    """
    most = unasked_bytes()
    if need <= most:
        return
    fact = (
        f"{name} would take about {size_text(need)} of memory; without asking it is "
        f"{size_text(most)} (half of what is free, or {_LIMIT})"
    )
    if _says_yes(f"{fact}. Load it all the same? [y/N] "):
        return
    raise LeonidasError(
        f"{fact}: take some of it with columns= or where=, work out of memory with "
        f'engine="duckdb" or frames.lazy("{name}"), or allow it with any_size=True '
        "(%leonidas load: --columns, --where, --engine, --any-size).",
        code="too_large",
    )


def _says_yes(question: str) -> bool:
    """A person's answer; no where nobody can be asked: scripts, nbconvert, DS Bro's own kernels."""
    if not in_notebook() and not (sys.stdin is not None and sys.stdin.isatty()):
        return False
    try:
        answer = input(question)
    except (NotImplementedError, EOFError):  # IPython's StdinNotImplementedError is one
        return False
    return answer.strip().lower() in {"y", "yes"}
