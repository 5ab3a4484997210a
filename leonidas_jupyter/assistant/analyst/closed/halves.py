"""Groups that a text makes by a condition and its opposite, by two conditions, or by seasons.

"with children (children > 0) and without", "age 30 or more versus the rest", "spring is March to
May".
"""

import re
from typing import Any

from leonidas_jupyter.assistant.analyst.closed import figures
from leonidas_jupyter.assistant.analyst.closed.facts import Condition, Facts, Preparation
from leonidas_jupyter.assistant.analyst.closed.moments import MONTHS
from leonidas_jupyter.assistant.analyst.closed.splits import SPLIT
from leonidas_jupyter.assistant.analyst.words import pieces

OTHERS = "others"
"""What the rows are called for which a condition does not hold."""

_OPPOSITE = (
    r"\bor not\b|\b(?:the|all) (?:rest|others?|remaining)\b|\bthose without\b|\band without\b"
    r"|\bother (?:ones|\w+s)\b|\beveryone else\b"
    r"|\bthose (?:who|that|which) (?:do|did|are|have|had|were) not\b"
)
_COMPARES = frozenset((*figures.TWO, *figures.MANY, "chi2"))
_REVERSED = {">": "<=", ">=": "<", "<": ">=", "<=": ">", "==": "!=", "!=": "=="}
_SEASON = re.compile(
    r"\b(?P<name>spring|summer|autumn|fall|winter)\b\s*(?:is|are|=|:|means|covers|runs|being)?\s*\(?\s*(?:from\s+)?"
    rf"(?P<months>(?:{'|'.join(MONTHS)})(?:\s*(?:,|and|to|through|until|-)\s*(?:and\s+)?(?:{'|'.join(MONTHS)}))*)"
)
_YEAR = 12


def read_halves(facts: Facts) -> None:
    """Add the groups to ``facts`` as new columns, in place of the conditions that make them."""
    _seasons(facts)
    if not _COMPARES & set(facts.methods):
        return
    _listed_groups(facts)
    for column in dict.fromkeys(one.column for one in facts.conditions):
        own = _distinct(_on(facts, column))
        if column in facts.classes or column in facts.groups:
            continue
        if len(own) == 2 and _are_opposite(*own):
            _in_two(facts, own)
    single = [column for column in _halved(facts) if column not in facts.groups]
    if "chi2" in facts.methods or len(single) == 1:
        for column in single:
            _halve(facts, _on(facts, column)[0])


def _halved(facts: Facts) -> list[str]:
    """Return the columns with one condition, whose opposite is said beside it."""
    if not {*figures.TWO, "chi2"} & set(facts.methods):
        return []
    texts = [text for text in facts.texts if re.search(_OPPOSITE, text)]
    found = []
    for column in dict.fromkeys(one.column for one in facts.conditions):
        own = _distinct(_on(facts, column))
        sign = facts.marks.column_sign(column)
        if len(own) == 1 and own[0].op in _REVERSED and any(sign in text for text in texts):
            found.append(column)
    return found


def _distinct(conditions: list[Condition]) -> list[Condition]:
    return list({(one.op, str(one.value)): one for one in conditions}.values())


def _on(facts: Facts, column: str) -> list[Condition]:
    return [one for one in facts.conditions if one.column == column]


def _listed_groups(facts: Facts) -> None:
    """Take a single value of a column that is compared over all of its groups for no condition."""
    for column in facts.groups:
        own = _on(facts, column)
        if len({str(one.value) for one in own}) == 1 and own[0].op == "==":
            facts.conditions = [one for one in facts.conditions if one not in own]


def _are_opposite(first: Condition, second: Condition) -> bool:
    if {first.op, second.op} == {"==", "!="}:
        return bool(first.value == second.value)
    signs = {first.op[0], second.op[0]}
    return signs == {"<", ">"} and first.value == second.value


def _halve(facts: Facts, one: Condition) -> None:
    """Split the rows by a condition; its opposite does not hold where the value is missing."""
    label = " ".join(pieces(one.column))
    opposite = Condition(one.column, _REVERSED[one.op], one.value)
    _add(facts, one.column, [(label, one), (OTHERS, opposite)])


def _in_two(facts: Facts, own: list[Condition]) -> None:
    labels = ["low" if one.op.startswith("<") else "high" for one in own]
    if own[0].op in ("==", "!="):
        named = " ".join(pieces(own[0].column))
        labels = [named if one.op == "==" else OTHERS for one in own]
    _add(facts, own[0].column, list(zip(labels, own, strict=True)))


def _add(facts: Facts, column: str, groups: list[tuple[str, Condition]]) -> None:
    expression: Any = None
    for label, one in reversed(groups):
        expression = {
            "op": "if",
            "condition": one.shape,
            "then": {"op": "constant", "value": label},
            "otherwise": expression,
        }
    name = f"{SPLIT} {column}"
    facts.conditions = [one for one in facts.conditions if one.column != column]
    _derive(facts, name, expression, [label for label, _ in groups])


def _derive(facts: Facts, name: str, expression: Any, labels: list[str]) -> None:  # noqa: ANN401
    facts.derived[name] = expression
    facts.classes[name] = labels
    facts.kinds |= {"classes", "split"}
    facts.groups.append(name)
    facts.preparations.append(Preparation("derive", (0, 0), [name]))
    facts.preparations.sort(key=lambda step: step.at)


def _seasons(facts: Facts) -> None:
    dates = [column.name for column in facts.marks.lexicon.columns if column.temporal]
    found = list(facts.finds(_SEASON))
    if len(dates) != 1 or len({match["name"] for _, match in found}) < 2 or facts.classes:
        return
    expression: Any = None
    for at, match in reversed(found):
        facts.claim(at, match)
        expression = {
            "op": "if",
            "condition": {
                "op": "in",
                "left": {"op": "date_part", "value": dates[0], "part": "month"},
                "values": _months(match["months"]),
            },
            "then": {"op": "constant", "value": match["name"]},
            "otherwise": expression,
        }
    facts.conditions = [one for one in facts.conditions if one.op != "month_in"]
    labels = list(dict.fromkeys(match["name"] for _, match in found))
    _derive(facts, "season", expression, labels)


def _months(text: str) -> list[int]:
    named = [MONTHS.index(name) + 1 for name in re.findall("|".join(MONTHS), text)]
    if len(named) == 2 and re.search(r"\bto\b|\bthrough\b|\buntil\b|-", text):
        first, last = named
        last += _YEAR if last < first else 0
        return [(month - 1) % _YEAR + 1 for month in range(first, last + 1)]
    return named
