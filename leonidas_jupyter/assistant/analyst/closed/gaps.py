"""Missing values that a text has filled or dropped, or that play no part."""

import re
from collections.abc import Sequence

from leonidas_jupyter.assistant.analyst.closed.facts import Declined, Facts, Preparation
from leonidas_jupyter.assistant.analyst.closed.grouping import filled_within
from leonidas_jupyter.assistant.analyst.closed.marks import CS, L

MISSING = (
    r"(?:missing|null|nan|nans|n/a|nulls|empty|unknown|absent|gaps?)(?:\s*(?:/|or"
    r"|and|,)\s*(?:missing|null|nan|na|empty))*"
    r"(?:\s+(?:values?|entries|data|cells|records?|observations?))?"
)
REMOVE = r"(?:remov|drop|eliminat|delet|discard|exclud|filter(?:ing)?\s+out)\w*"
_FILL = re.compile(
    rf"\b(?:fill|imput|replac|substitut|handl|treat|deal|address)\w*\b[^.]*?\b{MISSING}"
    rf"|\b{MISSING}\b[^.]*?\b(?:fill|imput|replac|substitut|handl)\w*|\bimput\w+"
)
_FILL_HOW = (
    (
        "constant_text",
        re.compile(
            r"\b(?:with|by|as|using)\s+(?:the\s+)?(?:string|value|category|label|word"
            rf"|text)?\s*({L})"
        ),
    ),
    (
        "ffill",
        re.compile(
            r"\bforward[\s-]*fill\w*|\bffill\b|\bprevious (?:valid )?(?:value|observation)"
            "|last observation"
        ),
    ),
    ("bfill", re.compile(r"\bback(?:ward)?[\s-]*fill\w*|\bbfill\b")),
    ("interpolate", re.compile(r"\binterpolat\w+")),
    ("median", re.compile(r"\bmedians?\b")),
    ("mode", re.compile(r"\bmodes?\b|\bmost (?:frequent|common)\b")),
    ("mean", re.compile(r"\b(?:means?|averages?)\b")),
    (
        "constant",
        re.compile(
            r"\b(?:with|by|as|to)\s+(?:a\s+|the\s+)?(?:constant\s+|value\s+|of\s+)*"
            r"(?P<n>-?\d+(?:\.\d+)?)\b"
        ),
    ),
    ("zero", re.compile(r"\bzeros?\b")),
    ("drop", re.compile(rf"\b{REMOVE}")),
)
_FILL_BESIDE = re.compile(
    r"\b(?:with|by|using|through|via|as|use)\s+(?:\w+\s+(?:of\s+)?){0,4}?"
    r"(?P<after>mean|average|median|mode|most frequent|most common)s?\b"
    r"|\b(?P<before>mean|average|median|mode)\s+(?:value\s+)?imput\w+"
)
_DROP = re.compile(
    rf"\b{REMOVE}\s+(?:all\s+|any\s+|the\s+|those\s+|of\s+)*(?:rows?|entries"
    r"|records?|observations?|data\s*points?|instances?|samples?|cases?"
    rf"|values?)?[^.,;]{{0,40}}?\b{MISSING}"
    rf"|\b{MISSING}\b[^.,;]{{0,60}}\b(?:should be|are|is|were|be|by|must be)?\s*{REMOVE}"
)
_COMPARES = re.compile(
    r"\bbefore and after\b|\b(?:after|before|following) (?:the )?(?:missing|fill"
    r"|imput)|\bif the imputation\b"
)
_THESE = re.compile(
    r"\b(?:either|any|one|both)\s+of\s+(?:them|these|those|the\s+two)\b|\b(?:neither|either)\s+is\b"
    r"|\b(?:these|those|both|the\s+(?:two|three|four|used|relevant|selected|mentioned|said|above))\b"
    r"[^.]{0,20}\b(?:columns?|variables?|features?|fields?|attributes?)\b"
)
_IGNORE = re.compile(
    r"\b(?:ignor|disregard|skip|omit|neglect|leave\s+out|left\s+out|without"
    r"|not\s+count|not\s+consider|not\s+includ|excluding"
    rf"|exclude)\w*\b[^.;]*?\b{MISSING}"
)
_RESPECTIVE = re.compile(
    r"\brespective\b|\b(?:each|every|all|the)\s+(?:numeric\w*\s+)?columns?\b"
    r"|\bnumeric\w*\b|\btheir\b"
)
_OF_TABLE = re.compile(
    r"\b(?:rows?|records?|entries|entry|observations?|instances?|samples?|cases?|data|dataset|table"
    r"|entire\w*|any|all)\b"
)
"""Words that make the dropping of missing values one of whole rows, whatever column they are in."""


_VERB = r"(?:fill|imput|replac|substitut|drop|remov|delet|eliminat|discard|exclud)"
_THEN = re.compile(
    rf"(?:,\s*(?:and\s+)?(?:then\s+)?|;\s*|\band\s+(?:then\s+)?|\bthen\s+)(?=(?:\(?\d[.)]\s+)?{_VERB})"
    rf"|(?<=[;:,.])\s*(?=\(?\d[.)]\s+{_VERB})"
)
"""Where a sentence goes on to another treatment of missing values."""


def read_gaps(facts: Facts, at: int, text: str) -> None:
    """Add how a sentence has missing values treated to ``facts``, part by part."""
    starts = [0, *(match.end() for match in _THEN.finditer(text))]
    parts = [
        " " * start + text[start:end]
        for start, end in zip(starts, [*starts[1:], len(text)], strict=True)
    ]
    if not (_FILL.search(text) and any(_drops(part) for part in parts)):
        parts = [text]
    for part in parts:
        _read_gaps(facts, at, part)


def _drops(part: str) -> bool:
    return _DROP.search(part) is not None and re.search(r"\b(?:fill|imput)", part) is None


def _read_gaps(facts: Facts, at: int, text: str) -> None:
    if re.search(rf"\b{MISSING}\b", text):
        facts.kinds.add("missing")
    ignored = _IGNORE.search(text)
    if _fill_each(facts, at, text):
        return
    fill = _FILL.search(text)
    drop = _DROP.search(text)
    rule = next((each for each in facts.finds(_FILL) if each[0] == at), None)
    if fill and rule and not (ignored and ignored.start() <= fill.start()):
        how = _how(text, fill.start())
        if how is not None and how[0] == "drop":
            drop = drop or fill
        elif (
            not re.search(
                r"\bbefore and after\b|\b(?:after|before|following) (?:the )?(?:missing|fill"
                "|imput)",
                text,
            )
            or how
        ):
            _fill(facts, at, text, fill, how)
            return
    if drop and not fill_only(text):
        columns = _after_missing(facts, text, drop)
        if not columns and _THESE.search(text):
            columns = facts.marks.columns_in(" ".join(facts.texts[: at + 1]))
            columns = [name for name in columns if name not in facts.marks.new]
        facts.use(at, drop)
        if not columns:
            clause = facts.loose[at][drop.start() :]
            columns = facts.marks.columns_in(re.split(r"[.;]", clause)[0])
        listwise = re.search(r"\b(?:listwise|casewise|complete[\s-]cases?)\b", text) is not None
        listwise = listwise or not _OF_TABLE.search(text)
        facts.add(Preparation("drop", (at, drop.start()), columns, {"listwise": listwise}))
        facts.kinds.add("drop")
    elif ignored:
        facts.use(at, ignored)
        facts.kinds.add("ignore_missing")


_EACH = re.compile(
    rf"({CS})\s+(?:values?\s+)?(?:with|by|using)\s+(?:its\s+|the\s+|their\s+)?(?:own\s+)?"
    r"(?P<how>mean|average|median|mode|most frequent|most common|zero|0)\b"
    rf"|\b(?P<how2>mean|average|median|mode)\s+(?:values?\s+)?(?:for|in|of)\s+(?:the\s+)?({CS})"
    rf"|\b(?:in|for|of)\s+(?:the\s+)?({CS})\s+(?:values?\s+)?(?:with|by|using)\s+(?:the\s+|its\s+)?"
    r"(?P<how3>mean|average|median|mode|most frequent|most common|zero|0)\b"
    r"|\b(?:with|by|using)\s+(?:the\s+|its\s+)?(?P<how4>mean|average|median|mode)\s+(?:and\s+)?in\s+"
    rf"(?:the\s+)?({CS})"
)
_METHODS = {
    "average": "mean", "most frequent": "mode", "most common": "mode", "zero": "zero", "0": "zero",
}  # fmt: skip


def _fill_each(facts: Facts, at: int, text: str) -> bool:
    """Read "replace missing values in C by the median and in D by the mean"."""
    if not _FILL.search(text):
        return False
    found = []
    for match in _EACH.finditer(text):
        how = match["how"] or match["how2"] or match["how3"] or match["how4"]
        columns = facts.marks.columns_in(match.group())
        found.append((match, _METHODS.get(how, how), columns))
    if len({how for _, how, _ in found}) < 2:
        return False
    facts.preparations = [
        step for step in facts.preparations if step.kind != "fill" or "method" in step.how
    ]
    facts.kinds.add("fill")
    for match, how, columns in found:
        facts.use(at, match)
        groups = filled_within(facts, at, text, match.end())
        columns = [name for name in columns if name not in groups]
        facts.preparations.append(
            Preparation("fill", (at, match.start()), columns, {"method": how, "by": groups})
        )
    return True


def fill_only(text: str) -> bool:
    """Return whether a sentence only says that missing values play no part."""
    return re.search(rf"\b(?:not|n't|without)\s+(?:be\s+)?{REMOVE}", text) is not None


def _after_missing(facts: Facts, text: str, drop: re.Match[str]) -> list[str]:
    """Return the columns in which a missing value drops the row."""
    near = re.search(
        rf"\b(?:in|for|from|of|where)\s+(?:either\s+|both\s+|any\s+of\s+|the\s+)*({CS})",
        text[drop.start() :],
    )
    if near:
        return facts.marks.columns_in(near.group(1))
    return facts.marks.columns_in(text[drop.start() : drop.end()])


def _how(text: str, start: int) -> tuple[str, re.Match[str]] | None:
    beside = _FILL_BESIDE.search(text)
    if beside:
        word = beside["after"] or beside["before"]
        return (
            "mean" if word in ("mean", "average") else "median" if word == "median" else "mode"
        ), beside
    found = [
        (how, match)
        for how, pattern in _FILL_HOW
        for match in [pattern.search(text, start)]
        if match
    ]
    statistics = [one for one in found if one[0] in ("mean", "median", "mode")]
    others = [one for one in found if one not in statistics]
    if others:
        return others[0]
    return statistics[0] if len(statistics) == 1 else None


def _fill(
    facts: Facts, at: int, text: str, match: re.Match[str], how: tuple[str, re.Match[str]] | None
) -> None:
    columns = _filled_columns(facts, text, match)
    if how is None and not columns and not re.search(r"\b(?:fill|imput)", text):
        return
    facts.kinds.add("fill")
    facts.use(at, match)
    groups = filled_within(facts, at, text, how[1].end()) if how else []
    columns = [column for column in columns if column not in groups]
    found: dict[str, object] = {"by": groups}
    if how is not None:
        facts.use(at, how[1])
        found["method"] = how[0]
        if how[0] == "constant":
            found["value"] = float(how[1]["n"]) if "." in how[1]["n"] else int(how[1]["n"])
        elif how[0] == "constant_text":
            found |= {"method": "constant", "value": facts.marks.label(how[1][1])}
    if _RESPECTIVE.search(text) and not columns:
        found["all"] = True
    facts.add(Preparation("fill", (at, match.start()), columns, found))


def _filled_columns(facts: Facts, text: str, match: re.Match[str]) -> list[str]:
    """Return the columns beside the missing values, not those of another part of the sentence."""
    stop = re.search(
        r"\b(?:then|after that|before (?:calculat|perform|comput))", text[match.start() :]
    )
    end = match.start() + stop.start() if stop else len(text)
    return facts.marks.columns_in(text[:end])


def resolved(facts: Facts, numeric: Sequence[str]) -> None:
    """Give steps without columns theirs, and decline where one cannot be known."""
    _missing_first(facts)
    _transformed_once(facts)
    for step in facts.preparations:
        if step.kind == "fill":
            if "method" not in step.how:
                raise Declined("It does not say with what missing values shall be filled.")
            if not step.columns:
                step.columns = list(numeric) if step.how.get("all") or True else []
        if step.kind == "transform" and "function" not in step.how:
            step.how["function"] = "log"


def _transformed_once(facts: Facts) -> None:
    """Leave out transformations without a column beside them, where another sentence has one."""
    steps = [step for step in facts.preparations if step.kind == "transform"]
    told = [step for step in steps if not step.how.get("loose")]
    if told:
        facts.preparations = [
            step
            for step in facts.preparations
            if step not in steps or step in told or "if" in step.how
        ]


def _missing_first(facts: Facts) -> None:
    """Drop rows with missing values before outliers, where the text does not say the order."""
    drop, outliers = facts.step("drop"), facts.step("outliers")
    if drop is None or outliers is None or drop.at < outliers.at:
        return
    said = f"{facts.texts[drop.at[0]]} {facts.texts[outliers.at[0]]}"
    if not re.search(
        r"\b(?:then|after|afterwards|finally|next|second(?:ly)?|subsequent\w*)\b", said
    ):
        drop.at = (outliers.at[0], outliers.at[1] - 1)
