"""JSON in its usual layouts: rows from objects, each column typed only where nothing is lost."""

import gzip
import json

import pytest

from leonidas_jupyter.data import jsonvalues
from leonidas_jupyter.data.dialect import DialectOverride
from leonidas_jupyter.data.errors import UnreadableFile

ROWS = [{"name": "Ann", "n": 1}, {"name": "Bo", "n": 2}]
COLUMNS = {"name": ["Ann", "Bo"], "n": [1, 2]}
LAYOUTS = {
    "lines": '{"name": "Ann", "n": 1}\n{"name": "Bo", "n": 2}\n',
    "windows lines": '{"name": "Ann", "n": 1}\r\n\r\n{"name": "Bo", "n": 2}',
    "lines with commas": '{"name": "Ann", "n": 1},\n{"name": "Bo", "n": 2}\n',
    "sequence": '\x1e{"name": "Ann", "n": 1}\n\x1e{"name": "Bo", "n": 2}\n',
    "array": json.dumps(ROWS),
    "pretty array": json.dumps(ROWS, indent=2),
    "array with a comma": '[{"name": "Ann", "n": 1}, {"name": "Bo", "n": 2},]',
    "pretty objects": "\n".join(json.dumps(row, indent=2) for row in ROWS),
    "wrapped": json.dumps({"count": 2, "items": ROWS}),
    "pretty wrapped": json.dumps({"items": ROWS}, indent=1),
    "columns": json.dumps({"name": ["Ann", "Bo"], "n": [1, 2]}),
    "pandas": json.dumps({"name": {"0": "Ann", "1": "Bo"}, "n": {"0": 1, "1": 2}}),
}


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_layouts(load, layout):
    loaded = load(LAYOUTS[layout], "t.json")
    assert loaded.columns == COLUMNS
    assert loaded.types == {"name": "text", "n": "integer"}
    assert loaded.report.dialect.format == "json"
    assert loaded.report.bad_rows is None


def test_what_stands_beside_the_rows_is_said(load):
    assumed = load(LAYOUTS["wrapped"], "t.json").report.dialect.assumed
    assert assumed == [
        "The rows are those of “items” in the file's one object. "
        "What stands beside it is left out: count."
    ]


def test_members_of_an_object_of_objects_are_rows(load):
    loaded = load('{"x": {"a": 1, "b": 2}, "y": {"a": 3, "b": 4}}', "t.json")
    assert loaded.rows == [("x", 1, 2), ("y", 3, 4)]
    assert loaded.names == ["key", "a", "b"]


def test_arrays_and_scalars_as_rows(load):
    assert load("[[1, 2], [3, 4]]", "t.json").columns == {"column_1": [1, 3], "column_2": [2, 4]}
    assert load("[1]\n[2]\n", "t.jsonl").columns == {"column_1": [1, 2]}
    assert load("[1, 2, 3]", "t.json").columns == {"value": [1, 2, 3]}


@pytest.mark.parametrize(
    ("cells", "expected", "values"),
    [
        ("1 -2 null", "integer", [1, -2, None]),
        ("9223372036854775807 1", "integer", [2**63 - 1, 1]),
        ("9223372036854775808 1", "text", ["9223372036854775808", "1"]),
        ("1.5 2", "number", [1.5, 2.0]),
        ("1e3 2.50", "number", [1000.0, 2.5]),
        ("0.30000000000000004 1", "number", [0.30000000000000004, 1.0]),
        ("0.12345678901234567890 1", "text", ["0.12345678901234567890", "1"]),
        ("9007199254740993 0.5", "text", ["9007199254740993", "0.5"]),
        ("1e999 1", "text", ["1E+999", "1"]),
        ("NaN 1", "number", [None, 1.0]),
        ("Infinity 1", "text", ["Infinity", "1"]),
        ("true false null", "boolean", [True, False, None]),
        ("true 1", "text", ["true", "1"]),
        ('"1" "2"', "text", ["1", "2"]),
        ('"00501" 501', "text", ["00501", "501"]),
        ('"yes" "no"', "text", ["yes", "no"]),
        ('"" "a"', "text", ["", "a"]),
        ("null null", "text", [None, None]),
        ('{"a":[1,2.50]} null', "text", ['{"a":[1,2.50]}', None]),
        ('[1,"ä"] "x"', "text", ['[1,"ä"]', "x"]),
        (r'"\ud83d\ude00" "a\u0000b"', "text", ["😀", "a\0b"]),
        (r'"\ud83d" "x"', "text", ["?", "x"]),
    ],
)
def test_typing_loses_nothing(load, cells, expected, values):
    lines = [f'{{"x":{cell}}}' for cell in cells.split(" ")]
    loaded = load("\n".join(lines), "t.jsonl")
    assert loaded.columns == {"x": values}
    assert loaded.types == {"x": expected}


def test_dates_are_found_and_what_misfits_late_is_not_lost(load):
    days = [{"d": f"2024-01-{n % 28 + 1:02}", "t": "2024-01-02T03:04:05Z"} for n in range(30_000)]
    loaded = load("\n".join(map(json.dumps, days)), "t.jsonl")
    assert loaded.types == {"d": "date", "t": "datetime"}
    days[-1]["d"] = "soon"
    days[7]["t"] = ""
    loaded = load("\n".join(map(json.dumps, days)), "t.jsonl")
    assert loaded.types == {"d": "text", "t": "datetime"}
    assert loaded.columns["d"][-1] == "soon"
    assert loaded.columns["t"][7] is None


def test_missing_members_are_missing_and_late_ones_new_columns(load):
    rows = [{"a": n} for n in range(25_000)] + [{"b": "x"}] * 25_000 + [{"a": 1, "c": 2.5}]
    loaded = load("\n".join(map(json.dumps, rows)), "t.jsonl")
    assert loaded.types == {"a": "integer", "b": "text", "c": "number"}
    assert loaded.rows[24_999] == (24_999, None, None)
    assert loaded.rows[25_000] == (None, "x", None)
    assert loaded.rows[-1] == (1, None, 2.5)


def test_broken_lines_are_reported_with_their_numbers(load):
    loaded = load('{"a":1}\n{"a":\n\nnot json\n{"a":2}{"a":3}\n{"a":4}\n', "t.jsonl")
    assert loaded.columns == {"a": [1, 4]}
    bad = loaded.report.bad_rows
    assert bad is not None
    assert (bad.count, [row.line for row in bad.first]) == (3, [2, 4, 5])
    assert bad.first[1].text == "not json"


@pytest.mark.parametrize(
    ("content", "filename", "words"),
    [
        ('[{"a":1},\n{"a":}]', "t.json", "Line 2 is no JSON"),
        ('[{"a":1},\n{"a":', "t.json", "ends on line 2 in the middle"),
        ('[{"a":1}\n{"a":2}]', "t.json", "Line 2 is no JSON"),
        ("[]", "t.json", "holds no rows"),
        ("{oops\n{oops", "t.jsonl", "Line 1 is no JSON, nor is any other"),
        ("[" * 100_000, "t.json", "Line 1 is no JSON|ends on line 1"),
    ],
)
def test_what_is_no_json_names_the_line(load, content, filename, words):
    with pytest.raises(UnreadableFile, match=words):
        load(content, filename)


def test_a_value_beyond_measure_is_refused(load, monkeypatch):
    monkeypatch.setattr(jsonvalues, "MAX_VALUE", 1 << 20)
    with pytest.raises(UnreadableFile, match="save one row per line"):
        load('{"a": ["' + "x" * (5 << 20) + '"]', "t.json")


def test_a_long_array_is_read_in_pieces(load, monkeypatch):
    monkeypatch.setattr(jsonvalues, "CHUNK", 7)
    rows = [{"n": n, "text": "é" * (n % 40), "x": n / 7} for n in range(300)]
    loaded = load(json.dumps(rows, indent=1, ensure_ascii=False), "t.json")
    assert loaded.columns["n"] == list(range(300))
    assert loaded.columns["x"] == [n / 7 for n in range(300)]
    numbers = load("[" + ",".join(map(str, range(2000))) + "]", "t.json")
    assert numbers.columns == {"value": list(range(2000))}


def test_told_by_its_beginning_where_the_name_says_nothing(load):
    assert load(LAYOUTS["lines"], "t.txt").columns == COLUMNS
    assert load("a,b\n1,2\n", "t.json").columns == {"a": [1], "b": [2]}
    assert load('{a},b\n{"x"},2\n', "t.csv").report.dialect.format == "csv"
    said = load(LAYOUTS["lines"], "t.jsonl", DialectOverride(format="csv", header_rows=0))
    assert said.report.dialect.format == "csv"


def test_encodings_and_archives(load):
    text = json.dumps([{"a": "é"}], ensure_ascii=False)
    for content in (
        text.encode("utf-8-sig"),
        text.encode("utf-16"),
        gzip.compress(text.encode()),
    ):
        assert load(content, "t.json.gz").columns == {"a": ["é"]}


def test_names_and_what_is_said_to_be_text(load):
    loaded = load(
        '[{"a": 1, "A": 2, "": 3}]', "t.json", DialectOverride(text_columns=["A_2", "column_3"])
    )
    assert loaded.columns == {"a": [1], "A_2": ["2"], "column_3": ["3"]}
    with pytest.raises(UnreadableFile, match="leave out delimiter"):
        load("[]", "t.json", DialectOverride(delimiter=";"))


def test_names_with_nul_or_half_a_character(load):
    lines = [r'{"a\u0000":1,"a":2,"\ud83d":3}', r'{"a\u0000":3,"a":4,"\ud83d":5}']
    loaded = load("\n".join(lines), "t.jsonl")
    assert loaded.columns == {"a�": [1, 3], "a": [2, 4], "?": [3, 5]}
