"""Small results that show themselves as compact tables: in HTML, and as text in a terminal."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Generic, TypeVar, overload

from leonidas_jupyter.kernel.markdown import for_terminal

T = TypeVar("T")

_CELL = (
    "padding:2px 12px 2px 0;text-align:{side};vertical-align:top;border:none;white-space:{space}"
)
_TABLE = (
    "border-collapse:collapse;border:none;font-size:var(--jp-ui-font-size1,13px);"
    "color:var(--jp-ui-font-color1,inherit);background:none"
)
_HEAD = "color:var(--jp-ui-font-color2,inherit);font-weight:normal;"
_NOTE = "color:var(--jp-ui-font-color2,inherit);font-size:var(--jp-ui-font-size1,13px)"


@dataclass(frozen=True)
class Column(Generic[T]):
    """A column of a listing; numbers stand to the right, only sentences are broken into lines."""

    title: str
    cell: Callable[[T], str]
    right: bool = False
    sentences: bool = False


class Listing(Sequence[T]):
    """Items, and how to show them."""

    def __init__(self, items: Sequence[T], columns: Sequence[Column[T]], note: str = "") -> None:
        self._items = list(items)
        self._columns = columns
        self._note = note

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        return self._items[index]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[T]:
        return iter(self._items)

    def __eq__(self, other: object) -> bool:
        return self._items == (other._items if isinstance(other, Listing) else other)

    __hash__ = None  # type: ignore[assignment]  # as a list's

    def _rows(self) -> list[list[str]]:
        return [[column.cell(item) for column in self._columns] for item in self._items]

    def __repr__(self) -> str:
        lines = []
        if self._items:
            titles = [column.title for column in self._columns]
            table = [titles, *self._rows()]
            widths = [max(len(row[i]) for row in table) for i in range(len(titles))]
            lines = ["  ".join(self._aligned(row, widths)).rstrip() for row in table]
        return for_terminal("\n".join([*lines, *([self._note] if self._note else [])]))

    def _aligned(self, row: list[str], widths: list[int]) -> Iterator[str]:
        for column, text, width in zip(self._columns, row, widths, strict=True):
            yield text.rjust(width) if column.right else text.ljust(width)

    def _repr_html_(self) -> str:
        note = f'<div style="{_NOTE}">{escape(self._note)}</div>' if self._note else ""
        if not self._items:
            return note
        head = "".join(self._html_cell("th", c, c.title, _HEAD) for c in self._columns)
        body = "".join(
            "<tr style='background:none'>"
            + "".join(
                self._html_cell("td", column, text)
                for column, text in zip(self._columns, row, strict=True)
            )
            + "</tr>"
            for row in self._rows()
        )
        return (
            f'<div style="overflow-x:auto"><table style="{_TABLE}"><thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table></div>{note}"
        )

    def _html_cell(self, tag: str, column: Column[T], text: str, style: str = "") -> str:
        side = "right" if column.right else "left"
        cell = _CELL.format(side=side, space="normal" if column.sentences else "nowrap")
        return f'<{tag} style="{style}{cell}">{escape(text)}</{tag}>'


class Note:
    """One line of text, shown as it is."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def shape_text(rows: int, columns: int) -> str:
    """``344 rows × 8 columns``."""
    return (
        f"{rows:,} row{'' if rows == 1 else 's'} × {columns:,} column{'' if columns == 1 else 's'}"
    )


def size_text(size: int) -> str:
    """``3.1 MB``: bytes in decimal units, as file managers show them."""
    value = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} TB"


def time_text(stamp: str) -> str:
    """An RFC 3339 time as local time, to the minute."""
    from datetime import datetime

    if not stamp:
        return ""
    return datetime.fromisoformat(stamp).astimezone().strftime("%Y-%m-%d %H:%M")
