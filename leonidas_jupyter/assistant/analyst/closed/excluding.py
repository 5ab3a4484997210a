"""Whether a condition tells which rows to leave out: "exclude rows where x > 5", "except Peru"."""

import re
from collections.abc import Sequence
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.facts import Condition
from leonidas_jupyter.assistant.analyst.closed.gaps import MISSING

_AWAY = re.compile(
    r"\b(?:exclud(?:e|es|ed|ing)|except(?:ing)?(?:\s+for)?|other\s+than|apart\s+from|outside(?:\s+of)?"
    r"|leav\w+\s+out|omit\w*|ignor(?:e|es|ed|ing)|disregard\w*|discard\w*|remov(?:e|es|ed|ing)"
    r"|drop(?:s|ped|ping)?|delet(?:e|es|ed|ing)|eliminat(?:e|es|ed|ing)|filter(?:ed|ing)?\s+out"
    r"|skip\w*|(?:not|n't)\s+(?:count|consider|includ|us)\w*|without)\b"
)
_KEEPS = re.compile(r"\b(?:not|n't|never|without)\s+(?:\w+\s+){0,2}$")
_BREAKS = re.compile(
    r"[.;:?]|,\s*(?!(?:and|or)\b)(?:\w+\s+)*(?:comput|calculat|report|find|determin|what|how|which|test)"
    r"|\b(?:then|but|before|afterwards|among|keep\w*|comput\w*|calculat\w*|report\w*|determin\w*|find"
    r"|tak(?:e|ing)|us(?:e|ing)|consider\w*|select\w*|only|so\s+that|to\s+\w+|by|per|for\s+each)\b"
)
_OTHERS = re.compile(rf"\b(?:outliers?|columns?|duplicat\w*|{MISSING})\b")
"""What is left out instead of the rows of a condition."""

_JOINED = re.compile(
    r"\s*(?:,|\b(?:and|or|nor)\b)[\s,]*(?:(?:and|or|nor)\b)?\s*"
    r"(?:(?:the|those|all|also|rows|from|in|of|with|where)\s+)*"
)
_DIRECTLY = re.compile(r"\b(?:non[\s-]+|not\s+(?:(?:in|from|of|an?|the)\s+)*|without\s+)$")
_BEHIND = re.compile(
    r"^[^.;,?]{0,40}?\b(?:(?:is|are|was|were|be|being|to\s+be)\s+(?:\w+\s+)?(?:excluded|removed|dropped"
    r"|ignored|discarded|disregarded|omitted|deleted|eliminated|skipped|left\s+out|filtered\s+out"
    r"|not\s+(?:considered|counted|included|used))"
    r"|(?:do|does|should|must|shall)\s+not\s+(?:count|be\s+(?:considered|counted|included|used)))\b"
)
_NEAR = 12


def leaves_out(
    text: str, start: int, end: int, others: Sequence[tuple[int, int]]
) -> tuple[int, int] | None:
    """Return where the words stand by which the rows of a condition are left out.

    Args:
        text: a marked sentence.
        start: where the condition begins in it.
        end: where it ends.
        others: where other conditions of the sentence stand.
    """
    direct = _DIRECTLY.search(text[:start])
    if direct:
        return direct.span()
    for match in reversed(list(_AWAY.finditer(text, 0, start))):
        between = text[match.end() : start]
        if _BREAKS.search(between) or len(between.split()) > _NEAR:
            break
        if _OTHERS.search(re.split(r"\band\b", between)[-1]):
            break
        last = max((stop for first, stop in others if match.end() <= first < start), default=None)
        if last is not None and not _JOINED.fullmatch(text[last:start]):
            break
        if not _KEEPS.search(text[: match.start()]):
            return match.span()
    behind = _BEHIND.search(text[end:])
    clause = re.split(r"[.;,]", text[:start])[-1]
    if behind and not re.search(rf"\b(?:without|no|lack\w*)\b|{MISSING}", clause):
        return end + behind.start(), end + behind.end()
    return None


_STAYING = re.compile(
    r"\s*(?:\([^()]*\)\s*)?(?:(?:is|are|be|should|must|have|to|values?|also|still|too)\s+)+"
    r"(?:included|kept|retained|counted|allowed|valid|possible)\b"
    r"|\s*(?:values?\s+)?(?:means?|indicates?|represents?|denotes?|shows?|stands?\s+for)\b"
)


def stays(text: str, span: tuple[int, int], condition: Condition) -> bool:
    """Return whether values of a sign are said to stay: "negative balances are to be included"."""
    signed = condition.op in ("<", ">") and condition.value == 0
    return signed and _STAYING.match(text[span[1] :]) is not None and "only" not in text[: span[0]]


def only_bounds(condition: Condition, others: Sequence[Condition]) -> bool:
    """Return whether a year only repeats where a period begins or ends: "both bounds (…)"."""
    return condition.op == "==" and any(
        one.op == "between" and one.column == condition.column and condition.value in one.value
        for one in others
    )


def kept(condition: Condition) -> dict[str, Any]:
    """Return the shape of what is left without the rows of a condition, those with gaps too."""
    return {
        "op": "or",
        "conditions": [
            {"op": "is_null", "left": condition.column},
            {"op": "not", "condition": condition.shape},
        ],
    }
