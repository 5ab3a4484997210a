"""Results of queries as DataFrames, and listings as text and HTML."""

import math
from decimal import Decimal

import pandas as pd
import pytest

from leonidas_jupyter.kernel.listing import Column, Listing, size_text
from leonidas_jupyter.kernel.results import result_frame


def frame_of(kind, *values):
    return result_frame({"columns": [{"name": "c", "type": kind}], "rows": [[v] for v in values]})


@pytest.mark.parametrize(
    ("kind", "values", "dtype"),
    [
        ("BIGINT", (1, 2), "int64"),
        ("UINTEGER", (1, None), "Int64"),
        ("HUGEINT", (2**62, 1), "int64"),
        ("HUGEINT", (2**70, 1), "object"),
        ("DOUBLE", (1.5, None, "NaN", "-Infinity"), "float64"),
        ("DECIMAL(18,3)", (1.5, 2, None), "float64"),
        ("DECIMAL(20,2)", ("12345678901234567.25", 2), "object"),
        ("BOOLEAN", (True, False), "bool"),
        ("BOOLEAN", (True, None), "boolean"),
        ("BIGINT[]", ([1, 2], None), "object"),
        ("DATE", ("infinity",), "object"),
    ],
)
def test_types_follow_the_database(kind, values, dtype):
    assert str(frame_of(kind, *values)["c"].dtype) == dtype


@pytest.mark.parametrize("kind", ["DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"])
def test_dates_are_datetimes(kind):
    text = "2024-02-29T12:00:00+00:00" if "ZONE" in kind else "2024-02-29"
    column = frame_of(kind, text, None)["c"]
    assert pd.api.types.is_datetime64_any_dtype(column)
    assert (column[0].year, column[0].day) == (2024, 29)


def test_values_that_are_not_finite_come_through():
    assert [math.isnan(v) or v for v in frame_of("DOUBLE", "NaN", "Infinity")["c"]] == [
        True,
        math.inf,
    ]


def test_decimals_are_exact_where_floats_are_not():
    column = frame_of("DECIMAL(20,2)", "12345678901234567.25", 2.5, None)["c"]
    assert list(column) == [Decimal("12345678901234567.25"), Decimal("2.5"), None]


def test_names_may_repeat_and_rows_may_be_missing():
    result = {"columns": [{"name": "n", "type": "BIGINT"}, {"name": "n", "type": "VARCHAR"}]}
    empty = result_frame({**result, "rows": []})
    assert list(empty.columns) == ["n", "n"]
    assert empty.shape == (0, 2)
    assert result_frame({"columns": [], "rows": []}).empty


LISTED = Listing(
    [("sales", 1200), ("<b>&", 7)],
    [Column("frame", lambda f: f[0]), Column("rows", lambda f: f"{f[1]:,}", right=True)],
    note="2 files",
)


def test_a_listing_is_a_table_in_a_terminal():
    assert repr(LISTED) == "frame   rows\nsales  1,200\n<b>&       7\n2 files"


def test_a_listing_is_a_table_in_html_in_the_themes_own_colours():
    html = LISTED._repr_html_()
    assert "&lt;b&gt;&amp;" in html
    assert "<b>" not in html
    assert "--jp-ui-font-color1" in html
    assert "#" not in html.replace("&#", "")


def test_a_listing_is_a_sequence():
    assert (len(LISTED), LISTED[0], list(LISTED)[1][1]) == (2, ("sales", 1200), 7)


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (3_141_592, "3.14 MB"), (5_000_000_000, "5 GB")]
)
def test_sizes(size, text):
    assert size_text(size) == text
