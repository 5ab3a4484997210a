"""Copies of frames on the disk: found, checked, shared between processes, evicted."""

import os
import shutil
import subprocess
import sys
import time

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from leonidas_jupyter.kernel.engines import from_arrow
from leonidas_jupyter.kernel.framecache import TRUST_SECONDS, FrameCache, OtherContent
from leonidas_jupyter.kernel.holding import evict, hold
from leonidas_jupyter.kernel.selection import Copy
from leonidas_jupyter.kernel.transfers import sha256_of

TABLE = pa.table({"id": list(range(5000)), "name": [f"name {i}" for i in range(5000)]})


@pytest.fixture
def source(tmp_path):
    parquet.write_table(TABLE, tmp_path / "frame.parquet", row_group_size=1000)
    return tmp_path / "frame.parquet"


@pytest.fixture
def fetch(source):
    def copy(path):
        copy.count += 1
        shutil.copy(source, path)

    copy.count = 0
    return copy


@pytest.fixture
def cache(tmp_path):
    return FrameCache(tmp_path / "cache")


def fill(cache, fetch, name="h1"):
    return cache.make_arrow(name, cache.parquet(name, "", fetch))


def read(path):
    return from_arrow(Copy(path, "frame").table(None, None), "arrow", None)


def change(path, *, secretly=False):
    """Turn one byte in the middle of a file; secretly, without a new time of change."""
    state = path.stat()
    with path.open("rb+") as file:
        file.seek(state.st_size // 2)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 0xFF]))
    if secretly:
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def age(path, seconds):
    """Let the last comparison of a copy with its name be so long ago."""
    record = path.with_name(path.name + ".checked")
    text = record.read_text()
    at = float(text.rpartition(":")[2].rstrip("} "))
    record.write_text(text.replace(repr(at), repr(at - seconds)))


def test_both_copies_hold_the_frame(cache, fetch, source):
    kept = fill(cache, fetch)
    assert read(kept).equals(TABLE)
    assert cache.find("h1", "arrow") == kept
    found = cache.find("h1", "parquet")
    assert found.read_bytes() == source.read_bytes()
    assert cache.parquet("h1", sha256_of(source), fetch) == found
    assert fetch.count == 1
    assert cache.find("h2", "arrow") is None


@pytest.mark.skipif(int(pd.__version__.split(".")[0]) < 3, reason="Texts are objects there.")
def test_pandas_has_texts_from_the_map_without_a_copy(cache, fetch):
    table = Copy(fill(cache, fetch), "frame").table(["name"], None)
    assert table.schema.types == [pa.large_string()]
    before = pa.total_allocated_bytes()
    frame = from_arrow(table, "pandas", None)
    assert pa.total_allocated_bytes() - before < 1000
    assert frame["name"].tolist() == TABLE["name"].to_pylist()


@pytest.mark.parametrize("backend", [None, "numpy_nullable", "pyarrow"])
def test_copies_of_before_are_read_as_ever(cache, fetch, backend):
    old = cache.directory / "old.arrow"
    new = fill(cache, fetch)
    with pa.ipc.new_file(str(old), TABLE.schema) as writer:
        writer.write_table(TABLE)
    frames = [
        from_arrow(Copy(path, "frame").table(None, None), "pandas", backend) for path in (old, new)
    ]
    pd.testing.assert_frame_equal(*frames)
    assert read(old).equals(read(new))


def test_names_are_of_the_content(cache, fetch):
    for kind in ("arrow", "parquet"):
        fill(cache, fetch)
        path = cache.find("h1", kind)
        assert path.name == f"h1.{sha256_of(path)}.{kind}"


def test_a_download_is_held_to_what_the_server_says(cache, fetch, source):
    with pytest.raises(OtherContent, match="SHA-256"):
        cache.parquet("h1", "0" * 64, fetch)
    assert list(cache.directory.iterdir()) == []
    assert cache.parquet("h1", sha256_of(source), fetch).is_file()


@pytest.mark.parametrize("kind", ["arrow", "parquet"])
@pytest.mark.parametrize("damage", ["cut", "empty", "changed", "other", "swapped"])
def test_a_damaged_copy_is_not_used(cache, fetch, kind, damage):
    fill(cache, fetch)
    kept = cache.find("h1", kind)
    if damage == "changed":
        change(kept)
    elif damage == "other":
        kept.write_bytes(b"something else")
    elif damage == "swapped":  # a sound file under the name of another content
        kept = kept.replace(kept.with_name(f"h1.{'0' * 64}.{kind}"))
    else:
        kept.write_bytes(kept.read_bytes()[: -100 if damage == "cut" else 0])
    assert cache.find("h1", kind) is None
    assert not kept.exists()
    assert read(fill(cache, fetch)).equals(TABLE)


def test_damage_without_a_trace_is_found_when_trust_ends(cache, fetch):
    kept = fill(cache, fetch)
    change(kept, secretly=True)
    assert cache.find("h1", "arrow") == kept  # as a look at size and time cannot tell
    age(kept, TRUST_SECONDS + 1)
    assert cache.find("h1", "arrow") is None


@pytest.mark.parametrize("record", ["", "{}", "[1]", '{"size": 1, "mtime_ns": 2, "at": 3}'])
def test_a_copy_whose_record_is_of_no_use_is_compared_again(cache, fetch, record):
    kept = fill(cache, fetch)
    checked = kept.with_name(kept.name + ".checked")
    checked.write_text(record)
    assert cache.find("h1", "arrow") == kept
    assert str(kept.stat().st_size) in checked.read_text()
    checked.unlink()
    change(kept, secretly=True)
    assert cache.find("h1", "arrow") is None


def test_a_fetch_that_fails_leaves_nothing(cache):
    def fail(path):
        path.write_bytes(b"half")
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        cache.parquet("h1", "", fail)
    assert list(cache.directory.iterdir()) == []


def test_the_longest_unused_go_first(cache, fetch):
    sizes = 0
    for days, name in enumerate(["c", "b", "a"], start=1):
        cache.parquet(name, "", fetch)
        kept = cache.find(name, "parquet")
        sizes += kept.stat().st_size
        then = time.time() - days * 86400
        os.utime(kept.with_name(kept.name + ".checked"), (then, then))
    assert cache.find("a", "parquet")  # used again, so it is the youngest
    cache.max_bytes = sizes * 2 // 3
    cache.parquet("d", "", fetch)
    assert {path.name[0] for path in cache.directory.iterdir()} == {"a", "d"}


def test_a_frame_beyond_the_limit_is_kept_all_the_same(cache, fetch):
    cache.max_bytes = 1
    assert read(fill(cache, fetch)).equals(TABLE)


def test_what_a_killed_process_left_goes_after_a_day(cache, fetch):
    cache.directory.mkdir()
    for name, seconds in (("old", 2 * 86400), ("young", 60)):
        folder = cache.directory / f".new-{name}"
        folder.mkdir()
        (folder / "frame").write_bytes(b"half")
        os.utime(folder, (time.time() - seconds,) * 2)
    cache.parquet("h1", "", fetch)
    assert [path.name for path in cache.directory.glob(".new-*")] == [".new-young"]


OTHER = """
import sys
from pathlib import Path
from leonidas_jupyter.kernel.engines import from_arrow
from leonidas_jupyter.kernel.framecache import FrameCache
from leonidas_jupyter.kernel.holding import hold
from leonidas_jupyter.kernel.selection import Copy
cache = FrameCache(Path(sys.argv[1]))
kept = cache.find("h1", "arrow")
if sys.argv[2] == "hold":
    hold(kept)
table = Copy(kept, "frame").table(None, None)
print("mapped", flush=True)
sys.stdin.readline()
print(sum(table.column("id").to_pylist()), kept.exists(), flush=True)
"""


@pytest.mark.parametrize("holds", [True, False])
def test_a_copy_that_another_process_has_mapped_stays_readable(cache, fetch, holds):
    kept = fill(cache, fetch)
    arguments = [sys.executable, "-c", OTHER, str(cache.directory), "hold" if holds else "map"]
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "mapped\n"
        cache.max_bytes = 1
        fill(cache, fetch, "h2")
        assert kept.exists() == holds
        other.stdin.write("\n")
        other.stdin.flush()
        assert other.stdout.readline() == f"{sum(range(5000))} {holds}\n"
    fill(cache, fetch, "h3")  # the process has ended, and what it held goes
    assert not kept.exists()


def test_what_this_process_holds_is_not_evicted(cache, fetch):
    kept = fill(cache, fetch)
    hold(kept)
    hold(kept)
    assert not evict(kept)
    assert kept.exists()
    with pytest.raises(FileNotFoundError):
        hold(kept.with_name("none"))
    assert evict(kept.with_name("none"))


FILLING = """
import shutil, sys
from pathlib import Path
from leonidas_jupyter.kernel.engines import from_arrow
from leonidas_jupyter.kernel.framecache import FrameCache
cache = FrameCache(Path(sys.argv[1]), max_bytes=1)
sys.stdin.readline()
for turn in range(20):
    name = f"h{turn % 3}"
    kept = cache.find(name, "parquet")
    if kept is None:
        kept = cache.parquet(name, sys.argv[3], lambda path: shutil.copy(sys.argv[2], path))
print("done")
"""


def test_processes_that_fill_and_evict_at_once_fail_in_nothing(cache, source):
    arguments = [sys.executable, "-c", FILLING, cache.directory, source, sha256_of(source)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    both = [subprocess.Popen(arguments, text=True, **pipes) for _ in range(2)]
    for one in both:
        one.stdin.write("\n")
        one.stdin.flush()
    for one in both:
        out, error = one.communicate(timeout=60)
        assert (out, error) == ("done\n", "")


def test_where_it_is_and_how_much_it_holds_are_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("LEONIDAS_CACHE_DIR", str(tmp_path / "here"))
    monkeypatch.setenv("LEONIDAS_CACHE_BYTES", "123")
    cache = FrameCache()
    assert (cache.directory, cache.max_bytes) == (tmp_path / "here" / "frames", 123)
