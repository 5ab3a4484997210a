"""Bounds as people say them: "more than 30 years of experience", "earn over 2000", "over 70"."""

import re
from collections.abc import Iterator

from leonidas_jupyter.assistant.analyst.rephrase import named
from leonidas_jupyter.assistant.analyst.rewording.resolve import column_of, number_of, verb_column
from leonidas_jupyter.assistant.analyst.rewording.wording import Wording

_THAN = (
    r"(?P<than>more than|over|above|at least|less than|fewer than|under|below|at most|exactly"
    r"|up to)"
)
_NUMBER = r"(?P<number>[$€£]?\d[\d,.]*\s?(?:k|thousand|million|m|bn|billion)?)"
_YEARS_OF = re.compile(
    rf"\b(?:with|have|has|having|had)\s+{_THAN}\s+(?P<number>\d[\d.]*)\s+"
    r"(?P<unit>years?|days?|months?|hours?|weeks?|grams?|g)\s+of\s+(?P<column>[\w.\"]+)",
    re.I,
)
_DOES_OVER = re.compile(
    rf"\b(?:that\s+|who\s+|which\s+)?(?P<verb>earn|earns|earned|make|makes|cost|costs|weigh|weighs"
    rf"|earning|making|costing|weighing)\s+{_THAN}\s+{_NUMBER}(?!\w)",
    re.I,
)
_AGED = re.compile(
    r"^(?P<lead>.*\b(?:rows?|men|women|males|females|people))\s+(?:are\s+|were\s+|aged\s+)?"
    r"(?P<than>over|above|under|below)\s+(?P<number>\d{1,3})$",
    re.I,
)
_OLDEST = 120


def bounded(wording: Wording) -> Iterator[Wording]:
    """Yield a bound with the column that it is of."""
    text, lexicon = wording.text, wording.lexicon
    found = _YEARS_OF.search(text)
    column = number_of(found["column"], lexicon) if found else None
    if found is not None and column is not None:
        test = f"with {named(column.name)} {found['than']} {found['number']}"
        note = f"I took `{column.name}` to be in {found['unit']}."
        yield wording.put(text[: found.start()] + test + text[found.end() :], note)
    found = _DOES_OVER.search(text)
    if found is not None:
        verb = re.sub(r"ing$", "", found["verb"].lower())
        column = verb_column(verb, lexicon) or verb_column(f"{verb}e", lexicon)
        if column is not None:
            test = f"with {named(column.name)} {found['than']} {found['number']}"
            note = f"I read “{found['verb']}” as `{column.name}`."
            yield wording.put(text[: found.start()] + test + text[found.end() :], note)
    found = _AGED.match(text)
    column = column_of("age", lexicon) if found else None
    if found is not None and column is not None and int(found["number"]) <= _OLDEST:
        test = f"{found['lead']} with {named(column.name)} {found['than']} {found['number']}"
        yield wording.put(test, f"I held {found['number']} against `{column.name}`.")
