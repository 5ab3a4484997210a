"""Objects: whole or not at all, under their own keys, with true sizes and checksums."""

import asyncio
import hashlib

import pytest

from leonidas_jupyter.storage.base import MAX_KEY, ObjectInfo, ObjectMissing, ObjectTooLarge
from leonidas_jupyter.storage.chunks import CHUNK
from tests.contracts.engines import SIGNER

BIG = bytes(range(256)) * (CHUNK // 256 * 3) + b"end"
EVIL_KEYS = [
    "",
    "/",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "../a",
    "a/../b",
    "a/..",
    "./a",
    ".hidden",
    "a/.hidden",
    "a\0b",
    "a\\b",
    "a\nb",
    "a b",
    "C:a",
    "~a/b*",
    "é",
    "a" * 201,
    "/".join(["a" * 100] * 20),
]


def info(key, content):
    return ObjectInfo(key, len(content), hashlib.sha256(content).hexdigest())


async def read(store, key, **options):
    return b"".join([chunk async for chunk in store.get(key, **options)])


async def keys(store, prefix=""):
    return [found.key async for found in store.list(prefix)]


async def parts(*chunks):
    for chunk in chunks:
        await asyncio.sleep(0)
        yield chunk


@pytest.mark.parametrize("content", [b"", b"a", b"\0\r\n\xff", BIG], ids=["0", "1", "4", "3M"])
def test_what_goes_in_comes_out(on_store, tmp_path, content):
    source = tmp_path / "source"
    source.write_bytes(content)

    async def body(store):
        halves = parts(content[:7], b"", content[7:])
        for number, form in enumerate((content, source, halves)):
            key = f"p/{number}"
            expected = info(key, content)
            assert await store.put(key, form) == expected
            assert await store.head(key) == expected
            assert await read(store, key) == content
        assert source.read_bytes() == content

    on_store(body)


@pytest.mark.parametrize("start", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, len(BIG), len(BIG) + 1])
def test_reading_from_a_position(on_store, start):
    async def body(store):
        await store.put("k", BIG)
        assert await read(store, "k", start=start) == BIG[start:]

    on_store(body)


def test_a_put_replaces_and_who_reads_the_old_one_reads_on(on_store):
    async def body(store):
        await store.put("k", BIG)
        reading = store.get("k")
        first = await anext(reading)
        await store.put("k", b"new")
        assert first + b"".join([chunk async for chunk in reading]) == BIG
        assert await read(store, "k") == b"new"
        assert await store.head("k") == info("k", b"new")

    on_store(body)


def test_what_is_missing(on_store):
    async def body(store):
        await store.put("a/b", b"x")
        for key in ("k", "a", "a/b/c"):
            assert await store.head(key) is None
            assert await store.local_path(key) is None
            with pytest.raises(ObjectMissing):
                await read(store, key)
            with pytest.raises(ObjectMissing):
                await store.copy(key, "target")
        await store.delete("k")
        await store.delete("a/c")
        await store.delete_prefix("nothing/")
        assert await keys(store) == ["a/b"]

    on_store(body)


@pytest.mark.parametrize("limit", [0, 5, len(BIG) - 1])
def test_too_many_bytes_are_refused_while_they_come(on_store, limit):
    asked = []

    async def endless():
        while True:
            asked.append(None)
            yield BIG

    async def body(store):
        await store.put("k", b"before")
        with pytest.raises(ObjectTooLarge):
            await store.put("k", endless(), max_bytes=limit)
        assert len(asked) == 1
        assert await read(store, "k") == b"before"
        assert await keys(store) == ["k"]
        assert await store.put("k", BIG, max_bytes=len(BIG)) == info("k", BIG)

    on_store(body)


def test_a_torn_stream_leaves_what_stood_before(on_store):
    async def torn():
        yield BIG
        raise ConnectionError("gone")

    async def body(store):
        await store.put("k", b"before")
        for key in ("k", "new"):
            with pytest.raises(ConnectionError):
                await store.put(key, torn())
        assert await read(store, "k") == b"before"
        assert await keys(store) == ["k"]

    on_store(body)


def test_a_cancelled_put_leaves_nothing(on_store):
    async def body(store):
        started = asyncio.Event()

        async def stalled():
            yield BIG
            started.set()
            await asyncio.sleep(30)

        task = asyncio.create_task(store.put("k", stalled()))
        await started.wait()
        assert await store.head("k") is None
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await keys(store) == []

    on_store(body)


def test_puts_of_one_key_at_once_leave_one_of_them_whole(on_store):
    async def body(store):
        contents = [bytes([n]) * CHUNK for n in range(8)]
        await asyncio.gather(*(store.put("a/k", content) for content in contents))
        standing = await read(store, "a/k")
        assert standing in contents
        assert await store.head("a/k") == info("a/k", standing)

    on_store(body)


def test_listing_is_in_the_order_of_the_keys(on_store):
    names = ["b", "a/z", "a/b/c", "a-b/x", "a.b", "a/b-c", "a0", "A/x", "ab/c/d"]

    async def body(store):
        for name in names:
            await store.put(name, name.encode())
        assert await keys(store) == sorted(names)
        for prefix in ("a", "a/", "a/b", "a/b/", "ab/c/d", "z", "a/z/y", "b/"):
            expected = sorted(name for name in names if name.startswith(prefix))
            assert await keys(store, prefix) == expected
        assert [found async for found in store.list("a/")] == [
            info(name, name.encode()) for name in sorted(names) if name.startswith("a/")
        ]

    on_store(body)


def test_a_prefix_is_removed_with_all_that_lies_below(on_store):
    async def body(store):
        for name in ("p/1/a", "p/1/b/c", "p/10/a", "p/2", "q"):
            await store.put(name, b"x")
        await store.delete_prefix("p/1/")
        assert await keys(store) == ["p/10/a", "p/2", "q"]
        await store.delete("p/10/a")
        await store.delete_prefix("p/")
        assert await keys(store) == ["q"]
        await store.put("p", b"now an object")

    on_store(body)


def test_one_object_is_purged_alone(on_store):
    async def body(store):
        for name in ("p/1", "p/10", "q"):
            await store.put(name, b"x")
        await store.purge("p/1")
        assert await keys(store) == ["p/10", "q"]
        await store.purge("p/1")
        await store.purge("p/")
        assert await keys(store) == ["q"]
        assert [key async for key in store.removed("p/")] == []

    on_store(body)


@pytest.mark.parametrize("prefix", ["", "/", "p", "../", "p/../", "p//", "./"])
def test_only_a_folder_of_keys_can_be_removed(on_store, prefix):
    async def body(store):
        await store.put("p/a", b"x")
        with pytest.raises(ValueError, match=r"prefix|key"):
            await store.delete_prefix(prefix)
        assert await keys(store) == ["p/a"]

    on_store(body)


@pytest.mark.parametrize("prefix", ["/", "../", "p/../", "p//", "..", "p/.", "\0"])
def test_no_key_begins_outside(on_store, prefix):
    async def body(store):
        with pytest.raises(ValueError, match="key"):
            await keys(store, prefix)

    on_store(body)


def test_copies_stand_by_themselves(on_store):
    async def body(store):
        await store.put("a/k", BIG)
        await store.put("b/k", b"old")
        await store.copy("a/k", "b/k")
        await store.delete("a/k")
        assert await read(store, "b/k") == BIG
        assert await store.head("b/k") == info("b/k", BIG)

    on_store(body)


@pytest.mark.parametrize("key", EVIL_KEYS)
def test_evil_keys_are_refused_everywhere(on_store, tmp_path, key):
    async def body(store):
        await store.put("k", b"x")
        for attempt in (
            store.put(key, b"x"),
            read(store, key),
            store.head(key),
            store.delete(key),
            store.delete_prefix(key + "/"),
            store.copy("k", key),
            store.copy(key, "target"),
            store.local_path(key),
            store.presign_put(key, size=1, sha256=None, expires_in=1),
            store.presign_get(key, filename="x", expires_in=1),
        ):
            with pytest.raises(ValueError, match="key"):
                await attempt
        assert await keys(store) == ["k"]

    on_store(body)
    assert {path.name for path in tmp_path.iterdir()} <= {"store"}


def test_the_longest_key(on_store):
    async def body(store):
        key = "/".join(["a" * 199] * 4 + ["b" * (MAX_KEY - 800)])
        assert len(key) == MAX_KEY
        await store.put(key, b"x")
        assert await keys(store) == [key]

    on_store(body)


def test_signed_urls_fit_one_key_and_one_verb(on_store):
    async def body(store):
        put = await store.presign_put("a/k", size=7, sha256="ab", expires_in=60)
        grant = SIGNER.verify(put.url.rpartition("/")[2], "PUT")
        assert (put.method, grant.key, grant.size, grant.sha256) == ("PUT", "a/k", 7, "ab")
        get = await store.presign_get("a/k", filename="Übersicht.csv", expires_in=60)
        grant = SIGNER.verify(get.url.rpartition("/")[2], "GET")
        assert (get.method, grant.key, grant.filename) == ("GET", "a/k", "Übersicht.csv")

    on_store(body)


def test_a_store_that_stands_answers(on_store):
    on_store(lambda store: store.ping())
