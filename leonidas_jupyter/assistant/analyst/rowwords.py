"""Words that stand for rows: the table's own name, "days", a column that names each row."""

import re
from dataclasses import replace

from leonidas_jupyter.assistant.analyst.items import Item, code
from leonidas_jupyter.assistant.analyst.labels import names_rows
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.operations.base import Called

_NAMES_ROWS = re.compile(r"(?<=Co)C(?=[hwp]|$)")


def frame_as_rows(items: list[Item], called: frozenset[str]) -> list[Item]:
    """Read the frame's own name as its rows: "penguins", "the penguins dataset"."""
    named = [
        replace(item, kind="R") if item.kind == "F" and item.value in called else item
        for item in items
    ]
    merged: list[Item] = []
    for item in named:
        if merged and {item.kind, merged[-1].kind} in ({"R", "J"}, {"R"}):
            merged[-1] = Item("R", None, merged[-1].spans | item.spans, merged[-1].text)
        else:
            merged.append(item)
    return merged


def days_as_rows(items: list[Item], lexicon: FrameLexicon) -> list[Item]:
    """Read "how many days", "the hottest day" as rows where the table has one row for each day."""
    dated = [column for column in lexicon.columns if column.temporal]
    if len(dated) != 1 or dated[0].profile.type != "date" or not dated[0].key:
        return items
    return [
        replace(item, kind="R")
        if item.kind == "P"
        and item.value == "day"
        and (not at or items[at - 1].kind in "H%N1qEV" or "which" in items[at - 1].text.lower())
        else item
        for at, item in enumerate(items)
    ]


def keys_as_rows(items: list[Item], lexicon: FrameLexicon) -> list[Item]:
    """Read "income of the countries with …" as rows, where each of them is one."""
    places = {match.start() for match in _NAMES_ROWS.finditer(code(items))}
    return [
        replace(item, kind="R", value=Called(item.value))
        if at in places and _names_a_row(item.value, lexicon)
        else item
        for at, item in enumerate(items)
    ]


def _names_a_row(name: str, lexicon: FrameLexicon) -> bool:
    column = lexicon.column(name)
    return column.profile.type == "text" and (
        names_rows(column, lexicon) or _joined_key(name, lexicon)
    )


def _joined_key(name: str, lexicon: FrameLexicon) -> bool:
    """Return whether a column is what two frames were joined on."""
    sides = lexicon.view.sides if lexicon.view else None
    return sides is not None and not any(name in side for side in sides)
