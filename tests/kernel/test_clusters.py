"""Frames on dask: this process's threads, a real LocalCluster, and workers that share no disk."""

import os
import subprocess
import sys
import warnings

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from leonidas_jupyter.kernel import clusters
from leonidas_jupyter.kernel.conversion import to_pandas
from leonidas_jupyter.kernel.errors import LeonidasError
from leonidas_jupyter.kernel.filters import filter_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import dask.dataframe
    import distributed

ROWS = 1000
TABLE = pa.table(
    {
        "id": list(range(ROWS)),
        "n": [None if i == 7 else i for i in range(ROWS)],
        "region": [["north", "south", None][i % 3] for i in range(ROWS)],
        "ok": [i % 2 == 0 for i in range(ROWS)],
        "day": pa.array([i % 300 for i in range(ROWS)], pa.int32()).cast(pa.date32()),
        "x": [i / 7 for i in range(ROWS)],
    }
)
SECRET = "LEONIDAS_KERNEL_SECRET"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("frames") / "frame.parquet"
    parquet.write_table(TABLE, path, row_group_size=200)
    return path


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(clusters, "PARTITION_BYTES", 1)


@pytest.fixture(scope="module")
def cluster():
    """A scheduler and two workers in processes of their own, as ``LocalCluster`` starts them."""
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    # In ``__main__`` workers would import this module, and with it what they must not need.
    main = sys.modules["__main__"]
    kept = {name: vars(main).pop(name) for name in ("__spec__", "__file__") if hasattr(main, name)}
    main.__spec__ = None
    try:
        with distributed.LocalCluster(**options) as cluster:
            yield cluster
    finally:
        vars(main).update(kept)


@pytest.fixture
def client(cluster):
    with distributed.Client(cluster) as client:
        yield client


def condition():
    return filter_of("id < 500 AND region = 'north' AND n <> 9", TABLE.schema, "frame")


def expected():
    frame = to_pandas(TABLE)
    chosen = frame[(frame["id"] < 500) & (frame["region"] == "north") & (frame["n"] != 9)]
    return chosen[["region", "id"]].reset_index(drop=True)


def modules_of_ours(client):
    """What of this package each worker has imported; asked by code that imports none of it."""

    def ours():
        import sys

        return [name for name in sys.modules if name.partition(".")[0] == "leonidas_jupyter"]

    return list(client.run(ours).values())


def test_without_a_cluster_it_is_this_process(path):
    lazy = clusters.dask_frame(path, None, None, None)
    assert lazy.npartitions == 5
    assert lazy.divisions == (0, 200, 400, 600, 800, 999)
    pd.testing.assert_frame_equal(lazy.compute(), to_pandas(TABLE))
    assert lazy.loc[250:252].compute()["id"].tolist() == [250, 251, 252]


def test_types_are_the_same_in_every_partition(path):
    lazy = clusters.dask_frame(path, None, None, None)
    assert str(lazy.dtypes["n"]) == "Int64"
    kinds = [lazy.partitions[i].compute().dtypes.to_dict() for i in range(lazy.npartitions)]
    assert all(kind == lazy.dtypes.to_dict() for kind in kinds)


def test_columns_that_are_not_used_are_not_read(path, tmp_path):
    """A file whose other columns cannot be read gives what does not need them."""
    copy = tmp_path / "frame.parquet"
    content = bytearray(path.read_bytes())
    metadata = parquet.read_metadata(path)
    for number in range(metadata.num_row_groups):
        column = metadata.row_group(number).column(2)
        start = column.dictionary_page_offset or column.data_page_offset
        content[start : start + column.total_compressed_size] = b"?" * column.total_compressed_size
    copy.write_bytes(content)
    lazy = clusters.dask_frame(copy, None, None, None)
    assert lazy["x"].sum().compute() == pytest.approx(sum(range(ROWS)) / 7)
    with pytest.raises(OSError, match=r".+"):
        lazy["region"].count().compute()


def test_a_large_partition_takes_several_row_groups(path, monkeypatch):
    monkeypatch.setattr(clusters, "PARTITION_BYTES", 1 << 30)
    lazy = clusters.dask_frame(path, None, None, None)
    assert lazy.npartitions == 1
    assert len(lazy) == ROWS


def test_a_local_cluster_reads_the_cache_itself(path, client):
    lazy = clusters.dask_frame(path, client, None, None)
    pd.testing.assert_frame_equal(lazy.compute(), to_pandas(TABLE))
    assert lazy["n"].sum().compute() == sum(range(ROWS)) - 7
    by = lazy.groupby("region")["x"].mean().compute()
    assert sorted(by.index.dropna()) == ["north", "south"]
    chosen = clusters.dask_frame(path, client, ["region", "id"], condition()).compute()
    pd.testing.assert_frame_equal(chosen.reset_index(drop=True), expected())


def test_the_active_client_is_taken(path, client):
    lazy = clusters.dask_frame(path, None, None, None)
    pids = lazy.map_partitions(lambda _part: os.getpid(), meta=(None, int)).compute()
    assert set(pids) <= set(client.run(os.getpid).values())


def test_workers_that_see_no_file_get_the_row_groups(path, client, tmp_path):
    copy = tmp_path / "elsewhere.parquet"
    copy.write_bytes(path.read_bytes())
    lazy, chosen = None, None
    real = clusters._all_see
    clusters._all_see = lambda client, path: real(client, path) and False
    try:
        lazy = clusters.dask_frame(copy, client, None, None)
        chosen = clusters.dask_frame(copy, client, ["region", "id"], condition())
    finally:
        clusters._all_see = real
    copy.unlink()  # nobody reads it any more
    pd.testing.assert_frame_equal(lazy.compute(), to_pandas(TABLE))
    assert lazy.divisions == (0, 200, 400, 600, 800, 999)
    pd.testing.assert_frame_equal(chosen.compute().reset_index(drop=True), expected())


def test_whether_workers_see_the_file_is_asked_of_them(path, client, monkeypatch):
    assert clusters._all_see(client, path)
    answers = client.run

    def with_one_elsewhere(function, *arguments):
        return {**answers(function, *arguments), "tcp://elsewhere": b"another file's end"}

    monkeypatch.setattr(client, "run", with_one_elsewhere)
    assert not clusters._all_see(client, path)


def test_nothing_of_this_package_goes_to_a_worker(path, client, monkeypatch):
    """A worker of somebody else's cluster has neither this package nor a way to the server."""
    for see in (True, False):
        monkeypatch.setattr(clusters, "_all_see", lambda _client, _path, see=see: see)
        lazy = clusters.dask_frame(path, client, ["region", "id"], condition())
        assert len(lazy.compute()) == len(expected())
    assert modules_of_ours(client) == [[], []]


def test_a_local_cluster_keeps_no_secret_of_the_kernel(path, client, monkeypatch):
    monkeypatch.setenv(SECRET, "ours")

    def give(value):
        import os

        os.environ["LEONIDAS_KERNEL_SECRET"] = value

    def told():
        import os

        return os.environ.pop("LEONIDAS_KERNEL_SECRET", None)

    for value, left in (("ours", None), ("their own", "their own")):
        client.run(give, value)
        clusters.dask_frame(path, client, None, None)
        assert set(client.run(told).values()) == {left}
    assert os.environ[SECRET] == "ours"


WORKERS = """
import sys, warnings
warnings.simplefilter("ignore")
import distributed
if __name__ == "__main__":
    options = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.readline()
"""


def test_a_schedulers_address(path, tmp_path):
    script = tmp_path / "scheduler.py"
    script.write_text(WORKERS)
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as other:
        address = other.stdout.readline().strip()
        try:
            lazy = clusters.dask_frame(path, address, None, None)
            assert isinstance(lazy, dask.dataframe.DataFrame)
            assert lazy["id"].sum().compute() == sum(range(ROWS))
            client = distributed.get_client()
            assert client.scheduler_info()["address"] == address
            assert modules_of_ours(client) == [[]]
            client.close()
        finally:
            other.stdin.close()


def test_an_address_where_nobody_answers(path, monkeypatch):
    monkeypatch.setattr(clusters, "CONNECT_SECONDS", 1)
    with pytest.raises(LeonidasError, match=r"No dask scheduler answers at 'tcp://127.0.0.1:9'"):
        clusters.dask_frame(path, "tcp://127.0.0.1:9", None, None)
