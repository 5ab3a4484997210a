"""Conditions in which the number stands before its column: "with at least 2 bedrooms"."""

import re
from collections.abc import Iterator

from leonidas_jupyter.assistant.analyst.closed.facts import Condition, Facts
from leonidas_jupyter.assistant.analyst.closed.marks import C

_WORDS = (
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
)  # fmt: skip
_SIGNS = (
    (">=", r"at\s+least|no\s+fewer\s+than|no\s+less\s+than|a\s+minimum\s+of|≥|>="),
    ("<=", r"at\s+most|no\s+more\s+than|up\s+to|a\s+maximum\s+of|≤|<="),
    (">", r"more\s+than|over|above|greater\s+than|>"),
    ("<", r"fewer\s+than|less\s+than|under|below|<"),
    ("==", r"exactly|precisely"),
)
_COMPARED = "|".join(f"(?P<s{at}>{pattern})" for at, (_, pattern) in enumerate(_SIGNS))
_AMOUNT = re.compile(
    r"\b(?:with|have|has|had|having|hold(?:s|ing)?|contain(?:s|ing)?|receiv\w+|play(?:s|ed)?\s+in|of)\s+"
    rf"(?:(?:{_COMPARED})\s*)?(?P<n>\d+(?:,\d{{3}})*(?:\.\d+)?|{'|'.join(_WORDS[1:])})\s+"
    rf"(?:(?P<noun>[a-z]+)\s+)?(?P<c>{C})(?!\s*(?:=|<|>|is\b|equal))"
)
_DESCRIBED = re.compile(
    rf"(?:{'|'.join(pattern for _, pattern in _SIGNS)})\s*(?P<n>\d+(?:,\d{{3}})*(?:\.\d+)?)\s+"
    r"(?P<noun>[a-z]+)"
)
_JOINING = re.compile(
    r"(?:and|or|of|to|in|by|per|with|from|for|than|columns?|variables?|most|least)"
)
_FEW = 40


def amounts_in(text: str, facts: Facts) -> Iterator[tuple[Condition, tuple[int, int]]]:
    """Yield the conditions of a marked text in which the number is first.

    Without a comparison ("with two bedrooms") only for whole numbers of which there are few.
    """
    for match in _AMOUNT.finditer(text):
        known = facts.marks.lexicon.by_name.get(facts.marks.column(match["c"]))
        if known is None or not known.numeric or known.flag:
            continue
        if match["noun"] and _JOINING.fullmatch(match["noun"]):
            continue
        if re.match(rf"\s*\(\s*{match['c']}", text[match.end() :]):
            continue
        sign = next((sign for at, (sign, _) in enumerate(_SIGNS) if match[f"s{at}"]), None)
        number = _number(match["n"])
        if sign is None:
            profile = known.profile
            if match.group().startswith("of") or profile.type != "integer":
                continue
            if profile.distinct > _FEW or not _within(number, profile.min, profile.max):
                continue
        yield Condition(known.name, sign or "==", number, (match["n"],)), match.span()


def use_repeated(facts: Facts) -> None:
    """Note amounts that repeat a condition by the words that describe its column.

    "The cars with at least 100 horses (Horsepower) … only the cars with at least 100 horses".
    """
    known = {one.value for one in facts.conditions if isinstance(one.value, int | float)}
    for at, match in facts.finds(_DESCRIBED):
        if match["noun"] in facts.marks.described and _number(match["n"]) in known:
            facts.use(at, match)


def _number(text: str) -> int | float:
    if text in _WORDS:
        return _WORDS.index(text)
    plain = text.replace(",", "")
    return float(plain) if "." in plain else int(plain)


def _within(number: float, low: object, high: object) -> bool:
    return isinstance(low, int | float) and isinstance(high, int | float) and low <= number <= high
