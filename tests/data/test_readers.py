"""The quick reader and the lenient one agree, and what does not fit is kept and reported."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leonidas_jupyter.data import ingest as module
from leonidas_jupyter.data import readers, rounds, typing_pass
from leonidas_jupyter.data.dialect import DialectOverride
from leonidas_jupyter.data.errors import UnreadableFile
from leonidas_jupyter.data.ingest import ingest

SAID = DialectOverride(
    encoding="utf-8", delimiter=",", quote='"', escape='"', comment="", skip_rows=0,
    header_rows=1, footer_rows=0, text_columns=["a", "b", "c"],
)  # fmt: skip

piece = st.sampled_from(["x", "1", '"', '""', ",", "\n", " ", "", "é", "\\", "'", "y z", '","'])
line = st.lists(piece, max_size=6).map("".join)
cell = st.sampled_from(["x", "1.5", "", '"q,r"', '"say ""hi"""', '"two\nlines"', " s", '""', "é"])
row = st.lists(cell, min_size=3, max_size=3).map(",".join)
nearly = st.lists(st.one_of(row, row, row, row, line), max_size=12)


def read(text: str, folder: str) -> tuple[list[dict[str, object]], int, bool]:
    import pyarrow.parquet as pq

    source, target = Path(folder) / "t.csv", Path(folder) / "t.parquet"
    source.write_text(text, encoding="utf-8", newline="")
    report = ingest(source, target, filename="t.csv", override=SAID, progress=lambda _: None)
    frame = pq.read_table(target)
    return frame.to_pylist(), frame.num_rows, report.bad_rows is not None


@settings(
    max_examples=25, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(nearly)
def test_both_readers_read_the_same(lines: list[str]) -> None:
    text = "\n".join(["a,b,c", "p,q,r", "s,t,u", "v,w,x", *lines]) + "\n"
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        quick = read(text, folder)
        patch.setattr(module, "duckdb_relation", lambda *_: None)
        assert read(text, folder) == quick


def test_short_rows_are_filled_and_reported(load):
    loaded = load("a,b,c\n1,2,3\n4,5\n6,7,8\n")
    assert loaded.rows[1] == (4, 5, None)
    bad = loaded.report.bad_rows
    assert bad is not None
    assert [(r.line, r.text, r.fields, r.expected) for r in bad.first] == [(3, "4,5", 2, 3)]


def test_long_rows_keep_what_fits_and_are_reported_whole(load):
    loaded = load("a,b\n1,2\n3,4,extra\n5,6\n7,8\n")
    assert loaded.rows[1] == (3, 4)
    bad = loaded.report.bad_rows
    assert bad is not None
    assert (bad.count, bad.first[0].text, bad.first[0].line) == (1, "3,4,extra", 3)


def test_a_surplus_delimiter_does_not_shift_a_row(load):
    text = (
        "name,n,day,note\n" + "x,1,2020-01-01,\n" * 5 + "y,,2,2020-01-02,\n" + ",z,3,2020-01-03,\n"
    )
    loaded = load(text)
    assert loaded.columns["n"][5:] == [2, 3]
    assert loaded.columns["name"][5:] == ["y", "z"]
    assert loaded.report.bad_rows.count == 2


def test_ten_bad_rows_are_shown_and_all_are_counted(load):
    loaded = load("a,b,c\n" + "1,2,3\n" * 50 + "9,9\n" * 30)
    assert loaded.report.bad_rows.count == 30
    assert len(loaded.report.bad_rows.first) == 10
    assert loaded.report.rows == 80


def test_line_numbers_count_lines_in_cells(load):
    loaded = load('title\n\na,b,c\n1,"x\ny",3\n' + "7,8,9\n" * 5 + "4,5\n")
    assert loaded.report.bad_rows.first[0].line == 11


def test_order_is_the_files(load):
    cells = [str((i * 7919) % 300_007) for i in range(300_000)]
    loaded = load("a,b\n" + "".join(f"{cell},k\n" for cell in cells))
    assert loaded.columns["a"] == [int(cell) for cell in cells]


def test_a_very_long_line_is_refused_with_its_number(load):
    with pytest.raises(UnreadableFile, match="Line 3 is longer"):
        load("a\n1\n" + "x" * (65 * 2**20) + "\n2\n")


def test_a_megabyte_in_a_cell(load):
    long = "x" * 3_000_000
    loaded = load(f'a,b\n1,"{long}"\n2,y\n')
    assert loaded.columns["b"] == [long, "y"]


def test_very_many_columns(load, monkeypatch):
    for user in (readers, typing_pass, rounds):
        monkeypatch.setattr(user, "WIDE", 50)
    width = 130
    lines = [",".join(f"col {i}" for i in range(width))]
    lines += [",".join(str(i * r) if i % 2 else f"w{r}" for i in range(width)) for r in range(3)]
    loaded = load("\n".join(lines) + "\n")
    assert loaded.report.columns == width
    assert loaded.columns["col 7"] == [0, 7, 14]
    assert loaded.types["col 8"] == "text"


def test_a_cell_of_many_lines_that_end_in_quotes_is_read_in_few_tries(load, monkeypatch):
    from leonidas_jupyter.data.tokens import Tokenizer

    tries = []
    original = Tokenizer.split

    def counted(self, text, *rest):
        tries.append(len(text))
        return original(self, text, *rest)

    monkeypatch.setattr(Tokenizer, "split", counted)
    said = 'she said, "yes"\n' * 300
    quoted = said.replace('"', '""')
    rows = "".join(f'{i},"{quoted}",{i}.5\n' for i in range(5))
    loaded = load("id,text,v\n" + rows)
    assert loaded.columns["text"] == [said] * 5
    assert sum(tries) < 400 * len(rows)


def test_quotes_doubled_after_a_delimiter_in_a_cell_of_lines_open_nothing(load):
    rows = "".join(f'{i},"one, ""two"", three\nfour, ""five""",{i}.5\n' for i in range(8))
    loaded = load("id,text,v\n" + rows + "# no row\n")
    assert loaded.report.bad_rows is None or loaded.report.bad_rows.count == 1
    assert loaded.columns["text"][:8] == ['one, "two", three\nfour, "five"'] * 8
