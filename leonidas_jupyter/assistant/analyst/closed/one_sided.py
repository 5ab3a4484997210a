"""Tests whose alternative is that one group is greater: "the mean of A exceeds that of B"."""

import re
from collections.abc import Sequence
from typing import Any

from leonidas_jupyter.assistant.analyst.closed import figures
from leonidas_jupyter.assistant.analyst.closed.facts import Condition, Declined, Facts

ONE_SIDED = (
    r"\b(?:one|single)[\s-](?:sided|tailed)\b|\b(?:right|left|upper|lower)[\s-]tailed\b"
    r"|\balternative\s*=\s*\W?(?:greater|less)\b"
)
_SAID = re.compile(r"\balternative\s*=\s*\W?(?P<how>greater|less)\b")
_GREATER = re.compile(
    r"\b(?:greater|higher|larger|more|longer|heavier|older|taller|bigger|faster|better|above|exceeds?"
    r"|[a-z]{3,}er)\b"
)
_LESS = re.compile(r"\b(?:less|lower|smaller|fewer|shorter|lighter|younger|slower|worse|below)\b")
_THAN = re.compile(r"\b(?:than|exceeds?|above|below)\b")


def one_sided(facts: Facts, kind: str, groups: Sequence[Condition]) -> dict[str, Any]:
    """Return the alternative of a one-sided test, the first of the groups coming first.

    Raises:
        Declined: the text does not say which group is taken for the greater.
    """
    if not facts.says(ONE_SIDED):
        return {}
    facts.kinds.add("one-sided")
    said = next((match["how"] for _, match in facts.finds(_SAID)), None)
    if said is not None:
        return {"alternative": said}
    called: dict[str, set[str]] = {}
    for one in groups:
        called.setdefault(str(one.value), set()).add(" ".join(one.words) or str(one.value).lower())
    found = {side for text in facts.texts for side in [_side(text, list(called.values()))] if side}
    if len(found) != 1 or kind not in figures.TWO:
        raise Declined("I do not know which group the one-sided test takes for the greater.")
    return {"alternative": found.pop()}


def _side(text: str, groups: Sequence[set[str]]) -> str:
    """Return whether a sentence says that the first group is greater, or less, than the second."""
    than = _THAN.search(text)
    if than is None or len(groups) != 2:
        return ""
    ahead, behind = text[: than.end()], text[than.start() :]
    first, second = (_places(one, ahead) for one in groups)
    later, other = (_places(one, behind) for one in groups)
    lead = _LESS.search(ahead) is None
    if not lead and _GREATER.search(_LESS.sub(" ", ahead)):
        return ""
    if first and other and not second and not later:
        return "greater" if lead else "less"
    if second and later and not first and not other:
        return "less" if lead else "greater"
    return ""


def _places(called: set[str], text: str) -> bool:
    return any(re.search(rf"\b{re.escape(words)}", text) for words in called)
