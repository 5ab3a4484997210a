"""Categories that a text turns into numbers so that a model can take them for predictors."""

import re
from collections.abc import Sequence
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.facts import Declined, Facts, Preparation
from leonidas_jupyter.assistant.analyst.closed.marks import L
from leonidas_jupyter.assistant.analyst.words import fold

_ENCODES = (
    r"\b(?:encod\w*|cod(?:e|ed|ing)|map(?:ped|ping|s)?|convert\w*|dumm(?:y|ies)|get_dummies|one[\s-]hot"
    r"|labelencoder|represent\w*|turn(?:ed|ing)?)\b"
)
_ONE_HOT = r"\bone[\s-]?hot\b|\bdumm(?:y|ies)\b|\bget_dummies\b|\bonehotencoder\b"
_FIRST = (
    r"\bdrop_first\s*=\s*true\b|\bdrop\w*\s+(?:the\s+)?first\b|\bfirst\s+(?:category|level|dummy|column)\b"
    r"|\breference\s+(?:category|level|group)\b|\bbaseline\b"
)
_TO = r"[\s(=:>\u2192,-]*(?:(?:as|to|is|by|with|becomes?|coded|encoded|mapped|gets?|equals?)\s+)*"
_FOR = r"[\s(=:,]*(?:(?:for|if|when|means?|stands?\s+for|is|it|the|a|an|denotes?|represents?)\s+)*"
_LAST = 10_000


def encoded(facts: Facts, features: Sequence[str]) -> list[str]:
    """Return the features as a model takes them, the steps that make them added to ``facts``.

    Raises:
        Declined: a column holds text, and the text of the question turns it into no numbers.
    """
    found: list[str] = []
    for name in features:
        known = facts.marks.lexicon.by_name.get(name)
        if known is None or known.numeric or known.profile.type == "boolean":
            found.append(name)
            continue
        if known.profile.type != "text" or not facts.says(_ENCODES):
            raise Declined("I do not know what the regression shall predict from what.")
        found += _encoded(facts, name, [str(value) for value in known.profile.categories or []])
    return found


def _encoded(facts: Facts, name: str, values: Sequence[str]) -> list[str]:
    if not 2 <= len(values) <= 50:
        raise Declined(f"The column {name} has too many values for a predictor.")
    facts.kinds.add("encode")
    how: dict[str, Any] = {"method": "codes"}
    features = [name]
    numbers = _numbers(facts, values)
    if facts.says(_ONE_HOT):
        first = facts.says(_FIRST)
        how = {"method": "one_hot", "drop_first": first}
        features = [f"{name}_{value}" for value in sorted(values)[first:]]
    elif len(numbers) == len(values):
        how = {"method": "numbers", "numbers": numbers}
    elif numbers:
        raise Declined(f"It does not say which numbers all values of {name} become.")
    facts.conditions = [one for one in facts.conditions if one.column != name]
    facts.preparations.append(Preparation("encode", (_LAST, 0), [name], how))
    return features


def _numbers(facts: Facts, values: Sequence[str]) -> dict[str, int]:
    """Return the numbers that the text gives to values: "1 for male", "'male' as 1"."""
    found: dict[str, int] = {}
    for at, text in enumerate(facts.texts):
        if not re.search(_ENCODES, text):
            continue
        said = re.sub(L, lambda match: f" {facts.marks.label(match.group()).lower()} ", text)
        for value in values:
            spelled = rf"(?<![\w]){re.escape(fold(value))}s?(?![\w])"
            match = re.search(rf"\b(\d+){_FOR}{spelled}", said) or re.search(
                rf"{spelled}{_TO}(\d+)\b", said
            )
            if match:
                found[value] = int(match[1])
                for number in re.finditer(rf"\b{match[1]}\b", text):
                    facts.use(at, number)
    if len(found) == len(values) - 1 and facts.says(r"\b(?:otherwise|else|others?|the\s+rest)\b"):
        left = next(value for value in values if value not in found)
        found[left] = 0
    return found if len(set(found.values())) == len(found) else {}


def steps_of(step: Preparation) -> list[dict[str, Any]]:
    """Return the steps of a recipe that turn a column into numbers."""
    how = dict(step.how)
    if how["method"] == "numbers":
        pairs = [{"old": value, "new": number} for value, number in how["numbers"].items()]
        name = step.columns[0]
        return [{"op": "map", "column": name, "values": pairs, "otherwise": "missing"}]
    return [{"op": "encode", "columns": step.columns, **how}]
