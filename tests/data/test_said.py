"""What a reading leaves out, fills in or decides is said in the dialect."""

import gzip

import pytest

from leonidas_jupyter.data.dialect import DialectOverride
from leonidas_jupyter.data.errors import UnreadableFile

ROWS = "".join(f"{i},word{i % 7},{i % 5}.5\n" for i in range(50))


def said(loaded, part: str) -> bool:
    return any(part in sentence for sentence in loaded.report.dialect.assumed)


@pytest.mark.parametrize("count", [1, 3])
def test_empty_rows_at_the_end(load, count):
    loaded = load("a,b,c\n" + ROWS + ",,\n" * count)
    assert loaded.report.rows == 50
    assert said(loaded, f"Empty rows at the end are left out: {count}.")


def test_blank_lines_amid_a_single_column(load):
    loaded = load("x\n1\n\n3\n\n\n4\n\n")
    assert loaded.columns["x"] == [1, 3, 4]
    assert said(loaded, "Blank lines between the rows are left out: 3.")


def test_blank_lines_at_the_end_of_a_single_column_are_not_worth_a_word(load):
    assert load("x\n1\n2\n\n\n").report.dialect.assumed == []


def test_empty_quoted_cells_at_the_end_of_a_single_column_are_rows(load):
    loaded = load('x\n"1"\n"2"\n""\n""\n')
    assert loaded.columns["x"] == [1, 2, None, None]


def test_quotes_and_escapes_out_of_the_ordinary(load):
    single = "".join(f"{i},'a, {i}'\n" for i in range(9))
    assert said(load("k,v\n" + single), "quoted by '")
    escaped = "".join(f'{i},"a \\"{i}\\", b"\n' for i in range(9))
    assert said(load("k,v\n" + escaped), "A backslash before a quote")


def test_comment_lines_are_counted(load):
    lines = ROWS.splitlines(keepends=True)
    loaded = load("a,b,c\n" + "".join([*lines[:9], "# one\n", *lines[9:], "# two\n"]))
    assert loaded.report.rows == 50
    assert said(loaded, "Lines that begin with # are left out: 2.")


def test_a_whole_row_that_begins_like_a_comment_is_a_row(load):
    rows = [f"{i},word{i % 7},{i % 5}.5" for i in range(3000)]
    rows[20:20] = ["# a comment"]
    rows.append("#17,word,1.5")
    loaded = load("a,b,c\n" + "\n".join(rows) + "\n")
    assert loaded.report.rows == 3001
    assert loaded.rows[-1] == ("#17", "word", 1.5)


def test_a_person_s_comment_sign_holds_for_whole_rows(load):
    loaded = load("a,b\n1,2\n#3,4\n5,6\n", override=DialectOverride(comment="#"))
    assert loaded.columns["a"] == [1, 5]


def test_quotes_left_open(load):
    loaded = load('x\nfine\n"never closed\nmore\n')
    assert loaded.report.rows == 3
    assert said(loaded, "a quote that opens a cell and is not closed")


def test_bytes_that_do_not_fit_the_encoding(load):
    loaded = load("a,b\n1,é\n2,x\n".encode("cp1252"), override=DialectOverride(encoding="utf-8"))
    assert said(loaded, "cannot be read as utf-8 are replaced by �: 1.")
    damaged = "a,b\n1,x\n2,y\n".encode("utf-16-le").replace(b"x\0", b"\0\xd8")
    loaded = load(b"\xff\xfe" + damaged)
    assert said(loaded, "cannot be read as utf-16-le are replaced by �: 1.")


def test_two_digit_years(load):
    loaded = load("a,d\n1,31/12/68\n2,13/01/69\n")
    assert [day.year for day in loaded.columns["d"]] == [2068, 1969]
    assert said(loaded, "years of “d” have two digits: 69 to 99 are read as 19xx")


def test_plain_numbers_that_could_be_grouped(load):
    loaded = load("town;people\nA;1.234\nB;12.345\nC;7.501\n")
    assert said(loaded, "“people” could separate thousands or decimals; read as decimal mark")
    other = load("town;people;share\nA;1.234;1,5\nB;12.345;2,25\nC;7.501;3,75\n")
    assert other.columns["people"] == [1234, 12345, 7501]
    assert said(other, "“people” could separate thousands or decimals; read as thousands mark")


def test_a_header_of_numbers(load):
    loaded = load("2001,2002,2003\n4,5,6\n7,8,9\n")
    assert loaded.names == ["2001", "2002", "2003"]
    assert said(loaded, "first row holds numbers only")


def test_a_header_that_is_too_short(load):
    assert said(load("a,b\n1,2,\n3,4,\n"), "The header names 2 of 3 columns")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("inner", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("odd", [False, True])
def test_line_ends_within_cells_stay_as_they_are(load, newline, inner, odd):
    rows = [f'{i},"a{inner}b {i}"' for i in range(40)] + ['x,"y""z"' if odd else "8,9"]
    loaded = load(newline.join(["k,v", *rows, ""]))
    assert loaded.report.rows == 41
    assert loaded.columns["v"][:40] == [f"a{inner}b {i}" for i in range(40)]


def test_line_ends_within_cells_stay_where_rows_end_in_all_ways(load):
    ends = ["\n", "\r\n", "\r"]
    rows = [f'{i},"a{ends[i // 3 % 3]}b"{ends[i % 3]}' for i in range(36)]
    loaded = load("k,v\n" + "".join(rows))
    assert loaded.columns["v"] == [f"a{ends[i // 3 % 3]}b" for i in range(36)]


def test_a_wide_header_alone(load):
    loaded = load(",".join(f"c{i}" for i in range(1200)) + "\n")
    assert (loaded.report.rows, loaded.report.columns) == (0, 1200)


def test_a_damaged_gzip_file_is_named(load):
    packed = bytearray(gzip.compress(ROWS.encode() * 20))
    packed[20:40] = b"\xff" * 20
    with pytest.raises(UnreadableFile, match="gzip archive is damaged"):
        load(bytes(packed))


def test_an_error_of_a_sheet_in_the_first_cell_is_no_comment(load):
    loaded = load("x,b,c\n1,p,2\n# a note\n#N/A,q,3\n4,r,5\n# more\n6,s,7\n8,t,9\n")
    assert loaded.columns["x"] == [1, None, 4, 6, 8]
    assert said(loaded, "Lines that begin with # are left out: 2.")
