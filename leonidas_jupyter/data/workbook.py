"""Workbooks: their sheets as rows of typed cells, read by calamine after a look at their size.

Formulas give the values that were computed when the workbook was saved.
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leonidas_jupyter.data.errors import UnreadableFile
from leonidas_jupyter.data.unpack import CHUNK, MAX_RATIO, RATIO_COUNTS_FROM

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

MAX_UNPACKED = 4 * 1024**3
"""The largest size that a workbook's parts may unpack to together, in bytes."""

MAX_SHEETS = 50
"""So many sheets of a workbook become frames."""

Numbered = tuple[int, list[Any]]
"""A row and its number in the sheet, from 1."""


class Workbook:
    """An open workbook."""

    def __init__(self, path: Path) -> None:
        """Open the workbook at ``path``.

        Raises:
            UnreadableFile: it is protected, damaged, none at all, or unpacks to too much.
        """
        _refuse_bomb(path)
        self._book = _open(path)
        from python_calamine import SheetTypeEnum, SheetVisibleEnum

        sheets = [m for m in self._book.sheets_metadata if m.typ == SheetTypeEnum.WorkSheet]
        shown = SheetVisibleEnum.Visible
        self.visible = [m.name for m in sheets if m.visible == shown]
        self.hidden = [m.name for m in sheets if m.visible != shown]

    def choose(self, said: str | None) -> tuple["Sheet", list[str]]:
        """The sheet that was named, or the first that holds something; then the others that do.

        Raises:
            UnreadableFile: there is no such sheet, or all are empty.
        """
        if said is not None:
            names = self.visible + self.hidden
            name = next((n for n in names if n.casefold() == said.casefold()), None)
            if name is None:
                raise UnreadableFile(f"There is no sheet “{said}”: there are {_listed(names)}.")
            return self._sheet(name), [other for other in self.visible if other != name]
        chosen: Sheet | None = None
        others: list[str] = []
        for name in self.visible:
            if len(others) >= MAX_SHEETS:
                break
            sheet = self._sheet(name)
            if sheet.is_empty:
                continue
            if chosen is None:
                chosen = sheet
            else:
                others.append(name)
        if chosen is None:
            raise UnreadableFile("No visible sheet of the workbook holds anything.")
        return chosen, others

    def _sheet(self, name: str) -> "Sheet":
        try:
            return Sheet(self._book.get_sheet_by_name(name))
        except BaseException as error:
            raise _unreadable(error, f"The sheet “{name}”") from error


class Sheet:
    """A sheet's cells; merged ones hold their value in each of their rows."""

    def __init__(self, sheet: "CalamineSheet") -> None:
        self._sheet = sheet
        self.name = sheet.name
        first = sheet.start[1] if sheet.start else 0
        self._merged = sorted(
            (start[0] + 1, end[0] + 1, start[1] - first)
            for start, end in sheet.merged_cell_ranges or []
            if start[1] == end[1] and start[0] < end[0] and start[1] >= first
        )

    @property
    def is_empty(self) -> bool:
        """Whether no cell holds anything."""
        return not any(True for _ in self.rows())

    @property
    def height(self) -> int:
        """How many rows there are, blank ones too."""
        return int(self._sheet.total_height) + 1

    def rows(self) -> Iterator[Numbered]:
        """The rows that hold something; an empty cell is an empty string."""
        merged = iter(self._merged)
        ahead = next(merged, None)
        running: dict[int, tuple[int, Any]] = {}
        for number, row in enumerate(self._sheet.iter_rows(), 1):
            while ahead is not None and ahead[0] <= number:
                if ahead[0] == number and ahead[2] < len(row):
                    running[ahead[2]] = (ahead[1], row[ahead[2]])
                ahead = next(merged, None)
            if running:
                for column, (last, value) in list(running.items()):
                    row[column] = value
                    if number >= last:
                        del running[column]
            if any(cell != "" and (type(cell) is not str or cell.strip()) for cell in row):
                yield number, row


def _refuse_bomb(path: Path) -> None:
    """See what the parts of a zipped workbook say that they unpack to."""
    packed = path.stat().st_size
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    except zipfile.BadZipFile:  # the old format, or damaged: opening it tells
        return
    if unpacked > MAX_UNPACKED or (unpacked > RATIO_COUNTS_FROM and unpacked > packed * MAX_RATIO):
        raise UnreadableFile(
            f"The workbook unpacks to {unpacked // CHUNK:,} MiB, {unpacked // max(packed, 1):,} "
            "times its size: save the sheet as CSV and upload that."
        )


def _open(path: Path) -> "CalamineWorkbook":
    try:
        from python_calamine import CalamineWorkbook
    except ImportError:
        raise UnreadableFile(
            "This server cannot read workbooks (python-calamine is not installed): "
            "save the sheet as CSV and upload that."
        ) from None
    try:
        return CalamineWorkbook.from_path(path)
    except BaseException as error:
        raise _unreadable(error, "The Excel workbook") from error


def _unreadable(error: BaseException, what: str) -> BaseException:
    """What to raise for an error of calamine, whose panics are no ``Exception``."""
    name = type(error).__name__
    if name == "PasswordError":
        return UnreadableFile(f"{what} is protected by a password: save it without one.")
    if name == "PanicException" or (isinstance(error, Exception) and "calamine" in _module(error)):
        return UnreadableFile(
            f"{what} is damaged, or of another kind than Excel or OpenDocument: save it again."
        )
    return error


def _module(error: BaseException) -> str:
    return type(error).__module__


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"“{name}”" for name in names[:10])
    return shown + (" …" if len(names) > 10 else "")
