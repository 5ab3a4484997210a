"""Rules for groups and measures: "by species and month", "mean and median of bill length"."""

from collections.abc import Sequence
from dataclasses import replace

from leonidas_jupyter.assistant.analyst.candidates import Number
from leonidas_jupyter.assistant.analyst.column import NamedColumn
from leonidas_jupyter.assistant.analyst.conditions import time_column
from leonidas_jupyter.assistant.analyst.items import (
    FILTER,
    GROUP,
    MEASURE,
    Item,
    only,
    rule,
    spans_of,
)
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.question import Condition, Group, Measure, Spans, Unfit

DATE_PART, LOOKUP = "9", ":"
_FROM_YEARS = ("year", "decade")
ANY_TYPE = frozenset({"min", "max", "mode", "count", "distinct"})
"""Aggregates that other columns than numbers have."""


def period_group(period: str, spans: Spans, lexicon: FrameLexicon) -> Group:
    """Return the group of a period's word by the frame's own time.

    Raises:
        Unfit: it is shorter than the years that the frame has.
    """
    column = time_column(lexicon, period in _FROM_YEARS)
    if column.numeric:
        return Group(column.name, "tens" if period == "decade" else None, spans)
    if period == "hour" and column.profile.type == "date":
        raise Unfit(f"`{column.name}` has days without a time of day.")
    return Group(column.name, period, spans)


def _date_part(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    column = lexicon.column(only(items, "C")[0].value)
    if not column.temporal:
        return None
    spans = spans_of(items)
    return [Item(DATE_PART, Group(column.name, only(items, "P")[0].value, spans), spans)]


def _one_group(item: Item, lexicon: FrameLexicon) -> Group:
    if item.kind == "C":
        return Group(item.value, None, item.spans)
    if item.kind == "P":
        return period_group(item.value, item.spans, lexicon)
    group: Group = item.value
    return group


def by_year(group: Group, lexicon: FrameLexicon) -> Group:
    """Group a date that is called year by its year."""
    column = lexicon.column(group.column)
    named = column.temporal and group.part is None and column.core == ("year",)
    return replace(group, part="year") if named else group


def _groups(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item]:
    spans = spans_of(items)
    found = tuple(
        replace(by_year(_one_group(item, lexicon), lexicon), spans=spans)
        for item in only(items, "CP" + DATE_PART)
    )
    return [Item(GROUP, found, spans)]


def _values_as_groups(items: Sequence[Item], _: FrameLexicon) -> list[Item] | None:
    refs = only(items, "V")[0].value
    if len(refs) != 1 or len(refs[0].values) < 2:
        return None
    spans = spans_of(items)
    condition = Condition(refs[0].column, "in", refs[0].values, spans=spans)
    return [
        Item(FILTER, condition, spans),
        Item(GROUP, (Group(refs[0].column, None, spans),), spans),
    ]


def _as_number(item: Item) -> Number:
    """Return the number of "90" and of "90th"."""
    if item.kind == "I":
        return Number(float(item.value), str(item.value))
    number: Number = item.value
    return number


def _percentile(items: Sequence[Item], _: FrameLexicon) -> list[Item] | None:
    numbers = [_as_number(item) for item in only(items, "NI")]
    if only(items, "A")[0].value != "percentile":
        return None
    shares = [
        number.value if number.value < 1 and "." in number.text else number.value / 100
        for number in numbers
    ]
    if not all(0 <= share <= 1 for share in shares):
        return None
    return [Item("A", ("quantile", share), spans_of(items)) for share in shares]


def _aggregates(items: Sequence[Item]) -> list[tuple[str, float | None]]:
    return [
        item.value if isinstance(item.value, tuple) else (item.value, None)
        for item in only(items, "A")
    ]


def _measures(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    spans = spans_of(items)
    columns = [lexicon.column(item.value) for item in only(items, "C")]
    made = []
    for column in columns:
        for aggregate, parameter in _aggregates(items):
            if aggregate == "percentile" or not suits(aggregate, column):
                return None
            made.append(Measure(aggregate, column.name, parameter, spans))
    return [Item(MEASURE, tuple(made), spans)]


def _measure_of_value(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "average Gentoo body mass", where a condition stands before the column."""
    made = _measures([item for item in items if item.kind != FILTER], lexicon)
    return [item for item in items if item.kind == FILTER] + made if made else None


def suits(aggregate: str, column: NamedColumn) -> bool:
    """Return whether ``aggregate`` is defined for the column's type.

    The mean of a yes/no column is its share of yes.
    """
    if column.numeric or aggregate in ANY_TYPE:
        return aggregate not in ("min", "max") or column.profile.type not in ("text", "boolean")
    return False


def _end_on_average(items: Sequence[Item], _: FrameLexicon) -> list[Item] | None:
    """Read "longest bill on average" as the end of the means; "on average" may stand first."""
    aggregates, ends = only(items, "A"), only(items, "1")
    if [item.value for item in aggregates] != ["mean"]:
        return None
    name, descending = ends[0].value
    spans = spans_of([*aggregates, *ends])
    kept = [item for item in items if item.kind not in "A1R,"]
    end = Item("E", "desc" if descending else "asc", ends[0].spans, ends[0].text)
    return [*kept, end, Item(MEASURE, (Measure("mean", name, None, spans),), spans)]


def _both_ends(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    column = lexicon.column(only(items, "C")[0].value)
    if any(item.value.measures for item in only(items, "S")) or not suits("max", column):
        return None
    spans = spans_of(items)
    ends = ["max" if item.value.descending else "min" for item in only(items, "S")]
    return [Item(MEASURE, tuple(Measure(end, column.name, None, spans) for end in ends), spans)]


def _lookup(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "the price of the longest film", "the price of the film with the highest rating"."""
    asked, *rest = [item for item in items if item.kind in "C1"]
    ends = only(items, "S")
    if rest[-1].kind == "1":
        name, descending = rest[-1].value
    elif ends and not ends[0].value.measures:
        name, descending = rest[-1].value, ends[0].value.descending
    else:
        return None
    ranked = lexicon.column(name)
    if not (ranked.numeric or ranked.temporal) or name == asked.value:
        return None
    return [Item(LOOKUP, (asked.value, name, descending), spans_of(items))]


def _joined(items: Sequence[Item], _: FrameLexicon) -> list[Item]:
    measures = tuple(measure for item in only(items, MEASURE) for measure in item.value)
    return [Item(MEASURE, measures, spans_of(items))]


def _of_columns(items: Sequence[Item], _: FrameLexicon) -> list[Item]:
    return [Item("p", items[0].value, items[0].spans, items[0].text)]


def _entity_period(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item]:
    """Read "which year", "which month" as the part of the date that is asked for."""
    group = period_group(items[-1].value, items[-1].spans, lexicon)
    return [items[0], Item(DATE_PART, group, items[-1].spans, items[-1].text)]


def _asked_period(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "in which year"."""
    return _entity_period(items, lexicon)[1:] if "which" in items[0].text.lower() else None


def _in_terms_of(items: Sequence[Item], _: FrameLexicon) -> list[Item] | None:
    """Read "top 5 penguins in terms of body mass" as by it."""
    *before, last = items
    if not last.text.lower().startswith("in terms"):
        return None
    return [*before, replace(last, kind="B")]


GROUP_RULES = (
    rule("^[l]?(?:TN?|¶)[RC]?p(?=C$)", _in_terms_of),
    rule("qP", _entity_period),
    rule("wP", _asked_period),
    rule("W(?=C[,&]+C)", _of_columns),
    rule("P[op]+C", _date_part),
    rule("CP", _date_part),
    rule(r"[CP]\(", _groups),
    rule("B[=o]*V", _values_as_groups),
    rule("B[=ogpB]*H?o?(?:C|P|9)(?:[,&B]+H?(?:C|P|9))*(?![A-Z]*3)", _groups),
    rule("P(?=[,]?[AHSC7])", _groups),
)

MEASURE_RULES = (
    rule("^A,*[wp]?q?[C9][=h]*I?15?R?$", _end_on_average),
    rule("CoR?1R?", _lookup),
    rule("CoR[phw]*SR?C", _lookup),
    rule("CoR[phw]*1", _lookup),
    rule("[NI](?:[,&]+[NI])*A", _percentile),
    rule("A(?:[,&]*A)*(?:[ogphJ=,q]*H?|[o=q]*R)C(?:[,&]+C)*(?![7A])", _measures),
    rule("Ao?R?5C(?![7A&,])", _measure_of_value),
    rule("C(?:[,&]+C)*[=]*A(?:[,&]+A)*(?![ogp]*C)", _measures),
    rule("(?<=[=h9CI])15?R?A(?![A-Z]*C)", _end_on_average),
    rule("(?<=[=h9C])A1R?(?![A-Z]*C)", _end_on_average),
    rule("S[,&]S[op]*C", _both_ends),
    rule("7(?:[,&]+7)+", _joined),
)
