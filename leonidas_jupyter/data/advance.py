"""How far DuckDB has come while it reads a file, said again and again from beside it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

INTERVAL = 0.25
"""How often DuckDB is asked, in seconds."""


class Rising:
    """Passes on how far work has come, never less than before: a second try is no step back."""

    def __init__(self, say: Callable[[float], None]) -> None:
        self._say = say
        self._highest = -1.0
        self._lock = threading.Lock()

    def __call__(self, part: float) -> None:
        """Hear of one part of the work, 0 to 1; any thread may tell."""
        with self._lock:
            if part > self._highest:
                self._highest = part
                self._say(part)

    def towards(self, goal: float, share: float = 1.0) -> Callable[[float], None]:
        """What hears of the next step, 0 to 1, which leads from here so far towards ``goal``.

        A try that may be in vain has only a share, so that there is a way left for the next one.
        """
        start = max(self._highest, 0.0)
        way = max(goal - start, 0.0) * share
        return lambda part: self(start + way * part)


class Watched:
    """While its body runs, ``say`` hears how far the connection's query is, from 0 to 1."""

    def __init__(
        self, connection: "duckdb.DuckDBPyConnection", say: Callable[[float], None]
    ) -> None:
        self._connection = connection
        self._say = say
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(INTERVAL):
            percent = self._connection.query_progress()
            if percent > 0:
                self._say(min(1.0, percent / 100))


class Steps:
    """Work of so many steps: within each, how far its query has come is said, too."""

    def __init__(
        self, connection: "duckdb.DuckDBPyConnection", say: Callable[[float], None], count: int
    ) -> None:
        self._connection = connection
        self._say = say
        self._count = count
        self._behind = 0

    @contextmanager
    def next(self, steps: int = 1) -> Iterator[None]:
        """Do so many steps in one."""
        start, share = self._behind / self._count, steps / self._count
        with Watched(self._connection, lambda part: self._say(start + share * part)):
            yield
        self._behind += steps
        self._say(self._behind / self._count)
