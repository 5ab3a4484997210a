"""Phrases that restrict the rows, change the values or change the method of a computation.

Where such a phrase stands, what was read must account for it: by a step or a kind of reading, by an
understood stretch of its clause, or because its clause is one of those that change nothing here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.facts import Declined, Facts
from leonidas_jupyter.assistant.analyst.closed.gaps import MISSING
from leonidas_jupyter.assistant.analyst.closed.marks import C


@dataclass(frozen=True)
class Demand:
    """A phrase and what accounts for it.

    ``kinds`` of reading, an ``excuse`` in its clause; with ``span`` any understood stretch there,
    with ``again`` a word that points to rows of which another phrase was read.
    """

    pattern: re.Pattern[str]
    said: str
    kinds: frozenset[str] = field(default=frozenset())
    excuse: re.Pattern[str] | None = None
    span: bool = False
    again: bool = False


def _demand(
    pattern: str,
    said: str,
    kinds: str = "",
    excuse: str = "",
    *,
    span: bool = False,
    again: bool = False,
) -> Demand:
    return Demand(
        re.compile(pattern),
        said,
        frozenset(kinds.split()),
        re.compile(excuse) if excuse else None,
        span,
        again,
    )


_AWAY = (
    r"\b(?:exclud\w*|skip\w*|omit\w*|leav\w+\s+out|left\s+out|discard\w*|disregard\w*|eliminat\w*"
    r"|remov\w*|drop(?:s|ped|ping)?|ignor\w*|neglect\w*|filter(?:ed|ing)?\s+out|restrict\w*"
    r"|limit(?:ed)?\s+(?:\w+\s+)?to|not\s+(?:count|consider|includ|use)\w*)\b"
)
_HARMLESS = (
    rf"{MISSING}|\bnot\s+available\b|\boutlier|\bnon-?\s?numeric|\bformat|\bcommas?\b"
    r"|\bsigns?\b|\bsymbols?\b|\bwhite\s?space|\bcase\b|\btransformations?\s+or\s+filters?"
    r"|\bfirst\s+minute\b|\bdata\s+error|\bties?\b|\bno\s+tie|\bindex\b|\bmodes\b|\berrors?\b"
    r"|\bhow\s+many\b|\bnumber\s+of\s+(?:\w+\s+)?removed"
    r"|\bfirst\b[^.;]*\b(?:undefined|has\s+no|have\s+no|without)\b|\bundefined\b"
)
_AGAIN = re.compile(r"\b(?:these|those|such|said|them)\b")
_OF_THE_FORM = (
    r"\b(?:both|all|each|every\w*|which|answers?|results?|values?|it|they|numbers?|[\uf000-\uf7ff])"
    r"\s+(?:\w+\s+)?(?:is|are|be)\s+(?:an?\s+|all\s+|both\s+)?(?:positive|negative|non-?negative"
    r"|non-?zero)\s+(?:numbers?|integers?|values?)\b"
)
"""What says which kind of number the answer is, and takes no rows."""
_CHANGES = "derive classes transform scale share outliers model contrast"
DEMANDS = (
    _demand(_AWAY, "what is left out", "dedupe", _HARMLESS, span=True, again=True),
    _demand(
        r"\bonly\b", "what alone counts", "",
        rf"{C}|{MISSING}|\bnumeric|\bnumbers?\b|\breport|\breturn|\bonly\s+(?:one|if"
        rf"|when)\b|\bthe\s+only\b|\bnulls?\b"
        r"|\bonly\s+\w+\s+(?:that\s+|which\s+)?(?:occur\w*|appear\w*|exist\w*|(?:are\s+)?(?:present"
        r"|contained))\s+in\s+the\s+(?:data|table|file)\w*",
        span=True,
    ),
    _demand(
        r"\b(?:geometric|harmonic|trimmed|truncated|quadratic|cubic|exponential\w*"
        r"|detrend\w*|deseason\w+"
        r"|weight(?:ed|ing)|bootstrap\w*|jackknif\w*|permutation|bonferroni|margin\s+of\s+error"
        r"|standard\s+errors?|confidence\s+intervals?"
        r")\b",
        "another method", "", r"\bunweighted\b",
    ),
    _demand(
        r"\b(?:one|single)[\s-](?:sided|tailed)\b|\b(?:right|left|upper|lower)[\s-]tailed\b",
        "another alternative", "one-sided",
    ),
    _demand(r"\bwinsor\w*\b", "another method", "outliers"),
    _demand(r"\bweight\w*\b[^.;]{0,30}\bby\b", "weights"),
    _demand(r"\bdeciles?\b|\bquintiles?\b", "parts of the values"),
    _demand(
        r"\b(?:rank(?:s|ed|ing)?)\b", "ranks", "top group",
        r"\bspearman|\bkendall|\bmann|\bwilcoxon|\bkruskal|\brank[\s-]+sum|\brank\s+correlation",
    ),
    _demand(
        r"\babsolute\b", "absolute values", "outliers derive",
        r"absolute\s+(?:values?\s+(?:of\s+)?)?(?:(?:the|its|their|this|pearson|spearman"
        r"|resulting)\s+)*(?:r\b|rho"
        r"|correlation|coefficient|z\b|z-|t\b|skew|kurt|number|(?:percent\w*\s+)?error"
        r"|difference"
        r"|value\s+of\s+r\b|terms)"
        r"|absolute\s+r\b|correlat|coefficient|by\s+absolute\s+value"
        r"|absolute\s+value\s+(?:is|greater|less|above|below)",
    ),
    _demand(
        r"\b(?:first|last|every\s+(?:second|third|other)|even|odd)\s+(?:\w+\s+)?(?:rows?"
        r"|entries|records|half"
        r"|days?|weeks?|months?|years?|observations?|values?|part|quarter|third|samples?)\b",
        "a part of the rows", "derive removed",
        r"\bfirst\s+sample\b|\bfirst\b[^.;]*\b(?:has|have|without|with)\s+(?:no\b|an?\s+|undefined)",
    ),
    _demand(
        r"(?<!chi-)(?<!chi )(?<!r-)(?<!least )(?<!mean )\bsquar(?:e|es|ing)\b(?!\s*(?:root"
        r"|d|test|error|of\s+independence|statistic))",
        "squares", "derive transform",
    ),
    _demand(
        r"\bsubtract\w*|\bmultipl(?:y|ied|ying)\b|\bdivid\w+|\badd(?:ing|ed)?\b(?!\s+up)"
        r"|\bminus\b",
        "a calculation", _CHANGES,
        r"\bmax\w*\s+(?:and|minus)\b|\bminus\s+(?:the\s+)?min|\bq3\s*minus|\binto\b"
        r"|\bdivided\s+(?:the\s+)?(?:data|rows)|\badd\w*\s+a\s+(?:new\s+)?(?:column|feature)",
    ),
    _demand(r"\bin\s+(?:thousands|millions|billions|hundreds"
    r"|units\s+of)\b", "another unit", "",
            rf"\(\s*in\s+\w+\s*\)|{C}[^.;]{{0,40}}\b(?:is|are)\s+(?:\w+\s+){{0,2}}in\s+\w+"),
    _demand(
        r"\b(?:hourly|daily|weekly|monthly|quarterly|yearly|annual)\s+(?:means?|averages?"
        r"|medians?|totals?|sums?)\b",
        "figures of periods", "group derive",
    ),
    _demand(
        r"\b(?:most\s+recent|latest|earliest|newest|previous|preceding|current|past"
        r"|recent)\s+(?:\d+\s+)?(?:years?"
        r"|months?|days?|dates?|weeks?|quarters?|records?|rows?|entry|entries|season|value)\b",
        "a point in time", "derive fill",
    ),
    _demand(r"\binstead\b|\brather\s+than\b", "another method", "", r"\bsample\b"
    r"|\bpopulation\b|\bddof\b"),
    _demand(
        r"\btreat(?:ed|ing|s)?\b[^.;]*\bas\b|\bassum\w*\b[^.;]*\b(?:equal|zero|same"
        r"|as)\b", "an assumption", "",
        rf"\boutlier|\bnumeric|\bvariances?\b|\bnormal|{MISSING}\s+as\s+{MISSING}"
        rf"|null\s+values\s+as\s+missing"
        r"|\bz-?\s?scores?|\bweek\s?end|\bindependent",
    ),
    _demand(
        r"\bconvert\w*\b", "a conversion", "classes",
        r"\bnumeri\w*|\bnumbers?\b|\bfloats?\b|\bintegers?\b|\bdate\w*|\bseconds?\b"
        r"|\btimestamps?\b|\bpercent",
    ),
    _demand(
        r"\b(?:extreme|top|bottom|upper|lower|highest|lowest|smallest|largest"
        r"|most\s+extreme)\s+\d+(?:\.\d+)?\s*%",
        "a part of the values",
    ),
    _demand(
        r"\bwithin\s+(?:one|two|three|\d+)\b|\b(?:one|two|three|\d)\s+standard\s+deviations?\b",
        "a distance", "outliers",
    ),
    _demand(
        r"\b(?:positive|negative|non-?zero|zeros?|non-?negative)\s+(?:values?|entries"
        r"|numbers|rows|differences?"
        r"|observations|changes?|returns?)\b|(?<!or\s)\bequal\s+to\s+zero\b|\bzeros\b",
        "the sign of values", "", r"\binfinit|\bdivision|\bdividing|\bdenominator|\bfill"
        rf"|\breplac|\bimput|{_OF_THE_FORM}",
        span=True,
    ),
    _demand(r"\bratios?\b", "a ratio", "derive share contrast",
            rf"\bsplit\b|\btrain\w*|\bodds\b|\bratio\s*\(?\s*{C}"),
    _demand(r"\binterpolat\w+", "interpolation", "quantile fill", r"\bquantiles?"
    r"|\bpercentiles?|\bquartiles?|\bpandas"),
    _demand(
        r"\bcorrections?\b|\badjusted\b", "a correction", "",
        r"\bdefault\b|\bcontinuity\b|\bcorrection\s*="
        r"|\byates|\bwelch|\bno\s+correction|\bunadjusted"
        r"|\badjusted\s+for\s+the\s+normal"
        r"|\badjusted\s+r",
    ),
    _demand(r"\bround\w*\s+(?:down|off\s+down|the\s+(?:input|raw|original"
    r"|data))\b", "rounding of the data"),
    _demand(r"\bbins?\b", "classes", "classes"),
    _demand(
        r"\bgroup(?:ed|ing|s)?\b\s+(?:\w+\s+){0,4}?by\b", "groups", "classes",
        r"\btwo\s+groups\b", span=True,
    ),
    _demand(r"\bcase[\s-]?insensitiv\w*|\bregardless\s+of\s+case\b"
    r"|\bignoring\s+case\b", "upper and lower case"),
    _demand(r"\bcomplete\s+cases?\b", "complete rows", "drop"),
    _demand(r"\bdifferenc(?:ing|ed)\b|\bdifference\s+to\s+the\b|\bsmooth(?:ed"
    r"|ing)\b", "a series", "derive"),
    _demand(r"\byyyy-mm\b(?!-dd)", "months of years", span=True),
    _demand(r"\bpairs?\s+with\b|\bdistance\s+(?:to|from|between)\b", "pairs"),
    _demand(r"\bmaximum\s+of\s+the\s+(?:means?|averages?)\b|\b(?:means?|averages?"
    r"|medians?)\s+of\s+the\s+\w+\s+(?:means?|averages?|medians?)\b",
            "figures of figures", "group"),
)  # fmt: skip


def check_demands(facts: Facts, at: int, text: str, recipe: Mapping[str, Any]) -> None:
    """Check that every such phrase of a sentence is accounted for.

    Raises:
        Declined: one is not.
    """
    kinds = kinds_at(facts, at, text) | _shown(recipe)
    for demand in DEMANDS:
        for match in demand.pattern.finditer(text):
            if demand.kinds & kinds or _negated(text, match):
                continue
            start, end = _clause(text, match)
            if demand.excuse is not None and demand.excuse.search(text[start:end]):
                continue
            if demand.again and facts.preparations and _AGAIN.search(text[start:end]):
                continue
            if demand.span and any(low < end and start < high for low, high in facts.spans[at]):
                continue
            raise Declined(f"I do not understand “{match.group().strip()}” ({demand.said}).")


def kinds_at(facts: Facts, at: int, text: str) -> set[str]:
    """Return the kinds of reading that may account for a phrase of a sentence.

    A new column does so only where the sentence speaks of it, or is understood in part.
    """
    signs = [facts.marks.column_sign(name) for name in facts.derived]
    about = bool(facts.spans[at]) or any(sign in text for sign in signs)
    return facts.kinds if about else facts.kinds - {"derive"}


def _shown(recipe: Mapping[str, Any]) -> set[str]:
    """Return the kinds of reading that the outputs of a recipe show."""
    found = set()
    for output in recipe["outputs"]:
        if output["op"] == "groups" or output["op"] == "top_group":
            found |= {"group", "top"}
        if output.get("statistic") in ("quantile", "iqr", "median"):
            found.add("quantile")
        if output["op"] == "linear_regression":
            found.add("model")
        if str(output["name"]).endswith((" part", " whole", " rows")):
            found.add("share")
        if str(output["name"]).endswith(" before"):
            found.add("removed")
    return found


def _negated(text: str, match: re.Match[str]) -> bool:
    """Return whether the phrase is denied: "no weighting", "do not normalise"."""
    ahead = text[max(0, match.start() - 40) : match.start()]
    return (
        re.search(
            r"\b(?:no|without|don't|not)\s+(?:\w+\s+){0,2}$|\bno\s+\w+\s+(?:(?:has|have|needs?|is|are"
            r"|must|should|to|be)\s+)+$",
            ahead,
        )
        is not None
    )


def _clause(text: str, match: re.Match[str]) -> tuple[int, int]:
    """Return where the clause of a phrase begins and ends."""
    start = max(text.rfind(sign, 0, match.start()) for sign in (". ", ";", ":")) + 1
    ends = [text.find(sign, match.end()) for sign in (". ", ";")]
    return start, min((end for end in ends if end >= 0), default=len(text))
