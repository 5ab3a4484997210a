"""Columns and values that are called by a longer word than their name: "bathrooms", `bathrms`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from leonidas_jupyter.assistant.analyst.column import NamedColumn
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.rephrase import named
from leonidas_jupyter.assistant.analyst.rewording.wording import Wording
from leonidas_jupyter.assistant.analyst.spelling import english
from leonidas_jupyter.assistant.analyst.vocabulary import vocabulary
from leonidas_jupyter.assistant.analyst.words import Token, pieces, singular, tokenize

_SHORTEST = 3
_ENDINGS = re.compile(r"(?:ings?|ers?|ed|es|s|e|ation|ations)$")
_MOST_WORDS = 3
_CUT = 2
_FUNCTION_WORDS = frozenset({"per", "the", "and", "for", "with", "not", "how", "all", "any"})


def stem(word: str) -> str:
    """Return a word without an ending that only says how it stands in the sentence."""
    cut = _ENDINGS.sub("", word)
    return cut if len(cut) >= _SHORTEST else word


def short_for(short: str, word: str) -> bool:
    """Return whether ``short`` is a word cut short: "exer", "hwy", "bathrms"."""
    if len(short) < _SHORTEST or short[0] != word[0] or len(short) >= len(word):
        return False
    if word.startswith(short):
        return True
    rest = iter(word)
    inside = all(letter in rest for letter in short)
    alike = short[:2] == word[:2] or len(short) <= _SHORTEST + 1
    return inside and short[-1] in (word[-1], singular(word)[-1]) and alike


def spells(short: str, words: Sequence[str]) -> bool:
    """Return whether ``short`` is made of the beginnings of the words: "recroom", "AsstProf"."""
    if not words:
        return not short
    first, rest = words[0], words[1:]
    if short.startswith(first):
        # "murder rate" is no long form of "murder".
        return spells(short[len(first) :], rest)
    for end in range(len(short), 0, -1):
        head = short[:end]
        cut = len(head) == _CUT and head == first[0] + first[-1]
        fits = first.startswith(head) or short_for(head, first) or cut
        if fits and spells(short[end:], rest):
            return True
    return False


def _columns(words: Sequence[str], lexicon: FrameLexicon) -> list[str]:
    """Return the columns that the words may be the long form of."""
    return [column.name for column in lexicon.columns if _fits(words, column)]


def _fits(words: Sequence[str], column: NamedColumn) -> bool:
    joined = "".join(column.words)
    if len(words) > 1:
        shorter = len(words) < len(joined) < len("".join(words))
        # A name that is a word of its own, "age", is no short form of two others.
        return shorter and joined not in english() and spells(joined, words)
    asked = singular(words[0])
    # Of a longer name, only the word that says what it is: never "per" of "miles per gallon".
    own = (joined,) if len(column.core) == 1 else (joined, column.head)
    return any(
        (len(asked) >= _SHORTEST and part.startswith(asked) and len(part) <= len(asked) + 5)
        or short_for(part, asked)
        or short_for(part, words[0])
        or short_for(singular(part), asked)
        or stem(part) == stem(asked)
        for part in own
        if part not in _FUNCTION_WORDS
    )


def _values(words: Sequence[str], lexicon: FrameLexicon) -> list[tuple[str, str]]:
    """Return the (column, value) pairs that the words may be the long form of, or begin."""
    found = {
        (ref.column, ref.values[0])
        for spelled, refs in lexicon.values.items()
        for ref in refs
        if _is_value(words, spelled, pieces(ref.values[0]))
    }
    return sorted(found)


def _is_value(words: Sequence[str], spelled: str, own: Sequence[str]) -> bool:
    if len(words) > 1:
        return (
            len(spelled) > len(words) + 1
            and len(spelled) < len("".join(words))
            and spells(spelled, words)
        )
    asked = singular(words[0])
    if len(asked) < _SHORTEST or not own:
        return False
    return stem(own[0]) == stem(asked) or own[0] == asked


def is_value(word: str, lexicon: FrameLexicon) -> bool:
    """Return whether one word is nearly a value: "banks" of a category "Banking"."""
    return bool(_values((word,), lexicon))


def _holds_together(word: str) -> bool:
    """Return whether a word is one of those between names: "the", "of", "by"."""
    return len(word) < _SHORTEST or any(
        meaning.kind in "-opqwhlB&|=ftA!0" for meaning in vocabulary().phrases.get(word, ())
    )


def _runs(wording: Wording) -> Iterator[list[Token]]:
    """Yield runs of neighbouring words with an unknown one among them, the longest first."""
    unknown = {token.start for token in wording.unknown()}
    tokens = [token for token in tokenize(wording.text) if token.kind == "word"]
    for length in range(_MOST_WORDS, 0, -1):
        for at in range(len(tokens) - length + 1):
            run = tokens[at : at + length]
            alone = length == 1 or not any(_holds_together(token.low) for token in run)
            if alone and any(token.start in unknown for token in run):
                yield run


def long_names(wording: Wording) -> Wording:
    """Write the column's name, or the value, for its long form, and say so."""
    for _ in range(4):
        changed = _one_name(wording)
        if changed is None:
            return wording
        wording = changed
    return wording


_EMPTY_AFTER = frozenset(
    {
        "level",
        "levels",
        "content",
        "score",
        "scores",
        "figure",
        "figures",
        "consumption",
        "price",
        "prices",
    }
)
_EMPTY_BEFORE = frozenset({"survival", "hourly", "selling", "asking", "retail", "body", "purchase"})
"""Words that say no more than the column beside them."""


def _padded(wording: Wording) -> Wording | None:
    """Return the question with "survival time" as `time`, "fat content" as `fat`."""
    tokens = tokenize(wording.text)
    unknown = {token.start for token in wording.unknown()}
    for first, second in pairwise(tokens):
        for empty, full in ((first, second), (second, first)):
            own = _EMPTY_BEFORE if empty is first else _EMPTY_AFTER
            found = wording.lexicon.fitting(full.pieces)
            if empty.start not in unknown or empty.low not in own or len(found) != 1:
                continue
            said = f"{first.text} {second.text}"
            note = f"I read “{said}” as `{found[0][0].name}`."
            return wording.swapped(said, named(found[0][0].name), note)
    return None


def _one_name(wording: Wording) -> Wording | None:
    lexicon = wording.lexicon
    for run in _runs(wording):
        words = [token.low for token in run]
        said = " ".join(token.text for token in run)
        columns, values = _columns(words, lexicon), _values(words, lexicon)
        if len(columns) == 1 and not (values and len(words) == 1):
            note = f"I read “{said}” as `{columns[0]}`."
            return wording.swapped(said, named(columns[0]), note)
        if len(values) == 1 and not columns:
            column, value = values[0]
            if '"' in value:
                continue
            note = f"I read “{said}” as {value} of `{column}`."
            return wording.swapped(said, f'"{value}"', note)
    return _padded(wording)


_IN_PLACE = re.compile(r"(?:in|at|from)\s", re.I)


def _free(lexicon: FrameLexicon) -> list[NamedColumn]:
    """Return the columns of text that have more values than their profile lists."""
    return [
        column
        for column in lexicon.columns
        if column.profile.type == "text"
        and column.profile.categories is None
        and column.profile.distinct > len(column.profile.top)
    ]


def free_names(wording: Wording) -> Iterator[Wording]:
    """Yield "profits of Apple Computer" as the row of that name, where one column has names.

    Where several columns may have it, a question for each of them to choose from.
    """
    free = _free(wording.lexicon)
    unknown = {token.start for token in wording.unknown() if token.text[:1].isupper()}
    tokens = [token for token in tokenize(wording.text) if token.start in unknown]
    if not free or not tokens or tokens[0].start == 0:
        return
    said = " ".join(token.text for token in tokens)
    found = re.search(
        rf"\s(?:(?P<how>of|for|from|by|at|in|did)\s+(?:the\s+)?)?{re.escape(said)}"
        rf"(?P<own>['\u2019]s)?(?!\w)",
        wording.text,
    )
    if found is None or not (found["how"] or found["own"]):
        return
    rest = wording.text[: found.start()] + " " + wording.text[found.end() :]
    rest = re.sub(r"^how much (?:did|does|do|is|was|were)?\s*", "what is the ", rest, flags=re.I)
    test = "contains" if _IN_PLACE.match(found.group().strip()) else "is"
    made = [f'{rest} where {named(column.name)} {test} "{said}"' for column in free]
    if len(free) > 1:
        yield replace(wording, options=tuple(" ".join(each.split()) for each in made))
        return
    note = f"I looked for “{said}” in `{free[0].name}`."
    if test == "is":
        note += f" Ask for `{free[0].name}` that contains it, if its name there is longer."
    yield wording.put(made[0], note)
