"""Decision rules: "if the p-value is less than 0.05, report …, otherwise …"."""

import re
from collections.abc import Iterator, Mapping, Sequence

from leonidas_jupyter.assistant.analyst.closed.facts import Facts, Rule
from leonidas_jupyter.assistant.analyst.closed.marks import L

_N = r"(?P<n{0}>-?\d*\.?\d+)"
_SUBJECTS = (
    (
        "p",
        r"p[\s_-]*values?(?:\s*\(p\))?(?:\s+(?:of|from|for|associated|obtained|is|in"
        r"|with|the|this|that|test|a|shapiro|wilk|[-'a-z]+\s+test|correlation|in)\b)*?"
        r"|\bp(?=\s*(?:[<>≤≥]|is\b|was\b))",
    ),
    (
        "abs_r",
        r"absolute\s+(?:value\s+of\s+)?(?:the\s+)?(?:pearson\s+|spearman\s+"
        r"|resulting\s+)?(?:correlation\s*(?:coefficient)?(?:\s+value)?|coefficient|r\b"
        r"|value)(?:\s*\(r\)|\s+value)*|\|\s*r\s*\||abs\(r\)|\babsolute\s+r\b",
    ),
    (
        "r",
        r"\brho\b|\btau\b|(?:pearson(?:'s)?\s+|spearman(?:'s)?\s+)?(?:correlation\s+)?coefficient"
        r"(?:\s+value)?(?:\s*\(r\))?|correlation(?:\s+value)?|\br(?:\s+value|-value)?"
        r"(?=\s*(?:[<>≤≥]|is\b))",
    ),
    ("abs_skewness", r"absolute\s+(?:value\s+of\s+)?(?:the\s+)?skew(?:ness)?(?:\s+value)?"),
    ("skewness", r"skew(?:ness)?(?:\s+(?:value|coefficient))?"),
    ("kurtosis", r"(?:excess\s+)?kurtosis(?:\s+value)?"),
    ("r2", r"r-?\s?squared(?:\s+(?:value|score))?|r2(?:\s+score)?"),
)
_COMPARISONS = (
    (
        ">=",
        r"(?:greater|larger|higher|more)\s+than\s+or\s+equal(?:s)?\s+to|at\s+least|>=|≥"
        r"|(?:is|are)\s+not\s+less\s+than|not\s+(?:smaller|less|lower)\s+than"
        r"|equal\s+to\s+or\s+(?:greater|higher|more|larger)\s+than",
    ),
    (
        "<=",
        r"(?:less|smaller|lower|fewer)\s+than\s+or\s+equal(?:s)?\s+to|at\s+most|<=|≤"
        r"|not\s+(?:greater|more|larger|higher)\s+than|equal\s+to\s+or\s+(?:less|lower"
        r"|smaller)\s+than|does\s+not\s+exceed",
    ),
    (">", r"(?:greater|larger|higher|more|bigger)\s+than|above|over|exceeds|exceeding|>"),
    ("<", r"(?:less|smaller|lower|fewer)\s+than|below|under|<"),
)
_SUBJECT = "|".join(f"(?P<s_{key}>{pattern})" for key, pattern in _SUBJECTS)
_COMPARED = "|".join(f"(?P<c{at}>{pattern})" for at, (_, pattern) in enumerate(_COMPARISONS))
_TEST = re.compile(
    rf"(?:\b(?:the|their|its|this)\s+)?(?:{_SUBJECT})\s*,?\s*(?:\b(?:is|are|was|of"
    r"|falls?|lies?|value|to be|being|of the test)\b\s*)*"
    rf"(?:(?:{_COMPARED})\s*(?:the\s+)?(?:significance\s+level\s+(?:\(alpha\)\s+)?"
    r"(?:of\s+)?|alpha\s*(?:=\s*|\(\s*|of\s+)?|threshold\s+"
    rf"(?:of\s+)?)?{_N.format('')}"
    rf"|(?P<between>between|in the range|within)\s+(?:of\s+)?{_N.format('1')}\s+"
    rf"(?:and|to|-)\s+{_N.format('2')})"
)
_ANY_TEST = re.compile(
    _TEST.pattern.replace(
        rf"(?:{_SUBJECT})\s*,?\s*", rf"(?:(?:{_SUBJECT}|\b(?:it|they)\b)\s*,?\s*)?", 1
    )
)
_MORE = re.compile(
    rf"^\s*(?:,\s*)?(?:and|but)\s+(?:is\s+|also\s+)*(?:{_COMPARED})\s*{_N.format('')}"
)
_SPOKEN = re.compile(
    r"\bp-values?\b|\bskewness\b|\bkurtosis\b|\bcorrelation coefficient\b|\br-squared\b"
)
_IF = re.compile(r"\b(?:if|when|where|provided that|in case|for)\b")
_ELSE = re.compile(
    r"\b(?:otherwise|else|if not|in other cases|in all other cases)\b[,:]?\s*(?:if not\b)?"
)


def read_rules(facts: Facts) -> None:
    """Add the decision rules of all sentences to ``facts``."""
    last = ""
    for at, text in enumerate(facts.texts):
        spoken = [match.group() for match in _SPOKEN.finditer(text)]
        if not spoken and last and re.match(r"if (?:it|this|the (?:value|result))\b", text):
            text = re.sub(r"\bit\b|\bthis\b|\bthe (?:value|result)\b", last, text, count=1)
            facts.rules += rules_of(text)
            continue
        last = spoken[-1] if spoken else last
        for rule, spans in _rules_of(text):
            facts.rules.append(rule)
            facts.spans[at] |= spans


def rules_of(text: str) -> list[Rule]:
    """Return the decision rules of one marked sentence."""
    return [rule for rule, _ in _rules_of(text)]


def _rules_of(text: str) -> Iterator[tuple[Rule, set[tuple[int, int]]]]:
    tests = [match for match in _ANY_TEST.finditer(text) if not _plain_number(match, text)]
    if not tests:
        elsewhere = _ELSE.match(text.strip())
        if elsewhere:
            yield Rule([], text.strip()[elsewhere.end() :], otherwise=True), set()
        return
    clauses = _clauses(text, tests)
    for own, consequence in clauses:
        found, spans = [], set()
        for match in own:
            found += _tests_in(match, text)
            spans.add((match.start(), match.end() + _follow(text[match.end() :])))
        yield Rule(found, consequence), spans
    elsewhere = _ELSE.search(text, tests[-1].end())
    if elsewhere:
        after, before = text[elsewhere.end() :], text[tests[-1].end() : elsewhere.start()]
        yield Rule([], after if after.strip(" .,") else before, otherwise=True), set()


def _follow(rest: str) -> int:
    match = _MORE.match(rest)
    return match.end() if match else 0


def _tests_in(match: re.Match[str], text: str) -> list[tuple[str, str, float]]:
    subject = _subject(match, text)
    if match["between"]:
        return [(subject, ">=", float(match["n1"])), (subject, "<=", float(match["n2"]))]
    found = [(subject, _sign(match), float(match["n"]))]
    more = _MORE.match(text[match.end() :])
    if more:
        found.append((subject, _sign(more), float(more["n"])))
    return found


def _plain_number(match: re.Match[str], text: str) -> bool:
    """Return whether a comparison without subject follows none that has one."""
    return _named(match) is None and _TEST.search(text[: match.start()]) is None


def _named(match: re.Match[str]) -> str | None:
    return next((key for key, _ in _SUBJECTS if match[f"s_{key}"]), None)


def _subject(match: re.Match[str], text: str) -> str:
    """Return what is compared: where it is left out, what was compared last."""
    found = _named(match)
    if found is not None:
        return found
    before = [_named(each) for each in _TEST.finditer(text[: match.start()])]
    return next(each for each in reversed(before) if each is not None)


def _sign(match: re.Match[str]) -> str:
    return next(sign for at, (sign, _) in enumerate(_COMPARISONS) if match[f"c{at}"])


def _clauses(
    text: str, tests: Sequence[re.Match[str]]
) -> Iterator[tuple[list[re.Match[str]], str]]:
    """Yield tests that belong together, and what follows from them, on either side."""
    groups: list[list[re.Match[str]]] = []
    for match in tests:
        between = text[groups[-1][-1].end() : match.start()] if groups else ""
        joined = re.fullmatch(r"[\s,]*(?:and|but|while|with)\s+(?:if\s+)?(?:the\s+)?", between)
        if groups and joined:
            groups[-1].append(match)
        else:
            groups.append([match])
    ends = [0, *(group[-1].end() for group in groups)]
    last = _ELSE.search(text, groups[0][-1].end())
    stop = last.start() if last else len(text)
    leading = _leads(text, tests)
    for at, group in enumerate(groups):
        after = text[group[-1].end() : groups[at + 1][0].start() if at + 1 < len(groups) else stop]
        before = text[ends[at] : group[0].start()]
        yield group, after if leading else before


def _leads(text: str, tests: Sequence[re.Match[str]]) -> bool:
    """Return whether consequences stand behind their tests: "if p < 0.05, …"."""
    if _LEADING.search(text[: tests[0].start()]):
        return True
    labels = [match.start() for match in re.finditer(L, text)]
    if not labels or labels[0] < tests[0].end():
        return False
    elsewhere = _ELSE.search(text, tests[-1].end())
    return len(tests) > 1 or (elsewhere is not None and labels[0] < elsewhere.start())


_LEADING = re.compile(
    r"(?:^|[,;:.]\s*|\bwhere\s+|\band\s+|\be\.\s*|\bthat\s+)(?:if|when)\s+(?:(?:the"
    r"|both|a|this|its)\s+)*$"
)


def holds(rule: Rule, figures: Mapping[str, float]) -> bool | None:
    """Return whether all tests of a rule hold; None where a figure is not there."""
    for subject, sign, number in rule.tests:
        value = _figure(subject, figures)
        if value is None:
            return None
        if not _compared(value, sign, number):
            return False
    return True


def _figure(subject: str, figures: Mapping[str, float]) -> float | None:
    if subject in figures:
        return figures[subject]
    if subject.startswith("abs_") and subject.removeprefix("abs_") in figures:
        return abs(figures[subject.removeprefix("abs_")])
    return None


def _compared(value: float, sign: str, number: float) -> bool:
    return {
        "<": value < number,
        "<=": value <= number,
        ">": value > number,
        ">=": value >= number,
    }[sign]
