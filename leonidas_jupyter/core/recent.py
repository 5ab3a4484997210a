"""What was looked up a moment ago."""

import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Values that are good for some seconds; of more than ``most`` the oldest are forgotten."""

    def __init__(
        self, seconds: float, most: int = 4096, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._most = most
        self._clock = clock
        self._known: dict[K, tuple[float, V]] = {}

    def get(self, key: K) -> V | None:
        """The value, if it is still good."""
        found = self._known.get(key)
        if found is None or found[0] <= self._clock():
            return None
        return found[1]

    def put(self, key: K, value: V) -> None:
        """Remember a value from now on."""
        self._known.pop(key, None)
        self._known[key] = (self._clock() + self._seconds, value)
        while len(self._known) > self._most:
            del self._known[next(iter(self._known))]

    def forget(self, key: K) -> None:
        """Look it up again next time."""
        self._known.pop(key, None)
