"""Profiles against pandas, an independent reckoning of the same file."""

import io

import pandas as pd
import pytest

from leonidas_jupyter.data import counting, scanning, summarise

CSV = "id,score,city,day,flag,empty,same\n" + "".join(
    f"{i},{(i * 37 % 101) / 4},{'ABC'[i % 3] if i % 5 else ''},2020-01-{i % 28 + 1:02d},"
    f"{'yes' if i % 2 else 'no'},,k\n"
    for i in range(300)
)


@pytest.fixture
def columns(load):
    return {column.name: column for column in load(CSV).report.profile.columns}


@pytest.fixture
def expected():
    return pd.read_csv(io.StringIO(CSV), parse_dates=["day"])


@pytest.mark.parametrize("rows_counted", [20_000, 0])
def test_numbers_as_pandas_reckons_them(load, expected, rows_counted, monkeypatch):
    monkeypatch.setattr(summarise, "COUNTED_ROWS", rows_counted)
    profile = load(CSV).report.profile
    for column in profile.columns[:2]:
        series = expected[column.name]
        assert column.min == series.min()
        assert column.max == series.max()
        assert column.mean == pytest.approx(series.mean())
        assert column.std == pytest.approx(series.std())
        quartiles = series.quantile([0.25, 0.5, 0.75]).tolist()
        assert [column.q25, column.median, column.q75] == pytest.approx(quartiles)
        assert (column.distinct, column.distinct_exact) == (series.nunique(), True)
        assert column.nulls == 0
        assert sum(bar.count for bar in column.histogram) == 300


def test_short_and_long_frames_are_profiled_alike(load, monkeypatch):
    short = load(CSV).report.profile
    monkeypatch.setattr(summarise, "COUNTED_ROWS", 0)
    assert load(CSV).report.profile == short


def test_top_values_and_categories(columns, expected):
    city = columns["city"]
    counts = expected["city"].value_counts()
    order = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    assert [(top.value, top.count) for top in city.top] == order
    assert city.categories == ["A", "B", "C"]
    assert (city.nulls, city.distinct) == (60, 3)
    assert (city.min_length, city.max_length, city.min) == (1, 1, None)
    assert columns["flag"].categories == ["false", "true"]
    assert len(columns["id"].top) == 20
    assert columns["id"].categories is None


def test_dates(columns, expected):
    day = columns["day"]
    assert (day.type, day.min, day.max) == ("date", "2020-01-01", "2020-01-28")
    assert day.median == expected["day"].quantile(0.5).date().isoformat()
    assert day.histogram[0].low == pd.Timestamp("2020-01-01").timestamp()
    assert day.histogram[-1].high == pd.Timestamp("2020-01-28").timestamp()
    assert day.top[0].value == "2020-01-01"


def test_keys_and_warnings(columns):
    assert [name for name, column in columns.items() if column.candidate_key] == ["id"]
    assert columns["empty"].warnings == ["empty: every cell is missing"]
    assert columns["same"].warnings == ["constant: one value only"]


def test_duplicate_rows(load):
    assert load("a,b\n1,x\n1,x\n1,x\n2,y\n2,z\n").report.profile.duplicate_rows == 2
    assert load("a,b\n1,x\n2,x\n").report.profile.duplicate_rows == 0


def test_more_rows_than_are_counted_exactly(load, monkeypatch):
    for user in (counting, scanning, summarise):
        monkeypatch.setattr(user, "EXACT_ROWS", 100)
    monkeypatch.setattr(summarise, "COUNTED_ROWS", 50)
    monkeypatch.setattr(counting, "COUNTED_VALUES", 50)
    profile = load(CSV).report.profile
    columns = {column.name: column for column in profile.columns}
    assert columns["id"].distinct == pytest.approx(300, rel=0.2)
    assert not columns["id"].distinct_exact
    assert not columns["id"].candidate_key
    assert columns["id"].warnings == ["quartiles are approximate"]
    assert columns["flag"].distinct_exact
    assert profile.duplicate_rows is None


def test_no_rows(load):
    profile = load("a,b\n").report.profile
    assert (profile.rows, [column.distinct for column in profile.columns]) == (0, [0, 0])


def test_times_zones_and_one_value(load):
    profile = load(
        "at,zoned,n,day\n10:00,2020-01-01T10:00:00Z,5,2020-01-01\n"
        "11:30,2020-01-02T10:00:00Z,5,2020-01-01\n"
    ).report.profile
    at, zoned, n, day = profile.columns
    assert (at.type, at.min, at.max) == ("time", "10:00:00", "11:30:00")
    assert (zoned.type, zoned.min) == ("datetime", "2020-01-01T10:00:00+00:00")
    assert zoned.top[0].value == zoned.min
    assert [(bar.low, bar.high, bar.count) for bar in n.histogram] == [(5.0, 5.0, 2)]
    assert day.histogram[0].count == 2


def test_unusual_names(load):
    loaded = load('"a ""b""",c;d,é\n1,2,3\n4,5,6\n')
    assert loaded.names == ['a "b"', "c;d", "é"]
    assert [column.max for column in loaded.report.profile.columns] == [4, 5, 6]


def test_zero_and_minus_zero_are_one_value(load):
    profile = load("k,x\n1,0.0\n2,-0.0\n3,1.5\n").report.profile.columns[1]
    assert (profile.distinct, [top.count for top in profile.top]) == (2, [2, 1])


def warned(load, header, cells):
    report = load(
        header + "\n" + "".join(f"{i / 7},{cell}\n" for i, cell in enumerate(cells))
    ).report
    return report.profile.columns[1].warnings


def test_text_that_is_nearly_numbers_names_the_cell_that_broke_it(load):
    (said,) = warned(load, "x,weight", [*range(30), "n/k", *range(9)])
    assert said == "kept as text: 97.5 % of the cells look like numbers, but not “n/k” in row 31"


def test_numbers_that_would_lose_their_zeros_say_so(load):
    (said,) = warned(load, "x,zip", [f"{i:05d}" for i in range(40)])
    assert said.startswith("numbers kept as text: zeros in front would be lost, as in “00000” in ")


def test_mixed_dates_say_which(load):
    (said,) = warned(load, "x,day", [*(f"2024-01-{i:02d}" for i in range(1, 29)), "soon"])
    assert "look like dates, but not “soon” in row 29" in said


def test_plain_texts_and_versions_warn_of_nothing(load):
    assert warned(load, "x,t", [f"v1.{i}.3b" for i in range(30)]) == []


def test_a_frame_with_a_column_called_like_a_row_number(load):
    load("file_row_number,z\n" + "".join(f"{i},{i:03d}\n" for i in range(30)))


def test_identifiers_and_nearly_constant_columns_are_said(load):
    rows = "".join(f"{i},{i},{'a' if i else 'b'},{i * 7 % 500}\n" for i in range(400))
    columns = load("row,order_no,kind,amount\n" + rows).report.profile.columns
    said = {column.name: column.warnings for column in columns}
    identifier = ["an identifier: sums and means of it say nothing"]
    assert (said["row"], said["order_no"], said["amount"]) == (identifier, identifier, [])
    assert said["kind"] == ["nearly constant: one value in 99.8 % of the cells"]


def test_repeated_rows_are_said_of_the_frame(load):
    assert load("a,b\n1,x\n1,x\n2,y\n").report.profile.warnings == [
        "1 row repeats another in every cell"
    ]
    assert load("a,b\n1,x\n2,x\n").report.profile.warnings == []


def test_estimated_quartiles_say_so(load, monkeypatch):
    exact = load(CSV).report.profile.columns[0]
    assert exact.quantiles_exact
    for user in (counting, scanning, summarise):
        monkeypatch.setattr(user, "EXACT_ROWS", 100)
    profile = load(CSV).report.profile
    assert not profile.columns[0].quantiles_exact
    assert profile.columns[0].median == pytest.approx(exact.median, rel=0.05)


def test_lengths_of_texts(columns):
    assert (columns["city"].mean_length, columns["id"].mean_length) == (1.0, None)
