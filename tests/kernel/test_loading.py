"""Frames from a server to tables: what is sent, checked, kept, chosen, and asked about."""

import hashlib
import io
import json
import subprocess
import sys

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyarrow import parquet

from leonidas_jupyter.kernel import memory
from leonidas_jupyter.kernel.errors import LeonidasError
from leonidas_jupyter.kernel.framecache import FrameCache
from leonidas_jupyter.kernel.loading import ORIGIN, FrameLoader, Wanted
from leonidas_jupyter.kernel.memory import permit, unasked_bytes
from leonidas_jupyter.kernel.wire import File
from tests.kernel.conftest import PREFIX

ROWS = 4000
TABLE = pa.table(
    {
        "id": list(range(ROWS)),
        "region": ["north", "south", None, "east"] * (ROWS // 4),
        "amount": [None if i == 5 else i for i in range(ROWS)],
    }
)


def parquet_of(table):
    sink = io.BytesIO()
    parquet.write_table(table, sink, row_group_size=1000)
    return sink.getvalue()


PARQUET = parquet_of(TABLE)


def file_of(content=PARQUET, frame_hash="0a" * 32, **fields):
    made = {
        "file_id": "f1",
        "project_id": "p1",
        "filename": "sales.csv",
        "status": "COMPLETED",
        "frame_name": "sales",
        "frame_hash": frame_hash,
        "frame_size": len(content),
        "frame_sha256": hashlib.sha256(content).hexdigest(),
        "content_version": 3,
        "rows": ROWS,
        "columns": 3,
    }
    return File(**{**made, **fields})


@pytest.fixture
def loader(stub, client, tmp_path, monkeypatch):
    monkeypatch.setenv("LEONIDAS_LOAD_BYTES", "1GB")
    place = {"download_url": f"{PREFIX}/blobs/t", "method": "GET", "headers": {}}
    stub.on["GET", "/files/f1/download-url"] = [lambda call: call.answer(200, place)]
    stub.on["GET", "/blobs/t"] = [lambda call: call.answer(200, PARQUET)]
    return FrameLoader(client, FrameCache(tmp_path / "cache"), progress=False)


def downloads(stub):
    return stub.paths().count("GET /blobs/t")


def test_the_second_load_asks_nobody(stub, loader):
    first = loader.load(file_of(), Wanted())
    first.loc[0, "id"] = 99
    calls = len(stub.calls)
    second = loader.load(file_of(), Wanted())
    assert len(stub.calls) == calls
    assert second["id"].tolist() == list(range(ROWS))
    assert str(second["amount"].dtype) == "Int64"


def test_columns_and_rows_of_every_engine(loader):
    wanted = {"columns": ["amount", "region"], "where": "region = 'south' AND amount < 20"}
    expected = [(1, "south"), (9, "south"), (13, "south"), (17, "south")]
    tables = {
        engine: loader.load(file_of(), Wanted(**wanted, engine=engine))
        for engine in ("pandas", "arrow", "polars", "duckdb", "dask")
    }
    frames = {
        "pandas": tables["pandas"],
        "arrow": tables["arrow"].to_pandas(),
        "polars": tables["polars"].to_pandas(),
        "duckdb": tables["duckdb"].df(),
        "dask": tables["dask"].compute(scheduler="sync"),
    }
    for engine, frame in frames.items():
        assert list(frame.columns) == ["amount", "region"], engine
        assert list(frame.itertuples(index=False, name=None)) == expected, engine
    assert type(tables["duckdb"]) is duckdb.DuckDBPyRelation
    assert type(tables["dask"]).__module__.startswith("dask")


@pytest.mark.parametrize("engine", ["pandas", "duckdb", "dask"])
def test_an_expression_of_pyarrow_is_a_condition_too(loader, engine):
    table = loader.load(file_of(), Wanted(["id"], pc.field("id") > ROWS - 3, engine))
    frame = table.df() if engine == "duckdb" else table
    assert sorted(frame["id"]) == [ROWS - 2, ROWS - 1]


def test_only_what_is_asked_for_is_read_from_the_parquet(loader, monkeypatch):
    """Beyond the threshold no whole copy is unpacked; rows are chosen by the file's statistics."""
    monkeypatch.setenv("LEONIDAS_LOAD_BYTES", "20kB")
    frame = loader.load(file_of(), Wanted(["id"], "id >= 3990"))
    assert frame["id"].tolist() == list(range(3990, ROWS))
    assert [path.suffix for path in loader._cache.directory.glob("*.arrow")] == []


def test_types_do_not_depend_on_where_a_frame_is_read_from(loader, monkeypatch):
    mapped = loader.load(file_of(), Wanted())
    monkeypatch.setenv("LEONIDAS_LOAD_BYTES", "1")
    for path in loader._cache.directory.glob("*.arrow*"):
        path.unlink()
    read = loader.load(file_of(), Wanted(any_size=True))
    pd.testing.assert_frame_equal(mapped, read)


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_lazy_tables_stay_on_the_disk(loader, engine):
    lazy = loader.lazy(file_of(), engine)
    if engine == "duckdb":
        assert lazy.aggregate("sum(id)").fetchall() == [(sum(range(ROWS)),)]
        joined = duckdb.sql("SELECT count(*) FROM lazy WHERE region IS NULL").fetchall()
        assert joined == [(ROWS // 4,)]
    else:
        assert type(lazy).__name__ == "LazyFrame"
        assert lazy.select("id").sum().collect().item() == sum(range(ROWS))
    assert list(loader._cache.directory.glob("*.arrow")) == []
    with pytest.raises(LeonidasError, match="there are: duckdb, polars"):
        loader.lazy(file_of(), "spark")


def test_what_is_lazy_outlives_eviction(loader):
    lazy = loader.lazy(file_of(), "duckdb")
    loader._cache.max_bytes = 1
    loader.load(file_of(frame_hash="0b" * 32), Wanted())
    assert lazy.count("*").fetchall() == [(ROWS,)]


def test_a_frame_says_where_it_came_from_and_so_does_what_is_made_of_it(loader):
    frame = loader.load(file_of(), Wanted())
    origin = {"file_id": "f1", "frame": "sales", "content_version": 3}
    assert frame.attrs[ORIGIN] == origin
    assert frame[frame["id"] > 3].assign(b=1).attrs[ORIGIN] == origin


def test_a_damaged_download_is_looked_at_again_and_then_refused(stub, loader):
    damaged = PARQUET[:100] + b"?" + PARQUET[101:]
    stub.on["GET", "/blobs/t"] = [lambda call: call.answer(200, damaged)]
    stub.on["GET", "/files/f1"] = [lambda call: call.answer(200, vars(file_of()))]
    with pytest.raises(LeonidasError, match="its SHA-256 is not what the server says"):
        loader.load(file_of(), Wanted())
    assert downloads(stub) == 2
    assert list(loader._cache.directory.iterdir()) == []


def test_a_file_that_was_read_again_meanwhile_is_loaded_as_it_is_now(stub, loader):
    old = file_of(frame_sha256="0" * 64)
    stub.on["GET", "/files/f1"] = [lambda call: call.answer(200, vars(file_of()))]
    assert len(loader.load(old, Wanted())) == ROWS


def test_a_server_that_does_not_say_the_digest_is_believed(loader):
    assert len(loader.load(file_of(frame_sha256=""), Wanted())) == ROWS


@pytest.mark.parametrize("engine", ["pandas", "duckdb", "dask"])
def test_a_column_that_is_not_there_is_said(loader, engine):
    with pytest.raises(LeonidasError, match="sales has no column 'amuont'; did you mean 'amount'"):
        loader.load(file_of(), Wanted(["amuont"], engine=engine))
    with pytest.raises(LeonidasError, match="no column 'nothing'"):
        loader.load(file_of(), Wanted(None, "nothing > 1", engine))


def test_frames_without_rows_load(stub, loader):
    empty = parquet_of(TABLE.slice(0, 0))
    stub.on["GET", "/blobs/t"] = [lambda call: call.answer(200, empty)]
    file = file_of(empty, "0c" * 32, rows=0)
    for wanted in (Wanted(), Wanted(where="id > 1"), Wanted(engine="dask"), Wanted(engine="arrow")):
        assert len(loader.load(file, wanted)) == 0


class Tty(io.StringIO):
    def isatty(self):
        return True


def answer(monkeypatch, text):
    questions = []

    def ask(question):
        questions.append(question)
        return text

    monkeypatch.setattr("builtins.input", ask)
    monkeypatch.setattr(sys, "stdin", Tty())
    return questions


@pytest.mark.parametrize("engine", ["pandas", "polars"])
@pytest.mark.parametrize("said", ["y", "Yes ", "n", "", "what?"])
def test_much_memory_is_asked_for(loader, monkeypatch, said, engine):
    monkeypatch.setenv("LEONIDAS_LOAD_BYTES", "10 kB")
    questions = answer(monkeypatch, said)
    if said.strip().lower() in {"y", "yes"}:
        assert len(loader.load(file_of(), Wanted(engine=engine))) == ROWS
    else:
        with pytest.raises(LeonidasError, match="would take about"):
            loader.load(file_of(), Wanted(engine=engine))
    assert len(questions) == 1
    assert "Load it all the same? [y/N]" in questions[0]


def test_where_nobody_can_be_asked_the_ways_out_are_said(loader, monkeypatch):
    monkeypatch.setenv("LEONIDAS_LOAD_BYTES", "10kB")
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    with pytest.raises(LeonidasError) as refused:
        loader.load(file_of(), Wanted())
    for way in ("columns=", "where=", 'engine="duckdb"', 'frames.lazy("sales")', "any_size=True"):
        assert way in str(refused.value)
    assert refused.value.code == "too_large"
    assert len(loader.load(file_of(), Wanted(any_size=True))) == ROWS
    assert len(loader.load(file_of(), Wanted(where="id < 10"))) == 10
    assert len(loader.load(file_of(), Wanted(engine="duckdb"))) == ROWS
    monkeypatch.setenv("LEONIDAS_LOAD_BYTES", "40kB")
    assert len(loader.load(file_of(), Wanted(columns=["id"]))) == ROWS


@pytest.mark.parametrize("error", [EOFError, NotImplementedError])
def test_a_front_end_that_cannot_ask_is_a_no(monkeypatch, error):
    def ask(_question):
        raise error

    monkeypatch.setenv("LEONIDAS_LOAD_BYTES", "1")
    monkeypatch.setattr("builtins.input", ask)
    monkeypatch.setattr(sys, "stdin", Tty())
    with pytest.raises(LeonidasError, match="any_size=True"):
        permit("sales", 1000)


@pytest.mark.parametrize(
    ("given", "expected"),
    [("123", 123), ("8GB", 8 * 10**9), ("1.5 MiB", 1572864), ("2k", 2000), ("3 TiB", 3 * 2**40)],
)
def test_the_threshold_is_a_setting(monkeypatch, given, expected):
    monkeypatch.setenv("LEONIDAS_LOAD_BYTES", given)
    assert unasked_bytes() == expected


def test_without_one_it_is_half_of_what_is_free(monkeypatch):
    monkeypatch.delenv("LEONIDAS_LOAD_BYTES", raising=False)
    monkeypatch.setattr(memory, "free_bytes", lambda: 1000)
    assert unasked_bytes() == 500
    monkeypatch.setenv("LEONIDAS_LOAD_BYTES", "much")
    with pytest.raises(LeonidasError, match="write a size"):
        unasked_bytes()


def test_a_container_has_less_than_its_machine(monkeypatch, tmp_path):
    files = [tmp_path / "max", tmp_path / "current"]
    for file, text in zip(files, ("3000\n", "1000\n"), strict=True):
        file.write_text(text)
    monkeypatch.setattr(memory, "_CGROUPS", [tuple(map(str, files))])
    assert memory.free_bytes() == 2000
    files[0].write_text("max\n")
    assert memory.free_bytes() > 2000


def test_the_estimate_is_near_what_a_dataframe_takes(loader):
    for columns in (None, ["id"], ["region"]):
        copy = loader._copy(file_of(), Wanted())
        frame = loader.load(file_of(), Wanted(columns))
        taken = int(frame.memory_usage(deep=True, index=False).sum())
        assert taken / 3 < copy.estimated_bytes(columns, None) < taken * 3


def test_a_script_imports_engines_only_when_they_are_used():
    code = (
        "import sys, json, leonidas_jupyter.kernel.connection, leonidas_jupyter.kernel.saving\n"
        "print(json.dumps(sorted({m.partition('.')[0] for m in sys.modules}"
        " & {'pandas', 'pyarrow', 'polars', 'duckdb', 'dask', 'distributed', 'psutil'})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert json.loads(done.stdout) == []
