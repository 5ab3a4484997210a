"""Which column a name to fill is about, in the light of the other names and of the text."""

from collections.abc import Mapping, Sequence

from leonidas_jupyter.assistant.analyst.closed import figures
from leonidas_jupyter.assistant.analyst.closed.concepts import AGGREGATES
from leonidas_jupyter.assistant.analyst.closed.facts import Condition, Declined, Facts
from leonidas_jupyter.assistant.analyst.closed.stages import Stages, after
from leonidas_jupyter.assistant.analyst.closed.targets import (
    looks_like_clock,
    looks_numeric,
    mentioned,
    names_in,
    nearest,
    pair,
    spelled_apart,
    targets,
)
from leonidas_jupyter.assistant.analyst.closed.vocabulary import listed
from leonidas_jupyter.assistant.analyst.closed.wanted import (
    Ask,
    placed,
)
from leonidas_jupyter.assistant.analyst.words import pieces


class Choosing:
    """What is known of the text, and which columns its names are about."""

    def __init__(
        self, facts: Facts, stages: Stages, groups: Mapping[str, Sequence[Condition]]
    ) -> None:
        self._facts = facts
        self._stages = stages
        self._groups = groups
        self.asks: Sequence[Ask] = ()
        self._taken: dict[tuple[str, str, str], list[str]] = {}

    def _place(self, output: figures.Output, ask: Ask, kind: str) -> figures.Output:
        return placed(output, ask, self._facts, self._stages, kind)

    def _column(self, ask: Ask, kind: str, numeric: bool = True) -> str:
        """Return the only column that a name can be about."""
        own = [name for name in ask.columns if not numeric or self._is_number(name)]
        found = self._chosen(ask, kind, own, numeric)
        if found is None:
            raise Declined(f"I do not know which column @{ask.slot.name} is about.")
        self._taken.setdefault(
            (kind, str(ask.where), str(after(kind, ask.everything, self._stages))), []
        ).append(found)
        if numeric:
            self._must_be_number(found)
        return found

    def _chosen(self, ask: Ask, kind: str, own: list[str], numeric: bool) -> str | None:
        if len(own) == 1:
            return own[0]
        facts = self._facts
        candidates = (
            [own]
            if own
            else [
                targets(kind, facts, numeric),
                mentioned(facts, numeric),
                targets(kind, facts, numeric, loose=True),
                mentioned(facts, numeric, loose=True),
                spelled_apart(facts) if numeric else [],
            ]
        )
        for found in candidates:
            told = {one.column for one in ask.where}
            bound = told | set(facts.groups)
            bound |= {name for each in facts.classes for name in names_in(facts.derived[each])}
            found = [name for name in found if name not in bound] or [
                name for name in found if name not in told
            ]
            others = [name for name in found if name not in facts.derived]
            if (
                others
                and not own
                and any(foreign_to(name, ask.words) for name in found if name in facts.derived)
            ):
                found = others
            taken = self._taken.get(
                (kind, str(ask.where), str(after(kind, ask.everything, self._stages))), []
            )
            if len(found) == 1 and not own and (found[0] not in taken or kind not in _ONCE):
                return found[0]
            close = nearest(ask.words, found) or nearest(ask.everything, found)
            if close is not None:
                return close
            new = [name for name in found if name in facts.derived]
            if len(new) == 1 and not own and not _other_words(ask):
                return new[0]
            place = (kind, str(ask.where), str(after(kind, ask.everything, self._stages)))
            left = [name for name in found if name not in self._taken.get(place, [])]
            if len(left) == 1:
                return left[0]
        return None

    def _must_be_number(self, name: str) -> None:
        known = self._facts.marks.lexicon.by_name.get(name)
        if (
            known is None
            or known.numeric
            or known.profile.type == "boolean"
            or name in self._facts.derived
        ):
            return
        clock = known.profile.type == "time" or looks_like_clock(known.profile)
        if not clock and not looks_numeric(known.profile):
            raise Declined(f"The column {name} does not hold numbers.")
        self._stages.convert(name, "seconds" if clock else "number")

    def _is_number(self, name: str) -> bool:
        known = self._facts.marks.lexicon.by_name.get(name)
        return known is None or known.numeric or name in self._facts.derived

    def _pair_called(self, ask: Ask) -> list[str]:
        """Return the two columns of the text that words of a name tell: ``length_depth``."""
        found = [*mentioned(self._facts), *mentioned(self._facts, loose=True)]
        words = [word for word in ask.words.split() if len(word) > 1 and word not in _PLAIN]
        told = list(ask.columns)
        for word in words:
            close = [
                name
                for name in dict.fromkeys(found)
                if any(
                    part == word or (len(word) > 2 and part.startswith(word))
                    for part in pieces(name)
                )
            ]
            if len(close) == 1:
                told.append(close[0])
        return list(dict.fromkeys(told))

    def _pair(self, ask: Ask) -> list[str]:
        names = self._facts.autocorrelated or pair(self._facts, ask.columns)
        if len(names) != 2:
            names = self._pair_called(ask)
        if len(names) != 2:
            raise Declined(f"I do not know which two columns @{ask.slot.name} is about.")
        for name in names:
            self._must_be_number(name)
        return names


_ONCE = AGGREGATES | {"missing", "missing_share"}

_PLAIN = listed("of_figures")


def foreign_to(name: str, words: str) -> bool:
    """Return whether a name to fill has words that a new column's name has not."""
    left = set(words.split()) - _PLAIN
    return bool(left) and not left <= set(pieces(name))


def _other_words(ask: Ask) -> bool:
    """Return whether a name has words that no statistic accounts for."""
    return bool(set(ask.words.split()) - _PLAIN)
