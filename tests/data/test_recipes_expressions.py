"""Expressions and conditions beside plain Python, missing values and all."""

import datetime
import math
import operator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leonidas_jupyter.data.recipes.errors import RecipeRefused
from tests.data.recipe_world import column, derived, kept, run

CSV = """id,g,a,b,t,ok,day,moment
1,x,4,2.5,One two,true,2020-01-31,2020-01-31T10:20:30
2,x,,0,"a, b ,c",false,2020-02-29,2020-02-29T00:00:00
3,y,-9,,,true,,
4,y,16,-1,ÄRGER,,2021-03-07,2021-03-07T23:59:59
5,,0,1.5,x,false,1999-12-31,1999-12-31T12:00:00
"""


def const(value):
    return {"op": "constant", "value": value}


@pytest.mark.parametrize(
    ("op", "expected"),
    [
        ("+", [6.5, None, None, 15, 1.5]), ("-", [1.5, None, None, 17, -1.5]),
        ("*", [10, None, None, -16, 0]), ("/", [1.6, None, None, -16, 0]),
        ("//", [1, None, None, -16, 0]), ("%", [1.5, None, None, 0, 0]),
        ("**", [32, 1, None, 0.0625, 0]),
    ],
)  # fmt: skip
def test_arithmetic(op, expected):
    found = derived({"op": op, "left": "a", "right": "b"}, CSV)
    assert found == [None if value is None else pytest.approx(value) for value in expected]


def test_arithmetic_of_whole_numbers_divisions_by_zero_and_great_products():
    assert derived({"op": "+", "left": "a", "right": 1}, CSV)[0] == 5
    assert derived({"op": "/", "left": "a", "right": "b"}, "a,b\n1,0\n-1,0\n0,0\n") == [
        "Infinity", "-Infinity", None,
    ]  # fmt: skip
    great = f"a,b\n{2**40},{2**40}\n3,4\n"
    assert derived({"op": "*", "left": "a", "right": "b"}, great) == [float(2**80), 12]
    assert derived({"op": "*", "left": "a", "right": "b"}, "a,b\n3,4\n")[0] == 12
    assert derived({"op": "**", "left": "a", "right": -2}, "a,b\n2,1\n") == [0.25]
    nested = {"op": "-", "left": {"op": "-", "left": 10, "right": "a"},
              "right": {"op": "-", "left": "b", "right": 1}}  # fmt: skip
    assert derived(nested, "a,b\n3,4\n") == [4]
    assert derived({"op": "+", "left": "ok", "right": 1}, CSV) == [2, 1, 2, None, 1]


@pytest.mark.parametrize(
    ("op", "function", "of"),
    [
        ("log", math.log, 16), ("log1p", math.log1p, 16), ("log10", math.log10, 16),
        ("log2", math.log2, 16), ("sqrt", math.sqrt, 16), ("abs", abs, -9), ("exp", math.exp, -9),
        ("negative", operator.neg, -9), ("ceil", math.ceil, 2.5), ("floor", math.floor, 2.5),
        ("sign", lambda x: math.copysign(1, x), -9),
    ],
)  # fmt: skip
def test_functions(op, function, of):
    values = [4, None, -9, 16, 0] if of != 2.5 else [2.5, 0, None, -1, 1.5]
    found = derived({"op": op, "value": "a" if of != 2.5 else "b"}, CSV)
    assert found[values.index(of)] == pytest.approx(function(of))
    assert found[values.index(None)] is None


def test_outside_their_domain_functions_are_missing_or_infinite():
    assert derived({"op": "log", "value": "a"}, CSV)[2:] == [
        None, pytest.approx(math.log(16)), "-Infinity",
    ]  # fmt: skip
    assert derived({"op": "sqrt", "value": "a"}, CSV)[2] is None
    assert derived(
        {"op": "round", "value": {"op": "/", "left": "a", "right": 3}, "digits": 2}, CSV
    )[0] == pytest.approx(1.33)


def test_text():
    assert derived({"op": "length", "value": "t"}, CSV) == [7, 7, None, 5, 1]
    assert derived({"op": "word_count", "value": "t"}, CSV) == [2, 3, None, 1, 1]
    assert derived({"op": "lower", "value": "t"}, CSV)[3] == "ärger"
    assert derived({"op": "slice", "value": "t", "stop": 1}, CSV) == ["O", "a", None, "Ä", "x"]
    assert derived({"op": "split", "value": "t", "separator": ",", "part": 1}, CSV) == [
        None, "b", None, None, None,
    ]  # fmt: skip
    assert derived({"op": "split", "value": "t", "separator": ",", "part": -1}, CSV)[1] == "c"
    assert derived({"op": "replace", "value": "t", "old": ".", "new": "!"}, CSV)[0] == "One two"
    assert derived({"op": "concatenate", "values": ["g", const(":"), "a"]}, CSV) == [
        "x:4", None, "y:-9", "y:16", None,
    ]  # fmt: skip
    assert derived({"op": "concatenate", "values": ["g", "day"], "separator": " "}, CSV)[0] == (
        "x 2020-01-31"
    )
    assert derived({"op": "length", "value": "a"}, CSV)[3] == 2


DAYS = [
    None if each is None else datetime.datetime.fromisoformat(each)
    for each in ("2020-01-31T10:20:30", "2020-02-29", None, "2021-03-07T23:59:59",
                 "1999-12-31T12:00:00")
]  # fmt: skip
PARTS = {
    "year": lambda d: d.year, "month": lambda d: d.month, "day": lambda d: d.day,
    "month_name": lambda d: d.strftime("%B"), "weekday": lambda d: d.weekday(),
    "weekday_name": lambda d: d.strftime("%A"), "hour": lambda d: d.hour,
    "minute": lambda d: d.minute, "second": lambda d: d.second,
    "quarter": lambda d: (d.month + 2) // 3, "week": lambda d: d.isocalendar().week,
    "day_of_year": lambda d: d.timetuple().tm_yday, "date": lambda d: d.date().isoformat(),
    "year_month": lambda d: d.strftime("%Y-%m"),
}  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
def test_parts_of_dates(part):
    found = derived({"op": "date_part", "value": "moment", "part": part}, CSV)
    assert found == [None if day is None else PARTS[part](day) for day in DAYS]
    weekend = derived({"op": "date_part", "value": "moment", "part": "is_weekend"}, CSV)
    assert weekend == [False, True, False, True, False]


def test_differences_of_dates():
    found = derived({"op": "date_difference", "left": "moment", "right": "day"}, CSV)
    assert found[0] == pytest.approx((10 * 3600 + 20 * 60 + 30) / 86400)
    since = {"op": "date_difference", "left": "day", "right": const("2020-01-01")}
    assert derived(since, CSV)[:3] == [30, 59, None]
    assert derived({**since, "unit": "weeks"}, CSV)[0] == pytest.approx(30 / 7)
    last = {"op": "statistic", "statistic": "max", "column": "day"}
    ago = {"op": "date_difference", "left": last, "right": "day", "unit": "years"}
    assert derived(ago, CSV)[0] == pytest.approx(401 / 365.25)


ROWS = "id,g,t,n\n1,x,3,10\n2,x,1,20\n3,y,2,30\n4,x,2,\n5,y,1,50\n"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ({"op": "shift"}, [None, 10, 20, 30, None]),
        ({"op": "shift", "periods": -1}, [20, 30, None, 50, None]),
        ({"op": "shift", "by": ["g"]}, [None, 10, None, 20, 30]),
        ({"op": "shift", "order_by": "t"}, [None, None, 50, 30, 20]),
        ({"op": "shift", "by": ["g"], "order_by": "t"}, [None, None, 50, 20, None]),
        ({"op": "diff"}, [None, 10, 10, None, None]),
        ({"op": "pct_change"}, [None, 1, 0.5, None, None]),
        ({"op": "rolling_sum", "window": 2}, [None, 30, 50, None, None]),
        ({"op": "rolling_mean", "window": 2, "min_periods": 1}, [10, 15, 25, 30, 50]),
        ({"op": "rolling_max", "window": 2, "by": ["g"], "min_periods": 1}, [10, 20, 30, 20, 50]),
        ({"op": "cumulative_sum"}, [10, 30, 60, None, 110]),
        ({"op": "cumulative_sum", "by": ["g"], "order_by": "t"}, [30, 20, 80, None, 50]),
        ({"op": "cumulative_count", "by": ["g"]}, [1, 2, 1, 3, 2]),
        ({"op": "cumulative_max"}, [10, 20, 30, None, 50]),
        ({"op": "rank"}, [1, 2, 3, None, 4]),
        ({"op": "rank", "descending": True, "by": ["g"]}, [2, 1, 2, None, 1]),
        ({"op": "rank", "percent": True}, [0.25, 0.5, 0.75, None, 1]),
    ],
)
def test_what_depends_on_other_rows(expression, expected):
    assert derived({"value": "n", **expression}, ROWS) == expected


def test_ordered_values_can_be_reckoned_with():
    before = {"op": "shift", "value": "n", "order_by": "t"}
    grown = {"op": "-", "left": "n", "right": before}
    assert derived(grown, ROWS) == [None, None, -20, None, 30]
    higher = {"op": ">", "left": "n", "right": before}
    assert kept(higher, ROWS) == [5]


def test_statistics_of_all_rows_and_of_groups():
    mean = {"op": "statistic", "statistic": "mean", "column": "n"}
    assert derived({"op": "-", "left": "n", "right": mean}, ROWS)[0] == 10 - 27.5
    assert derived({**mean, "by": ["g"]}, ROWS) == [15, 15, 40, 15, 40]
    size = {"op": "statistic", "statistic": "rows", "by": ["g"]}
    assert derived(size, ROWS) == [3, 3, 2, 3, 2]
    assert kept({"op": ">", "left": size, "value": 2}, ROWS) == [1, 2, 4]
    top = {"op": "statistic", "statistic": "quantile", "q": 0.5, "column": "n", "by": ["g"]}
    assert derived(top, ROWS)[0] == 15
    above = {"op": ">", "left": "n", "right": mean}
    assert kept(above, ROWS) == [3, 5]


def test_moments_with_a_zone():
    csv = "id,at\n1,2020-01-31T10:20:30+02:00\n2,2020-02-29T00:00:00+02:00\n3,\n"
    assert kept({"op": ">=", "left": "at", "value": "2020-02-01"}, csv) == [2]
    same = ["2020-01-31T08:20:30"]
    assert kept({"op": "in", "left": "at", "values": same}, csv) == [1]
    assert derived({"op": "date_part", "value": "at", "part": "hour"}, csv) == [8, 22, None]
    assert derived("at", csv)[0] == "2020-01-31T08:20:30+00:00"
    step = {"op": "resample", "time": "at", "every": "month",
            "measures": [{"name": "n", "statistic": "rows"}]}  # fmt: skip
    assert column("at", [step], csv) == ["2020-01-01", "2020-02-01"]
    first = {"op": "statistic", "statistic": "min", "column": "at"}
    since = {"op": "date_difference", "left": "at", "right": first}
    assert derived(since, csv)[0] == 0


def test_choices():
    grade = {"op": "if", "condition": {"op": ">", "left": "a", "value": 3},
             "then": const("high"), "otherwise": const("low")}  # fmt: skip
    assert derived(grade, CSV) == ["high", "low", "low", "high", "low"]
    nested = {**grade, "otherwise": {**grade, "condition": {"op": "is_null", "left": "a"},
                                     "then": const("none")}}  # fmt: skip
    assert derived(nested, CSV) == ["high", "none", "low", "high", "low"]
    values = {"op": "if", "condition": {"op": "==", "left": "ok", "value": True},
              "then": "a", "otherwise": "b"}  # fmt: skip
    assert derived(values, CSV) == [4, 0, -9, -1, 1.5]
    gap = {**values, "then": "t", "otherwise": const(None)}
    assert derived(gap, CSV) == ["One two", None, None, None, None]
    assert derived({"op": "test", "condition": {"op": ">=", "left": "a", "value": 0}}, CSV) == [
        True, False, False, True, True,
    ]  # fmt: skip
    assert derived({"op": "coalesce", "values": ["b", "a", 7]}, CSV) == [2.5, 0, -9, -1, 1.5]
    with pytest.raises(RecipeRefused, match="cannot hold"):
        derived({**values, "otherwise": "t"}, CSV)


def test_rows_across_columns():
    for op, expected in [("row_sum", [6.5, 0, -9, 15, 1.5]), ("row_mean", [3.25, 0, -9, 7.5, 0.75]),
                         ("row_max", [4, 0, -9, 16, 1.5]), ("row_count", [2, 1, 1, 2, 2]),
                         ("row_missing", [0, 1, 1, 0, 0])]:  # fmt: skip
        assert derived({"op": op, "columns": ["a", "b"]}, CSV) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"op": "==", "left": "g", "value": "x"}, [1, 2]),
        ({"op": "!=", "left": "g", "value": "x"}, [3, 4]),
        ({"op": "not", "condition": {"op": "==", "left": "g", "value": "x"}}, [3, 4]),
        ({"op": "not", "condition": {"op": "!=", "left": "g", "value": "x"}}, [1, 2]),
        ({"op": "<=", "left": "a", "value": 0}, [3, 5]),
        ({"op": "not", "condition": {"op": "<=", "left": "a", "value": 0}}, [1, 4]),
        ({"op": "in", "left": "a", "values": [4, 0, 99]}, [1, 5]),
        ({"op": "not_in", "left": "a", "values": [4, 0]}, [3, 4]),
        ({"op": "not", "condition": {"op": "in", "left": "a", "values": [4]}}, [3, 4, 5]),
        ({"op": "between", "left": "b", "low": 0, "high": 1.5}, [2, 5]),
        ({"op": "between", "left": "b", "low": 0, "high": 1.5, "inclusive": "neither"}, []),
        ({"op": "between", "left": "b", "low": 0, "high": 1.5, "inclusive": "left"}, [2]),
        ({"op": "not", "condition": {"op": "between", "left": "b", "low": 0, "high": 1.5}},
         [1, 4]),
        ({"op": "between", "left": "day", "low": "2020-01-31", "high": "2020-12-31"}, [1, 2]),
        ({"op": "contains", "left": "t", "text": "."}, []),
        ({"op": "contains", "left": "t", "text": "TWO", "ignore_case": True}, [1]),
        ({"op": "not_contains", "left": "t", "text": "b"}, [1, 4, 5]),
        ({"op": "not", "condition": {"op": "contains", "left": "t", "text": "b"}}, [1, 4, 5]),
        ({"op": "starts_with", "left": "t", "text": "är", "ignore_case": True}, [4]),
        ({"op": "ends_with", "left": "t", "text": "c"}, [2]),
        ({"op": "is_null", "left": "a"}, [2]),
        ({"op": "not", "condition": {"op": "is_null", "left": "a"}}, [1, 3, 4, 5]),
        ({"op": ">", "left": "a", "right": "b"}, [1, 4]),
        ({"op": "!=", "left": "a", "right": "b"}, [1, 4, 5]),
        ({"op": "==", "left": "ok", "value": True}, [1, 3]),
        ({"op": "!=", "left": "ok", "value": True}, [2, 5]),
        ({"op": ">=", "left": "day", "value": "2020-02-29"}, [2, 4]),
        ({"op": "==", "left": "day", "value": "2020-01-31"}, [1]),
        ({"op": "in", "left": "day", "values": ["2020-01-31", "1999-12-31"]}, [1, 5]),
        ({"op": "<", "left": "moment", "value": "2020-01-31T12:00:00"}, [1, 5]),
        ({"op": "==", "left": {"op": "date_part", "value": "day", "part": "year"},
          "value": 2020}, [1, 2]),
        ({"op": "==", "left": "a", "value": "16"}, [4]),
        ({"op": "or", "conditions": [{"op": "==", "left": "g", "value": "x"},
                                     {"op": "<", "left": "a", "value": 1}]}, [1, 2, 3, 5]),
        ({"op": "not", "condition": {"op": "and", "conditions": [
            {"op": "==", "left": "g", "value": "x"}, {"op": ">", "left": "a", "value": 3}]}},
         [3, 4, 5]),
    ],
)  # fmt: skip
def test_conditions(condition, expected):
    assert kept(condition, CSV) == expected


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ({"op": "==", "left": "a", "value": None}, "use is_null or not_null"),
        ({"op": "==", "left": "a", "value": "x"}, "'x' is text, and this holds whole numbers"),
        ({"op": "==", "left": "g", "value": 5}, "this holds text"),
        ({"op": ">", "left": "day", "value": "yesterday"}, "is no date; write it as 2020-01-31"),
        ({"op": "contains", "left": "a", "text": "1"}, "Only text contains text"),
        ({"op": ">", "left": "a", "right": "t"}, "whole numbers with text has no meaning"),
        ({"op": ">", "left": {"op": "+", "left": "t", "right": 1}, "value": 1},
         "The column 't' holds text, so there is no arithmetic of it"),
        ({"op": ">", "left": {"op": "result", "name": "x"}, "value": 1}, "output compute alone"),
        ({"op": "==", "left": {"op": "date_part", "value": "t", "part": "year"}, "value": 1},
         "The column 't' holds text, no dates: convert it"),
    ],
)  # fmt: skip
def test_conditions_that_have_no_meaning(condition, sentence):
    with pytest.raises(RecipeRefused, match=sentence):
        kept(condition, CSV)


# Any tree of comparisons, beside three-valued logic written out.

MAYBE = st.one_of(st.none(), st.integers(-3, 3))
TABLES = st.lists(st.tuples(MAYBE, MAYBE), min_size=1, max_size=8)
LEAVES = st.one_of(
    st.builds(lambda op, left, value: {"op": op, "left": left, "value": value},
              st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), st.sampled_from("ab"),
              st.integers(-3, 3)),
    st.builds(lambda op: {"op": op, "left": "a", "right": "b"},
              st.sampled_from(["==", "!=", "<", "<=", ">", ">="])),
    st.builds(lambda op, left, values: {"op": op, "left": left, "values": values},
              st.sampled_from(["in", "not_in"]), st.sampled_from("ab"),
              st.lists(st.integers(-3, 3), min_size=1, max_size=3)),
    st.builds(lambda low, size, how: {"op": "between", "left": "a", "low": low,
                                      "high": low + size, "inclusive": how},
              st.integers(-3, 3), st.integers(0, 3),
              st.sampled_from(["both", "left", "right", "neither"])),
    st.builds(lambda op, left: {"op": op, "left": left},
              st.sampled_from(["is_null", "not_null"]), st.sampled_from("ab")),
)  # fmt: skip
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda each: {"op": "not", "condition": each}, inner),
        st.builds(lambda op, each: {"op": op, "conditions": each},
                  st.sampled_from(["and", "or"]), st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=6,
)  # fmt: skip
COMPARE = {"==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
           ">": operator.gt, ">=": operator.ge}  # fmt: skip


def truth(tree, row):
    """True, False or None (not known), as SQL has it."""
    op = tree["op"]
    if op == "not":
        inner = truth(tree["condition"], row)
        return None if inner is None else not inner
    if op in ("and", "or"):
        values = [truth(each, row) for each in tree["conditions"]]
        decisive = op == "or"
        if decisive in values:
            return decisive
        return None if None in values else not decisive
    left = row[tree["left"]]
    if op in ("is_null", "not_null"):
        return (left is None) == (op == "is_null")
    if left is None:
        return None
    if op in COMPARE:
        right = row[tree["right"]] if "right" in tree else tree["value"]
        return None if right is None else COMPARE[op](left, right)
    if op == "between":
        low = left > tree["low"] or (left == tree["low"] and tree["inclusive"] in ("both", "left"))
        high = left < tree["high"] or (
            left == tree["high"] and tree["inclusive"] in ("both", "right")
        )
        return low and high
    return (left in tree["values"]) == (op == "in")


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=TABLES, tree=TREES)
def test_any_condition_is_as_in_three_valued_logic(rows, tree):
    # One more row keeps the columns whole numbers, whatever the others are.
    rows = [*rows, (9, 9)]
    lines = ["id,a,b"] + [
        f"{number},{'' if a is None else a},{'' if b is None else b}"
        for number, (a, b) in enumerate(rows)
    ]
    wanted = [number for number, (a, b) in enumerate(rows) if truth(tree, {"a": a, "b": b}) is True]
    csv = "\n".join(lines) + "\n"
    assert kept(tree, csv) == wanted
    # The same as the condition of a choice: where it is not known, it does not hold.
    chosen = {"op": "if", "condition": tree, "then": 1, "otherwise": 0}
    assert derived(chosen, csv) == [int(number in wanted) for number in range(len(rows))]


def test_a_comparison_takes_one_right_side():
    for given_ in ({}, {"value": 1, "right": "a"}):
        with pytest.raises(ValueError, match="either value or right"):
            run({"frame": "t", "steps": [{"op": "filter", "condition": {
                "op": ">", "left": "a", **given_}}], "outputs": [{"op": "rows", "name": "n"}]},
                t=CSV)  # fmt: skip
