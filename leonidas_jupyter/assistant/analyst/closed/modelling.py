"""Names that ask for a figure of a fitted model, or for which of its predictors."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from leonidas_jupyter.assistant.analyst.closed import figures
from leonidas_jupyter.assistant.analyst.closed.choosing import Choosing
from leonidas_jupyter.assistant.analyst.closed.facts import Declined
from leonidas_jupyter.assistant.analyst.closed.models import Model, model_of
from leonidas_jupyter.assistant.analyst.closed.targets import nearest
from leonidas_jupyter.assistant.analyst.closed.wanted import (
    Ask,
    Wanted,
    decision,
    decline,
    number,
    plain,
)

NAME = "model"
"""The output of the model, which all of its names share."""

_PARTS = tuple(
    (part, re.compile(pattern))
    for part, pattern in (
        ("adjusted_r2", r"\badj\w*\b.*\br"),
        ("pseudo_r2", r"\bpseudo\b|\bmcfadden"),
        ("mape", r"\bmape\b|\bmean absolute percent\w* error"),
        ("rmse", r"\brmse\b|\broot mean squared? error"),
        ("mse", r"\bmse\b|\bmean squared? error"),
        ("mae", r"\bmae\b|\bmean absolute error"),
        ("r2", r"\br[\s-]?2\b|\br[\s-]?squared?\b|\bcoefficient of determination|\brsq\b"),
        ("accuracy", r"\baccurac\w*|\bacc\b"),
        ("precision", r"\bprecision\b"),
        ("recall", r"\brecall\b|\bsensitivity\b|\btrue positive rate\b"),
        ("f1", r"\bf1\b|\bf score\b"),
        ("auc", r"\bauc\b|\broc\b"),
        ("tp", r"\btrue positives?\b|\btp\b"),
        ("fp", r"\bfalse positives?\b|\bfp\b"),
        ("fn", r"\bfalse negatives?\b|\bfn\b"),
        ("tn", r"\btrue negatives?\b|\btn\b"),
        ("n_test", r"\bn test\b|\btest (?:size|rows|samples|set size|count|n)\b"),
        ("n_train", r"\bn train\b|\btrain(?:ing)? (?:size|rows|samples|set size|count|n)\b"),
        ("intercept", r"\bintercept\b|\bb ?0\b|\bbeta ?0\b"),
        ("prediction", r"\bpredict(?:ed|ion)\b|\bforecast\b|\bestimated\b"),
        ("odds", r"\bodds ratios?\b"),
        ("slope", r"\bslope\b|\bcoef\w*\b|\bbeta\b|\bb ?1\b|\bweight\b"),
        ("p", r"\bp[\s-]?val(?:ue)?s?\b|^p\b"),
    )
)
_WHOLE = frozenset(("tp", "fp", "fn", "tn", "n_test", "n_train"))
_SHARES = frozenset(("accuracy", "precision", "recall", "f1", "auc", "mape"))
_LEADS = re.compile(
    r"\b(?:top|strongest|most|best|largest|biggest|highest|greatest|important|influential|main)\b"
)
_PREDICTOR = re.compile(r"\b(?:predictors?|features?|variables?|regressors?|coefficients?)\b")
_SIZE = r"\babsolute\b|\bmagnitude\b|\bstrongest\b|\bimportan\w+|\binfluen\w+|\bimpact\b|\beffect\b"
_PERCENT = re.compile(r"\bpercent\w*|\bpct\b|%|\bbetween 0 and 100\b")
_YES_NO = re.compile(r"\byes\b.*\bno\b|\btrue\b.*\bfalse\b")


class Modelling(Choosing):
    """Fills the names of questions about a model."""

    def _modelled(self, ask: Ask) -> Wanted | None:
        """Return what fills a name that asks for the model's; None for one that does not."""
        if not {"linear", "logistic"} & set(self._facts.methods):
            return None
        said = f"{ask.words} {ask.slot.placeholder}".lower().replace("_", " ")
        if re.search(r"\bsignifican\w*", f"{said} {ask.about}"):
            return self._significant(ask, said)
        part = _part(ask.words) or _part(said) or _part(ask.about)
        if part is None and not ask.options and _LEADS.search(said) and _PREDICTOR.search(said):
            return self._leading_predictor(ask)
        others = set(self._facts.methods) - {"linear", "logistic"}
        if part is None or ask.options or (part == "p" and others):
            return None
        if ask.textual and part in ("slope", "p") and not re.search(r"\d|number", ask.about):
            return self._leading_predictor(ask)
        return self._figure(ask, part)

    def _output(self, ask: Ask, model: Model) -> figures.Output:
        spec = {**model.output, "name": NAME}
        named = [one for one in ask.where if one.column == model.target]
        if named and model.op == "logistic_regression" and named[0].op == "==":
            # The class that a name speaks of is the one that counts, and no condition on rows.
            ask.where = [one for one in ask.where if one not in named]
            spec |= {"name": f"{NAME} of {named[0].value}", "positive": named[0].value}
        return self._place(spec, ask, NAME)

    def _figure(self, ask: Ask, part: str) -> Wanted:
        model = model_of(self._facts)
        logistic = model.op == "logistic_regression"
        output = self._output(ask, model)
        if part == "prediction" and not model.given:
            raise decline(ask)
        if part in ("slope", "p", "odds") or (part == "intercept" and logistic):
            return self._of_term(ask, model, part)
        if part not in _OF[model.op]:
            raise decline(ask)
        percent = part in _SHARES and _PERCENT.search(f"{ask.everything} {ask.words}")
        whole = part in _WHOLE or (part == "prediction" and "integer" in ask.about)
        found = plain(output, ask, part, whole, scale=100 if percent else 1)
        return found if not (whole and part == "prediction") else self._rounded(output, part)

    def _rounded(self, output: figures.Output, part: str) -> Wanted:
        return Wanted([output], lambda found: str(round(found[f"{NAME}_{part}"])), part)

    def _of_term(self, ask: Ask, model: Model, part: str) -> Wanted:
        """Return a figure of the coefficient of one of the features, or of the intercept."""
        column = {"p": "p", "odds": "odds_ratio"}.get(part, "coefficient")
        term = "intercept" if part == "intercept" else self._term(ask, model)
        logistic = model.op == "logistic_regression"
        if column == "p" and logistic and model.output.get("penalty") != "none":
            raise decline(ask)
        leads = term is None and self._facts.says(_LEADS.pattern)
        if term is None and not leads:
            raise decline(ask)

        def finish(found: Mapping[str, Any]) -> str:
            rows = self._terms(found, model)
            chosen = term or self._leader_of(rows)
            value = next(row[column] for row in [*rows, *found[NAME]] if row["term"] == chosen)
            return number(value, ask.slot.decimals)

        return Wanted([self._output(ask, model)], finish, f"{part} {term}")

    def _term(self, ask: Ask, model: Model) -> str | None:
        own = [name for name in ask.columns if name in model.features]
        if len(own) == 1 or len(model.features) == 1:
            return (own or model.features)[0]
        return nearest(ask.words, model.features)

    def _terms(self, found: Mapping[str, Any], model: Model) -> list[Mapping[str, Any]]:
        rows = [row for row in found[NAME] if row["term"] != "intercept"]
        if len(rows) != len(model.features):
            raise Declined("Of several classes each has coefficients of its own.")
        return rows

    def _leader_of(self, rows: Sequence[Mapping[str, Any]]) -> str:
        """Return the predictor that leads: by size, by value, or by p-value."""
        if self._facts.says(r"\bmost significant\b|\b(?:smallest|lowest) p\b"):
            return str(min(rows, key=lambda row: row["p"])["term"])
        by_size = max(rows, key=lambda row: abs(row["coefficient"]))["term"]
        by_value = max(rows, key=lambda row: row["coefficient"])["term"]
        if by_size != by_value and not self._facts.says(_SIZE):
            raise Declined(
                "It does not say whether the size of a coefficient counts, or its value."
            )
        return str(by_size)

    def _leading_predictor(self, ask: Ask) -> Wanted:
        model = model_of(self._facts)
        output = self._output(ask, model)
        return Wanted([output], lambda found: self._leader_of(self._terms(found, model)), "leads")

    def _significant(self, ask: Ask, said: str) -> Wanted | None:
        """Return which predictors are significant: a word for each, their names or number."""
        if set(self._facts.methods) - {"linear", "logistic"}:
            return None
        model = model_of(self._facts)
        output = self._output(ask, model)
        alpha, features = self._facts.alpha, model.features
        parts = ask.slot.placeholder.split(",")
        answers = _YES_NO.search(f"{' '.join(ask.options)} {ask.everything}".lower())

        def chances(found: Mapping[str, Any]) -> list[float]:
            return [float(row["p"]) for row in self._terms(found, model)]

        if len(features) > 1 and len(parts) == len(features) and answers:
            yes, no = ("True", "False") if "true" in answers.group() else ("yes", "no")
            return Wanted(
                [output],
                lambda found: ",".join(yes if p < alpha else no for p in chances(found)),
                "each significant",
            )
        term = self._term(ask, model)
        if len(ask.options) == 2 and term is not None:
            return self._verdict(ask, output, term)
        if re.search(r"\bhow many\b|\bcount\b|\bnumber\b|^n\b", said):
            return Wanted([output], lambda found: str(sum(p < alpha for p in chances(found))))
        if ask.options or not _PREDICTOR.search(said):
            return None

        def named(found: Mapping[str, Any]) -> str:
            own = zip(features, chances(found), strict=True)
            return ", ".join(name for name, p in own if p < alpha) or "none"

        return Wanted([output], named, "significant")

    def _verdict(self, ask: Ask, output: figures.Output, term: str) -> Wanted:
        made = decision(ask, self._facts, [output], {"p": "p"})

        def finish(found: Mapping[str, Any]) -> str:
            p = next(row["p"] for row in found[NAME] if row["term"] == term)
            return made.finish({"p": p})

        return Wanted([output], finish, f"verdict {term}")


_OF = {
    "linear_regression": frozenset(
        ("intercept", "r2", "adjusted_r2", "mse", "rmse", "mae", "mape", "prediction", "n_train",
         "n_test")
    ),
    "logistic_regression": frozenset(
        ("accuracy", "precision", "recall", "f1", "auc", "tp", "fp", "fn", "tn", "pseudo_r2",
         "n_train", "n_test")
    ),
}  # fmt: skip
"""The parts of each kind of model."""


def _part(text: str) -> str | None:
    return next((part for part, pattern in _PARTS if pattern.search(text)), None)
