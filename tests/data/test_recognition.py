import bz2
import gzip
import io
import lzma
import zipfile

import pytest

from leonidas_jupyter.data.dialect import DialectOverride, recognise
from leonidas_jupyter.data.errors import UnreadableFile

TABLE = "name,city,amount\nAnn,Köln,1.5\nBob,Zürich,2.25\nEve,Łódź,3\n"
ROWS = [("Ann", "Köln", 1.5), ("Bob", "Zürich", 2.25), ("Eve", "Łódź", 3.0)]


@pytest.mark.parametrize(
    ("codec", "name"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-16-le", "utf-16-le"),
        ("utf-32", "utf-32-le"),
        ("utf-32-be", "utf-32-be"),
    ],
)
def test_unicode_encodings(load, codec, name):
    loaded = load(TABLE.encode(codec))
    assert loaded.report.dialect.encoding == name
    assert loaded.rows == ROWS
    assert loaded.names == ["name", "city", "amount"]


@pytest.mark.parametrize(
    ("codec", "name", "word"),
    [
        ("cp1252", "cp1252", "Café Müller – “Größe” 5 €"),
        ("cp1251", "cp1251", "Москва и область, центральный рынок"),
        ("shift_jis", "shift_jis", "東京都の人口と世帯数のデータ"),
        ("gb18030", "gb18030", "北京市的人口数据和经济统计"),
        ("euc_kr", "euc_kr", "서울특별시 인구와 경제 통계 자료"),
        ("big5", "big5", "臺北市的人口與經濟統計資料"),
    ],
)
def test_encodings_without_a_mark(load, codec, name, word):
    text = "id;text\n" + "".join(f"{i};{word} {i}\n" for i in range(20))
    loaded = load(text.encode(codec))
    assert loaded.report.dialect.encoding == name
    assert loaded.columns["text"][3] == f"{word} 3"
    assert any(name in line for line in loaded.report.dialect.assumed)


def test_a_byte_late_in_the_file_changes_the_encoding(load):
    rows = [b"%d,plain" % i for i in range(60_000)]
    rows[55_000] = b"55000,caf\xe9"
    loaded = load(b"id,text\n" + b"\n".join(rows) + b"\n")
    assert loaded.report.dialect.encoding == "cp1252"
    assert loaded.columns["text"][55_000] == "café"


def test_a_few_broken_bytes_in_utf8_are_replaced_and_said(load):
    text = "id,text\n" + "".join(f"{i},Žluťoučký kůň\n" for i in range(50))
    loaded = load(text.encode() + b"50,bro\xffken\n")
    assert loaded.report.dialect.encoding == "utf-8"
    assert loaded.columns["text"][50] == "bro�ken"
    assert any("replaced" in line for line in loaded.report.dialect.assumed)


def test_windows_signs_behind_c1_controls(load):
    loaded = load("id,text\n1,\x91quoted\x92\n2,b\n")
    assert loaded.columns["text"][0] == "\u2018quoted\u2019"
    assert any("Windows-1252" in line for line in loaded.report.dialect.assumed)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "~", "||"])
def test_delimiters(load, delimiter):
    rows = ["name", "date", "amount"], ["Ann Lee", "2020-01-05", "1.5"], ["Bob", "2020-02-01", "2"]
    loaded = load("".join(delimiter.join(row) + "\n" for row in rows))
    assert loaded.report.dialect.delimiter == delimiter
    assert loaded.columns["amount"] == [1.5, 2.0]


def test_spaces_as_delimiter(load):
    loaded = load("x y z w\n1 2 3 4\n5 6 7 8\n9 10 11 12\n")
    assert loaded.rows == [(1, 2, 3, 4), (5, 6, 7, 8), (9, 10, 11, 12)]


@pytest.mark.parametrize(
    "lines",
    [
        ["name", "Ann Lee", "Bob Stone", "Eve Moss"],
        ["quote", "To be, or not to be", "Well", "Once more, unto the breach, dear friends"],
        ["at", "10:00", "11:30", "12:45"],
    ],
)
def test_one_column_stays_one(load, lines):
    loaded = load("\n".join(lines) + "\n")
    assert loaded.names == [lines[0]]
    assert loaded.report.rows == len(lines) - 1


def test_decimal_commas_do_not_split(load):
    loaded = load("a;b\n1,5;2,5\n3,25;4,75\n")
    assert loaded.rows == [(1.5, 2.5), (3.25, 4.75)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(load, end):
    loaded = load(f'a,b{end}1,"x{end}y"{end}2,z{end}')
    assert loaded.report.dialect.newline == end
    assert loaded.columns["a"] == [1, 2]
    assert loaded.columns["b"][0] in (f"x{end}y", "x\ny")


def test_mixed_line_ends(load):
    assert load("a,b\r\n1,x\n2,y\r3,z\r4,w\n").columns["a"] == [1, 2, 3, 4]


def test_quotes_and_escapes(load):
    loaded = load('a,b\n"x, ""y""",1\n"line\nbreak",2\n')
    assert loaded.columns["a"] == ['x, "y"', "line\nbreak"]
    loaded = load('a,b\n"x, \\"y\\"",1\n"C:\\\\dir \\"z\\" w",2\n')
    assert loaded.columns["a"] == ['x, "y"', 'C:\\dir "z" w']
    loaded = load("a,b\n'x, y',1\n'z, w',2\n")
    assert loaded.columns["a"] == ["x, y", "z, w"]
    loaded = load('a, b\n"x, y", 1\n"z, w", 2\n')
    assert (loaded.names, loaded.columns["a"]) == (["a", "b"], ["x, y", "z, w"])


def test_an_unclosed_quote_costs_one_cell_only(load):
    rows = "".join(f'{i},"text {i}",{i * 2}\n' for i in range(40))
    loaded = load("id,text,n\n" + rows + '40,"open,80\n' + rows)
    assert loaded.report.rows == 81
    assert loaded.columns["text"][40] == '"open'


def test_an_odd_quote_in_the_header_hides_no_row(load):
    loaded = load('id,"text,n\n' + "".join(f"{i},t{i},{i}\n" for i in range(50)))
    assert loaded.names == ["id", '"text', "n"]
    assert loaded.report.rows == 50


def test_preamble_and_notes_are_left_out_and_said(load):
    loaded = load(
        "Sales report\nPrinted 2020-05-05\n\nname,qty,price\nA,1,2.5\nB,2,3.5\nC,3,4.5\n"
        "\nSource: the shop's own figures,,\n,,\n"
    )
    assert loaded.names == ["name", "qty", "price"]
    assert loaded.columns["qty"] == [1, 2, 3]
    assert (loaded.report.dialect.skip_rows, loaded.report.dialect.footer_rows) == (3, 2)
    assert sum("not part of" in s or "is left out" in s for s in loaded.report.dialect.assumed) == 2


def test_notes_at_the_end_of_a_large_file(load):
    rows = "".join(f"name {i},{i},{i / 4}\n" for i in range(40_000))
    loaded = load("name,qty,price\n" + rows + "Source: the shop's own figures and estimates,,\n")
    assert loaded.report.rows == 40_000
    assert loaded.types["qty"] == "integer"


def test_a_total_is_kept_and_said(load):
    loaded = load("name,qty\nA,1\nB,2\nC,3\nTotal,6\n")
    assert loaded.columns["qty"] == [1, 2, 3, 6]
    assert any("total" in line for line in loaded.report.dialect.assumed)


def test_comments(load):
    loaded = load("# made by hand\na,b\n1,2\n# a remark\n3,4\n")
    assert loaded.rows == [(1, 2), (3, 4)]
    assert loaded.report.dialect.comment == "#"
    loaded = load("colour,n\n#ff0000,1\n#00ff00,2\n")
    assert loaded.columns["colour"] == ["#ff0000", "#00ff00"]


def test_no_header(load):
    loaded = load("Ann,1,2020-01-01\nBob,2,2020-01-02\nEve,3,2020-01-03\n")
    assert loaded.names == ["column_1", "column_2", "column_3"]
    assert loaded.report.rows == 3
    assert loaded.report.dialect.header_rows == 0


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a,A,,a\n1,2,3,4\n5,6,7,8\n", ["a", "A_2", "column_3", "a_3"]),
        ("x,x_2,x\n1,2,3\n4,5,6\n", ["x", "x_2", "x_3"]),
        ("country,2019,2020,2021\nA,1.5,2,3\nB,4.5,5,6\n", ["country", "2019", "2020", "2021"]),
        ("country,2019,2020,2021\nA,1.5,2,\nB,4.5,5,\n", ["country", "2019", "2020", "2021"]),
        ("one,,two,\nX,Y,X,Y\n1,2,3,4\n5,6,7,8\n", ["one X", "one Y", "two X", "two Y"]),
        ("time,speed\ns,km/h\n1,2\n3,4\n", ["time s", "speed km/h"]),
        ("a,b\na,b\n1,2\n3,4\n", ["a", "b"]),
        (" a ,b\n1,2\n", ["a", "b"]),
        ('"a","b"\n"r1",1,2\n"r2",3,4\n', ["column_1", "a", "b"]),
        ("name,role\nAnn,chief\nBob,clerk\nEve,clerk\n", ["name", "role"]),
    ],
)  # fmt: skip
def test_headers(load, text, names):
    assert load(text).names == names


def test_original_names_are_kept(load):
    profile = load("x,x\n1,2\n").report.profile
    assert [(c.name, c.original_name) for c in profile.columns] == [("x", "x"), ("x_2", "x")]


def test_only_a_header(load):
    loaded = load("a,b\n")
    assert (loaded.names, loaded.report.rows) == (["a", "b"], 0)


def test_blank_lines_are_no_rows(load):
    assert load("a,b\n\n1,2\n\n\n3,4\n").report.rows == 2


def pack_zip(content: bytes, *names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return buffer.getvalue()


def pack_zstd(content: bytes) -> bytes:
    import pyarrow as pa

    return pa.Codec("zstd").compress(content, asbytes=True)


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("gzip", gzip.compress),
        ("xz", lzma.compress),
        ("bzip2", bz2.compress),
        ("zstd", pack_zstd),
        ("zip", lambda content: pack_zip(content, "data/t.csv", "__MACOSX/t.csv", ".hidden")),
    ],
)
def test_compressed_files(load, name, pack):
    loaded = load(pack(TABLE.encode()))
    assert loaded.report.dialect.compression == name
    assert loaded.rows == ROWS


def test_a_person_overrides_what_is_recognised(load):
    text = "x;y\n1,5;2\n2,5;3\n"
    loaded = load(text, override=DialectOverride(delimiter=",", header_rows=0))
    assert loaded.names == ["column_1", "column_2"]
    assert loaded.rows == [(1, "5;2"), (2, "5;3")]
    loaded = load("skip\nskip\na,b\n1,2\n", override=DialectOverride(skip_rows=2))
    assert loaded.rows == [(1, 2)]
    loaded = load("a,b\n1,2\n3,4\n", override=DialectOverride(footer_rows=1))
    assert loaded.rows == [(1, 2)]
    loaded = load("a,b\n1,é\n".encode("cp1250"), override=DialectOverride(encoding="cp1250"))
    assert loaded.rows == [(1, "é")]


def test_recognise_alone(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a;b\n1;2\n")
    assert recognise(path, filename="t.csv").delimiter == ";"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty"),
        (b"\n\n  \n", "only blank lines"),
        (b"a,b\n1,\x002\n", "Line 2 holds a NUL"),
        (bytes(range(256)) * 40, "binary"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 50, "PNG"),
        (b"PAR1" + b"x" * 50, "Parquet"),
        (b"%PDF-1.7\n" + b"x" * 50, "PDF"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-6], "damaged"),
        (gzip.compress(b"", mtime=0), "empty"),
        (gzip.compress(b"%PDF-1.7 xxxxxxxxxxxxxxxxx", mtime=0), "PDF"),
        (pack_zip(b"a,b\n1,2\n", "a.csv", "b.csv"), "holds 2 files"),
        (pack_zip(b"<x/>", "[Content_Types].xml", "xl/workbook.xml"), "Excel"),
    ],
)
def test_what_cannot_be_read_says_why(load, content, words):
    with pytest.raises(UnreadableFile, match=words) as caught:
        load(content)
    assert caught.value.sentence.endswith(".")


def test_a_bomb_is_not_unpacked(load, tmp_path):
    bomb = gzip.compress(b"0" * (100 * 1024 * 1024), 9)
    with pytest.raises(UnreadableFile, match="times its size"):
        load(bomb)
    assert sum(f.stat().st_size for f in tmp_path.rglob("*")) < 2 * len(bomb)


def test_an_unknown_encoding_is_said(load):
    with pytest.raises(UnreadableFile, match="no encoding called klingon"):
        load("a,b\n1,2\n", override=DialectOverride(encoding="klingon"))


def test_a_file_of_comments_only(load):
    with pytest.raises(UnreadableFile, match="only comments"):
        load("# one\n# two\n", override=DialectOverride(comment="#"))


def test_a_line_without_end(load):
    with pytest.raises(UnreadableFile, match="Line 1 is longer than"):
        load(b"x" * (17 * 1024 * 1024))


def test_too_many_columns(load):
    header = ",".join(f"c{i}" for i in range(60_000))
    row = ",".join("1" for _ in range(60_000))
    with pytest.raises(UnreadableFile, match="60,000 columns"):
        load(f"{header}\n{row}\n{row}\n")


@pytest.mark.parametrize(
    "text",
    [
        "Ann,3,4\nBob,5,9\nCy,6,2\nDi,8,8\nEd,7,1\n",
        "N/A;2;x7\n15:41;39;y8\n00:43;74;z1\n10:43;74;z2\n",
        "x||NULL||p\ny||7665||q\nx||46175||r\nz||5333||s\ny||12||t\n",
    ],
)
def test_a_first_row_of_values_is_no_header(load, text):
    loaded = load(text)
    assert loaded.report.rows == text.count("\n")
    assert loaded.names[0] == "column_1"


def test_a_first_row_of_one_value_is_no_title(load):
    loaded = load(';1 504\n"u40@example.org";20\n"u50@example.org";2\n"u78@example.org";96\n')
    assert loaded.columns["column_2"] == [1504, 20, 2, 96]


def test_lines_above_the_table_may_end_in_another_way_than_it_does(load):
    loaded = load(b"title\r\n2024\n\r\na|b\r\n1|x\n2|y\r\n3|z\r\n")
    assert loaded.rows == [(1, "x"), (2, "y"), (3, "z")]


def test_quotes_that_belong_to_cells_do_not_speak_against_a_delimiter(load):
    rows = "".join(f'"{{""a"": {i}, ""b"": [1, 2]}}"\t0{i}2\n' for i in range(3))
    loaded = load("A title\njson\tcode\n" + rows)
    assert loaded.columns == {
        "json": [f'{{"a": {i}, "b": [1, 2]}}' for i in range(3)],
        "code": ["002", "012", "022"],
    }


def test_a_space_after_delimiters_is_found_beside_quoted_cells(load):
    loaded = load('a; b; c\nx; "p; q"; 9-11\ny; "r; s"; 6-15\nz; "t; u"; 3-17\n')
    assert loaded.names == ["a", "b", "c"]
    assert loaded.columns["c"] == ["9-11", "6-15", "3-17"]
