"""How a closed-form question was read, in a sentence made of its recipe."""

from collections.abc import Mapping, Sequence
from typing import Any

_STEPS = {
    "filter": "keep the rows that meet the condition",
    "drop_missing": "drop rows with missing values",
    "drop_duplicates": "drop duplicate rows",
    "fill_missing": "fill missing values",
    "convert": "read text as numbers",
    "derive": "compute",
    "scale": "scale",
    "map": "encode",
    "treat_outliers": "remove outliers",
    "group": "group",
}


def said(recipe: Mapping[str, Any], frame: str) -> str:
    """Return how a recipe reads: the steps in order, the columns, and what was assumed."""
    steps = [_step(step) for step in recipe["steps"]]
    done = f": first {', then '.join(steps)}" if steps else ""
    return f"I read this as a question about `{frame}`{done}.{_assumed(recipe['outputs'])}"


def _step(step: Mapping[str, Any]) -> str:
    what = _STEPS.get(str(step["op"]), str(step["op"]).replace("_", " "))
    columns = step.get("columns") or [step[key] for key in ("name", "column") if key in step]
    what = "cap outliers" if step.get("action") == "clip" else what
    named = ", ".join(f"`{column}`" for column in columns[:4])
    method = f" ({step['method'].replace('_', ' ')})" if "method" in step else ""
    if step["op"] == "fill_missing" and step.get("by"):
        method += f" within {' and '.join(f'`{name}`' for name in step['by'])}"
    if step["op"] == "filter":
        return f"{what} on {', '.join(f'`{name}`' for name in _names(step['condition']))}"
    return f"{what} {named}{method}".replace("  ", " ").strip()


def _names(condition: Any) -> Sequence[str]:  # noqa: ANN401 - a recipe's condition
    if isinstance(condition, dict):
        left = condition.get("left")
        own = [left] if isinstance(left, str) else []
        return [*own, *(name for each in condition.get("conditions", []) for name in _names(each))]
    return []


def _assumed(outputs: Sequence[Mapping[str, Any]]) -> str:
    """Return the conventions that the figures follow."""
    found = []
    statistics = {str(output.get("statistic")) for output in outputs}
    if statistics & {"std", "var"}:
        dof = {
            output.get("ddof", 1) for output in outputs if output.get("statistic") in ("std", "var")
        }
        found.append("spread with n" if dof == {0} else "spread with n \u2212 1")
    if statistics & {"skewness", "kurtosis"}:
        bias = any(output.get("bias") for output in outputs)
        found.append(
            "skewness and kurtosis as in SciPy" if bias else "skewness and kurtosis as in pandas"
        )
    if any(output["op"] == "linear_regression" and output.get("test_size") for output in outputs):
        seed = next(output["seed"] for output in outputs if output["op"] == "linear_regression")
        found.append(f"the split drawn with seed {seed}")
    if any(output["op"] == "normality" and output.get("test") == "kstest" for output in outputs):
        found.append("the normal distribution with the column's own mean and deviation")
    return f" Conventions: {'; '.join(found)}." if found else ""
