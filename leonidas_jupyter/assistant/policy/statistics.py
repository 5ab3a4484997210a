"""Which figures of a recipe are aggregates that may pass."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from leonidas_jupyter.data.profile import ColumnProfile, FrameProfile

STEPS = frozenset({"filter", "drop_missing", "convert", "sort", "select", "rename", "drop_columns"})
"""Steps that leave the values of a row as they are: any other could weigh or make one."""

STATISTICS = frozenset(
    {"rows", "count", "missing", "distinct", "sum", "mean", "median", "std", "var", "sem"}
)
QUANTILE = "quantile"
CELLS = frozenset({"median", QUANTILE})
"""Statistics that are a cell of one row, or lie between two: they pass with few digits."""

DIGITS = 3

RELATED = frozenset(
    {
        "rows", "correlation", "covariance", "normality", "compare_two", "compare_groups",
        "one_sample", "independence", "goodness_of_fit", "linear_regression",
    }
)  # fmt: skip
"""Outputs whose figures are of all rows."""

WEIGHED: Mapping[str, tuple[str, ...]] = {
    "correlation": ("x", "y"),
    "covariance": ("x", "y"),
    "linear_regression": ("features",),
}
"""Outputs that would tell of a few rows, were a column the same in all others; and those columns.

So how the columns are spread must be known from the profile, which is of all rows.
"""

KEEPING = frozenset({"sort", "select"})
"""Steps that leave rows and names as the profile has them."""

NEVER = frozenset({"prediction", "n_train", "n_test", "mape"})
"""Parts of such outputs that may be of one row, or of few."""

EXPRESSIONS = frozenset(
    {
        "column", "constant", "+", "-", "*", "/", "length", "lower", "upper", "strip", "date_part",
        "==", "!=", "<", "<=", ">", ">=", "in", "not_in", "between", "contains", "not_contains",
        "starts_with", "ends_with", "is_null", "not_null", "and", "or", "not",
    }
)  # fmt: skip


def proved_figures(
    recipe: Mapping[str, Any], result: Mapping[str, Any], k: int, profile: FrameProfile
) -> dict[str, Any]:
    """The figures that ``k`` rows or more went into, by name.

    Args:
        recipe: the call's arguments, as JSON carries them.
        result: what came of it (`data.recipes.results.RecipeResult`).
        k: how many rows must share what passes.
        profile: of the frame that the recipe works on.
    """
    if not all(_plain(step) for step in recipe.get("steps", ())):
        return {}
    outputs = {output["name"]: output for output in recipe.get("outputs", ())}
    rows = result.get("rows") or [[]]
    shown: dict[str, Any] = {}
    for column, value, fact in zip(
        result.get("columns", ()), rows[0], result.get("facts", ()), strict=False
    ):
        output = outputs.get(fact["output"])
        part = str(column["name"]).removeprefix(f"{fact['output']}_")
        if output is None or not fact["aggregate"] or fact["used"] < _least(output, k):
            continue
        if output["op"] in WEIGHED and not _spread(output, recipe, profile, k):
            continue
        if part not in NEVER and isinstance(value, int | float):
            cell = output.get("statistic") in CELLS
            shown[column["name"]] = float(f"{value:.{DIGITS}g}") if cell else value
    return shown


def _spread(
    output: Mapping[str, Any], recipe: Mapping[str, Any], profile: FrameProfile, k: int
) -> bool:
    """Whether in each column that weighs, ``k`` rows or more differ from its commonest value."""
    if any(step["op"] not in KEEPING for step in recipe.get("steps", ())):
        return False
    columns = {column.name: column for column in profile.columns}
    names: list[str] = []
    for field in WEIGHED[output["op"]]:
        given = output.get(field)
        names += given if isinstance(given, list) else [str(given)]
    known = [columns.get(name) for name in [*names, *filter(None, [output.get("target")])]]
    weighing = [column for column in known if column is not None]
    if not names or len(weighing) < len(known):
        return False
    # Rows without a value in one column are left out of the others.
    left_out = sum(column.nulls for column in weighing)
    return all(_varied(column, profile.rows - left_out, left_out, k) for column in weighing)


def _varied(column: ColumnProfile, rows: int, left_out: int, k: int) -> bool:
    """Whether of ``rows`` rows, others left out, ``k`` differ from the commonest value."""
    margin = 1 if column.distinct_exact else 2
    if column.distinct - left_out > k * margin:
        return True
    return bool(column.top) and max(top.count for top in column.top) <= rows - k


def _tells_of_a_row(output: Mapping[str, Any]) -> bool:
    """Whether an output has arguments by which a figure is one row's."""
    return (
        output.get("test") == "kstest"  # the distance at one cell
        or output.get("expected") is not None  # the weights of single values
        or output.get("test_size") is not None  # of rows that are drawn
        or output.get("train") is not None  # of rows that are chosen
    )


def _least(output: Mapping[str, Any], k: int) -> float:
    """How many rows an output needs; infinitely many where it may tell of one row."""
    if output.get("where") is not None or output.get("after") is not None:
        # Beside the figure of all rows, that of all but one would tell the one.
        return math.inf
    if output["op"] in RELATED and _tells_of_a_row(output):
        return math.inf
    if output["op"] in RELATED:
        return k
    if output["op"] != "aggregate":
        return math.inf
    if output["statistic"] == QUANTILE:
        end = min(output["q"], 1 - output["q"])
        return max(k, k / (2 * end)) if end > 0 else math.inf
    return k if output["statistic"] in STATISTICS else math.inf


def _plain(step: Mapping[str, Any]) -> bool:
    if step["op"] not in STEPS:
        return False
    return step["op"] != "filter" or all(map(_of_one_column, _conjuncts(step["condition"])))


def _conjuncts(condition: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if condition.get("op") == "and":
        for each in condition["conditions"]:
            yield from _conjuncts(each)
    else:
        yield condition


def _of_one_column(condition: Mapping[str, Any]) -> bool:
    columns: set[str] = set()
    return _read(condition, columns) and len(columns) == 1


def _read(node: object, columns: set[str]) -> bool:
    """Take down the columns that a condition looks at; false for what is not understood."""
    if isinstance(node, list):
        return all(_read(each, columns) for each in node)
    if not isinstance(node, Mapping):
        return True
    if node.get("op") not in EXPRESSIONS:
        return False
    if node["op"] == "column":
        columns.add(str(node["name"]))
    return all(_read(each, columns) for name, each in node.items() if name != "op")
