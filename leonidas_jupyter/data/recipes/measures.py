"""The statistics of one column: as outputs, per group, and as values of a row."""

from typing import Literal, Self

from pydantic import Field, model_validator

from leonidas_jupyter.data.recipes.shape import Name, Shape

Statistic = Literal[
    "rows", "count", "missing", "distinct", "sum", "mean", "median", "mode", "min", "max", "std",
    "var", "sem", "quantile", "range", "iqr", "skewness", "kurtosis", "cv", "mad", "product",
    "geometric_mean", "first", "last",
]  # fmt: skip
"""``rows`` counts rows, ``count`` values that are not missing; ``cv`` is std / mean; ``mad`` the
median of the absolute deviations from the median; ``mode`` the smallest of the commonest values;
``first`` and ``last`` the first and last value that is not missing."""

Interpolation = Literal["linear", "lower", "higher", "midpoint", "nearest"]


class Measured(Shape):
    """A statistic and its conventions; missing values are left out."""

    statistic: Statistic
    ddof: Literal[0, 1] = Field(
        default=1, description="std, var, sem, cv: 1 divides by n-1 (pandas), 0 by n (numpy)."
    )
    q: float | None = Field(default=None, ge=0, le=1, description="Which quantile, 0 to 1.")
    interpolation: Interpolation = "linear"
    bias: bool = Field(
        default=False,
        description="skewness, kurtosis: false is unbiased (pandas), true is scipy.stats' default.",
    )
    excess: bool = Field(default=True, description="kurtosis: true subtracts 3 (Fisher).")

    @model_validator(mode="after")
    def _quantile_has_q(self) -> Self:
        if (self.statistic == "quantile") != (self.q is not None):
            raise ValueError("q goes with the statistic quantile, and only with it")
        return self


def needs_column(measured: Measured, column: str | None) -> None:
    """Raise ValueError where a statistic of values names no column."""
    if column is None and measured.statistic != "rows":
        raise ValueError(f"the statistic {measured.statistic} needs a column")


class Measure(Measured):
    """A named statistic of a group."""

    name: Name = Field(description="The name of the new column.")
    column: Name | None = Field(default=None, description="Not needed for rows.")

    @model_validator(mode="after")
    def _has_column(self) -> Self:
        needs_column(self, self.column)
        return self
