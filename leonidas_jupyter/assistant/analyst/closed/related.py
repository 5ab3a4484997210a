"""Names that ask which column is related most with another, and how."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.choosing import Choosing
from leonidas_jupyter.assistant.analyst.closed.facts import Declined
from leonidas_jupyter.assistant.analyst.closed.marks import CS, C
from leonidas_jupyter.assistant.analyst.closed.wanted import Ask, Wanted, decision, number

_MOST = (
    r"(?:(?P<size>strongest|strongly|closest|closely|best)|(?P<high>highest|greatest|largest|most\s+positive\w*|most)"
    r"|(?P<low>lowest|most\s+negative\w*))"
)
_WITH = re.compile(
    rf"\b(?:which|what|identify|find|determine|name)\b[^.;]*\b{_MOST}\b[^.;]*\b(?:correlat\w*|relat\w*"
    rf"|associat\w*)[^.;]*?\b(?:with|to|and)\s+(?:the\s+)?({C})"
    rf"|\b(?:which|what|identify|find|determine|name)\b[^.;]*\b(?:correlat\w*|relat\w*|associat\w*)\s+"
    rf"{_MOST.replace('<', '<o')}\b[^.;]*?\b(?:with|to)\s+(?:the\s+)?({C})"
)
_OTHERS = re.compile(
    r"\b(?:all|other|remaining|numeric\w*|any|which|what)\s+(?:of\s+)?(?:the\s+)?(?:other\s+|numeric\w*\s+|remaining\s+)*"
    r"(?:columns?|variables?|features?|attributes?|factors?|measurements?|indicators?|metrics?)\b"
)
_SIZE = r"\babsolute\b|\bmagnitude\b|\bstrongest\b|\bstrongly\b|\bclosely\b|\beither direction\b"
BY_SIZE, BY_VALUE = "related", "related by value"


class Related(Choosing):
    """Fills the names of questions for the column that is related most with a given one."""

    def _most_related(self, ask: Ask) -> Wanted | None:
        found = next(iter(self._facts.finds(_WITH)), None)
        if found is None:
            return None
        at, match = found
        facts = self._facts
        target = facts.marks.column(match[4] or match[8])
        columns = self._compared_with(at, target)
        methods = [one for one in ("pearson", "spearman", "kendall") if one in facts.methods]
        others = set(facts.methods) - set(methods)
        if columns is None or len(methods) > 1 or others or target in facts.groups:
            return None
        spec: dict[str, Any] = {
            "op": "strongest_pair", "target": target, "method": (methods or ["pearson"])[0],
            **({"columns": columns} if columns else {}),
        }  # fmt: skip
        lowest = bool(match["low"] or match["olow"])
        outputs = [
            self._place({**spec, "name": BY_SIZE, "by": "absolute"}, ask, "corr"),
            self._place(
                {**spec, "name": BY_VALUE, "by": "lowest" if lowest else "highest"}, ask, "corr"
            ),
        ]
        key = BY_VALUE if lowest else BY_SIZE
        certain = lowest or facts.says(_SIZE)

        def checked(figures: Mapping[str, Any]) -> None:
            if not certain and figures[f"{BY_SIZE}_second"] != figures[f"{BY_VALUE}_second"]:
                raise Declined(
                    "It does not say whether a negative correlation may be the strongest."
                )

        return self._part_of(ask, outputs, key, checked)

    def _part_of(
        self,
        ask: Ask,
        outputs: list[dict[str, Any]],
        key: str,
        checked: Callable[[Mapping[str, Any]], None],
    ) -> Wanted | None:
        """Return the column, its coefficient, the p-value, or a word for them."""
        kind = ask.concept.kind if ask.concept else ""
        if ask.options:
            made = decision(ask, self._facts, outputs, {"r": f"{key}_r", "p": f"{key}_p"})

            def ruled(figures: Mapping[str, Any]) -> str:
                checked(figures)
                return made.finish(figures)

            return Wanted(outputs, ruled, "verdict")
        name = ask.textual or re.search(
            r"\b(?:name|column|feature|variable|attribute|factor)\b",
            f"{ask.words} {ask.slot.placeholder}".lower().replace("_", " "),
        )
        part = "second" if name and kind != "p" else {"corr": "r", "p": "p", "": "r"}.get(kind)
        if part is None:
            return None

        def finish(figures: Mapping[str, Any]) -> str:
            checked(figures)
            return number(figures[f"{key}_{part}"], ask.slot.decimals)

        return Wanted(outputs, finish, part)

    def _compared_with(self, at: int, target: str) -> list[str] | None:
        """Return the columns to choose from; none for all, None where they are not known."""
        listed: list[str] = []
        for text in (self._facts.texts[at], *self._facts.texts):
            for match in re.finditer(CS, text):
                names = self._facts.marks.columns_in(match.group())
                if len(names) > max(len(listed), 1):
                    listed = names
        listed = [name for name in listed if name != target and self._is_number(name)]
        if len(listed) >= 2:
            return listed
        named = [
            name
            for name in self._facts.marks.columns_in(" ".join(self._facts.texts))
            if name != target
        ]
        return [] if not named and _OTHERS.search(self._facts.texts[at]) else None
