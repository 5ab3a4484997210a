"""Objects that go to S3 in parts: whole or not at all, in bounded memory, with true checksums."""

import asyncio
import hashlib
import resource
import subprocess
import sys

import pytest

from leonidas_jupyter.storage import s3writing
from leonidas_jupyter.storage.base import (
    BytesDiffer,
    ObjectInfo,
    ObjectMissing,
    ObjectTooLarge,
    StoreUnavailable,
    UploadOver,
)
from leonidas_jupyter.storage.s3calls import S3Calls

CONTENT = bytes(range(256)) * 22_528
"""Five parts and a half."""

SHA256 = hashlib.sha256(CONTENT).hexdigest()


async def stream(content=CONTENT, piece=70_001):
    for at in range(0, len(content), piece):
        yield content[at : at + piece]


async def read(store, key, **options):
    return b"".join([chunk async for chunk in store.get(key, **options)])


async def unfinished(store):
    listed = await store._calls.call("list_multipart_uploads", Prefix=store._objects)
    return listed.get("Uploads", [])


@pytest.mark.usefixtures("small_parts")
class TestInParts:
    def test_a_stream_arrives_whole(self, on_s3, calls):
        async def body(store):
            assert await store.put("a/k", stream()) == ObjectInfo("a/k", len(CONTENT), SHA256)
            assert await read(store, "a/k") == CONTENT
            assert await unfinished(store) == []
            return await store.head("a/k")

        head = on_s3(body)
        assert calls.count("upload_part") == 6
        assert (head.size, head.sha256) == (len(CONTENT), None)

    def test_a_checksum_that_is_known_before_is_kept(self, on_s3, tmp_path):
        path = tmp_path / "source"
        path.write_bytes(CONTENT)

        async def body(store):
            whole = ObjectInfo("k", len(CONTENT), SHA256)
            for source, options in ((stream(), {"sha256": SHA256}), (path, {}), (CONTENT, {})):
                assert await store.put("k", source, **options) == whole
                if source is not CONTENT:
                    assert await store.head("k") == whole

        on_s3(body)

    def test_other_bytes_than_said_are_not_stored(self, on_s3):
        async def body(store):
            for content in (CONTENT, b"small"):
                with pytest.raises(BytesDiffer):
                    await store.put("k", stream(content), sha256="0" * 64)
            assert await store.head("k") is None
            assert await unfinished(store) == []

        on_s3(body)

    @pytest.mark.parametrize("many", [False, True])
    def test_what_ends_a_stream_leaves_nothing(self, on_s3, many):
        async def torn():
            yield CONTENT if many else CONTENT[:1_500_000]
            raise ConnectionError("gone")

        async def body(store):
            await store.put("k", b"before")
            with pytest.raises(ConnectionError):
                await store.put("k", torn())
            with pytest.raises(ObjectTooLarge):
                await store.put("k", stream(), max_bytes=len(CONTENT) - 1)
            assert await read(store, "k") == b"before"
            assert await unfinished(store) == []

        on_s3(body)

    def test_a_cancelled_upload_leaves_no_parts(self, on_s3):
        async def body(store):
            sent = asyncio.Event()

            async def stalled():
                yield CONTENT
                sent.set()
                await asyncio.sleep(30)

            task = asyncio.create_task(store.put("k", stalled()))
            await sent.wait()
            assert len(await unfinished(store)) == 1
            assert await store.head("k") is None
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await unfinished(store) == []
            assert await store.head("k") is None

        on_s3(body)

    def test_a_part_that_fails_ends_it_all(self, on_s3, monkeypatch):
        whole = S3Calls.call

        async def call(self, operation, **parameters):
            if operation == "upload_part" and parameters["PartNumber"] == 2:
                raise StoreUnavailable("The bucket has a fault.")
            return await whole(self, operation, **parameters)

        async def body(store):
            monkeypatch.setattr(S3Calls, "call", call)
            with pytest.raises(StoreUnavailable):
                await store.put("k", stream())
            assert await store.head("k") is None
            assert await unfinished(store) == []

        on_s3(body)

    def test_an_answer_that_was_lost_is_found_out(self, on_s3, monkeypatch):
        """boto3 asks again, and S3 knows the upload no more: the object says whose it is."""
        whole = S3Calls.call

        async def call(self, operation, **parameters):
            answer = await whole(self, operation, **parameters)
            if operation == "complete_multipart_upload":
                raise UploadOver
            return answer

        async def body(store):
            monkeypatch.setattr(S3Calls, "call", call)
            assert (await store.put("k", stream())).sha256 == SHA256
            assert await read(store, "k") == CONTENT

        on_s3(body)

    def test_copies_in_parts(self, on_s3, calls):
        async def body(store):
            await store.put("a", stream(), sha256=SHA256)
            await store.copy("a", "b/c")
            assert await store.head("b/c") == ObjectInfo("b/c", len(CONTENT), SHA256)
            assert await read(store, "b/c") == CONTENT
            with pytest.raises(ObjectMissing):
                await store.copy("none", "b/d")
            assert await unfinished(store) == []

        on_s3(body)
        assert calls.count("upload_part_copy") == 6

    def test_ranges(self, on_s3):
        async def body(store):
            await store.put("k", stream())
            for start, length in ((0, 10), (99_990, 20), (len(CONTENT) - 5, 50), (0, 0)):
                got = await read(store, "k", start=start, length=length)
                assert got == CONTENT[start : start + length]
            assert await read(store, "k", start=len(CONTENT), length=5) == b""

        on_s3(body)


def test_parts_grow_so_that_ten_thousand_hold_the_largest_object():
    from leonidas_jupyter.storage.s3writing import _Writing

    writing = _Writing(None, "k", None)
    total = 0
    for _ in range(s3writing.MOST_PARTS):
        total += writing.part_bytes
        writing._parts.append(None)
    assert total > 2 * 1024**4


def test_listing_asks_for_checksums_only_where_they_are_wanted(on_s3, calls):
    async def body(store):
        for number in range(5):
            await store.put(f"p/{number}", b"x")
        calls.clear()
        plain = [info async for info in store.list("p/", checksums=False)]
        assert calls == ["list_objects"]
        assert {info.sha256 for info in plain} == {None}
        whole = [info async for info in store.list("p/")]
        assert calls.count("head_object") == 5
        assert {info.sha256 for info in whole} == {hashlib.sha256(b"x").hexdigest()}

    on_s3(body)


MEMORY = """
import asyncio, hashlib, resource, sys
from leonidas_jupyter.core.s3place import parse_s3
from leonidas_jupyter.storage.s3 import S3Store
from leonidas_jupyter.storage.signing import UrlSigner

SIZE = 200 * 1024**2
PIECE = bytes(1024**2)

async def pieces():
    for _ in range(SIZE // len(PIECE)):
        yield PIECE

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

async def main():
    store = S3Store(parse_s3(sys.argv[1]), UrlSigner(b"k" * 32, ""))
    await store.put("warm", b"x")
    before = peak()
    await store.put("large", pieces())
    size = 0
    async for chunk in store.get("large"):
        size += len(chunk)
    await store.close()
    assert size == SIZE
    print(peak() - before)

asyncio.run(main())
"""


@pytest.mark.skipif(not hasattr(resource, "getrusage"), reason="measured with getrusage")
def test_memory_stays_bounded_however_large_the_object_is(s3_url):
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, s3_url], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 110, f"{done.stdout} MiB for an object of 200"
