"""Preparation that a text asks for: duplicates, missing values, outliers, scales, logarithms."""

import re
from collections.abc import Sequence

from leonidas_jupyter.assistant.analyst.closed.conditional import condition_of
from leonidas_jupyter.assistant.analyst.closed.facts import Declined, Facts, Preparation
from leonidas_jupyter.assistant.analyst.closed.grouping import filled_within
from leonidas_jupyter.assistant.analyst.closed.marks import CS, C, L

MISSING = (
    r"(?:missing|null|nan|nans|n/a|nulls|empty|unknown|absent|gaps?)(?:\s*(?:/|or"
    r"|and|,)\s*(?:missing|null|nan|na|empty))*"
    r"(?:\s+(?:values?|entries|data|cells|records?|observations?))?"
)
_REMOVE = r"(?:remov|drop|eliminat|delet|discard|exclud|filter(?:ing)?\s+out)\w*"
_DUPLICATES = re.compile(
    rf"{_REMOVE}\s+(?:[\w-]+\s+){{0,3}}duplicat\w*(?:\s+(?:rows?|entries|records?))?"
    rf"|duplicat\w*\b[^.]*?\b{_REMOVE}"
)
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
    ("drop", re.compile(rf"\b{_REMOVE}")),
)
_FILL_BESIDE = re.compile(
    r"\b(?:with|by|using|through|via|as|use)\s+(?:\w+\s+(?:of\s+)?){0,4}?"
    r"(?P<after>mean|average|median|mode|most frequent|most common)s?\b"
    r"|\b(?P<before>mean|average|median|mode)\s+(?:value\s+)?imput\w+"
)
_DROP = re.compile(
    rf"\b{_REMOVE}\s+(?:all\s+|any\s+|the\s+|those\s+|of\s+)*(?:rows?|entries"
    r"|records?|observations?|data\s*points?|instances?|samples?|cases?"
    rf"|values?)?[^.,;]{{0,40}}?\b{MISSING}"
    rf"|\b{MISSING}\b[^.,;]{{0,60}}\b(?:should be|are|is|were|be|by|must be)?\s*{_REMOVE}"
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
_LOG = re.compile(
    r"\blog(?:arithm|arithmic)?(?:10|2|1p)?\b(?:[\s-]*(?:transform\w*|scale"
    r"|function))?|\bnatural\s+log\w*"
)
_LOG_BASES = (
    ("log10", re.compile(r"\bbase[\s-]*10\b|\blog10\b|\bcommon log")),
    ("log2", re.compile(r"\bbase[\s-]*2\b|\blog2\b")),
    (
        "log1p",
        re.compile(
            r"\blog1p\b|\blog\(\s*(?:x|1)\s*\+\s*(?:1|x)\s*\)|\bone plus|adding 1\b|\bplus 1\b"
        ),
    ),
    ("log", re.compile(r"\bnatural\b|\bbase[\s-]*e\b|\bln\b")),
)
_SQRT = re.compile(r"\bsquare[\s-]*root\b|\bsqrt\b")
_TRANSFORMS = re.compile(r"\b(?:transform|apply|appli|tak|convert|comput|perform|us)\w*")
_MINMAX = re.compile(
    r"\bmin[\s-]*max\b|\bnormali[sz](?:e|es|ed|ing|ation)\b|\bscal(?:e|ed"
    r"|ing)\b[^.]*\b(?:0 (?:and|to) 1|\[0)|\brange (?:of )?(?:0 to 1|\[0)"
)
_ZSCORE = re.compile(
    r"\bstandardi[sz](?:e|es|ed|ing|ation)\b|\bstandard\s*scaler?\b"
    r"|\bz-?\s?score\s+(?:normali|standardi|scal)\w+|\bnormali\w+ (?:using|with|by)"
    r"(?: the)? z-?\s?score"
)
_SMALL = re.compile(
    r"\b(?:small\s+)?(?:constant|value|number)\s+(?:of\s+)?\(?\s*(?:e\.g\.,?\s*)?"
    r"(?P<n>\d+(?:\.\d+)?(?:e[-+]?\d+)?)\s*\)?|\badd(?:ing)?\s+(?P<m>\d+(?:\.\d+)?"
    r"(?:e[-+]?\d+)?)\s+to"
)


def read_preparations(facts: Facts) -> None:
    """Add the steps that prepare the data to ``facts``, in the order of the text."""
    for at, text in enumerate(facts.texts):
        _duplicates(facts, at, text)
        _missing(facts, at, text)
        _scales(facts, at, text)
        _transforms(facts, at, text)


def _duplicates(facts: Facts, at: int, text: str) -> None:
    match = _DUPLICATES.search(text)
    if match:
        facts.use(at, match)
        beside = re.match(
            rf"[^.;,]*?\b(?:based\s+on|by|on|in|considering|for|of)\s+(?:the\s+)?({CS})",
            text[match.start() :],
        )
        columns = facts.marks.columns_in(beside[1]) if beside else []
        facts.add(Preparation("dedupe", (at, match.start()), columns))
        facts.kinds.add("duplicates")


def _missing(facts: Facts, at: int, text: str) -> None:
    if re.search(rf"\b{MISSING}\b", text):
        facts.kinds.add("missing")
    ignored = _IGNORE.search(text)
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
        listwise = re.search(r"\b(?:listwise|casewise|complete[\s-]cases?)\b", text) is not None
        facts.add(Preparation("drop", (at, drop.start()), columns, {"listwise": listwise}))
        facts.kinds.add("drop")
    elif ignored:
        facts.use(at, ignored)
        facts.kinds.add("ignore_missing")


def fill_only(text: str) -> bool:
    """Return whether a sentence only says that missing values play no part."""
    return re.search(rf"\b(?:not|n't|without)\s+(?:be\s+)?{_REMOVE}", text) is not None


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


def _scales(facts: Facts, at: int, text: str) -> None:
    for method, pattern in (("z_score", _ZSCORE), ("min_max", _MINMAX)):
        match = pattern.search(text)
        if match is None:
            continue
        facts.use(at, match)
        for span in re.finditer(
            r"\b(?:range\s+(?:of\s+)?)?(?:between\s+)?\[?0(?:\.0)?\s*(?:,|and|to|-)\s*1(?:\.0)?\]?",
            text,
        ):
            facts.use(at, span)
        facts.kinds.add("scale")
        columns = facts.marks.columns_in(text)
        columns = [name for name in columns if name not in facts.marks.new] or columns
        facts.add(Preparation("scale", (at, match.start()), columns, {"method": method}))
        return


def _transforms(facts: Facts, at: int, text: str) -> None:
    match = _LOG.search(text)
    root = None if match else _SQRT.search(text)
    if match is None and root is None:
        small = _SMALL.search(text)
        if small and re.search(r"\badd", text):
            facts.use(at, small)
            _constant(facts, small)
        return
    if "logistic" in text or any(facts.marks.column_sign(name) in text for name in facts.marks.new):
        return
    found = match or root
    if found is None:
        return
    facts.use(at, found)
    how: dict[str, object] = {"function": "sqrt"} if root else {}
    for name, pattern in _LOG_BASES if match else ():
        base = pattern.search(text)
        if base:
            how["function"] = name
            facts.use(at, base)
            break
    small = _SMALL.search(text)
    if small and re.search(r"\badd", text):
        facts.use(at, small)
        how["plus"] = float(small["n"] or small["m"])
    facts.kinds.add("transform")
    columns = [name for name in facts.marks.columns_in(text) if name not in facts.marks.new]
    tests = condition_of(facts, text, found.start())
    if tests:
        how["if"] = tests
    facts.add(Preparation("transform", (at, found.start()), columns, how))


def _constant(facts: Facts, match: re.Match[str]) -> None:
    step = facts.step("denominator")
    if step is None:
        facts.preparations.append(
            Preparation("denominator", (10_000, 0), [], {"plus": float(match["n"] or match["m"])})
        )


def resolved(facts: Facts, numeric: Sequence[str]) -> None:
    """Give steps without columns theirs, and decline where one cannot be known."""
    _missing_first(facts)
    for step in facts.preparations:
        if step.kind == "fill":
            if "method" not in step.how:
                raise Declined("It does not say with what missing values shall be filled.")
            if not step.columns:
                step.columns = list(numeric) if step.how.get("all") or True else []
            if step.how["method"] == "interpolate":
                raise Declined("Interpolating missing values is not understood.")
        if step.kind == "transform" and "function" not in step.how:
            step.how["function"] = "log"


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


__all__ = ["MISSING", "C", "read_preparations", "resolved"]
