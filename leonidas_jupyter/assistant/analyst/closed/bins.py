"""Classes of equal width, of equal size, or between given edges, as ``pandas.cut`` makes them."""

import re
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.facts import Facts
from leonidas_jupyter.assistant.analyst.closed.marks import L

Class = tuple[str, list[tuple[str, Any]]]

_WIDTH = re.compile(
    r"\bequal(?:ly)?[\s-]+(?:sized\s+)?(?:width\w*|wide|spaced|intervals?|ranges?)\b|\bof\s+(?:the\s+)?(?:equal|same)\s+width\b"
    r"|\bpd\.cut\b|\bpandas\.cut\b|(?<!q)\bcut\(|\bequal[\s-]+bins?\b"
)
_SIZE = re.compile(
    r"\bqcut\b|\bequal(?:ly)?[\s-]+(?:sized|populated|large|frequen\w+|numbers?)\b|\bquantile[\s-]+(?:based|bins?)\b"
    r"|\b(?:by|based\s+on|into|using)\s+(?:the\s+|its\s+|their\s+)*(?:quartiles?|tertiles?|terciles?|quintiles?|deciles?|quantiles?)\b"
    r"|\bof\s+(?:the\s+)?(?:equal|same)\s+(?:size|number)\b"
)
_PARTS = {"quartile": 4, "tertile": 3, "tercile": 3, "quintile": 5, "decile": 10}
_WORDS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10}
_COUNT = re.compile(
    r"\b(?P<n>\d+|two|three|four|five|six|ten)\s+(?:[\w-]+\s+){0,3}?(?:bins?|groups?|categor\w+|classes|intervals?|parts?|levels|ranges|quantiles)\b"
    r"|\b(?:bins|q)\s*=\s*(?P<n2>\d+)\b"
)
_EDGES = re.compile(
    r"\b(?:bins?|edges?|cut[\s-]*points?|boundaries|breaks?)\b[^.;\d\[]*\[?\s*(?P<edges>-?\d+(?:\.\d+)?(?:\s*,\s*(?:and\s+)?"
    r"(?:-?\d+(?:\.\d+)?|-?(?:np\.)?inf\w*))+)\s*\]?"
)
BINNED = re.compile(
    r"\b(?:bins?|binn\w+|cut|split|divid\w*|group\w*|categor\w*|class\w*|discreti[sz]\w*|segment\w*)\b"
)
"""Words by which values are put into classes."""

_CLOSED_LEFT = re.compile(
    r"\bright\s*=\s*false\b|\bleft[\s-]+(?:inclusive|closed)\b|\binclude\w*\s+the\s+(?:left|lower)\b"
)


def bins_of(facts: Facts, source: str, labels: list[str]) -> list[Class]:
    """Return the classes of a column that all sentences together tell; none where they do not."""
    edges = next((found for found in facts.finds(_EDGES)), None)
    if edges is not None:
        at, match = edges
        numbers = [part.strip() for part in re.sub(r"\band\b", "", match["edges"]).split(",")]
        if len(numbers) == len(labels) + 1:
            facts.claim(at, match)
            return _edged(numbers, labels, left=facts.says(_CLOSED_LEFT.pattern))
    count = _count(facts)
    if count != len(labels):
        return []
    size = next((found for found in facts.finds(_SIZE)), None)
    width = next((found for found in facts.finds(_WIDTH)), None)
    if size is None and width is None:
        return []
    for at, match in [*facts.finds(_SIZE), *facts.finds(_WIDTH), *facts.finds(_COUNT)]:
        facts.claim(at, match)
    found: list[Class] = []
    for number, label in enumerate(labels[:-1], start=1):
        limit = (
            {"statistic": "quantile", "q": round(number / count, 6)}
            if size is not None
            else _width(source, number, count)
        )
        found.append((label, [("<=", limit)]))
    return [*found, (labels[-1], [("not_null", None)])]


def _width(source: str, number: int, count: int) -> dict[str, Any]:
    low = {"op": "statistic", "column": source, "statistic": "min"}
    spread = {"op": "statistic", "column": source, "statistic": "range"}
    part = {"op": "/", "left": {"op": "*", "left": spread, "right": number}, "right": count}
    return {"op": "+", "left": low, "right": part}


def _edged(numbers: list[str], labels: list[str], *, left: bool) -> list[Class]:
    found: list[Class] = []
    low_sign, high_sign = (">=", "<") if left else (">", "<=")
    for at, label in enumerate(labels):
        limits: list[tuple[str, Any]] = []
        for sign, said in ((low_sign, numbers[at]), (high_sign, numbers[at + 1])):
            if "inf" not in said:
                limits.append((sign, float(said) if "." in said else int(said)))
        found.append((label, limits))
    return found


def _count(facts: Facts) -> int:
    for word, count in _PARTS.items():
        if facts.says(rf"\b{word}s?\b"):
            return count
    for _, match in facts.finds(_COUNT):
        said = match["n"] or match["n2"]
        return int(said) if said.isdigit() else _WORDS[said]
    return 0


def labels_told(facts: Facts) -> list[str]:
    """Return the quoted labels of the first sentence that lists at least two."""
    for text in facts.texts:
        listed = re.search(rf"{L}(?:\s*(?:,|and|or|/|&)\s*(?:and\s+)?{L})+", text)
        if listed:
            return list(dict.fromkeys(facts.marks.labels_in(listed.group())))
    return []
