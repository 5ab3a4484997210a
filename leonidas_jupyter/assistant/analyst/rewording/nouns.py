"""Nouns for rows: "victims", "customers", "flights", where that is what a row of the table is."""

import re

from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.rewording.names import is_value
from leonidas_jupyter.assistant.analyst.rewording.phrasebook import RowKind, phrasebook
from leonidas_jupyter.assistant.analyst.rewording.wording import Wording
from leonidas_jupyter.assistant.analyst.words import singular

_NOT_NOUNS = re.compile(r"(?:ly|ing|ed|est)$")


def _kinds_of(word: str) -> list[RowKind]:
    return [kind for kind in phrasebook().kinds if word in kind.nouns]


_JOINTS = frozenset({"for", "of", "by", "in", "from", "with", "at", "on", "to", "and"})


def _head_words(lexicon: FrameLexicon) -> list[str]:
    """Return the words of a table's name before "for", "of", "by": "cars" of `cars_for_sale`."""
    words = list(lexicon.frame_words)
    joints = [at for at, word in enumerate(words) if at and word in _JOINTS]
    return words[: joints[0]] if joints else words


def _named_kinds(lexicon: FrameLexicon) -> list[RowKind]:
    """Return the kinds of thing that the table's own name speaks of: its last noun that is one."""
    for word in reversed(_head_words(lexicon)):
        found = _kinds_of(singular(word))
        if found:
            return found
    return []


def is_row(word: str, lexicon: FrameLexicon) -> bool:
    """Return whether a noun stands for the rows of a frame.

    It does where the frame's name has it, or a noun of the same kind; where the name speaks of
    nothing that a row could be, the columns decide.
    """
    noun = singular(word.lower())
    if noun in phrasebook().any_row or noun in {singular(own) for own in _head_words(lexicon)}:
        return True
    kinds, named = _kinds_of(noun), _named_kinds(lexicon)
    own = {piece for column in lexicon.columns for piece in column.words}
    seen = [kind for kind in kinds if kind.evidence & own]
    if any(kind in named for kind in kinds):
        return True
    return bool(seen) and (not named or _both(seen, named))


def _both(seen: list[RowKind], named: list[RowKind]) -> bool:
    """Return whether people may stand in a table that is named after what befell them.

    The victims of "riots", the passengers of a "titanic" voyage; never the customers of penguins.
    """
    people = phrasebook().kinds[0]
    befell = [kind for kind in named if {"accident", "trip", "bill"} & kind.nouns]
    return people in seen and bool(befell)


def named_rows(wording: Wording) -> Wording:
    """Write "rows" for unknown nouns that stand for them, and say so."""
    if wording.lexicon.tally is not None:
        # A row stands for many: "how many students" is no number of rows.
        return wording
    for token in wording.unknown():
        word = token.low
        if (
            is_value(word, wording.lexicon)
            or _NOT_NOUNS.search(word)
            or not is_row(word, wording.lexicon)
        ):
            continue
        other = "rows" if singular(word) != word or word in ("people", "staff", "folks") else "row"
        name = wording.lexicon.frame.name
        wording = wording.swapped(
            token.text, other, f"I read “{token.text}” as the rows of {name}."
        )
    return _tidied(wording)


def _tidied(wording: Wording) -> Wording:
    text = re.sub(r"\b(rows?)(?: rows?)+\b", r"\1", wording.text)
    return wording.put(text)


def names_table(wording: Wording) -> Wording:
    """Leave out "for sale" at the end of a question about `cars_for_sale`."""
    words = wording.lexicon.frame_words
    joint = next((at for at, word in enumerate(words) if at and word in _JOINTS), None)
    if joint is None:
        return wording
    tail = r"\s+".join(map(re.escape, words[joint:]))
    return wording.put(
        re.sub(rf"\s+(?:that\s+)?(?:are\s+|is\s+)?{tail}$", "", wording.text, flags=re.I)
    )


def deeds(wording: Wording) -> Wording:
    """Leave out "died" where each row of the table is a death."""
    own = {singular(word) for word in wording.lexicon.frame_words}
    own |= {singular(piece) for column in wording.lexicon.columns for piece in column.words}
    for thing, verbs in phrasebook().deeds.items():
        found = verbs.search(wording.text)
        if found and thing in own:
            name = wording.lexicon.frame.name
            note = f"I read “{found.group()}” as being in {name}, which has a row for each {thing}."
            text = verbs.sub("", wording.text, count=1)
            wording = wording.put(text, note)
    return wording
