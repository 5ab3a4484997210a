"""Columns that a text computes without creating them: changes, lengths of text, lagged values."""

import re
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.facts import Declined, Facts, Preparation
from leonidas_jupyter.assistant.analyst.closed.marks import C

_CHANGES = re.compile(
    r"\breturns\b|\bpct_change\b|\bpercent(?:age)?\s+changes?\b|\b(?:daily|monthly|weekly|yearly)\s+return\b"
)
_HUNDRED = re.compile(r"\bmultipl\w+\s+by\s+100\b|\btimes\s+100\b|\bin\s+percent\b|\*\s*100\b")
_NOT_HUNDRED = re.compile(r"\b(?:not|n't)\s+(?:be\s+)?multipl\w+\s+by\s+100\b")
_LENGTHS = (
    ("word_count", re.compile(rf"\bnumber\s+of\s+words\b[^.;]*?({C})")),
    (
        "length",
        re.compile(rf"\b(?:length|number\s+of\s+characters)\b[^.;]*?\b(?:of|in)\b[^.;]*?({C})"),
    ),
)
_LAGGED = re.compile(r"\bautocorr\w*")
_LAG = re.compile(r"\blag(?:ged)?[\s-]*(?:of\s+|=\s*|by\s+)?(?P<n>\d+)\b")
CHANGE, LENGTH, LAGGED = "change", "length", "lagged"


def read_implicit(facts: Facts) -> None:
    """Put a new column in the place of the one that it is made of.

    Raises:
        Declined: it does not say of which column, or what else of it is meant.
    """
    if facts.marks.new or facts.derived:
        return
    for op, pattern in _LENGTHS:
        found = next((match for _, match in facts.finds(pattern)), None)
        known = facts.marks.lexicon.by_name.get(facts.marks.column(found[1])) if found else None
        if known is not None and known.profile.type == "text":
            _replace(facts, known.name, LENGTH, {"op": op, "value": known.name})
            return
    if facts.says(_CHANGES.pattern):
        _change(facts)
    elif facts.says(_LAGGED.pattern):
        _lagged(facts)


def _only(facts: Facts) -> str | None:
    own = facts.marks.lexicon.by_name
    named = {name for text in facts.texts for name in facts.marks.columns_in(text)}
    numbers = [name for name in named if name in own and own[name].numeric]
    return numbers[0] if len(numbers) == 1 else None


def _change(facts: Facts) -> None:
    name = _only(facts)
    if name is None:
        return
    expression: Any = {"op": "pct_change", "value": name}
    said = " ".join(facts.texts)
    for at, match in facts.finds(_HUNDRED):
        facts.use(at, match)
    if _HUNDRED.search(said) and not _NOT_HUNDRED.search(said):
        expression = {"op": "*", "left": expression, "right": 100}
    _replace(facts, name, CHANGE, expression)


def _lagged(facts: Facts) -> None:
    name = _only(facts)
    lags = {int(match["n"]) for _, match in facts.finds(_LAG)}
    if name is None or len(lags) != 1:
        raise Declined("I do not know of which column and with which lag the autocorrelation is.")
    for at, match in facts.finds(_LAG):
        facts.use(at, match)
    facts.derived[LAGGED] = {"op": "shift", "value": name, "periods": lags.pop()}
    facts.autocorrelated = [name, LAGGED]
    facts.kinds |= {"lag", "derive"}
    facts.preparations.append(Preparation("derive", (0, 0), [LAGGED]))


def _replace(facts: Facts, name: str, new: str, expression: Any) -> None:  # noqa: ANN401
    """Make every mention of a column one of what is computed of it."""
    sign, other = facts.marks.column_sign(name), facts.marks.column_sign(new)
    facts.texts = [text.replace(sign, other) for text in facts.texts]
    facts.derived[new] = expression
    facts.kinds.add("derive")
    facts.preparations.append(Preparation("derive", (0, 0), [new]))
