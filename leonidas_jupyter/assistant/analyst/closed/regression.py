"""Linear regression as a text describes it: target, features, how the rows are split."""

import re
from dataclasses import dataclass
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.facts import Declined, Facts
from leonidas_jupyter.assistant.analyst.closed.marks import CS, C

_ON = re.compile(
    rf"\bregress(?:ion|ing)?\s+(?:model\s+)?(?:of|for)?\s*(?:the\s+)?({C})\s+(?:on|against|with)\s+(?:the\s+)?({CS})"
)
_TARGET = (
    re.compile(
        r"\b(?:dependent|target|response|outcome|output)\s+(?:or\s+target\s+)?"
        rf"(?:variable)?[^.;]*?\b(?:is|be|should be|=|:|as)\s*(?:the\s+)?[^.;,]*?({C})"
    ),
    re.compile(
        rf"({C})\s+(?:as|is|being|to be)\s+(?:the\s+)?(?:dependent|target|response"
        r"|outcome|output)\b"
    ),
    re.compile(rf"\b(?:dependent|target|response|outcome)\s+(?:variable\s*)?\(?({C})"),
    re.compile(
        r"\bpredict(?:s|ing|ed)?\s+(?:the\s+)?(?:values?\s+(?:of|in"
        rf"|for)\s+)?[^.;{chr(0xE100)}-{chr(0xEFFF)}]{{0,40}}({C})"
    ),
    re.compile(
        r"\b(?:prediction|model(?:ling)?|forecast(?:ing)?|estimate)\s+(?:of\s+|for\s+)?"
        rf"(?:the\s+)?({C})"
    ),
)
_FEATURES = (
    re.compile(
        r"\b(?:independent|predictor|explanatory|feature|input)s?\s*(?:variables?"
        r"|features?)?[^.;]*?\b(?:is|are|be|should be|=|:|as)\s*(?:the\s+)?[^.;,]*?"
        f"({CS})"
    ),
    re.compile(
        rf"({CS})\s+(?:as|is|are|being)\s+(?:the\s+|an?\s+)?(?:independent|predictor"
        "|explanatory|feature|input)"
    ),
    re.compile(
        rf"\b(?:independent|predictor|explanatory|feature|input)s?\s+(?:variables?\s*)?\(?({CS})"
    ),
    re.compile(
        r"\b(?:using|based\s+on|from|by|with)\s+"
        rf"(?:the\s+)?[^.;{chr(0xE100)}-{chr(0xEFFF)}]{{0,30}}({CS})"
    ),
)
_TEST = (
    re.compile(
        r"(?P<n>\d+)\s*%\s*(?:of\s+(?:(?!train)[^.;]){0,40}?)?(?:for|as|to|in|into)?\s*"
        r"(?:the\s+)?(?:a\s+)?test"
    ),
    re.compile(r"\btest[\s_-]*(?:set\s+)?size\s*(?:of|=|is|:)?\s*(?P<n>\d+(?:\.\d+)?)"),
    re.compile(r"\btest\w*\s+(?:set\s+)?\(?\s*(?P<n>\d+)\s*%"),
)
_TRAIN = (
    re.compile(
        r"(?P<n>\d+)\s*%\s*(?:of\s+[^.;]{0,40}?)?(?:for|as|to|in|into)?\s*(?:the\s+)?(?:a\s+)?train"
    ),
    re.compile(
        r"\btrain\w*\s+(?:set\s+)?(?:size\s*)?(?:of|=|is|:)?\s*\(?\s*(?P<n>\d+(?:\.\d+)?)\s*%?"
    ),
)
_RATIO = re.compile(r"\b(?P<train>\d+)\s*(?:%\s*)?(?::|/|-|to)\s*(?P<test>\d+)\s*%?\b")
_SEED = re.compile(
    r"\b(?:random[\s_]*(?:state|seed)|seed)\s*(?:value\s*)?(?:of|=|is|:|to|set to|as)?\s*(?P<n>\d+)"
)
_SHARES = re.compile(r"(?P<n>\d+)\s*%")
_HUNDRED = 100


@dataclass
class Model:
    """A linear model: what is predicted from what, and the split."""

    target: str
    features: list[str]
    test_size: float | None
    seed: int
    given: list[float]

    @property
    def output(self) -> dict[str, Any]:
        """The output of a recipe, without its name."""
        split = {"test_size": self.test_size, "seed": self.seed} if self.test_size else {}
        return {
            "op": "linear_regression",
            "target": self.target,
            "features": self.features,
            **split,
            **({"predict": self.given} if self.given else {}),
        }


def read_model(facts: Facts) -> Model:
    """Return the linear model that the text describes.

    Raises:
        Declined: it does not describe one whole.
    """
    if "linear" not in facts.methods:
        raise Declined("It does not say which model shall predict.")
    on = next((match for _, match in facts.finds(_ON)), None)
    if on is not None:
        return _model(facts, facts.marks.columns_in(on[1]), facts.marks.columns_in(on[2]))
    target = _first(facts, _TARGET)
    features = [name for name in _all(facts, _FEATURES) if name not in target]
    return _model(facts, target, features)


def _model(facts: Facts, target: list[str], features: list[str]) -> Model:
    if len(target) != 1 or not features:
        raise Declined("I do not know what the regression shall predict from what.")
    size = _test_size(facts)
    facts.kinds.add("model")
    seed = 42
    for at, match in facts.finds(_SEED):
        facts.use(at, match)
        seed = int(match["n"])
    given = [facts.given[name] for name in features] if set(features) == set(facts.given) else []
    if facts.given and not given:
        raise Declined("I do not know for which values the regression shall predict.")
    return Model(target[0], features, size, seed, given)


_PREDICTS = re.compile(r"\b(?:predict|estimat|forecast|expect)\w*\b")


def read_given(facts: Facts) -> None:
    """Take the values for which a regression shall predict from the conditions on rows."""
    if "linear" not in facts.methods:
        return
    said = " ".join(text for text in facts.texts if _PREDICTS.search(text))
    for one in list(facts.conditions):
        own = facts.marks.lexicon.by_name.get(one.column)
        equal = one.op == "==" and isinstance(one.value, int | float) and own is not None
        if (
            equal
            and own is not None
            and own.numeric
            and facts.marks.column_sign(one.column) in said
        ):
            facts.given[one.column] = one.value
            facts.conditions.remove(one)


def _first(facts: Facts, patterns: tuple[re.Pattern[str], ...]) -> list[str]:
    for pattern in patterns:
        found = [facts.marks.column(match[1]) for _, match in facts.finds(pattern)]
        if found:
            return list(dict.fromkeys(found))[:1]
    return []


def _all(facts: Facts, patterns: tuple[re.Pattern[str], ...]) -> list[str]:
    for pattern in patterns:
        found = [
            facts.marks.columns_in(facts.texts[at][match.start(1) :])
            for at, match in facts.finds(pattern)
        ]
        if found:
            return max(found, key=len)
    return []


def _test_size(facts: Facts) -> float | None:
    size = _stated_size(facts)
    for at, match in facts.finds(_SHARES):
        share = float(match["n"]) / _HUNDRED
        if size is not None and (abs(share - size) < 1e-9 or abs(1 - share - size) < 1e-9):
            facts.use(at, match)
    return size


def _stated_size(facts: Facts) -> float | None:
    for patterns, train in ((_TEST, False), (_TRAIN, True)):
        for pattern in patterns:
            for at, match in facts.finds(pattern):
                facts.use(at, match)
                share = float(match["n"])
                share = share / _HUNDRED if share > 1 else share
                return round(1 - share, 6) if train else share
    for at, match in facts.finds(_RATIO):
        parts = float(match["train"]), float(match["test"])
        if re.search(r"\bsplit|\btrain", facts.texts[at]) and sum(parts) in (10, 100):
            facts.use(at, match)
            return parts[1] / sum(parts)
    if facts.says(r"\btrain\w*\b[^.]*\btest\w*\b[^.]*\bsplit|\bsplit\b[^.]*\btrain"):
        raise Declined("It does not say how many rows are for training and how many for testing.")
    return None
