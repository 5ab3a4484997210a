"""Tables below one another, headers that come again, and rows brought to the table's width."""

import pytest

from leonidas_jupyter.data.dialect import DialectOverride

FIRST = "day,n,v\n2024-01-01,1,2.5\n2024-01-02,2,3.5\n2024-01-03,3,4.5\n"
SECOND = "product,price,stock\napple,2.5,7\npear,3.5,8\n"
ROWS = "id,day,when,name,n\n" + "".join(
    f"A-{i},2024-01-0{i},10:0{i},Ann,{i}\n" for i in range(1, 7)
)


@pytest.mark.parametrize("between", ["", "\n", "\n\n"])
def test_another_table_is_left_out_and_said(load, between):
    loaded = load(FIRST + between + SECOND)
    assert loaded.types == {"day": "date", "n": "integer", "v": "number"}
    assert len(loaded.rows) == 3
    line = 5 + len(between)
    assert any(f"begins in line {line}" in said for said in loaded.report.dialect.assumed)
    other = load(FIRST + between + SECOND, override=DialectOverride(skip_rows=line - 1))
    assert other.rows == [("apple", 2.5, 7), ("pear", 3.5, 8)]
    whole = load(FIRST + between + SECOND, override=DialectOverride(footer_rows=0))
    assert len(whole.rows) == 6


def test_a_row_of_words_amid_numbers_is_no_table(load):
    assert len(load("k,n\na,1\nb,2\nc,refused\nd,4\ne,5\n").rows) == 5
    assert len(load("k,n,m\na,1,2\nb,2,3\nc,gone,gone\nd,4,5\ne,5,6\n").rows) == 5


def test_a_header_that_comes_again_is_no_row(load):
    loaded = load("a,b\n1,x\n2,y\na,b\n3,z\n")
    assert loaded.rows == [(1, "x"), (2, "y"), (3, "z")]
    assert any("repeat the header are left out: 1" in s for s in loaded.report.dialect.assumed)


@pytest.mark.parametrize(
    ("line", "row"),
    [
        ("A-7,2024-01-07,10:07,Smith, Jr.,7", ("A-7", "2024-01-07", "10:07:00", "Smith, Jr.", 7)),
        ("A-7;2024-01-07;10:07;Bo;7", ("A-7", "2024-01-07", "10:07:00", "Bo", 7)),
        ("A-7,2024-01-0710:07,Bo,7", ("A-7", "2024-01-07", "10:07:00", "Bo", 7)),
        ("A-7,2024-01-07,10:07", ("A-7", "2024-01-07", "10:07:00", None, None)),
    ],
)
def test_a_row_is_read_so_that_its_values_fit_and_reported_as_it_stands(load, line, row):
    loaded = load(ROWS + line + "\nA-8,2024-01-08,10:08,Cy,8\n")
    found = [v.isoformat() if hasattr(v, "isoformat") else v for v in loaded.rows[-2]]
    assert found == [*row]
    assert loaded.report.bad_rows.count == 1
    assert (loaded.report.bad_rows.first[0].line, loaded.report.bad_rows.first[0].text) == (8, line)


def test_a_quoted_cell_is_not_torn_to_fill_a_short_row(load):
    loaded = load('a,b,c,d\n1,"x, y",z,2\n3,"x, y",4\n5,"v, w",z,6\n7,"v, w",z,8\n')
    assert loaded.rows[1][:2] == (3, "x, y")


@pytest.mark.parametrize("between", ["", "\n"])
def test_the_larger_of_two_tables_is_kept_and_said(load, between):
    more = "plum,4.5,9\nkiwi,5.5,3\n"
    loaded = load(FIRST + between + SECOND + more)
    assert loaded.names == ["product", "price", "stock"]
    assert len(loaded.rows) == 4
    line = 4 + len(between)
    assert any(f"stands above, up to line {line}" in s for s in loaded.report.dialect.assumed)
    first = load(FIRST + between + SECOND + more, override=DialectOverride(skip_rows=0))
    assert first.names == ["day", "n", "v"]
    assert len(first.rows) == 3
