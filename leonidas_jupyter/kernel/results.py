"""A query's result, as the API carries it, made into a DataFrame of fitting types."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_FLOATING = ("FLOAT", "DOUBLE")
_INT64 = range(-(2**63), 2**63)


def result_frame(result: dict[str, Any]) -> "pd.DataFrame":
    """The DataFrame of a ``QueryResult``.

    Types follow DuckDB's: whole numbers that fit are ``int64`` (``Int64`` beside nulls), dates and
    times ``datetime64``, decimals that floats cannot hold ``Decimal``; what does not fit its type
    stays as the API sent it.
    """
    import pandas as pd

    columns = result["columns"]
    rows = result["rows"]
    made = [_series([row[i] for row in rows], c["type"]) for i, c in enumerate(columns)]
    frame = pd.concat(made, axis=1) if made else pd.DataFrame()
    frame.columns = pd.Index([column["name"] for column in columns])
    return frame


def _series(values: list[Any], kind: str) -> "pd.Series[Any]":
    import pandas as pd

    kind = kind.upper()
    missing = any(value is None for value in values)
    if kind.removeprefix("U").startswith(_WHOLE) and "[" not in kind:
        return _whole(values, missing)
    if kind.startswith(_FLOATING) and "[" not in kind:
        # What is not finite comes as text.
        return pd.Series([None if v is None else float(v) for v in values], dtype="float64")
    if kind.startswith("DECIMAL") and "[" not in kind:
        return _decimal(values)
    if kind == "BOOLEAN":
        return pd.Series(values, dtype="boolean" if missing else "bool")
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        try:
            return pd.Series(pd.to_datetime(pd.Series(values), format="ISO8601"))
        except ValueError:
            return pd.Series(values, dtype="object")
    if kind == "VARCHAR":
        return pd.Series(values, dtype="str" if not missing else None)
    return pd.Series(values, dtype="object")


def _decimal(values: list[Any]) -> "pd.Series[Any]":
    import pandas as pd

    # What a float cannot hold comes as text; then the whole column is exact.
    if any(isinstance(value, str) for value in values):
        exact = [None if value is None else Decimal(str(value)) for value in values]
        return pd.Series(exact, dtype="object")
    return pd.Series(values, dtype="float64")


def _whole(values: list[Any], missing: bool) -> "pd.Series[Any]":
    import pandas as pd

    whole = [None if value is None else int(value) for value in values]
    if any(value is not None and value not in _INT64 for value in whole):
        return pd.Series(whole, dtype="object")
    return pd.Series(whole, dtype="Int64" if missing else "int64")
