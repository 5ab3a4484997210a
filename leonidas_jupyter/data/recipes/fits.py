"""Outputs that fit a model to rows: linear and logistic regression, as scikit-learn has them."""

from typing import Literal, Self

from pydantic import Field, model_validator

from leonidas_jupyter.data.recipes.expressions import Condition
from leonidas_jupyter.data.recipes.output import Output
from leonidas_jupyter.data.recipes.shape import Finite, Name, Names, Value


class Fit(Output):
    """A model of ``target`` by ``features``, over the rows where all of them are there.

    ``test_size`` splits them first as scikit-learn's ``train_test_split`` does; ``train`` instead
    says which rows are for training. Scores are then of the test part, else of all rows. ``scale``
    puts the features on a common scale by the training part.
    """

    target: Name
    features: Names
    test_size: float | int | None = Field(
        default=None, gt=0, description="A share below 1, or a number of rows."
    )
    seed: int | None = Field(default=None, ge=0, le=2**32 - 1)
    shuffle: bool = True
    train: Condition | None = None
    scale: Literal["none", "z_score", "min_max"] = "none"

    @model_validator(mode="after")
    def _split(self) -> Self:
        if self.train is not None and self.test_size is not None:
            raise ValueError("rows are split either by test_size or by the condition train")
        if self.test_size is not None and self.shuffle and self.seed is None:
            raise ValueError("a split needs a seed, so that it can be repeated")
        return self


class LinearRegression(Fit):
    """Ordinary least squares.

    ``slope`` and ``p`` are the first feature's; the table has every coefficient with standard
    error, t and p. ``mape`` is a share of 1. ``predict`` takes one value for each feature and gives
    ``prediction``.
    """

    PARTS = (
        "intercept", "slope", "p", "r2", "adjusted_r2", "mse", "rmse", "mae", "mape", "prediction",
        "n_train", "n_test",
    )  # fmt: skip
    TABLE = True

    op: Literal["linear_regression"] = "linear_regression"
    intercept: bool = True
    predict: list[Finite] | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.predict is not None and len(self.predict) != len(self.features):
            raise ValueError("predict takes one value for each feature")
        return self


class LogisticRegression(Fit):
    """Logistic regression of classes; of two, the later in order counts as ``positive``.

    ``l2`` with ``c`` and ``max_iter`` is scikit-learn's default (lbfgs), ``none`` the maximum of
    the likelihood, whose coefficients have standard errors and p. ``precision`` to ``tn`` are for
    two classes.
    """

    PARTS = (
        "accuracy", "precision", "recall", "f1", "auc", "tp", "fp", "fn", "tn", "pseudo_r2",
        "n_train", "n_test",
    )  # fmt: skip
    TABLE = True

    op: Literal["logistic_regression"] = "logistic_regression"
    penalty: Literal["l2", "none"] = "l2"
    c: Finite = Field(default=1.0, gt=0)
    max_iter: int = Field(default=100, ge=1, le=100_000)
    positive: Value = None
