"""What is known of a frame before the first question: types, nulls, distinct, range, top values."""

from typing import Literal

from pydantic import BaseModel, Field

ColumnType = Literal["integer", "number", "boolean", "date", "datetime", "time", "text"]
"""The types of columns; ``number`` has a fraction, ``text`` is what no other holds faithfully."""

Scalar = str | int | float | bool | None
"""A cell as JSON carries it; dates and times are ISO 8601 text."""


class TopValue(BaseModel):
    """A value and how many rows have it."""

    value: Scalar
    count: int


class Bin(BaseModel):
    """One bar of a histogram: ``low <= x < high`` (the last one includes ``high``)."""

    low: float
    high: float
    count: int


class ColumnProfile(BaseModel):
    """One column of a frame. Statistics are null where the type has none.

    ``distinct_exact`` and ``quantiles_exact`` say what is counted, not estimated; everything else
    is exact. Quartiles lie between two values where that many rows make it so. ``categories`` are
    all values of a text that has few. Lengths are in characters.
    """

    name: str
    original_name: str
    type: ColumnType
    nulls: int
    distinct: int
    distinct_exact: bool = True
    min: Scalar = None
    max: Scalar = None
    mean: float | None = None
    std: float | None = None
    q25: Scalar = None
    median: Scalar = None
    q75: Scalar = None
    quantiles_exact: bool = True
    top: list[TopValue] = Field(default_factory=list)
    categories: list[str] | None = None
    histogram: list[Bin] | None = None
    min_length: int | None = None
    max_length: int | None = None
    mean_length: float | None = None
    candidate_key: bool = False
    warnings: list[str] = Field(default_factory=list)


class FrameProfile(BaseModel):
    """A whole frame. ``duplicate_rows``: rows beyond the first of equals; null if not counted.

    ``total_at`` counts the file's rows from its end up to one that looks like a total of those
    before and is kept as a row; null where none does. As ``footer_rows`` it leaves that row out.
    """

    rows: int
    columns: list[ColumnProfile]
    duplicate_rows: int | None = None
    total_at: int | None = None
    warnings: list[str] = Field(default_factory=list)
