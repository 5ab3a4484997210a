"""Names about the rows that a text flags: which group has most outliers, the mean of the outliers.

What flags a row is a condition of its own, so that any statistic can be taken of flagged rows.
"""

import re
from typing import Any

from leonidas_jupyter.assistant.analyst.closed import figures
from leonidas_jupyter.assistant.analyst.closed.choosing import Choosing
from leonidas_jupyter.assistant.analyst.closed.concepts import AGGREGATES, pattern_of
from leonidas_jupyter.assistant.analyst.closed.entities import asked_entity
from leonidas_jupyter.assistant.analyst.closed.extremes import HIGHEST, LOWEST
from leonidas_jupyter.assistant.analyst.closed.facts import Facts
from leonidas_jupyter.assistant.analyst.closed.targets import mentioned
from leonidas_jupyter.assistant.analyst.closed.wanted import Ask, Wanted, decline, plain

_WHAT = r"(?:outliers?|outlying|anomal\w+|flagged|missing|nulls?|nans?)"
_MOST = re.compile(
    rf"\b(?:(?P<high>{HIGHEST})|(?P<low>{LOWEST}))\s+(?:(?:number|count|amount|share|percentage"
    rf"|proportion)\s+of\s+)?(?:\w+\s+)?(?P<what>{_WHAT})\b"
)
_SEPARATE = re.compile(
    r"\b(?:separately|individually|own|within\s+(?:each|every|its|their)|(?:for|of|in|to)\s+(?:each|every)"
    r"|per|group-?wise|each)\b"
)
_OF_THEM = (
    r"[^.;?]{0,40}?\b(?:outlying|outliers?|anomal\w+|flagged|such|(?:of|among)\s+(?:them|these|those)"
    r"|these|those)\b"
)
_LATEST = re.compile(r"\b(?:latest|most\s+recent|last|newest)\b")
_EARLIEST = re.compile(r"\b(?:earliest|first|oldest)\b")
_RATED = frozenset({"outlier_share", "missing_share", "share"})


def flag(column: str, facts: Facts, by: list[str]) -> dict[str, Any] | None:
    """Return the condition that a row is an outlier of a column, judged within groups or in all.

    None where the text does not say what an outlier is.
    """
    step = facts.step("outliers")
    if step is None:
        return None

    def of(statistic: str, **how: Any) -> dict[str, Any]:  # noqa: ANN401 - a recipe's expression
        return {"op": "statistic", "statistic": statistic, "column": column, "by": by, **how}

    if step.how["method"] == "iqr":
        reach = {"op": "*", "left": of("iqr"), "right": step.how["threshold"] or 1.5}
        low = {"op": "-", "left": of("quantile", q=0.25), "right": reach}
        high = {"op": "+", "left": of("quantile", q=0.75), "right": reach}
        beyond = [
            {"op": "<", "left": column, "right": low},
            {"op": ">", "left": column, "right": high},
        ]
        return {"op": "or", "conditions": beyond}
    spread = of("std", **{"ddof": 0, **figures.divisor(facts)})
    distance = {
        "op": "abs", "value": {"op": "-", "left": column, "right": of("mean")},
    }  # fmt: skip
    reach = {"op": "*", "left": spread, "right": step.how["threshold"] or 3.0}
    return {"op": ">", "left": distance, "right": reach}


class Flagged(Choosing):
    """Fills names about flagged rows."""

    def _flagged(self, ask: Ask) -> Wanted | None:
        """Return what fills a name that is about flagged rows; None where it is about others."""
        if ask.options:
            return None
        return self._most_flagged(ask) or self._of_the_flagged(ask)

    def _most_flagged(self, ask: Ask) -> Wanted | None:
        """Return the group with the most or fewest outliers or missing values, or how many."""
        match = next((found for _, found in self._facts.finds(_MOST)), None)
        who = asked_entity(self._facts) if match else None
        if match is None or who is None or not self._can_lead(who):
            return None
        kind = ask.concept.kind if ask.concept else ""
        who_asked = who in ask.columns or (not kind and ask.textual)
        if not who_asked and kind not in ("", "count", "outlier_count", "missing", "max", "min"):
            return None
        output = self._counted_flags(ask, who, match["what"], smallest=bool(match["low"]))
        part = "group" if who_asked else "value"
        return plain(self._place(output, ask, "outlier_count"), ask, part, whole=not who_asked)

    def _can_lead(self, who: str) -> bool:
        known = self._facts.marks.lexicon.by_name.get(who)
        return known is None or not known.profile.candidate_key

    def _counted_flags(self, ask: Ask, who: str, what: str, *, smallest: bool) -> figures.Output:
        name = ask.slot.name
        columns = [one for one in mentioned(self._facts, numeric=False) if one != who]
        step = self._facts.step("outliers")
        if step is not None and step.columns:
            columns = [one for one in step.columns if one != who]
        if len(columns) != 1:
            raise decline(ask)
        output: figures.Output = {
            "op": "top_group", "name": name, "by": who, "smallest": smallest,
        }  # fmt: skip
        if what.startswith(("missing", "null", "nan")):
            return {**output, "column": columns[0], "statistic": "missing"}
        self._must_be_number(columns[0])
        condition = flag(
            columns[0], self._facts, [who] if self._facts.says(_SEPARATE.pattern) else []
        )
        if condition is None or smallest:
            # A group without any flagged row is not among the flagged ones.
            raise decline(ask)
        return {**output, "statistic": "rows", "where": condition}

    def _of_the_flagged(self, ask: Ask) -> Wanted | None:
        """Return a statistic of flagged rows: "the smallest outlying value", "their mean"."""
        step = self._facts.step("outliers")
        if step is None or step.how.get("removed") or len(step.columns) != 1:
            return None
        kind = ask.concept.kind if ask.concept else ""
        if kind in AGGREGATES - {"distinct", "mode"}:
            said = rf"(?:{pattern_of(kind).pattern}){_OF_THEM}"
            if not self._facts.says(said) and not re.search(_OUTLYING, ask.everything):
                return None
            return self._statistic_of_flagged(ask, kind, step.columns[0])
        when = self._when(ask)
        if when is None or not self._facts.says(rf"(?:{when[1]}){_OF_THEM}"):
            return None
        return self._statistic_of_flagged(ask, when[0], self._moment(ask))

    def _when(self, ask: Ask) -> tuple[str, str] | None:
        if _LATEST.search(ask.words):
            return "max", _LATEST.pattern
        return ("min", _EARLIEST.pattern) if _EARLIEST.search(ask.words) else None

    def _moment(self, ask: Ask) -> str:
        columns = self._facts.marks.lexicon.columns
        moments = [one.name for one in columns if one.temporal or one.words[-1:] == ("year",)]
        if len(moments) != 1:
            raise decline(ask)
        return moments[0]

    def _statistic_of_flagged(self, ask: Ask, kind: str, own: str) -> Wanted:
        flagging = self._facts.step("outliers")
        column = flagging.columns[0] if flagging else own
        other = [name for name in ask.columns if name != column]
        if len(other) > 1 or ask.where:
            raise decline(ask)
        condition = flag(column, self._facts, [])
        output = figures.aggregate(ask.slot.name, kind, other[0] if other else own, self._facts)
        placed = self._place(output, ask, "outlier_count")
        return plain({**placed, "where": condition}, ask)


_OUTLYING = r"\b(?:outlying|anomal\w+|(?:of|among)\s+(?:the\s+)?outliers?)\b"
