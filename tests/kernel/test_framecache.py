"""Frames on this machine's disk: types, damage, races, eviction."""

import datetime
import os
import shutil

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from leonidas_jupyter.kernel.framecache import FrameCache, to_pandas

TABLE = pa.table(
    {
        "id": pa.array([1, 2, 3], pa.int64()),
        "n": pa.array([1, None, 2**60 + 1], pa.int64()),
        "x": pa.array([0.5, None, 2.0], pa.float64()),
        "ok": pa.array([True, None, False]),
        "sure": pa.array([True, True, False]),
        "name": pa.array(["a", None, "ü"]),
        "day": pa.array([datetime.date(1, 1, 1), None, datetime.date(2024, 2, 29)]),
        "at": pa.array([datetime.datetime(2024, 1, 1, 12)] * 3, pa.timestamp("us")),  # noqa: DTZ001 - naive, as files have it
    }
)


@pytest.fixture
def source(tmp_path):
    parquet.write_table(TABLE, tmp_path / "frame.parquet")
    return tmp_path / "frame.parquet"


@pytest.fixture
def fetch(source):
    def copy(path):
        copy.count += 1
        shutil.copy(source, path)

    copy.count = 0
    return copy


def load(cache, fetch, name="h1", columns=None):
    return cache.load(name, TABLE.shape, columns, fetch)


def test_types_are_pandas_own_and_nullable_only_beside_nulls():
    kinds = {name: str(kind) for name, kind in to_pandas(TABLE).dtypes.items()}
    assert kinds | {"name": "", "day": "", "at": ""} == {
        "id": "int64",
        "n": "Int64",
        "x": "float64",
        "ok": "boolean",
        "sure": "bool",
        "name": "",
        "day": "",
        "at": "",
    }
    assert pd.api.types.is_string_dtype(to_pandas(TABLE)["name"].dropna())
    assert kinds["day"].startswith("datetime64")
    assert kinds["at"].startswith("datetime64")


def test_no_value_is_changed():
    frame = to_pandas(TABLE)
    assert frame["n"].tolist()[2] == 2**60 + 1
    assert frame["n"].isna().tolist() == [False, True, False]
    assert frame["day"].dt.year.tolist()[::2] == [1, 2024]
    assert np.isnan(frame["x"][1])


def test_the_second_load_comes_from_the_disk_and_is_ones_own(tmp_path, fetch):
    cache = FrameCache(tmp_path / "cache")
    first = load(cache, fetch)
    first.loc[0, "id"] = 99
    first.loc[0, "name"] = "changed"
    first.loc[0, "ok"] = False
    second = load(cache, fetch)
    assert fetch.count == 1
    assert second.loc[0, ["id", "name", "ok"]].tolist() == [1, "a", True]
    assert [path.name for path in cache.directory.iterdir()] == ["h1.arrow"]


def test_columns_in_the_order_asked_for(tmp_path, fetch):
    cache = FrameCache(tmp_path / "cache")
    assert list(load(cache, fetch, columns=["x", "id"]).columns) == ["x", "id"]
    with pytest.raises(KeyError):
        load(cache, fetch, columns=["nothing"])
    assert list(load(cache, fetch, columns=["x"]).columns) == ["x"]
    assert fetch.count == 1


@pytest.mark.parametrize("damage", ["cut", "empty", "other"])
def test_a_damaged_copy_is_fetched_again(tmp_path, fetch, damage):
    cache = FrameCache(tmp_path / "cache")
    load(cache, fetch)
    kept = cache.directory / "h1.arrow"
    if damage == "other":
        with pa.ipc.new_file(str(kept), TABLE.schema) as writer:
            writer.write_table(TABLE.slice(1))
    else:
        kept.write_bytes(kept.read_bytes()[: -100 if damage == "cut" else 0])
    assert load(cache, fetch).shape == TABLE.shape
    assert fetch.count == 2


def test_a_fetch_that_fails_leaves_nothing(tmp_path):
    cache = FrameCache(tmp_path / "cache")

    def fail(path):
        path.write_bytes(b"half")
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        load(cache, fail)
    assert list(cache.directory.iterdir()) == []


def test_a_copy_of_another_shape_than_said_is_refused(tmp_path, fetch):
    cache = FrameCache(tmp_path / "cache")
    with pytest.raises(OSError, match="another shape"):
        cache.load("h1", (7, 7), None, fetch)


def test_the_longest_unused_go_first(tmp_path, fetch):
    size = 0
    cache = FrameCache(tmp_path / "cache", max_bytes=1 << 30)
    for age, name in enumerate(["c", "b", "a"]):
        load(cache, fetch, name)
        kept = cache.directory / f"{name}.arrow"
        size = kept.stat().st_size
        os.utime(kept, (1000 - age, 1000 - age))
    load(cache, fetch, "a")  # used again, so it is the youngest
    cache.max_bytes = 2 * size
    load(cache, fetch, "d")
    assert sorted(path.stem for path in cache.directory.iterdir()) == ["a", "d"]


def test_a_frame_beyond_the_limit_is_loaded_all_the_same(tmp_path, fetch):
    cache = FrameCache(tmp_path / "cache", max_bytes=1)
    assert load(cache, fetch).shape == TABLE.shape


def test_where_it_is_and_how_much_it_holds_are_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("LEONIDAS_CACHE_DIR", str(tmp_path / "here"))
    monkeypatch.setenv("LEONIDAS_CACHE_BYTES", "123")
    cache = FrameCache()
    assert (cache.directory, cache.max_bytes) == (tmp_path / "here" / "frames", 123)
