"""The words that a form allows for a verdict, where they stand elsewhere than beside its name."""

import re
from collections.abc import Sequence

from leonidas_jupyter.assistant.analyst.closed.facts import Facts
from leonidas_jupyter.assistant.analyst.closed.layout import Slot
from leonidas_jupyter.assistant.analyst.closed.marks import L

_VERDICT = re.compile(
    r"\b(?:answer|verdict|word|label|shape|status|direction|conclusion|conclude|significan\w*"
    r"|differs?|differen\w*|relationship|outcome|normality|interpretation|strength|comparison"
    r"|is \w+|decision|result|agreement|associat\w*|hypothesis|rejected|stronger|independen\w*"
    r"|normal|symmetric)\b"
)
_LISTED = re.compile(rf"{L}(?:\s*(?:,|/|\bor\b|\band\b)[\s,]*(?:or\b\s*|and\b\s*)?{L})+")
_ELSE = re.compile(rf"{L}.*\b(?:otherwise|else|if not)\b.*{L}")


def is_verdict(slot: Slot) -> bool:
    """Return whether a name is called as one that a word fills."""
    return _VERDICT.search(f"{slot.name} {slot.placeholder}".lower().replace("_", " ")) is not None


def verdicts(facts: Facts, placeholders: Sequence[str]) -> list[str]:
    """Return the quoted words that the rules of a text lead to, or that it lists as answers."""
    ruled = [label for rule in facts.rules for label in facts.marks.labels_in(rule.consequence)]
    found = list(dict.fromkeys(ruled))
    if len(found) >= 2:
        return found
    for text in facts.texts:
        match = _LISTED.search(text) or _ELSE.search(text)
        labels = facts.marks.labels_in(match.group()) if match else []
        labels = [label for label in dict.fromkeys(labels) if label not in placeholders]
        if len(labels) >= 2 and not any(_in_table(label, facts) for label in labels):
            return labels
    return []


def _in_table(label: str, facts: Facts) -> bool:
    return bool(facts.marks.lexicon.values.get("".join(re.findall(r"[^\W_]+", label.lower()))))
