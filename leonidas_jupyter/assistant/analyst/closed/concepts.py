"""What a name to fill asks for, by its words: a mean, a p-value, a number of outliers."""

import re
from dataclasses import dataclass
from functools import lru_cache

_ORDER: tuple[tuple[str, str], ...] = (
    ("p", r"\bp[\s-]?val(?:ue)?s?\d?\b|^p$|\bpvalue|\w p$"),
    ("dof", r"\bdegrees? of freedom\b|\bdof\b|^df$"),
    ("duplicates", r"\bduplicat\w*"),
    ("first", r"\bfirst (?:entry|value|row|element|record)\b"),
    (
        "removed",
        r"^(?!.*\boutlier).*\b(?:removed|dropped|discarded|deleted|eliminated)\b",
    ),
    (
        "outlier_low",
        r"\boutliers?\b.*\b(?:low|lowest|min|minimum|smallest|lower)\b|\b(?:lowest|min"
        r"|minimum|smallest)\b.*\boutlier",
    ),
    (
        "outlier_high",
        r"\boutliers?\b.*\b(?:high|highest|max|maximum|largest|upper)\b|\b(?:highest"
        r"|max|maximum|largest)\b.*\boutlier",
    ),
    ("low_bound", r"\blower (?:bound|fence|limit|threshold|whisker)\b"),
    ("high_bound", r"\bupper (?:bound|fence|limit|threshold|whisker)\b"),
    (
        "outlier_share",
        r"\boutliers?\b.*\b(?:percent\w*|proportion|share|ratio)\b|\b(?:percent\w*"
        r"|proportion|share|ratio)\b.*\boutlier",
    ),
    (
        "outlier_list",
        r"\boutliers?\b.*\b(?:list|values|names|ids)\b|\b(?:list|values) (?:of )?(?:the )?outlier",
    ),
    (
        "missing_share",
        r"\b(?:missing|null|nan)\b.*\b(?:percent\w*|proportion|share|ratio)\b|\b"
        r"(?:percent\w*|proportion|share)\b.*\b(?:missing|null|nan)\b",
    ),
    ("rmse", r"\brmse\b|\broot mean squared? error"),
    ("mse", r"\bmse\b|\bmean squared? error"),
    ("mae", r"\bmae\b|\bmean absolute error"),
    ("r2", r"\br[\s-]?2\b|\br[\s-]?squared?\b|\br2 score|\bcoefficient of determination"),
    ("accuracy", r"\baccuracy\b|\bf1\b|\brecall\b|\bprecision score\b|\bauc\b"),
    ("intercept", r"\bintercept\b"),
    ("slope", r"\bslope\b|\bregression coefficient|\bcoef\b"),
    ("prediction", r"\bpredict(?:ed|ion)\b"),
    (
        "statistic",
        r"\b(?:test|t|f|w|d|u|h|ks|chi2?|chi square|shapiro|levene)[\s-](?:stat\w*"
        r"|value|score|w)\b|\bstatistics?\b|\bshapiro w\b"
        r"|^(?:t|f|w|u|h|d|z|ks|chi ?2|chi square)$|\btest stat",
    ),
    (
        "corr",
        r"\b(?:auto)?corr\w*|\brho\b|\btau\b|\bpearson\w*|\bspearman\w*"
        r"|\bkendall\w*|^r(?: (?:before|after|raw|log|all|overall|clean\w*))?$|\br[\s-]value\b",
    ),
    (
        "outlier_count",
        r"\boutlier\w*|\boutlying\b|\banomal\w+|\bflagged\b|\bextremes?(?: count)?$"
        r"|\b(?:n|num|number|count) (?:of )?extremes?\b",
    ),
    ("missing", r"\b(?:missing|null|nulls|nan|nans)\b"),
    ("skewness", r"\bskew\w*"),
    ("kurtosis", r"\bkurt\w*"),
    ("distinct", r"\b(?:unique|distinct)\b"),
    ("iqr", r"\biqr\b|\binterquartile"),
    ("q1", r"\bq1\b|\b25(?:th)?\b(?: percentile)?|\b(?:first|lower) quartile"),
    ("q3", r"\bq3\b|\b75(?:th)?\b(?: percentile)?|\b(?:third|upper) quartile"),
    (
        "quantile",
        r"\b\d{1,2}(?:st|nd|rd|th)[\s-]*(?:percentile|quantile)|\bpercentile\b|\bpercentile \d+",
    ),
    ("std", r"\bstd\w*\b|\bsd\b|\bstandard deviation|\bst dev\b|\bdeviation\b"),
    ("var", r"\bvar\b|\bvariance\b"),
    ("cv", r"\bcoefficient of variation\b"),
    ("median", r"\bmedian\w*"),
    ("mode", r"\bmode\b|\bmost (?:common|frequent)\b"),
    ("mean", r"\bmean\w*\b|\baverages?\b|\bavg\w*\b"),
    ("range", r"\brange\b"),
    ("sum", r"\bsum\b|\btotal\b(?! (?:number|count))"),
    ("share", r"\bpercent\w*\b|\bpct\b|\bproportions?\b|\bshare\b|\brate\b"),
    (
        "count",
        r"\bcounts?\b|\bnumber\b|\bnum\b|\btotal\b|\bentries\b|\bhow many\b|\brows\b|\bfrequency\b",
    ),
    ("max", r"\bmax\w*\b|\bhighest\b|\blargest\b|\bgreatest\b"),
    ("min", r"\bmin\w*\b|\blowest\b|\bsmallest\b"),
)
_WEAK = frozenset(
    {"count", "range", "share", "sum", "max", "min", "statistic", "corr", "missing", "prediction"}
)
_OF_REST = re.compile(r"\b(?:mean|median|average|std|sd|deviation|variance|skewness|kurtosis)\b")
"""What is taken of the values with or without outliers, and no number of outliers."""

AGGREGATES = frozenset(
    {"mean", "median", "mode", "std", "var", "min", "max", "sum", "range", "iqr", "skewness",
     "kurtosis", "q1", "q3", "quantile", "distinct", "cv"}
)  # fmt: skip
"""The concepts that are a statistic of one column."""


@dataclass(frozen=True)
class Concept:
    """A kind of figure, and the words that called it so."""

    kind: str
    word: str


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((kind, re.compile(pattern)) for kind, pattern in _ORDER)


def pattern_of(kind: str) -> re.Pattern[str]:
    """Return the pattern of the words that call for a kind of figure."""
    return next(pattern for name, pattern in _patterns() if name == kind)


def concept_in(text: str) -> Concept | None:
    """Return the first kind of figure, by the order of how telling they are, that a text names."""
    for kind, pattern in _patterns():
        match = pattern.search(text)
        if kind == "outlier_count" and match and _OF_REST.search(text):
            continue
        if match:
            return Concept(kind, match.group())
    return None


def concept_of(name: str, placeholder: str, about: str) -> Concept | None:
    """Return what a name asks for: its own words first, unless the others are more telling."""
    found = [concept_in(text) for text in (name, placeholder, about)]
    own = next((one for one in found if one is not None), None)
    if own is None:
        return None
    if (
        own.kind == "sum"
        and own.word == "total"
        and any(one and one.kind == "count" for one in found)
    ):
        return next(one for one in found if one and one.kind == "count")
    if own.kind in _WEAK:
        telling = next((one for one in found if one and one.kind not in _WEAK), None)
        if telling is not None and _refines(own.kind, telling.kind):
            return telling
    return own


def _refines(weak: str, telling: str) -> bool:
    """Return whether a telling kind says more of the same thing as a weak one."""
    return {
        "count": telling in {"outlier_count", "missing", "duplicates", "distinct", "outlier_list"},
        "sum": telling in {"outlier_count", "missing", "duplicates", "distinct"},
        "share": telling in {"outlier_share", "missing_share"},
        "range": telling in {"outlier_low", "outlier_high"},
        "max": telling in {"outlier_high"},
        "min": telling in {"outlier_low"},
        "corr": telling in {"p"} and False,
    }.get(weak, False)
