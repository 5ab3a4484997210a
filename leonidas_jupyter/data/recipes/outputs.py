"""What a recipe gives: figures, all in one row, and tables; see ``output`` for their names."""

from typing import Annotated, Literal

from pydantic import Field

from leonidas_jupyter.data.recipes.expressions import Condition, Expression
from leonidas_jupyter.data.recipes.fits import LinearRegression, LogisticRegression
from leonidas_jupyter.data.recipes.inference import (
    CompareGroups,
    CompareTwo,
    Correlation,
    CorrelationMatrix,
    Covariance,
    GoodnessOfFit,
    Independence,
    Normality,
    OneSample,
    StrongestPair,
)
from leonidas_jupyter.data.recipes.measures import Measure, Measured
from leonidas_jupyter.data.recipes.output import OutlierRule, Output
from leonidas_jupyter.data.recipes.shape import Name, Names


class Aggregate(Output, Measured):
    """A statistic of a column."""

    op: Literal["aggregate"] = "aggregate"
    column: Name


class Rows(Output):
    """How many rows there are."""

    op: Literal["rows"] = "rows"


class Share(Output):
    """The part of the rows that meet a condition, 0 to 1 or in percent."""

    op: Literal["share"] = "share"
    condition: Condition
    percent: bool = True


class Lookup(Output):
    """The value of a column in the row where another is greatest or least (ties: the first)."""

    op: Literal["lookup"] = "lookup"
    column: Name
    by: Name
    extreme: Literal["max", "min"] = "max"


class Cell(Output):
    """The value of a column in one row: 0 is the first, -1 the last."""

    op: Literal["cell"] = "cell"
    column: Name
    row: int = 0


class MissingCells(Output):
    """Missing values of all (or these) columns: per column as a table, and in total.

    ``rows`` are those with at least one; ``column`` is the one with most (ties: the first).
    """

    PARTS = ("total", "rows", "column", "most")
    TABLE = True

    op: Literal["missing_cells"] = "missing_cells"
    columns: Names | None = None


class ValueCounts(Output):
    """How often each value occurs, commonest first (ties: by value), and its share."""

    FIGURE = False
    TABLE = True

    op: Literal["value_counts"] = "value_counts"
    column: Name
    limit: int = Field(default=50, ge=1, le=1000)
    missing: bool = Field(default=False, description="Whether missing counts as a value.")
    order: Literal["count", "value"] = "count"


class Groups(Output):
    """Statistics per group, the rows ordered by a measure or else by group."""

    FIGURE = False
    TABLE = True

    op: Literal["groups"] = "groups"
    by: Names
    measures: list[Measure] = Field(min_length=1, max_length=20)
    order_by: Name | None = Field(default=None, description="The name of one of the measures.")
    descending: bool = True
    limit: int = Field(default=50, ge=1, le=1000)
    min_rows: int = Field(default=1, ge=1, description="Only groups of at least so many rows.")


class TopGroup(Output, Measured):
    """The group with the greatest (``smallest``: least) statistic of a column, or the next.

    ``group`` is its name (ties: the first by name), ``value`` its statistic.
    """

    PARTS = ("group", "value")

    op: Literal["top_group"] = "top_group"
    by: Name
    column: Name | None = None
    smallest: bool = False
    place: int = Field(default=1, ge=1, le=1000)
    min_rows: int = Field(default=1, ge=1)


class Outliers(Output, OutlierRule):
    """Outliers of a column: how many, the bounds beyond which they lie, the least and greatest.

    ``share`` is in percent of the values that are there.
    """

    PARTS = ("count", "low", "high", "min", "max", "share")

    op: Literal["outliers"] = "outliers"
    column: Name


class OutlierList(Output, OutlierRule):
    """The outliers themselves, in the order of the rows; ``columns`` are shown beside them."""

    FIGURE = False
    TABLE = True

    op: Literal["outlier_list"] = "outlier_list"
    column: Name
    columns: list[Name] = Field(default_factory=list, max_length=20)
    limit: int = Field(default=50, ge=1, le=1000)


class Crosstab(Output):
    """How often two columns' values occur together; ``normalize`` gives shares (0 to 1)."""

    FIGURE = False
    TABLE = True

    op: Literal["crosstab"] = "crosstab"
    rows: Name
    columns: Name
    normalize: Literal["rows", "columns", "all"] | None = None


class Describe(Output):
    """Count, mean, std, min, quartiles and max of all (or these) columns of numbers."""

    FIGURE = False
    TABLE = True

    op: Literal["describe"] = "describe"
    columns: Names | None = None


class Table(Output):
    """The table as it stands, or some of its columns."""

    FIGURE = False
    TABLE = True

    op: Literal["table"] = "table"
    columns: Names | None = None
    limit: int = Field(default=50, ge=1, le=1000)


class Compute(Output):
    """A value made of earlier figures: a difference, a ratio, or yes and no by a condition.

    Only ``result``, ``constant``, arithmetic, functions, ``round``, ``if`` and ``test`` stand
    in it.
    """

    op: Literal["compute"] = "compute"
    value: Expression


AnyOutput = Annotated[
    Aggregate | Rows | Share | Lookup | Cell | MissingCells | ValueCounts | Groups | TopGroup
    | Correlation | Covariance | CorrelationMatrix | StrongestPair | Normality | CompareTwo
    | CompareGroups | OneSample | Independence | GoodnessOfFit | Outliers | OutlierList
    | LinearRegression | LogisticRegression | Crosstab | Describe | Table | Compute,
    Field(discriminator="op"),
]  # fmt: skip
