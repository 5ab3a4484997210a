"""Superlatives: "the country with the highest mean of C", "the C of the row with the lowest D"."""

import re
from dataclasses import dataclass

from leonidas_jupyter.assistant.analyst.closed.facts import Facts
from leonidas_jupyter.assistant.analyst.closed.marks import C
from leonidas_jupyter.assistant.analyst.words import pieces, singular

HIGHEST = r"(?:highest|largest|greatest|biggest|most|maximum|maximal|max|top|longest|best|latest)"
LOWEST = r"(?:lowest|smallest|(?<!at )least|minimum|minimal|min|fewest|shortest|worst|earliest)"
_STAT = (
    r"(?P<stat>(?:average|mean|median|total|sum(?:\s+of)?|standard\s+deviation"
    r"|variance|number\s+of|count(?:\s+of)?|skewness|variability)\s+)?"
)
_SUPERLATIVE = re.compile(
    rf"\b(?:(?P<high>{HIGHEST})|(?P<low>{LOWEST}))\s+{_STAT}(?:of\s+|the\s+"
    rf"|values?\s+(?:of|in)\s+|\w+\s+){{0,3}}?(?P<y>{C})"
)
_PLAIN = re.compile(
    rf"\b(?:(?P<high>{HIGHEST})|(?P<low>{LOWEST}))\s+(?:(?P<stat>average|mean|median|total)\s+)?"
    r"(?P<what>[a-z]+)\b(?!\s+of\b)"
)
_STATISTICS = {
    "average": "mean", "mean": "mean", "median": "median", "total": "sum", "sum": "sum",
    "sum of": "sum", "standard deviation": "std", "variance": "var", "number of": "rows",
    "count": "rows", "count of": "rows", "skewness": "skewness", "variability": "std",
}  # fmt: skip
_STAT_BEFORE = re.compile(r"\b(?:average|mean|median|total|sum)\b")


@dataclass(frozen=True)
class Superlative:
    """The extreme of a column, or of its statistic in groups."""

    column: str
    smallest: bool
    statistic: str | None


def superlatives(facts: Facts, extra: str = "") -> list[Superlative]:
    """Return the superlatives of all sentences, and of ``extra``, each once."""
    found = []
    for at, text in enumerate([*facts.texts, extra]):
        for match in _SUPERLATIVE.finditer(text):
            stat = " ".join((match["stat"] or "").split())
            one = Superlative(
                facts.marks.column(match["y"]), bool(match["low"]), _STATISTICS.get(stat)
            )
            if at < len(facts.texts):
                facts.use(at, match)
            if one not in found:
                found.append(one)
    return found or _plainly(facts)


def _plainly(facts: Facts) -> list[Superlative]:
    """Return "the highest count", where a column has the name of an everyday word."""
    numbers = {
        column.name.lower(): column.name for column in facts.marks.lexicon.columns if column.numeric
    }
    found = []
    for at, match in facts.finds(_PLAIN):
        name = numbers.get(match["what"])
        if name is not None:
            stat = match["stat"]
            facts.use(at, match)
            found.append(Superlative(name, bool(match["low"]), _STATISTICS[stat] if stat else None))
    return list(dict.fromkeys(found))


def entity(words: str, facts: Facts, own: list[str]) -> str | None:
    """Return the column whose values a name asks for: ``country_with_highest_gdp`` → country."""
    texts = [
        column for column in facts.marks.lexicon.columns if not column.numeric or column.name in own
    ]
    if len(own) == 1:
        return own[0]
    said = {singular(word) for word in re.findall(r"[a-z]+", words)}
    fitting = [column.name for column in texts if {singular(word) for word in column.words} & said]
    if len(fitting) == 1:
        return fitting[0]
    exact = [name for name in fitting if {singular(word) for word in pieces(name)} <= said]
    if len(exact) == 1:
        return exact[0]
    if len(facts.groups) == 1:
        return facts.groups[0]
    return None


MOST = (
    "(?:highest|largest|greatest|biggest|most|maximum|longest|strongest|heaviest"
    "|tallest|hottest|top|best|higher|larger)"
)
LEAST = (
    "(?:lowest|smallest|(?<!at )least|minimum|shortest|weakest|lightest|coldest|fewest|worst|"
    "lower|smaller)"
)
"""Superlatives and comparatives of all kinds, as they stand in ordinary sentences."""
