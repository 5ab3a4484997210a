"""Files and dialects made to break the reader: read rightly, or refused in a sentence."""

import csv
import io

import pytest

from leonidas_jupyter.data.dialect import DialectOverride
from leonidas_jupyter.data.errors import UnreadableFile
from leonidas_jupyter.data.ingest import ingest


@pytest.fixture
def read(tmp_path):
    """Reads bytes; answers the report."""

    def read(content, **said):
        source = tmp_path / "f.csv"
        source.write_bytes(content)
        override = DialectOverride(**said) if said else None
        target = tmp_path / "frame.parquet"
        return ingest(source, target, filename="f.csv", override=override, progress=lambda _: None)

    return read


@pytest.mark.parametrize("digits", [4301, 100_000])
def test_a_number_of_thousands_of_digits_is_text(read, digits):
    report = read(b"a\n" + b"9" * digits + b"\n1\n2\n")
    assert report.profile.rows == 3
    assert report.profile.columns[0].type == "text"


@pytest.mark.parametrize(
    "encoding",
    ["rot13", "zlib", "hex", "base64", "bz2", "quopri", "uu", "idna", "undefined", "a\0b", "../x"],
)
def test_codecs_that_are_no_encodings_are_named(read, encoding):
    with pytest.raises(UnreadableFile, match="There is no encoding called"):
        read(b"a,b\n1,2\n", encoding=encoding)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_file_in_another_encoding_than_said_is_named(read, encoding):
    with pytest.raises(UnreadableFile, match="The file is not in"):
        read(b"a,b\n1,2\n", encoding=encoding)


@pytest.mark.parametrize("quote", ["0", "\\", "(", "]", "^"])
def test_any_character_may_be_the_quote(read, quote):
    assert read(b"a,b\nx,y\n", quote=quote).profile.rows == 1


def test_a_line_of_a_quoted_cell_that_begins_like_a_comment_is_none(read):
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(["id", "body", "who"])
    for number in range(40):
        writer.writerow([number, "words\n# A heading\n\nmore, words", "ann"])
    report = read(lines.getvalue().encode())
    assert [column.name for column in report.profile.columns] == ["id", "body", "who"]
    assert report.profile.rows == 40


HEADINGS = [
    "<img src=x onerror=alert(1)>",
    "</details><script>alert(1)</script>",
    "a`b``c",
    'it\'s "quoted"',
    'x"; DROP TABLE sales; --',
    "![i](http://evil.example/x.png)",
    "n" * 200,
    "/*",
]


def test_columns_of_any_name_are_read_and_can_be_quoted(read, tmp_path):
    import duckdb

    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(HEADINGS)
    writer.writerows([range(len(HEADINGS))] * 3)
    names = [column.name for column in read(lines.getvalue().encode()).profile.columns]
    assert names == HEADINGS
    for place, name in enumerate(names):
        quoted = '"' + name.replace('"', '""') + '"'
        frame = duckdb.read_parquet(str(tmp_path / "frame.parquet"))
        assert frame.aggregate(f"max({quoted})").fetchall() == [(place,)]
