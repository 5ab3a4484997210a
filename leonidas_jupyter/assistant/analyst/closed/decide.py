"""Which of the words that a form allows is true, by the text's rules and the computed figures."""

import math
import re
from collections.abc import Mapping, Sequence

from leonidas_jupyter.assistant.analyst.closed.facts import Declined, Facts, Rule
from leonidas_jupyter.assistant.analyst.closed.marks import Marks
from leonidas_jupyter.assistant.analyst.closed.rules import holds

_NEGATIVE = re.compile(
    r"^(?:no|none|not|non|false|insignificant|isn't|doesn't|n/a)\b|^"
    "(?:insignificant|abnormal|unequal|uncorrelated)"
)
_DENIES = re.compile(r"\b(?:no|not|none|cannot|n't|neither|without|fail(?:s|ed)? to)\b|n't\b")
_NORMAL = re.compile(r"\bnormal\w*|\bgaussian")
_DIFFERS = re.compile(
    r"\bsignifican\w*|\bdiffer\w*|\bcorrelat\w*|\bassociat\w*|\bdependen\w*"
    r"|\brelat\w*|\breject\w*|\beffect\b|\bexist\w*"
)
_SAMES = re.compile(r"\bindependent\b|\bsame\b|\bequal\b|\bhomogene\w*|\bhomosced\w*")


def bare(text: str) -> str:
    """Return an option or a consequence in the form in which they are compared."""
    plain = re.sub(r"\bnon[\s-]+", "non", text.lower().replace("_", " "))
    return " ".join(re.findall(r"[^\W_]+(?:'[a-z]+)?", plain))


def negative(option: str) -> bool:
    """Return whether an option denies."""
    return _NEGATIVE.match(bare(option)) is not None


def consequence_options(rule: Rule, options: Sequence[str], marks: Marks) -> list[str]:
    """Return the options that follow from a rule; several where only a sign decides."""
    text = rule.consequence
    quoted = [
        option
        for option in options
        for label in marks.labels_in(text)
        if bare(label) == bare(option)
    ]
    if quoted:
        return list(dict.fromkeys(quoted))
    said = f" {bare(marks.plain(text))} "
    found, left = [], said
    for option in sorted(options, key=len, reverse=True):
        if f" {bare(option)} " in left:
            found.append(option)
            left = left.replace(f" {bare(option)} ", " … ")
    denied = _DENIES.search(marks.plain(text)) is not None
    if len(found) == 1 and denied and not negative(found[0]):
        denials = [option for option in options if negative(option)]
        return denials if len(denials) == 1 else []
    if found:
        return found
    return _by_polarity(said, denied, options)


def _by_polarity(said: str, denied: bool, options: Sequence[str]) -> list[str]:
    denials = [option for option in options if negative(option)]
    if denied:
        return denials if len(denials) == 1 else []
    claims = [option for option in options if not negative(option)]
    about = _NORMAL.search(said) or _DIFFERS.search(said)
    return claims if len(claims) == 1 and len(options) == 2 and about else []


def decide(options: Sequence[str], about: str, facts: Facts, figures: Mapping[str, float]) -> str:
    """Return the option that holds.

    Args:
        options: the words that the form allows.
        about: the name's own words.
        facts: the rules and the level of significance.
        figures: ``p``, ``r``, ``skewness`` … as computed.

    Raises:
        Declined: the text does not tell.
    """
    if any(math.isnan(value) for value in figures.values()):
        raise Declined("The test gives no result on these values.")
    fitting = [(rule, consequence_options(rule, options, facts.marks)) for rule in facts.rules]
    fitting = [(rule, found) for rule, found in fitting if found]
    testable = [(rule, found) for rule, found in fitting if holds(rule, figures) is not None]
    tested = [(rule, found) for rule, found in testable if rule.tests]
    if tested:
        return _ruled(options, tested, testable, figures)
    return _by_default(options, about, facts.alpha, figures)


def _ruled(
    options: Sequence[str],
    tested: Sequence[tuple[Rule, list[str]]],
    testable: Sequence[tuple[Rule, list[str]]],
    figures: Mapping[str, float],
) -> str:
    true = [(len(rule.tests), found) for rule, found in tested if holds(rule, figures)]
    if true:
        most = max(count for count, _ in true)
        found = list(
            dict.fromkeys(option for count, each in true if count == most for option in each)
        )
        return _one(found, figures)
    otherwise = [found for rule, found in testable if rule.otherwise]
    if otherwise:
        return _one(otherwise[0], figures)
    said = {option for _, found in tested for option in found}
    left = [option for option in options if option not in said]
    return _one(left, figures)


def _one(found: Sequence[str], figures: Mapping[str, float]) -> str:
    if len(found) == 1:
        return found[0]
    signed = _by_sign(found, figures)
    if signed is None:
        raise Declined("The rules of the text do not tell which of the allowed words holds.")
    return signed


def _by_sign(options: Sequence[str], figures: Mapping[str, float]) -> str | None:
    value = figures.get("r", figures.get("skewness"))
    if value is None:
        return None
    word = r"\b(?:positiv|right)" if value > 0 else r"\b(?:negativ|left)"
    found = [option for option in options if re.search(word, bare(option))]
    return found[0] if len(found) == 1 else None


def _by_default(
    options: Sequence[str], about: str, alpha: float, figures: Mapping[str, float]
) -> str:
    denials = [option for option in options if negative(option)]
    claims = [option for option in options if not negative(option)]
    p = figures.get("p")
    if any(re.search(r"\bpositiv", bare(option)) for option in options):
        if p is not None and p >= alpha and len(denials) == 1:
            return denials[0]
        return _one(options, figures)
    if p is None or len(options) != 2:
        raise Declined("The text does not say when which of the allowed words holds.")
    said = bare(" ".join([about, *options]))
    if len(denials) != 1:
        raise Declined("The text does not say when which of the allowed words holds.")
    if _NORMAL.search(said) or _SAMES.search(bare(claims[0])):
        return claims[0] if p >= alpha else denials[0]
    if _DIFFERS.search(said):
        return claims[0] if p < alpha else denials[0]
    raise Declined("The text does not say when which of the allowed words holds.")
