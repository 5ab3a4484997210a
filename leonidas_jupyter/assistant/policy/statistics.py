"""Which figures of a recipe are aggregates that may pass."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

STEPS = frozenset({"filter", "drop_missing", "convert", "sort", "select", "rename", "drop_columns"})
"""Steps that leave the values of a row as they are: any other could weigh or make one."""

STATISTICS = frozenset(
    {"rows", "count", "missing", "distinct", "sum", "mean", "median", "std", "var", "sem"}
)
QUANTILE = "quantile"

RELATED = frozenset(
    {
        "rows", "correlation", "covariance", "normality", "compare_two", "compare_groups",
        "one_sample", "independence", "goodness_of_fit", "linear_regression",
    }
)  # fmt: skip
"""Outputs whose figures are of all rows."""

NEVER = frozenset({"prediction", "n_train", "n_test"})
"""Parts of such outputs that may be of one row, or of few."""

EXPRESSIONS = frozenset(
    {
        "column", "constant", "+", "-", "*", "/", "length", "lower", "upper", "strip", "date_part",
        "==", "!=", "<", "<=", ">", ">=", "in", "not_in", "between", "contains", "not_contains",
        "starts_with", "ends_with", "is_null", "not_null", "and", "or", "not",
    }
)  # fmt: skip


def proved_figures(recipe: Mapping[str, Any], result: Mapping[str, Any], k: int) -> dict[str, Any]:
    """The figures that ``k`` rows or more went into, by name.

    Args:
        recipe: the call's arguments, as JSON carries them.
        result: what came of it (`data.recipes.results.RecipeResult`).
        k: how many rows must share what passes.
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
        enough = fact["aggregate"] and output is not None and fact["used"] >= _least(output, k)
        if enough and part not in NEVER and isinstance(value, int | float):
            shown[column["name"]] = value
    return shown


def _least(output: Mapping[str, Any], k: int) -> float:
    """How many rows an output needs; infinitely many where it may tell of one row."""
    if output.get("where") is not None or output.get("after") is not None:
        # Beside the figure of all rows, that of all but one would tell the one.
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
