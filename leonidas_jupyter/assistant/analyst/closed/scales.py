"""Scales and functions that a text puts columns to: z-scores, 0 to 1, logarithms, roots."""

import re

from leonidas_jupyter.assistant.analyst.closed.conditional import condition_of
from leonidas_jupyter.assistant.analyst.closed.facts import Facts, Preparation
from leonidas_jupyter.assistant.analyst.closed.marks import CS

_LOG = re.compile(
    r"\blog(?:arithm|arithmic)?(?:10|2|1p)?\b(?:[\s-]*(?:transform\w*|scale"
    r"|function))?|\bnatural\s+log\w*"
)
_LOG_BASES = (
    ("log10", re.compile(r"\bbase[\s-]*10\b|\blog10\b|\bcommon log")),
    ("log2", re.compile(r"\bbase[\s-]*2\b|\blog2\b")),
    (
        "log1p",
        re.compile(
            r"\blog1p\b|\blog\(\s*(?:x|1)\s*\+\s*(?:1|x)\s*\)|\bone plus|adding 1\b|\bplus 1\b"
        ),
    ),
    ("log", re.compile(r"\bnatural\b|\bbase[\s-]*e\b|\bln\b")),
)
_SQRT = re.compile(r"\bsquare[\s-]*root\b|\bsqrt\b")
_TRANSFORMS = re.compile(r"\b(?:transform|apply|appli|tak|convert|comput|perform|us)\w*")
_MINMAX = re.compile(
    r"\bmin[\s-]*max\b|\bnormali[sz](?:e|es|ed|ing|ation)\b|\bscal(?:e|ed"
    r"|ing)\b[^.]*\b(?:0 (?:and|to) 1|\[0)|\brange (?:of )?(?:0 to 1|\[0)"
)
_ZSCORE = re.compile(
    r"\bstandardi[sz](?:e|es|ed|ing|ation)\b|\bstandard\s*scaler?\b"
    r"|\bz-?\s?score\s+(?:normali|standardi|scal)\w+|\bnormali\w+ (?:using|with|by)"
    r"(?: the)? z-?\s?score"
)
_SMALL = re.compile(
    r"\b(?:small\s+)?(?:constant|value|number)\s+(?:of\s+)?\(?\s*(?:e\.g\.,?\s*)?"
    r"(?P<n>\d+(?:\.\d+)?(?:e[-+]?\d+)?)\s*\)?|\badd(?:ing)?\s+(?P<m>\d+(?:\.\d+)?"
    r"(?:e[-+]?\d+)?)\s+to"
)


def read_scales(facts: Facts, at: int, text: str) -> None:
    """Add the scale that a sentence puts columns on to ``facts``."""
    for method, pattern in (("z_score", _ZSCORE), ("min_max", _MINMAX)):
        match = pattern.search(text)
        if match is None:
            continue
        facts.use(at, match)
        for span in re.finditer(
            r"\b(?:range\s+(?:of\s+)?)?(?:between\s+)?\[?0(?:\.0)?\s*(?:,|and|to|-)\s*1(?:\.0)?\]?",
            text,
        ):
            facts.use(at, span)
        facts.kinds.add("scale")
        beside = re.match(_SCALED, text[match.end() :])
        columns = facts.marks.columns_in(beside[1]) if beside else []
        columns = columns or facts.marks.columns_in(_own_part(text, match))
        columns = columns or facts.marks.columns_in(text)
        columns = [name for name in columns if name not in facts.marks.new] or columns
        facts.add(Preparation("scale", (at, match.start()), columns, {"method": method}))
        return


_SCALED = (
    rf"[^.;,]{{0,30}}?\b(?:to|of|on|for)\s+(?:both\s+|all\s+)?(?:the\s+)?(?:columns?\s+)?({CS})"
)


def _own_part(text: str, match: re.Match[str]) -> str:
    """Return the numbered part, "(2) …", of a sentence in which a phrase stands; else all of it."""
    starts = [part.start() for part in re.finditer(r"\(\d\)", text)]
    begin = max((start for start in starts if start <= match.start()), default=0)
    end = min((start for start in starts if start > match.start()), default=len(text))
    return text[begin:end]


def read_transforms(facts: Facts, at: int, text: str) -> None:
    """Add the logarithm or root that a sentence takes of columns to ``facts``."""
    match = _LOG.search(text)
    root = None if match else _SQRT.search(text)
    if match is None and root is None:
        small = _SMALL.search(text)
        if small and re.search(r"\badd", text):
            facts.use(at, small)
            _constant(facts, small)
        return
    if "logistic" in text or any(facts.marks.column_sign(name) in text for name in facts.marks.new):
        return
    found = match or root
    if found is None:
        return
    facts.use(at, found)
    how: dict[str, object] = {"function": "sqrt"} if root else {}
    for name, pattern in _LOG_BASES if match else ():
        base = pattern.search(text)
        if base:
            how["function"] = name
            facts.use(at, base)
            break
    small = _SMALL.search(text)
    if small and re.search(r"\badd", text):
        facts.use(at, small)
        how["plus"] = float(small["n"] or small["m"])
    facts.kinds.add("transform")
    columns = _transformed_in(facts, text, found)
    tests = condition_of(facts, text, found.start())
    if tests:
        how["if"] = tests
    if not re.match(_BESIDE, text[found.end() :]):
        how["loose"] = True
    facts.add(Preparation("transform", (at, found.start()), columns, how))


_BESIDE = rf"\s*(?:values?\s+)?(?:of|to|on)\s+(?:the\s+)?({CS})"


def _transformed_in(facts: Facts, text: str, found: re.Match[str]) -> list[str]:
    """Return the columns that are transformed; of "between the log of C and D" only the first."""
    beside = re.match(_BESIDE, text[found.end() :])
    between = re.search(r"\bbetween\s+(?:the\s+)?(?:[\w-]+\s+){0,3}$", text[: found.start()])
    if beside:
        named = facts.marks.columns_in(beside[1])
        return named[:1] if between and len(named) == 2 else named
    return [name for name in facts.marks.columns_in(text) if name not in facts.marks.new]


def _constant(facts: Facts, match: re.Match[str]) -> None:
    step = facts.step("denominator")
    if step is None:
        facts.preparations.append(
            Preparation("denominator", (10_000, 0), [], {"plus": float(match["n"] or match["m"])})
        )
