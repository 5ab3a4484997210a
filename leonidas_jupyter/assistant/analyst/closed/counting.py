"""Names that ask for a number of rows, of missing values, of outliers, or for what they are."""

import re
from collections.abc import Mapping
from typing import Any

from leonidas_jupyter.assistant.analyst.closed import figures
from leonidas_jupyter.assistant.analyst.closed.choosing import Choosing
from leonidas_jupyter.assistant.analyst.closed.extremes import (
    entity,
)
from leonidas_jupyter.assistant.analyst.closed.facts import Declined
from leonidas_jupyter.assistant.analyst.closed.wanted import (
    Ask,
    Wanted,
    decline,
    number,
    plain,
)


class Counting(Choosing):
    """Fills names with counts and lists."""

    def _outliers(self, ask: Ask, kind: str) -> Wanted:
        step = self._facts.step("outliers")
        known = step.columns if step else []
        column = (
            known[0] if len(known) == 1 and not ask.columns else self._column(ask, "outlier_count")
        )
        self._must_be_number(column)
        output = self._place(figures.outliers(ask.slot.name, column, self._facts), ask, kind)
        return plain(output, ask, figures.OUTLIER_PARTS[kind], whole=kind == "outlier_count")

    def _outlier_list(self, ask: Ask, kind: str = "outlier_list") -> Wanted:
        step = self._facts.step("outliers")
        column = (
            step.columns[0]
            if step and len(step.columns) == 1
            else self._column(ask, "outlier_count")
        )
        labels = [name for name in ask.columns if name != column and not self._is_number(name)]
        labels = labels or [
            name for name in [entity(ask.words, self._facts, [])] if name and ask.textual
        ]
        output = {
            **figures.outliers(ask.slot.name, column, self._facts),
            "op": "outlier_list",
            "columns": labels[:1],
            "limit": 200,
        }
        output = self._place(output, ask, kind)

        def finish(found: Mapping[str, Any]) -> str:
            rows = found[ask.slot.name]
            shown = labels[0] if labels else column
            return ", ".join(number(row[shown], ask.slot.decimals) for row in rows) or "[]"

        return Wanted([output], finish)

    def _missing(self, ask: Ask, kind: str) -> Wanted:
        column = self._column(ask, "missing", numeric=False)
        output = self._place(
            figures.aggregate(ask.slot.name, "missing", column, self._facts), ask, kind
        )
        if kind == "missing":
            return plain(output, ask, whole=True)
        rows = self._place({"op": "rows", "name": f"{ask.slot.name} rows"}, ask, kind)
        return self._ratio(ask, output, rows)

    def _ratio(self, ask: Ask, part: figures.Output, whole: figures.Output) -> Wanted:
        percent = re.search(r"\bpercent\w*|%|\bbetween 0 and 100\b", ask.everything) is not None

        def finish(found: Mapping[str, Any]) -> str:
            share = (
                found[part["name"]] / found[whole["name"]] if found[whole["name"]] else float("nan")
            )
            return number(share * (100 if percent else 1), ask.slot.decimals)

        return Wanted([part, whole], finish)

    def _duplicates(self, ask: Ask, _kind: str) -> Wanted:
        at = self._stages.before.get("dedupe")
        if at is None:
            self._stages.add("dedupe", {"op": "drop_duplicates"})
            at = len(self._stages.steps) - 1
        before: figures.Output = {"op": "rows", "name": f"{ask.slot.name} before", "after": at}
        left: figures.Output = {"op": "rows", "name": f"{ask.slot.name} after", "after": at + 1}

        def finish(found: Mapping[str, Any]) -> str:
            return str(int(found[before["name"]] - found[left["name"]]))

        if re.search(
            r"\b(?:after|clean|remaining|without|unique)\b", ask.everything
        ) and not re.search(r"removed|number of duplicate|duplicate rows removed", ask.everything):
            return plain(left, ask, whole=True)
        return Wanted([before, left], finish)

    def _counted(self, ask: Ask, kind: str) -> Wanted:
        if kind == "count" and "ignore_missing" in self._facts.kinds:
            raise Declined("I do not know whether rows with missing values count.")
        if (
            kind == "count"
            and self._facts.says(r"\b(?:unique|distinct|different)\b")
            and not ask.where
        ):
            column = self._column(ask, "distinct", numeric=False)
            output = figures.aggregate(ask.slot.name, "distinct", column, self._facts)
            return plain(self._place(output, ask, "distinct"), ask, whole=True)
        if kind == "count":
            return plain(
                self._place({"op": "rows", "name": ask.slot.name}, ask, kind), ask, whole=True
            )
        if not ask.where:
            raise decline(ask)
        part = self._place({"op": "rows", "name": f"{ask.slot.name} part"}, ask, kind)
        whole = {key: value for key, value in part.items() if key != "where"}
        return self._ratio(ask, part, {**whole, "name": f"{ask.slot.name} whole"})

    def _removed(self, ask: Ask, _kind: str) -> Wanted:
        """Return how many rows the steps that remove rows have taken away."""
        found = [
            self._stages.before[step]
            for step in ("dedupe", "drop", "outliers")
            if step in self._stages.before
        ]
        if len(found) != 1:
            raise decline(ask)
        before: figures.Output = {
            "op": "rows",
            "name": f"{ask.slot.name} before",
            "after": found[0],
        }
        left: figures.Output = {
            "op": "rows",
            "name": f"{ask.slot.name} after",
            "after": found[0] + 1,
        }
        return Wanted(
            [before, left],
            lambda figures_: str(int(figures_[before["name"]] - figures_[left["name"]])),
        )

    def _first(self, ask: Ask, kind: str) -> Wanted:
        output = {"op": "cell", "name": ask.slot.name, "column": self._column(ask, kind), "row": 0}
        return plain(self._place(output, ask, kind), ask)
