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
from leonidas_jupyter.assistant.analyst.closed.targets import mentioned
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
        if not ask.columns and self._facts.says(
            r"\b(?:which|what) (?:column|variable|feature|field)s?\b[^.;]*\bmost\b"
            r"|\bcolumn with (?:the )?(?:most|highest|largest)\b"
        ):
            output = self._place({"op": "missing_cells", "name": ask.slot.name}, ask, kind)
            if kind == "missing":
                return plain(output, ask, "most", whole=True)
            raise decline(ask)
        if not ask.columns and self._in_all(ask):
            output = self._place({"op": "missing_cells", "name": ask.slot.name}, ask, kind)
            if kind == "missing":
                return plain(output, ask, "total", whole=True)
            raise decline(ask)
        column = self._column(ask, "missing", numeric=False)
        output = self._place(
            figures.aggregate(ask.slot.name, "missing", column, self._facts), ask, kind
        )
        if kind == "missing":
            return plain(output, ask, whole=True)
        rows = self._place({"op": "rows", "name": f"{ask.slot.name} rows"}, ask, kind)
        return self._ratio(ask, output, rows)

    def _in_all(self, ask: Ask) -> bool:
        """Return whether the missing values of the whole table are counted."""
        return (
            not mentioned(self._facts, numeric=False)
            and self._facts.says(
                r"\b(?:entire|whole|in the|in this|all columns of the)\s*"
                r"(?:dataset|data\s?frame|table|data)\b"
            )
            and not ask.where
        )

    def _ratio(self, ask: Ask, part: figures.Output, whole: figures.Output) -> Wanted:
        percent = self._in_percent(ask)

        def finish(found: Mapping[str, Any]) -> str:
            share = (
                found[part["name"]] / found[whole["name"]] if found[whole["name"]] else float("nan")
            )
            return number(share * (100 if percent else 1), ask.slot.decimals)

        return Wanted([part, whole], finish)

    def _in_percent(self, ask: Ask) -> bool:
        """Return whether a share is to be written in percent: by its own words, or by the text."""
        if re.search(r"\bpercent\w*|%|\bpct\b|\bbetween 0 and 100\b", ask.everything):
            return True
        if re.search(r"\bbetween 0 and 1\b|\bfraction\b|\bproportion\b", ask.everything):
            return False
        return self._facts.says(
            r"\bin percent\b|\b(?:as|in) (?:a )?percentages?\b|\bwhat percentage\b"
            r"|\bmultipl\w+ by 100\b"
        )

    def _duplicates(self, ask: Ask, _kind: str) -> Wanted:
        self._facts.kinds.add("duplicates")
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
            if self._facts.least > 1:
                return self._frequent(ask, column)
            output = figures.aggregate(ask.slot.name, "distinct", column, self._facts)
            return plain(self._place(output, ask, "distinct"), ask, whole=True)
        if kind == "count":
            return plain(
                self._place({"op": "rows", "name": ask.slot.name}, ask, kind), ask, whole=True
            )
        asked = self._facts.says(
            r"\bshares?\b|\bpercent\w*|\bproportions?\b|\bfractions?\b|%|\brates?\b"
        )
        if not ask.where or not asked:
            raise decline(ask)
        part = self._place({"op": "rows", "name": f"{ask.slot.name} part"}, ask, kind)
        whole = {key: value for key, value in part.items() if key != "where"}
        return self._ratio(ask, part, {**whole, "name": f"{ask.slot.name} whole"})

    def _frequent(self, ask: Ask, column: str) -> Wanted:
        """Return how many values occur as often as the text demands."""
        output = {
            "op": "groups", "name": ask.slot.name, "by": [column], "limit": 1000,
            "measures": [{"name": "rows", "statistic": "rows"}], "min_rows": self._facts.least,
        }  # fmt: skip
        return Wanted(
            [self._place(output, ask, "distinct")], lambda found: str(len(found[ask.slot.name]))
        )

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
