"""Comparisons in a row of which only the first names its column: "C below 3, between 3 and 4"."""

import re
from collections.abc import Iterator
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.facts import Condition, Facts
from leonidas_jupyter.assistant.analyst.closed.marks import C

_NUMBERS_LISTED = re.compile(
    rf"\b(?P<list>\d+(?:\s*,\s*\d+)*\s*,?\s*(?:and|or)\s+\d+)\s+(?P<c>{C})"
)

COMPARED = {
    "<": "below", ">": "above", "<=": "below", ">=": "above", "between": "between",
}  # fmt: skip
_NEXT = re.compile(
    r"\s*,?\s*(?:and\s+|or\s+)?(?:(?:between|from)\s+(?P<a>-?\d+(?:\.\d+)?)\s*(?:and|to)\s*"
    r"(?P<b>-?\d+(?:\.\d+)?)|(?P<op>above|over|greater\s+than|more\s+than|below|under|less\s+than|>=|<=|>|<"
    r"|at\s+least|at\s+most|≥|≤)\s*(?P<n>-?\d+(?:\.\d+)?))"
)
_NEXT_SIGNS = {
    "above": ">", "over": ">", "greater than": ">", "more than": ">", "below": "<", "under": "<",
    "less than": "<", "at least": ">=", "at most": "<=", "≥": ">=", "≤": "<=",
}  # fmt: skip


def series_of(
    text: str, match: re.Match[str], first: Condition
) -> Iterator[tuple[Condition, tuple[int, int]]]:
    """Yield "C below 3, between 3 and 4, and above 4" with words by which names may call each."""
    at, more = match.end(), []
    while (found := _NEXT.match(text, at)) is not None:
        more.append(found)
        at = found.end()
    if not more:
        return
    words = (COMPARED[first.op], *re.findall(r"\d+", match.group()))
    yield Condition(first.column, first.op, first.value, words), match.span()
    for each in more:
        if each["a"]:
            value: Any = (_plain(each["a"]), _plain(each["b"]))
            yield (
                Condition(first.column, "between", value, ("between", each["a"], each["b"])),
                each.span(),
            )
        else:
            said = " ".join(each["op"].split())
            sign = _NEXT_SIGNS.get(said, said)
            called = (COMPARED[sign], each["n"])
            yield Condition(first.column, sign, _plain(each["n"]), called), each.span()


def numbers_listed(text: str, facts: Facts) -> Iterator[tuple[Condition, tuple[int, int]]]:
    """Yield "4, 6 and 8 C": one condition for each of the numbers."""
    for match in _NUMBERS_LISTED.finditer(text):
        column = facts.marks.column(match["c"])
        known = facts.marks.lexicon.by_name.get(column)
        for number in re.finditer(r"\d+", match["list"]) if known and known.numeric else ():
            start = match.start() + number.start()
            words = (number.group(),)
            yield (
                Condition(column, "==", int(number.group()), words),
                (start, start + len(words[0])),
            )


def _plain(text: str) -> int | float:
    return float(text) if "." in text else int(text)
