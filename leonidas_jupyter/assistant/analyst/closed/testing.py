"""Names that ask for a test's figures, or for which of the allowed words it leads to."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from leonidas_jupyter.assistant.analyst.closed import figures
from leonidas_jupyter.assistant.analyst.closed.apart import sampled_by, samples_of
from leonidas_jupyter.assistant.analyst.closed.counting import Counting
from leonidas_jupyter.assistant.analyst.closed.decide import consequence_options, negative
from leonidas_jupyter.assistant.analyst.closed.facts import Condition, Declined
from leonidas_jupyter.assistant.analyst.closed.group_choice import GroupChoice
from leonidas_jupyter.assistant.analyst.closed.one_sided import ONE_SIDED, one_sided
from leonidas_jupyter.assistant.analyst.closed.roles import spelled_out
from leonidas_jupyter.assistant.analyst.closed.sampling import (
    MANY,
    categories,
    groups_named,
    numbered,
)
from leonidas_jupyter.assistant.analyst.closed.targets import (
    free_columns,
    mentioned,
    names_in,
    targets,
)
from leonidas_jupyter.assistant.analyst.closed.wanted import (
    Ask,
    Wanted,
    decision,
    decline,
    plain,
)


class Testing(Counting, GroupChoice):
    """Fills names with the figures of tests and with decisions."""

    def _correlation(self, ask: Ask, kind: str) -> Wanted:
        output = self._place(
            figures.correlation(ask.slot.name, self._pair(ask), self._facts, ask.everything),
            ask,
            kind,
        )
        return plain(output, ask, "r")

    def _test(self, ask: Ask) -> tuple[figures.Output, dict[str, str]]:
        """Return the only test that the text speaks of, and its figures."""
        facts, name = self._facts, ask.slot.name
        kind = self._test_kind(ask)
        if kind in figures.NORMALITY:
            output = figures.normality(name, self._column(ask, "p"), kind)
            return output, {"p": f"{name}_p", "statistic": f"{name}_statistic"}
        if kind == "corr":
            output = figures.correlation(name, self._pair(ask), facts, ask.everything)
            return output, {"p": f"{name}_p", "r": f"{name}_r"}
        if kind == "chi2":
            return self._independence(ask)
        output = self._compared(ask, kind)
        if "by" in output and "groups" not in output and self._facts.says(r"\bfirst sample\b"):
            raise Declined("I do not know which of the groups is the first sample.")
        return output, {"p": f"{name}_p", "statistic": f"{name}_statistic"}

    def _test_kind(self, ask: Ask) -> str:
        methods = set(self._facts.methods)
        tests = [
            name
            for name in (*figures.NORMALITY, *figures.TWO, *figures.MANY, "chi2")
            if name in methods
        ]
        related = bool({"pearson", "spearman", "kendall"} & methods) or self._facts.says(
            r"\bcorrelation\b"
        )
        if re.search(r"\bcorr\w*|\brelation\w*", ask.everything) and related:
            return "corr"
        named = [name for name in tests if re.search(_WORDS.get(name, name), ask.everything)]
        if len(named) == 1:
            return named[0]
        if len(tests) == 1 and not (
            related and not re.search(r"normal|differ|test", ask.everything)
        ):
            return tests[0]
        if related and not tests:
            return "corr"
        raise Declined(f"I do not know which test @{ask.slot.name} is about.")

    def _compared(self, ask: Ask, kind: str) -> figures.Output:
        column_of = [name for name, found in self._groups.items() if len(found) >= 2]
        column_of = [name for name in column_of if name in self._facts.classes] or column_of
        output: figures.Output = {"name": ask.slot.name}
        output["op"] = "compare_two" if kind in figures.TWO else "compare_groups"
        output["test"] = "ks" if kind == "ks2" else kind
        samples = samples_of(self.asks, ask, kind in figures.TWO)
        if samples:
            output |= one_sided(self._facts, kind, [])
            return self._apart(ask, output, samples)
        if len(column_of) == 1:
            if any(one.op != "==" for one in self._groups[column_of[0]]):
                own = {str(one.shape): one for one in self._groups[column_of[0]]}
                return self._apart(ask, output, [[one] for one in own.values()])
            values = list(dict.fromkeys(one.value for one in self._groups[column_of[0]]))
            return {
                **output,
                **one_sided(self._facts, kind, self._groups[column_of[0]]),
                "column": self._compared_column(ask),
                "by": column_of[0],
                "groups": values,
            }
        if self._facts.says(ONE_SIDED):
            raise Declined("I do not know which group the one-sided test takes for the greater.")
        if not column_of and len(self._facts.groups) == 1:
            return {**output, "column": self._compared_column(ask), "by": self._facts.groups[0]}
        sides = categories(self._facts, 2 if kind in figures.TWO else MANY)
        if not column_of and len(sides) == 1:
            return {**output, "column": self._compared_column(ask), "by": sides[0]}
        names = mentioned(self._facts)
        if not column_of and len(names) == 2 and kind in figures.TWO:
            return {**output, "columns": names}
        if not column_of:
            return {**output, **self._sampled(ask, kind)}
        raise Declined("I do not know which groups shall be compared.")

    def _apart(
        self, ask: Ask, output: figures.Output, samples: Sequence[Sequence[Condition]]
    ) -> figures.Output:
        """Return the test of samples that conditions tell apart."""
        own = {str(one.shape) for each in samples for one in each}
        ask.where = [one for one in ask.where if str(one.shape) not in own]
        column = self._compared_column(ask)
        name, labels = sampled_by(samples, self._facts, self._stages)
        return {**output, "column": column, "by": name, "groups": labels}

    def _sampled(self, ask: Ask, kind: str) -> figures.Output:
        """Return the samples that the text names only by a column's plain name, or by numbers."""
        found = numbered(self._facts) if kind in figures.TWO else None
        if found is not None:
            return {"column": self._compared_column(ask), "by": found[0], "groups": found[1]}
        named = groups_named(self._facts, 2 if kind in figures.TWO else MANY)
        if len(named) != 1:
            raise Declined("I do not know which groups shall be compared.")
        return {"column": self._compared_column(ask), "by": named[0]}

    def _compared_column(self, ask: Ask) -> str:
        own = [name for name in ask.columns if self._is_number(name) and name not in self._groups]
        found = own or [
            name
            for name in mentioned(self._facts)
            if name not in self._groups
            and name not in self._facts.groups
            and name not in categories(self._facts, 2)
        ]
        if len(found) != 1:
            found = list(dict.fromkeys(name for names in self._taken.values() for name in names))
        if len(found) != 1:
            raise Declined(f"I do not know which column @{ask.slot.name} compares.")
        return found[0]

    def _independence(self, ask: Ask) -> tuple[figures.Output, dict[str, str]]:
        names = ask.columns if len(ask.columns) == 2 else self._crossed()
        if len(names) != 2:
            raise Declined("I do not know which two columns the chi-squared test is about.")
        name = ask.slot.name
        output: figures.Output = {
            "op": "independence",
            "name": name,
            "rows": names[0],
            "columns": names[1],
        }
        if self._facts.says(_UNCORRECTED):
            output["correction"] = False
        return output, {"p": f"{name}_p", "statistic": f"{name}_statistic", "dof": f"{name}_dof"}

    def _crossed(self) -> list[str]:
        """Return the two columns whose values are counted together."""
        facts = self._facts
        split = list(facts.classes)
        sources = {name for each in split for name in names_in(facts.derived[each])}
        for texts in (facts.texts, [spelled_out(text, facts) for text in facts.texts]):
            named = [name for text in texts for name in free_columns(text, facts)]
            found = list(dict.fromkeys([*split, *named]))
            found = [name for name in found if name in split or name not in sources]
            if len(found) == 2:
                return found
            few = [name for name in found if name in split or self._tells_groups(name)]
            if len(few) == 2:
                return few
        return []

    def _tells_groups(self, name: str) -> bool:
        known = self._facts.marks.lexicon.by_name.get(name)
        return known is not None and 2 <= known.profile.distinct <= MANY

    def _in_both(self, ask: Ask, wanted: Wanted) -> Wanted:
        """Return what fills a name whichever normal distribution is meant by a test against one."""
        tests = [output for output in wanted.outputs if output.get("test") == "kstest"]
        against = figures.kolmogorov(self._facts)
        if not tests:
            return wanted
        first = [
            {**output, "against": against[0]} if output in tests else output
            for output in wanted.outputs
        ]
        if len(against) == 1:
            return Wanted(first, wanted.finish, wanted.said)
        name = f"{ask.slot.name} raw"
        second = [{**output, "name": name, "against": against[1]} for output in tests]

        def finish(found: Mapping[str, Any]) -> str:
            own = str(tests[0]["name"])
            raw = {
                own + key.removeprefix(name): value
                for key, value in found.items()
                if key.startswith(name)
            }
            said, other = wanted.finish(found), wanted.finish({**found, **raw})
            if said != other:
                raise Declined(
                    "It does not say whether the test takes the values as they are or standardised,"
                    " which makes a difference here."
                )
            return said

        return Wanted([*first, *second], finish, wanted.said)

    def _tested(self, ask: Ask, kind: str) -> Wanted:
        output, keys = self._test(ask)
        if kind not in keys:
            raise decline(ask)
        part = keys[kind].removeprefix(f"{ask.slot.name}_")
        return self._in_both(ask, plain(self._place(output, ask, kind), ask, part))

    def _decided(self, ask: Ask) -> Wanted:
        said = ask.everything
        if re.search(r"\bskew\w*", said) and not self._facts.methods:
            output = figures.aggregate(
                ask.slot.name, "skewness", self._column(ask, "skewness"), self._facts
            )
            return decision(
                ask,
                self._facts,
                [self._place(output, ask, "skewness")],
                {"skewness": ask.slot.name},
            )
        groups = self._group_choice(ask)
        if groups is not None:
            return groups
        if not self._facts.methods and re.search(r"\boutliers?\b", said):
            output = self._place(
                self._outliers(ask, "outlier_count").outputs[0], ask, "outlier_count"
            )
            return self._exists(ask, output, f"{ask.slot.name}_count")
        if re.search(r"\bmissing|\bnull", said) and not self._facts.methods:
            return self._exists(ask, self._missing(ask, "missing").outputs[0], ask.slot.name)
        output, keys = self._ruling(ask) or self._test(ask)
        return self._in_both(
            ask, decision(ask, self._facts, [self._place(output, ask, "decision")], keys)
        )

    def _ruling(self, ask: Ask) -> tuple[figures.Output, dict[str, str]] | None:
        """Return the figure that the rules about the allowed words compare, if it is no test's."""
        subjects = {
            subject.removeprefix("abs_")
            for rule in self._facts.rules
            if consequence_options(rule, ask.options, self._facts.marks, ask.everything)
            for subject, _, _ in rule.tests
        }
        if subjects in ({"skewness"}, {"kurtosis"}):
            kind = subjects.pop()
            column = next(iter(targets(kind, self._facts)[:1]), None) or self._column(ask, "p")
            output = figures.aggregate(ask.slot.name, kind, column, self._facts)
            return output, {kind: ask.slot.name}
        if subjects in ({"r"}, {"r", "p"}):
            output = figures.correlation(
                ask.slot.name, self._pair(ask), self._facts, ask.everything
            )
            return output, {"p": f"{ask.slot.name}_p", "r": f"{ask.slot.name}_r"}
        return None

    def _exists(self, ask: Ask, output: figures.Output, key: str) -> Wanted:
        denials = [option for option in ask.options if negative(option)]
        claims = [option for option in ask.options if not negative(option)]
        if len(denials) != 1 or len(claims) != 1:
            raise decline(ask)
        return Wanted([output], lambda found: claims[0] if found[key] else denials[0])


_UNCORRECTED = r"\bcorrection\s*=\s*false\b|\b(?:no|without)\s+(?:\w+\s+){0,2}?correction\b"
_WORDS = {
    "kstest": r"kolmogorov|\bks\b",
    "shapiro": r"shapiro",
    "anderson": r"anderson",
    "normaltest": r"agostino",
    "jarque_bera": r"jarque",
    "t": r"\bt[\s-]?test|\bt[\s-]stat",
    "anova": r"anova",
    "levene": r"levene",
    "bartlett": r"bartlett",
    "chi2": r"\bchi",
}
