"""Words by which closed-form questions are read: known.txt and lists.toml."""

import re
import tomllib
from functools import lru_cache
from importlib.resources import files

_ENDINGS = ("", "s", "es", "d", "ed", "ing", "ly", "'s", "er", "ion", "al", "y")


@lru_cache(maxsize=1)
def known_words() -> frozenset[str]:
    """Return the words of known.txt."""
    text = files(__package__).joinpath("known.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return frozenset(" ".join(lines).split())


@lru_cache(maxsize=1)
def _lists() -> dict[str, str]:
    text = files(__package__).joinpath("lists.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def listed(name: str) -> frozenset[str]:
    """Return a list of lists.toml."""
    return frozenset(_lists()[name].split())


@lru_cache(maxsize=8192)
def is_known(word: str) -> bool:
    """Return whether a word, or what it is an ending of, is in known.txt."""
    words = known_words()
    if (
        len(word) <= 2
        or word in words
        or ("-" in word and all(is_known(part) for part in word.split("-")))
    ):
        return True
    if (
        word.startswith(("un", "non", "re", "d'"))
        and word.removeprefix("un").removeprefix("non").removeprefix("re").removeprefix("d'")
        in words
    ):
        return True
    for ending in _ENDINGS[1:]:
        bare = word.removesuffix(ending)
        if bare != word and len(bare) > 2:
            doubled = len(bare) > 3 and bare[-1] == bare[-2]
            if bare in words or f"{bare}e" in words or (doubled and bare[:-1] in words):
                return True
            if bare.endswith("i") and f"{bare[:-1]}y" in words:
                return True
    return False


def words_of(text: str) -> list[re.Match[str]]:
    """Return the words of a marked text; signs are none."""
    return list(re.finditer(r"(?<![\w.])[a-z]+(?:[-'][a-z]+)*", text))
