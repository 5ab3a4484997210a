"""What each name of the form is to be filled with: the outputs to compute, and how they read."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from leonidas_jupyter.assistant.analyst.closed import figures
from leonidas_jupyter.assistant.analyst.closed.concepts import Concept, concept_of
from leonidas_jupyter.assistant.analyst.closed.decide import decide
from leonidas_jupyter.assistant.analyst.closed.derived_words import without_names
from leonidas_jupyter.assistant.analyst.closed.facts import Condition, Declined, Facts, lowered
from leonidas_jupyter.assistant.analyst.closed.layout import Slot
from leonidas_jupyter.assistant.analyst.closed.populations import conditions_in
from leonidas_jupyter.assistant.analyst.closed.stages import Stages, after
from leonidas_jupyter.assistant.analyst.closed.targets import columns_by_name
from leonidas_jupyter.assistant.analyst.closed.verdicts import is_verdict, verdicts
from leonidas_jupyter.assistant.analyst.words import pieces

Figures = Mapping[str, Any]
Finish = Callable[[Figures], str]
_BOOLEAN = re.compile(r"\bboolean\b|\btrue\b.*\bfalse\b")
_YES = re.compile(r"\byes\b.*\bno\b")
_TEXT = re.compile(
    r"\byyyy|\bdate\b|\bstrings?\b|\bname\b|\btext\b|\bcategory\b|\blabel\b|\bword\b"
)
_NUMBER = re.compile(
    r"\bnumber\b|\binteger\b|\bfloat\w*|\bdecimal|\bnumeric\b|\bpercentage\b|\bcount\b"
)
_OWN_RANGE = re.compile(
    r"\b(?:an?\s+|the\s+)?(?:[\w-]+\s+){0,3}(?:numbers?|values?|integers?|floats?|decimals?|figures?"
    r"|percentages?|percent|pct|proportions?|fractions?|probabilit\w+|coefficients?|rates?|shares?)\s+"
    r"(?:that\s+is\s+|which\s+is\s+|ranging\s+|(?:in|within)\s+the\s+range\s+(?:of\s+)?)?"
    r"(?:between|from)\s+-?[01](?:\.0+)?\s*%?\s+(?:and|to)\s+1(?:00)?(?:\.0+)?\b",
    re.IGNORECASE,
)
"""What an answer may be at all: "a number between 0 and 1" restricts no rows."""

_FORMAT_ONLY = re.compile(
    r"(?:an?\s+)?(?:number|integer|int|float|value|num|string|str|decimal|answer\d*"
    "|result)s?"
)
_FREED = re.compile(
    r"\b(?:without|excluding|no|after|minus)\s+(?:the\s+)?outliers?\b|\boutliers?\s+(?:removed|excluded|removal)\b"
)
_RANGE_OR_TYPE = re.compile(r"\b(?:either|one of|can be|should be|string|options?|values?)\b")


@dataclass
class Ask:
    """A name to fill, taken apart.

    ``columns`` are those that its words name, ``words`` what is left of them, ``where`` the rows
    it is about, ``options`` the words that it allows.
    """

    slot: Slot
    words: str
    about: str
    columns: list[str]
    concept: Concept | None
    options: list[str] = field(default_factory=list)
    where: list[Condition] = field(default_factory=list)

    @property
    def everything(self) -> str:
        """All that is said of it."""
        return f"{self.words} {self.slot.placeholder.lower()} {self.about}".replace("_", " ")

    @property
    def textual(self) -> bool:
        """Whether its value is a word and not a number."""
        said = f"{self.slot.placeholder} {self.slot.about}".lower().replace("_", " ")
        if not self.slot.about.strip():
            said = f"{said} {self.words}"
        return bool(_TEXT.search(said)) and not _NUMBER.search(
            said.split(" in ")[0].split(" of the ")[0]
        )


@dataclass
class Wanted:
    """The outputs that a name needs, and what makes its text of their figures."""

    outputs: list[figures.Output]
    finish: Finish
    said: str = ""


def allowed_words(slots: Sequence[Slot]) -> set[str]:
    """Return the quoted words of the form: what may fill a name, not a value of the table."""
    said = " ".join(f"{slot.placeholder} {slot.about}" for slot in slots)
    return set(re.findall(r"[\"“'\u2018]([^\"”'\u2019]+)[\"”'\u2019]", said))


def read_ask(slot: Slot, facts: Facts, placeholders: Sequence[str]) -> Ask:
    """Return a name to fill with its words understood as far as they stand for themselves."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", slot.name) if "_" not in slot.name else slot.name
    columns, words = columns_by_name(name, facts)
    about = lowered(facts.marks.mark(_new_quoted(slot.about, facts)))
    named = [column for column in facts.marks.columns_in(about)]
    bare = re.sub(
        r"\b(?:numbers?|integers?|floats?|floating|numeric|decimals?|counts?)\b(?!\s+"
        r"(?:of|that|representing)\b)",
        " ",
        about,
    )
    placeholder = (
        "" if _FORMAT_ONLY.fullmatch(slot.placeholder.strip().lower()) else _words(slot.placeholder)
    )
    if len(placeholder) == 1 and not facts.methods:
        placeholder = ""
    concept = concept_of(
        without_names(words, facts), placeholder if len(placeholder.split()) < 5 else "", bare
    )
    options = _options(slot, facts, about, placeholders, figure=concept is not None)
    ask = Ask(slot, words.lower(), about, list(dict.fromkeys([*columns, *named])), concept, options)
    restricting = lowered(facts.marks.mark(_OWN_RANGE.sub(" ", slot.about)))
    ask.where = [condition for condition, _ in conditions_in(restricting, facts)]
    ask.columns = [
        column for column in ask.columns if column not in {one.column for one in ask.where}
    ]
    return ask


def _new_quoted(about: str, facts: Facts) -> str:
    """Return what is said of a name with new columns in quotes that it spells in words."""
    for name in facts.derived:
        spelled = r"[\s_-]+".join(re.escape(part) for part in pieces(name))
        if len(pieces(name)) > 1:
            about = re.sub(rf"(?<![\w\"']){spelled}(?![\w\"'])", f'"{name}"', about, flags=re.I)
    return about


def _words(name: str) -> str:
    return name.replace("_", " ").lower()


def _options(
    slot: Slot, facts: Facts, about: str, placeholders: Sequence[str], *, figure: bool
) -> list[str]:
    """Return the words that the form allows for a name, if it lists them."""
    found = [label for label in facts.marks.labels_in(about) if label not in placeholders]
    found = [label.strip(" .,") for label in found if label.strip(" .,")]
    if len(found) >= 2 and not re.search(r"\blist\b|\be\.\s?g\.|\bsuch\s+as\b|\bexample\b", about):
        return list(dict.fromkeys(found))
    said = f"{_words(slot.placeholder)} {about}"
    match = re.search(
        r"either\s+(\w[\w -]*?)\s+or\s+(\w[\w -]*?)(?:$|[.,;]|\s+(?:based|depending|indicat|if)\b)",
        said,
    )
    if match and not re.search(r"\d", match.group()):
        return [match[1], match[2]]
    listed = slot.placeholder.strip().split("/")
    if len(listed) > 1 and all(re.fullmatch(r"\s*[A-Za-z][\w -]*\s*", each) for each in listed):
        return [each.strip() for each in listed]
    if _BOOLEAN.search(said):
        return ["True", "False"]
    if _YES.search(said):
        return ["Yes", "No"]
    if (
        re.search(r"\bstring\b|\btext\b|\btype\b|\bresult\b|\bdecision\b|\bconclusion\b", said)
        or not said.strip()
        or (not figure and is_verdict(slot))
    ):
        return verdicts(facts, placeholders)
    return []


def number(value: Any, decimals: int | None, whole: bool = False) -> str:  # noqa: ANN401 - a cell
    """Return a figure as the form wants it written."""
    if isinstance(value, bool):
        return str(value)
    if value is None or str(value).lower() in ("nan", "inf", "-inf", "infinity", "-infinity"):
        raise Declined(
            "There is no figure: the values that it is made of are missing or without bounds."
        )
    if isinstance(value, str):
        return value
    if whole or isinstance(value, int) or decimals is None:
        return (
            str(int(value))
            if float(value).is_integer() and (whole or isinstance(value, int))
            else repr(value)
        )
    return f"{value:.{decimals}f}"


def _endless(value: Any) -> str:  # noqa: ANN401 - a cell
    """Return a statistic of no values, or one without bounds, as pandas writes it, else ""."""
    said = "nan" if value is None else str(value).lower().replace("infinity", "inf")
    return said if said in ("nan", "inf", "-inf") else ""


def plain(
    output: figures.Output, ask: Ask, part: str = "", whole: bool = False, scale: float = 1
) -> Wanted:
    """Return a name that is filled with one figure of one output."""
    key = f"{output['name']}_{part}" if part else str(output["name"])
    positive = re.search(
        r"\babsolute\s+value\s+of\b|\bin\s+absolute\s+(?:value|terms)\b", ask.about
    )

    def finish(found: Figures) -> str:
        value = found[key]
        if output["op"] == "aggregate" and (endless := _endless(value)):
            return endless
        if scale != 1 and isinstance(value, int | float):
            value = value * scale
        if positive and isinstance(value, int | float):
            value = abs(value)
        return number(value, ask.slot.decimals, whole)

    return Wanted([output], finish, part)


def placed(
    output: figures.Output, ask: Ask, facts: Facts, stages: Stages, kind: str
) -> figures.Output:
    """Return an output with its rows and its place among the steps."""
    place = after(kind, ask.everything, stages)
    if _FREED.search(ask.words) and "outlier" not in kind and "outliers" not in stages.before:
        raise Declined(f"I do not know which values @{ask.slot.name} is to be without.")
    del facts
    rest: dict[str, Any] = figures.where(ask.where)
    if place is not None and place != len(stages.steps):
        rest["after"] = place
    return {**output, **rest}


def decision(
    ask: Ask, facts: Facts, outputs: Sequence[figures.Output], keys: Mapping[str, str]
) -> Wanted:
    """Return a name that is filled with one of the allowed words.

    ``keys`` say which figure of the result is ``p``, ``r`` …
    """

    def finish(found: Figures) -> str:
        known = {short: _float(found[key]) for short, key in keys.items() if key in found}
        return decide(ask.options, ask.everything, facts, known)

    return Wanted(list(outputs), finish)


def _float(value: Any) -> float:  # noqa: ANN401 - a cell
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def decline(ask: Ask) -> Declined:
    """Return that a name is not understood."""
    return Declined(f"I do not know what @{ask.slot.name} asks for.")
