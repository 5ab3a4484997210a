"""Names about a set of columns: which of them has the highest mean, correlates most with another.

The set is listed in the text, or it is a family: columns called after months or years, all columns
of numbers.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from leonidas_jupyter.assistant.analyst.closed import figures
from leonidas_jupyter.assistant.analyst.closed.choosing import Choosing
from leonidas_jupyter.assistant.analyst.closed.concepts import pattern_of
from leonidas_jupyter.assistant.analyst.closed.entities import asked_entity
from leonidas_jupyter.assistant.analyst.closed.facts import Facts
from leonidas_jupyter.assistant.analyst.closed.leading import direction
from leonidas_jupyter.assistant.analyst.closed.marks import C, L
from leonidas_jupyter.assistant.analyst.closed.moments import MONTHS
from leonidas_jupyter.assistant.analyst.closed.wanted import Ask, Wanted, decline, number

_MEMBERS = r"(?:columns?|variables?|features?|attributes?|predictors?|fields?|measurements?|series)"
_WHICH = re.compile(
    rf"\b(?:which|what)\s+(?:(?:one\s+)?of\s+(?:the\s+|these\s+)?)?(?:[\w-]+\s+){{0,3}}?"
    rf"(?P<noun>{_MEMBERS}|months?|years?|two|three|four|five|them|these|it)\b"
)
_LISTED = re.compile(rf"{C}(?:\s*(?:,|and|or|,\s*and|,\s*or)\s*(?:the\s+)?{C})+")
_RELATED = re.compile(r"\b(?:correlat\w*|related|associat\w*|relationship)\b")
_TARGET = re.compile(
    rf"\b(?:correlat\w*|related|associat\w*|relationship)\b[^.;?]*?\b(?:with|to)\b[^.;?]*?({C})"
)
_BEGUN = re.compile(rf"\b(?:begin|start)\w*\s+with\s+(?:the\s+word\s+)?(?P<l>{L})")
_KINDS = ("median", "std", "var", "skewness", "kurtosis", "missing", "sum", "range", "mean")
_SIZE = re.compile(
    r"\babsolute\b|\bstrong\w*|\bclosely\b|\bmost\s+(?:highly\s+)?correlated\b|\bweak\w*"
)
_SIGNS = {"positive", "negative"}
_MOST_COLUMNS = 40
_FEWEST = 3


class Columnwise(Choosing):
    """Fills names with what leads among columns."""

    def _columnwise(self, ask: Ask) -> Wanted | None:
        """Return the column that leads, or its figure; None where no column is asked for."""
        kind = ask.concept.kind if ask.concept else ""
        names = members(self._facts)
        if (
            ask.where
            or asked_entity(self._facts) is not None
            or set(self._facts.groups) - set(names)
        ):
            return None
        target = self._target() if names else None
        names = [name for name in names if name != target]
        if len(names) < 2 or (target is None and self._facts.says(_RELATED.pattern)):
            return None
        measure = "corr" if target else self._measure()
        what = "column" if not kind or kind in ("max", "min") else kind
        if ask.options:
            what = "sign" if target and set(map(str.lower, ask.options)) == _SIGNS else ""
        if measure is None or what not in ("column", measure, *(("p", "sign") if target else ())):
            return None
        if what != "column" and set(ask.columns) - {target}:
            return None
        return self._leading(ask, names, (measure, target), what)

    def _target(self) -> str | None:
        found = [match for _, match in self._facts.finds(_TARGET)]
        names = {self._facts.marks.column(match[1]) for match in found}
        listed = {
            name for _, match in self._facts.finds(_LISTED) for name in self._columns_of(match)
        }
        names = names - listed or names
        return names.pop() if len(names) == 1 else None

    def _columns_of(self, match: re.Match[str]) -> list[str]:
        return self._facts.marks.columns_in(match.group())

    def _measure(self) -> str | None:
        """Return the only statistic by which columns can be ranked."""
        found = [kind for kind in _KINDS if self._facts.says(pattern_of(kind).pattern)]
        return found[0] if len(found) == 1 else None

    def _leading(
        self, ask: Ask, names: Sequence[str], by: tuple[str, str | None], what: str
    ) -> Wanted:
        measure, target = by
        least = direction(ask.words)
        least = direction(" ".join(self._facts.texts)) if least is None else least
        if least is None and measure != "corr":
            raise decline(ask)
        outputs, keys = [], {}
        for at, name in enumerate(names):
            self._must_be_number(name)
            output, key = self._ranked_by(f"{measure} {at}", name, measure, target)
            outputs.append(self._place(output, ask, measure))
            keys[name] = key
        size = measure == "corr" and self._facts.says(_SIZE.pattern)

        def finish(found: Mapping[str, Any]) -> str:
            known = {
                name: float(found[key]) for name, key in keys.items() if found[key] is not None
            }
            known = {name: value for name, value in known.items() if not math.isnan(value)}
            if not known:
                return number(None, None)
            chosen = min if least else max
            first = chosen(known, key=lambda name: abs(known[name]) if size else known[name])
            if what == "column":
                return first
            if what == "sign":
                return _signed(ask, known[first])
            value = found[keys[first].removesuffix("_r") + "_p"] if what == "p" else known[first]
            return number(value, ask.slot.decimals, measure == "missing")

        return Wanted(outputs, finish, f"{what} {least}")

    def _ranked_by(
        self, name: str, column: str, measure: str, target: str | None
    ) -> tuple[figures.Output, str]:
        if target is not None:
            output = figures.correlation(name, [column, target], self._facts)
            return output, f"{name}_r"
        return figures.aggregate(name, measure, column, self._facts), name


def _signed(ask: Ask, value: float) -> str:
    word = "positive" if value > 0 else "negative"
    return next(option for option in ask.options if option.lower() == word)


def members(facts: Facts) -> list[str]:
    """Return the columns among which a text asks for one: listed, or a family by their names."""
    match = next((found for _, found in facts.finds(_WHICH)), None)
    if match is None:
        return []
    own = facts.marks.lexicon
    numbers = [column.name for column in own.columns if column.numeric]
    listed = [
        [name for name in facts.marks.columns_in(found.group()) if name in numbers]
        for _, found in facts.finds(_LISTED)
    ]
    several = [names for names in listed if len(names) >= _FEWEST]
    if several:
        return several[0] if all(set(names) == set(several[0]) for names in several) else []
    begun = next((found for _, found in facts.finds(_BEGUN)), None)
    if begun is not None:
        return [name for name in numbers if name.startswith(facts.marks.label(begun["l"]))]
    noun = match["noun"]
    if noun.startswith("month"):
        return [name for name in numbers if _month(name)]
    if noun.startswith("year"):
        return [name for name in numbers if re.fullmatch(r"(?:1[6-9]|20)\d\d", name)]
    if re.fullmatch(_MEMBERS, noun) and len(numbers) <= _MOST_COLUMNS:
        return numbers
    return []


def _month(name: str) -> bool:
    low = name.lower()
    return any(low in (month, month[:3]) for month in MONTHS)
