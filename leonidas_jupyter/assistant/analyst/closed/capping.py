"""Outliers that a text has brought to bounds or replaced, and values capped at percentiles."""

import re
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.facts import Declined, Facts, Preparation
from leonidas_jupyter.assistant.analyst.closed.targets import mentioned

_CAP = r"(?:cap|caps|capped|capping|clip\w*|winsor\w*|truncat\w*)"
CAPPED = re.compile(
    rf"\b{_CAP}\b(?:[^.]|\.(?=\d))*outlier|outlier\w*\b(?:[^.]|\.(?=\d))*\b{_CAP}\b"
    r"|\breplac\w*\b(?:[^.]|\.(?=\d))*outlier|outlier\w*\b(?:[^.]|\.(?=\d))*\breplac\w*"
)
_BY = re.compile(
    r"\breplac\w*\b(?:[^.]|\.(?=\d))*?\b(?:with|by)\s+(?:\w+\s+){0,3}?"
    r"(?P<how>median|mean|average|nan|null|missing|zero|0|bounds?|fences?|limits?|whiskers?|boundary"
    r"|boundaries|thresholds?)\b"
)
_RANK = r"(?P<{0}>\d{{1,2}}(?:\.\d+)?)\s*(?:st|nd|rd|th|%)"
_PERCENTILES = re.compile(
    rf"\b{_RANK.format('low')}\s*(?:percentiles?\s*)?(?:and|to|-|/|,)\s*(?:at\s+)?(?:the\s+)?{_RANK.format('high')}"
    r"\s*(?:percentiles?|quantiles?)"
)
_HALF = 50


def read_capping(facts: Facts) -> None:
    """Add to ``facts`` that values are brought to two percentiles of their column."""
    said = [at for at, text in enumerate(facts.texts) if re.search(rf"\b{_CAP}\b", text)]
    found = [each for each in facts.finds(_PERCENTILES) if _around(each[1])] if said else []
    bounds = {(float(match["low"]), float(match["high"])) for _, match in found}
    if len(bounds) != 1:
        return
    low, high = bounds.pop()
    at = said[0]
    columns = facts.marks.columns_in(facts.texts[at]) or mentioned(facts)
    if len(columns) != 1:
        return
    for where in said:
        facts.spans[where].add((0, len(facts.texts[where])))
    for where, match in [*found, *facts.finds(_EITHER)]:
        facts.use(where, match)
    facts.kinds.add("outliers")
    how = {"removed": True, "action": "percentiles", "low": low / 100, "high": high / 100}
    facts.preparations.append(Preparation("outliers", (at, 0), columns, how))


def _around(match: re.Match[str]) -> bool:
    return float(match["low"]) < _HALF < float(match["high"])


_EITHER = re.compile(r"\b\d{1,2}(?:\.\d+)?\s*(?:st|nd|rd|th)\s+(?:percentiles?|quantiles?)")


def action_in(text: str) -> str:
    """Return what a sentence has done with outliers: clip, or the statistic in their place.

    Raises:
        Declined: it does not say what takes their place.
    """
    by = _BY.search(text)
    if by is None:
        if re.search(r"\breplac", text) and not re.search(rf"\b{_CAP}\b", text):
            raise Declined("It does not say what takes the place of outliers.")
        return "clip"
    how = by["how"]
    if how in ("median", "mean", "average"):
        return "mean" if how == "average" else how
    if how in ("nan", "null", "missing"):
        return "missing"
    if how in ("zero", "0"):
        raise Declined("Replacing outliers by zero is not understood.")
    return "clip"


def replaced(name: str, method: str, threshold: float | None, statistic: str) -> Any:  # noqa: ANN401
    """Return the expression of a column with a statistic in the place of its outliers."""
    low, high = _bounds(name, method, threshold)
    beyond = {
        "op": "or",
        "conditions": [
            {"op": "<", "left": name, "right": low},
            {"op": ">", "left": name, "right": high},
        ],
    }
    return {"op": "if", "condition": beyond, "then": _of(name, statistic), "otherwise": name}


def between(name: str, low: float, high: float) -> Any:  # noqa: ANN401 - a recipe's expression
    """Return the expression of a column brought to two of its quantiles."""
    ends = [_of(name, "quantile", q=q) for q in (low, high)]
    upper = {
        "op": "if",
        "condition": {"op": ">", "left": name, "right": ends[1]},
        "then": ends[1],
        "otherwise": name,
    }
    return {
        "op": "if",
        "condition": {"op": "<", "left": name, "right": ends[0]},
        "then": ends[0],
        "otherwise": upper,
    }


def _of(name: str, statistic: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"op": "statistic", "column": name, "statistic": statistic, **more}


def _bounds(name: str, method: str, threshold: float | None) -> tuple[Any, Any]:
    if method == "z_score":
        centre, spread, first, times = _of(name, "mean"), _of(name, "std"), None, threshold or 3
    else:
        centre, spread = _of(name, "quantile", q=0.25), _of(name, "iqr")
        first, times = _of(name, "quantile", q=0.75), threshold or 1.5
    reach = {"op": "*", "left": spread, "right": times}
    return (
        {"op": "-", "left": centre, "right": reach},
        {"op": "+", "left": first or centre, "right": reach},
    )
