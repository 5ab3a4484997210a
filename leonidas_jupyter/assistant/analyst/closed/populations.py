"""Which rows a text speaks of: conditions, and groups that are compared."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.amounts import amounts_in, use_repeated
from leonidas_jupyter.assistant.analyst.closed.derived_words import counts_in, states_in
from leonidas_jupyter.assistant.analyst.closed.excluding import leaves_out, only_bounds, stays
from leonidas_jupyter.assistant.analyst.closed.facts import Condition, Facts
from leonidas_jupyter.assistant.analyst.closed.marks import CS, C, L, Marks
from leonidas_jupyter.assistant.analyst.closed.moments import moments_in, rather_a_year
from leonidas_jupyter.assistant.analyst.closed.series import COMPARED, numbers_listed, series_of
from leonidas_jupyter.assistant.analyst.closed.valued import flags_in, values_in
from leonidas_jupyter.assistant.analyst.column import NamedColumn
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.words import fold, pieces

_SAID = {
    "true": True, "yes": True, "y": True, "t": True, "1": True,
    "false": False, "no": False, "n": False, "f": False, "0": False,
}  # fmt: skip
"""How texts write the values of a column of yes and no."""

_NUMBER = r"(?P<n>-?\d+(?:,\d{3})*(?:\.\d+)?)"
_EQUAL = (
    r"(?:(?:value|values|level|score)\s+)?(?:=|==|is\s+equal\s+to|equal\s+to"
    r"|equals?|(?:is|are)\s+(?:coded|recorded|marked|given)\s+(?:as|by|with)|is|are|of|being|was)"
)
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        ">=",
        re.compile(
            rf"(?P<c>{C})\s*(?:values?\s+|that\s+|which\s+)*(?:is|are|was|of)?\s*(?:>=|≥"
            rf"|greater\s+than\s+or\s+equal\s+to|at\s+least|no\s+less\s+than)\s*{_NUMBER}"
        ),
    ),
    (
        "<=",
        re.compile(
            rf"(?P<c>{C})\s*(?:values?\s+|that\s+|which\s+)*(?:is|are|was|of)?\s*(?:<=|≤|"
            r"(?:less|lower|smaller)\s+than\s+or\s+equal\s+to|at\s+most"
            rf"|no\s+more\s+than)\s*{_NUMBER}"
        ),
    ),
    (
        ">",
        re.compile(
            rf"(?P<c>{C})\s*(?:values?\s+|that\s+|which\s+)*(?:is|are|was|of)?\s*(?:>|"
            rf"(?:greater|larger|higher|more)\s+than|above|over|exceed(?:s|ing)?)\s*{_NUMBER}"
        ),
    ),
    (
        "<",
        re.compile(
            rf"(?P<c>{C})\s*(?:values?\s+|that\s+|which\s+)*(?:is|are|was|of)?\s*(?:<|"
            rf"(?:less|lower|smaller|fewer)\s+than|below|under)\s*{_NUMBER}"
        ),
    ),
    ("!=", re.compile(rf"(?P<c>{C})\s*(?:!=|≠|is\s+not(?:\s+equal\s+to)?)\s*{_NUMBER}")),
    (
        "between",
        re.compile(
            rf"(?P<c>{C})\s*(?:values?\s+)?(?:is|are|falls?|lies?)?\s*(?:between"
            rf"|from)\s*{_NUMBER}\s*(?:and|to)\s*(?P<m>-?\d+(?:\.\d+)?)"
        ),
    ),
    (
        "==",
        re.compile(
            rf"(?P<c>{C})\s*{_EQUAL}\s*(?:a\s+value\s+of\s+)?{_NUMBER}(?!\s*(?:decimal|%"
            r"|\.\d|\s+and\s+-?\d))"
        ),
    ),
    (
        "sign",
        re.compile(
            r"\b(?:with|having|have|has|had)\s+(?:an?\s+)?(?P<s>negative|positive|non-?zero|zero)\s+"
            rf"(?P<c>{C})"
        ),
    ),
    (
        "beside",
        re.compile(
            rf"(?P<c>{C})\s+(?P<n>\d+)\b(?!\s*(?:decimal|digit|dp\b|place|%|[-+*/.:]|,\s*\d"
            r"|(?:and|or|to)\s+\d))"
        ),
    ),
    (
        "contains",
        re.compile(
            rf"(?P<c>{C})\s*(?:values?\s+|that\s+|which\s+)*(?:contain\w*|includ\w*)\s+(?:the\s+)?"
            rf"(?:(?:word|string|text|substring|phrase)\s+)?(?P<l>{L})"
        ),
    ),
    (
        "starts_with",
        re.compile(
            rf"(?P<c>{C})\s*(?:values?\s+|that\s+|which\s+)*(?:start|begin)\w*\s+with\s+(?:the\s+)?"
            rf"(?:(?:word|string|text|letters?|prefix)\s+)?(?P<l>{L})"
        ),
    ),
    ("label", re.compile(rf"(?P<c>{C})\s*(?:{_EQUAL}|:)?\s*(?P<l>{L})")),
    ("not_label", re.compile(rf"(?P<c>{C})\s*(?:!=|is\s+not(?:\s+equal\s+to)?)\s*(?P<l>{L})")),
    ("label_before", re.compile(rf"(?P<l>{L})\s+(?P<c>{C})")),
    (
        "label_column",
        re.compile(rf"(?P<l>{L})\s*(?:in|as|for)\s*(?:their\s+|the\s+|its\s+)?(?P<c>{C})"),
    ),
    (
        "dated",
        re.compile(
            r"\b(?:in|for|during|of|and|or|year)\s+(?:the\s+)?(?:year\s+)?(?P<n>(?:1[89]|20)\d\d)\b"
            r"(?!\s*[-/])"
        ),
    ),
)


def read_populations(facts: Facts) -> None:
    """Add the conditions of all sentences to ``facts``."""
    for at, text in enumerate(facts.texts):
        found = list(conditions_in(text, facts))
        for condition, span in found:
            if (
                condition.column in facts.classes
                and sum(
                    label in facts.classes[condition.column]
                    for label in facts.marks.labels_in(text)
                )
                > 1
            ):
                continue
            if any(start < span[1] and span[0] < end for start, end in facts.claimed[at]):
                continue
            if stays(text, span, condition):
                facts.spans[at].add(span)
                continue
            away = leaves_out(text, *span, [other for _, other in found])
            if away is not None:
                facts.spans[at] |= {span, away}
                facts.excluded.append(condition)
                continue
            if condition not in facts.conditions and not only_bounds(condition, facts.conditions):
                facts.conditions.append(condition)
            facts.spans[at].add(span)
    use_repeated(facts)


def conditions_in(text: str, facts: Facts) -> Iterator[tuple[Condition, tuple[int, int]]]:
    """Yield the conditions that a marked text states, each with where it stands."""
    taken: list[tuple[int, int]] = []
    for condition, span in moments_in(text, facts.marks.lexicon):
        if span in taken or _free(span, taken):
            taken.append(span)
            yield condition, span
    stated = (_patterns, numbers_listed, states_in, counts_in, amounts_in)
    for condition, span in chain.from_iterable(find(text, facts) for find in stated):
        if _free(span, taken):
            taken.append(span)
            yield condition, span
    loose = (_labelled(text, facts), flags_in(text, facts), values_in(text, facts.marks.lexicon))
    for condition, span in chain.from_iterable(loose):
        if _free(span, taken) and not _describes(condition, text[span[1] :], facts):
            taken.append(span)
            yield condition, span


def _describes(condition: Condition, behind: str, facts: Facts) -> bool:
    """Return whether a value's word only describes a column in brackets: "the rain (C)"."""
    beside = re.match(rf"\s*\(?\s*({C})", behind)
    other = beside is not None and facts.marks.column(beside[1]) != condition.column
    return other and set(condition.words) <= facts.marks.described


def _free(span: tuple[int, int], taken: Sequence[tuple[int, int]]) -> bool:
    return not any(start < span[1] and span[0] < end for start, end in taken)


def _patterns(text: str, facts: Facts) -> Iterator[tuple[Condition, tuple[int, int]]]:
    for op, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            condition = _condition(op, match, facts)
            if condition is None or _SCORED.search(text[: match.start()]):
                continue
            series = list(series_of(text, match, condition)) if op in COMPARED else []
            if series:
                yield from series
            else:
                yield condition, match.span()


_SCORED = re.compile(r"\bz-?\s?(?:scores?|values?)\s+(?:of|in|for)\s+(?:the\s+)?$")
"""What stands before a column whose scores, not its values, are compared."""


def _condition(op: str, match: re.Match[str], facts: Facts) -> Condition | None:
    marks = facts.marks
    if op == "dated":
        return _dated(int(match["n"]), marks.lexicon)
    column = marks.column(match["c"])
    if op in ("contains", "starts_with", "sign"):
        return _worded(op, match, column, marks)
    if op in ("label", "not_label", "label_column", "label_before"):
        label = marks.label(match["l"])
        value = _value(column, label, marks.lexicon)
        if value is None:
            return None
        return Condition(column, "!=" if op == "not_label" else "==", value, pieces(label))
    known = marks.lexicon.by_name.get(column)
    number = _number(match["n"])
    if op == "beside":
        return _beside(known, number)
    if (
        op == "=="
        and re.search(r"\s(?:of|in)\s", match.group())
        and rather_a_year(number, column, marks.lexicon)
    ):
        return None
    if known is not None and not known.numeric and known.profile.type != "boolean":
        text = _value(column, match["n"], marks.lexicon)
        if op == "==" and text is not None:
            return Condition(column, "==", text, (match["n"],))
        return None
    if op == "between":
        return Condition(column, "between", (number, _number(match["m"])))
    return Condition(column, op, number, (match["n"],))


def _worded(op: str, match: re.Match[str], column: str, marks: Marks) -> Condition:
    """Return the condition of "with a negative balance" or "that contain 'x'"."""
    if op == "sign":
        return Condition(column, _SIGNS[match["s"].replace("-", "")], 0, (match["s"],))
    return Condition(column, op, marks.label(match["l"]), pieces(marks.label(match["l"])))


_SIGNS = {"negative": "<", "positive": ">", "nonzero": "!=", "zero": "=="}


def _beside(known: NamedColumn | None, number: float) -> Condition | None:
    """Return the condition of "grade 2": whole numbers that the column has, and few of them."""
    profile = known.profile if known is not None else None
    if profile is None or profile.type != "integer" or profile.distinct > _FEW_CODES:
        return None
    low, high = profile.min, profile.max
    if not (
        isinstance(low, int | float) and isinstance(high, int | float) and low <= number <= high
    ):
        return None
    return Condition(profile.name, "==", number, (str(number),))


_FEW_CODES = 60


def _labelled(text: str, facts: Facts) -> Iterator[tuple[Condition, tuple[int, int]]]:
    """Yield the quoted texts that are values of one column."""
    for match in re.finditer(L, text):
        condition = _valued_label(facts.marks.label(match.group()), facts)
        if condition is not None:
            yield condition, match.span()


def _valued_label(label: str, facts: Facts) -> Condition | None:
    """Return the condition of a quoted text that is a value of one column."""
    if any(label in labels for labels in facts.classes.values()) or label in facts.allowed:
        return None
    refs = facts.marks.lexicon.values.get("".join(pieces(label)), ())
    exact = [ref for ref in refs if label in ref.values]
    if len(exact) == 1:
        return Condition(exact[0].column, "==", label, pieces(label))
    return None


def _number(text: str) -> int | float:
    plain = text.replace(",", "")
    return float(plain) if "." in plain else int(plain)


def _dated(year: int, lexicon: FrameLexicon) -> Condition | None:
    named = [column for column in lexicon.columns if column.words[-1:] == ("year",)]
    years = [column for column in named if column.numeric]
    if len(years) == 1:
        return Condition(years[0].name, "==", year, (str(year),))
    dates = [column for column in lexicon.columns if column.temporal]
    if not years and len(dates) == 1:
        return Condition(
            dates[0].name, "between", (f"{year}-01-01", f"{year}-12-31T23:59:59"), (str(year),)
        )
    return None


def _value(column: str, label: str, lexicon: FrameLexicon) -> Any:  # noqa: ANN401 - a cell
    """Return the cell that a quoted text means in a column, as it is written there."""
    known = lexicon.by_name.get(column)
    if known is None:
        return label
    if known.numeric:
        try:
            return _number(label)
        except ValueError:
            return None
    profile = known.profile
    if profile.type == "boolean":
        return _SAID.get(label.lower())
    listed = list(profile.categories or [str(top.value) for top in profile.top])
    for same in (str, lambda text: fold(str(text)).strip()):
        found = [value for value in listed if same(value) == same(label)]
        if len(found) == 1:
            return found[0]
    return None if profile.categories is not None else label


def alternatives(facts: Facts) -> dict[str, list[Condition]]:
    """Return the columns of which the text names several values: groups to compare."""
    by_column: dict[str, list[Condition]] = {}
    for condition in facts.conditions:
        by_column.setdefault(condition.column, []).append(condition)
    return {
        column: found
        for column, found in by_column.items()
        if len({(one.op, str(one.value)) for one in found}) > 1
        and all(one.op in ("==", "in", ">", "<", ">=", "<=", "between", "!=") for one in found)
    }


__all__ = ["CS", "alternatives", "conditions_in", "read_populations"]
