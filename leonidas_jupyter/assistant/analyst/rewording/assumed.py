"""The mean, where a number is asked for by groups and no aggregate is named."""

import re

from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.question import Ambiguous
from leonidas_jupyter.assistant.analyst.spans import readings
from leonidas_jupyter.assistant.analyst.words import tokenize, written_out

NOTE = (
    "You named no aggregate, so I show the mean: ask for the total or the median if you mean that."
)
_NAME = re.compile(r"^the average `([^`]+)`")
_ADDED_UP = frozenset(
    {
        "sales", "revenue", "turnover", "profit", "profits", "amount", "amt", "count", "counts",
        "n", "number", "population", "pop", "people", "quantity", "qty", "units", "deaths",
        "death", "votes", "total", "sum", "emissions", "production", "output", "spend",
        "spending", "budget", "gross", "cost", "costs", "expense", "expenses", "expenditure",
        "visits", "orders", "commits", "cases", "births", "killed", "injured", "damage",
        "donations", "contributions", "exports", "imports", "generation", "volume",
        "precipitation", "rainfall", "freq", "frequency", "passengers", "goals", "points", "runs",
        "tons", "tonnes", "assets", "gdp", "gsp", "arrests", "victims", "claims",
    }
)  # fmt: skip
"""What is added up as often as it is averaged: there the person is asked."""


def by_mean(question: str, error: Ambiguous, lexicon: FrameLexicon) -> str | None:
    """Return the question with "average" before the column, where anyone would mean the mean of it.

    None for what is added up as often, and where the column is not named in one place.
    """
    if not _averaged(error, lexicon):
        return None
    found = _NAME.match(error.choices[0])
    name = found.group(1) if found else ""
    text = written_out(question)
    tokens = tokenize(question)
    spans = next(readings(tokens, lexicon, [lexicon.frame.name]), [])
    places = [span.start for span in spans if span.kind == "C" and span.meaning.value == name]
    if len(places) != 1:
        return None
    start = tokens[places[0]].start
    return f"{text[:start]}average {text[start:]}"


def _averaged(error: Ambiguous, lexicon: FrameLexicon) -> bool:
    found = _NAME.match(error.choices[0]) if error.choices else None
    column = lexicon.by_name.get(found.group(1)) if found else None
    if column is None or len(error.choices) < 2 or "total" not in error.choices[1]:
        return False
    return not _ADDED_UP & set(column.words)
