"""Tables as CSV: what is written, what is marked, what comes back."""

import csv
import datetime

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from leonidas_jupyter.kernel import csvwriting
from leonidas_jupyter.kernel.csvwriting import CsvWriter
from leonidas_jupyter.kernel.errors import LeonidasError


def write(tmp_path, table, *, guard=True):
    writer = CsvWriter(tmp_path / "t.csv", guard=guard)
    writer.write(table, lambda: None)
    with (tmp_path / "t.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file)), writer


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "=cmd|' /C calc'!A0",
        "+1+cmd|' /C calc'!A0",
        "-2+3+cmd|' /C calc'!A0",
        "-x",
        "- item",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "\uff1d1+1",
        "\uff201",
        "=1\n2",
    ],
)
def test_cells_that_a_spreadsheet_would_run_are_marked(tmp_path, cell):
    rows, writer = write(tmp_path, pd.DataFrame({"a": ["plain", cell, None]}))
    assert rows == [["a"], ["plain"], ["'" + cell], [""]]
    assert writer.guarded == 1
    plain, without = write(tmp_path, pd.DataFrame({"a": ["plain", cell, None]}), guard=False)
    assert plain[2] == [cell]
    assert without.guarded == 0


@pytest.mark.parametrize(
    "cell", ["-5", "+5", "-1.5e-3", "-1,234.50", "-7 %", "+49 170 1234567", "-", "--", "a=b", " =1"]
)
def test_numbers_and_dashes_stay(tmp_path, cell):
    rows, writer = write(tmp_path, pd.DataFrame({"a": [cell, "x"]}))
    assert rows[1] == [cell]
    assert writer.guarded == 0


def test_numbers_that_are_numbers_stay(tmp_path):
    rows, writer = write(tmp_path, pd.DataFrame({"n": [-5, 3], "x": [-0.5, 1e-7]}))
    assert rows[1:] == [["-5", "-0.5"], ["3", "1e-07"]]
    assert writer.text_columns == []


def test_names_of_columns_categories_and_indexes_are_marked_too(tmp_path):
    frame = pd.DataFrame(
        {"=name": pd.Categorical(["@a", "b", "@a"])}, index=pd.Index(["=k", "l", "m"], name="key")
    )
    rows, writer = write(tmp_path, frame)
    assert rows == [["key", "'=name"], ["'=k", "'@a"], ["l", "b"], ["m", "'@a"]]
    assert writer.guarded == 3
    assert writer.text_columns == ["key", "'=name"]


@pytest.mark.parametrize(
    ("index", "header"),
    [
        (None, ["a"]),
        (pd.RangeIndex(5, 7), ["a"]),
        (pd.RangeIndex(2, name="nr"), ["nr", "a"]),
        (pd.Index([3, 1]), ["index", "a"]),
        (pd.MultiIndex.from_tuples([(1, 2), (3, 4)], names=["p", "q"]), ["p", "q", "a"]),
    ],
)
def test_an_index_is_kept_where_it_says_something(tmp_path, index, header):
    rows, _ = write(tmp_path, pd.DataFrame({"a": [1, 2]}, index=index))
    assert rows[0] == header


def test_names_are_flat_and_distinct(tmp_path):
    many = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("x", "min"), ("x", "")]))
    assert write(tmp_path, many)[0][0] == ["x_min", "x"]
    twice = pd.DataFrame([[1, 2, 3]], columns=["a", "a", 7])
    assert write(tmp_path, twice)[0] == [["a", "a_2", "7"], ["1", "2", "3"]]


def test_moments_of_a_column_are_written_in_one_way(tmp_path):
    frame = pd.DataFrame(
        {
            "day": pd.to_datetime(["2024-01-01", None, "2024-02-29"]),
            "at": pd.to_datetime(["2024-01-01", "2024-01-01 10:00:00.5", None], format="mixed"),
        }
    )
    rows, _ = write(tmp_path, frame)
    assert [row[0] for row in rows[1:]] == ["2024-01-01", "", "2024-02-29"]
    assert [row[1] for row in rows[1:]] == [
        "2024-01-01 00:00:00.000000",
        "2024-01-01 10:00:00.500000",
        "",
    ]


def test_missing_cells_are_empty_and_whole_numbers_stay_whole(tmp_path):
    frame = pd.DataFrame({"n": pd.array([1, None, 2**60 + 1], dtype="Int64"), "s": ["a", None, ""]})
    rows, writer = write(tmp_path, frame)
    assert rows[1:] == [["1", "a"], ["", ""], [str(2**60 + 1), ""]]
    assert writer.text_columns == ["s"]


def test_texts_are_said_to_be_texts(tmp_path):
    frame = pd.DataFrame(
        {"zip": ["00501", "10001"], "n": [1, 2], "day": [datetime.date(2024, 1, 1)] * 2}
    )
    assert write(tmp_path, frame)[1].text_columns == ["zip"]


ARROW = pa.table({"n": [1, None], "s": ["=x", "y"], "d": [datetime.date(2024, 1, 2), None]})


@pytest.mark.parametrize(
    "table",
    [
        ARROW,
        pl.from_arrow(ARROW),
        pl.from_arrow(ARROW).lazy(),
        duckdb.from_arrow(ARROW),
        ARROW.to_reader(),
    ],
    ids=["arrow", "polars", "lazy", "duckdb", "reader"],
)
def test_tables_of_other_libraries(tmp_path, table):
    rows, writer = write(tmp_path, table)
    assert rows == [["n", "s", "d"], ["1", "'=x", "2024-01-02"], ["", "y", ""]]
    assert writer.guarded == 1


def test_a_dask_dataframe_is_written_partition_by_partition(tmp_path):
    import dask.dataframe as dd

    frame = pd.DataFrame({"a": range(10), "s": ["=x"] * 10})
    rows, writer = write(tmp_path, dd.from_pandas(frame, npartitions=3))
    assert [row[0] for row in rows] == ["a", *map(str, range(10))]
    assert writer.guarded == 10


def test_a_series_is_a_column_and_a_list_no_table(tmp_path):
    assert write(tmp_path, pd.Series([1, 2], name="a"))[0] == [["a"], ["1"], ["2"]]
    assert write(tmp_path, pd.Series([1]))[0] == [["value"], ["1"]]
    with pytest.raises(LeonidasError, match="A list is no table"):
        write(tmp_path, [1, 2])


def test_large_tables_go_out_in_parts(tmp_path, monkeypatch):
    monkeypatch.setattr(csvwriting, "ROWS_AT_ONCE", 10)
    ticks = []
    frame = pd.DataFrame({"a": range(35), "s": ["=x"] * 35})
    writer = CsvWriter(tmp_path / "t.csv", guard=True)
    writer.write(frame, lambda: ticks.append((tmp_path / "t.csv").stat().st_size))
    assert len(ticks) == 4
    assert ticks == sorted(set(ticks))
    assert pd.read_csv(tmp_path / "t.csv")["a"].tolist() == list(range(35))
    assert writer.guarded == 35
    assert frame["s"][0] == "=x"


def test_an_empty_table_keeps_its_names(tmp_path):
    assert write(tmp_path, pd.DataFrame({"a": [], "b": []}))[0] == [["a", "b"]]
    assert write(tmp_path, ARROW.slice(0, 0))[0] == [["n", "s", "d"]]
