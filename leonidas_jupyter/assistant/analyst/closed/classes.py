"""Classes with limits that a text defines: "'Low' below 10, 'Medium' from 10 to 20, …"."""

import re
from collections.abc import Sequence
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.bins import bins_of, labels_told
from leonidas_jupyter.assistant.analyst.closed.facts import Facts, Preparation
from leonidas_jupyter.assistant.analyst.closed.marks import C, L
from leonidas_jupyter.assistant.analyst.words import pieces
from leonidas_jupyter.data.profile import ColumnProfile

_VALUE = (
    r"(?:the\s+)?(?:(?P<{0}q>\d{{1,2}})(?:st|nd|rd|th)(?:\s+(?:percentile|quantile))?|"
    r"(?P<{0}m>median)|(?P<{0}a>mean|average)|(?P<{0}n>-?\d+(?:,\d{{3}})*"
    r"(?:\.\d+)?))"
)
BOUNDS = re.compile(
    r"(?P<ge>greater\s+than\s+or\s+equal\s+to|at\s+least|at\s+or\s+above|since|>=|≥|or\s+more\s+than"
    rf"|from)\s*{_VALUE.format('a')}(?!\s*(?:to|and|-)\s*\d)"
    rf"|(?P<le>less\s+than\s+or\s+equal\s+to|at\s+most|at\s+or\s+below|<=|≤|up\s+to)\s*{_VALUE.format('b')}"
    r"|(?P<gt>(?:greater|larger|higher|more|older)\s+than|above|over|exceed\w*|after"
    rf"|>)\s*{_VALUE.format('c')}"
    rf"|(?P<lt>(?:less|lower|smaller|fewer|younger)\s+than|below|under"
    rf"|before|<)\s*{_VALUE.format('d')}"
    r"|(?P<range>(?:between|from|range|\(|\[|:)?\s*"
    rf"(?:the\s+)?){_VALUE.format('e')}\s*(?:to|and|-|through)\s*{_VALUE.format('f')}"
    rf"|(?P<plus>\(?{_VALUE.format('g')}\s*(?:\+|and\s+above|or\s+(?:more|above"
    r"|older|higher|later)|and\s+(?:over|older|more|later|up|higher)|onwards?|on\b))"
    rf"|(?P<minus>\(?{_VALUE.format('h')}\s*(?:and\s+below|or\s+(?:less|below"
    r"|younger|lower|fewer|earlier)|and\s+(?:under|younger|less|earlier|lower)))"
)
_WORD_LABEL = re.compile(
    rf"\b(?P<label>[a-z][a-z_-]*)\s*(?=\(\s*{C}?\s*(?:is\s+|are\s+)?(?:[<>≤≥]|\d|below|above"
    "|under|over|less|greater|more|strictly))"
)
_HOURS = re.compile(
    r"\b(?P<label>[a-z]+)\s*\(\s*(?P<low>\d{1,2}):00\s*(?:to|-)\s*(?P<high>\d{1,2}):59\s*\)"
)
_FEWEST = 2
_REST = re.compile(
    r"^\W*(?:is|are|for|to|as|=|:)?\s*(?:all\s+)?(?:the\s+)?(?:others?|rest|otherwise|remaining"
    r"|everything)\b"
)
_REST_AHEAD = re.compile(
    r"\b(?:others?|rest|otherwise|else|remaining|everything\s+(?:else|between|in\s+between))\s*"
    r"(?:is|are|as|:|,)?\s*(?:it\s+is|they\s+are|a)?\s*$"
)
_RANGE = re.compile(
    r"(?<![\w.])(?P<low>\d+(?:\.\d+)?)\s*(?:-|to)\s*(?P<high>\d+(?:\.\d+)?)(?![\w.-])"
    r"|(?<![\w.])(?P<from>\d+(?:\.\d+)?)\s*(?:\+|and\s+(?:over|above|older|more|up)"
    r"|or\s+(?:over|above|older|more))|≥\s*(?P<least>\d+(?:\.\d+)?)"
)
Class = tuple[str, list[tuple[str, Any]]]
"""A label and the limits of its values; none for all that is left."""


def read_classes(facts: Facts) -> None:
    """Add new columns that sort another's values into classes to ``facts``."""
    for name in facts.marks.new:
        if name in facts.derived:
            continue
        sign = facts.marks.column_sign(name)
        first = next((at for at, text in enumerate(facts.texts) if sign in text), None)
        if first is None:
            continue
        order = [*range(first, len(facts.texts)), *range(first)]
        for at in order:
            if _add(facts, name, at):
                break
    facts.preparations.sort(key=lambda step: step.at)


def _add(facts: Facts, name: str, at: int) -> bool:
    text = facts.texts[at]
    source = _source(facts, name, at)
    if source is None:
        return False
    hours = _hours(facts, at, source)
    classes = (
        hours or limits_in(facts, at, text, source) or bins_of(facts, source, labels_told(facts))
    )
    if len(classes) < _FEWEST or not (hours or _within(facts, source, classes)):
        return False
    value: Any = _hour(source, facts) if hours else source
    facts.derived[name] = class_column(classes, source, value)
    facts.classes[name] = [label for label, _ in classes]
    facts.kinds.add("classes")
    facts.preparations.append(Preparation("derive", (at, 0), [name]))
    return True


def _within(facts: Facts, source: str, classes: Sequence[Class]) -> bool:
    """Return whether a limit of the classes lies among the values of a column."""
    known = facts.marks.lexicon.by_name.get(source)
    numbers = [
        limit for _, limits in classes for _, limit in limits if isinstance(limit, int | float)
    ]
    if known is None or not numbers:
        return True
    low, high = known.profile.min, known.profile.max
    if not (isinstance(low, int | float) and isinstance(high, int | float)):
        return True
    return any(low <= number <= high for number in numbers)


def class_column(classes: Sequence[Class], source: str, value: Any = None) -> Any:  # noqa: ANN401
    """Return the expression of a column that holds the label of each row's class."""
    expression: Any = None
    for label, limits in reversed(classes):
        if not limits:
            expression = {"op": "constant", "value": label}
            continue
        expression = {
            "op": "if",
            "condition": _condition(limits, source if value is None else value, source),
            "then": {"op": "constant", "value": label},
            "otherwise": expression,
        }
    return expression


def _source(facts: Facts, name: str, at: int) -> str | None:
    """Return the column whose values are sorted."""
    years = [column for column in facts.marks.lexicon.columns if column.words[-1:] == ("year",)]
    said = re.search(r"\byears?\b", facts.texts[at]) is not None
    alone = set(facts.marks.columns_in(facts.texts[at])) <= {name}
    if said and alone and len(years) == 1 and years[0].numeric:
        return years[0].name
    for text in (facts.texts[at], " ".join(facts.texts[: at + 1]), " ".join(facts.texts)):
        found = [column for column in facts.marks.columns_in(text) if column != name]
        labels = {label.lower() for label in facts.marks.labels}
        found = [column for column in found if column.lower() not in labels]
        if len(found) == 1:
            return found[0]
    return None


def _hours(facts: Facts, at: int, source: str) -> list[tuple[str, list[tuple[str, Any]]]]:
    known = facts.marks.lexicon.by_name.get(source)
    if known is None or not (
        known.profile.type in ("datetime", "time") or seconds_since_1970(known.profile)
    ):
        return []
    found = []
    for match in _HOURS.finditer(facts.texts[at]):
        facts.use(at, match)
        found.append((match["label"], [(">=", int(match["low"])), ("<=", int(match["high"]))]))
    return found


def seconds_since_1970(profile: ColumnProfile) -> bool:
    """Return whether whole numbers can only be moments, counted in seconds."""
    low, high = profile.min, profile.max
    if profile.type != "integer" or not isinstance(low, int) or not isinstance(high, int):
        return False
    return (
        low >= 10**9
        and high < 4 * 10**9
        and bool({"dt", "time", "timestamp", "date", "ts"} & set(pieces(profile.name)))
    )


def _hour(source: str, facts: Facts) -> Any:  # noqa: ANN401 - a recipe's expression
    if facts.marks.lexicon.by_name[source].temporal:
        return {"op": "date_part", "value": source, "part": "hour"}
    return {"op": "//", "left": {"op": "%", "left": source, "right": 86_400}, "right": 3_600}


def limits_in(facts: Facts, at: int, text: str, source: str) -> list[Class]:
    """Return labels with their limits; each limit belongs to the nearest label on its side."""
    labels = [
        (match.start(), match.end(), facts.marks.label(match.group()))
        for match in re.finditer(L, text)
    ]
    if len(labels) < _FEWEST:
        labels = [
            (match.start(), match.end(), match["label"]) for match in _WORD_LABEL.finditer(text)
        ]
    bounds = list(BOUNDS.finditer(text))
    if len(labels) < _FEWEST or not bounds:
        return []
    ahead = bounds[0].start() > labels[0][0]
    starts = [start for start, _, _ in labels]
    found: list[Class] = []
    for number, (start, end, label) in enumerate(labels):
        stop = starts[number + 1] if number + 1 < len(starts) else len(text)
        begin = labels[number - 1][1] if number else 0
        low, high = (end, stop) if ahead else (begin, start)
        own = [match for match in bounds if low <= match.start() < high]
        rest = _REST.search(text[end:stop]) or _REST_AHEAD.search(text[begin:start])
        rest = None if own else rest
        if own:
            found.append((label, [limit for match in own for limit in _limit(match)]))
        elif rest:
            found.append((label, []))
            facts.spans[at].add((begin, min(end + rest.end(), len(text))))
    if sum(1 for _, limits in found if limits) < _FEWEST - (len(found) > 1):
        return []
    del source
    for match in bounds:
        facts.claim(at, match)
    return _contiguous(found)


def ranges_in(facts: Facts, at: int, text: str) -> list[Class]:
    """Return classes that are called by their bounds: 0-18, 19-30, 31 and over."""
    matches = list(_RANGE.finditer(text))
    if len(matches) < 3 or not re.search(
        r"\bbins?\b|\bgroups?\b|\bclass|\bcategor|\branges?\b", text
    ):
        return []
    found: list[Class] = []
    for match in matches:
        facts.claim(at, match)
        least = match["from"] or match["least"]
        limits: list[tuple[str, Any]] = [(">=", _plain(least or match["low"]))]
        if match["high"]:
            limits.append(("<=", _plain(match["high"])))
        found.append((" ".join(filter(None, (least or match["low"], match["high"]))), limits))
    return _contiguous(found)


def _plain(text: str) -> int | float:
    return float(text) if "." in text else int(text)


def _limit(match: re.Match[str]) -> list[tuple[str, Any]]:
    for group, sign, key in (
        ("ge", ">=", "a"), ("le", "<=", "b"), ("gt", ">", "c"), ("lt", "<", "d"),
        ("plus", ">=", "g"), ("minus", "<=", "h"),
    ):  # fmt: skip
        if match[group] is not None:
            return [(sign, _bound(match, key))]
    return [(">=", _bound(match, "e")), ("<=", _bound(match, "f"))]


def _bound(match: re.Match[str], key: str) -> Any:  # noqa: ANN401 - a number or a statistic
    if match[f"{key}q"]:
        return {"statistic": "quantile", "q": int(match[f"{key}q"]) / 100}
    if match[f"{key}m"]:
        return {"statistic": "median"}
    if match[f"{key}a"]:
        return {"statistic": "mean"}
    plain = match[f"{key}n"].replace(",", "")
    return float(plain) if "." in plain else int(plain)


def _contiguous(
    found: Sequence[Class],
) -> list[Class]:
    """Close the gaps between whole numbers: 0-12, 13-19 means up to 12, and above it."""
    ends = {
        limit
        for _, limits in found
        for sign, limit in limits
        if sign == "<=" and isinstance(limit, int)
    }
    closed = []
    for label, limits in found:
        closed.append(
            (
                label,
                [
                    (">", limit - 1)
                    if sign == ">=" and isinstance(limit, int) and limit - 1 in ends
                    else (sign, limit)
                    for sign, limit in limits
                ],
            )
        )
    # A range that shares its ends with its neighbours gives way to them.
    return sorted(closed, key=lambda each: len(each[1]) or len(closed) + 2)


def _condition(limits: Sequence[tuple[str, Any]], value: Any, source: str) -> dict[str, Any]:  # noqa: ANN401
    shapes: list[dict[str, Any]] = []
    for sign, limit in limits:
        if sign == "not_null":
            shapes.append({"op": sign, "left": source})
        elif isinstance(limit, dict) and "op" in limit:
            shapes.append({"op": sign, "left": value, "right": limit})
        elif isinstance(limit, dict):
            shapes.append(
                {"op": sign, "left": value, "right": {"op": "statistic", "column": source, **limit}}
            )
        else:
            shapes.append({"op": sign, "left": value, "value": limit})
    return shapes[0] if len(shapes) == 1 else {"op": "and", "conditions": shapes}


__all__ = ["C", "read_classes"]
