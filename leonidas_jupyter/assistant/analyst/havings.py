"""Rules for tests of groups as a whole: "species with more than 50 penguins"."""

from collections.abc import Sequence

from leonidas_jupyter.assistant.analyst.conditions import bounded
from leonidas_jupyter.assistant.analyst.items import (
    BOUND,
    HAVING,
    Item,
    Rule,
    only,
    rule,
    spans_of,
)
from leonidas_jupyter.assistant.analyst.labels import names_rows
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.numbers import Bound
from leonidas_jupyter.assistant.analyst.phrases import DATE_PART, period_group
from leonidas_jupyter.assistant.analyst.question import Having, Measure, Unfit

_AGGREGATES = frozenset({"mean", "median", "sum", "min", "max", "std", "var", "range"})


def _entity(item: Item, lexicon: FrameLexicon) -> Item:
    """Return what is tested: a column, or a part of the date that "months" names."""
    if item.kind != "P":
        return item
    return Item(DATE_PART, period_group(item.value, item.spans, lexicon), item.spans, item.text)


def _counted(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "with more than 50 penguins"."""
    bounds = [item.value for item in only(items, BOUND)]
    numbers = [item.value for item in only(items, "N")]
    bound: Bound = bounds[0] if bounds else Bound("=", tuple(numbers))
    if bound.op == "in" or any(each.unit or each.percent for each in bound.numbers):
        return None
    first, rest = (items[:1], items[1:]) if items[0].kind in "CP" + DATE_PART else ([], items)
    spans = spans_of(rest)
    named = only(rest, "C")
    if named and not names_rows(lexicon.column(named[0].value), lexicon):
        return None
    measure = Measure("count", named[0].value) if named else Measure("rows")
    values = tuple(number.value for number in bound.numbers)
    whole = tuple(int(value) if value.is_integer() else value for value in values)
    made = Item(HAVING, Having(measure, bound.op, whole, spans), spans)
    return [*(_entity(item, lexicon) for item in first), made]


def _measured(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "whose average gdp is above 10000"."""
    own = items[0].kind in "CP" + DATE_PART
    rest = items[1:] if own else items
    aggregate = only(rest, "A")[0].value
    column = lexicon.column(only(rest, "C")[0].value)
    if aggregate not in _AGGREGATES or not column.numeric:
        return None
    condition = bounded(column, only(rest, BOUND)[0].value, False)
    if condition is None or condition.op == "in":
        return None
    spans = spans_of(rest)
    measure = Measure(aggregate, column.name)
    having = Having(measure, condition.op, condition.values, spans, condition.note)
    first = [_entity(items[0], lexicon)] if own else []
    return [*first, Item(HAVING, having, spans)]


def _unclear(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Decline "origins with more than 50 delayed flights".

    Raises:
        Unfit: rows may be counted, or the column held against the number.
    """
    entity, counted = (lexicon.column(item.value) for item in only(items, "C"))
    if entity.numeric or entity.key or not (counted.numeric or counted.flag):
        return None
    raise Unfit(f"I cannot tell whether that counts rows or looks at `{counted.name}`.")


RULES: tuple[Rule, ...] = (
    rule(r"[CP9][,]?[wh=]+H?[=hp]*3R(?![op]*C)", _counted),
    rule(r"[CP9][,]?[wh=]+H?[=hp]*3C(?![=hpow]*[34N])", _counted),
    rule(r"C[wh]+3CR", _unclear),
    rule(r"[CP9][,]?[wh]+[=]?NR(?![op]*C)", _counted),
    rule(r"[CP9][,]?[wh]+H[=o]?R?[=hop]*3(?![CR])", _counted),
    rule(r"[CP9][,]?[wh]+A[op]*C[=h]*3(?![C])", _measured),
    rule(r"Ω[&,]+[wh]*A[op]*C[=h]*3", lambda items, lexicon: _also(_measured, items, lexicon)),
    rule(r"Ω[&,]+[wh]*3R", lambda items, lexicon: _also(_counted, items, lexicon)),
)


def _also(read: object, items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    made = read(items[1:], lexicon)  # type: ignore[operator]
    return [items[0], *made] if made else None
