"""Conditions on rows: as DuckDB answers them, in Arrow's expressions and in SQL; and refusals."""

import datetime

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leonidas_jupyter.kernel.errors import LeonidasError
from leonidas_jupyter.kernel.filters import condition_of, filter_of, sql_of

TABLE = pa.table(
    {
        "id": list(range(6)),
        "n": [1, None, 3, 4, 5, 6],
        "s": ["north", "South", None, "a'b", "x_y", "ab"],
        "d": [datetime.date(2024, 1, day) for day in range(1, 7)],
        "ok": [True, None, False, True, False, True],
        "x": [0.5, 1.5, None, -2.0, 3.0, 4.0],
        "stamp": [datetime.datetime(2024, 1, 1, hour) for hour in range(6)],  # noqa: DTZ001 - naive, as files have it
        "and more": [None, 1, 2, 3, 4, 5],
    }
)


def rows(where):
    return TABLE.filter(filter_of(where, TABLE.schema, "sales")).column("id").to_pylist()


def rows_of_sql(text):
    return [row[0] for row in duckdb.from_arrow(TABLE).filter(text).project("id").fetchall()]


@pytest.mark.parametrize(
    "where",
    [
        "n > 2",
        "NOT n > 2",
        "n in (1, 3.0, 4) or s='ab'",
        "s not in ('north')",
        "NOT (s IN ('ab', 'north') OR n IS NULL)",
        "s like '%o%'",
        "s NOT ILIKE 'S%'",
        "s like 'a''%'",
        "s is null and n IS NOT NULL",
        "d between '2024-01-02' and '2024-01-04'",
        "n NOT BETWEEN 2 AND 4",
        "d > '2024-01-02 12:00:00'",
        "d = DATE '2024-01-03'",
        "stamp >= '2024-01-01 03:00:00'",
        "stamp >= '2024-01-01'",
        "ok",
        "not ok",
        "ok = true",
        "x > n OR x > id",
        "-2 = x",
        "2 < n",
        "x >= -2.5 and (n<5 or ok)",
        '"and more" <> 3',
        "`and more` <= 2 OR N == 5",
        "id = 2.0",
        "x < .6 OR x = 3e0",
    ],
)
def test_they_select_what_duckdb_selects(where):
    expected = rows_of_sql(where.replace("`", '"'))
    assert rows(where) == expected
    assert rows_of_sql(sql_of(condition_of(where))) == expected


VALUES = {
    "n": st.integers(-1, 7),
    "x": st.floats(-3, 5, allow_nan=False),
    "s": st.sampled_from(["north", "a'b", "", "ab", '"', "x_y", "é", "--", "'; DROP"]),
    "d": st.dates(datetime.date(2023, 12, 30), datetime.date(2024, 1, 9)),
}


@st.composite
def _leaves(draw):
    name = draw(st.sampled_from(sorted(VALUES)))
    value = VALUES[name].map(lambda v: repr(v) if isinstance(v, int | float) else _text(v))
    form = draw(st.sampled_from(["compare", "in", "between", "null"]))
    if form == "compare":
        return f"{name} {draw(st.sampled_from(['=', '<>', '<', '<=', '>', '>=']))} {draw(value)}"
    if form == "in":
        return f"{name} IN ({', '.join(draw(st.lists(value, min_size=1, max_size=3)))})"
    if form == "between":
        return f"{name} BETWEEN {draw(value)} AND {draw(value)}"
    return f"{name} IS {draw(st.sampled_from(['', 'NOT ']))}NULL"


def _text(value):
    return "'" + str(value).replace("'", "''") + "'"


TREES = st.recursive(
    _leaves(),
    lambda inner: st.one_of(
        inner.map(lambda one: f"NOT ({one})"),
        st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(
            lambda three: f"({three[0]}) {three[1]} {three[2]}"
        ),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(TREES)
def test_any_condition_selects_what_duckdb_selects(where):
    expected = rows_of_sql(where)
    assert rows(where) == expected
    assert rows_of_sql(sql_of(condition_of(where))) == expected


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ([("n", ">", 2), ("ok", "=", True)], [3, 5]),
        (("n", "in", [1, 3]), [0, 2]),
        ([("n", "not in", (1, 3))], [3, 4, 5]),
        ([[("n", "=", 1)], [("s", "is", None)]], [0, 2]),
        ([("s", "is not", None), ("s", "like", "%o%")], [0, 1]),
        ([("d", ">=", datetime.date(2024, 1, 5))], [4, 5]),
        ([("s", "=", "a'b")], [3]),
        (pc.field("n") > 4, [4, 5]),
        (None, [0, 1, 2, 3, 4, 5]),
    ],
)
def test_tuples_and_expressions(where, expected):
    if where is None:
        assert filter_of(where, TABLE.schema, "sales") is None
        return
    assert rows(where) == expected
    if not isinstance(where, pc.Expression):
        assert rows_of_sql(sql_of(condition_of(where))) == expected


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("n >", "needs a column or a value at its end"),
        ("n > 2 and", "needs a column or a value at its end"),
        ("(n > 1", r"needs \) at its end"),
        ("n > 1 n", "needs AND or OR at 'n'"),
        ("n @ 2", "cannot be read from '@ 2' on"),
        ("n = 1; DROP TABLE sales", "cannot be read from '; DROP"),
        ("n = 'abc'", "n is a number"),
        ("s = 5", "s is text.*in single quotes"),
        ('s = "north"', "a text stands in single quotes: 'north'"),
        ("n = null", "IS NULL or IS NOT NULL"),
        ("s", "s alone is no condition"),
        ("n like 'a%'", "n is no text"),
        ("amuont = 1", "no column 'amuont'; it has id, n"),
        ("iid = 1", "did you mean 'id'"),
        ("d = 'soon'", "d is a date"),
        ("1 = 1", "a column on one side"),
        ("n in (1, s)", "a value"),
        ("lower(s) = 'x'", "AND or OR at"),
        ("", "needs a column or a value"),
        ([], "empty"),
        ([("n", "~", 1)], "no comparison"),
        ([("n", 1)], r"no \(column, op, value\)"),
        (5, "and not int"),
    ],
)
def test_what_is_no_condition_is_said_in_a_sentence(where, said):
    with pytest.raises(LeonidasError, match=said):
        rows(where)
