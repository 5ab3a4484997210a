"""What a piece of a question names: a column, a value, a yes/no column, a size."""

import re
from collections.abc import Iterable

from leonidas_jupyter.assistant.analyst.column import NamedColumn, same_word
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon, ValueRef
from leonidas_jupyter.assistant.analyst.rewording.names import stem
from leonidas_jupyter.assistant.analyst.rewording.phrasebook import Measured, phrasebook
from leonidas_jupyter.assistant.analyst.vocabulary import LOOSE
from leonidas_jupyter.assistant.analyst.words import pieces, singular

_LEADS = re.compile(
    r"^(?:(?:the|a|an|their|its|your|our|these|those|this|that|all|average|mean|number of|any|one"
    r"|ones|rows? (?:from|in|of)|(?:made )?in|from)\s+)+",
    re.I,
)
_TAILS = re.compile(
    r"\s+(?:of (?:the )?rows?|rows?|ones?|people|persons?|individuals?|column|values?)$", re.I
)
_MOST_KINDS = 50


def bare(text: str) -> str:
    """Return a piece of a question without articles before it and words for rows after it."""
    return _TAILS.sub("", _LEADS.sub("", text.strip(" ,\"“”'`?"))).strip(" ,\"“”'`")


def column_of(text: str, lexicon: FrameLexicon) -> NamedColumn | None:
    """Return the one column that a piece of a question names."""
    asked = pieces(bare(text))
    if not asked:
        return None
    found = lexicon.fitting(asked)
    if not found or (len(asked) > 1 and found[0][1] == LOOSE):
        return None
    return found[0][0] if len(found) == 1 else None


def number_of(text: str, lexicon: FrameLexicon) -> NamedColumn | None:
    """Return the one numeric column that a piece of a question names."""
    found = column_of(text, lexicon)
    return found if found is not None and found.numeric else None


_PLACED = re.compile(
    r"^(?:the\s+)?(?P<noun>\w+)\s+(?:made\s+)?(?:from|in|of)\s+(?P<value>.+)$", re.I
)


def _row_words(lexicon: FrameLexicon) -> set[str]:
    """Return what a row is called, in the singular: by the table's name, or plainly."""
    return {singular(word) for word in lexicon.frame_words} | {"row", "one", "those", "that"}


def value_of(text: str, lexicon: FrameLexicon) -> ValueRef | None:
    """Return the one value, of one column, that a piece of a question names."""
    placed = _PLACED.match(text.strip())
    if placed is not None and singular(placed["noun"].lower()) in _row_words(lexicon):
        text = placed["value"]
    asked = pieces(bare(text))
    found = lexicon.mentions(asked) if asked else ()
    return found[0] if len(found) == 1 else None


def flag_of(text: str, lexicon: FrameLexicon) -> NamedColumn | None:
    """Return the yes/no column that a noun stands for: "smokers" of ``smoker``."""
    words = pieces(bare(text))
    if len(words) != 1:
        return None
    found = [
        column
        for column in lexicon.columns
        if column.profile.type == "boolean"
        and any(stem(own) == stem(words[0]) for own in column.core)
    ]
    return found[0] if len(found) == 1 else None


def kind_of(text: str, lexicon: FrameLexicon) -> NamedColumn | None:
    """Return the column of a few kinds that a piece names, also by a noun for its yes."""
    found = column_of(text, lexicon) or flag_of(text, lexicon)
    if found is None or not 2 <= found.profile.distinct <= _MOST_KINDS:
        return None
    few = found.profile.type in ("text", "boolean") or found.profile.distinct <= 12
    return found if few else None


def sized_by(measured: Measured | None, lexicon: FrameLexicon) -> NamedColumn | None:
    """Return the one numeric column that a measuring word looks at."""
    if measured is None:
        return None
    return _one(
        column
        for column in lexicon.columns
        if column.numeric
        and any(same_word(hint, own) for hint in measured.measures for own in column.core[-1:])
    ) or _one(
        column
        for column in lexicon.columns
        if column.numeric
        and any(same_word(hint, own) for hint in measured.measures for own in column.core)
    )


def measures(measured: Measured, column: NamedColumn) -> bool:
    """Return whether a measuring word looks at a column."""
    return any(same_word(hint, own) for hint in measured.measures for own in column.core)


def _one(columns: Iterable[NamedColumn]) -> NamedColumn | None:
    found = list(columns)
    return found[0] if len(found) == 1 else None


def verb_column(verb: str, lexicon: FrameLexicon) -> NamedColumn | None:
    """Return what a verb measures: "earn" a salary, "tip" the column of that name."""
    found = sized_by(phrasebook().verbs.get(verb), lexicon)
    if found is not None:
        return found
    named = column_of(verb, lexicon)
    if named is not None and named.numeric:
        return named
    return _one(
        column
        for column in lexicon.columns
        if column.numeric and len(column.core) == 1 and stem(column.core[0]) == stem(verb)
    )
