"""Politeness, units and other ways to say one thing: what goes, or is put plainly."""

import re

from leonidas_jupyter.assistant.analyst.column import NamedColumn
from leonidas_jupyter.assistant.analyst.rewording.phrasebook import any_of, phrasebook
from leonidas_jupyter.assistant.analyst.rewording.wording import Wording, squeezed
from leonidas_jupyter.assistant.analyst.spans import readings
from leonidas_jupyter.assistant.analyst.vocabulary import vocabulary
from leonidas_jupyter.assistant.analyst.words import tokenize

_MOST_FILLERS = 4


def without_fillers(wording: Wording) -> Wording:
    """Leave out politeness and words of mere presence, at both ends of the question."""
    text = squeezed(wording.text)
    for _ in range(_MOST_FILLERS):
        cut = squeezed(phrasebook().end.sub("", phrasebook().start.sub("", text)))
        if cut == text or not cut:
            break
        text = cut
    return wording.put(text)


def put_plainly(wording: Wording) -> Wording:
    """Write what the grammar knows for other ways to say it."""
    whole = phrasebook().overview
    if whole.pattern.match(squeezed(wording.text)):
        return wording.put(whole.by)
    for each in phrasebook().instead:
        found = each.pattern.search(wording.text)
        if found is None:
            continue
        note = f"I read {each.note}." if each.note else ""
        text = each.pattern.sub(each.by, wording.text)
        wording = wording.put(f"bar chart of {text}" if each.chart else text, note)
    return wording


def _units() -> str:
    known = [phrase for phrase, found in vocabulary().phrases.items() if any(
        meaning.kind == "u" for meaning in found
    )]  # fmt: skip
    return any_of(
        [unit for unit in known if unit.isalpha() or "/" in unit]
        + ["€", "$", "£", "°f", "°c", "° f", "° c", "mph"]
    )


_TOLD = re.compile(r"[()\[\]$€£%°]")


def _mentioned(wording: Wording) -> list[NamedColumn]:
    """Return the columns that the question names; all of them where it names none."""
    lexicon = wording.lexicon
    spans = next(readings(tokenize(wording.text), lexicon, wording.names), [])
    names = {str(span.meaning.value) for span in spans if span.kind == "C"}
    names |= {str(span.meaning.value[0]) for span in spans if span.kind in "12"}
    return [column for column in lexicon.columns if column.name in names or not names]


def _says_unit(column: NamedColumn) -> bool:
    """Return whether a column's name says a unit: then it is converted, or declined."""
    told = column.unit is not None or _TOLD.search(column.name) is not None
    return told or any(word in vocabulary().units and len(word) > 1 for word in column.words)


def without_units(wording: Wording) -> Wording:
    """Leave out a unit that the columns say nothing of, and say that nothing is converted."""
    if any(map(_says_unit, _mentioned(wording))):
        return wording
    text = wording.text
    asked = re.search(rf"\s(?:in|as|measured in)\s+({_units()})(?!\w)", text, re.I)
    if asked is not None:
        note = (
            f"I left “in {asked.group(1)}” aside: the table does not say which units it is in, "
            "so the figures are as stored."
        )
        wording = wording.put(text[: asked.start()] + text[asked.end() :], note)
    said = re.search(rf"(\d[\d.,]*)\s*({_units()})(?!\w)", wording.text, re.I)
    if said is not None and said.group(2).lower() not in ("s", "m", "$", "min"):
        note = (
            f"I took {said.group(1)} as it is, without “{said.group(2)}”: the table does not say "
            "which units it is in."
        )
        wording = wording.put(wording.text[: said.start(2)] + wording.text[said.end(2) :], note)
    return wording
