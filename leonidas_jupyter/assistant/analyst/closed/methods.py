"""The tests and models that a text names, and the level of significance."""

import re

from leonidas_jupyter.assistant.analyst.closed.facts import Facts

_METHODS: tuple[tuple[str, str], ...] = (
    ("shapiro", r"\bshapiro\b"),
    ("ks2", r"\btwo[\s-]sample\s+(?:kolmogorov|ks)|\b2-sample\s+(?:kolmogorov|ks)|\bks_2samp\b"),
    ("kstest", r"\bkolmogorov\b|\bks[\s-]test\b|\bk-s test\b"),
    ("anderson", r"\banderson\b"),
    ("normaltest", r"\bd'?\s?agostino\b|\bnormaltest\b|\bomnibus\b"),
    ("jarque_bera", r"\bjarque\b"),
    ("spearman", r"\bspearman\b"),
    ("kendall", r"\bkendall\b"),
    ("pearson", r"\bpearson\b"),
    ("welch", r"\bwelch\b|\bunequal variances?\b|\bequal_var\s*=\s*false"),
    ("paired_t", r"\bpaired\b[^.]*\bt[\s-]?test"),
    ("t", r"\bt[\s-]?tests?\b"),
    ("mann_whitney", r"\bmann\b|\bwhitney\b|\bwilcoxon rank[\s-]sum"),
    ("wilcoxon", r"\bwilcoxon\b"),
    ("anova", r"\banova\b|\banalysis of variance\b"),
    ("kruskal", r"\bkruskal\b"),
    ("levene", r"\blevene\b"),
    ("bartlett", r"\bbartlett\b"),
    ("chi2", r"\bchi[\s-]?squared?\b|\bchi2\b|χ"),
    (
        "linear",
        r"\blinear\s+(?:regression|model)\b|\blinearregression\b|\bregression\s+line\b|\bleast\s+squares\b|\bols\b"
        r"|\b(?:multiple|simple)\s+regression\b|\bstraight\s+line\b",
    ),
    ("logistic", r"\blogistic\b|\blogisticregression\b|\blogit\b"),
)
_FOREIGN = re.compile(
    r"\brandom\s+forest\w*|\bdecision\s+trees?\b|\bsvm\b"
    r"|\bsupport\s+vector\w*|\bk-?means\b|\bcluster\w*|\bpca\b"
    r"|\bprincipal\s+component\w*"
    r"|\bneural\b|\bgradient\s+boost\w*|\bxgboost\b|\bk-?nn\b"
    r"|\bnearest\s+neighbo\w+|\bnaive\s+bayes\b|\barima\b|\blstm\b|\bridge\b"
    r"|\blasso\b|\bpolynomial\b|\bcross[\s-]validat\w*"
    r"|\bgeocod\w*|\bisolation\b|\bdbscan\b"
    r"|\bsentiment\b"
    r"|\bfourier\b|\bseasonal\w*|\bgarch\b|\bt-?sne\b"
    r"|\bboot-?strap\w*|\bbox-?cox\b|\bpartial correlation\b"
)
_ALPHA = re.compile(
    r"(?:significance\s+level|alpha|level\s+of\s+significance|confidence\s+level"
    r"|significance\s+threshold|\u03b1)\s*(?:value\s*)?(?:\(\s*(?:alpha|\u03b1)\s*\)\s*)?"
    r"(?:for\s+[^.]{0,40}?\s)?(?:should\s+be|of|is|=|at|:|to|set\s+to|set\s+at"
    r"|being)*\s*\(?\s*(?:alpha\s*=\s*|\u03b1\s*=\s*)?(?P<n>0?\.\d+|\d+%)"
    r"|\btests?\b[^.;]*\bat\s+(?:the\s+)?(?P<k>\d+\s?%)(?=\s*(?:[.,;)]|$))"
    r"|(?P<m>0?\.\d+|\d+\s?%)\s+(?:level\b|significance|level\s+of\s+significance|alpha|confidence)"
)
_CONTEXT = re.compile(
    r"\btwo[\s-]tailed\b|\btwo[\s-]sided\b|\bone[\s-]way\b|\btwo[\s-]sample\b|\b"
    r"(?:2|two)\s+(?:groups|samples)\b"
)


def read_methods(facts: Facts) -> None:
    """Add the named tests, and the level of significance, to ``facts``."""
    for method, pattern in _METHODS:
        if facts.says(pattern):
            facts.methods.append(method)
    if "ks2" in facts.methods and "kstest" in facts.methods:
        facts.methods.remove("kstest")
    if {"welch", "paired_t"} & set(facts.methods) and "t" in facts.methods:
        facts.methods.remove("t")
    if "mann_whitney" in facts.methods and "wilcoxon" in facts.methods:
        facts.methods.remove("wilcoxon")
    if "normaltest" in facts.methods and not facts.says(
        r"(?<!agostino-)(?<!agostino and )\bpearson\b"
    ):
        facts.methods = [method for method in facts.methods if method != "pearson"]
    for at, match in facts.finds(_ALPHA):
        facts.use(at, match)
        facts.alpha = _level(match["n"] or match["m"] or match["k"])


def _level(text: str) -> float:
    level = float(text.rstrip("%")) / (100 if text.endswith("%") else 1)
    return 1 - level if level > 0.5 else level


def foreign(facts: Facts) -> str | None:
    """Return a method that the text names and no tool here has."""
    for _, match in facts.finds(_FOREIGN):
        return match.group()
    known = facts.says(r"\blinear\b|\blogistic|\blinearregression\b|\bleast\s+squares\b")
    return None if known else next((match.group() for _, match in facts.finds(_LEARNT)), None)


_LEARNT = re.compile(r"\bmachine[\s-]+learning\s+(?:model|algorithm)\b")
"""What is learnt, by a method that another sentence names or none does."""
