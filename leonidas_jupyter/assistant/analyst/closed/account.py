"""What must be accounted for: every column, number and telling word of a closed-form question.

A word is telling where it calls for something (``_CALLS``); it is accounted for where what was read
has it.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.demands import check_demands, kinds_at
from leonidas_jupyter.assistant.analyst.closed.derived_words import check_used
from leonidas_jupyter.assistant.analyst.closed.explained import overlapped
from leonidas_jupyter.assistant.analyst.closed.facts import Declined, Facts, numbers_in
from leonidas_jupyter.assistant.analyst.closed.layout import without_decimals
from leonidas_jupyter.assistant.analyst.closed.marks import C
from leonidas_jupyter.assistant.analyst.closed.stages import texts_in
from leonidas_jupyter.assistant.analyst.closed.unknown import check_unknown
from leonidas_jupyter.assistant.analyst.words import pieces

_CALLS: tuple[tuple[str, str, frozenset[str]], ...] = (
    (r"\bbins?\b|\bbinn(?:ed|ing)\b", "bins", frozenset({"classes"})),
    (r"\bduplicat\w*", "duplicates", frozenset({"duplicates", "dedupe"})),
    (r"\boutliers?\b", "outliers", frozenset({"outliers"})),
    (
        r"\b(?:min-?max|normali[sz](?:e|es|ed|ing|ation))\b(?!\s+distribut)",
        "normalization",
        frozenset({"scale"}),
    ),
    (r"\bstandardi[sz](?:e|es|ed|ing|ation)\b", "standardization", frozenset({"scale"})),
    (
        r"\blog(?:arithm\w*)?\b(?:[\s-]*transform\w*)?|\bsquare root\b",
        "transformation",
        frozenset({"transform", "derive"}),
    ),
    (r"\bimput\w+|\bfill(?:ed|ing)?\b", "filling missing values", frozenset({"fill"})),
    (r"\bweighted\b|\bweights?\s+by\b", "weights", frozenset()),
    (r"\bcumulative\b", "a cumulative figure", frozenset({"derive"})),
    (r"\b(?:rolling|moving\s+average)\b", "a moving figure", frozenset({"derive"})),
    (
        r"\blag(?:ged)?(?:-\d)?\b|\bprevious\s+(?:day|row|month|year|value)|\bconsecutive\b"
        r"|\bday\s+before\b",
        "an order of rows",
        frozenset({"derive", "lag"}),
    ),
    (r"\bencod\w+|\bdumm(?:y|ies)\b|\bone[\s-]hot\b", "encoding", frozenset({"encode"})),
    (r"\b(?:resampl\w*|aggregat\w+)\b", "aggregation", frozenset({"group", "derive"})),
    (r"\b(?:weekdays?|weekends?)\b", "days of the week", frozenset({"derive", "classes"})),
    (
        r"\btop\s+(?:\d+|two|three|four|five|ten)\b|\bbottom\s+\d+",
        "those that lead",
        frozenset({"top"}),
    ),
    (
        r"\b(?:first|last)\s+\d+\s+(?:rows|entries|days|observations|records)",
        "a part of the rows",
        frozenset(),
    ),
    (
        r"\bquartiles?\s+of\b|\bdeciles?\b|\btrimmed\b|\bwinsor\w*",
        "a kind of mean or class",
        frozenset({"outliers", "classes", "quantile"}),
    ),
    (r"\b(?:random(?:ly)?\s+sampl\w+|bootstrap\w*)", "a random sample", frozenset()),
    (
        r"\bmerge\w*|\bjoin(?:ed|ing)?\b|\bpivot\w*|\bmelt\w*",
        "another shape of the table",
        frozenset(),
    ),
    (
        r"\bpredict(?:s|ed|ing|ions?)?\b|\bregress\w+|\bforecast\w*",
        "a prediction",
        frozenset({"model"}),
    ),
    (
        r"\b(?:growth|increase[sd]?|decrease[sd]?|declin\w+)\b(?!\s+(?:the|with|as|or)\b)",
        "a change",
        frozenset({"derive", "contrast"}),
    ),
    (r"\bautocorrelat\w*", "autocorrelation", frozenset({"lag"})),
    (
        r"\b(?:above|below)\s+(?:the\s+)?(?:median|mean|average)\b|\b(?:high"
        r"|low)[\s-]+\w+\s+and\s+(?:high|low)[\s-]",
        "groups above and below",
        frozenset({"classes", "split"}),
    ),
    (
        r"\bat\s+least\s+\d+\s+(?:times|observations|entries|rows|records|samples)"
        r"|\bmore\s+than\s+\d+\s+(?:times|observations|entries|rows|records|samples)",
        "groups of some size",
        frozenset({"frequent"}),
    ),
)
_RESTRICTS = re.compile(
    r"\b(?:(?P<strict>who|whose|excluding|except)|only|among|during|having|where"
    r"|when|that\s+(?:are|were|have|had|is|was))\b(?P<rest>[^.;]{0,80})"
)
_CALENDAR = re.compile(r"\b(?:0|1)\s*(?:to|-|and)\s*(?:7|12|23|24|31)\b")
_HARMLESS = re.compile(
    r"^\s*(?:,\s*)?(?:the\s+|each\s+|a\s+|all\s+|any\s+|both\s+|if\s+)*(?:p\b|p-"
    r"|null|missing|non-null|nan|outlier\w*|rounded|correlat\w*|calculat\w*"
    r"|comput\w*|perform\w*|z-?score"
    rf"|(?:[a-z]+|{C})\s+(?:is|are)\s+(?:(?:in|sorted|listed|given|ordered)\b[^.;,]*\border\b|separated|listed|quoted))"
)


def account(
    facts: Facts,
    recipe: Mapping[str, Any],
    specs: Sequence[tuple[str, str]],
    options: Sequence[str],
) -> None:
    """Check that nothing that could change the answer is left out of a recipe.

    Args:
        facts: what was read, with the stretches of text that were used.
        recipe: all steps and outputs.
        options: the words that the form allows.
        specs: of each name to fill with a figure, the name and what computes it.

    Raises:
        Declined: something is left out; the reason names it.
    """
    _distinct(specs)
    if facts.least > 1 and "min_rows" not in repr(recipe["outputs"]):
        raise Declined("I do not understand for what the least number of rows counts.")
    figures = numbers_within([recipe["steps"], recipe["outputs"]])
    used = texts_in([recipe["steps"], recipe["outputs"]])
    check_used(facts, recipe["steps"], recipe["outputs"])
    check_unknown(facts, recipe, [name for name, _ in specs])
    for at, text in enumerate(facts.texts):
        _columns(facts, text, used)
        if not _defines_more(facts, text, options):
            _numbers(facts, at, text, used, figures)
        _words(facts, at, text, used)
        check_demands(facts, at, text, recipe)
        _restrictions(facts, at, text)


def _distinct(specs: Sequence[tuple[str, str]]) -> None:
    seen: dict[str, str] = {}
    for name, spec in specs:
        if spec in seen and seen[spec] != name:
            raise Declined(f"I do not understand how @{name} differs from @{seen[spec]}.")
        seen[spec] = name


def _columns(facts: Facts, text: str, used: set[str]) -> None:
    for match in re.finditer(C, text):
        name = facts.marks.column(match.group())
        grouped = re.search(rf"\bgroup\w*\s+(?:\w+\s+){{0,4}}?by\s+[^.;]*{match.group()}", text)
        if name in used or (name in facts.groups and not grouped):
            continue
        known = facts.marks.lexicon.by_name.get(name)
        if _OF_ALL.search(text[: match.start()]):
            continue
        if known is not None and not known.numeric and not known.flag:
            before, after = (
                text[max(0, match.start() - 30) : match.start()],
                text[match.end() : match.end() + 12],
            )
            filtering = re.search(
                r"\b(?:where|only|with|when|whose|by|if)\s+(?:the\s+)?$", before
            ) or re.match(r"\s*(?:=|is|of)\s", after)
            if not filtering or _ROWS.match(text[match.end() :]):
                continue
        if re.search(r"\b(?:plot|chart|histogram|visuali[sz]e|graph)\w*\b", text):
            continue
        raise Declined(f"I do not understand what part the column {name} plays.")


_ROWS = re.compile(r"\s*(?:whose|that|which|who|with|where|having)\b")
"""What stands behind a column whose name only calls the rows: "only the districts whose …"."""

_OF_ALL = re.compile(
    rf"\b(?:us(?:e|ing)|consider(?:ing)?|includ(?:e|ing)|over|across)\s+(?:all\s+(?:[a-z]+|{C})\s+and\s+)?"
    r"all\s+(?:of\s+)?(?:the\s+)?$|\b(?:regardless\s+of|whatever|irrespective\s+of)\s+(?:the\s+|its\s+|their\s+)?$"
)
"""What stands before a column none of whose values is left out."""


def _number_of(text: str) -> float | None:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return None


def numbers_within(part: object) -> set[float | None]:
    """Return the numbers in a part of a recipe."""
    if isinstance(part, bool):
        return set()
    if isinstance(part, int | float):
        return {float(part), round(float(part) * 100, 6)}
    if isinstance(part, dict):
        part = list(part.values())
    if isinstance(part, list | tuple):
        return set().union(*(numbers_within(value) for value in part), set())
    return set()


def _numbers(facts: Facts, at: int, text: str, used: set[str], figures: set[float | None]) -> None:
    ruled = {number for rule in facts.rules for _, _, number in rule.tests}
    bare = without_decimals(text)
    if bare != text:
        said = {match.group() for match in numbers_in(bare)}
    else:
        said = {match.group() for match in numbers_in(text)}
    for match in numbers_in(text):
        if match.group() not in said or match.group().lstrip("-") in ("0", "1"):
            continue
        calendar = _CALENDAR.search(text) and facts.kinds >= {"derive", "group"}
        if calendar or _number_of(match.group()) in figures | ruled:
            continue
        if re.search(r"[&]\w*\s+$|\bround\w*\s+(?:off\s+)?to\s+$", text[: match.start()]):
            continue
        if text[: match.start()].endswith("(") and text[match.end() :].startswith(") "):
            continue
        if any(
            match.group() in pieces(name) for name in used if name in facts.marks.lexicon.by_name
        ):
            continue
        if not facts.used(at, *match.span()) and not overlapped(facts, at, match.span()):
            raise Declined(f"I do not understand what the number {match.group()} is for.")


def _defines_more(facts: Facts, text: str, options: Sequence[str]) -> bool:
    """Return whether a sentence only defines words that the form does not ask for."""
    labels = facts.marks.labels_in(text)
    return bool(
        labels
        and re.search(r"\b(?:defined|considered|classified|regarded)\s+as\b", text)
        and not {label.lower() for label in labels} & {option.lower() for option in options}
        and not facts.classes
    )


def _words(facts: Facts, at: int, text: str, used: set[str]) -> None:
    own = facts.marks.lexicon.by_name
    numbers = all(own[name].numeric for name in used if name in own)
    for pattern, said, kinds in _CALLS:
        match = re.search(pattern, text)
        if match is None or kinds & kinds_at(facts, at, text) or (said == "encoding" and numbers):
            continue
        if re.search(
            rf"\b(?:no|not|n't|without|don't)\b[^.]{{0,40}}{re.escape(match.group())}", text
        ):
            continue
        raise Declined(f"I do not understand “{match.group().strip()}” ({said}).")


def _restrictions(facts: Facts, at: int, text: str) -> None:
    for match in _RESTRICTS.finditer(text):
        rest = match["rest"]
        if _HARMLESS.match(rest) or overlapped(facts, at, match.span()):
            continue
        if any(each.column in facts.marks.columns_in(rest) for each in facts.conditions):
            continue
        if match["strict"] or (re.search(rf"{C}\s*(?:is|was|are|were|=|of|above|below)\b", rest)):
            raise Declined(
                f"I do not understand the condition “{facts.marks.plain(match.group()).strip()}”."
            )
