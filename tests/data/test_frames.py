import asyncio
import os
import time
from pathlib import Path

import pytest

from leonidas_jupyter.data.frames import FrameCache, frame_name

HASHES = [f"{number:064x}" for number in range(1, 6)]


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("Sales 2024.csv", "sales_2024"),
        ("sales.csv.gz", "sales"),
        ("2024.csv", "t_2024"),
        ("2024-sales.csv", "t_2024_sales"),
        ("class.csv", "class_"),
        ("SELECT.csv", "select_"),
        ("Order.tsv", "order_"),
        ("table.csv", "table_"),
        ("match.csv", "match_"),
        ("---.csv", "table_"),
        ("", "table_"),
        (".csv", "table_"),
        ("Größe & Gewicht.csv", "größe_gewicht"),
        ("売上.csv", "売上"),
        ("a.b.c.csv", "a_b_c"),
        ("../../etc/passwd.csv", "passwd"),
        ("x" * 300 + ".csv", "x" * 60),
        ("ﬁle①.csv", "file1"),
    ],
)
def test_names(filename, name):
    assert frame_name(filename) == name
    assert name.isidentifier()


def test_names_are_made_unique():
    assert frame_name("a.csv", ["a"]) == "a_2"
    assert frame_name("a.csv", ["a", "a_2", "A_3"]) == "a_4"
    assert frame_name("A.csv", {"a"}) == "a_2"
    assert frame_name("order.csv", {"order_"}) == "order_2"


class Source:
    """Writes frames of a given size, and counts how often it is asked."""

    def __init__(self, size: int = 100) -> None:
        self.calls = 0
        self.size = size
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, target: Path) -> None:
        self.calls += 1
        await self.gate.wait()
        await asyncio.to_thread(target.write_bytes, b"x" * self.size)


def test_a_hit_fetches_nothing(tmp_path):
    async def main() -> None:
        cache, source = FrameCache(tmp_path / "cache", 10_000), Source()
        first = await cache.path(HASHES[0], source)
        assert await cache.path(HASHES[0], source) == first
        assert (source.calls, first.stat().st_size) == (1, 100)

    asyncio.run(main())


def test_two_at_once_fetch_once(tmp_path):
    async def main() -> None:
        cache, source = FrameCache(tmp_path, 10_000), Source()
        source.gate.clear()
        both = asyncio.gather(cache.path(HASHES[0], source), cache.path(HASHES[0], source))
        await asyncio.sleep(0)
        source.gate.set()
        first, second = await both
        assert first == second
        assert source.calls == 1

    asyncio.run(main())


def test_one_cancelled_caller_does_not_stop_the_other(tmp_path):
    async def main() -> None:
        cache, source = FrameCache(tmp_path, 10_000), Source()
        source.gate.clear()
        leaving = asyncio.create_task(cache.path(HASHES[0], source))
        staying = asyncio.create_task(cache.path(HASHES[0], source))
        await asyncio.sleep(0)
        leaving.cancel()
        source.gate.set()
        assert (await staying).stem == HASHES[0]
        with pytest.raises(asyncio.CancelledError):
            await leaving

    asyncio.run(main())


def test_a_failed_fetch_leaves_nothing_and_is_tried_again(tmp_path):
    async def broken(target: Path) -> None:
        await asyncio.to_thread(target.write_bytes, b"half")
        raise OSError("the store is away")

    async def main() -> None:
        cache = FrameCache(tmp_path, 10_000)
        with pytest.raises(OSError, match="away"):
            await cache.path(HASHES[0], broken)
        left = list(tmp_path.iterdir())
        assert left == []
        assert (await cache.path(HASHES[0], Source())).stat().st_size == 100

    asyncio.run(main())


def test_the_least_recently_used_goes_first(tmp_path):
    async def main() -> None:
        cache, source = FrameCache(tmp_path, 250), Source()
        long_ago = time.time() - 3600
        for age, name in enumerate(HASHES[:2]):
            entry = await cache.path(name, source)
            os.utime(entry, (long_ago + age, long_ago + age))
        await cache.path(HASHES[0], source)
        await cache.path(HASHES[2], source)
        assert {entry.stem for entry in tmp_path.iterdir()} == {HASHES[0], HASHES[2]}

    asyncio.run(main())


def test_what_was_just_handed_out_is_not_evicted(tmp_path):
    async def main() -> None:
        cache, source = FrameCache(tmp_path, 150), Source()
        for name in HASHES:
            await cache.path(name, source)
        assert len(list(tmp_path.iterdir())) == len(HASHES)

    asyncio.run(main())


@pytest.mark.parametrize("name", ["", "../x", "ABCDEF0123", "a/b", "z" * 64])
def test_only_hashes_are_names(tmp_path, name):
    async def main() -> None:
        with pytest.raises(ValueError, match="hash"):
            await FrameCache(tmp_path, 100).path(name, Source())

    asyncio.run(main())
