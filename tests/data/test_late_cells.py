"""Cells that no sample sees: what the first rows promise must not bend what a late row says."""

import datetime

import pytest

LONG = 2600
"""More rows than the first plan of a column looks at."""


def column(cells: list[str]) -> str:
    return "k,v\n" + "".join(f'{i},"{cell}"\n' for i, cell in enumerate(cells))


@pytest.mark.parametrize(
    ("usual", "late", "value"),
    [
        (lambda i: f"{i + 1000:,}", "1,234.5", 1234.5),
        (lambda i: f"{i} €", "5.5 €", 5.5),
        (lambda i: f"{i}%", "12.5%", 12.5),
        (lambda i: f"{i + 1000:,}", ".5", 0.5),
        (lambda i: f"{i}.5", "9999999999999999", "9999999999999999"),
        (lambda i: f"{i}.5", "9007199254740993", "9007199254740993"),
        (lambda i: f"{i}.5", "-.9999999999999999", "-.9999999999999999"),
        (lambda i: f"${i:,}.50", "$9999999999999999", "$9999999999999999"),
        (lambda i: f"{i}.5", "1e-400", "1e-400"),
        (lambda i: f"{i}.5", "1.5e-400", "1.5e-400"),
        (lambda i: f"{i}.5", "1e+400", "1e+400"),
    ],
)
def test_a_late_number_is_held_exactly_or_the_column_stays_text(load, usual, late, value):
    loaded = load(column([*map(usual, range(LONG)), late]))
    assert loaded.columns["v"][-1] == value


@pytest.mark.parametrize(
    "late", ["infinity", "-infinity", "12000-01-01 00:00:00", "0044-03-15 (BC) 00:00:00"]
)
def test_a_late_moment_outside_the_calendar_makes_the_column_text(load, late):
    start = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC).replace(tzinfo=None)
    cells = [str(start + datetime.timedelta(hours=i)) for i in range(LONG)]
    loaded = load(column([*cells, late]))
    assert loaded.types["v"] == "text"
    assert loaded.columns["v"][-1] == late


@pytest.mark.parametrize("late", ["infinity", "10000-01-01", "0044-03-15 (BC)"])
@pytest.mark.parametrize("pattern", ["%Y-%m-%d", "%d/%m/%Y"])
def test_a_late_date_outside_the_calendar_makes_the_column_text(load, late, pattern):
    start = datetime.date(2000, 1, 1)
    cells = [(start + datetime.timedelta(days=i)).strftime(pattern) for i in range(LONG)]
    loaded = load(column([*cells, late]))
    assert loaded.types["v"] == "text"
    assert loaded.columns["v"][-1] == late


@pytest.mark.parametrize("late", ["0001-01-01T00:00:00+02:00", "9999-12-31T23:59:59-02:00"])
def test_a_late_moment_whose_utc_is_outside_the_calendar_makes_the_column_text(load, late):
    start = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC).replace(tzinfo=None)
    zone = late[-6:]
    cells = [
        (start + datetime.timedelta(hours=i)).strftime("%Y-%m-%dT%H:%M:%S") + zone
        for i in range(LONG)
    ]
    loaded = load(column([*cells, late]))
    assert loaded.types["v"] == "text"
    assert loaded.columns["v"][-1] == late


def test_a_row_amid_a_short_file_is_no_footer_where_the_sample_of_rows_ends(load):
    for odd in (",,", "A note of some length stands here,,"):
        rows = [f"{i},word{i % 7},{i % 5}.5" for i in range(3000)]
        for at in (1997, 1998, 1999, 2000):
            changed = [*rows[:at], odd, *rows[at + 1 :]]
            loaded = load("a,b,c\n" + "\n".join(changed) + "\n")
            assert loaded.report.rows == 3000
            assert loaded.report.dialect.footer_rows == 0


def test_footers_behind_the_sample_of_rows_are_found(load):
    rows = "".join(f"{i},word{i % 7},{i % 5}.5\n" for i in range(3000))
    loaded = load("a,b,c\n" + rows + "Source: the census,,\n")
    assert loaded.report.rows == 3000
    assert any("Source: the census" in said for said in loaded.report.dialect.assumed)
