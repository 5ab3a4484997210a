"""From spans to a typed question.

The rules rewrite, one operation of the table must match all that remains.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from leonidas_jupyter.assistant.analyst import (
    dates,
    filters,
    havings,
    numbers,
    phrases,
    values,
    windows,
)
from leonidas_jupyter.assistant.analyst.conditions import time_column
from leonidas_jupyter.assistant.analyst.items import (
    FILTER,
    GROUP,
    HAVING,
    Item,
    Rule,
    as_items,
    code,
    only,
    rewrite,
    rule,
    spans_of,
)
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.operations.base import Operation, Parse
from leonidas_jupyter.assistant.analyst.operations.table import BY_NAME, TABLE
from leonidas_jupyter.assistant.analyst.question import (
    Ambiguous,
    Condition,
    Group,
    Question,
    Unfit,
    Where,
)
from leonidas_jupyter.assistant.analyst.rowwords import days_as_rows, frame_as_rows, keys_as_rows
from leonidas_jupyter.assistant.analyst.spans import UNKNOWN, Span

_DROPPED = frozenset("-" + UNKNOWN)
_COMPARING = re.compile("[drxm~]")
# What only holds a sentence together, once the rules have seen it.
_GLUE = frozenset("=hwpoaf")
_JOINERS = "&|,"
_RUNNING = "vκμ"
_HAVING = ("aggregate", "rows", "top_groups", "groups_kept", "chart_aggregate", "chart_counts")
_COMPARED: tuple[Rule, ...] = (
    rule("VR?[=]?ψ?[2>][wo=pd]*V(?![&|,]+V)", values.compared),
    rule("VA[op]?C=?[2>][wo=pd]*V(?![&|,]+V)", values.compared),
    rule("VR?[h=ψ]+S?1?A?[op]?C?~[wo=pd]*V(?![&|,]+V)", values.compared),
)
_PAIRS: tuple[Rule, ...] = (rule("W?V(?:[&t,|]|R?~[o=pd]*)V", values.pair),)


def parse_items(spans: Sequence[Span], lexicon: FrameLexicon) -> list[Item]:
    """Return the items of a reading after all rules."""
    items = as_items(spans, _DROPPED)
    items = days_as_rows(frame_as_rows(items, lexicon.called), lexicon)
    items = rewrite(items, windows.RULES, lexicon)
    items = rewrite(items, dates.RULES, lexicon)
    items = rewrite(items, numbers.RULES, lexicon)
    items = rewrite(items, havings.RULES, lexicon)
    items = keys_as_rows(items, lexicon)
    items = rewrite(items, _COMPARED, lexicon)
    if _COMPARING.search(code(items)):
        items = rewrite(items, _PAIRS, lexicon)
    items = rewrite(items, filters.RULES, lexicon)
    items = rewrite(items, phrases.GROUP_RULES, lexicon)
    items = rewrite(items, filters.VALUES, lexicon)
    items = rewrite(items, phrases.MEASURE_RULES, lexicon)
    return _over_time(items, lexicon)


def _over_time(items: list[Item], lexicon: FrameLexicon) -> list[Item]:
    """Read "over time" as a group by the time column itself."""
    if not any(item.kind == "i" for item in items) or any(item.kind == GROUP for item in items):
        return items
    column = time_column(lexicon, whole_years=True)
    return [
        Item(GROUP, (Group(column.name, None, item.spans),), item.spans, item.text)
        if item.kind == "i"
        else item
        for item in items
    ]


def _joiner(items: Sequence[Item]) -> str | None:
    """Return how the conditions are joined; None where "and" and "or" are mixed."""
    text = re.sub(f"[^5{re.escape(_JOINERS)}]", "", code(items))
    ors = "|" in re.sub(r"^[^5]*|[^5]*$", "", text)
    count = text.count(FILTER)
    if not ors:
        return "and"
    return "or" if count == 2 and "|" in text.split(FILTER)[1] else None


def _core(items: Sequence[Item]) -> list[Item]:
    """Return the items without conditions, groups and glue.

    And without the joiners that those leave behind.
    """
    kept: list[Item] = []
    for at, item in enumerate(items):
        if item.kind in _JOINERS:
            before = items[at - 1].kind if at else FILTER
            after = next(
                (
                    later.kind
                    for later in items[at + 1 :]
                    if later.kind not in _GLUE | set(_JOINERS)
                ),
                FILTER,
            )
            if before in FILTER + GROUP + HAVING or after in FILTER + GROUP + HAVING:
                continue
        if item.kind not in FILTER + GROUP + HAVING and item.kind not in _GLUE:
            kept.append(item)
    while kept and kept[-1].kind in ",":
        kept.pop()
    while kept and kept[0].kind in ",&":
        kept.pop(0)
    return kept


def parses(spans: Sequence[Span], lexicon: FrameLexicon) -> list[Parse]:
    """Return the parses to try: the core as it is, then without the words for rows and tables."""
    items = parse_items(spans, lexicon)
    joiner = _joiner(items)
    if joiner is None:
        return []
    core = _core(items)
    conditions = tuple(item.value for item in only(items, FILTER))
    if joiner == "and":
        _must_agree(conditions)
    if any(item.kind in _RUNNING or _line(item) for item in core):
        items = [_in_sequence(item) for item in items]
    groups = tuple(
        _settled(group, conditions, lexicon) for item in only(items, GROUP) for group in item.value
    )
    core = [
        replace(item, value=_settled(item.value, conditions, lexicon))
        if item.kind == phrases.DATE_PART
        else item
        for item in core
    ]
    made = []
    for kept in (core, _without_rows(core)):
        loose = spans_of(items) - spans_of(kept)
        held = spans_of(only(items, FILTER + GROUP + HAVING))
        made.append(
            Parse(
                tuple(kept),
                tuple(items),
                groups,
                Where(conditions, joiner),
                None,
                lexicon,
                loose - held,
                tuple(item.value for item in only(items, HAVING)),
            )
        )
    return made


def _must_agree(conditions: Sequence[Condition]) -> None:
    """Decline "before 1975 and after 1980".

    Nothing is both, so "or" was meant, or something else.
    """
    for first in conditions:
        for second in conditions:
            same = (first.column, first.part) == (second.column, second.part)
            below, above = first.op in ("<", "<="), second.op in (">", ">=")
            apart = below and above and first.values[0] <= second.values[0]
            if same and apart:
                raise Unfit(f"No value of `{first.column}` is both; say “or” if you mean either.")
            if first is not second and _single(first) and _bounds(second, first):
                raise Unfit(
                    f"I cannot tell how the conditions on `{first.column}` belong together."
                )


def _single(condition: Condition) -> bool:
    one = condition.op == "=" or (condition.op == "in" and len(condition.values) == 1)
    return one and not condition.negated


def _bounds(condition: Condition, other: Condition) -> bool:
    """Return whether two conditions look at the same thing; a year and a month of a date do not."""
    parts = {condition.part, other.part}
    apart = None not in parts and len(parts) == 2
    return condition.column == other.column and not condition.negated and not apart


def _settled(group: Group, conditions: Sequence[Condition], lexicon: FrameLexicon) -> Group:
    """Decide what "by month" means.

    The months of one year, or a question back where there are more years.
    """
    if group.part != "month?":
        return group
    profile = lexicon.column(group.column).profile
    years = {str(profile.min or "")[:4], str(profile.max or "")[:4]}
    for condition in conditions:
        if (
            condition.column == group.column
            and not condition.negated
            and condition.op in ("=", "period")
        ):
            years = {str(value)[:4] for value in condition.values[:1]} | {_last_year(condition)}
    if len(years) == 1:
        return replace(group, part="month")
    raise Ambiguous(
        "month",
        ["per calendar month (each of each year)", "by month of the year (all years together)"],
    )


def _line(item: Item) -> bool:
    return item.kind == "G" and item.value == "line"


def _in_sequence(item: Item) -> Item:
    """Read "by month" as calendar months, where what is asked for runs along time."""
    if item.kind != GROUP:
        return item
    return replace(
        item,
        value=tuple(
            replace(group, part="month") if group.part == "month?" else group
            for group in item.value
        ),
    )


def _last_year(condition: Condition) -> str:
    """Return the last year that a condition on a date lets through.

    A period ends before its second value.
    """
    if condition.op != "period":
        return str(condition.values[-1])[:4]
    year, rest = str(condition.values[-1])[:4], str(condition.values[-1])[4:]
    return str(int(year) - 1) if rest == "-01-01" else year


def _without_rows(core: Sequence[Item]) -> list[Item]:
    """Leave out "of the penguins", "in the table".

    After a word that counts or asks, rows are what is meant.
    """
    return [
        item
        for at, item in enumerate(core)
        if item.kind not in "RJ" or (at and core[at - 1].kind in "HTNq%SE1U")
    ]


def question_of(spans: Sequence[Span], lexicon: FrameLexicon) -> tuple[Operation, Question] | None:
    """Return the first operation that takes the whole core, with its typed question.

    None where none does.
    """
    for parse in parses(spans, lexicon):
        text = code(parse.core)
        for operation in TABLE:
            if any(pattern.fullmatch(text) for pattern in operation.patterns):
                question = operation.build(parse)
                if question is not None and _tests_groups(question):
                    question = _each_value(question, spans)
                    return BY_NAME[question.operation], question
    return None


def _tests_groups(question: Question) -> bool:
    """Return whether tests of groups, where the question has any, find groups to test."""
    return not question.having or (question.operation in _HAVING and bool(question.groups))


def _each_value(question: Question, spans: Sequence[Span]) -> Question:
    """Answer "the mean of A and B" for each of the two values."""
    if question.operation not in ("aggregate", "rows", "distinct"):
        return question
    for condition in question.where.conditions:
        joined = {spans[index].kind for index in condition.spans}
        several = condition.op == "in" and len(condition.values) > 1 and not condition.negated
        if not (several and "&" in joined and not joined & {"|", "W", "f"}):
            continue
        if question.groups and condition.column not in {group.column for group in question.groups}:
            each = f"by {question.groups[0].column} and {condition.column}"
            raise Ambiguous(
                " and ".join(map(str, condition.values)), [each, "both taken together: say “or”"]
            )
        if question.operation == "distinct":
            both = ", ".join(map(str, condition.values))
            raise Ambiguous(
                f"distinct values for {both}", ["for each of them", "together: say “or”"]
            )
        if not question.groups and len(question.where.conditions) == 1:
            group = Group(condition.column, condition.part, condition.spans)
            return replace(question, groups=(group,))
    return question
