"""Rows that are left out because they have no value: "flights without a delay are not counted"."""

import re

from leonidas_jupyter.assistant.analyst.closed.facts import Facts, Preparation
from leonidas_jupyter.assistant.analyst.closed.marks import C

_ARTICLE = r"(?:(?:an?|any|the|its|their)\s+)*"
_KNOWN = r"(?:known|recorded|valid|reported|available|existing|measured|given|non-missing|non-null)"
_AWAY = re.compile(
    r"\b(?:exclud\w*|skip\w*|omit\w*|leav\w+\s+out|left\s+out|discard\w*|disregard\w*|eliminat\w*"
    r"|remov\w*|drop(?:s|ped|ping)?|ignor\w*|neglect\w*|delet\w*|filter(?:ed|ing)?\s+out"
    r"|(?:not|n't)\s+(?:be\s+|to\s+be\s+)?(?:count|consider|includ|us|tak)\w*)\b"
)
_WITHOUT = re.compile(
    rf"(?<!or )\b(?:without|lacking|(?:with|having|have|has)\s+no)\s+{_ARTICLE}(?:{_KNOWN}\s+)?"
    rf"(?P<what>(?:[a-z-]+\s+){{0,3}}?(?:{C}|(?:[a-z-]+\s+){{0,2}}(?:values?|measurements?|entry"
    r"|entries|data|readings?|records?|information)\b)|(?<=known\s)[a-z-]+)"
)
_WITH = re.compile(
    rf"\b(?:with|having|have|has|for\s+which|where)\s+{_ARTICLE}"
    rf"(?:(?:both|all(?:\s+(?:the|of\s+the))?)\s+(?:the\s+)?(?:two\s+|three\s+)?(?:{_KNOWN}\s+)?"
    r"(?P<both>(?:[a-z-]+\s+)?(?:values?|measurements?|ratings?|readings?|figures?|data|entries"
    r"|columns?|variables?)?)"
    rf"|{_KNOWN}\s+(?P<what>(?:[a-z-]+\s+){{0,3}}{C}|[a-z-]+))"
)
_TAKEN = re.compile(
    r"\bonly\b|\b(?:restrict\w*|limit\w*|keep|consider|use|take|select)\b(?![^.;]*\bas\b)"
)


def read_lacking(facts: Facts) -> None:
    """Add to ``facts`` the dropping of rows that have no value in some column."""
    for at, text in enumerate(facts.texts):
        if re.search(r"\bhow many\b|\?\s*$", text):
            continue
        for match in _lacking(text):
            _drop(facts, at, match)


def _lacking(text: str) -> list[re.Match[str]]:
    """Return the phrases of a sentence that tell what the rows taken have, or those left lack."""
    found = []
    if _AWAY.search(text):
        found += list(_WITHOUT.finditer(text))
    if _TAKEN.search(text) and not _AWAY.search(text):
        found += list(_WITH.finditer(text))
    return found


def _drop(facts: Facts, at: int, match: re.Match[str]) -> None:
    text = facts.texts[at]
    columns = facts.marks.columns_in(match.group()) or _told(facts, match)
    clause = _AWAY.search(text) or _TAKEN.search(text)
    facts.use(at, match)
    if clause is not None:
        facts.use(at, clause)
    facts.kinds.add("ignore_missing")
    if columns or match.groupdict().get("both") is not None:
        facts.add(Preparation("drop", (at, match.start()), columns, {"listwise": True}))
        facts.kinds.add("drop")


def _told(facts: Facts, match: re.Match[str]) -> list[str]:
    """Return the columns that a part of their names tells: "without an air time"."""
    loosely = facts.marks.loosely(match.group())
    return facts.marks.columns_in(loosely)
