"""Names that ask for the row or the group where something is greatest or least."""

import re
from collections.abc import Mapping
from typing import Any

from leonidas_jupyter.assistant.analyst.closed import figures
from leonidas_jupyter.assistant.analyst.closed.concepts import AGGREGATES, concept_in, pattern_of
from leonidas_jupyter.assistant.analyst.closed.counting import Counting
from leonidas_jupyter.assistant.analyst.closed.extremes import (
    HIGHEST,
    LEAST,
    LOWEST,
    MOST,
    Superlative,
    entity,
    superlatives,
)
from leonidas_jupyter.assistant.analyst.closed.facts import Declined
from leonidas_jupyter.assistant.analyst.closed.leading import about_all
from leonidas_jupyter.assistant.analyst.closed.targets import (
    mentioned,
)
from leonidas_jupyter.assistant.analyst.closed.wanted import (
    Ask,
    Wanted,
    decline,
    number,
    plain,
)


class Ranking(Counting):
    """Fills names with what a superlative speaks of."""

    def _named(self, ask: Ask) -> Wanted:
        """Return a word: the value of a column, where another or a group's statistic is extreme."""
        if self._facts.says(r"\boutlier") and re.search(r"\boutlier", ask.everything):
            return self._outlier_list(ask, "outlier_list")
        special = self._of_columns(ask)
        if special is not None:
            return special
        return self._ranked(ask)

    def _ranked(self, ask: Ask) -> Wanted:
        """Return the value in the row, or the group, that a superlative speaks of."""
        who = entity(
            ask.words, self._facts, [name for name in ask.columns if not self._is_number(name)]
        )
        found = [one for one in superlatives(self._facts, ask.about) if one.column != who]
        found = found or self._spoken_superlative(ask, who)
        if (
            who is None
            or len({one.column for one in found}) != 1
            or len({one.smallest for one in found}) != 1
        ):
            raise decline(ask)
        return plain(*self._extreme(ask, who, found[0]))

    def _spoken_superlative(self, ask: Ask, who: str | None) -> list[Superlative]:
        """Return "the longest flippers on average": an extreme of the only column of numbers."""
        said = " ".join([*self._facts.texts, ask.everything])
        most, least = (re.search(rf"\b{word}\b", said) for word in (MOST, LEAST))
        numbers = [name for name in mentioned(self._facts) if name != who]
        if bool(most) == bool(least) or len(numbers) != 1:
            return []
        kinds = [
            kind
            for kind in sorted(AGGREGATES - {"max", "min", "mode", "distinct", "range"})
            if self._facts.says(pattern_of(kind).pattern)
        ]
        if len(kinds) > 1 or not set(kinds) <= {"mean", "median", "sum", "std"}:
            return []
        return [Superlative(numbers[0], bool(least), kinds[0] if kinds else None)]

    def _of_columns(self, ask: Ask) -> Wanted | None:
        """Return a name that is a column's, or a value that is the commonest."""
        said, facts = " ".join([*self._facts.texts, ask.everything]), self._facts
        most = re.search(rf"\b{HIGHEST}\b", said)
        column = re.search(r"\bcolumn|\bfeature|\bvariable|\battribute", ask.everything)
        if column and most and re.search(r"\bmissing|\bnull", said):
            output = {"op": "missing_cells", "name": ask.slot.name}
            return plain(self._place(output, ask, "missing"), ask, "column")
        if re.search(
            r"\bmost\s+(?:common|frequent|popular)\b|\bmode\b|\bmost\s+frequently\b", said
        ):
            return plain(
                self._place(
                    figures.aggregate(
                        ask.slot.name, "mode", self._column(ask, "mode", numeric=False), facts
                    ),
                    ask,
                    "mode",
                ),
                ask,
            )
        return None

    def _extreme(self, ask: Ask, who: str, one: Superlative) -> tuple[figures.Output, Ask, str]:
        stats = [one.statistic] if one.statistic else []
        grouped = who in self._facts.groups or stats
        profile = (
            self._facts.marks.lexicon.by_name[who].profile
            if who in self._facts.marks.lexicon.by_name
            else None
        )
        if one.statistic is None and grouped and not (profile and profile.candidate_key):
            said = concept_in(ask.everything)
            if said is None or said.kind not in ("mean", "median", "sum", "std"):
                raise Declined("I do not know by what the groups shall be ranked.")
            stats = [said.kind]
        if stats:
            self._must_be_number(one.column)
            output = {
                "op": "top_group",
                "name": ask.slot.name,
                "by": who,
                "column": one.column,
                "statistic": stats[0],
                "smallest": one.smallest,
            }
            return self._place(output, ask, "mean"), ask, "group"
        self._must_be_number(one.column)
        output = {
            "op": "lookup",
            "name": ask.slot.name,
            "column": who,
            "by": one.column,
            "extreme": "min" if one.smallest else "max",
        }
        return self._place(output, ask, "mean"), ask, ""

    def _at_extreme(self, ask: Ask, kind: str) -> Wanted | None:
        """Return the value of one column in the row where another is extreme, if that is asked."""
        if (
            kind in ("mean", "median", "sum", "std")
            and not ask.where
            and len(self._facts.groups) == 1
            and not about_all(ask, kind, self._facts)
        ):
            return self._group_value(ask, kind)
        if kind not in ("max", "min"):
            return None
        rows = [one for one in superlatives(self._facts, ask.about) if one.statistic is None]
        of_row = self._facts.says(rf"\b(?:with|has|having|had)\s+the\s+(?:{HIGHEST}|{LOWEST})\b")
        if not of_row or len({(one.column, one.smallest) for one in rows}) != 1:
            return None
        others = [name for name in mentioned(self._facts) if name != rows[0].column]
        if len(others) != 1:
            return None
        self._must_be_number(rows[0].column)
        output = {
            "op": "lookup",
            "name": ask.slot.name,
            "column": others[0],
            "by": rows[0].column,
            "extreme": "min" if rows[0].smallest else "max",
        }
        return plain(self._place(output, ask, kind), ask)

    def _group_value(self, ask: Ask, kind: str) -> Wanted | None:
        """Return the statistic of the group where it is greatest or least."""
        group = self._facts.groups[0]
        if re.search(
            r",|\blist\b|\barray\b|\bdict\w*", f"{ask.slot.placeholder} {ask.about}".lower()
        ):
            return self._group_list(ask, kind, group)
        found = superlatives(self._facts, ask.about) or self._spoken_superlative(ask, group)
        if len({(one.column, one.smallest) for one in found}) != 1:
            raise Declined(
                f"It does not say which of the groups of {group} @{ask.slot.name} is about."
            )
        self._must_be_number(found[0].column)
        output = {
            "op": "top_group", "name": ask.slot.name, "by": group, "column": found[0].column,
            "statistic": kind, "smallest": found[0].smallest,
        }  # fmt: skip
        return plain(self._place(output, ask, kind), ask, "value")

    def _group_list(self, ask: Ask, kind: str, group: str) -> Wanted:
        """Return the statistic of every group, in the order of the groups."""
        column = self._column(ask, kind)
        measure = {"name": kind, "column": column, **figures.STATISTICS[kind]}
        output = {
            "op": "groups",
            "name": ask.slot.name,
            "by": [group],
            "measures": [measure],
            "limit": 200,
        }

        def finish(found: Mapping[str, Any]) -> str:
            return ", ".join(number(row[kind], ask.slot.decimals) for row in found[ask.slot.name])

        return Wanted([self._place(output, ask, kind)], finish)

    def _end(self, ask: Ask) -> str:
        """Return max or min for the name of a column whose extreme the text speaks of."""
        ends = {
            one.smallest
            for one in superlatives(self._facts, ask.about)
            if one.column == ask.columns[0]
        }
        return "" if len(ends) != 1 else "min" if ends.pop() else "max"
