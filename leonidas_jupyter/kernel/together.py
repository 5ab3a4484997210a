"""Pieces of one transfer at once: the first failure, or an interrupt, stops the others."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeVar

from leonidas_jupyter.kernel.progress import Advance

AT_ONCE = 4
"""Connections of one transfer."""

S = TypeVar("S")
T = TypeVar("T")


class Stopped(Exception):
    """Another piece failed for good, or the person stopped the transfer."""


class Together:
    """Works on pieces, and tells of their bytes; ``advance`` is called by one thread at a time."""

    def __init__(self, advance: Advance) -> None:
        self._advance = advance
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._passed = 0

    def advance(self, size: int) -> None:
        """Report bytes, from any thread. Raises Stopped."""
        if self._over.is_set():
            raise Stopped
        with self._lock:
            self._passed += size
            self._advance(size)

    def settle(self, passed: int) -> None:
        """So many bytes have passed in all, whatever was reported; what was stopped may go on."""
        self._over.clear()
        self.advance(passed - self._passed)

    def pause(self, seconds: float) -> None:
        """Wait. Raises Stopped as soon as that is so."""
        if self._over.wait(seconds):
            raise Stopped

    def all(self, pieces: Iterable[S], do: Callable[[S], T]) -> list[T]:
        """What ``do`` gives for each piece, in their order. Raises what the first failure was."""
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="leonidas-transfer") as pool:
            futures = [pool.submit(do, piece) for piece in pieces]
            try:
                left = wait(futures, return_when=FIRST_EXCEPTION).not_done
            except BaseException:
                self._over.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise
            if left:
                self._over.set()
                pool.shutdown(wait=True, cancel_futures=True)
        failures = [future.exception() for future in futures if not future.cancelled()]
        for failure in failures:
            if failure is not None and not isinstance(failure, Stopped):
                raise failure
        return [future.result() for future in futures]
