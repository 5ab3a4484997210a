"""Which of the words that a form allows is true, by the text's rules and the computed figures."""

import math
import re
from collections.abc import Mapping, Sequence

from leonidas_jupyter.assistant.analyst.closed.facts import Declined, Facts, Rule
from leonidas_jupyter.assistant.analyst.closed.marks import Marks
from leonidas_jupyter.assistant.analyst.closed.rules import holds

_NEGATIVE = re.compile(
    r"^(?:no|none|not|non|false|insignificant|isn't|doesn't|n/a|fails?|failed|cannot)\b|^"
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


def consequence_options(
    rule: Rule, options: Sequence[str], marks: Marks, about: str = ""
) -> list[str]:
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
    if about and {bare(option) for option in options} in _ANSWERS:
        asked, concluded = _leaning(_without(about, options)), _leaning(said)
        if asked and concluded:
            return [each for each in options if negative(each) == (asked != concluded)]
        if _shared(said, about):
            return [each for each in options if negative(each) == denied]
    return _by_polarity(said, denied, options)


def _shared(said: str, about: str) -> bool:
    """Return whether a consequence says what a name asks: "symmetric", "is a large city"."""
    words = {word for word in re.findall(r"[a-z]{5,}", bare(about)) if word not in _COMMON}
    return any(re.search(rf"\b{word[:7]}", said) for word in words)


_COMMON = frozenset(("answer", "false", "boolean", "string", "value", "either", "based", "whether"))
_ANSWERS = ({"yes", "no"}, {"true", "false"})


def _by_polarity(said: str, denied: bool, options: Sequence[str]) -> list[str]:
    leaning = _concluded(said)
    if leaning and sorted(map(_leaning, options)) == [-1, 1]:
        return [option for option in options if _leaning(option) == leaning]
    denials = [option for option in options if negative(option)]
    if denied:
        return denials if len(denials) == 1 else []
    claims = [option for option in options if not negative(option)]
    about = _NORMAL.search(said) or _DIFFERS.search(said)
    return claims if len(claims) == 1 and len(options) == 2 and about else []


_SHAPES = ("skewness", "kurtosis")
"""Figures which, where they are missing, meet no limit: what holds otherwise is left."""


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
    if any(math.isnan(value) for name, value in figures.items() if name not in _SHAPES):
        raise Declined("The test gives no result on these values.")
    fitting = [
        (rule, consequence_options(rule, options, facts.marks, about)) for rule in facts.rules
    ]
    fitting = [(rule, found) for rule, found in fitting if found]
    testable = [(rule, found) for rule, found in fitting if holds(rule, figures) is not None]
    tested = [(rule, found) for rule, found in testable if rule.tests]
    if tested:
        return _ruled(options, tested, testable, figures)
    return _by_default(options, about, facts, figures)


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
    options: Sequence[str], about: str, facts: Facts, figures: Mapping[str, float]
) -> str:
    """Return the option that a test's p-value leads to, where the text states no rule for it."""
    denials = [option for option in options if negative(option)]
    p = figures.get("p")
    if any(re.search(r"\bpositiv", bare(option)) for option in options):
        if p is not None and p >= facts.alpha and len(denials) == 1:
            return denials[0]
        return _one(options, figures)
    if p is not None and len(options) == 2:
        rejecting = _rejecting(options, about, facts)
        if rejecting is not None:
            return next(each for each in options if (each == rejecting) == (p < facts.alpha))
    raise Declined("The text does not say when which of the allowed words holds.")


def _rejecting(options: Sequence[str], about: str, facts: Facts) -> str | None:
    """Return the one of two options that says that the null hypothesis is rejected."""
    first, second = (_leaning(option) for option in options)
    if first != second and (first or second):
        return options[0] if (first or -second) > 0 else options[1]
    denials = [option for option in options if negative(option)]
    if first or second or len(denials) != 1:
        return None
    claim = next(option for option in options if option not in denials)
    asked = " ".join(text for text in facts.texts if _ASKED.search(text))
    for said in (_without(about, options), facts.marks.plain(asked)):
        leaning = _leaning(said)
        if leaning:
            return claim if leaning > 0 else denials[0]
    return None


_ASKED = re.compile(r"\?\s*$|\b(?:whether|(?:test|check|determine|decide|examine|assess) if)\b")
_KEEPS = re.compile(
    r"\b(?:fails?|failed|failing|unable) to reject\b|\b(?:cannot|not|don't|doesn't) (?:be )?"
    r"reject\w*|\b(?:accept|retain|keep)\w*\b|\binsignificant\b|\buncorrelated\b|\bunrelated\b"
)
_ACCEPTS = re.compile(
    r"\b(?<!not )(?:accept|retain|adopt)\w* (?:the )?(?:alternative|alternate|h1|ha)\b"
)
_REJECTS = re.compile(
    r"\breject\w*|\bsignifican\w*|\bdiffer\w*|\bdeviat\w*|\bdepart\w*|\bassociat\w*|\bdependen\w*"
    r"|\brelat\w*|\bcorrelat\w*|\beffect\w*|\bunequal\b|\bnonnormal\w*|\babnormal\w*|\bheterosced\w*"
    r"|\bexists?\b|\bevidence\b|\binfluenc\w*|\bchang\w*"
)
_HOLDS = re.compile(
    r"\bnormal\w*|\bgaussian\b|\bindependen(?:t|ce)\b(?! (?:two |samples?|t test|t-test))|\bsame\b"
    r"|\bequal\w*|\bhomogene\w*|\bhomosced\w*|\bidentical\w*|\bsimilar\w*"
)
_OR_NOT = re.compile(
    r"\bor (?:is |are |does |do |was |were )?(?:not|no)\b"
    r"(?: (?:significant|different|normal|equal))?"
)
"""What leaves open which of two it is."""
_NOT = re.compile(r"\b(?:no|not|non|without|neither|isn't|aren't|doesn't|don't|n't)\b")


def _without(about: str, options: Sequence[str]) -> str:
    """Return what is said of a name, without the words that fill it."""
    allowed = "|".join(re.escape(bare(each)) for each in sorted(options, key=len, reverse=True))
    return re.sub(rf"\b(?:{allowed})\b", " ", bare(about))


def _concluded(said: str) -> int:
    """Return how a consequence leans, where all of its parts that lean do so to one side."""
    parts = {_leaning(part) for part in re.split(r"\b(?:and|so|hence|that|meaning)\b", said)} - {0}
    return parts.pop() if len(parts) == 1 else 0


def _leaning(text: str) -> int:
    """Return 1 for words that reject a test's null hypothesis, -1 for such that keep it."""
    said = _OR_NOT.sub(" ", bare(text))
    if _ACCEPTS.search(said):
        return 1
    if _KEEPS.search(said):
        return -1
    turned = -1 if _NOT.search(said) else 1
    if _REJECTS.search(said):
        return turned
    return -turned if _HOLDS.search(said) else 0
