"""Groups that a text makes of a column's values without giving them a column's name.

"thin (width < 2) and thick (width >= 2)", "above the median weight", "weekdays and weekends".
"""

import re
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.bins import BINNED, bins_of, labels_told
from leonidas_jupyter.assistant.analyst.closed.classes import (
    class_column,
    limits_in,
    ranges_in,
)
from leonidas_jupyter.assistant.analyst.closed.facts import Facts, Preparation
from leonidas_jupyter.assistant.analyst.closed.marks import C

_WEEK = re.compile(
    r"\bweek\s?days?\b[^.;]*?\bweek\s?ends?\b|\bweek\s?ends?\b[^.;]*?\bweek\s?days?\b"
)
_NAMES_OF_DAYS = re.compile(
    r"\(?\s*(?:monday|mon|saturday|sat)\s*(?:to|through|-|and|&|,)\s*(?:friday|fri|sunday|sun)\s*\)?"
)
_CENTRE = r"(?P<centre>median|mean|average)"
_ABOVE = r"(?:above|higher\s+than|greater\s+than|more\s+than|exceeds?|exceeding|over|larger\s+than)"
_BELOW = r"(?:below|lower\s+than|less\s+than|under|smaller\s+than)"
_BOTH = re.compile(
    rf"\b(?:{_ABOVE})\s*(?:\(?\s*(?:and|or|versus|vs\.?|/)\s*)(?:{_BELOW})\s+(?:the\s+|their\s+)?"
    rf"{_CENTRE}|\b(?:{_BELOW})\s*(?:and|or|versus|vs\.?|/)\s*(?:{_ABOVE})\s+(?:the\s+|their\s+)?"
    rf"(?P<centre2>median|mean|average)"
)
_SIDE = re.compile(
    rf"\b(?P<strict>strictly\s+)?(?:(?P<above>{_ABOVE})|(?P<below>{_BELOW}))\s+"
    r"(?P<equal>or\s+equal\s+to\s+)?(?:the\s+|its\s+|their\s+)?(?P<centre>median|mean|average)\b"
)
_EQUAL_BELOW = re.compile(
    r"\b(?:at\s*(?:or|/)\s*below|below\s+or\s+equal|equal\s+to\s+or\s+(?:less|below|lower)"
    r"|less\s+than\s+or\s+equal\s+to|not\s+above|all\s+the\s+(?:others|rest)|the\s+rest"
    r"|the\s+others|otherwise|or\s+not\b)"
)
_EQUAL_ABOVE = re.compile(
    r"\b(?:at\s+or\s+above|above\s+or\s+equal|greater\s+than\s+or\s+equal\s+to|at\s+least)\b"
)
_RULED = re.compile(
    r"\bp\b|\bp-?\s?values?\b|coefficient|\bcorrelation|\bskew|\bkurtosis|\br\b|\brho\b|\bstatistic\b"
)
DAYS, SIDES, SPLIT = "kind of day", "side", "group of"


def read_splits(facts: Facts) -> None:
    """Add the groups of all sentences as new columns to ``facts``."""
    _week(facts)
    for at in range(len(facts.texts)):
        if facts.classes or SIDES in facts.derived:
            return
        _labelled(facts, at)
    if not facts.classes and not facts.marks.new:
        _binned(facts)
    if not facts.classes:
        _sides(facts)


def _add(facts: Facts, name: str, expression: Any, labels: list[str], at: int) -> None:  # noqa: ANN401
    facts.derived[name] = expression
    facts.classes[name] = labels
    facts.kinds |= {"classes", "split"}
    facts.groups.append(name)
    facts.preparations.append(Preparation("derive", (at, 0), [name]))
    facts.preparations.sort(key=lambda step: step.at)


def _week(facts: Facts) -> None:
    found = [(at, match) for at, match in facts.finds(_WEEK)]
    dates = [column.name for column in facts.marks.lexicon.columns if column.temporal]
    if not found or len(dates) != 1:
        return
    for at, match in [*found, *facts.finds(_NAMES_OF_DAYS)]:
        facts.use(at, match)
    condition = {"op": "test", "condition": {
        "op": ">=", "left": {"op": "date_part", "value": dates[0], "part": "weekday"}, "value": 5,
    }}["condition"]  # fmt: skip
    expression = {
        "op": "if",
        "condition": condition,
        "then": {"op": "constant", "value": "weekend"},
        "otherwise": {"op": "constant", "value": "weekday"},
    }
    _add(facts, DAYS, expression, ["weekday", "weekend"], found[0][0])


def _labelled(facts: Facts, at: int) -> None:
    """Read classes with labels, or at least three ranges in a row."""
    text = facts.texts[at]
    if any(facts.marks.column_sign(name) in text for name in facts.marks.new):
        return
    if _RULED.search(text) or re.match(
        r"if (?:it|they|this|the (?:value|result|statistic))\b", text
    ):
        return
    columns = facts.marks.columns_in(text)
    if len(columns) > 1:
        beside = re.findall(
            rf"({C})\s*(?:is\s+|are\s+|of\s+)?(?:[<>≤≥]|below|above|under|over)", text
        )
        columns = list(dict.fromkeys(facts.marks.column(sign) for sign in beside))
    if not columns:
        earlier = facts.marks.columns_in(" ".join(facts.texts[:at]))
        columns = earlier if len(earlier) == 1 else []
    known = facts.marks.lexicon.by_name.get(columns[0]) if len(columns) == 1 else None
    if known is None or not known.numeric:
        return
    found = limits_in(facts, at, text, known.name)
    if len(found) < 2:
        found = ranges_in(facts, at, text)
    if len(found) >= 2:
        labels = [label for label, _ in found]
        _add(facts, f"{SPLIT} {known.name}", class_column(found, known.name), labels, at)


def _binned(facts: Facts) -> None:
    """Read "three bins of equal width called …"."""
    labels = labels_told(facts)
    for at, text in enumerate(facts.texts):
        columns = facts.marks.columns_in(text)
        known = facts.marks.lexicon.by_name.get(columns[0]) if len(columns) == 1 else None
        if len(labels) < 2 or known is None or not known.numeric or not BINNED.search(text):
            continue
        found = bins_of(facts, known.name, labels)
        if found:
            _add(facts, f"{SPLIT} {known.name}", class_column(found, known.name), labels, at)
            return


def _sides(facts: Facts) -> None:
    """Read "above and below the median of C"."""
    both = [(at, match) for at, match in facts.finds(_BOTH)]
    sides = [(at, match) for at, match in facts.finds(_SIDE)]
    two = {bool(match["above"]) for _, match in sides} == {True, False}
    halved = facts.says(
        r"\b(?:two|both) groups\b|\bor not\b|\bthe (?:rest|others)\b|\bbelow it\b|\babove it\b"
    )
    if not both and not two and not (sides and halved):
        return
    at, match = (both or sides)[0]
    centre = match["centre"] or (match["centre2"] if both else None)
    column = _centred(facts, at, match)
    if column is None or centre is None:
        return
    for where, each in [*both, *sides]:
        facts.claim(where, each)
    said = " ".join(text for text in facts.texts if not _RULED.search(text))
    statistic = "median" if centre == "median" else "mean"
    right = {"op": "statistic", "column": column, "statistic": statistic}
    above = ">=" if _EQUAL_ABOVE.search(said) else ">"
    below = "<=" if above == ">" and _EQUAL_BELOW.search(said) else "<"
    expression: Any = None
    for label, sign in (("low", below), ("high", above)):
        expression = {
            "op": "if",
            "condition": {"op": sign, "left": column, "right": right},
            "then": {"op": "constant", "value": label},
            "otherwise": expression,
        }
    _add(facts, f"{SIDES} of {column}", expression, ["high", "low"], at)


def _centred(facts: Facts, at: int, match: re.Match[str]) -> str | None:
    """Return the column whose median it is: behind it, or before the comparison."""
    text = facts.texts[at]
    behind = re.match(rf"\s*(?:of\s+|value\s+(?:of\s+)?)?(?:the\s+)?({C})", text[match.end() :])
    ahead = re.findall(C, text[: match.start()])
    name = facts.marks.column(behind[1]) if behind else None
    if name is None and ahead:
        name = facts.marks.column(ahead[-1])
    if name is None:
        loose = re.match(rf"\s*(?:of\s+)?(?:the\s+)?(?:[\w-]+\s+)?({C})", _loose(facts, at, match))
        name = facts.marks.column(loose[1]) if loose else None
    known = facts.marks.lexicon.by_name.get(name) if name else None
    return name if known is not None and known.numeric else None


def _loose(facts: Facts, at: int, match: re.Match[str]) -> str:
    return facts.marks.loosely(facts.texts[at][match.end() :])
