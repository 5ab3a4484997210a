"""What is particular to the local store: kills, torn files, full disks, rights."""

import asyncio
import errno
import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from leonidas_jupyter.core.processes import signature
from leonidas_jupyter.storage import folder as folder_module
from leonidas_jupyter.storage.base import ObjectInfo, ObjectTooLarge, StoreUnavailable
from leonidas_jupyter.storage.folder import ABANDONED_SECONDS
from leonidas_jupyter.storage.local import LocalStore
from tests.contracts.engines import SIGNER

ROOT = Path(__file__).parents[2]
UPLOAD_FOREVER = """
import asyncio, sys
from pathlib import Path
from leonidas_jupyter.storage.local import LocalStore
from tests.contracts.engines import SIGNER

async def endless():
    while True:
        yield b"x" * (1 << 20)
        print("chunk", flush=True)
        await asyncio.sleep(0.01)

asyncio.run(LocalStore(Path(sys.argv[1]), SIGNER).put("a/k", endless()))
"""
REPLACE_FOREVER = """
import asyncio, sys
from pathlib import Path
from leonidas_jupyter.storage.local import LocalStore
from tests.contracts.engines import SIGNER

async def main():
    store = LocalStore(Path(sys.argv[1]), SIGNER)
    number = 0
    while True:
        number += 1
        await store.put("a/k", str(number).encode() * 1000)
        print(number, flush=True)

asyncio.run(main())
"""


def open_store(folder):
    return LocalStore(folder, SIGNER)


def info(key, content):
    return ObjectInfo(key, len(content), hashlib.sha256(content).hexdigest())


def files(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir())


def killed(code, folder, lines):
    """Runs code until it has said so many lines, then kills it; what it said."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, folder], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with process:
        said = [process.stdout.readline() for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
        said += process.stdout.readlines()
    assert process.returncode == -signal.SIGKILL
    return [line.strip() for line in said]


def test_a_kill_in_the_middle_of_an_upload(tmp_path):
    store = open_store(tmp_path)
    asyncio.run(store.put("a/k", b"before"))
    assert killed(UPLOAD_FOREVER, tmp_path, 3)
    [left] = (tmp_path / "partial").iterdir()

    async def body(store):
        assert await store.head("a/k") == info("a/k", b"before")
        assert [found.key async for found in store.list("")] == ["a/k"]

    asyncio.run(body(open_store(tmp_path)))
    assert not left.exists()


@pytest.mark.parametrize(
    "writer", [f"{signature()}a", "elsewhere.1.a", "tmpabc"], ids=["this", "another", "none"]
)
def test_what_may_still_be_written_is_left_alone_for_an_hour(tmp_path, writer):
    open_store(tmp_path)
    partial = tmp_path / "partial" / writer
    partial.touch()
    open_store(tmp_path)
    assert partial.exists()
    long_ago = time.time() - ABANDONED_SECONDS - 1
    os.utime(partial, (long_ago, long_ago))
    open_store(tmp_path)
    assert not partial.exists()


def test_kills_between_puts_never_show_a_wrong_checksum(tmp_path):
    for lines in (1, 4, 9):
        confirmed = int(killed(REPLACE_FOREVER, tmp_path, lines)[-1])

        async def body(store, confirmed=confirmed):
            content = b"".join([chunk async for chunk in store.get("a/k")])
            assert int(content[: len(content) // 1000]) in (confirmed, confirmed + 1)
            assert await store.head("a/k") == info("a/k", content)

        asyncio.run(body(open_store(tmp_path)))


@pytest.mark.parametrize(
    "checksum",
    [
        None,
        b"",
        b"torn {",
        b"[]",
        json.dumps({"inode": 1, "size": 3, "changed": 2, "sha256": "f" * 64}).encode(),
    ],
)
def test_a_checksum_of_another_file_is_computed_again_and_kept(tmp_path, checksum, monkeypatch):
    store = open_store(tmp_path)
    asyncio.run(store.put("a/k", b"abc"))
    path = tmp_path / "checksums" / "a" / "k"
    path.unlink()
    if checksum is not None:
        path.write_bytes(checksum)
    assert asyncio.run(store.head("a/k")) == info("a/k", b"abc")
    monkeypatch.delattr(hashlib, "file_digest")
    assert asyncio.run(store.head("a/k")) == info("a/k", b"abc")


def test_head_reads_no_content(tmp_path, monkeypatch):
    store = open_store(tmp_path)
    asyncio.run(store.put("a/k", b"abc"))
    monkeypatch.delattr(hashlib, "file_digest")
    assert asyncio.run(open_store(tmp_path).head("a/k")) == info("a/k", b"abc")


def test_everything_is_its_owners_only(tmp_path):
    before = os.umask(0)
    try:
        asyncio.run(open_store(tmp_path / "new" / "store").put("a/b/k", b"x"))
    finally:
        os.umask(before)
    modes = {
        stat.S_IMODE(path.stat().st_mode): path.is_dir() for path in (tmp_path / "new").rglob("*")
    }
    assert modes == {0o700: True, 0o600: False}


def test_a_delete_leaves_no_empty_folder(tmp_path):
    async def body(store):
        for key in ("p/1/a/x", "p/1/b", "p/2/c/d/e"):
            await store.put(key, b"x")
        await store.delete("p/1/a/x")
        assert not (tmp_path / "objects/p/1/a").exists()
        assert (
            files(tmp_path / "objects") == files(tmp_path / "checksums") == ["p/1/b", "p/2/c/d/e"]
        )
        await store.delete_prefix("p/2/c/")
        assert not (tmp_path / "objects/p/2").exists()
        await store.delete_prefix("p/")
        for name in ("objects", "checksums", "partial"):
            assert list((tmp_path / name).iterdir()) == []

    asyncio.run(body(open_store(tmp_path)))


def test_puts_survive_deletes_that_prune_their_folders(tmp_path):
    async def body(store):
        async def put(number):
            for _ in range(10):
                await store.put(f"p/q/{number}", b"x")
                await store.delete(f"p/q/{number}")
            await store.put(f"p/q/{number}", b"last")

        await asyncio.gather(*(put(number) for number in range(6)))
        assert [found.key async for found in store.list("")] == [f"p/q/{n}" for n in range(6)]

    asyncio.run(body(open_store(tmp_path)))


@pytest.mark.parametrize(("prunes", "kept"), [(3, True), (1000, False)])
def test_a_folder_pruned_before_the_move_is_made_again(tmp_path, monkeypatch, prunes, kept):
    store = open_store(tmp_path)
    left = iter(range(prunes))
    make = folder_module.make_private

    def make_and_prune(folder):
        made = make(folder)
        if next(left, None) is not None:
            folder.rmdir()
        return made

    monkeypatch.setattr(folder_module, "make_private", make_and_prune)
    if kept:
        asyncio.run(store.put("a/k", b"x"))
    else:
        with pytest.raises(StoreUnavailable):
            asyncio.run(store.put("a/k", b"x"))
    assert asyncio.run(store.head("a/k")) == (info("a/k", b"x") if kept else None)
    assert files(tmp_path / "partial") == []


def test_a_full_disk(tmp_path, monkeypatch):
    """The kernel's own ``/dev/full`` answers each write with ENOSPC."""
    store = open_store(tmp_path)
    asyncio.run(store.put("k", b"before"))
    make = tempfile.mkstemp

    def full(**options):
        descriptor, name = make(**options)
        os.close(descriptor)
        return os.open("/dev/full", os.O_WRONLY), name

    monkeypatch.setattr(tempfile, "mkstemp", full)
    with pytest.raises(StoreUnavailable, match=r"full; free some space") as refused:
        asyncio.run(store.put("k", b"after"))
    assert refused.value.retry_after == 60
    monkeypatch.undo()
    assert asyncio.run(store.head("k")) == info("k", b"before")
    assert files(tmp_path / "partial") == []


@pytest.mark.parametrize("number", [errno.EIO, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_failures_of_the_disk_name_no_path(tmp_path, monkeypatch, number):
    store = open_store(tmp_path)

    def fail(*_arguments):
        raise OSError(number, os.strerror(number), str(tmp_path / "secret"))

    monkeypatch.setattr(folder_module.os, "fsync", fail)
    with pytest.raises(StoreUnavailable) as refused:
        asyncio.run(store.put("k", b"x"))
    assert str(tmp_path) not in str(refused.value)
    assert files(tmp_path) == []


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="folder"):
        open_store(tmp_path / "file" / "store")


def test_a_store_whose_folder_is_gone_says_so(tmp_path):
    store = open_store(tmp_path)
    (tmp_path / "partial").rmdir()
    with pytest.raises(StoreUnavailable):
        asyncio.run(store.ping())
    with pytest.raises(StoreUnavailable):
        asyncio.run(store.put("k", b"x"))


def test_files_are_closed_at_once_whoever_stops(tmp_path):
    def opened():
        links = Path("/proc/self/fd").iterdir()
        return [link for link in links if os.path.realpath(link).startswith(str(tmp_path))]

    async def body(store):
        source = tmp_path / "source"
        source.write_bytes(b"x" * (3 << 20))
        await store.put("k", source)
        reading = store.get("k")
        await anext(reading)
        assert len(opened()) == 1
        await reading.aclose()
        assert opened() == []
        with pytest.raises(ObjectTooLarge):
            await store.put("l", source, max_bytes=10)
        assert opened() == []

    asyncio.run(body(open_store(tmp_path / "store")))


def test_an_object_is_a_local_file_as_it_is(tmp_path):
    async def body(store):
        await store.put("a/k.parquet", b"PAR1")
        path = await store.local_path("a/k.parquet")
        assert path.read_bytes() == b"PAR1"
        assert path.is_relative_to(tmp_path)

    asyncio.run(body(open_store(tmp_path)))


def test_an_object_is_durable_before_it_is_seen(tmp_path, monkeypatch):
    """fsync of the bytes, then the move, then fsync of the folder."""
    store = open_store(tmp_path)
    steps = []
    sync, move = os.fsync, Path.replace

    def watched_sync(descriptor):
        steps.append(f"sync {os.readlink(f'/proc/self/fd/{descriptor}')}".split(f"{tmp_path}/")[1])
        sync(descriptor)

    def watched_move(source, target):
        steps.append(f"to {Path(target).relative_to(tmp_path)}")
        return move(source, target)

    monkeypatch.setattr(folder_module.os, "fsync", watched_sync)
    monkeypatch.setattr(Path, "replace", watched_move)
    asyncio.run(store.put("a/b/k", b"x"))
    assert steps.pop(0).startswith("partial/")
    assert steps == [
        "to checksums/a/b/k",
        "to objects/a/b/k",
        "objects",
        "objects/a",
        "objects/a/b",
    ]
