"""How far DuckDB has come while it reads a file, said again and again from beside it."""

import threading
from collections.abc import Callable
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
