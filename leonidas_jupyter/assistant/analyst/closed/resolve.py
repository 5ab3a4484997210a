"""From a name of the form to the outputs that fill it, by what kind of figure it asks for."""

import re
from collections.abc import Callable

from leonidas_jupyter.assistant.analyst.closed import figures
from leonidas_jupyter.assistant.analyst.closed.concepts import AGGREGATES, concept_in
from leonidas_jupyter.assistant.analyst.closed.extremes import (
    entity,
)
from leonidas_jupyter.assistant.analyst.closed.ranking import Ranking
from leonidas_jupyter.assistant.analyst.closed.regression import read_model
from leonidas_jupyter.assistant.analyst.closed.testing import Testing
from leonidas_jupyter.assistant.analyst.closed.wanted import (
    Ask,
    Wanted,
    decline,
    plain,
)


class Resolver(Testing, Ranking):
    """Fills names one by one, in the light of the text's facts and steps."""

    def wanted(self, ask: Ask) -> Wanted:
        """Return what fills a name.

        Raises:
            Declined: it is not understood.
        """
        if ask.options:
            return self._decided(ask)
        kind = ask.concept.kind if ask.concept else self._only_kind(ask)
        if not kind and len(ask.columns) == 1 and self._is_number(ask.columns[0]):
            kind = self._end(ask)
        if not kind and not ask.where and entity(ask.words, self._facts, ask.columns) is not None:
            return self._ranked(ask)
        if ask.textual and kind not in ("p", "corr", "mode"):
            return self._named(ask)
        for kinds, resolve in self._kinds():
            if kind in kinds:
                return resolve(ask, kind)
        raise decline(ask)

    def _only_kind(self, ask: Ask) -> str:
        """Return the only figure that the sentences ask for, where a name says no kind."""
        asked = [text for text in self._facts.texts if re.search(_ASKS, text)]
        found = {concept.kind for text in asked for concept in [concept_in(text)] if concept}
        found &= AGGREGATES | {"count", "missing", "outlier_count", "share", "missing_share"}
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
            (frozenset({"p", "statistic"}), self._tested),
            (frozenset({"duplicates"}), self._duplicates),
            (frozenset({"count", "share"}), self._counted),
            (frozenset({"first"}), self._first),
            (frozenset({"removed"}), self._removed),
            (frozenset({"outlier_list"}), self._outlier_list),
            (frozenset({"mse", "rmse", "mae", "r2", "intercept", "slope"}), self._regression),
        )

    def _aggregate(self, ask: Ask, kind: str) -> Wanted:
        other = self._at_extreme(ask, kind)
        if other is not None:
            return other
        column = self._column(ask, kind, numeric=kind not in ("distinct", "mode"))
        if kind == "quantile":
            raise decline(ask)
        output = figures.aggregate(f"{ask.slot.name}", kind, column, self._facts)
        return plain(self._place(output, ask, kind), ask, whole=kind == "distinct")

    def _regression(self, ask: Ask, kind: str) -> Wanted:
        model = read_model(self._facts)
        output = {**model.output, "name": "model"}
        return plain(self._place(output, ask, kind), ask, kind)


_ASKS = (
    r"\b(?:what|how many|calculate|find|compute|determine|provide|count|report|give"
    r"|identify|return)\b"
)
