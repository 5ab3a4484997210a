"""Correlations, tests and regression beside scipy; scikit-learn's and statsmodels' own figures.

The figures written out were computed with scikit-learn 1.7 and statsmodels 0.14 on the same table.
"""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from leonidas_jupyter.data.recipes.errors import RecipeFailed, RecipeRefused
from tests.data.recipe_world import column, figures, reference, run, table

CARS, MOVIES = "cars", "movies"


def pairs(*names, frame=CARS):
    return [values for _, values in reference(frame)[list(names)].dropna().items()]


def sample(name, frame=CARS):
    return reference(frame)[name].dropna()


def of(output, frame=CARS, steps=()):
    found = figures({"frame": frame, "steps": list(steps), "outputs": [{"name": "x", **output}]})
    return {name.removeprefix("x_"): value for name, value in found.items()}


@pytest.mark.parametrize(
    ("method", "test"),
    [("pearson", stats.pearsonr), ("spearman", stats.spearmanr), ("kendall", stats.kendalltau)],
)
@pytest.mark.parametrize(("x", "y"), [("Horsepower", "Miles_per_Gallon"),
                                      ("Cylinders", "Acceleration")])  # fmt: skip
def test_correlation(x, y, method, test):
    found = of({"op": "correlation", "x": x, "y": y, "method": method})
    r, p = test(*pairs(x, y))
    assert found == {"r": pytest.approx(r), "p": pytest.approx(p, rel=1e-9),
                     "n": len(pairs(x, y)[0])}  # fmt: skip


def test_a_column_with_itself():
    assert of({"op": "correlation", "x": "Horsepower", "y": "Horsepower"})["r"] == pytest.approx(1)


def test_covariance():
    x, y = pairs("Horsepower", "Miles_per_Gallon")
    for ddof in (0, 1):
        output = {"op": "covariance", "name": "x", "x": x.name, "y": y.name, "ddof": ddof}
        found = figures({"frame": CARS, "outputs": [output]})["x"]
        assert found == pytest.approx(np.cov(x, y, ddof=ddof)[0, 1])


@pytest.mark.parametrize("method", ["pearson", "spearman", "kendall"])
def test_correlation_matrix(method):
    names = ["Horsepower", "Miles_per_Gallon", "Weight_in_lbs"]
    output = {"op": "correlation_matrix", "name": "m", "columns": names, "method": method}
    (found,) = run({"frame": CARS, "outputs": [output]}).tables
    expected = reference(CARS)[names].corr(method=method)
    assert [row[0] for row in found.rows] == names
    for row, wanted in zip(found.rows, expected.to_numpy(), strict=True):
        assert row[1:] == pytest.approx(wanted.tolist())
    assert found.used == len(pairs("Horsepower", "Miles_per_Gallon")[0])


def test_strongest_pair_and_most_correlated():
    matrix = reference(CARS).select_dtypes("number").corr()
    names = list(matrix)
    every = [(abs(matrix.loc[a, b]), a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    _, first, second = max(every)
    assert of({"op": "strongest_pair"}) == {
        "first": first, "second": second, "r": pytest.approx(matrix.loc[first, second]),
        "p": pytest.approx(stats.pearsonr(*pairs(first, second)).pvalue),
    }  # fmt: skip
    _, first, second = min(every)
    assert of({"op": "strongest_pair", "weakest": True})["second"] == second
    others = matrix["Miles_per_Gallon"].drop("Miles_per_Gallon")
    target = {"op": "strongest_pair", "target": "Miles_per_Gallon"}
    assert of(target)["second"] == others.abs().idxmax()
    assert of({**target, "by": "highest"})["second"] == others.idxmax()
    assert of({**target, "by": "lowest"})["second"] == others.idxmin()
    assert of({**target, "by": "lowest", "columns": ["Acceleration", "Cylinders"]}) == {
        "first": "Miles_per_Gallon", "second": "Cylinders",
        "r": pytest.approx(others["Cylinders"]),
        "p": pytest.approx(stats.pearsonr(*pairs("Miles_per_Gallon", "Cylinders")).pvalue),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["Miles_per_Gallon", "Horsepower", "Acceleration"])
def test_normality(name):
    values = sample(name)
    for test in ("shapiro", "normaltest", "jarque_bera"):
        found = of({"op": "normality", "column": name, "test": test})
        wanted = getattr(stats, test)(values)
        assert (found["statistic"], found["p"]) == pytest.approx(tuple(wanted))
    ks = {"op": "normality", "column": name, "test": "kstest"}
    for options, wanted in [
        ({}, stats.kstest(values, "norm")),
        ({"against": "fitted"}, stats.kstest(values, "norm", (values.mean(), values.std()))),
        ({"against": "fitted", "ddof": 0},
         stats.kstest(values, "norm", (values.mean(), values.std(ddof=0)))),
        ({"against": "scaled", "ddof": 0}, stats.kstest(stats.zscore(values), "norm")),
    ]:  # fmt: skip
        found = of({**ks, **options})
        assert (found["statistic"], found["p"]) == pytest.approx(tuple(wanted))


@pytest.mark.parametrize(
    ("rows", "statistic", "p"),  # statsmodels.stats.diagnostic.normal_ad
    [
        (slice(None), 0.6906671686275558, 0.07081029049654838),
        (slice(0, 12), 0.7545325767866089, 0.035502532680402314),
        (slice(0, 30), 0.9074487185929918, 0.018075072250462863),
        (slice(40, 80), 1.3953893747756467, 0.0011188462327129263),
    ],
)
def test_anderson_darling(rows, statistic, p):
    steps = [{"op": "drop_missing", "columns": ["Acceleration"]}]
    if rows.stop:
        steps.append({"op": "head", "rows": rows.stop})
        steps.append({"op": "tail", "rows": rows.stop - rows.start})
    output = {"op": "normality", "column": "Acceleration", "test": "anderson"}
    found = of(output, steps=steps)
    assert (found["statistic"], found["p"]) == pytest.approx((statistic, p), rel=1e-9)
    values = sample("Acceleration").iloc[rows]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        scipys = stats.anderson(values)
    assert found["statistic"] == pytest.approx(scipys.statistic)
    if len(values) > 100:
        assert found["critical"] == pytest.approx(0.751, abs=6e-4)


def groups(name, by, wanted=None):
    frame = reference(CARS).dropna(subset=[name])
    keys = wanted or sorted(frame[by].unique())
    return [frame.loc[frame[by] == key, name] for key in keys]


@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
@pytest.mark.parametrize(
    ("test", "wanted"),
    [
        ("t", lambda a, b, side: stats.ttest_ind(a, b, alternative=side)),
        ("welch", lambda a, b, side: stats.ttest_ind(a, b, equal_var=False, alternative=side)),
        ("mann_whitney", lambda a, b, side: stats.mannwhitneyu(a, b, alternative=side)),
        ("ks", lambda a, b, side: stats.ks_2samp(a, b, alternative=side)),
    ],
)
def test_two_samples(test, wanted, alternative):
    output = {"op": "compare_two", "test": test, "alternative": alternative}
    found = of({**output, "column": "Horsepower", "by": "Origin", "groups": ["USA", "Japan"]})
    expected = wanted(*groups("Horsepower", "Origin", ["USA", "Japan"]), alternative)
    assert (found["statistic"], found["p"]) == pytest.approx(tuple(expected), rel=1e-9)
    columns = of({**output, "columns": ["Horsepower", "Weight_in_lbs"]})
    both = wanted(sample("Horsepower"), sample("Weight_in_lbs"), alternative)
    assert (columns["statistic"], columns["p"]) == pytest.approx(tuple(both), rel=1e-9)


def test_two_groups_are_found_where_there_are_two():
    keep = {"op": "filter", "condition": {"op": "in", "left": "Origin",
                                          "values": ["USA", "Japan"]}}  # fmt: skip
    output = {"op": "compare_two", "test": "t", "column": "Horsepower", "by": "Origin"}
    expected = stats.ttest_ind(*groups("Horsepower", "Origin", ["Japan", "USA"]))
    assert of(output, steps=[keep])["p"] == pytest.approx(expected.pvalue)
    with pytest.raises(RecipeFailed, match=r"In the output 'x': .* name two in groups"):
        of(output)


@pytest.mark.parametrize(("test", "function"), [("paired_t", stats.ttest_rel),
                                                ("wilcoxon", stats.wilcoxon)])  # fmt: skip
def test_paired_samples(test, function):
    names = ["Horsepower", "Displacement"]
    found = of({"op": "compare_two", "test": test, "columns": names})
    expected = function(*pairs(*names))
    assert (found["statistic"], found["p"]) == pytest.approx((expected.statistic, expected.pvalue))
    with pytest.raises(RecipeRefused, match="takes two columns"):
        of({"op": "compare_two", "test": test, "column": "Horsepower", "by": "Origin"})


@pytest.mark.parametrize(
    ("test", "options", "function"),
    [
        ("anova", {}, stats.f_oneway),
        ("kruskal", {}, stats.kruskal),
        ("levene", {}, stats.levene),
        ("levene", {"center": "mean"}, lambda *s: stats.levene(*s, center="mean")),
        ("bartlett", {}, stats.bartlett),
    ],
)
def test_several_samples(test, options, function):
    output = {"op": "compare_groups", "test": test, **options}
    found = of({**output, "column": "Horsepower", "by": "Origin"})
    assert (found["statistic"], found["p"]) == pytest.approx(
        tuple(function(*groups("Horsepower", "Origin")))
    )
    two = of({**output, "column": "Horsepower", "by": "Origin", "groups": ["Japan", "Europe"]})
    expected = function(*groups("Horsepower", "Origin", ["Japan", "Europe"]))
    assert two["p"] == pytest.approx(expected.pvalue)


def test_one_sample():
    values = sample("Acceleration")
    found = of({"op": "one_sample", "column": "Acceleration", "value": 15})
    assert (found["statistic"], found["p"]) == pytest.approx(tuple(stats.ttest_1samp(values, 15)))
    signed = {"op": "one_sample", "column": "Acceleration", "value": 15, "test": "wilcoxon",
              "alternative": "greater"}  # fmt: skip
    expected = stats.wilcoxon(values - 15, alternative="greater")
    assert of(signed)["p"] == pytest.approx(expected.pvalue)


@pytest.mark.parametrize("correction", [True, False])
def test_independence(correction):
    movies = reference(MOVIES)
    counts = pd.crosstab(movies["MPAA Rating"], movies["Major Genre"])
    output = {"op": "independence", "rows": "MPAA Rating", "columns": "Major Genre",
              "correction": correction}  # fmt: skip
    expected = stats.chi2_contingency(counts, correction=correction)
    assert of(output, MOVIES) == {
        "statistic": pytest.approx(expected.statistic), "p": pytest.approx(expected.pvalue),
        "dof": expected.dof,
        "v": pytest.approx(stats.contingency.association(counts, method="cramer")),
    }  # fmt: skip
    small = "id,a,b\n" + "1,x,u\n" * 9 + "2,x,v\n" * 5 + "3,y,u\n" * 4 + "4,y,v\n" * 12
    found = figures({"frame": "t", "outputs": [{**output, "rows": "a", "columns": "b",
                                                "name": "x"}]}, t=small)  # fmt: skip
    two = stats.chi2_contingency([[9, 5], [4, 12]], correction=correction)
    assert found["x_p"] == pytest.approx(two.pvalue)


def test_goodness_of_fit():
    counts = reference(CARS)["Origin"].value_counts().sort_index()
    found = of({"op": "goodness_of_fit", "column": "Origin"})
    assert (found["statistic"], found["p"]) == pytest.approx(tuple(stats.chisquare(counts)))
    shares = {"USA": 0.6, "Japan": 0.2, "Europe": 0.2}
    weighted = of({"op": "goodness_of_fit", "column": "Origin", "expected": shares})
    expected = stats.chisquare(
        [counts[name] for name in shares], [406 * share for share in shares.values()]
    )
    assert weighted["p"] == pytest.approx(expected.pvalue)
    with pytest.raises(RecipeFailed, match="sum of the observed"):
        of({"op": "goodness_of_fit", "column": "Origin", "expected": {"USA": 0.5, "Japan": 0.5}})


def test_scikit_learns_split():
    csv = "id\n" + "".join(f"{n}\n" for n in range(20))
    for split, train, test in [
        ({"test_size": 0.3, "seed": 42}, [11, 3, 18, 16, 13, 2, 9, 19, 4, 12, 7, 10, 14, 6],
         [0, 17, 15, 1, 8, 5]),
        ({"test_size": 7, "seed": 1}, [17, 7, 1, 13, 0, 19, 18, 9, 15, 8, 12, 11, 5],
         [3, 16, 6, 10, 2, 14, 4]),
        ({"test_size": 0.25, "shuffle": False}, list(range(15)), list(range(15, 20))),
    ]:  # fmt: skip
        step = {"op": "train_test", **split}
        assert column("id", [{**step, "keep": "train"}], csv) == train
        assert column("id", [{**step, "keep": "test"}], csv) == test


MPG = {"op": "linear_regression", "target": "Miles_per_Gallon"}


@pytest.mark.parametrize(
    ("output", "intercept", "slope", "mse", "r2", "mae", "n_test"),  # scikit-learn
    [
        ({"features": ["Horsepower"], "test_size": 0.3, "seed": 42}, 41.08483563976211,
         -0.16634925761343233, 24.556123551125154, 0.535843444758005, 4.04332528847815, 118),
        ({"features": ["Horsepower", "Weight_in_lbs", "Displacement"], "test_size": 0.2,
          "seed": 0}, 45.478406457187816, -0.04074661653654238, 18.698520956062342,
         0.699164568626703, 3.3326728259375225, 79),
        ({"features": ["Horsepower", "Weight_in_lbs"], "test_size": 50, "shuffle": False},
         43.68294687387288, -0.03879514424769884, 36.11169684628554, -0.25920743351081854,
         5.1301972686675175, 50),
    ],
)  # fmt: skip
def test_regression_on_a_split(output, intercept, slope, mse, r2, mae, n_test):
    found = of({**MPG, **output})
    assert found["n_test"] == n_test
    assert (found["intercept"], found["slope"]) == pytest.approx((intercept, slope), rel=1e-9)
    assert (found["mse"], found["r2"], found["mae"]) == pytest.approx((mse, r2, mae), rel=1e-9)
    assert found["rmse"] == pytest.approx(mse**0.5)


def test_ordinary_least_squares():
    output = {**MPG, "name": "x", "features": ["Horsepower", "Weight_in_lbs"]}
    rows = table({"frame": CARS, "outputs": [output]})
    expected = {  # statsmodels.api.OLS
        "intercept": (45.64021084017717, 0.7931958328884764, 57.539650295407185,
                      2.3171132316491176e-192),
        "Horsepower": (-0.04730286308619172, 0.01108508648419921, -4.267252506655468,
                       2.4884820391713833e-05),
        "Weight_in_lbs": (-0.005794157364802918, 0.0005023269964137773, -11.534632632067716,
                          1.1243623611374571e-26),
    }  # fmt: skip
    assert [row[0] for row in rows] == list(expected)
    for name, *figures_of_it in rows:
        assert figures_of_it == pytest.approx(expected[name], rel=1e-7)
    whole = of(output)
    assert whole["r2"] == pytest.approx(0.7063753737298348)
    assert (whole["slope"], whole["p"]) == pytest.approx(expected["Horsepower"][::3])
    assert (whole["n_train"], whole["n_test"]) == (392, 0)
    without = table({"frame": CARS, "outputs": [{**output, "intercept": False}]})
    assert without[0][1:3] == pytest.approx([-0.15590452920088568, 0.03364404790105992])
    assert without[1][4] == pytest.approx(1.7365196642488185e-21)


def test_simple_regression_and_prediction():
    x, y = pairs("Horsepower", "Miles_per_Gallon")
    found = of({**MPG, "features": ["Horsepower"], "predict": [100]})
    line = stats.linregress(x, y)
    assert (found["slope"], found["intercept"], found["p"]) == pytest.approx(
        (line.slope, line.intercept, line.pvalue)
    )
    assert found["r2"] == pytest.approx(line.rvalue**2)
    assert found["prediction"] == pytest.approx(line.intercept + 100 * line.slope)


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ({"op": "correlation", "x": "Origin", "y": "Horsepower"}, "'Origin' holds text, so it has"),
        ({"op": "normality", "column": "Year", "test": "shapiro"}, "'Year' holds dates"),
        ({**MPG, "features": ["Origin"]}, "'Origin' holds text, so it has no regression"),
        ({**MPG, "features": ["Miles_per_Gallon"]}, "other, different columns"),
        ({**MPG, "features": ["Horsepower"], "test_size": 1.5, "seed": 1}, "share below 1"),
    ],
)
def test_what_does_not_fit_is_refused(output, sentence):
    with pytest.raises(RecipeRefused, match=sentence):
        of(output)


def test_too_few_values_give_a_sentence_or_nothing():
    csv = "id,a\n1,2\n2,5\n"

    def of_two(output):
        return figures({"frame": "t", "outputs": [{"name": "x", **output}]}, t=csv)

    fit = of_two({"op": "linear_regression", "target": "a", "features": ["id"]})
    assert (fit["x_slope"], fit["x_p"]) == (pytest.approx(3), None)
    nothing = {"op": ">", "left": "id", "value": 9}
    with pytest.raises(RecipeFailed, match="In the output 'x': "):
        of_two({"op": "correlation", "x": "id", "y": "a", "where": nothing})
