"""From Arrow to pandas, polars and Arrow: types, values, whose memory it is."""

import datetime
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from leonidas_jupyter.kernel import conversion
from leonidas_jupyter.kernel.conversion import to_pandas
from leonidas_jupyter.kernel.engines import check_kinds, from_arrow, library
from leonidas_jupyter.kernel.errors import LeonidasError

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


@pytest.mark.parametrize("backend", [None, "numpy_nullable", "pyarrow"])
def test_no_value_is_changed(backend):
    frame = to_pandas(TABLE, backend)
    assert frame["n"].tolist()[2] == 2**60 + 1
    assert frame["n"].isna().tolist() == [False, True, False]
    assert frame["name"].tolist()[::2] == ["a", "ü"]
    assert [str(day)[:10] for day in frame["day"].tolist()[::2]] == ["0001-01-01", "2024-02-29"]
    assert pd.isna(frame["x"][1])


def test_backends_hold_throughout():
    nullable = to_pandas(TABLE, "numpy_nullable").dtypes.astype(str)
    assert nullable["id"] == "Int64"
    assert nullable["x"] == "Float64"
    assert nullable["sure"] == "boolean"
    assert nullable["name"].startswith("string")
    arrow = to_pandas(TABLE, "pyarrow").dtypes
    assert all(isinstance(kind, pd.ArrowDtype) for kind in arrow)


@pytest.mark.parametrize("chunks", [1, 2])
@pytest.mark.parametrize("backend", [None, "numpy_nullable", "pyarrow"])
def test_what_is_changed_is_not_the_file(tmp_path, chunks, backend):
    kept = tmp_path / "frame.arrow"
    with pa.ipc.new_file(str(kept), TABLE.schema) as writer:
        for at in range(chunks):
            writer.write_table(TABLE.slice(at * 2, 2) if chunks == 2 else TABLE)
    before = kept.read_bytes()
    with pa.memory_map(str(kept)) as source:
        frame = to_pandas(pa.ipc.open_file(source).read_all(), backend)
    frame.loc[0, "id"] = 99
    frame.loc[0, "x"] = -1.0
    frame.loc[0, "name"] = "changed"
    frame.loc[0, "ok"] = False
    assert frame.loc[0, ["id", "name", "ok"]].tolist() == [99, "changed", False]
    assert kept.read_bytes() == before


def test_it_runs_where_this_package_is_not(tmp_path):
    """A session's own kernel is sent the file, and may be of an environment without the rest."""
    code = (
        "import sys, pathlib\n"
        "sys.modules['leonidas_jupyter'] = None\n"
        "made = {'__name__': '_leonidas_frames'}\n"
        "exec(pathlib.Path(sys.argv[1]).read_text('utf-8'), made)\n"
        "import pyarrow as pa\n"
        "print(made['to_pandas'](pa.table({'n': [1, None]})).dtypes['n'])"
    )
    done = subprocess.run([sys.executable, "-c", code, conversion.__file__], capture_output=True)
    assert done.stdout.strip() == b"Int64", done.stderr


def test_other_engines_have_tables_of_their_own():
    polars = from_arrow(TABLE, "polars", None)
    assert type(polars).__module__.startswith("polars")
    assert polars["n"].to_list() == [1, None, 2**60 + 1]
    arrow = from_arrow(TABLE, "arrow", None)
    assert arrow.equals(TABLE)
    assert (
        arrow["name"].chunk(0).buffers()[2].address == TABLE["name"].chunk(0).buffers()[2].address
    )
    assert np.isnan(from_arrow(TABLE, "pandas", None)["x"][1])


@pytest.mark.parametrize("name", ["polars", "duckdb", "distributed", "dask.dataframe"])
def test_a_library_that_is_missing_is_said_with_its_extra(monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    extra = "polars" if name == "polars" else "duckdb" if name == "duckdb" else "dask"
    with pytest.raises(LeonidasError, match=rf'pip install "leonidas-jupyter\[{extra}\]"'):
        library(name)


@pytest.mark.parametrize(
    ("engine", "backend", "said"),
    [
        ("spark", None, "there are: pandas, polars, duckdb, dask, arrow"),
        ("pandas", "numpy", "there are: numpy_nullable, pyarrow"),
        ("polars", "pyarrow", "for pandas, not for polars"),
    ],
)
def test_what_there_is_not_is_said(engine, backend, said):
    with pytest.raises(LeonidasError, match=said):
        check_kinds(engine, backend)
    check_kinds("pandas", "pyarrow")
