"""Names made of two other figures: their difference or ratio, or which of them is the greater."""

import re
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from leonidas_jupyter.assistant.analyst.closed import figures
from leonidas_jupyter.assistant.analyst.closed.concepts import AGGREGATES
from leonidas_jupyter.assistant.analyst.closed.extremes import HIGHEST, LOWEST
from leonidas_jupyter.assistant.analyst.closed.facts import Declined
from leonidas_jupyter.assistant.analyst.closed.led import Led
from leonidas_jupyter.assistant.analyst.closed.stages import texts_in
from leonidas_jupyter.assistant.analyst.closed.wanted import Ask, Wanted, decline, number
from leonidas_jupyter.assistant.analyst.words import pieces

Operands = tuple[Wanted, Wanted]

_CONTRAST = re.compile(
    r"\b(?:(?P<ratio>ratio|quotient)|(?P<less>drop|fall|decrease|decline|reduction|loss)"
    r"|(?P<more>increase|rise|growth|gain)|(?P<change>change)|difference|diff|gap)\b"
)
_PERCENT = r"\bpercent\w*\b|\bpct\b|%"
_ENDS = re.compile(
    rf"\b(?:difference|ratio|gap|quotient)\s+(?:between|of)\s+(?:the\s+)?{HIGHEST}\b[^.;?]*?"
    rf"\b(?:and|to)\s+(?:the\s+)?{LOWEST}\b"
)
_FORMULA = re.compile(
    r"\(\s*(?P<a>[a-z]\w*)\s*[-\u2212]\s*(?P<b>[a-z]\w*)\s*\)\s*/\s*(?P<c>[a-z]\w*)(?:\s*[*×]\s*100)?"
)
_MINUS = re.compile(r"\b(?P<a>[a-z]\w*)\s+(?:minus|[-\u2212])\s+(?:the\s+)?(?P<b>[a-z]\w*)\b")
_LATER = re.compile(r"\b(?:after|later|last|end|final|new|post)\b")
_GREATER = re.compile(
    r"\b(?:(?P<up>stronger|strongest|higher|larger|greater|bigger|better|more|highest|largest)"
    r"|(?P<down>weaker|weakest|lower|smaller|less|fewer|lowest|smallest))\b"
)
_WHICH = re.compile(r"\bwhich\b|\bname\s+the\s+one\b|\bname\s+(?:that|the)\b|\bwhether\b")
_FIGURES = AGGREGATES | {
    "count",
    "share",
    "corr",
    "missing",
    "outlier_count",
    "missing_share",
    "r2",
}


class Contrasts(Led):
    """Fills names with what two figures have to do with each other."""

    @abstractmethod
    def wanted(self, ask: Ask) -> Wanted:
        """Return what fills any name: the figures that are compared are names of their own."""

    @abstractmethod
    def _only_kind(self, ask: Ask) -> str:
        """Return the only figure that the sentences ask for."""

    def _contrast(self, ask: Ask) -> Wanted | None:
        """Return a difference, a ratio or a relative change; None where none is asked for."""
        match = _CONTRAST.search(f"{ask.words} {ask.slot.placeholder.lower().replace('_', ' ')}")
        kind = ask.concept.kind if ask.concept else ""
        if match is None or (kind and kind not in _FIGURES) or ask.options:
            return None
        if ask.slot.name in self._facts.derived or set(ask.columns) & set(self._facts.derived):
            return None
        operands = self._ends(ask) or self._of_others(ask, kind) or self._of_groups(ask, kind)
        if operands is None:
            return None
        self._facts.kinds.add("contrast")
        return self._computed(ask, operands, match)

    def _ends(self, ask: Ask) -> Operands | None:
        """Return the figures of the first and the last of the groups that the text ranks."""
        if not self._facts.says(_ENDS.pattern) or not self._leaders:
            return None
        leader = self._leaders[0]
        if leader.statistic is None:
            return None
        found = []
        for smallest in (False, True):
            side = replace(ask, slot=replace(ask.slot, name=f"{ask.slot.name} {smallest}"))
            output = self._place(self._top(side, replace(leader, smallest=smallest)), side, "mean")
            found.append(_value(output, "value"))
        return found[0], found[1]

    def _of_others(self, ask: Ask, kind: str) -> Operands | None:
        """Return the only two other names of one kind of figure."""
        kinds: dict[str, list[Ask]] = {}
        for other in self.asks:
            own = other.concept.kind if other.concept else ""
            if other is not ask and own in _FIGURES and not self._is_contrast(other):
                kinds.setdefault(own, []).append(other)
        pairs = [found for own, found in kinds.items() if len(found) == 2 and kind in ("", own)]
        if not pairs:
            pairs = [found for found in kinds.values() if len(found) == 2]
        if len(pairs) != 1:
            return None
        first, second = (self._exactly(other) for other in pairs[0])
        return first, second

    def _is_contrast(self, ask: Ask) -> bool:
        return bool(ask.options) or _CONTRAST.search(ask.words) is not None

    def _of_groups(self, ask: Ask, kind: str) -> Operands | None:
        """Return the figure in the two groups that the text compares."""
        groups = [found for found in self._groups.values() if len(set(found)) == 2]
        kind = kind or self._only_kind(ask)
        if len(groups) != 1 or kind not in AGGREGATES or ask.where:
            return None
        column = self._column(ask, kind)
        found = []
        for at, one in enumerate(dict.fromkeys(groups[0])):
            name = f"{ask.slot.name} {at}"
            output = figures.aggregate(name, kind, column, self._facts)
            found.append(_value(self._place(output, replace(ask, where=[one]), kind), ""))
        return found[0], found[1]

    def _exactly(self, other: Ask) -> Wanted:
        """Return what fills another name, not rounded."""
        taken = {key: list(names) for key, names in self._taken.items()}
        self._taken = {}
        slot = replace(other.slot, decimals=None, name=f"{other.slot.name} exactly")
        found = self.wanted(replace(other, slot=slot))
        self._taken = taken
        return found

    def _computed(self, ask: Ask, operands: Operands, match: re.Match[str]) -> Wanted:
        own = f"{ask.words} {ask.slot.placeholder} {ask.about}".lower()
        relative = match["ratio"] is None and self._says_percent()
        percent = relative or re.search(_PERCENT, own) is not None
        compute = self._relative(ask, match) if percent else self._plain(ask, match)

        def finish(found: Mapping[str, Any]) -> str:
            first, second = (_number(each.finish(found)) for each in operands)
            return number(compute(first, second), ask.slot.decimals)

        return Wanted([*operands[0].outputs, *operands[1].outputs], finish, match.group())

    def _says_percent(self) -> bool:
        return self._facts.says(
            r"\bby\s+(?:how\s+many\s+percent|what\s+percentage)\b"
            r"|\bpercent(?:age)?\s+(?:change|difference|increase|decrease|drop)\b|\brelative\s+change\b"
        )

    def _relative(self, ask: Ask, match: re.Match[str]) -> Callable[[float, float], float]:
        """Return the change in percent of the first figure."""
        formula = next(self._facts.finds(_FORMULA), None)
        if formula is not None:
            self._facts.use(*formula)
            first = bool(_LATER.search(formula[1]["a"]))
            sign = 1 if first else -1
        elif match["less"]:
            sign = -1
        elif match["more"] or match["change"]:
            sign = 1
        else:
            raise decline(ask)
        return lambda before, after: sign * (after - before) / before * 100

    def _plain(self, ask: Ask, match: re.Match[str]) -> Callable[[float, float], float]:
        if match["ratio"]:
            return lambda first, second: first / second
        if re.search(r"\babsolute\b", ask.everything) or self._facts.says(
            r"\babsolute\s+(?:difference|value\s+of\s+the\s+difference)"
        ):
            return lambda first, second: abs(first - second)
        minus = next(self._facts.finds(_MINUS), None)
        if match["more"] or match["change"] or (minus and _LATER.search(minus[1]["a"])):
            return lambda first, second: second - first
        if match["less"] or minus:
            return lambda first, second: first - second

        def between(first: float, second: float) -> float:
            if first < second:
                raise Declined(f"It does not say which of the two @{ask.slot.name} subtracts.")
            return first - second

        return between

    def _greater(self, ask: Ask) -> Wanted | None:
        """Return which of two or more other names has the greater figure."""
        said = [f"{ask.words} {ask.slot.placeholder}".lower().replace("_", " ")]
        said += [text for text in self._facts.texts if _WHICH.search(text)]
        match = next((found for text in said if (found := _GREATER.search(text))), None)
        asks = [one for one in self.asks if one is not ask and self._is_figure(one)]
        kinds = {one.concept.kind for one in asks if one.concept}
        if match is None or len(asks) < 2 or len(kinds) != 1 or ask.columns or ask.where:
            return None
        if ask.concept is not None and ask.concept.kind not in ("max", "min"):
            return None
        operands = [self._exactly(one) for one in asks]
        labels = self._labels(ask, asks, operands)
        if labels is None:
            return None
        size = kinds == {"corr"} or self._facts.says(r"\babsolute\b")

        def finish(found: Mapping[str, Any]) -> str:
            values = [_number(each.finish(found)) for each in operands]
            values = [abs(value) for value in values] if size else values
            best = min(values) if match["down"] else max(values)
            if values.count(best) > 1:
                raise Declined(f"Two figures are equal, so that @{ask.slot.name} is none of them.")
            return labels[values.index(best)]

        outputs = [output for each in operands for output in each.outputs]
        return Wanted(outputs, finish, "greater")

    def _is_figure(self, ask: Ask) -> bool:
        kind = ask.concept.kind if ask.concept else ""
        return kind in _FIGURES and not ask.options and _CONTRAST.search(ask.words) is None

    def _labels(
        self, ask: Ask, asks: Sequence[Ask], operands: Sequence[Wanted]
    ) -> list[str] | None:
        """Return what each of the figures is called: by an allowed word, a column or a group."""
        known = {*self._facts.derived, *self._facts.marks.lexicon.by_name}
        used = [texts_in(each.outputs) & known for each in operands]
        common = set.intersection(*used)
        own = [sorted(names - common) for names in used]
        options = ask.options
        if not options and all(len(names) == 1 for names in own):
            return [names[0] for names in own]
        if not options:
            values = [one.where[0].value if len(one.where) == 1 else None for one in asks]
            named = all(isinstance(value, str) for value in values)
            return [str(value) for value in values] if named else None
        found = [
            [
                option
                for option in options
                if set(pieces(option))
                & {*pieces(one.slot.name), *(p for n in names for p in pieces(n))}
            ]
            for one, names in zip(asks, own, strict=True)
        ]
        if any(len(each) != 1 for each in found) or len({each[0] for each in found}) < len(asks):
            return None
        return [each[0] for each in found]


def _value(output: figures.Output, part: str) -> Wanted:
    key = f"{output['name']}_{part}" if part else str(output["name"])
    return Wanted([output], lambda found: number(found[key], None), part)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise Declined("A figure that others are compared with is no number.") from error
