"""Parquet and Arrow files: each value stands in the frame, under a type that holds it."""

import datetime as dt
import decimal
import gzip
import io

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from leonidas_jupyter.data.dialect import DialectOverride
from leonidas_jupyter.data.errors import UnreadableFile

D = decimal.Decimal
BERLIN = dt.timezone(dt.timedelta(hours=1))
CASES = {
    "small": (pa.array([1, 255, None], pa.uint8()), "integer", [1, 255, None]),
    "unsigned": (pa.array([1, 2**63 - 1], pa.uint64()), "integer", [1, 2**63 - 1]),
    "beyond": (pa.array([1, 2**64 - 1], pa.uint64()), "text", ["1", str(2**64 - 1)]),
    "float": (pa.array([0.5, None], pa.float32()), "number", [0.5, None]),
    "nan": (pa.array([1.5, float("nan")]), "number", [1.5, None]),
    "infinite": (pa.array([1.5, float("-inf")]), "text", ["1.5", "-inf"]),
    "price": (pa.array([D("1.50"), D("-2.25")], pa.decimal128(30, 2)), "number", [1.5, -2.25]),
    "exact": (
        pa.array([D("12345678901234567890.12"), D("1.00")], pa.decimal128(30, 2)),
        "text",
        ["12345678901234567890.12", "1.00"],
    ),
    "whole": (pa.array([D(15), None], pa.decimal128(38, 0)), "integer", [15, None]),
    "huge": (pa.array([D(10**30), None], pa.decimal128(38, 0)), "text", [str(10**30), None]),
    "micro": (
        pa.array([1000, 2000], pa.timestamp("ns")),
        "datetime",
        [dt.datetime.fromisoformat(f"1970-01-01T00:00:00.00000{n}") for n in (1, 2)],
    ),
    "nano": (
        pa.array([1000, 2001], pa.timestamp("ns")),
        "text",
        ["1970-01-01 00:00:00.000001", "1970-01-01 00:00:00.000002001"],
    ),
    "zoned": (
        pa.array([dt.datetime(2024, 1, 1, tzinfo=BERLIN)], pa.timestamp("ms", "Europe/Berlin")),
        "datetime",
        [dt.datetime(2023, 12, 31, 23, tzinfo=dt.UTC)],
    ),
    "day": (pa.array([dt.date(9999, 12, 31), None]), "date", [dt.date(9999, 12, 31), None]),
    "far": (pa.array([2932897, 0], pa.date32()), "text", ["10000-01-01", "1970-01-01"]),
    "clock": (pa.array([dt.time(1, 2, 3, 4)], pa.time64("us")), "time", [dt.time(1, 2, 3, 4)]),
    "truth": (pa.array([True, None]), "boolean", [True, None]),
    "nothing": (pa.nulls(2), "text", [None, None]),
    "word": (pa.array(["a", "b", "a"]).dictionary_encode(), "text", ["a", "b", "a"]),
    "empty": (pa.array(["", None]), "text", ["", None]),
    "list": (pa.array([[1, 2], None, []]), "text", ["[1,2]", None, "[]"]),
    "struct": (pa.array([{"a": 1, "b": "x"}]), "text", ['{"a":1,"b":"x"}']),
    "bytes": (pa.array([b"caf\xc3\xa9", None]), "text", ["café", None]),
    "binary": (pa.array([b"\xff\x00", b"d"]), "text", ["ff00", "64"]),
}


def parquet(table: pa.Table, **options) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


@pytest.mark.parametrize("case", sorted(CASES))
def test_values_survive(load, case):
    array, expected, values = CASES[case]
    loaded = load(parquet(pa.table({"x": array})), "t.parquet")
    assert loaded.types == {"x": expected}
    assert loaded.columns == {"x": values}
    assert loaded.report.dialect.format == "parquet"
    said = {"beyond", "exact", "huge", "nano", "far", "nan", "infinite", "binary"}
    assert bool(loaded.report.dialect.assumed) == (case in said)


def arrow_file(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    feather.write_feather(table, sink)
    return sink.getvalue()


def arrow_stream(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)
    return sink.getvalue()


@pytest.mark.parametrize("write", [arrow_file, arrow_stream])
def test_arrow_goes_the_same_way(load, write):
    table = pa.table({"n": [1, 2, 3], "w": pa.array(["a", None, "a"]).dictionary_encode()})
    loaded = load(write(table), "t.feather")
    assert loaded.columns == {"n": [1, 2, 3], "w": ["a", None, "a"]}
    assert loaded.report.dialect.format == "arrow"


def test_names_are_made_unique_as_everywhere(load):
    table = pa.Table.from_arrays([pa.array([n]) for n in range(4)], names=["a", "A", "", " b  c "])
    loaded = load(parquet(table), "t.parquet")
    assert loaded.names == ["a", "A_2", "column_3", "b c"]
    originals = [column.original_name for column in loaded.report.profile.columns]
    assert originals == ["a", "A", "", " b  c "]


def test_a_very_wide_file_is_cast_in_slices(load):
    table = pa.table({f"k{n}": pa.array([n, n + 1], pa.int16()) for n in range(2500)})
    loaded = load(parquet(table), "t.parquet")
    assert len(loaded.names) == 2500
    assert loaded.columns["k2499"] == [2499, 2500]
    assert loaded.types["k0"] == "integer"


def test_columns_said_to_be_text_are(load):
    content = parquet(pa.table({"id": [1, 2], "n": [3, 4]}))
    loaded = load(content, "t.parquet", DialectOverride(text_columns=["id"]))
    assert loaded.columns == {"id": ["1", "2"], "n": [3, 4]}


def test_the_bytes_tell_the_format_and_not_the_name(load):
    content = parquet(pa.table({"a": [1]}))
    assert load(content, "t.csv").columns == {"a": [1]}
    packed = load(gzip.compress(content), "t.parquet.gz").report.dialect
    assert (packed.format, packed.compression) == ("parquet", "gzip")


@pytest.mark.parametrize(
    ("content", "override", "words"),
    [
        (parquet(pa.table({"a": [1]}))[:-20], None, "Parquet file is damaged"),
        (arrow_file(pa.table({"a": [1]}))[:-20], None, "Arrow file is damaged"),
        (parquet(pa.table({"a": [1]}).select([])), None, "no columns"),
        (parquet(pa.table({"a": [1]})), DialectOverride(delimiter=";"), "leave out delimiter"),
        (parquet(pa.table({"a": [1]})), DialectOverride(format="csv"), "This is a Parquet file"),
        (b"a,b\n1,2\n", DialectOverride(format="parquet"), "This is a text of delimited cells"),
        (b"a,b\n1,2\n", DialectOverride(sheet="x"), "leave out sheet"),
    ],
)
def test_what_cannot_be_read_says_why(load, content, override, words):
    with pytest.raises(UnreadableFile, match=words) as caught:
        load(content, "t.parquet", override)
    assert caught.value.sentence.endswith(".")
    assert "source" not in caught.value.sentence


def test_a_frame_without_rows(load):
    loaded = load(parquet(pa.table({"a": pa.array([], pa.int32())})), "t.parquet")
    assert (loaded.report.rows, loaded.names) == (0, ["a"])
