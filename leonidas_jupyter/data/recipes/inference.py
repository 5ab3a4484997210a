"""Outputs that relate columns and samples to each other: correlation and tests."""

from typing import Literal, Self

from pydantic import Field, model_validator

from leonidas_jupyter.data.recipes.output import Output
from leonidas_jupyter.data.recipes.shape import Finite, Name, Names, Values

CorrelationMethod = Literal["pearson", "spearman", "kendall"]
Alternative = Literal["two-sided", "less", "greater"]


class Correlation(Output):
    """The correlation of two columns over the rows where both are there: ``r``, ``p``, ``n``."""

    PARTS = ("r", "p", "n")

    op: Literal["correlation"] = "correlation"
    x: Name
    y: Name
    method: CorrelationMethod = "pearson"


class Covariance(Output):
    """The covariance of two columns over the rows where both are there."""

    op: Literal["covariance"] = "covariance"
    x: Name
    y: Name
    ddof: Literal[0, 1] = 1


class CorrelationMatrix(Output):
    """The correlations of all (or these) columns of numbers, each pair over its own rows."""

    FIGURE = False
    TABLE = True

    op: Literal["correlation_matrix"] = "correlation_matrix"
    columns: Names | None = None
    method: CorrelationMethod = "pearson"


class StrongestPair(Output):
    """The two columns whose correlation is strongest: greatest ``absolute``, highest or lowest.

    With ``target`` the first of them is that one; ``weakest`` turns the order round.
    """

    PARTS = ("first", "second", "r", "p")

    op: Literal["strongest_pair"] = "strongest_pair"
    columns: Names | None = None
    target: Name | None = None
    method: CorrelationMethod = "pearson"
    by: Literal["absolute", "highest", "lowest"] = "absolute"
    weakest: bool = False


class Normality(Output):
    """A test of normality: ``statistic``, ``p``, and for ``anderson`` the ``critical`` value.

    ``kstest`` is against N(0, 1) on the values as they are (scipy's ``kstest(x, "norm")``), or
    ``fitted``: with the column's own mean and standard deviation (``ddof``), or ``scaled``: on the
    z-scores (the same statistic). ``anderson``'s p is that of D'Agostino and Stephens (1986).
    """

    PARTS = ("statistic", "p", "critical")

    op: Literal["normality"] = "normality"
    column: Name
    test: Literal["shapiro", "normaltest", "jarque_bera", "kstest", "anderson"]
    against: Literal["standard", "fitted", "scaled"] = "standard"
    ddof: Literal[0, 1] = 1
    significance: Literal["15", "10", "5", "2.5", "1"] = Field(
        default="5", description="anderson: of the critical value, in percent."
    )


class Samples(Output):
    """Samples to compare: ``columns``, or ``column`` in the groups of ``by`` (all, or these)."""

    columns: Names | None = None
    column: Name | None = None
    by: Name | None = None
    groups: Values | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        split = self.column is not None and self.by is not None
        if split == (self.columns is not None) or (self.groups is not None and not split):
            raise ValueError("samples are either columns, or column and by (with groups)")
        return self


class CompareTwo(Samples):
    """A test of two samples: ``statistic`` and ``p``; the first minus the second.

    ``t`` assumes equal variances, ``welch`` does not; ``paired_t`` and ``wilcoxon`` take two
    columns, row by row; ``ks`` is the two-sample Kolmogorov–Smirnov test.
    """

    PARTS = ("statistic", "p")

    op: Literal["compare_two"] = "compare_two"
    test: Literal["t", "welch", "paired_t", "mann_whitney", "wilcoxon", "ks"]
    alternative: Alternative = "two-sided"


class CompareGroups(Samples):
    """A test of two or more samples: ``statistic`` and ``p``. ``center`` belongs to levene."""

    PARTS = ("statistic", "p")

    op: Literal["compare_groups"] = "compare_groups"
    test: Literal["anova", "kruskal", "levene", "bartlett"]
    center: Literal["median", "mean", "trimmed"] = "median"


class OneSample(Output):
    """A test of one column against a value: ``statistic`` and ``p``."""

    PARTS = ("statistic", "p")

    op: Literal["one_sample"] = "one_sample"
    column: Name
    value: Finite
    test: Literal["t", "wilcoxon"] = "t"
    alternative: Alternative = "two-sided"


class Independence(Output):
    """Chi² of the crosstab of two columns: ``statistic``, ``p``, ``dof`` and Cramér's ``v``.

    ``correction`` is Yates', which scipy applies to tables of two by two.
    """

    PARTS = ("statistic", "p", "dof", "v")

    op: Literal["independence"] = "independence"
    rows: Name
    columns: Name
    correction: bool = True


class GoodnessOfFit(Output):
    """Chi² of a column's counts against equal ones, or against shares by value."""

    PARTS = ("statistic", "p", "dof")

    op: Literal["goodness_of_fit"] = "goodness_of_fit"
    column: Name
    expected: dict[str, Finite] | None = Field(
        default=None, description="Value as text → its share of all; the shares add up to 1."
    )
