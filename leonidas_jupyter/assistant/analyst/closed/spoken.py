"""Leaders that a text speaks of in ordinary words: "the widest range on average", "most goals"."""

import re
from dataclasses import dataclass

from leonidas_jupyter.assistant.analyst.closed.extremes import HIGHEST, LEAST, LOWEST, MOST
from leonidas_jupyter.assistant.analyst.closed.facts import Facts
from leonidas_jupyter.assistant.analyst.closed.marks import C
from leonidas_jupyter.assistant.analyst.closed.targets import mentioned
from leonidas_jupyter.assistant.analyst.vocabulary import vocabulary
from leonidas_jupyter.assistant.analyst.words import pieces, singular

_OTHER = re.compile(
    rf"\b(?:{HIGHEST}|{LOWEST})\s+(?:\w+\s+){{0,2}}?(?:skewness|kurtosis|variance|variability|growth"
    r"|increase|decrease|change|difference|ratio|correlation|deviation|z-?scores?|range|spread)\b"
)
_RANKED_BY = re.compile(
    rf"\b(?:{HIGHEST}|{LOWEST})\s+(?P<stat>average|mean|median|total|sum|standard\s+deviation)\b"
)
_WORDS = {
    "average": "mean", "mean": "mean", "median": "median", "total": "sum", "sum": "sum",
    "standard": "std",
}  # fmt: skip
_MOST_OF = re.compile(r"\b(?P<word>most|fewest|least)\s+(?!of\b|likely\b)(?P<what>[a-z]+)")
_NO_ADJECTIVES = frozenset(
    {"interest", "request", "forest", "latest", "earliest", "harvest", "invest", "honest", "modest",
     "nearest", "midwest", "northwest", "southwest", "suggest", "everest"}
)  # fmt: skip
_LITTLE = frozenset(
    {"narrowest", "slimmest", "thinnest", "poorest", "driest", "quietest", "calmest", "softest",
     "shallowest", "scarcest", "rarest", "tiniest", "briefest", "nearest", "weakest", "slowest",
     "lowest", "smallest", "fewest", "shortest", "coldest", "coolest", "cheapest", "youngest",
     "lightest", "emptiest", "safest"}
)  # fmt: skip


@dataclass(frozen=True)
class Leader:
    """What leads: the rows' column (``entity``) by a column's value, or by a group's statistic."""

    entity: str
    column: str | None
    statistic: str | None
    smallest: bool


def said_statistic(facts: Facts, column: str, entity: str) -> str | None:
    """Return the statistic by which groups are ranked, said elsewhere: "the mean of D per C"."""
    known = facts.marks.lexicon.by_name.get(entity)
    if known is not None and known.profile.candidate_key:
        return None
    sign = facts.marks.column_sign(column)
    found = [
        kind
        for kind, words in (
            ("mean", r"(?:mean|average)"), ("median", "median"), ("sum", r"(?:total|sum)"),
            ("std", r"standard deviation"),
        )
        if facts.says(rf"\b{words}\s+(?:value\s+)?(?:of\s+|in\s+)?(?:the\s+)?(?:\w+\s+)?{sign}")
        or facts.says(
            rf"\b{words}s?\b[^.;]*\b(?:for|per|by|of|in)\s+(?:each\s+|every\s+)?(?:the\s+)?{C}"
        )
    ]  # fmt: skip
    return found[0] if len(found) == 1 else None


def spoken(facts: Facts, who: str) -> list[Leader]:
    """Return "the highest average …" of the only column of numbers, however it is called."""
    said = re.sub(r"\b(?:most|least|top)\b", " ", " ".join(facts.texts))
    most, least = (re.search(rf"\b{words}\b", said) is not None for words in (MOST, LEAST))
    if not most and not least:
        descending = measuring(said)
        most, least = descending is True, descending is False
    if _OTHER.search(said) or not (most or least):
        return []
    numbers = _only_number(facts, who)
    if len(numbers) != 1:
        return []
    near = _RANKED_BY.search(said)
    statistic = _WORDS[near["stat"].split()[0]] if near else said_statistic(facts, numbers[0], who)
    if statistic is None and re.search(r"\bon\s+average\b", said):
        known = facts.marks.lexicon.by_name.get(who)
        statistic = None if known is not None and known.profile.candidate_key else "mean"
    ends = [smallest for smallest, found in ((False, most), (True, least)) if found]
    return [Leader(who, numbers[0], statistic, smallest) for smallest in ends]


def _only_number(facts: Facts, who: str) -> list[str]:
    """Return the column of numbers that the text is about; a new one before what it is made of."""
    for loose in (False, True):
        numbers = [name for name in mentioned(facts, loose=loose) if name != who]
        new = [name for name in numbers if name in facts.derived]
        if len(new) == 1:
            return new
        if numbers:
            return numbers
    return []


def most_of(facts: Facts, who: str) -> list[Leader]:
    """Return "the most goals": the greatest sum or mean of the column that the noun names."""
    found = []
    for _, match in facts.finds(_MOST_OF):
        named = [
            name
            for name in [*facts.derived, *(one.name for one in facts.marks.lexicon.columns)]
            if singular(match["what"]) in {singular(part) for part in pieces(name)}
            and name != who
            and (name in facts.derived or facts.marks.lexicon.by_name[name].numeric)
        ]
        new = [name for name in named if name in facts.derived]
        chosen = new if len(new) == 1 else named
        if len(chosen) == 1:
            known = facts.marks.lexicon.by_name.get(who)
            single = known is not None and known.profile.candidate_key
            mean = facts.says(r"\bon\s+average\b|\b(?:mean|average)\b")
            statistic = None if single else "mean" if mean else "sum"
            found.append(Leader(who, chosen[0], statistic, match["word"] != "most"))
    return list(dict.fromkeys(found))


def measuring(words: str) -> bool | None:
    """Return whether the adjectives that measure ask for the most; None where they do not tell."""
    ends = set()
    for word in re.findall(r"\b[a-z]{4,}est\b", words):
        known = [one.value for one in vocabulary().phrases.get(word, ()) if one.kind == "S"]
        if known:
            ends.add(bool(known[0].descending))
        elif word not in _NO_ADJECTIVES:
            ends.add(word not in _LITTLE)
    return ends.pop() if len(ends) == 1 else None
