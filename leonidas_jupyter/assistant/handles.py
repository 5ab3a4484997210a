"""Result handles: ``{{t1.0.mean}}`` in an answer is filled in by the server, for the user alone.

``{{t1.0.mean}}`` is the column ``mean`` of the first row of the result ``t1`` (a column may be
named by its position from 0), ``{{t1[south].mean}}`` that of the row in which ``south`` stands
(``{{t1[south, 2024].mean}}``: both), ``{{t1.rows}}`` how many rows there are. Row and column may
be left out where there is only one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leonidas_jupyter.assistant.results import Result, Results
from leonidas_jupyter.assistant.shapes import Unmatched
from leonidas_jupyter.assistant.tools.table import cell

MISSING = "(no such result)"
"""What stands in place of a handle that names nothing."""

NULL = "(missing)"
"""What stands for a value that the table has not."""

IN_ADDRESS = "(no-results-in-addresses)"
"""What stands for a result in a link: who follows it would carry the value out."""

LONGEST = 300
"""Characters of a handle at most; what is longer is text."""

HANDLE = re.compile(r"\{\{\s*(t\d+)\s*([.\[][^{}\n]*)?\}\}")
_OPEN = re.compile(r"\{(\{\s*(t(\d+\s*([.\[][^{}\n]*)?\}?)?)?)?")
_ROW = re.compile(r"\[([^\]]*)\]\.?|\.(\d+)(?=\.|$)\.?")
_ADDRESS = re.compile(
    r"(?:\]\([^()\n]*|\]:\s*\S*|<[A-Za-z/!][^<>\n]*|\S*(?://|\\\\|www\.|mailto:)\S*)$",
    re.IGNORECASE,
)
_LIST = re.compile(r"^(?:([-+=]+)(?=\s|$)|(\d{1,9})(?=[.)](?:\s|$)))")


class Handles:
    """Fills the handles of one answer as it streams.

    ``feed`` takes what the model said and gives what can be shown now: text before a handle that is
    not closed yet is shown, the rest is held back until it is. ``rest`` gives what is left when the
    model has ended a part of its text.
    """

    def __init__(self, results: Results) -> None:
        self._results = results
        self._held = ""
        self._place = _Place()

    def feed(self, text: str) -> str:
        """What of the answer so far can be shown now and was not yet."""
        self._held += text
        shown: list[str] = []
        while self._held:
            at = self._held.find("{")
            if at != 0:
                shown.append(self._take(len(self._held) if at < 0 else at))
            elif (whole := HANDLE.match(self._held)) and whole.end() <= LONGEST:
                shown.append(self._filled(whole))
                self._held = self._held[whole.end() :]
            elif _OPEN.fullmatch(self._held) and len(self._held) < LONGEST:
                break
            else:
                shown.append(self._take(1))
        return "".join(shown)

    def rest(self) -> str:
        """What was held back; nothing after that."""
        return self._take(len(self._held))

    def _take(self, characters: int) -> str:
        text, self._held = self._held[:characters], self._held[characters:]
        self._place.move(text)
        return text

    def _filled(self, handle: re.Match[str]) -> str:
        result = self._results.get(handle[1])
        value = _NOTHING if result is None else value_at(result, (handle[2] or "").strip())
        shown = MISSING if value is _NOTHING else self._place.written(value)
        self._place.move("x")  # whatever it holds, it stands on the line and begins nothing
        return shown


def unfilled(text: str) -> list[Unmatched]:
    """Where an answer, as the user reads it, has nothing in place of a handle."""
    found = re.finditer(re.escape(MISSING), text)
    return [Unmatched(text=MISSING, start=each.start(), end=each.end()) for each in found]


@dataclass
class _Place:
    """Where in Markdown the text is: in code nothing is escaped, but nothing may end the code."""

    line: str = ""
    fence: str = ""

    def move(self, text: str) -> None:
        for part in text.splitlines(keepends=True):
            self.line += part
            if part.endswith("\n"):
                self._end_line()

    def _end_line(self) -> None:
        found = re.match(r" {0,3}(`{3,}|~{3,})", self.line)
        if found and not self.fence:
            self.fence = found[1]
        elif found and found[1].startswith(self.fence) and not self.line.strip(" \n`~"):
            self.fence = ""
        self.line = ""

    @property
    def _in_code(self) -> bool:
        if self.fence:
            return True
        opened = ""
        for run in re.findall(r"(?<!\\)`+", self.line):
            opened = run if not opened else "" if run == opened else opened
        return bool(opened)

    def written(self, value: Any) -> str:  # noqa: ANN401 - a cell of JSON
        """A value as it is read here, on one line, adding no markup."""
        if value is None:
            return NULL
        if isinstance(value, dict | list):
            value = str(value)
        if not self._in_code and _ADDRESS.search(self.line):
            return IN_ADDRESS
        if self._in_code:
            plain = re.sub(r"\\([^\w\s])", r"\1", cell(value))
            return re.sub(r"`|~{3,}", "'", plain)
        text = cell(value)
        if not self.line.strip(" \t>*|"):
            text = _LIST.sub(lambda begun: f"\\{begun[1]}" if begun[1] else f"{begun[2]}\\", text)
        return text


class _Nothing:
    """What is not there; None is a missing value that is."""


_NOTHING = _Nothing()


def value_at(result: Result, path: str) -> Any:  # noqa: ANN401 - a cell of JSON, or nothing
    """What a handle's path names in a result; ``_NOTHING`` when that is nothing."""
    if path == ".rows" and (count := _row_count(result)) is not None:
        return count
    name = re.split(r"[.\[]", path[1:], maxsplit=1)[0] if path.startswith(".") else ""
    inside = _inside(result, name)
    if isinstance(inside, Mapping):
        return value_at(inside, path[1 + len(name) :])
    table = _table(result)
    if table is None:
        whole = isinstance(inside, str | int | float) and path == f".{name}"
        return inside if whole else _NOTHING
    names, rows = table
    found = _ROW.match(path)
    row = _row(rows, found[1], found[2]) if found else rows[0] if len(rows) == 1 else None
    if row is None:
        return _NOTHING
    at = _column(names, path[found.end() :] if found else path.removeprefix("."))
    return _NOTHING if at is None or at >= len(row) else row[at]


def _inside(result: Result, name: str) -> object:
    """A part of a result by its name: one of its tables, or what else it holds."""
    for table in result.get("tables") or ():
        if isinstance(table, Mapping) and table.get("name") == name:
            return table
    return result.get(name)


def _row_count(result: Result) -> int | str | None:
    rows = result.get("rows")
    if isinstance(total := result.get("total_rows"), int):
        return total
    if isinstance(rows, list):
        return f"over {len(rows):,}" if result.get("truncated") else len(rows)
    if isinstance(rows, int):
        return rows
    frames = result.get("frames")
    return len(frames) if isinstance(frames, list) else None


def _table(result: Result) -> tuple[list[str], list[Sequence[Any]]] | None:
    """The result as names and rows: a query's, or the entries of a listing or a description."""
    columns, rows = result.get("columns"), result.get("rows")
    if isinstance(rows, list) and isinstance(columns, list):
        names = [str(each["name"] if isinstance(each, Mapping) else each) for each in columns]
        return names, rows
    for entries in (result.get("frames"), columns):
        if isinstance(entries, list) and all(isinstance(each, Mapping) for each in entries):
            names = list(dict.fromkeys(name for each in entries for name in each))
            return names, [[each.get(name) for name in names] for each in entries]
    inside = result.get("table")
    return _table(inside) if isinstance(inside, Mapping) else None


def _row(rows: list[Sequence[Any]], named: str | None, number: str | None) -> Sequence[Any] | None:
    if number is not None:
        return rows[int(number)] if int(number) < len(rows) else None
    whole = str(named)
    for wanted in ([whole], whole.split(",")):
        keys = [key.strip().strip("\"'").casefold() for key in wanted]
        found = [row for row in rows if _holds(row, keys)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _holds(row: Sequence[Any], keys: Sequence[str]) -> bool:
    texts = {text.casefold() for value in row for text in (str(value), cell(value))}
    return all(key in texts for key in keys)


def _column(names: Sequence[str], wanted: str) -> int | None:
    """The position of a column, by its name, its name whatever the case, or its position."""
    wanted = wanted.strip().strip('"')
    if not wanted:
        return 0 if len(names) == 1 else None
    if wanted in names:
        return names.index(wanted)
    folded = [name.casefold() for name in names]
    if folded.count(wanted.casefold()) == 1:
        return folded.index(wanted.casefold())
    return int(wanted) if wanted.isdigit() and int(wanted) < len(names) else None
