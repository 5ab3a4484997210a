"""``frames.sql``: from what the SQL worker writes to a DataFrame, and in a real kernel."""

import json
from decimal import Decimal

import pandas as pd
import pytest

from leonidas_jupyter.kernel.client import path_of
from leonidas_jupyter.kernel.errors import LeonidasError
from leonidas_jupyter.kernel.frames import Frames
from leonidas_jupyter.kernel.queries import ask

ROUTE = path_of("/projects/{id}/query", id="p1")
HOW = {"limit": None, "engine": "pandas", "dtype_backend": None, "progress": False}


@pytest.fixture
def answer(stub, client, tmp_path):
    """The table of a statement, as the kernel has it; the server is DuckDB as workers run it."""
    from leonidas_jupyter.data.sqlarrow import write_arrow
    from leonidas_jupyter.data.sqlworker import open_frames

    connection = open_frames({}, {"memory_bytes": 256 * 2**20, "threads": 1})

    def serve(call):
        wanted, target = json.loads(call.body), tmp_path / "result.arrow"
        limit = min(wanted.get("limit", 100), 100)
        write_arrow(connection, wanted["sql"], target, limit=limit, max_bytes=2**20)
        call.answer(200, target.read_bytes(), {"Content-Type": "application/octet-stream"})

    stub.on["POST", ROUTE] = [serve]
    yield lambda sql, **how: ask(client, "p1", sql, **{**HOW, **how})
    connection.close()


@pytest.mark.parametrize(
    ("sql", "dtype"),
    [
        ("SELECT sum(i) AS x FROM range(3) t(i)", "int64"),
        ("SELECT unnest([9007199254740993, NULL]) AS x", "Int64"),
        ("SELECT unnest([true, NULL]) AS x", "boolean"),
        ("SELECT unnest([1.5, NULL]) AS x", "float64"),
        ("SELECT DATE '2024-02-29' AS x", "datetime64[ms]"),
        ("SELECT TIMESTAMPTZ '2024-02-29 12:00:00+01' AS x", "datetime64[us, UTC]"),
        ("SELECT TIMESTAMP '2024-02-29' - TIMESTAMP '2024-02-28' AS x", "timedelta64[us]"),
        ("SELECT 'a'::ENUM('a', 'b') AS x", "category"),
        ("SELECT [1, 2] AS x", "object"),
    ],
)
def test_types_are_those_of_the_query(answer, sql, dtype):
    assert str(answer(sql).dtypes["x"]).replace("Etc/", "") == dtype


def test_large_whole_numbers_are_exact(answer):
    column = answer("SELECT unnest([9007199254740993, NULL]) AS x")["x"]
    assert column[0] == 9007199254740993


@pytest.mark.parametrize(
    ("sql", "values"),
    [
        ("unnest([0.1, 0.3, 12345678901.0])", [0.1, 0.3, 12345678901.0]),
        ("unnest([0.000000000000000123456789012345])", [1.23456789012345e-16]),
        ("unnest([123456789012345000000000::DECIMAL(38,0)])", [123456789012345e9]),
        ("unnest([-0.70, 0.00])", [-0.7, 0.0]),
        ("unnest([1234567890123456.7, 0.5])", [Decimal("1234567890123456.7"), Decimal("0.5")]),
        ("170141183460469231731687303715884105727", [Decimal(2**127 - 1)]),
    ],
)
def test_decimals_are_floats_where_all_survive_that(answer, sql, values):
    column = list(answer(f"SELECT {sql} AS x")["x"])
    assert column == values
    assert [type(value) for value in column] == [type(value) for value in values]


def test_engines_and_backends(answer):
    import pyarrow as pa

    sql = "SELECT 1.5 AS x, 'a' AS y"
    assert answer(sql, engine="arrow").schema.field("x").type == pa.decimal128(2, 1)
    assert str(answer(sql, dtype_backend="pyarrow").dtypes["x"]) == "decimal128(2, 1)[pyarrow]"
    assert str(answer(sql, dtype_backend="numpy_nullable").dtypes["x"]) == "Float64"
    assert answer(sql, engine="polars").columns == ["x", "y"]
    with pytest.raises(LeonidasError, match="no engine 'dask'"):
        answer(sql, engine="dask")
    with pytest.raises(LeonidasError, match="no dtype_backend"):
        answer(sql, dtype_backend="numpy")


def test_a_frame_of_ones_own(answer):
    frame = answer("FROM range(3) t(i)")
    frame.loc[0, "i"] = 7
    frame["more"] = frame["i"] * 2
    assert list(frame["more"]) == [14, 2, 4]


def test_who_asks_for_all_is_told_when_it_is_not_all(answer):
    with pytest.warns(UserWarning, match="these are the first 100"):
        assert len(answer("FROM range(101)")) == 100
    assert len(answer("FROM range(101)", limit=5)) == 5
    assert len(answer("FROM range(100)")) == 100


def test_a_result_without_rows_is_a_frame(answer):
    frame = answer("SELECT i, i / 2 AS half FROM range(3) t(i) WHERE i > 5")
    assert (frame.shape, list(frame.columns)) == ((0, 2), ["i", "half"])


def test_a_refusal_is_a_sentence(stub, client):
    words = "Only one query over the project's frames can run here."
    stub.on["POST", ROUTE] = [lambda call: call.fail(400, "invalid_request", words)]
    with pytest.raises(LeonidasError, match="Only one query"):
        ask(client, "p1", "DROP VIEW x", **HOW)


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xff\xff\xff\x00\x00\x00\x00"])
def test_another_answer_than_a_table_is_said(stub, client, body):
    stub.on["POST", ROUTE] = [lambda call: call.answer(200, body)]
    with pytest.raises(LeonidasError, match="no table that this kernel can read"):
        ask(client, "p1", "SELECT 1", **HOW)


def test_frames_hand_it_on():
    asked = []

    class Files:
        def ask(self, sql, **how):
            asked.append((sql, how))
            return pd.DataFrame({"a": [1]})

    frame = Frames(lambda: Files()).sql("SELECT 1 AS a", limit=3)
    assert frame.shape == (1, 1)
    assert asked == [
        ("SELECT 1 AS a", {"limit": 3, "engine": "pandas", "dtype_backend": None, "progress": True})
    ]


def test_in_a_notebook(notebook):
    result = notebook.run(
        "frames = %leonidas frames\n"
        "_typed = frames.sql('SELECT species, count(*) AS n, avg(body_mass_g) AS mass, '\n"
        "                    'sum(body_mass_g) AS total FROM penguins GROUP BY 1 ORDER BY 1')\n"
        "print(_typed.shape, list(map(str, _typed.dtypes)), int(_typed['n'].sum()))"
    )
    assert result.status == "ok", result.error
    assert result.stdout.endswith("344\n")
    assert "'int64', 'float64'" in result.stdout
    refused = notebook.run("frames.sql('DROP VIEW penguins')")
    assert refused.status == "error"
    assert refused.error["evalue"].startswith("Only one query")
    assert len(refused.error["traceback"]) == 1
