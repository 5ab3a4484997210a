"""Ids sort by the time of their making, also within one millisecond and from several threads."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC

from leonidas_jupyter.core import ids


def test_an_id_is_a_uuid_of_version_7():
    parsed = uuid.UUID(ids.new_id())
    assert parsed.version == 7
    assert parsed.variant == uuid.RFC_4122


def test_an_id_carries_the_millisecond_of_its_making(monkeypatch):
    far = 1_900_000_000_123
    monkeypatch.setattr(ids, "time_ns", lambda: far * 1_000_000)
    monkeypatch.setattr(ids, "_last", 0)
    assert uuid.UUID(ids.new_id()).int >> 80 == far


def test_ids_of_one_millisecond_keep_their_order(monkeypatch):
    monkeypatch.setattr(ids, "time_ns", lambda: 1_900_000_000_123 * 1_000_000)
    monkeypatch.setattr(ids, "_last", 0)
    made = [ids.new_id() for _ in range(5_000)]
    assert made == sorted(set(made))


def test_a_clock_that_goes_back_does_not_break_the_order(monkeypatch):
    first = ids.new_id()
    monkeypatch.setattr(ids, "time_ns", lambda: 1_000_000)
    assert ids.new_id() > first


def test_threads_never_make_the_same_id():
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: ids.new_id(), range(4_000)))
    assert len(set(made)) == len(made)


def test_now_is_aware_and_in_utc():
    assert ids.now().tzinfo is UTC
