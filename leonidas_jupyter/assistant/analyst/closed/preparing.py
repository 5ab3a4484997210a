"""Preparation that a text asks for: duplicates, missing values, outliers, scales, logarithms."""

import re

from leonidas_jupyter.assistant.analyst.closed.facts import Facts, Preparation
from leonidas_jupyter.assistant.analyst.closed.gaps import MISSING, REMOVE, read_gaps, resolved
from leonidas_jupyter.assistant.analyst.closed.marks import CS, C
from leonidas_jupyter.assistant.analyst.closed.scales import read_scales, read_transforms

_DUPLICATES = re.compile(
    rf"{REMOVE}\s+(?:[\w-]+\s+){{0,3}}duplicat\w*(?:\s+(?:rows?|entries|records?))?"
    rf"|duplicat\w*\b[^.]*?\b{REMOVE}"
)

_STEP_NUMBER = re.compile(
    r"(?:^|[.,;:)]\s*|\band\s+)\(?\d{1,2}[.)]\s+(?=[a-z])|\b(?:steps?|points?)\s+\(?\d{1,2}\b"
)
"""The number of a step in a list of them, or where another step speaks of it."""


def read_preparations(facts: Facts) -> None:
    """Add the steps that prepare the data to ``facts``, in the order of the text."""
    for at, match in facts.finds(_STEP_NUMBER):
        facts.use(at, match)
    for at, text in enumerate(facts.texts):
        _duplicates(facts, at, text)
        read_gaps(facts, at, text)
        read_scales(facts, at, text)
        read_transforms(facts, at, text)


def _duplicates(facts: Facts, at: int, text: str) -> None:
    match = _DUPLICATES.search(text)
    if match:
        facts.use(at, match)
        beside = re.match(
            rf"[^.;,]*?\b(?:based\s+on|by|on|in|considering|for|of)\s+(?:the\s+)?({CS})",
            text[match.start() :],
        )
        columns = facts.marks.columns_in(beside[1]) if beside else []
        facts.add(Preparation("dedupe", (at, match.start()), columns))
        facts.kinds.add("duplicates")


__all__ = ["MISSING", "C", "read_preparations", "resolved"]
