"""Cells of a sheet as text, and the types that their columns can take."""

import datetime
from dataclasses import dataclass, field
from typing import Any

from leonidas_jupyter.data.cellkinds import NULL_WORDS
from leonidas_jupyter.data.plans import MAX_NULL_WORDS
from leonidas_jupyter.data.valuetyping import Values

EXACT_INTEGER = 2**53
NUMBERS: frozenset[type] = frozenset((int, float))
DAYS: frozenset[type] = frozenset((datetime.date, datetime.datetime))


def cell_text(cell: Any) -> str:  # noqa: ANN401 - what calamine gives
    """A cell as a CSV would hold it, every digit of it."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < EXACT_INTEGER else repr(cell)
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(" ")
    if isinstance(cell, datetime.timedelta):
        return _duration(cell)
    return cell.isoformat() if hasattr(cell, "isoformat") else str(cell)


def _duration(cell: datetime.timedelta) -> str:
    """Hours, minutes and seconds, as a sheet shows a duration: ``26:30:00``."""
    sign = "-" if cell < datetime.timedelta() else ""
    seconds, micros = divmod(abs(cell) // datetime.timedelta(microseconds=1), 1_000_000)
    fraction = f".{micros:06}".rstrip("0") if micros else ""
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}{fraction}"


@dataclass
class SheetColumn:
    """What has been seen of a column: the types of its cells, some texts among them."""

    values: Values = field(default_factory=Values)
    kinds: set[type] = field(default_factory=set)
    whole: bool = True
    words: set[str] = field(default_factory=set)

    def texts(self, cells: tuple[Any, ...]) -> list[str | None]:
        """A batch's cells as text, after a look at what they are."""
        self.kinds |= {type(cell) for cell in cells if cell != ""}
        if self.whole and float in self.kinds:
            self.whole = all(
                cell.is_integer() and abs(cell) < EXACT_INTEGER
                for cell in cells
                if type(cell) is float
            )
        if str in self.kinds and len(self.words) <= MAX_NULL_WORDS:
            self.words |= {cell.strip() for cell in cells if type(cell) is str and cell != ""}
        found = [None if cell == "" else cell_text(cell) for cell in cells]
        self.values.look_at(found)
        return found

    def settle(self) -> Values:
        """The type that holds every cell, where there is one."""
        kinds, values = set(self.kinds), self.values
        if len(kinds) > 1 and self.words <= {*NULL_WORDS, ""} and len(self.words) <= MAX_NULL_WORDS:
            kinds.discard(str)
            values.missing = sorted(self.words)
        values.strings = kinds == {str}
        values.sql_type = self._sql_type(kinds)
        if values.sql_type is None:
            values.missing = []
        return values

    def _sql_type(self, kinds: set[type]) -> str | None:
        if kinds <= NUMBERS:
            return "BIGINT" if self.whole and kinds else "DOUBLE" if kinds else "VARCHAR"
        if kinds <= DAYS:
            return "TIMESTAMP" if datetime.datetime in kinds else "DATE"
        return (
            {bool: "BOOLEAN", datetime.time: "TIME"}.get(kinds.pop()) if len(kinds) == 1 else None
        )
