"""New columns that a text defines: by a formula, by a part of a date, by classes with limits."""

import re
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.facts import Facts, Preparation
from leonidas_jupyter.assistant.analyst.closed.flags import read_flag
from leonidas_jupyter.assistant.analyst.closed.formula import read_formula
from leonidas_jupyter.assistant.analyst.closed.mapped import read_mapped
from leonidas_jupyter.assistant.analyst.closed.marks import CS, C, Marks
from leonidas_jupyter.assistant.analyst.closed.transformed import (
    of_dates,
    of_one,
    of_order,
    of_text,
)
from leonidas_jupyter.assistant.analyst.closed.undefined import adjust

_PERCENT = re.compile(
    r"\b(?:multiply|multiplied|times)\b[^.]*\b100\b|\bin percent\b|\bas a percentage\b|\*\s*100"
    r"|\bpercent(?:age)?\s+(?:of|that|change|difference|increase)\b"
)
_USES = re.compile(
    r"\b(?:correlat\w*|test\w*|group\w*\s+by|outliers?|skew\w*|distribution|which|what|is\s+there)\b"
)


def read_derived(facts: Facts) -> None:
    """Add new columns with their expressions to ``facts``."""
    for name in facts.marks.new:
        if name in facts.derived:
            continue
        sign = facts.marks.column_sign(name)
        about = [at for at, text in enumerate(facts.texts) if sign in text]
        for at in _places(facts, sign, about):
            found = _read(facts, at, name)
            if found is None:
                continue
            facts.derived[name] = _in_percent(name, found, facts)
            facts.kinds.add("derive")
            first = about[0] if about else at
            place = (first, max(facts.texts[first].find(sign), 0))
            facts.preparations.append(Preparation("derive", place, [name]))
            _consume(facts, at, sign)
            break
    _same(facts)
    adjust(facts)


def _places(facts: Facts, sign: str, about: list[int]) -> list[int]:
    """Return the sentences that may define a column, the likeliest first."""
    texts = facts.texts

    def rank(at: int) -> int:
        if re.search(
            rf"{sign}\s*(?:=|:|is\s+(?:defined|computed|calculated|1|the)|as\b|by\b)", texts[at]
        ):
            return 0
        return 2 if _USES.search(texts[at]) else 1

    near = sorted(about, key=rank)
    behind = [at + 1 for at in about if at + 1 < len(texts)]
    before = [at - 1 for at in about if at]
    others = [at for at in range(len(texts)) if not _USES.search(texts[at])]
    return list(dict.fromkeys([*near, *behind, *before, *others]))


def _read(facts: Facts, at: int, name: str) -> Any:  # noqa: ANN401 - a recipe's expression
    text = facts.texts[at]
    others = [one for one in facts.marks.new if one != name and one not in facts.derived]
    sign = facts.marks.column_sign(name)
    if sign not in text and any(facts.marks.column_sign(one) in text for one in others):
        return None
    found = read_mapped(facts, at, text, name)
    if found is None:
        found = read_flag(facts, at, text, name)
    if found is None:
        found = _expression(text, facts, name, own=sign in text)
    return found


def _expression(text: str, facts: Facts, name: str, *, own: bool) -> Any:  # noqa: ANN401
    marks = facts.marks
    bare = text.replace(marks.column_sign(name), " ")
    columns = marks.columns_in(bare)
    found = of_text(bare, facts) or of_order(bare, facts, columns)
    if found is not None:
        return found
    found = read_formula(text, marks, name)
    if found is None and own:
        found = of_one(bare, columns)
    if found is not None:
        if _PERCENT.search(_own_clause(text, marks, name)) and "100" not in str(found):
            return {"op": "*", "left": found, "right": 100}
        return found
    named = text.replace(marks.column_sign(name), f" {name.lower().replace('_', ' ')} ")
    return of_dates(named, facts, columns) or _gathered(bare, facts)


def _own_clause(text: str, marks: Marks, name: str) -> str:
    """Return what a sentence says of one new column, without what it says of the next one."""
    start = text.find(marks.column_sign(name))
    if start < 0:
        return text
    others = [
        at
        for other in marks.new
        if other != name
        for at in [re.search(rf"\b(?:and|;|,)[^,;]*{marks.column_sign(other)}", text[start:])]
        if at is not None
    ]
    return text[start : start + min(at.start() for at in others)] if others else text


_EXPRESSED = re.compile(
    r"\b(?:express|report|give|state|calculat|comput)\w*\s+(?P<what>[^.;]*?)\s*"
    r"\b(?:as\s+(?:a\s+)?percent(?:age)?s?|in\s+percent)\b"
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


_CLAUSE = re.compile(
    r"[;?]|\.(?!\d)|,?\s+and\s+(?:then\s+)?(?:find|report|calculate|compute|determine|give|which|what|how|test|check"
    r"|is|are)\b|\b(?:for|among|only|where|within)\s+(?!each\b|every\b|all\b)"
)


def _consume(facts: Facts, at: int, sign: str) -> None:
    text = facts.texts[at]
    for match in re.finditer(rf"[(\s]*{C}[^.;]*{C}[)\s]*(?:[-+*/]\s*\d+(?:\.\d+)?)?", text):
        facts.use(at, match)
    for match in _PERCENT.finditer(text):
        facts.use(at, match)
    start = text.find(sign)
    if start >= 0 and not text.rstrip().endswith("?"):
        clause = _CLAUSE.search(text, start)
        facts.spans[at].add((start, clause.start() if clause else len(text)))


def _same(facts: Facts) -> None:
    """Speak of one column where two new ones are computed alike."""
    first: dict[str, str] = {}
    for name in [*facts.derived]:
        spelled = repr(facts.derived[name])
        if spelled not in first:
            first[spelled] = name
            continue
        other, sign = facts.marks.column_sign(first[spelled]), facts.marks.column_sign(name)
        facts.texts = [text.replace(sign, other) for text in facts.texts]
        del facts.derived[name]
        facts.marks.new = [one for one in facts.marks.new if one != name]
        facts.preparations = [
            step
            for step in facts.preparations
            if not (step.kind == "derive" and step.columns == [name])
        ]


def _gathered(text: str, facts: Facts) -> Any:  # noqa: ANN401
    """Return "the average price of the A company (A), the B company (B) and the C company"."""
    match = re.search(r"\b(?P<how>average|mean|sum|total)\b(?P<rest>[^;]*)", text)
    columns = facts.marks.columns_in(match["rest"]) if match else []
    if match is None or len(columns) < 2:
        return None
    op = "row_mean" if match["how"] in ("average", "mean") else "row_sum"
    return {"op": op, "columns": columns}


__all__ = ["CS", "read_derived"]
