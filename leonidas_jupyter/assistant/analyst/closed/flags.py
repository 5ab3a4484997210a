"""New columns of two values by a condition: "1 if C > 10 and 0 otherwise", "whether A > B"."""

import re
from itertools import pairwise
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.facts import Facts, Preparation
from leonidas_jupyter.assistant.analyst.closed.marks import C, L
from leonidas_jupyter.assistant.analyst.closed.operands import told_column
from leonidas_jupyter.assistant.analyst.closed.populations import conditions_in
from leonidas_jupyter.assistant.analyst.closed.targets import names_in

Shape = dict[str, Any]

_SIGNS = (
    (">=", r">=|≥|greater\s+than\s+or\s+equal\s+to|at\s+least|no\s+less\s+than"
           r"|at\s+or\s+above|from"),
    ("<=", r"<=|≤|(?:less|lower|smaller)\s+than\s+or\s+equal\s+to|at\s+most|no\s+more\s+than"
           r"|at\s+or\s+below|up\s+to"),
    ("!=", r"!=|≠|<>|(?:is\s+)?not\s+equal\s+to|differs?\s+from|is\s+not"),
    (">", r">|(?:greater|larger|higher|more|bigger|older|longer|later|heavier)\s+than|above|over"
          r"|exceed(?:s|ed|ing)?|after"),
    ("<", r"<|(?:less|lower|smaller|fewer|younger|shorter|earlier|lighter)\s+than|below|under"
          r"|before"),
    ("==", r"==?|(?:is\s+)?equal\s+to|equals?|is|are|was|were|of"),
)  # fmt: skip
_SIGN = "|".join(f"(?P<s{at}>{pattern})" for at, (_, pattern) in enumerate(_SIGNS))
_COMPARISON = re.compile(
    rf"(?:(?P<left>{C})|(?P<words>(?:[a-z][\w-]*\s+){{1,4}}?))\s*(?:values?\s+|levels?\s+)?"
    rf"(?:(?:is|are|was|were|that|has|have|had|lies?|a|strictly)\s+)*?(?:{_SIGN})\s*"
    r"(?:a\s+value\s+of\s+)?(?:the\s+|its\s+|their\s+|all\s+)*(?:(?P<number>-?\d[\d,]*(?:\.\d+)?)|"
    r"(?:overall\s+|sample\s+)?(?P<statistic>median|mean|average|\d{1,2}(?:st|nd|rd|th)\s+(?:percentile|quantile)"
    rf"|(?:first|third|lower|upper)\s+quartile)(?:\s+(?:value|(?:of\s+)?(?:the\s+)?{C}))?"
    rf"|(?P<right>{C})|(?P<label>{L}))"
)
_STATE = re.compile(
    rf"({C})\s*(?:values?\s+)?(?:is|are|was|were|has\s+been)?\s*(?P<state>positive|negative|zero|missing|null"
    r"|not\s+missing|not\s+null|present|available|non-?missing)\b"
)
_STATES: dict[str, Shape] = {
    "positive": {"op": ">", "value": 0},
    "negative": {"op": "<", "value": 0},
    "zero": {"op": "==", "value": 0},
}
_WHETHER = re.compile(
    r"\b(?:(?P<then>1|true|yes|[\uf000-\uf7ff])\s*(?:,\s*)?(?:when|if|where|for|whenever)\b"
    r"|(?:whether|indicat\w+|flag\w*)\s+(?:whether\s+|if\s+|that\s+)?)(?P<rest>[^;]*)"
)
_ELSE = re.compile(
    rf"(?:,|\band\b|;|:)?\s*(?:(?P<then>0|false|no|1|true|{L})\s+(?:otherwise|if\s+not|else|in\s+all\s+other\s+cases"
    rf"|for\s+(?:all\s+)?(?:the\s+)?(?:others?|rest))|(?:otherwise|else)\s*(?:,|it\s+is|is|set\s+to|to)?\s*(?P<else>0|false|no|1|{L})"
    r"|(?:or|and)\s+not\b|otherwise\b)"
)


def read_flag(facts: Facts, at: int, text: str, own: str) -> Any:  # noqa: ANN401 - an expression
    """Return the expression of a column of two values that a sentence defines; None for none."""
    match = _WHETHER.search(text) or _direct(text, facts.marks.column_sign(own))
    if match is None:
        return None
    rest = (
        _ELSE.split(match["rest"], maxsplit=1)[0] if _ELSE.search(match["rest"]) else match["rest"]
    )
    start = match.start("rest")
    found = condition_of(facts, rest)
    if found is None:
        return None
    shape, end = found
    facts.spans[at].add((match.start(), start + end))
    facts.claimed[at].add((match.start(), start + end))
    other = _ELSE.search(match["rest"])
    then, otherwise = _value(facts, match.groupdict().get("then")), None
    if other:
        facts.spans[at].add((start + other.start(), start + other.end()))
        otherwise = _value(facts, other["else"] or other["then"])
    if isinstance(then, str) and isinstance(otherwise, str):
        facts.classes[own] = [then, otherwise]
        return _if(shape, {"op": "constant", "value": then}, {"op": "constant", "value": otherwise})
    facts.flags[own] = True
    if "statistic" in repr(shape):
        facts.kinds |= {"classes", "split"}
    gaps = [name for name in names_in(shape) if _has_gaps(name, facts)]
    if gaps and facts.kinds & {"ignore_missing", "drop"}:
        facts.add(Preparation("drop", (at, 0), gaps))
    return _if(shape, 1, 0)


def _has_gaps(name: str, facts: Facts) -> bool:
    known = facts.marks.lexicon.by_name.get(name)
    return known is not None and known.profile.nulls > 0


def _direct(text: str, sign: str) -> re.Match[str] | None:
    """Return "C = A > B" with the condition behind the sign of equality."""
    return re.search(rf"{sign}\s*=\s*\(?(?P<rest>[^;=]*?(?:[<>]|==)[^;]*)", text)


def _value(facts: Facts, said: str | None) -> int | str | None:
    if said is None:
        return None
    if re.fullmatch(L, said):
        label = facts.marks.label(said)
        return {"0": 0, "1": 1}.get(label, label)
    return {"1": 1, "true": 1, "yes": 1}.get(said, 0)


def _if(shape: Shape, then: Any, otherwise: Any) -> Shape:  # noqa: ANN401 - expressions
    return {"op": "if", "condition": shape, "then": then, "otherwise": otherwise}


def condition_of(facts: Facts, text: str) -> tuple[Shape, int] | None:
    """Return the condition that a clause states, and where in it the condition ends."""
    found: list[tuple[int, int, Shape]] = [
        (*match.span(), _state(match, facts)) for match in _STATE.finditer(text)
    ]
    for match in _COMPARISON.finditer(text):
        shape = _comparison(match, facts)
        if shape is not None and all(
            match.end() <= start or end <= match.start() for start, end, _ in found
        ):
            found.append((*match.span(), shape))
    if not found:
        found = [(*span, one.shape) for one, span in conditions_in(text, facts)]
    found.sort(key=lambda each: each[0])
    if not found:
        return None
    if len(found) == 1:
        return found[0][2], found[0][1]
    joined = " ".join(text[one[1] : other[0]] for one, other in pairwise(found))
    op = "or" if re.search(r"\bor\b", joined) else "and"
    return {"op": op, "conditions": [shape for _, _, shape in found]}, found[-1][1]


def _state(match: re.Match[str], facts: Facts) -> Shape:
    column, state = facts.marks.column(match[1]), match["state"]
    if state in _STATES:
        return {**_STATES[state], "left": column}
    gone = state in ("missing", "null")
    return {"op": "is_null" if gone else "not_null", "left": column}


def _comparison(match: re.Match[str], facts: Facts) -> Shape | None:
    op = next(sign for at, (sign, _) in enumerate(_SIGNS) if match[f"s{at}"])
    if match["left"]:
        column: str | None = facts.marks.column(match["left"])
    else:
        column = told_column(re.findall(r"[a-z]+", _last(match["words"])), facts)
    if column is None:
        return None
    if match["number"]:
        said = match["number"].replace(",", "").rstrip(".")
        return {"op": op, "left": column, "value": float(said) if "." in said else int(said)}
    if match["statistic"]:
        statistic = {"op": "statistic", "column": column, **_statistic(match["statistic"])}
        return {"op": op, "left": column, "right": statistic}
    if match["right"]:
        return {"op": op, "left": column, "right": facts.marks.column(match["right"])}
    label = facts.marks.label(match["label"])
    known = facts.marks.lexicon.by_name.get(column)
    if known is None or known.numeric or op not in ("==", "!="):
        return None
    return {"op": op, "left": column, "value": label}


def _last(words: str) -> str:
    """Return the words behind the last that only joins: "if the price" has "price"."""
    return re.split(
        r"\b(?:if|when|where|whose|with|the|a|its|their|whether|that|of|for|and)\b", words
    )[-1]


def _statistic(said: str) -> dict[str, Any]:
    if said[0].isdigit():
        return {"statistic": "quantile", "q": int(re.findall(r"\d+", said)[0]) / 100}
    if "quartile" in said:
        return {"statistic": "quantile", "q": 0.25 if said.startswith(("first", "lower")) else 0.75}
    return {"statistic": "median" if said == "median" else "mean"}
