"""Tables drawn with lines or aligned by spaces, and texts that only look like them."""

import datetime

import pytest

from leonidas_jupyter.data.dialect import DialectOverride

MARKDOWN = """| name | price | made       |
|:-----|------:|------------|
| pear | 1.50  | 2024-01-02 |
| a\\|b | 22.25 | 2024-01-03 |
| kiwi |       | 2024-01-04 |
"""
MYSQL = """+------+-------+------------+
| name | price | made       |
+------+-------+------------+
| pear |  1.50 | 2024-01-02 |
| a b  | 22.25 | 2024-01-03 |
| kiwi |       | 2024-01-04 |
+------+-------+------------+
3 rows in set (0.00 sec)
"""
PSQL = """ name | price |    made
------+-------+------------
 pear |  1.50 | 2024-01-02
 a b  | 22.25 | 2024-01-03
 kiwi |       | 2024-01-04
(3 rows)

"""
DUCKDB = """┌──────┬───────┬────────────┐
│ name │ price │    made    │
├──────┼───────┼────────────┤
│ pear │  1.50 │ 2024-01-02 │
│ a b  │ 22.25 │ 2024-01-03 │
│ kiwi │       │ 2024-01-04 │
└──────┴───────┴────────────┘
"""
ALIGNED = """name    price  made
pear     1.50  2024-01-02
a b     22.25  2024-01-03
kiwi           2024-01-04
"""
REPORT = """Prices of this year

name    price  made
------  -----  ----------
pear     1.50  2024-01-02
a b     22.25  2024-01-03
kiwi           2024-01-04
"""
DAYS = [datetime.date(2024, 1, day) for day in (2, 3, 4)]


@pytest.mark.parametrize(
    ("text", "second"),
    [
        (MARKDOWN, "a|b"),
        ("Some words before.\n\n" + MARKDOWN + "\nAnd after.\n", "a|b"),
        (MYSQL, "a b"),
        (PSQL, "a b"),
        (DUCKDB, "a b"),
        (ALIGNED, "a b"),
        (REPORT, "a b"),
        (ALIGNED.replace("\n", "\r\n"), "a b"),
    ],
)
def test_a_drawn_table(load, text, second):
    loaded = load(text)
    assert loaded.columns == {
        "name": ["pear", second, "kiwi"],
        "price": [1.5, 22.25, None],
        "made": DAYS,
    }
    assert loaded.report.dialect.drawn in ("lines", "spaces")
    assert loaded.report.bad_rows is None


def test_a_drawn_table_of_words_has_its_header(load):
    assert load("| a | b |\n|---|---|\n| x | y |\n| x | z |\n").names == ["a", "b"]


def test_what_stands_below_a_drawn_table_is_said(load):
    loaded = load(MYSQL)
    assert any(
        "below the drawn table is left out: lines 1." in s for s in loaded.report.dialect.assumed
    )


def test_a_person_who_names_a_delimiter_gets_it(load):
    assert load(MARKDOWN, override=DialectOverride(delimiter="|")).report.dialect.drawn == ""


def test_numbers_in_columns_of_fixed_width(load):
    rows = "".join(f"{n:5d}{n * n:8d}{n / 4:10.2f}\n" for n in range(1, 40))
    loaded = load(rows)
    assert loaded.rows[8] == (9, 81, 2.25)
    assert len(loaded.rows) == 39


@pytest.mark.parametrize(
    "text",
    [
        "a|b\n1|2\n3|4\n",
        "a|b\n---|---x\n3|4\n",
        "a,b\n1,x  y\n2,z  w\n3,u  v\n",
        "a;b\n1;x  y\n2;z  w\n3;u  v\n",
        "To be  or not\nto be that  is\nthe question  whether\n'tis nobler\n",
        "name\nJohn  Smith\nMary  Jones\nEve  Moss\n",
        "x y z w\n1 2 3 4\n5 6 7 8\n9 10 11 12\n",
        "a\tb\n1\tx  y\n2\tz  w\n3\tu  v\n",
    ],
)
def test_other_texts_are_read_as_they_were(load, text):
    assert load(text).report.dialect.drawn == ""
