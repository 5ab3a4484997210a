"""Every describing output beside pandas and scipy on real tables read by pandas alone."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.data.recipe_world import figures, reference, run, table

CARS, MOVIES = "cars", "movies"


def one(column, statistic, frame=CARS, **options):
    output = {"op": "aggregate", "name": "x", "column": column, "statistic": statistic, **options}
    return figures({"frame": frame, "outputs": [output]})["x"]


NUMBERS = ["Horsepower", "Miles_per_Gallon", "Weight_in_lbs", "Cylinders"]
OF_NUMBERS = {
    "rows": lambda s: len(s),
    "count": lambda s: s.count(),
    "missing": lambda s: s.isna().sum(),
    "distinct": lambda s: len(set(s.dropna())),
    "sum": lambda s: math.fsum(s.dropna()),
    "mean": lambda s: math.fsum(s.dropna()) / s.count(),
    "median": lambda s: np.median(s.dropna()),
    "mode": lambda s: min(s.dropna().mode()),
    "min": lambda s: min(s.dropna()),
    "max": lambda s: max(s.dropna()),
    "std": lambda s: np.std(s.dropna(), ddof=1),
    "var": lambda s: np.var(s.dropna(), ddof=1),
    "sem": lambda s: stats.sem(s.dropna()),
    "range": lambda s: np.ptp(s.dropna()),
    "iqr": lambda s: stats.iqr(s.dropna()),
    "skewness": lambda s: stats.skew(s.dropna(), bias=False),
    "kurtosis": lambda s: stats.kurtosis(s.dropna(), bias=False),
    "cv": lambda s: stats.variation(s.dropna(), ddof=1),
    "mad": lambda s: stats.median_abs_deviation(s.dropna()),
    "geometric_mean": lambda s: stats.gmean(s.dropna()),
    "first": lambda s: s.dropna().iloc[0],
    "last": lambda s: s.dropna().iloc[-1],
}


@pytest.mark.parametrize("statistic", OF_NUMBERS)
@pytest.mark.parametrize("column", NUMBERS)
def test_statistics_of_numbers(column, statistic):
    expected = OF_NUMBERS[statistic](reference(CARS)[column])
    assert one(column, statistic) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("statistic", "options", "expected"),
    [
        ("std", {"ddof": 0}, lambda s: np.std(s)),
        ("var", {"ddof": 0}, lambda s: np.var(s)),
        ("sem", {"ddof": 0}, lambda s: stats.sem(s, ddof=0)),
        ("cv", {"ddof": 0}, lambda s: stats.variation(s)),
        ("skewness", {"bias": True}, lambda s: stats.skew(s)),
        ("kurtosis", {"bias": True}, lambda s: stats.kurtosis(s)),
        ("kurtosis", {"bias": True, "excess": False}, lambda s: stats.kurtosis(s, fisher=False)),
        ("kurtosis", {"excess": False}, lambda s: stats.kurtosis(s, bias=False) + 3),
        ("quantile", {"q": 0.9}, lambda s: np.quantile(s, 0.9)),
        ("quantile", {"q": 0.25, "interpolation": "lower"},
         lambda s: np.quantile(s, 0.25, method="lower")),
        ("quantile", {"q": 0.33, "interpolation": "nearest"},
         lambda s: np.quantile(s, 0.33, method="nearest")),
        ("quantile", {"q": 0.33, "interpolation": "midpoint"},
         lambda s: np.quantile(s, 0.33, method="midpoint")),
    ],
)  # fmt: skip
def test_conventions(statistic, options, expected):
    values = reference(CARS)["Miles_per_Gallon"].dropna().to_numpy()
    assert one("Miles_per_Gallon", statistic, **options) == pytest.approx(expected(values))


def test_statistics_of_text_dates_and_truth():
    cars = reference(CARS)
    assert one("Origin", "mode") == "USA"
    assert one("Origin", "distinct") == 3
    assert one("Origin", "max") == max(cars["Origin"])
    assert one("Year", "min") == "1970-01-01"
    assert one("Year", "median") == "1976-01-01"
    assert one("Year", "range") == (cars["Year"].max() - cars["Year"].min()).days
    truth = "id,ok\n1,true\n2,\n3,false\n4,true\n"
    for statistic, expected in [("sum", 2), ("mean", 2 / 3), ("std", np.std([1, 0, 1], ddof=1)),
                                ("count", 3), ("mode", True), ("max", True)]:  # fmt: skip
        output = {"op": "aggregate", "name": "x", "column": "ok", "statistic": statistic}
        found = figures({"frame": "t", "outputs": [output]}, t=truth)["x"]
        assert found == pytest.approx(expected), statistic


def test_whole_numbers_stay_whole_although_some_are_missing():
    assert one("Horsepower", "max") == 230
    assert isinstance(one("Horsepower", "max"), int)
    ids = f"id,n\n1,{2**62}\n2,\n3,7\n"
    recipe = {"frame": "t", "outputs": [
        {"op": "aggregate", "name": "x", "column": "n", "statistic": "max"},
        {"op": "aggregate", "name": "n", "column": "n", "statistic": "rows",
         "where": {"op": "==", "left": "n", "value": 2**62}},
        {"op": "aggregate", "name": "not", "column": "n", "statistic": "rows",
         "where": {"op": "!=", "left": "n", "value": 2**62}},
    ]}  # fmt: skip
    assert figures(recipe, t=ids) == {"x": 2**62, "n": 1, "not": 1}


def test_of_nothing_there_is_no_statistic():
    empty = {"op": "filter", "condition": {"op": ">", "left": "Horsepower", "value": 1000}}
    outputs = [
        {"op": "aggregate", "name": name, "column": "Horsepower", "statistic": name}
        for name in OF_NUMBERS
    ]
    found = figures({"frame": CARS, "steps": [empty], "outputs": outputs})
    zeros = {name for name, value in found.items() if value == 0}
    assert zeros == {"rows", "count", "missing", "distinct", "sum"}
    assert {value for name, value in found.items() if name not in zeros} == {None}


def test_rows_shares_lookups_and_cells():
    movies = reference(MOVIES)
    recipe = {"frame": MOVIES, "outputs": [
        {"op": "rows", "name": "rows"},
        {"op": "share", "name": "r", "condition": {"op": "==", "left": "MPAA Rating",
                                                   "value": "R"}},
        {"op": "share", "name": "part", "percent": False,
         "condition": {"op": ">", "left": "IMDB Rating", "value": 7}},
        {"op": "lookup", "name": "top", "column": "Title", "by": "Worldwide Gross"},
        {"op": "lookup", "name": "least", "column": "Title", "by": "IMDB Rating",
         "extreme": "min"},
        {"op": "cell", "name": "first", "column": "Title"},
        {"op": "cell", "name": "last", "column": "Release Date", "row": -1},
    ]}  # fmt: skip
    assert figures(recipe) == {
        "rows": len(movies),
        "r": pytest.approx((movies["MPAA Rating"] == "R").sum() / len(movies) * 100),
        "part": pytest.approx((movies["IMDB Rating"] > 7).sum() / len(movies)),
        "top": movies.sort_values("Worldwide Gross").iloc[-2]["Title"]
        if pd.isna(movies.sort_values("Worldwide Gross").iloc[-1]["Worldwide Gross"])
        else movies.loc[movies["Worldwide Gross"].idxmax(), "Title"],
        "least": movies.loc[movies["IMDB Rating"].idxmin(), "Title"],
        "first": "The Land Girls",
        "last": movies["Release Date"].iloc[-1].date().isoformat(),
    }


def test_missing_cells():
    movies = reference(MOVIES)
    result = run({"frame": MOVIES, "outputs": [{"op": "missing_cells", "name": "m"}]})
    gaps = movies.isna()
    most = gaps.sum().max()
    assert result.rows == [[gaps.sum().sum(), gaps.any(axis=1).sum(), gaps.sum().idxmax(), most]]
    assert [row[:2] for row in result.tables[0].rows] == list(map(list, gaps.sum().items()))
    some = {"op": "missing_cells", "name": "m", "columns": ["Title", "Director"]}
    only = run({"frame": MOVIES, "outputs": [some]})
    assert only.rows[0][0] == gaps[["Title", "Director"]].sum().sum()
    none = {"op": "missing_cells", "name": "m", "columns": ["Title"]}
    assert run({"frame": MOVIES, "outputs": [none]}).rows == [[0, 0, None, 0]]


def test_value_counts():
    genres = reference(MOVIES)["Major Genre"]
    counts = sorted(genres.value_counts().items(), key=lambda pair: (-pair[1], pair[0]))
    output = {"op": "value_counts", "name": "x", "column": "Major Genre", "limit": 5}
    result = run({"frame": MOVIES, "outputs": [output]})
    (found,) = result.tables
    assert [row[:2] for row in found.rows] == [list(pair) for pair in counts[:5]]
    assert found.rows[0][2] == pytest.approx(counts[0][1] / genres.count() * 100)
    assert (found.truncated, found.row_counts, found.used) == (
        True,
        "count",
        min(genres.value_counts()),
    )
    with_gaps = {**output, "missing": True, "limit": 100, "order": "value"}
    rows = table({"frame": MOVIES, "outputs": [with_gaps]})
    assert rows[-1][:2] == [None, genres.isna().sum()]
    assert [row[0] for row in rows[:-1]] == sorted(genres.dropna().unique())


def test_groups():
    movies = reference(MOVIES)
    output = {
        "op": "groups", "name": "g", "by": ["Major Genre"], "order_by": "gross", "min_rows": 20,
        "measures": [
            {"name": "gross", "statistic": "mean", "column": "US Gross"},
            {"name": "90 %", "statistic": "quantile", "q": 0.9, "column": "US Gross"},
            {"name": "spread", "statistic": "std", "ddof": 0, "column": "US Gross"},
            {"name": "title", "statistic": "first", "column": "Title"},
        ],
    }  # fmt: skip
    result = run({"frame": MOVIES, "outputs": [output]})
    (found,) = result.tables
    expected = []
    for genre, part in movies.groupby("Major Genre"):
        gross = part["US Gross"].dropna()
        if len(part) >= 20:
            expected.append([genre, gross.mean(), np.quantile(gross, 0.9), np.std(gross),
                             part["Title"].iloc[0], len(part)])  # fmt: skip
    expected.sort(key=lambda row: -row[1])
    assert [column.name for column in found.columns] == [
        "Major Genre", "gross", "90 %", "spread", "title", "rows",
    ]  # fmt: skip
    assert [row[0] for row in found.rows] == [row[0] for row in expected]
    for row, wanted in zip(found.rows, expected, strict=True):
        assert row[1:4] == pytest.approx(wanted[1:4])
        assert row[4:] == wanted[4:]
    assert found.used == min(row[5] for row in expected)
    assert found.row_counts == "rows"


def test_the_column_of_counts_gives_way_to_one_of_that_name():
    measure = {"name": "rows", "statistic": "mean", "column": "a"}
    output = {"op": "groups", "name": "g", "by": ["id"], "measures": [measure]}
    result = run({"frame": "t", "outputs": [output]}, t="id,a\nx,1\nx,2\n")
    assert result.tables[0].rows == [["x", 1.5, 2]]
    assert result.tables[0].row_counts == "rows_"


def test_top_group():
    movies = reference(MOVIES)
    means = movies.groupby("Director")["US Gross"].agg(["mean", "size"])
    best = means[means["size"] >= 3]["mean"].sort_values(ascending=False)
    recipe = {"frame": MOVIES, "outputs": [
        {"op": "top_group", "name": "a", "by": "Director", "column": "US Gross",
         "statistic": "mean", "min_rows": 3},
        {"op": "top_group", "name": "b", "by": "Director", "column": "US Gross",
         "statistic": "mean", "min_rows": 3, "place": 2},
        {"op": "top_group", "name": "c", "by": "Major Genre", "statistic": "rows",
         "smallest": True},
    ]}  # fmt: skip
    found = figures(recipe)
    assert (found["a_group"], found["b_group"]) == tuple(best.index[:2])
    assert found["a_value"] == pytest.approx(best.iloc[0])
    sizes = movies["Major Genre"].value_counts()
    assert (found["c_group"], found["c_value"]) == (min(sizes[sizes == sizes.min()].index),
                                                    sizes.min())  # fmt: skip


def test_outliers():
    values = reference(MOVIES)["IMDB Rating"].dropna()
    z = values[np.abs(stats.zscore(values)) > 2.5]
    q1, q3 = np.quantile(values, [0.25, 0.75])
    low, high = q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1)
    beyond = values[(values < low) | (values > high)]
    rule = {"op": "outliers", "column": "IMDB Rating"}
    found = figures({"frame": MOVIES, "outputs": [
        {**rule, "name": "z", "method": "z_score", "threshold": 2.5},
        {**rule, "name": "i", "method": "iqr"},
        {**rule, "name": "s", "method": "z_score", "ddof": 1},
    ]})  # fmt: skip
    assert found["z_count"] == len(z) > 0
    assert (found["z_min"], found["z_max"]) == (z.min(), z.max())
    assert found["i_count"] == len(beyond)
    assert (found["i_low"], found["i_high"]) == pytest.approx((low, high))
    assert found["i_share"] == pytest.approx(len(beyond) / len(values) * 100)
    assert found["s_low"] == pytest.approx(values.mean() - 3 * values.std())
    listed = {**rule, "op": "outlier_list", "name": "l", "method": "iqr", "columns": ["Title"]}
    rows = table({"frame": MOVIES, "outputs": [listed]})
    assert [row[1] for row in rows] == list(beyond)
    assert [row[0] for row in rows] == list(reference(MOVIES).loc[beyond.index, "Title"])


def test_a_constant_column_has_no_outliers_and_no_spread():
    recipe = {"frame": "t", "outputs": [
        {"op": "outliers", "name": "z", "column": "a", "method": "z_score"},
        {"op": "outliers", "name": "i", "column": "a", "method": "iqr"},
        {"op": "aggregate", "name": "s", "column": "a", "statistic": "std"},
        {"op": "correlation", "name": "c", "x": "a", "y": "id"},
    ]}  # fmt: skip
    found = figures(recipe, t="id,a\n1,5\n2,5\n3,5\n4,5\n")
    assert (found["z_count"], found["i_count"], found["s"], found["c_r"]) == (0, 0, 0, None)


def test_crosstab():
    movies = reference(MOVIES)
    output = {"op": "crosstab", "name": "c", "rows": "Major Genre", "columns": "MPAA Rating"}
    found = run({"frame": MOVIES, "outputs": [output]}).tables[0]
    expected = pd.crosstab(movies["Major Genre"], movies["MPAA Rating"])
    assert [column.name for column in found.columns] == ["Major Genre", *expected.columns]
    assert found.rows == [[genre, *row] for genre, row in zip(
        expected.index, expected.to_numpy().tolist(), strict=True)]  # fmt: skip
    assert found.used == expected.to_numpy()[expected.to_numpy() > 0].min()
    for how, total in (("rows", "index"), ("columns", "columns"), ("all", "all")):
        shares = table({"frame": MOVIES, "outputs": [{**output, "normalize": how}]})
        wanted = pd.crosstab(movies["Major Genre"], movies["MPAA Rating"], normalize=total)
        assert shares[0][1:] == pytest.approx(wanted.iloc[0].tolist())


def test_describe_and_tables():
    cars = reference(CARS)
    rows = table({"frame": CARS, "outputs": [{"op": "describe", "name": "d"}]})
    expected = cars.select_dtypes("number").describe().T
    assert [row[0] for row in rows] == list(expected.index)
    for row, wanted in zip(rows, expected.to_numpy().tolist(), strict=True):
        assert row[1:] == pytest.approx(wanted)
    shown = {"op": "table", "name": "t", "columns": ["Name", "Horsepower", "Year"], "limit": 2}
    (found,) = run({"frame": CARS, "outputs": [shown]}).tables
    assert found.rows == [["chevrolet chevelle malibu", 130, "1970-01-01"],
                          ["buick skylark 320", 165, "1970-01-01"]]  # fmt: skip
    assert [column.type for column in found.columns] == ["VARCHAR", "BIGINT", "DATE"]
    assert (found.truncated, found.aggregate) == (True, False)


def test_before_after_where_and_computed():
    cars = reference(CARS)["Horsepower"]
    mean = {"op": "aggregate", "column": "Horsepower", "statistic": "mean"}
    fill = {"op": "fill_missing", "columns": ["Horsepower"], "method": "zero"}
    usa = {"op": "==", "left": "Origin", "value": "USA"}
    recipe = {"frame": CARS, "steps": [fill], "outputs": [
        {**mean, "name": "before", "after": 0},
        {**mean, "name": "after"},
        {**mean, "name": "usa", "where": usa},
        {"op": "compute", "name": "change", "value": {"op": "-",
            "left": {"op": "result", "name": "after"},
            "right": {"op": "result", "name": "before"}}},
        {"op": "compute", "name": "said", "value": {"op": "if",
            "condition": {"op": "<", "left": {"op": "result", "name": "change"}, "value": 0},
            "then": {"op": "constant", "value": "fell"},
            "otherwise": {"op": "constant", "value": "rose"}}},
        {"op": "compute", "name": "none", "value": {"op": "/", "left": 1, "right": 0}},
        {"op": "compute", "name": "rounded", "value": {"op": "round", "digits": 2,
            "value": {"op": "result", "name": "after"}}},
    ]}  # fmt: skip
    result = run(recipe)
    found = dict(zip([c.name for c in result.columns], result.rows[0], strict=True))
    filled = cars.fillna(0)
    assert found["before"] == pytest.approx(cars.mean())
    assert found["after"] == pytest.approx(filled.mean())
    assert found["usa"] == pytest.approx(filled[reference(CARS)["Origin"] == "USA"].mean())
    assert found["change"] == pytest.approx(filled.mean() - cars.mean())
    assert (found["said"], found["none"]) == ("fell", "Infinity")
    assert found["rounded"] == round(filled.mean(), 2)
    used = {fact.output: fact.used for fact in result.facts}
    assert (used["before"], used["after"], used["change"]) == (400, 406, 400)


def test_what_is_an_aggregate():
    csv = "id,a\n" + "".join(f"{n},{n}\n" for n in range(20))
    steps = {"none": [], "melt": [{"op": "melt", "columns": ["a"], "keep": ["id"]}]}
    outputs = [
        {"op": "aggregate", "name": "mean", "column": "id", "statistic": "mean"},
        {"op": "aggregate", "name": "min", "column": "id", "statistic": "min"},
        {"op": "aggregate", "name": "q1", "column": "id", "statistic": "quantile", "q": 1},
        {"op": "cell", "name": "cell", "column": "id"},
        {"op": "compute", "name": "sum", "value": {"op": "+", "left": {"op": "result",
            "name": "mean"}, "right": 1}},
        {"op": "compute", "name": "shown", "value": {"op": "+", "left": {"op": "result",
            "name": "min"}, "right": {"op": "result", "name": "mean"}}},
    ]  # fmt: skip
    facts = run({"frame": "t", "steps": steps["none"], "outputs": outputs}, t=csv).facts
    assert [fact.output for fact in facts if fact.aggregate] == ["mean", "sum"]
    melted = run({"frame": "t", "steps": steps["melt"], "outputs": outputs}, t=csv).facts
    assert not any(fact.aggregate for fact in melted)
