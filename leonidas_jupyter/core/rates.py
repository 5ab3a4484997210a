"""Rates such as ``10/minute``: how they are written, and a limiter that holds callers to them."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from leonidas_jupyter.core.errors import ErrorCode, LeonidasError

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_RATE = re.compile(r"([1-9][0-9]{0,5})\s*/\s*(second|minute|hour|day)")
MAX_KEYS = 10_000
"""How many callers one limiter remembers; beyond that, those who are owed nothing go first."""


@dataclass(frozen=True)
class Rate:
    """At most ``calls`` calls in ``seconds`` seconds; no calls at all is no limit."""

    calls: int
    seconds: int


UNLIMITED = Rate(0, 1)


def parse_rate(text: str) -> Rate:
    """The rate in ``10/minute``; ``off`` is no limit.

    Raises:
        ValueError: it is not a rate; the message says how one is written.
    """
    if text.strip().lower() == "off":
        return UNLIMITED
    match = _RATE.fullmatch(text.strip().lower())
    if match is None:
        raise ValueError(
            f"{text!r} is not a rate; write one like 10/minute (second, minute, hour, day) or off"
        )
    return Rate(int(match[1]), _SECONDS[match[2]])


class RateLimiter:
    """A token bucket for each key: ``calls`` at once, refilled evenly over ``seconds``.

    It counts in this process only; several servers each count for themselves.
    """

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def check(self, key: str) -> None:
        """Raise if ``key`` has no call left, without taking one.

        Raises:
            LeonidasError: ``rate_limited``, with the seconds until the next call is free.
        """
        if self._rate.calls and (left := self._left(key)) < 1:
            wait = max(1, ceil((1 - left) * self._rate.seconds / self._rate.calls))
            raise LeonidasError(
                ErrorCode.RATE_LIMITED,
                f"Too many attempts; wait {wait} s and try again.",
                retry_after=wait,
            )

    def take(self, key: str) -> None:
        """Count one call.

        Raises:
            LeonidasError: ``rate_limited``; the call is not counted then.
        """
        self.check(key)
        self.count(key)

    def count(self, key: str) -> None:
        """Count one call that was already made."""
        if not self._rate.calls:
            return
        left = self._left(key)
        self._buckets.pop(key, None)  # so that the order of the dict is the order of use
        self._buckets[key] = (max(0.0, left - 1), self._clock())
        if len(self._buckets) > MAX_KEYS:
            self._forget()

    def _left(self, key: str) -> float:
        full = float(self._rate.calls)
        left, since = self._buckets.get(key, (full, 0.0))
        return min(full, left + (self._clock() - since) * full / self._rate.seconds)

    def _forget(self) -> None:
        whole = [key for key in self._buckets if self._left(key) >= self._rate.calls]
        for key in whole or list(self._buckets)[: MAX_KEYS // 10]:
            del self._buckets[key]
