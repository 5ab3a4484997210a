"""What this process wrote to indexes a moment ago, which they may be late to show."""

import threading
import time
from collections.abc import Callable

from leonidas_jupyter.tables.dynamodb_plans import Placed
from leonidas_jupyter.tables.rows import Scalar

SECONDS = 10.0
"""For how long it is remembered; indexes follow their table within a fraction of a second."""

MOST = 2_000
"""The most places that are remembered; the oldest are forgotten."""


class Fresh:
    """The newest places of items in indexes; any thread may use it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._places: dict[tuple[str, str, tuple[Scalar, ...]], tuple[float, Placed]] = {}

    def add(self, placed: Placed) -> None:
        """Remember a place that was written just now."""
        key = (placed.table, placed.index, placed.key)
        moment = self._clock()
        with self._lock:
            self._places.pop(key, None)
            self._places[key] = (moment + SECONDS, placed)
            while len(self._places) > MOST or next(iter(self._places.values()))[0] <= moment:
                del self._places[next(iter(self._places))]

    def of(self, table: str, index: str, partition: Scalar) -> list[Placed]:
        """The places in one partition of an index."""
        moment = self._clock()
        with self._lock:
            return [
                placed
                for until, placed in self._places.values()
                if until > moment
                and (placed.table, placed.index, placed.partition) == (table, index, partition)
            ]
