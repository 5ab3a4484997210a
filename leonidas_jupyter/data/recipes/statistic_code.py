"""The code of the statistics of one column, over all rows or per group."""

from leonidas_jupyter.data.recipes.errors import RecipeRefused
from leonidas_jupyter.data.recipes.measures import Measured
from leonidas_jupyter.data.recipes.schema import INTEGER, NUMBER, Kind

COUNTS = ("rows", "count", "missing", "distinct")
OF_ANYTHING = (*COUNTS, "mode", "first", "last")
OF_ORDERED = (*OF_ANYTHING, "min", "max")
OF_MOMENTS = (*OF_ORDERED, "mean", "median", "quantile", "range")
OF_TRUTH = ("sum", "mean", "min", "max")
"""What pandas reckons with true and false as they are; the rest takes 1 and 0."""

NAMES = {
    "std": "standard deviation",
    "var": "variance",
    "sem": "standard error",
    "iqr": "interquartile range",
    "cv": "coefficient of variation",
    "mad": "median absolute deviation",
    "geometric_mean": "geometric mean",
}

AGGREGATED_BY_NAME = {
    "rows": "size",
    "count": "count",
    "distinct": "nunique",
    "sum": "sum",
    "mean": "mean",
    "median": "median",
    "min": "min",
    "max": "max",
    "std": "std",
    "var": "var",
    "sem": "sem",
    "product": "prod",
}
"""What ``groupby.agg`` knows by name, with ``ddof`` 1."""

DAY = "pd.Timedelta(days=1)"


def check_statistic(measured: Measured, column: str, kind: Kind) -> None:
    """Refuse a statistic that the column's type has not.

    Raises:
        RecipeRefused: with the column, what it holds and the statistic.
    """
    if kind.temporal:
        allowed: tuple[str, ...] = OF_MOMENTS
    elif kind.type in ("text", "time"):
        allowed = OF_ORDERED
    else:
        return
    if measured.statistic not in allowed:
        what = NAMES.get(measured.statistic, measured.statistic)
        cure = ": convert it to a number first" if kind.type == "text" else ""
        raise RecipeRefused(f"The column {column!r} holds {kind.holds}, so it has no {what}{cure}.")


def kind_of_statistic(measured: Measured, kind: Kind) -> Kind:
    """What the statistic of such a column holds."""
    if measured.statistic in COUNTS:
        return INTEGER
    if measured.statistic in ("mode", "first", "last", "min", "max"):
        return Kind(kind.type)
    if kind.temporal:
        return Kind(kind.type) if measured.statistic in ("median",) else _mean_of_moments(measured)
    if measured.statistic in ("sum", "product", "range") and kind.type in ("integer", "boolean"):
        return INTEGER
    return NUMBER


def _mean_of_moments(measured: Measured) -> Kind:
    return NUMBER if measured.statistic == "range" else Kind("datetime")


def statistic_code(series: str, measured: Measured, kind: Kind) -> str:
    """An expression of the statistic of a series, given by its code."""
    name = measured.statistic
    if name in OF_ANYTHING:
        return _of_anything(series, name)
    if name in ("min", "max") and kind.type in ("text", "time"):
        return f"{series}.dropna().{name}()"
    plain = kind.type != "boolean" or name in OF_TRUTH
    numbers = series if plain else f"{series}.astype(float)"
    return _of_numbers(numbers, measured, kind)


def _of_anything(series: str, name: str) -> str:
    return {
        "rows": f"len({series})",
        "count": f"{series}.count()",
        "missing": f"{series}.isna().sum()",
        "distinct": f"{series}.nunique()",
        "mode": f"next(iter({series}.mode()), np.nan)",
        "first": f"next(iter({series}.dropna()), np.nan)",
        "last": f"next(iter({series}.dropna().iloc[::-1]), np.nan)",
    }[name]


def _of_numbers(s: str, measured: Measured, kind: Kind) -> str:
    name = measured.statistic
    ddof = "" if measured.ddof == 1 else "ddof=0"
    spread = f"{s}.max() - {s}.min()"
    how = measured.interpolation
    interpolation = "" if how == "linear" else f", interpolation={how!r}"
    plain = {
        "std": f"{s}.std({ddof})",
        "var": f"{s}.var({ddof})",
        "sem": f"{s}.sem({ddof})",
        "quantile": f"{s}.quantile({measured.q}{interpolation})",
        "range": f"({spread}) / {DAY}" if kind.temporal else spread,
        "iqr": f"{s}.quantile(0.75) - {s}.quantile(0.25)",
        "skewness": f"stats.skew({s}.dropna())" if measured.bias else f"{s}.skew()",
        "kurtosis": _kurtosis(s, measured),
        "cv": f"{s}.std({ddof}) / {s}.mean()",
        "mad": f"({s} - {s}.median()).abs().median()",
        "product": f"{s}.astype(float).prod()",
        "geometric_mean": f"stats.gmean({s}.dropna())",
    }
    return plain.get(name, f"{s}.{name}()")


def _kurtosis(s: str, measured: Measured) -> str:
    if measured.bias:
        return f"stats.kurtosis({s}.dropna(){'' if measured.excess else ', fisher=False'})"
    return f"{s}.kurt()" if measured.excess else f"{s}.kurt() + 3"


def aggregation(measured: Measured, kind: Kind) -> str:
    """The same as ``groupby.agg`` and ``groupby.transform`` take it: a name or a function."""
    name = measured.statistic
    by_name = name in AGGREGATED_BY_NAME and measured.ddof == 1
    if by_name and (kind.type != "boolean" or name in (*COUNTS, *OF_TRUTH)):
        return repr(AGGREGATED_BY_NAME[name])
    return f"lambda values: {statistic_code('values', measured, kind)}"
