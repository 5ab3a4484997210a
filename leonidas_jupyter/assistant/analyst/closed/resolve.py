"""From a name of the form to the outputs that fill it, by what kind of figure it asks for."""

import re
from collections.abc import Callable

from leonidas_jupyter.assistant.analyst.closed import figures
from leonidas_jupyter.assistant.analyst.closed.columnwise import Columnwise
from leonidas_jupyter.assistant.analyst.closed.concepts import AGGREGATES, concept_in
from leonidas_jupyter.assistant.analyst.closed.contrasts import Contrasts
from leonidas_jupyter.assistant.analyst.closed.extremes import (
    entity,
)
from leonidas_jupyter.assistant.analyst.closed.flagged import Flagged
from leonidas_jupyter.assistant.analyst.closed.leading import place_of
from leonidas_jupyter.assistant.analyst.closed.modelling import Modelling
from leonidas_jupyter.assistant.analyst.closed.ranking import Ranking
from leonidas_jupyter.assistant.analyst.closed.related import Related
from leonidas_jupyter.assistant.analyst.closed.targets import mentioned
from leonidas_jupyter.assistant.analyst.closed.testing import Testing
from leonidas_jupyter.assistant.analyst.closed.wanted import (
    Ask,
    Wanted,
    decline,
    plain,
)


class Resolver(Testing, Ranking, Contrasts, Columnwise, Flagged, Modelling, Related):
    """Fills names one by one, in the light of the text's facts and steps."""

    def wanted(self, ask: Ask) -> Wanted:
        """Return what fills a name.

        Raises:
            Declined: it is not understood.
        """
        modelled = self._modelled(ask) or self._most_related(ask)
        if modelled is not None:
            return modelled
        if ask.options:
            return self._greater(ask) or self._columnwise(ask) or self._decided(ask)
        return self._asked(ask)

    def _asked(self, ask: Ask) -> Wanted:
        for special in self._specials():
            found = special(ask)
            if found is not None:
                return found
        kind = ask.concept.kind if ask.concept else self._only_kind(ask)
        if kind == "count" and "total" in ask.words and self._facts.says(r"\bsum\b"):
            kind = "sum"
        counts = self._facts.says(r"\bhow many\b|\bcount\b|\bnumber of\b")
        if not kind and not counts and len(ask.columns) == 1 and self._is_number(ask.columns[0]):
            kind = self._end(ask)
        if not kind and not ask.where and entity(ask.words, self._facts, ask.columns) is not None:
            return self._ranked(ask)
        if ask.textual and kind not in ("p", "corr", "mode"):
            return self._named(ask)
        for kinds, resolve in self._kinds():
            if kind in kinds:
                return resolve(ask, kind)
        raise decline(ask)

    def _specials(self) -> tuple[Callable[[Ask], Wanted | None], ...]:
        """Return the readings that are tried before those by the kind of figure."""
        return (
            self._flagged, self._contrast, self._greater, self._columnwise, self._strongest,
            self._led,
        )  # fmt: skip

    def _only_kind(self, ask: Ask) -> str:
        """Return the only figure that the sentences ask for, where a name says no kind."""
        asked = [text for text in self._facts.texts if re.search(_ASKS, text)]
        found = {concept.kind for text in asked for concept in [concept_in(text)] if concept}
        found &= AGGREGATES | {"count", "missing", "outlier_count", "share", "missing_share"}
        if len(found) == 2 and found & {"distinct", "missing", "outlier_count", "missing_share"}:
            found -= {"count", "share"}
        if len(found) == 1:
            return found.pop()
        if found or not re.search(r"integer|count|number", ask.everything):
            return ""
        return (
            "count"
            if ask.where or any(re.search(r"\bhow many\b|\bcount\b", text) for text in asked)
            else ""
        )

    def _kinds(self) -> tuple[tuple[frozenset[str], Callable[[Ask, str], Wanted]], ...]:
        return (
            (frozenset(figures.OUTLIER_PARTS), self._outliers),
            (AGGREGATES, self._aggregate),
            (frozenset({"missing", "missing_share"}), self._missing),
            (frozenset({"corr"}), self._correlation),
            (frozenset({"p", "statistic", "dof"}), self._tested),
            (frozenset({"duplicates"}), self._duplicates),
            (frozenset({"count", "share"}), self._counted),
            (frozenset({"first"}), self._first),
            (frozenset({"removed"}), self._removed),
            (frozenset({"outlier_list"}), self._outlier_list),
        )

    def _aggregate(self, ask: Ask, kind: str) -> Wanted:
        other = self._at_extreme(ask, kind)
        if other is not None:
            return other
        column = self._column(ask, kind, numeric=kind not in ("distinct", "mode"))
        if kind == "quantile":
            return self._quantile(ask, column)
        if kind == "distinct" and self._facts.least > 1:
            return self._frequent(ask, column)
        output = figures.aggregate(f"{ask.slot.name}", kind, column, self._facts)
        return plain(self._place(output, ask, kind), ask, whole=kind == "distinct")

    def _strongest(self, ask: Ask) -> Wanted | None:
        """Return what the strongest correlation among all columns of numbers asks for."""
        match = next((each for _, each in self._facts.finds(_STRONGEST)), None)
        if match is None or mentioned(self._facts):
            return None
        methods = [one for one in ("pearson", "spearman", "kendall") if one in self._facts.methods]
        size = match["strong"] or self._facts.says(r"\babsolute\b")
        by = "lowest" if match["least"] else "absolute" if size else "highest"
        output = {
            "op": "strongest_pair", "name": "strongest",
            "method": methods[0] if len(methods) == 1 else "pearson",
            "by": by,
        }  # fmt: skip
        if len(methods) > 1:
            raise decline(ask)
        kind = ask.concept.kind if ask.concept else ""
        output = self._place(output, ask, "corr")
        if kind == "corr" and not ask.textual:
            return plain({**output}, ask, "r")
        place = place_of(ask.words, ask.slot.placeholder)
        said = f"{ask.words} {ask.slot.placeholder} {ask.about}".lower()
        if re.search(r"\b(?:pair|columns|features|variables)\b", said) and "," not in said:
            raise decline(ask)
        return plain({**output}, ask, "second" if place == 2 else "first")

    def _quantile(self, ask: Ask, column: str) -> Wanted:
        """Return a percentile that the name, or else the text, gives by its number."""
        said = [ask.everything, *self._facts.texts]
        pattern = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)[\s-]*(?:percentile|quantile)")
        found = [pattern.findall(text) for text in said]
        own = found[0] or [number for each in found for number in each]
        if len(set(own)) != 1:
            raise decline(ask)
        output = {
            "op": "aggregate", "name": ask.slot.name, "column": column, "statistic": "quantile",
            "q": int(own[0]) / 100,
        }  # fmt: skip
        return plain(self._place(output, ask, "quantile"), ask)


_STRONGEST = re.compile(
    r"\b(?:pair|two|combination)\b[^.;]*"
    r"\b(?:highest|greatest|largest|maximum|most positive|(?P<strong>strongest|most strongly)"
    r"|(?P<least>most negative|lowest))\b[^.;]*\bcorrelat\w*"
)
_ASKS = (
    r"\b(?:what|how many|calculate|find|compute|determine|provide|count|report|give"
    r"|identify|return)\b"
)
