"""Steps that make a table of another kind: groups, pivots, periods, long forms, joins."""

from typing import Literal, Self

from pydantic import Field, model_validator

from leonidas_jupyter.data.recipes.measures import Measure
from leonidas_jupyter.data.recipes.shape import Finite, Name, Names, Shape


class Group(Shape):
    """One row per group, in the order of the groups, with named statistics."""

    op: Literal["group"] = "group"
    by: Names
    measures: list[Measure] = Field(min_length=1, max_length=50)
    missing: bool = Field(default=False, description="Whether missing makes a group.")


class Pivot(Shape):
    """A row per value of ``rows``, a column per value of ``columns``, a statistic of ``values``."""

    op: Literal["pivot"] = "pivot"
    rows: Names
    columns: Name
    values: Name
    statistic: Literal["sum", "mean", "median", "min", "max", "count", "first"] = "mean"
    fill: Finite | None = None


class Resample(Shape):
    """One row per period of time (and group), in order; empty periods have no statistics.

    Weeks end on Sunday. The column ``time`` becomes the period's first day or moment.
    """

    op: Literal["resample"] = "resample"
    time: Name
    every: Literal["second", "minute", "hour", "day", "week", "month", "quarter", "year"]
    measures: list[Measure] = Field(min_length=1, max_length=50)
    by: list[Name] = Field(default_factory=list)
    empty: bool = Field(default=False, description="Whether periods without rows are kept.")


class Melt(Shape):
    """Columns (such as years) become rows: a column of their names and one of their values."""

    op: Literal["melt"] = "melt"
    columns: Names
    names_to: Name = "variable"
    values_to: Name = "value"
    keep: list[Name] | None = Field(default=None, description="All the others when left out.")


class Join(Shape):
    """Columns of another frame, where the keys are equal; missing keys meet nothing."""

    op: Literal["join"] = "join"
    frame: Name
    on: Names = Field(description="Keys of this table.")
    other: Names | None = Field(default=None, description="Those of the other; the same names.")
    how: Literal["inner", "left"] = "inner"
    columns: Names | None = Field(default=None, description="Of the other frame; all of them.")
    suffix: str = Field(default="_2", min_length=1, max_length=30)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.other is not None and len(self.other) != len(self.on):
            raise ValueError("on and other name as many keys")
        return self
