"""Models beside scikit-learn and statsmodels: the numbers are what those give for the same rows.

scikit-learn 1.9.1: ``LogisticRegression()`` and ``LinearRegression()`` after ``dropna`` and
``train_test_split``, scaled as ``StandardScaler`` or ``MinMaxScaler`` of the training part do;
statsmodels 0.15: ``Logit(...).fit()``.
"""

import pytest

from leonidas_jupyter.data.recipes.steps import Recipe
from tests.data.recipe_world import figures, run

FEATURES = ["bill_length_mm", "body_mass_g"]
SEX = {"op": "logistic_regression", "name": "m", "target": "sex", "features": FEATURES}
SPLIT = {"test_size": 0.25, "seed": 7}


def of(output):
    found = figures({"frame": "penguins", "outputs": [{"name": "m", **output}]})
    return {name.removeprefix("m_"): value for name, value in found.items()}


def rows(output):
    shown = run({"frame": "penguins", "outputs": [{"name": "m", **output}]}).tables[0]
    names = [column.name for column in shown.columns]
    return [dict(zip(names, row, strict=True)) for row in shown.rows]


@pytest.mark.parametrize(
    ("scale", "accuracy", "precision", "recall", "f1", "auc", "cells", "weights"),
    [
        ("none", 0.6785714285714286, 0.6857142857142857, 0.6, 0.64, 0.8164772727272727,
         (24, 11, 16, 33), (0.0411902450612995, 0.001000969414642625, -5.979454385817209)),
        ("z_score", 0.6666666666666666, 0.6764705882352942, 0.575, 0.6216216216216216,
         0.8159090909090909, (23, 11, 17, 33),
         (0.22509536107335004, 0.7899901801083379, 0.08656713189780176)),
    ],
)  # fmt: skip
def test_logistic_regression_on_a_split(
    scale, accuracy, precision, recall, f1, auc, cells, weights
):
    output = {**SEX, **SPLIT, "scale": scale}
    found = of(output)
    scores = (found["accuracy"], found["precision"], found["recall"], found["f1"], found["auc"])
    assert scores == pytest.approx((accuracy, precision, recall, f1, auc), rel=1e-9)
    assert tuple(found[part] for part in ("tp", "fp", "fn", "tn")) == cells
    assert (found["n_train"], found["n_test"]) == (249, 84)
    assert [row["coefficient"] for row in rows(output)] == pytest.approx(weights, rel=1e-6)


def test_logistic_regression_counts_another_class_as_positive():
    found, turned = of({**SEX, **SPLIT}), of({**SEX, **SPLIT, "positive": "female"})
    assert (turned["tp"], turned["fp"]) == (found["tn"], found["fn"])
    assert turned["auc"] == pytest.approx(found["auc"])
    assert turned["accuracy"] == found["accuracy"]


def test_logistic_regression_of_several_classes():
    output = {
        **SEX, "target": "species", "test_size": 0.3, "seed": 1, "scale": "z_score"
    }  # fmt: skip
    found = of(output)
    assert found["accuracy"] == pytest.approx(0.9223300970873787)
    assert (found["precision"], found["auc"], found["tp"]) == (None, None, None)
    assert [row["coefficient"] for row in rows(output)] == pytest.approx(
        (-2.8346563280252846, -0.2416141002407142, 0.5013935989557183, 2.5244774478919996,
         -2.282692213094758, -0.72840600547415, 0.31017888013328243, 2.524306313335471,
         0.22701240651843235), rel=1e-6,
    )  # fmt: skip


def test_the_most_likely_logistic_regression():
    found = of({**SEX, "penalty": "none"})
    assert found["pseudo_r2"] == pytest.approx(0.15220362762437512, rel=1e-6)
    expected = {
        "bill_length_mm": (0.061128079437182, 0.026705168248276238, 0.022079462656997263),
        "body_mass_g": (0.0010152998452737595, 0.00019760054085030763, 2.774666390123323e-07),
        "intercept": (-6.912080864850974, 1.0776438553194843, 1.4168704791058134e-10),
    }
    for row in rows({**SEX, "penalty": "none"}):
        told = (row["coefficient"], row["std_error"], row["p"])
        assert told == pytest.approx(expected[row["term"]], rel=1e-5)


BODY = {"op": "linear_regression", "target": "body_mass_g",
        "features": ["bill_length_mm", "flipper_length_mm"]}  # fmt: skip

EARLY, LATE = (223, 119)
SCORES = (0.7634078914922919, 325.36643347955476, 0.08375714913564647)
SCALED = {
    "z_score": (4201.754385964913, 32.96845896241172, 676.0087345337205),
    "min_max": (2738.1429571699064, 166.30590704343638, 2840.546687974453),
}
ADJUSTED = 0.7585415173322565


def test_linear_regression_trained_on_rows_of_a_condition():
    early = {"op": "<=", "left": "year", "value": 2008}
    found = of({**BODY, "train": early})
    assert (found["n_train"], found["n_test"]) == (EARLY, LATE)
    assert (found["r2"], found["mae"], found["mape"]) == pytest.approx(SCORES, rel=1e-9)


@pytest.mark.parametrize("scale", ["z_score", "min_max"])
def test_linear_regression_of_scaled_features(scale):
    found = of({**BODY, "scale": scale, "predict": [45.0, 200.0]})
    assert [row["coefficient"] for row in rows({**BODY, "scale": scale})] == pytest.approx(
        SCALED[scale], rel=1e-9
    )
    assert found["adjusted_r2"] == pytest.approx(ADJUSTED, rel=1e-9)
    assert found["prediction"] == pytest.approx(
        of({**BODY, "predict": [45.0, 200.0]})["prediction"]
    )


def test_rows_are_split_in_one_way():
    early = {"op": "<=", "left": "year", "value": 2008}
    output = {"name": "m", **BODY, "train": early, "test_size": 0.2, "seed": 1}
    with pytest.raises(ValueError, match="either by test_size or by the condition"):
        Recipe.model_validate({"frame": "penguins", "outputs": [output]})
