"""Follow-ups that rank anew: "only the top 3", "lowest first", "and the fewest?"."""

from dataclasses import replace

from leonidas_jupyter.assistant.analyst.operations.base import Parse
from leonidas_jupyter.assistant.analyst.operations.rankings import ALL_GROUPS
from leonidas_jupyter.assistant.analyst.question import Measure, Order, Question
from leonidas_jupyter.assistant.analyst.vocabulary import vocabulary

_COUNTED = ("rows", "count", "distinct", "sum")


def one_measure(question: Question) -> Measure | None:
    """Return the one measure of a question that is grouped once."""
    if len(question.groups) != 1 or question.target.conditions:
        return None
    if question.operation == "rows":
        return Measure("rows")
    measures = question.measures
    ranked = question.operation in ("aggregate", "top_groups") and len(measures) == 1
    return measures[0] if ranked and measures[0].agg != "mode" else None


def only_top(parse: Parse, question: Question) -> Question | None:
    """Read "only the top 3" of a table of groups, or of the rows that were ranked."""
    end = parse.items("T")[0].value
    limit = parse.number() if parse.items("N") else None
    if end not in ("desc", "asc") or limit is None or parse.items("C"):
        return None
    order = Order(end == "desc", 0, limit, parse.spans)
    if question.operation in ("top_rows", "extreme_row") and not question.groups:
        return replace(question, operation="top_rows", order=order)
    measure = one_measure(question)
    if measure is None:
        return None
    return replace(question, operation="top_groups", measures=(measure,), order=order, option=None)


def in_order(parse: Parse, question: Question) -> Question | None:
    """Read "sort that by the mean", "lowest first"."""
    measure = one_measure(question)
    if measure is None or not _names_measure(parse, measure):
        return None
    ends = {item.value for item in parse.items("↓")}
    if len(ends) > 1:
        return None
    order = Order("asc" not in ends, 0, ALL_GROUPS, parse.spans)
    return replace(question, operation="top_groups", measures=(measure,), order=order, option=None)


def _names_measure(parse: Parse, measure: Measure) -> bool:
    """Return whether what to sort by, where it is named, is what the table has."""
    named = parse.measures()
    aggregates = {item.value for item in parse.items("A")}
    columns = {column.name for column in parse.columns()}
    if parse.items("H"):
        return measure.column is None
    if named:
        return len(named) == 1 and (named[0].agg, named[0].column) == (measure.agg, measure.column)
    return aggregates <= {measure.agg} and columns <= {measure.column}


def other_end(parse: Parse, question: Question) -> Question | None:
    """Read "and the lowest?", "and the fewest?" of what was ranked before."""
    if question.operation == "aggregate":
        return _end_of_groups(parse, question)
    order, item = question.order, parse.items("SE1")[0]
    if order is None or order.skip or order.limit not in (None, 1) or parse.where.conditions:
        return None
    if question.operation not in ("top_groups", "extreme_row"):
        return None
    if question.operation == "extreme_row":
        ranked, counted = question.columns[0], False
    else:
        measure = question.measures[0]
        ranked, counted = measure.column or "", measure.agg in _COUNTED
    if item.kind == "E":
        descending = item.value == "desc"
        return replace(question, order=replace(order, descending=descending)) if counted else None
    if item.kind == "1":
        name, descending = item.value
        return (
            replace(question, order=replace(order, descending=descending))
            if name == ranked
            else None
        )
    if counted or any(
        meaning.kind == "S" and meaning.value.measures
        for meaning in vocabulary().phrases.get(item.text.lower(), ())
    ):
        # "And the shortest?" of the heaviest asks for something else.
        return None
    return replace(question, order=replace(order, descending=item.value.descending))


def _end_of_groups(parse: Parse, question: Question) -> Question | None:
    """Read "which is the highest?" of a table of groups: the one with the highest measure."""
    measure, end = one_measure(question), parse.items("SE1")[0].value
    if measure is None or parse.where.conditions or isinstance(end, str):
        return None
    if isinstance(end, tuple):
        name, descending = end
        if name != measure.column:
            return None
    elif end.measures:
        return None
    else:
        descending = end.descending
    order = Order(descending, 0, 1, parse.spans)
    return replace(question, operation="top_groups", measures=(measure,), order=order, option=None)
