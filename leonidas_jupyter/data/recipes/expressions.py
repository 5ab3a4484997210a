"""Values of a row and conditions on them, as small trees.

Where an expression is wanted, a bare text is a column's name and a bare number a constant; a text
as a value is written ``{"op": "constant", "value": "USA"}``. A condition on a missing value holds
for ``is_null`` alone, as in SQL, also under ``not``.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from leonidas_jupyter.data.recipes.measures import Measured, needs_column
from leonidas_jupyter.data.recipes.shape import Name, Names, Shape, Value, Values

DatePart = Literal[
    "year", "month", "month_name", "day", "weekday", "weekday_name", "hour", "minute", "second",
    "quarter", "week", "day_of_year", "date", "year_month", "is_weekend",
]  # fmt: skip
"""``weekday`` is 0 for Monday; ``week`` is ISO 8601's; ``year_month`` is text such as 2020-01."""

TimeUnit = Literal["seconds", "minutes", "hours", "days", "weeks", "months", "years"]
"""``months`` are days / 30.4375 and ``years`` days / 365.25; the others are exact."""


def _spelled_out(value: object) -> object:
    if isinstance(value, str):
        return {"op": "column", "name": value}
    if value is None or isinstance(value, bool | int | float):
        return {"op": "constant", "value": value}
    return value


class Column(Shape):
    """The value of a column."""

    op: Literal["column"] = "column"
    name: Name


class Constant(Shape):
    """The same value in every row."""

    op: Literal["constant"] = "constant"
    value: Value


class Result(Shape):
    """The value of an earlier output; only within the output ``compute``."""

    op: Literal["result"] = "result"
    name: Name = Field(description="As it stands in the results: mean, test_p …")


class Arithmetic(Shape):
    """Two numbers; what is divided by zero becomes infinite, or missing for ``//`` and ``%``."""

    op: Literal["+", "-", "*", "/", "//", "%", "**"]
    left: "Expression"
    right: "Expression"


class Function(Shape):
    """A function of one number; outside its domain the value is missing, log(0) is -infinity."""

    op: Literal[
        "log", "log1p", "log10", "log2", "sqrt", "abs", "exp", "negative", "ceil", "floor", "sign"
    ]
    value: "Expression"


class Round(Shape):
    """Rounded, halves to even."""

    op: Literal["round"] = "round"
    value: "Expression"
    digits: int = Field(default=0, ge=-12, le=12)


class TextFunction(Shape):
    """A function of one text; ``word_count`` counts what spaces separate."""

    op: Literal["length", "word_count", "lower", "upper", "strip", "title"]
    value: "Expression"


class Slice(Shape):
    """Characters from ``start`` up to, not including, ``stop``; the first letter is 0 to 1."""

    op: Literal["slice"] = "slice"
    value: "Expression"
    start: int | None = 0
    stop: int | None = None


class Split(Shape):
    """One part of a text between separators; 0 is the first, -1 the last, spaces are stripped."""

    op: Literal["split"] = "split"
    value: "Expression"
    separator: str = Field(min_length=1, max_length=20)
    part: int = 0


class Replace(Shape):
    """The text with every ``old`` replaced by ``new``; no patterns."""

    op: Literal["replace"] = "replace"
    value: "Expression"
    old: str = Field(min_length=1, max_length=100)
    new: str = Field(max_length=100)


class Concatenate(Shape):
    """Values as text, one after the other; missing where one is."""

    op: Literal["concatenate"] = "concatenate"
    values: list["Expression"] = Field(min_length=1, max_length=20)
    separator: str = Field(default="", max_length=20)


class DatePartOf(Shape):
    """A part of a date or time."""

    op: Literal["date_part"] = "date_part"
    value: "Expression"
    part: DatePart


class DateDifference(Shape):
    """``left`` minus ``right``, both dates or times, as a number of units."""

    op: Literal["date_difference"] = "date_difference"
    left: "Expression"
    right: "Expression"
    unit: TimeUnit = "days"


class Ordered(Shape):
    """What depends on other rows: their order is the table's, or that of ``order_by``."""

    value: "Expression"
    by: list[Name] = Field(default_factory=list, description="Within each group of these.")
    order_by: Name | None = None


class Shift(Ordered):
    """The value ``periods`` rows before, the difference to it, or the relative change from it."""

    op: Literal["shift", "diff", "pct_change"]
    periods: int = Field(default=1, ge=-10_000, le=10_000)


class Rolling(Ordered):
    """A statistic of this row and those before it; missing until ``min_periods`` are there."""

    op: Literal[
        "rolling_mean", "rolling_sum", "rolling_std", "rolling_min", "rolling_max", "rolling_median"
    ]
    window: int = Field(ge=1, le=100_000)
    min_periods: int | None = Field(default=None, ge=1)
    center: bool = False


class Cumulative(Ordered):
    """A total of this row and all before it; ``cumulative_count`` numbers the rows from 1."""

    op: Literal[
        "cumulative_sum",
        "cumulative_max",
        "cumulative_min",
        "cumulative_product",
        "cumulative_count",
    ]


class Rank(Shape):
    """The rank, 1 for the smallest (``descending``: the largest); ``percent`` gives 0 to 1."""

    op: Literal["rank"] = "rank"
    value: "Expression"
    by: list[Name] = Field(default_factory=list)
    method: Literal["average", "min", "max", "first", "dense"] = "average"
    descending: bool = False
    percent: bool = False


class If(Shape):
    """One of two values; where the condition cannot be told, ``otherwise``."""

    op: Literal["if"] = "if"
    condition: "Condition"
    then: "Expression"
    otherwise: "Expression"


class Truth(Shape):
    """Whether a condition holds: true or false."""

    op: Literal["test"] = "test"
    condition: "Condition"


class Coalesce(Shape):
    """The first of the values that is not missing."""

    op: Literal["coalesce"] = "coalesce"
    values: list["Expression"] = Field(min_length=2, max_length=20)


class RowStatistic(Shape):
    """A statistic over the columns of one row; missing values are left out."""

    op: Literal[
        "row_sum", "row_mean", "row_min", "row_max", "row_median", "row_std", "row_count",
        "row_missing",
    ]  # fmt: skip
    columns: Names


class StatisticOf(Measured):
    """A statistic over all rows of the table, or over the row's group, in every row."""

    op: Literal["statistic"] = "statistic"
    column: Name | None = Field(default=None, description="Not needed for rows.")
    by: list[Name] = Field(default_factory=list)

    @model_validator(mode="after")
    def _has_column(self) -> Self:
        needs_column(self, self.column)
        return self


Expression = Annotated[
    Column | Constant | Result | Arithmetic | Function | Round | TextFunction | Slice | Split
    | Replace | Concatenate | DatePartOf | DateDifference | Shift | Rolling | Cumulative | Rank
    | If | Truth | Coalesce | RowStatistic | StatisticOf,
    Field(discriminator="op"),
    BeforeValidator(_spelled_out),
]  # fmt: skip


class Compare(Shape):
    """A value beside a constant (``value``) or beside another expression (``right``)."""

    op: Literal["==", "!=", "<", "<=", ">", ">="]
    left: "Expression"
    value: Value = None
    right: Expression | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_right_side(cls, given: Any) -> Any:  # noqa: ANN401 - whatever is validated
        if isinstance(given, dict) and ("value" in given) == ("right" in given):
            raise ValueError("a comparison takes either value or right")
        return given


class OneOf(Shape):
    """A value among others."""

    op: Literal["in", "not_in"]
    left: "Expression"
    values: Values


class Between(Shape):
    """A value within bounds, both included unless said otherwise."""

    op: Literal["between"] = "between"
    left: "Expression"
    low: Value
    high: Value
    inclusive: Literal["both", "left", "right", "neither"] = "both"


class HasText(Shape):
    """A text within a text; no patterns."""

    op: Literal["contains", "not_contains", "starts_with", "ends_with"]
    left: "Expression"
    text: str = Field(min_length=1, max_length=200)
    ignore_case: bool = False


class IsNull(Shape):
    """Whether a value is missing."""

    op: Literal["is_null", "not_null"]
    left: "Expression"


class AllOrAny(Shape):
    """Several conditions."""

    op: Literal["and", "or"]
    conditions: list["Condition"] = Field(min_length=1, max_length=50)


class Not(Shape):
    """A condition turned round; a comparison with a missing value stays false."""

    op: Literal["not"] = "not"
    condition: "Condition"


Condition = Annotated[
    Compare | OneOf | Between | HasText | IsNull | AllOrAny | Not, Field(discriminator="op")
]
