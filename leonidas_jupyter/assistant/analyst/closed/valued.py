"""Conditions that stand in a text as words: "female birds", "who did not smoke"."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.facts import Condition, Facts
from leonidas_jupyter.assistant.analyst.closed.nouns import row_noun
from leonidas_jupyter.assistant.analyst.closed.vocabulary import is_known, known_words, listed
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon, ValueRef
from leonidas_jupyter.assistant.analyst.words import fold, singular

_SHORTEST, _STEM = 3, 4
_BELONGING = (
    ("an", "ae"),
    ("n", ""),
    ("ian", "aiey"),
    ("ese", "a"),
    ("ish", ""),
    ("i", ""),
    ("", "y"),
)
"""Endings of adjectives of places, and the letters that the place may end with instead."""

_DOES = re.compile(r"\b(?:it|they|we|you|can|could|will|would|might|must)\s+$")
"""What stands before a verb: in "did it rain", rain is none of a column's values."""

_EVERYDAY_VALUES = listed("everyday_values")


def flags_in(text: str, facts: Facts) -> Iterator[tuple[Condition, tuple[int, int]]]:
    """Yield "who smoked" and "did not smoke", for a column of 0 and 1 with that name."""
    for column in facts.marks.lexicon.columns:
        if not column.flag or len(column.words) > 2:
            continue
        stem = column.words[-1][:6] if len(column.words[-1]) > 4 else column.words[-1]
        if len(stem) < 4:
            continue
        sign = facts.marks.column_sign(column.name) if column.name in facts.marks.columns else "\0"
        pattern = re.compile(
            r"(?P<not>\b(?:(?:did|do|does|was|were|is|are|have|has)\s+not|\w+n't|not"
            r"|non)[\s-]+)?(?P<who>\b(?:who|that|which|were|had)\s+(?:had\s+|were\s+|was\s+"
            rf"|have\s+)?)?(?:\b{stem}\w*|{sign}(?!\s*(?:=|rate)))"
        )
        for match in pattern.finditer(text):
            if not (match["not"] or match["who"] or _own_word(match.group(), column.name)):
                continue
            value: Any = (
                not match["not"] if column.profile.type == "boolean" else int(not match["not"])
            )
            words = (*(("not",) if match["not"] else ()), column.words[-1])
            yield Condition(column.name, "==", value, words), match.span()


def _own_word(text: str, name: str) -> bool:
    return text.strip().isalpha() and text.strip() != name.lower() and len(text) < 2


def values_in(text: str, lexicon: FrameLexicon) -> Iterator[tuple[Condition, tuple[int, int]]]:
    """Yield the values of text columns that stand in a text as words: "female birds"."""
    words = [
        (match.start(), match.end(), fold(match.group()))
        for match in re.finditer(r"[^\W_]+(?:'[a-z]+)?", text)
    ]
    at = 0
    while at < len(words):
        for count in range(min(5, len(words) - at), 0, -1):
            asked = [re.sub(r"'s?$", "", word) for _, _, word in words[at : at + count]]
            found = _spelled(asked, lexicon)
            if found is not None and not _DOES.search(text[: words[at][0]]):
                end = words[at + count - 1][1]
                yield found, (words[at][0], end)
                yield from _last_listed(text, end, found, lexicon)
                at += count - 1
                break
        at += 1


_LAST = re.compile(r"\s*,?\s*(?:and|or)\s+(?P<last>[^\W\d_]+)(?![\w-])")


def _last_listed(
    text: str, at: int, before: Condition, lexicon: FrameLexicon
) -> Iterator[tuple[Condition, tuple[int, int]]]:
    """Yield an everyday word as a value where it ends a list of them: "Red, Blue or Other"."""
    match = _LAST.match(text, at)
    if match is None or _spelled([match["last"]], lexicon) is not None:
        return
    for ref in lexicon.values.get(fold(match["last"]), ()):
        if ref.column == before.column and len(ref.values) == 1:
            value = ref.values[0]
            yield Condition(ref.column, "==", value, (match["last"],)), match.span("last")


def _spelled(asked: Sequence[str], lexicon: FrameLexicon) -> Condition | None:
    if len(asked) == 1 and (
        asked[0] in _EVERYDAY_VALUES
        or len(asked[0]) < _SHORTEST
        or asked[0].isdigit()
        or (len(asked[0]) == _SHORTEST and asked[0] in known_words())
    ):
        return None
    if len(asked) == 1 and row_noun(asked[0], lexicon):
        return None
    refs = lexicon.values.get("".join(asked)) or lexicon.values.get(
        "".join([*asked[:-1], singular(asked[-1])]), ()
    )
    if not refs and len(asked) == 1:
        refs = _belonging(asked[0], lexicon)
    if len(refs) != 1:
        return None
    values = refs[0].values
    if len(values) == 1:
        return Condition(refs[0].column, "==", values[0], tuple(asked))
    return Condition(refs[0].column, "in", tuple(values), tuple(asked))


def _belonging(word: str, lexicon: FrameLexicon) -> tuple[ValueRef, ...]:
    """Return the value that an adjective is made of: "Peruvian" no, "Chilean" of Chile."""
    if is_known(word):
        return ()
    for ending, instead in _BELONGING:
        stem = word.removesuffix(ending)
        if (ending and stem == word) or len(stem) < _STEM:
            continue
        for spelled in (stem, *(stem + letter for letter in instead)):
            refs = lexicon.values.get(spelled, ())
            if refs:
                return refs
    return ()
