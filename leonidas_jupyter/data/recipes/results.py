"""What comes of a recipe: one row of figures, tables, and how many rows entered each."""

from pydantic import BaseModel, Field

from leonidas_jupyter.data.profile import Scalar
from leonidas_jupyter.data.sql import ResultColumn


class FigureFact(BaseModel):
    """What is known of a figure beside its value.

    ``used`` rows entered it; ``aggregate`` is false where it is a value of single rows (a minimum,
    a cell), or where rows were multiplied before (by a join, by melting), so that ``used`` proves
    nothing.
    """

    output: str
    used: int
    aggregate: bool


class ResultTable(BaseModel):
    """A table among the results; its cells are as those of ``QueryResult``.

    ``used`` rows are behind the row, group or pair of columns that has fewest; ``row_counts`` names
    the column that says it for each row, where there is one. ``aggregate`` is as in ``FigureFact``.
    """

    name: str
    columns: list[ResultColumn]
    rows: list[list[Scalar]]
    truncated: bool = False
    used: int = 0
    row_counts: str | None = None
    aggregate: bool = False


class RecipeResult(BaseModel):
    """The figures as a result of one row, as ``QueryResult`` has them, and the tables.

    ``facts`` goes with ``columns``, one for each. A figure that is not defined is null.
    ``code`` is what ran; ``elapsed_ms`` the worker's own time.
    """

    columns: list[ResultColumn]
    rows: list[list[Scalar]]
    truncated: bool = False
    facts: list[FigureFact] = Field(default_factory=list)
    tables: list[ResultTable] = Field(default_factory=list)
    code: str = ""
    elapsed_ms: float = 0.0
