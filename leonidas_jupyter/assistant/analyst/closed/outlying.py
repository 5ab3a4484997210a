"""Outliers that a text defines: by which method, with which threshold, kept or removed."""

import re

from leonidas_jupyter.assistant.analyst.closed.capping import CAPPED, action_in, read_capping
from leonidas_jupyter.assistant.analyst.closed.facts import Declined, Facts, Preparation
from leonidas_jupyter.assistant.analyst.closed.marks import CS, C
from leonidas_jupyter.assistant.analyst.closed.targets import looks_numeric

_OUTLIER = re.compile(r"\boutl(?:ier|ying)\w*|\banomal\w+")
_EXTREME = re.compile(
    r"\b(?:extreme|unusual|abnormal|suspicious)(?:ly)?\s+(?:(?:high|low|large|small)\s+)?"
    r"[\w\ue100-\uefff]+"
    r"|\bz-?\s?scores?\s+(?:exceeds?|exceeding|(?:is|are)\s+(?:greater|above|larger|beyond))"
    rf"|\babsolute\s+z-?\s?scores?\s+(?:(?:of|in|for)\s+(?:the\s+)?{C}\s+)?(?:is\s+|are\s+)?"
    r"(?:above|greater|over|larger|exceed\w*)"
)
"""What calls outliers otherwise, where the text speaks of z-scores or of the IQR."""
_Z = re.compile(r"\bz\s*-?\s*scores?\b|\bstandard\s+deviations?\s+(?:away\s+)?from\s+the\s+mean\b")
_IQR = re.compile(r"\biqr\b|\binter-?\s*quartile\b|\btukey\b")
_Z_THRESHOLD = (
    re.compile(
        r"\bthreshold\w*\s+(?:value\s+)?(?:of|is|at|=|as|set to|to)?\s*(?:\+/-|±)?\s*"
        r"(?P<n>\d+(?:\.\d+)?)"
    ),
    re.compile(
        r"z\s*-?\s*scores?(?:\s+\w+){0,3}?\s*(?:is|are|of|exceed\w*|greater|above"
        r"|beyond|more|larger|higher|>|≥)(?:\s+than)?(?:\s+(?:or equal to"
        r"|an absolute value of))?\s*(?:\+/-|±|\+)?\s*(?P<n>\d+(?:\.\d+)?)"
    ),
    re.compile(
        r"\|\s*z\s*\|\s*(?:>|≥|>=|exceeds|above|greater than|of more than)\s*(?P<n>\d+(?:\.\d+)?)"
    ),
    re.compile(
        r"(?:absolute|\|)\W*(?:value of )?(?:the )?z\s*-?\s*scores?\|?\D{0,40}?(?P<n>\d+(?:\.\d+)?)"
    ),
    re.compile(r"(?P<n>\d+(?:\.\d+)?|two|three)\s+(?:times\s+(?:the\s+)?)?standard\s+deviations?"),
)
_K = re.compile(
    r"(?P<n>\d+(?:\.\d+)?)\s*(?:times|\*|x|×)?\s*(?:the\s+)?(?:iqr"
    r"|inter-?\s*quartile)|(?:iqr|range)\s*(?:\*|x|×|multiplied by|times)\s*"
    r"(?P<m>\d+(?:\.\d+)?)|\bthreshold\s+(?:of|is)\s+(?P<t>\d+(?:\.\d+)?)"
    r"|\b(?:factor|multiplier|multiple)\s+(?:of\s+)?(?P<f>\d+(?:\.\d+)?)"
    r"|\biqr(?:\s+(?:method|rule|criterion))?\s*[,(]?\s*(?:with\s+)?(?:an?\s+|the\s+)?"
    r"(?:factor|multiplier|multiple|k)?\s*(?:of|=|:)?\s*(?P<u>\d+(?:\.\d+)?)(?=\s*[),;]|\.?$|\.\s)"
)
_ABOUT = re.compile(
    r"(?:less|lower|smaller|below|under|<|beyond|outside|or)\s*(?:than\s+|of\s+)*-\s*\d+(?:\.\d+)?"
    r"|\b(?:first|third|1st|3rd|25th|75th|q1|q3)\s+(?:quartiles?|percentiles?)"
    r"|\(\s*25th\s+percentile\s*\)"
    r"|between\s+(?:the\s+)?(?:25th|first)\s+(?:percentile\s+"
    r"|quartile\s+)?\w*\s*and\s+(?:the\s+)?(?:75th|third)(?:\s+percentile"
    r"|\s+quartile)?"
    r"|(?:\+/-|±)\s*\d+(?:\.\d+)?|\b-?\d(?:\.\d+)?\s+(?:and|to|or)\s+-?\d"
    r"(?:\.\d+)?\b|q[13]\s*[-+]\s*(?:\(?\s*\d+(?:\.\d+)?\s*[*x×]?\s*iqr\s*\)?)"
    r"|(?:z\s*-?\s*scores?|threshold)[^.]*?[<>=]\s*-?\d+(?:\.\d+)?|greater than \+?\d+(?:\.\d+)?"
)
_AWAY = r"(?:remov|exclud|eliminat|drop|discard|filter|delet|prun|purg|omit|trim)\w*"
_WITHIN = r"(?:[^.]|\.(?=\d))"
"""A sign within a sentence: a point only in a number."""

_REMOVED = re.compile(
    rf"\b{_AWAY}\b{_WITHIN}*?\boutlier|outlier\w*\b{_WITHIN}*\b{_AWAY}"
    r"|\bwithout\s+(?:the\s+|any\s+)?outlier"
)
_THEM = re.compile(
    rf"\b{_AWAY}\s+(?:them|these|those)\b|\bwithout\s+(?:them|these|those)\b|\b{_AWAY}\s+of\s+them\b"
    rf"|\b(?:they|these|those)\s+(?:are|were|have\s+been|had\s+been|being)\s+{_AWAY}"
    r"|\bafter\s+their\s+(?:removal|exclusion)\b"
)
"""What removes the outliers that the sentence before speaks of."""

_BESIDE = re.compile(
    rf"\boutliers?\s+(?:\w+\s+){{0,2}}?(?:of|in|from|for|within)\s+(?:the\s+)?({CS})"
    rf"|({C})\s+outliers?\b"
)
_ONWARDS = re.compile(
    r"(?:\band\b|\bthen\b|[,;:])\s*(?:then\s+)?(?:report|compute|calculate|give|determine|tell|find"
    r"|compare|return|show|provide|state)\b"
)
_KEPT = re.compile(
    r"\b(?:not|n't|without)\s+(?:\w+\s+){0,2}(?:remov|exclud|consider"
    r"|includ)\w*\b[^.]*outlier|do not consider any values as outliers"
    r"|\bif\b[^.]*\bwere\b"
)
_REFERS = re.compile(
    r"\b(?:before|after|following|prior\s+to|upon|since)\s+(?:and\s+after\s+)?"
    r"(?:(?:the|this|these|their|any|its|such|outliers?)\s+)*"
    r"(?:removal|removing|exclusion|excluding|elimination|dropping|treatment|capping|clipping|cleaning)\b"
    r"(?:\s+(?:of\s+)?(?:any|the|these|those|all|such)?\s*(?:rows|outliers|values|them))?"
)
"""What speaks again of the outliers' removal."""
_NONE = re.compile(r"\bdo not consider[^.]*\boutliers")
_WORDS = {"two": 2.0, "three": 3.0}


def read_outliers(facts: Facts) -> None:
    """Add how outliers are found, and whether they are removed, to ``facts``."""
    read_capping(facts)
    if facts.step("outliers") is not None:
        return
    method = threshold = None
    columns: list[str] = []
    last = 0
    removed: tuple[int, int] | None = None
    action = "remove"
    first: tuple[int, int] | None = None
    about = facts.says(_OUTLIER.pattern)
    called = not about and (facts.says(_Z.pattern) or facts.says(_IQR.pattern))
    about = about or called
    for at, text in enumerate(facts.texts):
        said = _EXTREME.sub(_as_outliers, text) if called else text
        match = _OUTLIER.search(said)
        defined = about and (_Z.search(text) or _IQR.search(text))
        if match is None and first and at - last <= 1 and _THEM.search(text):
            removed, last = removed or (at, 0), at
        if match is None and not defined:
            continue
        last = at
        if match and _NONE.search(text):
            facts.kinds.add("outliers")
            continue
        method = method or _method(text)
        value = _threshold(facts, at, text, method)
        threshold = threshold if threshold is not None else value
        for span in _ABOUT.finditer(text):
            facts.use(at, span)
        if match:
            columns = _judged(facts, said, match, columns)
            first = first or (at, match.start())
            done = _done(said)
            action = done or action
            removed = removed or ((at, match.start()) if done else None)
    if first is not None:
        for at, match in facts.finds(_REFERS):
            facts.use(at, match)
        _add(facts, removed or first, columns, (method, threshold, action if removed else ""))


def _as_outliers(match: re.Match[str]) -> str:
    """Return the word for what a text calls otherwise, as long as it, its column at the end."""
    signs = "".join(re.findall(C, match.group()))
    return f"{'outliers ':<{len(match.group()) - len(signs)}}{signs}"


def _done(text: str) -> str:
    """Return what a sentence has done with the outliers: removed, capped, replaced or nothing."""
    if CAPPED.search(text):
        return action_in(text)
    return "remove" if _REMOVED.search(text) and not _KEPT.search(text) else ""


def _add(
    facts: Facts,
    place: tuple[int, int],
    columns: list[str],
    found: tuple[str | None, float | None, str],
) -> None:
    method, threshold, action = found
    facts.kinds.add("outliers")
    if method is None:
        if action:
            raise Declined("It does not say how outliers are found.")
        return
    how = {"method": method, "threshold": threshold, "removed": bool(action), "action": action}
    facts.add(Preparation("outliers", place, columns, how))


def _judged(facts: Facts, text: str, match: re.Match[str], known: list[str]) -> list[str]:
    """Return the columns whose outliers are meant, with those known before."""
    beside = _BESIDE.search(text) or _BESIDE.search(facts.marks.loosely(text))
    if beside:
        named = facts.marks.columns_in(beside[1] or beside[2])
    elif re.search("correl", text[: match.start()]) or known:
        named = []
    else:
        related = re.search(r"\bcorrel", text)
        before = facts.marks.columns_in(text[: related.start()] if related else text)
        named = _told(facts, text, match) or before
        named = facts.marks.columns_in(_ONWARDS.split(text)[0]) or facts.marks.columns_in(text)
    own = facts.marks.lexicon.by_name
    fitting = [
        name
        for name in named
        if name not in own or own[name].profile.type != "text" or looks_numeric(own[name].profile)
    ]
    return list(dict.fromkeys([*known, *fitting]))


def _told(facts: Facts, text: str, match: re.Match[str]) -> list[str]:
    """Return the column that the word before "outliers" tells: "the price outliers"."""
    word = re.search(r"([a-z]{3,})\s+$", text[: match.start()])
    return facts.marks.columns_in(facts.marks.loosely(word[1])) if word else []


def _method(text: str) -> str | None:
    z, iqr = _Z.search(text), _IQR.search(text)
    if z and iqr:
        return None
    return "z_score" if z else "iqr" if iqr else None


def _threshold(facts: Facts, at: int, text: str, method: str | None) -> float | None:
    if method == "iqr" or _IQR.search(text):
        match = _K.search(text)
        if match is None:
            return None
        facts.use(at, match)
        return float(next(group for group in match.groups() if group))
    for pattern in _Z_THRESHOLD:
        match = pattern.search(text)
        if match:
            facts.use(at, match)
            return _WORDS.get(match["n"]) or float(match["n"])
    return None


__all__ = ["C", "read_outliers"]
