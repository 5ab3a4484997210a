"""New columns that are a function of one: of a number, a text, a date, or of the rows before."""

import re
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.facts import Facts
from leonidas_jupyter.assistant.analyst.closed.marks import C

_PARTS = (
    ("month_name", r"\bmonth\s+names?\b|\bnames?\s+of\s+(?:the\s+)?months?\b"),
    ("weekday_name", r"\bday\s+of\s+(?:the\s+)?week\b|\bweekdays?\b|\bday\s+names?\b"),
    ("year", r"\byears?\b"), ("month", r"\bmonths?\b"), ("quarter", r"\bquarters?\b"),
    ("hour", r"\bhours?\b"), ("day", r"\bdays?\b"),
)  # fmt: skip
_OF_TEXT = (
    ("word_count", re.compile(rf"\b(?:number|count)\s+of\s+(?:the\s+)?words\b[^.]*?({C})"
                              rf"|\bcount\s+(?:the\s+)?words\b[^.]*?({C})|\bword\s+count\b[^.]*?({C})")),
    ("length", re.compile(rf"\b(?:length|(?:number|count)\s+of\s+(?:the\s+)?(?:characters|letters)"
                          rf"|character\s+count)\b[^.]*?({C})")),
)  # fmt: skip
_INITIAL = re.compile(rf"\b(?:first|initial)\s+(?:letter|character)\b[^.]*?({C})")
_FIRST = re.compile(rf"\b(?P<which>first|last)\s+(?:word|name|part|token)\b[^.]*?({C})")
_ITEMS = re.compile(
    rf"\b(?:number|count)\s+of\s+[^.]*?({C})[^.]*?\b(?:separated|delimited|split)\s+by\s+(?P<by>commas?"
    r"|semicolons?|slash(?:es)?|pipes?|hyphens?|dash(?:es)?)"
)
_SEPARATORS = {"c": ",", "se": ";", "sl": "/", "p": "|", "h": "-", "d": "-"}
_CHANGE = re.compile(
    r"\b(?:percent(?:age)?|pct|daily|relative)\s*(?:percent(?:age)?\s+)?(?:change"
    rf"|return)s?\b[^.]*?({C})(?!\s*(?:and|to)\s*{C})|({C})\s+(?:daily\s+)?"
    r"(?:percent(?:age)?\s+change|returns?)\b"
)
_SQUARE = re.compile(rf"\bsquar(?:e|ing)\s+(?:of\s+)?(?:the\s+)?({C})|({C})\s+squared\b")
_FUNCTIONS = tuple(
    (op, re.compile(pattern))
    for op, pattern in (
        ("log10", r"\blog10\b|\bbase[\s-]*10\b"),
        ("log2", r"\blog2\b|\bbase[\s-]*2\b"),
        ("log1p", r"\blog1p\b|\blog\(\s*1\s*\+|\bplus\s+(?:1|one)\b|\+\s*1\b"),
        ("log", r"\blog(?:arithm\w*)?\b|\bln\b"),
        ("sqrt", r"\bsquare[\s-]*root\b|\bsqrt\b"),
        ("abs", r"\babsolute\s+values?\b"),
    )
)
_CUMULATIVE = re.compile(rf"\b(?:cumulative|running)\s+(?:sum|total)\b[^.]*?({C})")
_MOVING = re.compile(
    r"\b(?P<n>\d+)[\s-]*(?:days?|periods?|rows?|months?|weeks?)?[\s-]*(?:moving"
    r"|rolling)\s+(?P<how>average|mean|median|std|sum|standard deviation)\b[^.]*?"
    rf"(?P<c>{C})|\b(?:moving|rolling)\s+(?P<how2>average|mean|median|std|sum)\b[^.]*?"
    rf"(?P<c2>{C})[^.]*?\b(?:window\s+(?:size\s+)?of\s+|over\s+|with\s+(?:a\s+)?window\s*=?\s*)(?P<n2>\d+)"
)
_DIFFERENCE = re.compile(
    r"\b(?:change|difference|diff\w*)\b[^.]*?\b(?:previous|prior|preceding)\s+(?:day|row|month|year|week|value"
    r"|observation|period|entry)\b|\bday-(?:over|to)-day\s+(?:change|difference)"
)
_LAG = re.compile(
    r"\blag(?:ged)?\b|\bshift(?:ed)?\b|\bprevious\s+(?:day|row|month|year|week)(?:'s)?\b"
)
_Z_SCORE = re.compile(r"\bz[\s-]?(?:scores?|transform\w*)\b|\bstandardi[sz]\w*\b")
_MIN_MAX = re.compile(r"\bmin[\s-]?max\b|\bnormali[sz]\w*\b[^.]*\b(?:between|to|range)\b[^.]*\b0\b")
_RANK = re.compile(r"\brank(?:s|ed|ing)?\b")


def of_text(bare: str, facts: Facts) -> Any:  # noqa: ANN401 - a recipe's expression
    """Return what is taken of a text: its length, its words, its first letter."""
    marks = facts.marks
    items = _ITEMS.search(bare)
    if items:
        by = next(sign for start, sign in _SEPARATORS.items() if items["by"].startswith(start))
        column = marks.column(items[1])
        without = {
            "op": "length",
            "value": {"op": "replace", "value": column, "old": by, "new": ""},
        }
        whole = {"op": "length", "value": column}
        return {"op": "+", "left": {"op": "-", "left": whole, "right": without}, "right": 1}
    for op, pattern in _OF_TEXT:
        match = pattern.search(bare)
        if match:
            sign = next(group for group in match.groups() if group)
            return {"op": op, "value": marks.column(sign)}
    match = _INITIAL.search(bare)
    if match:
        return {"op": "slice", "value": marks.column(match[1]), "start": 0, "stop": 1}
    match = _FIRST.search(bare)
    if match:
        part = 0 if match["which"] == "first" else -1
        return {"op": "split", "value": marks.column(match[2]), "separator": " ", "part": part}
    return None


def of_order(bare: str, facts: Facts, columns: list[str]) -> Any:  # noqa: ANN401
    """Return what depends on the rows before: moving, cumulative, changes."""
    marks = facts.marks
    match = _MOVING.search(bare)
    if match:
        said = match["how"] or match["how2"]
        how = {"average": "mean", "standard deviation": "std"}.get(said, said)
        return {
            "op": f"rolling_{how}",
            "value": marks.column(match["c"] or match["c2"]),
            "window": int(match["n"] or match["n2"]),
        }
    match = _CUMULATIVE.search(bare)
    if match:
        return {"op": "cumulative_sum", "value": marks.column(match[1])}
    if len(columns) != 1:
        return None
    if _CHANGE.search(bare):
        change = {"op": "pct_change", "value": columns[0]}
        hundred = re.search(r"percent|pct|\b100\b", bare) is not None and "return" not in bare
        return {"op": "*", "left": change, "right": 100} if hundred else change
    if _DIFFERENCE.search(bare):
        return {"op": "diff", "value": columns[0]}
    if _LAG.search(bare) and "autocorr" not in bare:
        steps = re.search(r"\b(?:by|of|lag)\s*-?(\d+)\b", bare)
        return {"op": "shift", "value": columns[0], "periods": int(steps[1]) if steps else 1}
    return None


def of_one(bare: str, columns: list[str]) -> Any:  # noqa: ANN401
    """Return a function of one column of numbers."""
    if len(columns) != 1:
        return None
    name = columns[0]
    for op, pattern in _FUNCTIONS:
        if pattern.search(bare):
            return {"op": op, "value": name}
    if _SQUARE.search(bare):
        return {"op": "**", "left": name, "right": 2}
    if _Z_SCORE.search(bare):
        return _scaled(name, "mean", _spread(bare, name))
    if _MIN_MAX.search(bare):
        low, high = _statistic(name, "min"), _statistic(name, "max")
        return _scaled(name, "min", {"op": "-", "left": high, "right": low})
    if _RANK.search(bare):
        down = re.search(r"\bdescending\b|\b(?:highest|largest)\b[^.]*\b(?:1|first)\b", bare)
        return {"op": "rank", "value": name, "descending": down is not None}
    return None


def _statistic(name: str, statistic: str) -> dict[str, Any]:
    return {"op": "statistic", "column": name, "statistic": statistic}


def _spread(bare: str, name: str) -> dict[str, Any]:
    whole = re.search(r"\bpopulation\b|\bddof\s*=\s*0|\bstandardscaler\b|\bscipy\b|\bnumpy\b", bare)
    return {**_statistic(name, "std"), **({"ddof": 0} if whole else {})}


def _scaled(name: str, centre: str, spread: Any) -> dict[str, Any]:  # noqa: ANN401
    moved = {"op": "-", "left": name, "right": _statistic(name, centre)}
    return {"op": "/", "left": moved, "right": spread}


def of_dates(text: str, facts: Facts, columns: list[str]) -> Any:  # noqa: ANN401
    """Return a part of the only date."""
    dates = [column.name for column in facts.marks.lexicon.columns if column.temporal]
    if not columns and len(dates) == 1 and re.search(r"\bdates?\b|\btime\w*\b", text):
        columns = dates
    if len(columns) != 1 or not re.search(
        r"\b(?:extract|deriv|based on|from|represent|contain|tak|of the|creat|add)\w*", text
    ):
        return None
    known = facts.marks.lexicon.by_name.get(columns[0])
    if known is None or not known.temporal:
        return None
    if re.search(r"\btime of (?:the )?day\b", text):
        return None
    for part, pattern in _PARTS:
        if re.search(pattern, text):
            return {"op": "date_part", "value": columns[0], "part": part}
    return None
