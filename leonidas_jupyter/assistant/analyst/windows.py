"""Rules for what runs along time: the width of a moving average, changes from period to period."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from leonidas_jupyter.assistant.analyst.items import Item, Rule, only, rule, spans_of
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon

if TYPE_CHECKING:
    from leonidas_jupyter.assistant.analyst.candidates import Number

MOVING = "μ"


def _window(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "7 day moving average", "moving average of price over 3 months"."""
    items = [
        as_period(item, lexicon) if item.kind == "C" and at and items[at - 1].kind == "N" else item
        for at, item in enumerate(items)
    ]
    number: Number = only(items, "N")[0].value
    if not number.value.is_integer() or not 2 <= number.value <= 1000:
        return None
    units = only(items, "P")
    if units and units[0].text.lower().startswith("date"):
        return None
    width = (int(number.value), units[0].value if units else None)
    columns = only(items, "C")
    spans = spans_of(item for item in items if item not in columns)
    return [Item(MOVING, width, spans, "moving average"), *columns]


def as_period(item: Item, lexicon: FrameLexicon) -> Item:
    """Read "months" as a period, also where the column of dates is called so."""
    column = lexicon.column(item.value)
    timed = column.temporal or column.core == ("year",)
    if not timed or column.core not in (("day",), ("week",), ("month",), ("quarter",), ("year",)):
        return item
    return Item("P", column.core[0], item.spans, item.text)


RULES: tuple[Rule, ...] = (
    rule("N[PRC]?μ", _window),
    rule("μ[op]*C[>pwhfo]+N[PRC]?", _window),
)
