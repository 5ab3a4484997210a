"""A model as a text describes it: what kind, target and features, how the rows are split."""

import re
from dataclasses import dataclass, field
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.encoding import encoded
from leonidas_jupyter.assistant.analyst.closed.facts import Condition, Declined, Facts
from leonidas_jupyter.assistant.analyst.closed.marks import C
from leonidas_jupyter.assistant.analyst.closed.roles import roles, spelled_out
from leonidas_jupyter.assistant.analyst.closed.training import share_for_testing, trained_on

_SEED = re.compile(
    r"\b(?:random[\s_-]*(?:state|seed)|seed)\s*(?:value\s*)?(?:of|=|is|:|to|set to|as)?\s*"
    r"(?P<n>\d+)"
)
_PREDICTS = re.compile(r"\b(?:predict|estimat|forecast|expect)\w*\b")
_VALUE = re.compile(
    rf"({C})\s*(?:values?\s+)?(?:of|=|is|:|at|equal\s+to)?\s*(?P<n>-?\d+(?:,\d{{3}})*(?:\.\d+)?)(?!\s*%|[\d.,]*\s*decimal)"
)
_STRENGTH = re.compile(r"\bc\s*=\s*(?P<n>\d+(?:\.\d+)?)\b")
_ITERATIONS = re.compile(r"\bmax[_\s]iter(?:ations?)?\s*(?:=|of|:)?\s*(?P<n>\d+)")
_UNPENALISED = (
    r"\bpenalty\s*=\s*['\"]?none|\b(?:no|without(?: a)?) (?:penalty|regulari\w+)|\bunpenali\w+"
    r"|\bstatsmodels\b|\bodds ratios?\b|\bmaximum likelihood\b|\blogit\b|\bp-?\s?values?\b"
)
_OTHERWISE = (
    r"\bstratif\w*|\bclass_weight\b|\bbalanced\b|\bliblinear\b|\bsaga?\b|\bnewton\b|\bl1\b"
    r"|\belastic|\bthreshold\b|\bshuffle\s*=\s*false|\bpolynomial\b|\binteraction\b"
)


@dataclass
class Model:
    """A linear or logistic model, as the output of a recipe takes it."""

    op: str
    target: str
    features: list[str]
    how: dict[str, Any] = field(default_factory=dict)
    given: list[float] = field(default_factory=list)

    @property
    def output(self) -> dict[str, Any]:
        """The output of a recipe, without its name."""
        predict = {"predict": self.given} if self.given else {}
        return {
            "op": self.op, "target": self.target, "features": self.features, **self.how, **predict
        }  # fmt: skip


def read_model(facts: Facts) -> None:
    """Add the model that a text describes to ``facts``, or why it is not understood."""
    if not {"linear", "logistic"} & set(facts.methods):
        return
    try:
        facts.model = _model(facts)
    except Declined as declined:
        facts.model = declined


def model_of(facts: Facts) -> Model:
    """Return the model that the text describes.

    Raises:
        Declined: it describes none, or not one whole.
    """
    if isinstance(facts.model, Declined):
        raise facts.model
    if not isinstance(facts.model, Model):
        raise Declined("It does not say which model shall predict.")
    return facts.model


def _model(facts: Facts) -> Model:
    if {"linear", "logistic"} <= set(facts.methods) or facts.says(_OTHERWISE):
        raise Declined("I do not know which model shall be fitted.")
    logistic = "logistic" in facts.methods
    target, features = roles(facts)
    how: dict[str, Any] = {}
    if logistic:
        target = _class(facts, target, how)
        _check_classes(facts, target)
    features = encoded(facts, features)
    if target is None:
        raise Declined("I do not know what the regression shall predict from what.")
    if not logistic and not _numeric(target, facts):
        raise Declined(f"The column {target} does not hold numbers.")
    facts.kinds |= {"model"}
    seed = 42
    for at, match in facts.finds(_SEED):
        facts.use(at, match)
        seed = int(match["n"])
    chosen = trained_on(facts)
    share = None if chosen is not None else share_for_testing(facts)
    if chosen is not None:
        how["train"] = chosen.shape
    elif share is not None:
        how |= {"test_size": share, "seed": seed}
    if logistic:
        how |= _penalty(facts)
    _scaled(facts, features, how)
    model = Model("logistic_regression" if logistic else "linear_regression", target, features, how)
    model.given = _given(facts, features)
    return model


def _numeric(name: str, facts: Facts) -> bool:
    known = facts.marks.lexicon.by_name.get(name)
    return known is None or known.numeric or known.profile.type == "boolean"


_MOST_CLASSES = 20


def _check_classes(facts: Facts, target: str | None) -> None:
    """Check that a column holds classes; scikit-learn, too, refuses to sort into amounts."""
    known = facts.marks.lexicon.by_name.get(target or "")
    if known is not None and known.numeric and known.profile.distinct > _MOST_CLASSES:
        raise Declined(f"The column {target} holds amounts, and a classifier needs classes.")


def _class(facts: Facts, target: str | None, how: dict[str, Any]) -> str | None:
    """Return the column of classes: named, or the one whose values the text tells apart."""
    own = facts.marks.lexicon.by_name
    for one in list(facts.conditions):
        known = own.get(one.column)
        if one.op != "==" or known is None or known.profile.distinct != 2:
            continue
        if target in (None, one.column) and not _numeric(one.column, facts):
            target = one.column
            facts.conditions = [each for each in facts.conditions if each.column != target]
            how["positive"] = one.value
    if facts.says(r"\bprecision\b|\brecall\b|\bf1\b|\bpositive\b") and target is not None:
        return target
    how.pop("positive", None)
    return target


def _penalty(facts: Facts) -> dict[str, Any]:
    if facts.says(_UNPENALISED):
        return {"penalty": "none"}
    found: dict[str, Any] = {}
    for at, match in facts.finds(_ITERATIONS):
        facts.use(at, match)
        found["max_iter"] = int(match["n"])
    for at, match in facts.finds(_STRENGTH):
        facts.use(at, match)
        found["c"] = float(match["n"])
    return found


def _scaled(facts: Facts, features: list[str], how: dict[str, Any]) -> None:
    """Scale the features by the training part where the text says or implies it."""
    step = facts.step("scale")
    if step is None:
        return
    if not step.columns or not set(step.columns) <= set(features):
        step.columns = list(features) if not set(step.columns) - set(features) else step.columns
    split = "test_size" in how or "train" in how
    if split and set(step.columns) == set(features) and facts.says(_BY_TRAINING):
        how["scale"] = step.how["method"]
        facts.preparations.remove(step)


_BY_TRAINING = (
    r"\bfit(?:ted)?\b[^.;]*\btrain|\btrain\w*\b[^.;]*\b(?:statistics|mean)\b|\bafter (?:the )?split"
    r"|\bon the training\b|\bscaler\b"
)


def _given(facts: Facts, features: list[str]) -> list[float]:
    """Return the values of the features for which the model shall predict."""
    given: dict[str, float] = {}
    for texts in (facts.texts, [spelled_out(text, facts) for text in facts.texts], facts.loose):
        for at, text in enumerate(texts):
            cue = _PREDICTS.search(text)
            for match in _VALUE.finditer(text, cue.end()) if cue else ():
                name = facts.marks.column(match[1])
                if name in features and name not in given:
                    given[name] = float(match["n"].replace(",", ""))
                    _understood(facts, at, match["n"])
    if not given and len(features) == 1:
        given = _only_given(facts, features[0])
    if set(given) != set(features):
        return []
    facts.conditions = [
        one for one in facts.conditions if not (one.op == "==" and one.column in given)
    ]
    return [given[name] for name in features]


_POINT = re.compile(
    r"\b(?:for|of|at|in|when|if|given|with|is|be)\s+(?:an?\s+|the\s+)?(?:[a-z]+\s+){0,2}?"
    r"(?P<n>-?\d+(?:,\d{3})*(?:\.\d+)?)(?!\s*%|[\d.,]*\s*decimal)\b"
)


def _only_given(facts: Facts, feature: str) -> dict[str, float]:
    """Return the value of the only feature where a question about a prediction has one number."""
    found: dict[float, None] = {}
    for at, text in enumerate(facts.texts):
        cue = _PREDICTED.search(text)
        for match in _POINT.finditer(text, cue.start()) if cue else ():
            value = float(match["n"].replace(",", ""))
            told = any(
                one.column == feature and one.op == "==" and one.value == value
                for one in facts.conditions
            )
            if told or not facts.used(at, *match.span("n")):
                facts.use(at, match, "n")
                found[value] = None
    return {feature: next(iter(found))} if len(found) == 1 else {}


_PREDICTED = re.compile(r"\b(?:predict|estimat|forecast|expect)\w*\b")


def _understood(facts: Facts, at: int, number: str) -> None:
    for match in re.finditer(re.escape(number), facts.texts[at]):
        facts.use(at, match)


__all__ = ["Condition", "Model", "model_of", "read_model"]
