"""The ways to put a question that the grammar did not read, from the nearest to the farthest.

Each is a question that says what the person asked, with notes of every word that was read as
another; none leaves out a word that could change what is computed, but says so.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.question import Question
from leonidas_jupyter.assistant.analyst.rewording.bounds import bounded
from leonidas_jupyter.assistant.analyst.rewording.comparing import compared
from leonidas_jupyter.assistant.analyst.rewording.counted import tallied
from leonidas_jupyter.assistant.analyst.rewording.growing import changed_in, drawn, grown, grown_by
from leonidas_jupyter.assistant.analyst.rewording.months import days_as_rows, months
from leonidas_jupyter.assistant.analyst.rewording.names import free_names, long_names
from leonidas_jupyter.assistant.analyst.rewording.nouns import deeds, named_rows, names_table
from leonidas_jupyter.assistant.analyst.rewording.plainer import (
    put_plainly,
    without_fillers,
    without_units,
)
from leonidas_jupyter.assistant.analyst.rewording.ranking import (
    flagged,
    having,
    listed_top,
    placed,
    ranked,
    typical,
)
from leonidas_jupyter.assistant.analyst.rewording.relating import (
    both_ways,
    differing,
    driven,
    related,
    which_differ,
)
from leonidas_jupyter.assistant.analyst.rewording.weeks import named_days, weekends
from leonidas_jupyter.assistant.analyst.rewording.wording import Wording, squeezed

_MOST_TRIED = 40
_PASSES: tuple[Callable[[Wording], Wording], ...] = (
    without_fillers,
    put_plainly,
    deeds,
    names_table,
    named_rows,
    days_as_rows,
    named_days,
    long_names,
    without_units,
    named_rows,
    without_fillers,
)
_PLAIN = 2
"""How many passes only put things plainly, before words are read as others."""

_SENTENCES: tuple[Callable[[Wording], Iterator[Wording]], ...] = (
    tallied,
    listed_top,
    months,
    weekends,
    grown,
    grown_by,
    changed_in,
    drawn,
    compared,
    related,
    differing,
    which_differ,
    driven,
    both_ways,
    ranked,
    typical,
    having,
    flagged,
    placed,
    bounded,
    free_names,
)


def wordings(question: str, lexicon: FrameLexicon, names: Sequence[str]) -> Iterator[Wording]:
    """Yield other ways to put a question to a frame, the nearest first, each once."""
    seen = {squeezed(question).lower()}
    for made in islice(_all(Wording(question, lexicon, (), tuple(names))), _MOST_TRIED):
        if made.options:
            yield made
        elif made.text and made.text.lower() not in seen:
            seen.add(made.text.lower())
            yield made


def _all(asked: Wording) -> Iterator[Wording]:
    steps = [asked]
    for each in _PASSES:
        steps.append(each(steps[-1]))
    last = steps[-1]
    yield from _distinct(steps)
    for at in {step.text: step for step in (steps[_PLAIN], last)}.values():
        yield from _put(at, depth=2)


def _distinct(steps: Sequence[Wording]) -> Iterator[Wording]:
    before = steps[0].text
    for step in reversed(steps):
        if step.text != before:
            yield step


def _put(wording: Wording, depth: int) -> Iterator[Wording]:
    """Yield what the sentences make of a wording, and what they make of that."""
    made = [replace(each, rephrased=True) for sentence in _SENTENCES for each in sentence(wording)]
    yield from made
    if depth > 1:
        for each in made:
            yield from _put(each, depth - 1)
    article = re.sub(r"\b(?:an?|the)\s+(rows?\b)", r"\1", wording.text)
    if article != wording.text and depth > 1:
        shorter = wording.put(re.sub(r"\brow\b(?!\s+(?:that|which) has)", "rows", article))
        yield shorter
        yield from _put(shorter, depth - 1)


def says_something(question: Question) -> bool:
    """Return whether a reading asks more than to see the rows as they are."""
    bare = question.operation == "rows_listed" and not question.where.conditions
    return not bare and (question.option != "bare" or bool(question.where.conditions))
