import datetime
from typing import Any

import pytest

from leonidas_jupyter.data.dialect import ColumnDialect, DialectOverride

NOON = datetime.datetime(2020, 1, 1, 12, 0)  # noqa: DTZ001 - frames hold naive times
UTC = datetime.UTC


def column(load, cells: list[str], **override: Any) -> tuple[str, list[Any], ColumnDialect]:
    """Type one column of a file with a plain first column; semicolons, so that commas are free."""
    text = "\n".join(["id;x", *(f"r{i};{cell}" for i, cell in enumerate(cells))]) + "\n"
    said = DialectOverride(delimiter=";", **override)
    loaded = load(text, override=said)
    marks = loaded.report.dialect.columns.get("x", ColumnDialect())
    return loaded.types["x"], loaded.columns["x"], marks


@pytest.mark.parametrize(
    ("cells", "kind", "values"),
    [
        (["1", "-2", "30"], "integer", [1, -2, 30]),
        (["1.5", "57", "57.10"], "number", [1.5, 57.0, 57.1]),
        (["9223372036854775807"], "integer", [9223372036854775807]),
        (["1.5e-05", "1e-05", "1.80502e+006"], "number", [1.5e-05, 1e-05, 1805020.0]),
        (["0.30000000000000004", "1"], "number", [0.30000000000000004, 1.0]),
        (["-0", "1"], "number", [-0.0, 1.0]),
        ([" 1", "2 "], "integer", [1, 2]),
        (["true", "false"], "boolean", [True, False]),
        (["Yes", "No", "Yes"], "boolean", [True, False, True]),
        (["2020-01-31", "2021-02-01"], "date", ["2020-01-31", "2021-02-01"]),
        (["10:00", "11:30"], "time", ["10:00:00", "11:30:00"]),
    ],
)
def test_faithful_columns_are_typed(load, cells, kind, values):
    found, typed, _ = column(load, cells)
    assert found == kind
    assert [v.isoformat() if hasattr(v, "isoformat") else v for v in typed] == values


@pytest.mark.parametrize(
    "cells",
    [
        ["00501", "10001"],
        ["12345678901234567890", "1"],
        ["1e5", "2E3"],
        ["1e5", "1.5"],
        ["NA", "DE", "FR"],
        ["NA", "NULL"],
        ["inf", "1.5"],
        ["+4912345", "+4912346"],
        ["1.23456789012345678", "1"],
        ["$5", "€5"],
        ["5%", "7"],
        ["2020-01-01", "01/02/2020"],
        ["2020-02-30", "2020-01-01"],
        ["2020-01-01T10:00:00+02:00", "2020-01-01T11:00:00+01:00"],
        ["yes", "No"],
        ["yes", "no", "maybe"],
        ["1/2/2020", "01/02/2020"],
        ['{"a": 1}', '{"a": 2}'],
        ["24:00", "10:00"],
        ["12-1234", "13-1234"],
    ],
)
def test_what_would_not_survive_stays_text(load, cells):
    kind, values, _ = column(load, cells)
    assert kind == "text"
    assert values == cells


def test_a_misfit_far_from_the_sample_turns_the_column_to_text(load):
    cells = [str(i) for i in range(60_000)]
    cells[30_123] = "00042"
    kind, values, _ = column(load, cells)
    assert kind == "text"
    assert values == cells


def test_a_late_decimal_makes_numbers_of_integers(load):
    cells = [str(i) for i in range(60_000)]
    cells[30_123] = "1.25"
    kind, values, _ = column(load, cells)
    assert kind == "number"
    assert values[30_123] == 1.25


def test_null_words_count_only_among_numbers_and_dates(load):
    kind, values, marks = column(load, ["1", "NA", "3"])
    assert (kind, values, marks.null_words) == ("integer", [1, None, 3], ["NA"])
    kind, values, marks = column(load, ["2020-01-01", "n/a"])
    assert (kind, values[1], marks.null_words) == ("date", None, ["n/a"])


def test_a_person_may_say_what_is_missing(load):
    kind, values, _ = column(load, ["1", "gone", "3"], null_words=["gone"])
    assert (kind, values) == ("integer", [1, None, 3])
    kind, values, _ = column(load, ["1", "NA", "3"], null_words=[])
    assert (kind, values) == ("text", ["1", "NA", "3"])


def test_a_person_may_keep_columns_as_text(load):
    assert column(load, ["1", "2"], text_columns=["x"])[:2] == ("text", ["1", "2"])


@pytest.mark.parametrize(
    ("cells", "values", "marks"),
    [
        (["1.234,50", "12,5"], [1234.5, 12.5], {"decimal": ",", "thousands": "."}),
        (["1,234.50", "12.5"], [1234.5, 12.5], {"thousands": ","}),
        (["1 234,5", "12,5"], [1234.5, 12.5], {"decimal": ",", "thousands": " "}),
        (["1'234.5", "12.5"], [1234.5, 12.5], {"thousands": "'"}),
        (["$1,200.50", "-$3.00"], [1200.5, -3.0], {"prefix": "$", "thousands": ","}),
        (["£512.20", "£1"], [512.2, 1.0], {"prefix": "£"}),
        (["12.5%", "3%"], [12.5, 3.0], {"suffix": "%"}),
        (["6.5 €", "7 €"], [6.5, 7.0], {"suffix": " €"}),
        (["0,123", "1,234"], [0.123, 1.234], {"decimal": ","}),
    ],
)
def test_marks_of_numbers_go_to_the_dialect(load, cells, values, marks):
    kind, typed, found = column(load, cells)
    assert kind == "number"
    assert typed == values
    assert found.model_dump(exclude_defaults=True) == marks


def test_numbers_printed_with_too_many_digits_keep_their_format(load):
    cells = ["3.141592653589793116e+00", "1.000000000000000000e+00"]
    kind, values, marks = column(load, cells)
    assert (kind, values, marks.format) == ("number", [3.141592653589793, 1.0], "%.18e")


def test_an_ambiguous_mark_is_said(load):
    loaded = load("a;x\nu;1,234\nv;5,678\n")
    assert loaded.columns["x"] == [1.234, 5.678]
    assert any("thousands or decimals" in line for line in loaded.report.dialect.assumed)


def test_other_columns_decide_an_ambiguous_mark(load):
    loaded = load("a;x;y\nu;1.234;2,5\nv;5.678;3,75\n")
    assert loaded.columns["x"] == [1234, 5678]
    assert ["“x”" in said for said in loaded.report.dialect.assumed] == [True]


def test_day_and_month_are_decided_by_the_whole_column(load):
    kind, values, marks = column(load, ["01/02/2018", "28/01/2018"])
    assert (kind, values[0].isoformat(), marks.format) == ("date", "2018-02-01", "%d/%m/%Y")
    cells = ["01/02/2018"] * 50_000 + ["28/01/2018"]
    assert column(load, cells)[1][0] == datetime.date(2018, 2, 1)


def test_an_ambiguous_day_is_said(load):
    loaded = load("x,y\n01/02/2018,a\n03/04/2019,b\n")
    assert loaded.columns["x"] == [datetime.date(2018, 1, 2), datetime.date(2019, 3, 4)]
    assert any("day or month first" in line for line in loaded.report.dialect.assumed)


def test_neighbouring_rows_decide_an_ambiguous_day(load):
    rows = "".join(f"{day:02d}/01/2020,{day}\n" for day in range(1, 13))
    loaded = load("x,y\n" + rows)
    assert loaded.columns["x"][4] == datetime.date(2020, 1, 5)


@pytest.mark.parametrize(
    ("cells", "first", "pattern"),
    [
        (["2020-01-01 12:00", "2020-01-02 12:05"], NOON, "%Y-%m-%d %H:%M"),
        (["2020-01-01T12:00:00", "2020-01-02T12:05:00"], NOON, "%Y-%m-%dT%H:%M:%S"),
        (["1/1/2020 12:00 PM", "1/13/2020 1:05 AM"], NOON, "%-m/%-d/%Y %-I:%M %p"),
        (["2020-01-01T12:00:00Z"] * 2, NOON.replace(tzinfo=UTC), "%Y-%m-%dT%H:%M:%SZ"),
        (
            ["2020-01-01T14:00:00+02:00", "2020-01-01T15:00:00+02:00"],
            NOON.replace(tzinfo=UTC),
            "%Y-%m-%dT%H:%M:%S+02:00",
        ),
        (["01-JAN-20", "02-FEB-21"], datetime.date(2020, 1, 1), "%d-%^b-%y"),
        (["Jan 1, 2020", "Feb 15, 2020"], datetime.date(2020, 1, 1), "%b %-d, %Y"),
        (["1 May 2020", "15 June 2020"], datetime.date(2020, 5, 1), "%-d %B %Y"),
    ],
)
def test_formats_of_moments(load, cells, first, pattern):
    kind, values, marks = column(load, cells)
    assert kind in ("date", "datetime")
    assert (values[0], marks.format) == (first, pattern)
