"""Rules for what runs along time: the width of a moving average, changes from period to period."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from leonidas_jupyter.assistant.analyst.items import Item, Rule, only, rule, spans_of
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon

if TYPE_CHECKING:
    from leonidas_jupyter.assistant.analyst.spans import Number

MOVING = "μ"


def _window(items: Sequence[Item], _: FrameLexicon) -> list[Item] | None:
    """Read "7 day moving average", "moving average of price over 3 months"."""
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


RULES: tuple[Rule, ...] = (
    rule("N[PR]?μ", _window),
    rule("μ[op]*C[>pwhfo]+NP?R?", _window),
)
