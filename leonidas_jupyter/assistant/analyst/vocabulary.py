"""The words that mean something in any table, from vocabulary.toml."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from leonidas_jupyter.assistant.analyst.words import singular, tokenize

EXACT, NEAR, LOOSE = 3, 2, 1
"""How well a phrase fits a name: wholly; but for unit, plural or synonyms; its head word only."""


@dataclass(frozen=True)
class Meaning:
    """One thing that a phrase may mean.

    Its kind (a letter, see vocabulary.toml), its value, and how well it fits.
    """

    kind: str
    value: Any = None
    fit: int = EXACT


@dataclass(frozen=True)
class Adjective:
    """An adjective that measures.

    The words of the columns it looks at, and whether "most" is the largest.
    """

    measures: tuple[str, ...]
    descending: bool


@dataclass(frozen=True)
class Vocabulary:
    """The editable words, indexed."""

    phrases: dict[str, tuple[Meaning, ...]]
    synonyms: dict[str, frozenset[int]]
    value_synonyms: dict[str, frozenset[int]]
    units: frozenset[str]
    neutral: frozenset[str]
    numbers: dict[str, float]
    scales: dict[str, float]
    words: frozenset[str]


def phrase_key(phrase: str) -> str:
    """Return the form under which a phrase is looked up."""
    return " ".join(token.low for token in tokenize(phrase)) or phrase


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """Return the words of vocabulary.toml, read once."""
    text = files(__package__).joinpath("vocabulary.toml").read_text(encoding="utf-8")
    raw = tomllib.loads(text)
    phrases: dict[str, list[Meaning]] = {}
    for kind, table in raw["phrases"].items():
        for value, listed in table.items():
            for phrase in listed:
                phrases.setdefault(phrase_key(phrase), []).append(Meaning(kind, value))
    for row in raw["adjectives"]:
        adjective = Adjective(tuple(row["measures"]), row["descending"])
        for phrase in row["most"]:
            phrases.setdefault(phrase_key(phrase), []).append(Meaning("S", adjective))
        for phrase in row["more"]:
            word = phrase.removesuffix(" than")
            if word.endswith("er") and " " not in word:
                phrases.setdefault(word, []).append(Meaning("S", adjective))
            phrases.setdefault(phrase_key(phrase), []).append(Meaning("Y", adjective))
    numbers = {word: float(number) for number, word in enumerate(raw["numbers"]["words"])}
    scales = {word: float(scale) for word, scale in raw["numbers"]["scales"].items()}
    telling = [
        phrase for phrase, found in phrases.items() if any(one.kind not in "-?" for one in found)
    ]
    words = {word for phrase in telling for word in phrase.split()} | set(numbers) | set(scales)
    return Vocabulary(
        phrases={phrase: tuple(dict.fromkeys(found)) for phrase, found in phrases.items()},
        synonyms=_groups(raw["synonyms"]["groups"]),
        value_synonyms=_groups(raw["values"]["groups"]),
        units=frozenset(raw["units"]["suffixes"]),
        neutral=frozenset(raw["neutral"]["words"]),
        numbers=numbers,
        scales=scales,
        words=frozenset(words),
    )


def _groups(groups: list[list[str]]) -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for index, group in enumerate(groups):
        for word in group:
            found.setdefault(singular(word), set()).add(index)
            found.setdefault(word, set()).add(index)
    return {word: frozenset(indices) for word, indices in found.items()}
