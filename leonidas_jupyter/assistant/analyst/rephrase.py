"""The nearest questions that the analyst answers, to offer when it declines or asks back."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, product

from leonidas_jupyter.assistant.analyst.column import NamedColumn, same_word
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.question import Group, Order, Question
from leonidas_jupyter.assistant.analyst.words import pieces, singular

Answerable = Callable[[str], bool]

_NOTE = re.compile(r"\s*\(.*\)$|,.*$")
_WORD = re.compile(r"\w+", re.ASCII)
_MOST_UNKNOWN, _MOST_TRIED, _MOST_OFFERED = 3, 16, 3
_SHORTEST = 3
_MOST_COLUMNS = 2
_ROWS = "rows"
_BE = frozenset({"is", "are", "was", "were", "be", "been"})
_BEFORE_ROWS = frozenset(
    ("", "many", "of", "number", "all", "any", "which", "what", "total", "the", "with", "most")
)
_OPEN = _BE | _BEFORE_ROWS - {""} | {"a", "an", "in", "by", "for", "than", "from", "to", "on", "at"}
_OPEN |= {"per", "no", "not", "each", "every", "and", "or", "between", "how", "their", "is", "as"}
"""Words after which something must follow: what stood there cannot be left out."""

_QUOTED = frozenset(
    {"with", "contains", "contain", "containing", "includes", "like", "called", "named"}
)
_PLACES = ("in", "at", "from", "for", "to", "as", "by", "on", "near")
_BOUND = frozenset({"of", "than", "to", "the", "a", "an", "that", "who", "with", "over", "under"})
"""Words that belong to the one before: "outside of" without "outside" is its contrary."""


def named(name: str) -> str:
    """Return a column's name as it may stand in a question: quoted where it is not one word."""
    return name if _WORD.fullmatch(name) else f'"{name}"'


def _replaced(question: str, phrase: str, other: str) -> str:
    found = re.compile(rf"(?<!\w){re.escape(phrase)}(?!\w)", re.IGNORECASE)
    changed = found.sub(lambda _: other, question, count=1)
    return "" if changed == question else re.sub(r"\s+", " ", changed).strip()


def near_columns(word: str, lexicon: FrameLexicon) -> list[str]:
    """Return the columns whose name is ``word`` cut short, else those with it in their names."""
    low = word.lower()
    alike = [column.name for column in lexicon.columns if low in column.words]
    cut = [column for column in lexicon.columns if any(_alike(low, own) for own in column.core)]
    whole = [column.name for column in cut if len(column.core) == 1]
    return alike or whole or [column.name for column in cut]


def _alike(asked: str, own: str) -> bool:
    """Return whether two words are one, or one is the beginning of the other: "mag"."""
    short, long = sorted((singular(asked), singular(own)), key=len)
    begun = _SHORTEST <= len(short) < len(long) and long.startswith(short)
    return begun or same_word(asked, own)


def near_values(word: str, lexicon: FrameLexicon) -> list[str]:
    """Return the values with ``word`` among their words, quoted as they may be asked for."""
    low = word.lower()
    if len(low) <= _SHORTEST:
        return []
    found = [
        f'"{value}"'
        for refs in lexicon.values.values()
        for ref in refs
        for value in ref.values[:1]
        if '"' not in value and any(same_word(low, own) for own in pieces(value))
    ]
    return list(dict.fromkeys(found))[:_MOST_OFFERED]


def _instead(question: str, word: str, lexicons: Sequence[FrameLexicon]) -> Iterator[str]:
    """Yield what may stand for an unknown word: a column, a value, rows, or nothing."""
    for lexicon in lexicons:
        yield from map(named, near_columns(word, lexicon)[:2])
    for lexicon in lexicons:
        yield from near_values(word, lexicon)
    before, after = _beside(question, word)
    plural = singular(word.lower()) != word.lower()
    if before in _QUOTED:
        yield f'"{word}"'
    if before in _BE and word.lower().endswith(("ed", "en")):
        yield "there"
    elif plural and before in _BEFORE_ROWS and all(own.tally is None for own in lexicons):
        yield _ROWS
    elif before.endswith("est"):
        yield "row"
    hanging = not after or after in _OPEN or after in _BOUND
    needed = before.endswith("est") or before in _OPEN or not before
    if after not in _BOUND and not (needed and hanging):
        yield ""


def _beside(question: str, word: str) -> tuple[str, str]:
    """Return the words before and after ``word`` in a question."""
    bare = [part.strip(" ?!.,;:") for part in question.lower().split()]
    if word.lower() not in bare:
        return "the", "the"
    at = bare.index(word.lower())
    return bare[at - 1] if at else "", bare[at + 1] if at + 1 < len(bare) else ""


def containing(question: str, word: str, lexicon: FrameLexicon) -> Iterator[str]:
    """Yield the question with an unknown word looked for in the cells of a column of free text."""
    if len(word) <= _SHORTEST or not word.isalpha():
        return
    text = singular(word.lower()) if word.islower() else word
    before, _ = _beside(question, word)
    counted = before in _BEFORE_ROWS and text != word
    free = [each for each in lexicon.columns if each.profile.type == "text" and _free(each)]
    for column in free[:_MOST_COLUMNS]:
        asked = f'where {named(column.name)} contains "{text}"'
        for prefix in _PLACES:
            yield _replaced(question, f"{prefix} {word}", asked)
        if counted:
            yield _replaced(question, word, f"{_ROWS} {asked}")


def _free(column: NamedColumn) -> bool:
    """Return whether a column has more values than its profile lists."""
    return column.profile.categories is None and column.profile.distinct > len(column.profile.top)


def without(
    question: str,
    unknown: Sequence[str],
    lexicons: Sequence[FrameLexicon],
    answerable: Answerable,
) -> list[str]:
    """Return the question with each unknown word replaced by what it may be, or left out."""
    if not 0 < len(unknown) <= _MOST_UNKNOWN:
        return []
    options = [list(dict.fromkeys(_instead(question, word, lexicons))) for word in unknown]
    found: list[str] = []
    for chosen in islice(product(*options), _MOST_TRIED):
        changed = question
        for word, other in zip(unknown, chosen, strict=True):
            changed = _replaced(changed, word, other)
        changed = re.sub(r"\s+(?=[?.,!])", "", changed)
        if changed and changed not in found and answerable(changed):
            found.append(changed)
    if not found and len(unknown) == 1:
        looked = (each for own in lexicons for each in containing(question, unknown[0], own))
        found = [each for each in dict.fromkeys(looked) if each and answerable(each)]
    return found[:_MOST_OFFERED]


def canonical(question: Question) -> str:
    """Return a reading as a question of its own; nothing where it has conditions."""
    bare = not question.where.conditions and len(question.groups) <= 1
    group = question.groups[0] if question.groups else None
    if not bare or (group and group.part):
        return ""
    end = "highest" if (question.order or Order()).descending else "lowest"
    if question.operation in ("rows", "distinct"):
        return _counted(question, group)
    measure = question.measures[0] if len(question.measures) == 1 else None
    if question.operation == "extreme_row" and not group and question.columns:
        return f"Which row has the {end} {named(question.columns[0])}?"
    if question.operation == "top_rows" and not group:
        side = "Top" if end == "highest" else "Bottom"
        limit = (question.order or Order()).limit
        return f"{side} {limit} rows by {named(question.columns[0])}"
    if measure is None or measure.column is None or measure.agg == "quantile":
        return ""
    what = f"{measure.agg} {named(measure.column)}"
    if question.operation == "top_groups" and group and (question.order or Order()).limit == 1:
        return f"Which {named(group.column)} has the {end} {what}?"
    if question.operation == "aggregate":
        return f"What is the {what}{f' by {named(group.column)}' if group else ''}?"
    return ""


def _counted(question: Question, group: Group | None) -> str:
    what = _ROWS if question.operation == "rows" else f"different {named(question.columns[0])}"
    return f"How many {what} are there{f' by {named(group.column)}' if group else ''}?"


def settled(
    question: str, phrase: str, choices: Sequence[str], answerable: Answerable
) -> list[str]:
    """Return the question with an ambiguous phrase settled by each choice.

    Nothing where one of the choices makes no question that is understood.
    """
    found = []
    for choice in choices:
        plain = _NOTE.sub("", choice) if "`" not in choice else choice
        plain = re.sub("`([^`]+)`", lambda match: named(match.group(1)), plain)
        if re.search(r"\b(?:by|per)\b", question, re.IGNORECASE):
            plain = plain.split(" by ")[0]
        led = (f"{word} {phrase}" for word in ("by", "per", "for each", "in each", "each"))
        joined = next(
            (whole for part in (*led, phrase) if (whole := _replaced(question, part, plain))), ""
        )
        noun = _replaced(question, phrase, plain.removeprefix("per ").removeprefix("by "))
        options = [joined, noun]
        if not _WORD.search(_replaced(question, phrase, "") or phrase):
            options.append(f"What is {plain}?")
        fits = [option for option in options if option and answerable(option)]
        if not fits:
            return []
        found.append(fits[0])
    return found if len(set(found)) == len(found) else []
