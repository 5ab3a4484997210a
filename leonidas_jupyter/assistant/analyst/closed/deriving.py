"""New columns that a text defines: by a formula, by a part of a date, by classes with limits."""

import re
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.facts import Facts, Preparation
from leonidas_jupyter.assistant.analyst.closed.formula import read_formula
from leonidas_jupyter.assistant.analyst.closed.marks import CS, C

_INFINITE = re.compile(
    r"\b(?:infinit\w+|inf)\b[^.]*?\b(?:with|by|to)\s+(?P<to>zero|0|nan|null)"
    r"|\bdivisions?\s+by\s+zero[^.]*?\b(?P<to2>zero|0|nan|null)\b(?=[^.]*$)"
)
_PERCENT = re.compile(
    r"\b(?:multiply|multiplied|times)\b[^.]*\b100\b|\bin percent\b|\bas a percentage\b|\*\s*100"
)
_PARTS = (
    ("month_name", r"\bmonth\s+names?\b"),
    ("weekday_name", r"\bday\s+of\s+(?:the\s+)?week\b|\bweekdays?\b"),
    ("year", r"\byears?\b"), ("month", r"\bmonths?\b"), ("quarter", r"\bquarters?\b"),
    ("hour", r"\bhours?\b"), ("day", r"\bdays?\b"),
)  # fmt: skip
_LENGTH = re.compile(rf"\b(?:length|number of characters|character count)\b[^.]*?({C})")
_WORDS = re.compile(rf"\b(?:number of words|word count)\b[^.]*?({C})")
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
    )
)
_CUMULATIVE = re.compile(rf"\bcumulative\s+(?:sum|total)\b[^.]*?({C})")
_MOVING = re.compile(
    r"\b(?P<n>\d+)[\s-]*(?:days?|periods?|rows?|months?|weeks?)?[\s-]*(?:moving"
    r"|rolling)\s+(?P<how>average|mean|median|std|sum|standard deviation)\b[^.]*?"
    f"(?P<c>{C})"
)


def read_derived(facts: Facts) -> None:
    """Add new columns with their expressions to ``facts``."""
    for name in facts.marks.new:
        if name in facts.derived:
            continue
        sign = facts.marks.column_sign(name)
        about = [(at, text) for at, text in enumerate(facts.texts) if sign in text]
        nearby = [
            *about,
            *((at + 1, facts.texts[at + 1]) for at, _ in about if at + 1 < len(facts.texts)),
        ]
        for at, text in nearby:
            found = _binary(facts, at, text) or _expression(text, facts, name)
            if found is None:
                continue
            facts.derived[name] = _in_percent(name, found, facts)
            facts.kinds.add("derive")
            facts.preparations.append(Preparation("derive", (about[0][0], text.find(sign)), [name]))
            _consume(facts, at, text)
            break
    _adjust(facts)


_EXPRESSED = re.compile(
    r"\b(?:express|report|give|state|calculat|comput)\w*\s+(?P<what>[^.;]*?)\s*\b(?:as\s+(?:a\s+)?percent(?:age)?s?|in\s+percent)\b"
)


def _in_percent(name: str, expression: Any, facts: Facts) -> Any:  # noqa: ANN401
    """Return a quotient times 100 where another sentence wants the new column in percent."""
    if not (isinstance(expression, dict) and expression.get("op") == "/"):
        return expression
    told = {part for part in re.split(r"[_\W]+", name.lower()) if len(part) > 2}
    for at, match in facts.finds(_EXPRESSED):
        said = set(re.findall(r"\w+", facts.marks.plain(match["what"]).lower()))
        if said & told or said <= {"it", "this", "the", "new", "column", "feature", "values"}:
            facts.use(at, match)
            return {"op": "*", "left": expression, "right": 100}
    return expression


def _consume(facts: Facts, at: int, text: str) -> None:
    for match in re.finditer(rf"[(\s]*{C}[^.;]*{C}[)\s]*(?:[-+*/]\s*\d+(?:\.\d+)?)?", text):
        facts.use(at, match)
    for pattern in (_PERCENT, _MOVING):
        for match in pattern.finditer(text):
            facts.use(at, match)


_BINARY = re.compile(
    rf"\b(?P<then>1|0)\s*(?:when|if|where|for)\s+(?:the\s+)?(?P<c>{C})\s*(?:is\s+|are\s+)?(?P<sign>>=|<=|>|<|==|="
    r"|≥|≤|greater than|more than|above|less than|below|at least|at most)\s*(?P<n>-?\d+(?:\.\d+)?)"
)
_SIGNS = {
    "≥": ">=", "≤": "<=", "greater than": ">", "more than": ">", "above": ">", "less than": "<",
    "below": "<", "at least": ">=", "at most": "<=", "=": "==",
}  # fmt: skip


def _binary(facts: Facts, at: int, text: str) -> Any:  # noqa: ANN401
    """Return "1 when C > 0 and 0 otherwise"."""
    match = _BINARY.search(text)
    if match is None:
        return None
    facts.claim(at, match)
    sign = _SIGNS.get(match["sign"], match["sign"])
    then = int(match["then"])
    condition = {"op": sign, "left": facts.marks.column(match["c"]), "value": float(match["n"])}
    return {"op": "if", "condition": condition, "then": then, "otherwise": 1 - then}


def _expression(text: str, facts: Facts, name: str) -> Any:  # noqa: ANN401 - a recipe's expression
    marks = facts.marks
    bare = text.replace(marks.column_sign(name), " ")
    for pattern, op in ((_WORDS, "word_count"), (_LENGTH, "length")):
        match = pattern.search(bare)
        if match:
            return {"op": op, "value": marks.column(match[1])}
    columns = marks.columns_in(bare)
    found = _of_order(bare, facts, columns) or _of_one(bare, columns)
    if found is not None:
        return found
    found = read_formula(text, marks, name)
    if found is not None:
        if _PERCENT.search(text) and "100" not in str(found):
            return {"op": "*", "left": found, "right": 100}
        return found
    named = text.replace(marks.column_sign(name), f" {name.lower().replace('_', ' ')} ")
    return _date_part(named, facts, columns) or _gathered(bare, facts)


def _of_order(bare: str, facts: Facts, columns: list[str]) -> Any:  # noqa: ANN401
    """Return what depends on the rows before: moving, cumulative, changes."""
    marks = facts.marks
    match = _MOVING.search(bare)
    if match:
        how = {"average": "mean", "standard deviation": "std"}.get(match["how"], match["how"])
        return {
            "op": f"rolling_{how}",
            "value": marks.column(match["c"]),
            "window": int(match["n"]),
        }
    match = _CUMULATIVE.search(bare)
    if match:
        return {"op": "cumulative_sum", "value": marks.column(match[1])}
    match = _CHANGE.search(bare)
    if match and len(columns) == 1:
        change = {"op": "pct_change", "value": columns[0]}
        hundred = re.search(r"percent|pct|\b100\b", bare) is not None and "return" not in bare
        return {"op": "*", "left": change, "right": 100} if hundred else change
    return None


def _of_one(bare: str, columns: list[str]) -> Any:  # noqa: ANN401
    """Return a function of one column."""
    for op, pattern in _FUNCTIONS:
        match = pattern.search(bare)
        if match and len(columns) == 1:
            return {"op": op, "value": columns[0]}
    match = _SQUARE.search(bare)
    if match and len(columns) == 1:
        return {"op": "**", "left": columns[0], "right": 2}
    return None


def _gathered(text: str, facts: Facts) -> Any:  # noqa: ANN401
    """Return "the average price of the A company (A), the B company (B) and the C company"."""
    match = re.search(r"\b(?P<how>average|mean|sum|total)\b(?P<rest>[^;]*)", text)
    columns = facts.marks.columns_in(match["rest"]) if match else []
    if match is None or len(columns) < 2:
        return None
    op = "row_mean" if match["how"] in ("average", "mean") else "row_sum"
    return {"op": op, "columns": columns}


def _date_part(text: str, facts: Facts, columns: list[str]) -> Any:  # noqa: ANN401
    dates = [column.name for column in facts.marks.lexicon.columns if column.temporal]
    if not columns and len(dates) == 1 and re.search(r"\bdates?\b|\btime\w*\b", text):
        columns = dates
    if len(columns) != 1 or not re.search(
        r"\b(?:extract|deriv|based on|from|represent|contain)\w*", text
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


def _adjust(facts: Facts) -> None:
    """Apply what other sentences say about divisions: a constant added, infinity replaced."""
    step = facts.step("denominator")
    for name, expression in list(facts.derived.items()):
        divided = isinstance(expression, dict) and expression.get("op") == "/"
        if not divided:
            continue
        if step is not None:
            expression["right"] = {
                "op": "+",
                "left": expression["right"],
                "right": step.how["plus"],
            }
            step.how["taken"] = True
        for at, match in facts.finds(_INFINITE):
            facts.use(at, match)
            to = match["to"] or match["to2"]
            value = 0 if to in ("zero", "0") else None
            facts.derived[name] = {
                "op": "if",
                "condition": {"op": "==", "left": expression["right"], "value": 0},
                "then": value,
                "otherwise": expression,
            }


__all__ = ["CS", "read_derived"]
