"""Names filled with what leads, or with a figure of it."""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from leonidas_jupyter.assistant.analyst.closed import figures
from leonidas_jupyter.assistant.analyst.closed.choosing import Choosing
from leonidas_jupyter.assistant.analyst.closed.leading import (
    about_all,
    direction,
    leaders,
    place_of,
    speaks_of,
)
from leonidas_jupyter.assistant.analyst.closed.spoken import Leader
from leonidas_jupyter.assistant.analyst.closed.targets import mentioned
from leonidas_jupyter.assistant.analyst.closed.wanted import Ask, Wanted, decline, number, plain
from leonidas_jupyter.assistant.analyst.words import pieces

_RANKED = frozenset({"mean", "median", "sum", "std", "var", "rows", "skewness"})
_VALUES = frozenset({"", "max", "min", "mean", "median", "sum", "std", "count", "range", "share"})
_OTHERS = frozenset({"mean", "median", "sum", "std", "max", "min"})
_PLAIN_NAME = re.compile(r"\b(?:name|string|text|code|label)\b")


class Led(Choosing):
    """Fills the names of questions for the highest and the lowest."""

    @cached_property
    def _leaders(self) -> list[Leader]:
        return leaders(self._facts)

    def _led(self, ask: Ask) -> Wanted | None:
        """Return what fills a name that asks for what leads; None where it asks for none."""
        leader = self._leader(ask)
        if leader is None:
            return None
        kind = ask.concept.kind if ask.concept else ""
        words = f"{ask.words} {ask.slot.placeholder.lower().replace('_', ' ')}"
        if kind == "range" and leader.column and "range" in pieces(leader.column):
            kind = ""
        if kind == "share" and self._is_rate(ask, leader):
            kind = ""
        if leader.column and pieces(leader.column) == pieces(ask.slot.name):
            kind = ""
        own = [name for name in ask.columns if name not in (leader.entity, leader.column)]
        if own and kind in _OTHERS and leader.statistic == "rows" and self._is_its():
            return self._of_group(ask, kind, leader)
        if own or kind in ("distinct", "p", "statistic", "corr") or "outlier" in kind:
            return None
        if self._asks_who(ask, kind, words, leader):
            return self._who(ask, leader)
        if kind in _VALUES and not about_all(ask, kind, self._facts):
            return self._how_much(ask, kind, leader)
        return None

    def _is_rate(self, ask: Ask, leader: Leader) -> bool:
        """Return whether "rate" or "share" only calls the figure by which something leads."""
        called = leader.column in ask.columns or direction(ask.words) is not None
        rate = ask.concept is not None and ask.concept.word == "rate"
        return called or (rate and not ask.where and leader.statistic is None)

    def _leader(self, ask: Ask) -> Leader | None:
        words = f"{ask.words} {ask.slot.placeholder.lower().replace('_', ' ')} {ask.about}"
        least = direction(ask.words)
        least = direction(words) if least is None else least
        found = [one for one in self._leaders if least is None or one.smallest == least]
        columns = [one for one in found if one.column in ask.columns]
        found = columns or found
        return found[0] if len(set(found)) == 1 else None

    def _asks_who(self, ask: Ask, kind: str, words: str, leader: Leader) -> bool:
        if kind in ("mean", "median", "sum", "std", "count") and not ask.textual:
            return False
        if re.fullmatch(r"n|int|integer|count|number|times", ask.slot.placeholder.strip().lower()):
            return leader.entity in ask.columns
        if leader.entity in ask.columns and leader.column not in ask.columns:
            return True
        if speaks_of(words, leader.entity):
            return leader.column is None or not speaks_of(ask.words, leader.column)
        return ask.textual or _PLAIN_NAME.search(words) is not None

    def _who(self, ask: Ask, leader: Leader) -> Wanted:
        if self._facts.top and self._lists(ask):
            return self._first_few(ask, leader, self._facts.top)
        if (
            self._facts.top
            and place_of(ask.words, ask.slot.placeholder) > 1
            and (leader.statistic not in _RANKED)
        ):
            raise decline(ask)
        if leader.statistic in _RANKED:
            return plain(self._place(self._top(ask, leader), ask, "mean"), ask, "group")
        return plain(self._place(self._lookup(ask, leader), ask, "mean"), ask)

    def _top(self, ask: Ask, leader: Leader) -> figures.Output:
        if leader.column is not None and leader.statistic != "rows":
            self._must_be_number(leader.column)
        column = {} if leader.statistic == "rows" else {"column": leader.column}
        least = {"min_rows": self._facts.least} if self._facts.least > 1 else {}
        if self._facts.top:
            least["place"] = place_of(ask.words, ask.slot.placeholder)
        return {
            "op": "top_group", "name": ask.slot.name, "by": leader.entity, **column,
            "statistic": leader.statistic, "smallest": leader.smallest, **least,
        }  # fmt: skip

    def _lists(self, ask: Ask) -> bool:
        """Return whether one name takes all of those that lead."""
        said = f"{ask.slot.placeholder} {ask.about}".lower()
        several = place_of(ask.words, ask.slot.placeholder) > 1 or re.search(
            r"\bfirst\b|\b1\b", ask.words
        )
        return bool(re.search(r"\blist|,|\bnames\b|\barray\b", said)) and not several

    def _first_few(self, ask: Ask, leader: Leader, count: int) -> Wanted:
        statistic = leader.statistic
        if statistic is None:
            raise decline(ask)
        column = {} if statistic == "rows" else {"column": leader.column}
        output = {
            "op": "groups", "name": ask.slot.name, "by": [leader.entity], "limit": count,
            "measures": [{"name": "value", "statistic": statistic, **column}],
            "order_by": "value", "descending": not leader.smallest,
        }  # fmt: skip
        output = self._place(output, ask, "mean")

        def finish(found: Mapping[str, Any]) -> str:
            return ", ".join(str(row[leader.entity]) for row in found[ask.slot.name])

        return Wanted([output], finish, "list")

    def _lookup(self, ask: Ask, leader: Leader) -> figures.Output:
        column = str(leader.column)
        self._must_be_number(column)
        return {
            "op": "lookup", "name": ask.slot.name, "column": leader.entity, "by": column,
            "extreme": "min" if leader.smallest else "max",
        }  # fmt: skip

    def _how_much(self, ask: Ask, kind: str, leader: Leader) -> Wanted | None:
        """Return the figure of what leads, or another figure of the same group."""
        if leader.statistic in _RANKED:
            whole = leader.statistic == "rows"
            same = kind in ("", "max", "min", leader.statistic) or (kind == "count" and whole)
            if (kind == "mean" and whole) or (kind in ("max", "min") and self._is_other(leader)):
                return self._of_group(ask, kind, leader)
            if not same:
                return None
            output = self._place(self._top(ask, leader), ask, "mean")
            return plain(output, ask, "value", whole=whole)
        if kind == "" and self._counts_rows(ask, leader):
            return None
        if kind in ("", "max", "min") and leader.column is not None:
            self._must_be_number(leader.column)
            end = "min" if leader.smallest else "max"
            output = figures.aggregate(ask.slot.name, end, leader.column, self._facts)
            return plain(self._place(output, ask, end), ask)
        return None

    def _counts_rows(self, ask: Ask, leader: Leader) -> bool:
        """Return whether a name asks how many there are, rather than how much the leader has."""
        if not self._facts.says(r"\bhow many\b|\bcount\b|\bnumber of\b"):
            return False
        own = leader.column is not None and pieces(leader.column) == pieces(ask.slot.name)
        if leader.column in ask.columns or own:
            return False
        tally = re.fullmatch(
            r"n|int|integer|count\d*|number|times", ask.slot.placeholder.strip().lower()
        )
        return bool(tally) or speaks_of(ask.words, leader.entity) or leader.statistic is not None

    def _is_its(self) -> bool:
        """Return whether the text asks on about what leads: "and what is its mean …"."""
        return self._facts.says(r"\band\b[^.;]*\b(?:its|their|that|this|the same)\b")

    def _is_other(self, leader: Leader) -> bool:
        """Return whether a name asks for an extreme of another column, within what leads."""
        if leader.statistic != "rows":
            return False
        return any(name != leader.entity for name in mentioned(self._facts))

    def _of_group(self, ask: Ask, kind: str, leader: Leader) -> Wanted:
        """Return a statistic of another column in the group that leads."""
        column = self._column(ask, kind)
        top = self._place(self._top(ask, leader), ask, "mean")
        name = f"{ask.slot.name} groups"
        measure = {"name": kind, "column": column, **figures.STATISTICS[kind]}
        groups = self._place(
            {
                "op": "groups",
                "name": name,
                "by": [leader.entity],
                "measures": [measure],
                "limit": 1000,
            },
            ask,
            kind,
        )

        def finish(found: Mapping[str, Any]) -> str:
            first = found[f"{ask.slot.name}_group"]
            values = [row[kind] for row in found[name] if row[leader.entity] == first]
            return number(values[0] if values else None, ask.slot.decimals)

        return Wanted([top, groups], finish, kind)
