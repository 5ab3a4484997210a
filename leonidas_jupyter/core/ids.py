"""Identifiers that sort by the time of their making, and the clock they share."""

import os
import threading
import uuid
from datetime import UTC, datetime
from time import time_ns

_lock = threading.Lock()
_last = 0

_COUNTER_BITS = 12


def now() -> datetime:
    """The present time, aware, in UTC."""
    return datetime.now(UTC)


def new_id() -> str:
    """A UUIDv7 (RFC 9562, section 5.7), strictly increasing within this process.

    The 48-bit millisecond is followed by a 12-bit counter in place of ``rand_a`` (section 6.2,
    method 1), so that ids made in the same millisecond keep their order; 62 bits are random.
    """
    global _last
    with _lock:
        stamp = max((time_ns() // 1_000_000) << _COUNTER_BITS, _last + 1)
        _last = stamp
    milliseconds, counter = stamp >> _COUNTER_BITS, stamp & 0xFFF
    random_bits = int.from_bytes(os.urandom(8)) & ((1 << 62) - 1)
    value = (milliseconds << 80) | (0x7 << 76) | (counter << 64) | (0b10 << 62) | random_bits
    return str(uuid.UUID(int=value))
