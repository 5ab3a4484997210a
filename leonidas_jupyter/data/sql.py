"""SQL over a project's frames, answered by a sandboxed DuckDB worker process."""

from pydantic import BaseModel

from leonidas_jupyter.data.profile import Scalar


class ResultColumn(BaseModel):
    """A column of a query's result: its name and DuckDB's name of its type."""

    name: str
    type: str


class QueryResult(BaseModel):
    """Rows of a query. Dates are ISO text, non-finite floats are the text NaN, Infinity or -Infinity.

    ``truncated`` is true when the row limit cut the result; ``elapsed_ms`` is the worker's own time.
    """

    columns: list[ResultColumn]
    rows: list[list[Scalar]]
    truncated: bool = False
    elapsed_ms: float = 0.0
