"""What every part of a recipe is: a closed shape with short names and plain values."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MAX_TEXT = 500
MAX_ITEMS = 500
MAX_COLUMNS = 200


class Shape(BaseModel):
    """A part of a recipe; anything that it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


Name = Annotated[str, Field(min_length=1, max_length=300)]
"""A column's name, exactly as the frame or an earlier step has it."""

Names = Annotated[list[Name], Field(min_length=1, max_length=MAX_COLUMNS)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Text = Annotated[str, Field(max_length=MAX_TEXT)]
Value = bool | int | Finite | Text | None
"""A plain value; dates and times are ISO 8601 text, such as 2020-01-31."""

Values = Annotated[list[Value], Field(min_length=1, max_length=MAX_ITEMS)]
