"""The outputs of a recipe for the kinds of figures that a form can ask for."""

import re
from collections.abc import Sequence
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.facts import Condition, Declined, Facts

Output = dict[str, Any]

STATISTICS: dict[str, dict[str, Any]] = {
    "mean": {"statistic": "mean"},
    "median": {"statistic": "median"},
    "mode": {"statistic": "mode"},
    "std": {"statistic": "std"},
    "var": {"statistic": "var"},
    "min": {"statistic": "min"},
    "max": {"statistic": "max"},
    "sum": {"statistic": "sum"},
    "range": {"statistic": "range"},
    "iqr": {"statistic": "iqr"},
    "skewness": {"statistic": "skewness"},
    "kurtosis": {"statistic": "kurtosis"},
    "distinct": {"statistic": "distinct"},
    "cv": {"statistic": "cv"},
    "missing": {"statistic": "missing"},
    "q1": {"statistic": "quantile", "q": 0.25},
    "q3": {"statistic": "quantile", "q": 0.75},
}
OUTLIER_PARTS = {
    "outlier_count": "count",
    "outlier_low": "min",
    "outlier_high": "max",
    "low_bound": "low",
    "high_bound": "high",
    "outlier_share": "share",
}
TWO = ("t", "welch", "paired_t", "mann_whitney", "wilcoxon", "ks2")
MANY = ("anova", "kruskal", "levene", "bartlett")
NORMALITY = ("shapiro", "kstest", "anderson", "normaltest", "jarque_bera")


def conventions(kind: str, facts: Facts) -> dict[str, Any]:
    """Return the convention of a statistic that the text's words call for; pandas' otherwise."""
    if kind in ("std", "var"):
        numpy = facts.says(
            r"\bnumpy\b|\bnp\.|\bpopulation standard deviation|\bpopulation variance|\bddof\s*=\s*0"
        ) and not facts.says(r"\bpandas\b|\bsample standard deviation")
        return {"ddof": 0} if numpy else {}
    if kind in ("skewness", "kurtosis"):
        scipy = facts.says(r"\bscipy\b") and not facts.says(r"\bpandas\b")
        return {"bias": True} if scipy else {}
    return {}


def where(conditions: Sequence[Condition]) -> dict[str, Any]:
    """Return the part of an output that restricts its rows."""
    if not conditions:
        return {}
    shapes = [condition.shape for condition in conditions]
    return {"where": shapes[0] if len(shapes) == 1 else {"op": "and", "conditions": shapes}}


def aggregate(name: str, kind: str, column: str, facts: Facts) -> Output:
    """Return the output for a statistic of a column."""
    return {
        "op": "aggregate",
        "name": name,
        "column": column,
        **STATISTICS[kind],
        **conventions(kind, facts),
    }


def outliers(name: str, column: str, facts: Facts) -> Output:
    """Return the output for the outliers of a column, by the method that the text defines."""
    step = facts.step("outliers")
    if step is None:
        raise Declined("It does not say how outliers are found.")
    found: Output = {"op": "outliers", "name": name, "column": column, "method": step.how["method"]}
    if step.how["threshold"] is not None:
        found["threshold"] = step.how["threshold"]
    if step.how["method"] == "z_score":
        found |= divisor(facts)
    return found


def divisor(facts: Facts) -> dict[str, Any]:
    """Return the divisor of the deviation in z-scores that the text calls for: n, unless said."""
    return {"ddof": 1} if facts.says(_SAMPLE) else {}


_SAMPLE = r"\bsample\s+(?:standard\s+deviation|std)|\bddof\s*=\s*1\b|\bn\s*[-\u2212]\s*1\b"


def correlation(name: str, names: Sequence[str], facts: Facts, words: str = "") -> Output:
    """Return the output for the correlation of two columns.

    Where the text names several kinds, ``words`` of the name to fill must call one of them.
    """
    methods = [method for method in _CORRELATIONS if method in facts.methods]
    if len(methods) > 1:
        methods = [method for method in methods if re.search(_CORRELATIONS[method], words)]
        if len(methods) != 1:
            raise Declined("It names several kinds of correlation.")
    return {
        "op": "correlation",
        "name": name,
        "x": names[0],
        "y": names[1],
        "method": methods[0] if methods else "pearson",
    }


_CORRELATIONS = {
    "pearson": r"\bpearson|\blinear\b|^r\b",
    "spearman": r"\bspearman|\brho\b|\brank\b|\bmonoton",
    "kendall": r"\bkendall|\btau\b",
}
"""Kinds of correlation, and the words by which names call for them."""


def normality(name: str, column: str, method: str, against: str = "fitted") -> Output:
    """Return the output for a test of normality."""
    found: Output = {"op": "normality", "name": name, "column": column, "test": method}
    if method == "kstest":
        found["against"] = against
    return found


def kolmogorov(facts: Facts) -> list[str]:
    """Return against which normal distributions the text may mean the test.

    ``scipy.stats.kstest(x, "norm")`` compares the values as they are with N(0, 1), which many
    call the test of normality; by the words it is that, or the one of standardised values.
    """
    if facts.says(_OWN_NORMAL):
        return ["fitted"]
    if facts.says(r"\bstandard normal\b|\bn\(0, ?1\)|\braw values\b|kstest\([^)]*norm['\"]?\)"):
        return ["standard"]
    return ["fitted", "standard"]


_OWN_NORMAL = (
    r"\bstandardi[sz]\w*|\bz-?\s?(?:scores?|transform\w*|values?)\b|\bnormali[sz]ed (?:data|values)"
    r"|\bown mean\b|\bestimated\b|\bsame mean\b|\bfitted\b|\bwith (?:the |its )?(?:sample )?mean\b"
    r"|\bmean and (?:the )?(?:standard deviation|std) of\b|\bparameters\b|\blilliefors\b"
)
