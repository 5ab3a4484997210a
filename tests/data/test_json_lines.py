"""Lines of JSON decoded many at a time are what each of them is when decoded by itself."""

import io
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leonidas_jupyter.data import jsonlines
from leonidas_jupyter.data.errors import UnreadableFile
from leonidas_jupyter.data.jsonflat import FlatRows, flat_rows
from leonidas_jupyter.data.jsonlines import values_of_lines
from leonidas_jupyter.data.jsonvalues import BETWEEN, BROKEN, BrokenLines, value_of
from leonidas_jupyter.data.readers import REPORTED

WRITTEN = (
    "0 -0 7 0.5 -0.0 1.50 1e3 1E-05 1e400 0.0000001 9223372036854775808 NaN -Infinity "
    "0.12345678901234567890 1e9999999999999999999 01 1. .5 +1"
)
NUMBERS = st.sampled_from(WRITTEN.split())
TEXTS = st.text(st.sampled_from('a"\\{}[],: é😀\ud83d\x01'), max_size=6)
SCALARS = NUMBERS | st.sampled_from(["null", "true", "false"]) | TEXTS.map(json.dumps)
NESTED = SCALARS | st.lists(SCALARS, max_size=2).map(lambda cells: f"[{','.join(cells)}]")
MEMBERS = st.tuples(st.sampled_from(["a", "b", '"', "é"]), NESTED)


def _object(members: list[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{json.dumps(name)}: {cell}" for name, cell in members) + "}"


OBJECTS = st.lists(MEMBERS, max_size=4).map(_object)
ODD = st.sampled_from(
    ["", "  ", "oops", '{"a":[1', "2]}", '{"a":1},', '{"a":1},,', '{"a":1},{"b":2}', '{"a":1}{}',
     "1],[1", "]", "[" * 5000, '{"a":"', '"}', '\x1e{"a":1}', '\ufeff{"a":1}', "5",
     "nul", "9" * 5000]
)  # fmt: skip
LINES = st.lists(OBJECTS | OBJECTS | OBJECTS | ODD | NESTED, max_size=40)


def one_by_one(lines: list[str]) -> tuple[list[object], list[int]]:
    values, broken = [], []
    for number, line in enumerate(lines, 1):
        if line.strip(BETWEEN):
            try:
                values.append(value_of(line))
            except BROKEN:
                broken.append(number)
    return values, broken


def together(text: str) -> tuple[list[object], BrokenLines]:
    broken = BrokenLines()
    handle = io.TextIOWrapper(io.BytesIO(text.encode("utf-8", "replace")), "utf-8", newline="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonlines, "TRIES", 0)
        groups = list(values_of_lines(handle, broken))
    assert not any(isinstance(group, FlatRows) for group in groups)
    return [value for values in groups for value in values], broken


@given(lines=LINES, end=st.sampled_from(["\n", "\r\n"]), last=st.booleans())
@pytest.mark.parametrize("chunk", [1 << 21, 50])
def test_each_line_is_its_own_value(lines, end, last, chunk):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonlines, "CHUNK", chunk)
        values, broken = together(end.join(lines) + (end if last else ""))
    plain = [line.encode("utf-8", "replace").decode() for line in lines]
    expected, numbers = one_by_one(plain)
    assert repr(values) == repr(expected)
    assert broken.count == len(numbers)
    assert [number for number, _ in broken.first or []] == numbers[:REPORTED]


def test_a_word_between_the_lines_cannot_be_swallowed(monkeypatch):
    monkeypatch.setattr(jsonlines.secrets, "token_hex", lambda _: "word")
    values, broken = together('{"a":[1\n2]}\n{"b":1},{"c":1}\n{"d":1}\n')
    assert (values, broken.count) == ([{"d": 1}], 3)
    values, broken = together('[\n]\n1,"word",2\n')
    assert (values, broken.count) == ([], 3)


def test_lines_too_long_are_named_wherever_they_are_cut(monkeypatch):
    monkeypatch.setattr(jsonlines, "MAX_LINE", 100)
    for chunk in (7, 99, 100, 101):
        monkeypatch.setattr(jsonlines, "CHUNK", chunk)
        fits = json.dumps({"a": "x" * 90})[:-2] + '"}'
        assert len(fits) == 99
        assert len(together(f"{fits}\n{fits}\n")[0]) == 2
        for text in (f"1\n{fits} \n2\n", "1\n" + fits + "  "):
            with pytest.raises(UnreadableFile, match="Line 2 is longer"):
                together(text)


def test_few_broken_lines_among_many(load):
    lines = [json.dumps({"n": n, "x": n / 8}) for n in range(30_000)]
    for number in (0, 9_999, 10_000, 29_999):
        lines[number] = lines[number][:-1]
    loaded = load("\n".join(lines), "t.jsonl")
    assert loaded.report.rows == 29_996
    bad = loaded.report.bad_rows
    assert (bad.count, [row.line for row in bad.first]) == (4, [1, 10_000, 10_001, 30_000])


MIXED = (
    "null 1 -7 2.5 12.50 -0.0 1e3 1E-7 0.0000001 123456789.123456 0.30000000000000004 NaN "
    "9007199254740992 9223372036854775807 true"
)
CELLS = st.sampled_from(MIXED.split())


def _expected(cell: str) -> str | None:
    """What a column of text holds of a cell."""
    if cell in ("null", "NaN"):
        return None
    return cell if cell == "true" else str(Decimal(cell))


@given(cells=st.lists(CELLS, min_size=2, max_size=30))
def test_cells_of_mixed_kinds_keep_their_digits(tmp_path_factory, cells):
    from leonidas_jupyter.data.jsoncolumns import JsonColumns

    columns = JsonColumns(tmp_path_factory.mktemp("cells"))
    lines = [f'{{"x":{cell}}}' for cell in cells]
    values, _ = together("\n".join(lines))
    columns.expect(values)
    columns.add(values[:1])
    columns.add(values[1:])
    import pyarrow.parquet as pq

    written = pq.read_table(columns.finish())["c0"].to_pylist()
    assert written == [_expected(cell) for cell in cells]
    sql_type = columns.values()[0].sql_type
    numbers = [Decimal(cell) for cell in cells if cell not in ("null", "NaN", "true")]
    if sql_type == "DOUBLE":
        assert all(Decimal(repr(float(number))) == number for number in numbers)
    if sql_type in ("DOUBLE", "BIGINT"):
        assert "true" not in cells


def test_numbers_beyond_measure_stay_as_written(load):
    loaded = load(
        '{"x":1e9999999999999999999,"y":[0.10,1E-99999999999999999999]}\n{"x":1}', "t.jsonl"
    )
    assert loaded.report.bad_rows is None
    assert loaded.columns["x"] == ["1e9999999999999999999", "1"]
    assert loaded.columns["y"] == ["[0.10,1E-99999999999999999999]", None]


FLAT = [
    '{"a": 1, "b": "x", "c": null}',
    '{"a": 2.50, "b": "", "c": true}',
    '{"a": -3, "b": "é", "c": null}',
]


def flat(lines, end="\n"):
    return flat_rows(end.join(lines) + end)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("change", [str, lambda line: line.replace(", ", ",").replace(": ", ":")])
def test_lines_built_alike_become_columns_at_once(end, change):
    rows = flat([change(line) for line in FLAT], end)
    assert rows.names == ["a", "b", "c"]
    assert [texts.to_pylist() for texts in rows.texts] == [
        ["1", "2.50", "-3"],
        ["x", "", "é"],
        [None, "true", None],
    ]
    assert rows.kinds == [{int, bytes}, {str}, {bool}]
    assert rows.part(1, 2).texts[0].to_pylist() == ["2.50", "-3"]


@pytest.mark.parametrize(
    "odd",
    [
        '{"a": 1, "b": "x", "d": null}',
        '{"b": "x", "a": 1, "c": null}',
        '{"a": 1, "b": "x"}',
        '{"a": 1, "b": "x", "c": null, "c": 2}',
        '{"a": 1,  "b": "x", "c": null}',
        "",
        '{"a":1, "b": "x", "c": null}',
        '{"a": 1, "b": "x" , "c": null}',
        '{"a": 1, "b": "x", "c": nul}',
        ' {"a": 1, "b": "x", "c": null}',
        '{"a": 1, "b": "x", "c": null} ',
        '{"a": 1, "b": "x", "c": nulll}',
        '{"a": 1, "b": "x", "c": null},',
        '{"a": 1, "b": "x", "c": [1]}',
        '{"a": 1, "b": "x", "c": {}}',
        '{"a": -0, "b": "x", "c": null}',
        '{"a": 01, "b": "x", "c": null}',
        '{"a": 1., "b": "x", "c": null}',
        '{"a": "1", "b": "x", "c": null}',
        '{"a": 1, "b": 5, "c": null}',
        '{"a": 1, "b": "x", "c": 1}',
        '{"a": 9223372036854775808, "b": "x", "c": null}',
        '{"a": NaN, "b": "x", "c": null}',
        '{"a": 1, "b": "x""y", "c": null}',
        '{"a": 1, "b": "x": "y", "c": null}',
        '{"a": 1, "b": "x", "c": }',
        '{"a": 1, "b": "\\u0041", "c": null}',
        '{"a": 1 2, "b": "x", "c": null}',
        '{"a": 1, "b": x, "c": null}',
        '{"a": 1, "b": "x", "c": null',
        '"a": 1, "b": "x", "c": null}',
        '{"a": 1, "b": "x, "c": null}',
        '{"a": 1; "b": "x", "c": null}',
        '{"a": 1, "b": "x", "c": nu}l',
        '{"a": 1, "b": "x", "c": tru}',
    ],
)
def test_a_line_built_otherwise_is_left_to_the_decoder(odd):
    for place in range(4):
        assert flat([*FLAT[:place], odd, *FLAT[place:]]) is None


PIECES = st.sampled_from(
    [
        '"',
        ":",
        ",",
        " ",
        "{",
        "}",
        "1",
        "-0",
        "1.5",
        "null",
        '"x"',
        '"a"',
        "\r",
        "\\",
        "[",
        "é",
        "e5",
    ]
)


@given(
    template=st.lists(SCALARS | st.just('"x"'), min_size=1, max_size=3),
    count=st.integers(1, 4),
    spoil=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 3), PIECES), max_size=2),
)
def test_what_is_read_as_columns_is_what_the_decoder_reads(template, count, spoil):
    line = _object(list(zip("abc", template, strict=False))) + "\n"
    text = line * count
    for at, gone, piece in spoil:
        text = text[:at] + piece + text[at + gone :]
    text = text.encode("utf-8", "replace").decode()
    rows = flat_rows(text if text.endswith("\n") else text + "\n")
    if rows is None:
        return
    values, broken = together(text)
    assert not broken.count
    assert all(list(value) == rows.names for value in values)
    for name, texts, kinds in zip(rows.names, rows.texts, rows.kinds, strict=True):
        cells = [value[name] for value in values]
        assert kinds == set(map(type, cells)) - {type(None)}
        assert texts.to_pylist() == [None if cell is None else _written(cell) for cell in cells]


def _written(cell: object) -> str:
    if isinstance(cell, bytes):
        return cell.decode()
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


def test_the_frame_is_the_same_whether_lines_are_alike_or_not(load, monkeypatch):
    lines = [
        json.dumps(
            {
                "id": n,
                "x": n / 7,
                "s": f"t {n % 50}",
                "d": f"2024-01-{n % 28 + 1:02}",
                "b": None if n % 3 else True,
            }
        )
        for n in range(3000)
    ]
    lines[2000] = lines[2000].replace('"s":', '"late":')
    lines += ["{oops"] * 2
    monkeypatch.setattr(jsonlines, "CHUNK", 5000)
    found = []
    for tries in (0, 1000):
        monkeypatch.setattr(jsonlines, "TRIES", tries)
        loaded = load("\n".join(lines), "t.jsonl")
        report = loaded.report.model_dump(exclude={"frame_size", "frame_sha256"})
        found.append((loaded.columns, loaded.types, report))
    assert found[0] == found[1]
    assert found[0][1] == {
        "id": "integer",
        "x": "number",
        "s": "text",
        "d": "date",
        "b": "boolean",
        "late": "text",
    }
