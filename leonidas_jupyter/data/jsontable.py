"""JSON values into a frame: objects are rows, their members are cells.

A number stays a number where the frame holds every one of its column exactly, else the column is
text; strings stay text, except where all of a column are dates or times in one way of writing;
objects and arrays inside of a row stay JSON text; a member that is missing is a missing value.
"""

import io
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leonidas_jupyter.data.advance import Rising
from leonidas_jupyter.data.dialect import Dialect, DialectOverride
from leonidas_jupyter.data.errors import UnreadableFile
from leonidas_jupyter.data.formats import Opened, Outcome
from leonidas_jupyter.data.jsoncolumns import JsonColumns, Rows
from leonidas_jupyter.data.jsonflat import FlatRows
from leonidas_jupyter.data.jsonlines import values_of_lines
from leonidas_jupyter.data.jsonvalues import (
    BETWEEN,
    BrokenLines,
    Documents,
    is_lines,
)
from leonidas_jupyter.data.prepare import decode
from leonidas_jupyter.data.readers import BATCH_CELLS, BATCH_ROWS
from leonidas_jupyter.data.recognise import MAX_COLUMNS
from leonidas_jupyter.data.rounds import type_text
from leonidas_jupyter.data.valuetyping import ValueTyping

if TYPE_CHECKING:
    import duckdb

Row = dict[str, Any]
HEAD = 1 << 16
BATCH_BYTES = 1 << 24


def read_json(
    connection: "duckdb.DuckDBPyConnection",
    opened: Opened,
    filename: str,
    override: DialectOverride | None,
    typed: Path,
    progress: Rising,
) -> Outcome:
    """Write the frame of a JSON file to ``typed``.

    Raises:
        UnreadableFile: it is no JSON, from some line on or at all, or has too many columns.
    """
    decoded = decode(opened.plain, typed.parent, override.encoding if override else None)
    dialect = Dialect(
        format="json", compression=opened.compression, encoding=decoded.encoding, bom=decoded.bom
    )
    dialect.assumed += decoded.notes
    broken = BrokenLines()
    size = max(decoded.text.stat().st_size, 1)
    columns = JsonColumns(typed.parent)
    with (
        decoded.text.open("rb") as source,
        io.TextIOWrapper(source, "utf-8", errors="replace", newline="") as handle,
    ):
        rows = _rows(source, handle, filename, broken, dialect)
        for batch in _batches(rows, source, columns):
            columns.add(batch)
            progress(0.1 + 0.3 * min(1.0, source.tell() / size))
    if not columns.names:
        raise UnreadableFile(_empty(broken))
    raw = columns.finish()
    dialect.assumed += columns.notes()
    names = [_sayable(name) for name in columns.names]
    typing = ValueTyping(dialect, [names], columns.values(), override)
    type_text(connection, typing, raw, typed, progress, 0.7)
    typing.describe(dialect)
    return Outcome(dialect, typing.originals, broken.report(len(columns.names)))


def _sayable(name: str) -> str:
    """A name without what SQL and Parquet have no names with: NUL, half a character."""
    return name.replace("\0", "�").encode("utf-8", "replace").decode()


def _empty(broken: BrokenLines) -> str:
    if broken.first:
        return f"Line {broken.first[0][0]:,} is no JSON, nor is any other: export the file again."
    return "The file holds no rows: upload it again with its content."


def _rows(
    source: io.BufferedIOBase,
    handle: io.TextIOWrapper,
    filename: str,
    broken: BrokenLines,
    dialect: Dialect,
) -> Iterator[Rows]:
    """The rows of a JSON text, however it is laid out, many at a time."""
    beginning = handle.read(HEAD)
    handle.seek(0)
    lines = is_lines(beginning, filename)
    dialect.newline = "\r\n" if "\r\n" in beginning else "\n"
    if lines:
        read = values_of_lines(handle, broken)
    else:
        read = _together(Documents(handle).values(), source)
    first: list[Any] = []
    flat: list[Rows] = []
    for values in read:
        if isinstance(values, FlatRows):
            flat.append(values)
            break
        first += values
        if len(first) > 1:
            break
    alone = len(first) == 1 and not flat and not broken.count and isinstance(first[0], dict)
    if alone and beginning.lstrip(BETWEEN)[:1] == "{":
        within, note = _within(first[0])
        dialect.assumed += note
        first, read = [], _together(within, source)
    for values in chain([first], flat, read):
        if isinstance(values, FlatRows):
            yield values
        else:
            yield values if set(map(type, values)) == {dict} else list(map(_row, values))


def _together(values: Iterable[Any], source: io.BufferedIOBase) -> Iterator[list[Any]]:
    """Values in lists of bounded count and size."""
    group: list[Any] = []
    start = source.tell()
    for value in values:
        group.append(value)
        if len(group) >= BATCH_ROWS or source.tell() != start:
            yield group
            group, start = [], source.tell()
    yield group


def _within(document: Row) -> tuple[Iterator[Any], list[str]]:
    """The rows of a file that is one object: those of the list in it, else the object itself."""
    lists = {
        name: value
        for name, value in document.items()
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value)
    }
    if lists:
        name = max(lists, key=lambda name: len(lists[name]))
        others = [other for other in document if other != name]
        note = f"The rows are those of “{name}” in the file's one object."
        if others:
            listed = ", ".join(others[:5]) + (" …" if len(others) > 5 else "")
            note += f" What stands beside it is left out: {listed}."
        return iter(lists[name]), [note]
    columns = list(document.values())
    lengths = {len(column) if isinstance(column, list) else -1 for column in columns}
    if len(lengths) == 1 and -1 not in lengths:
        rows = zip(*columns, strict=True)
        note = "The file's one object holds a list per column; the rows are made of them."
        return (dict(zip(document, row, strict=True)) for row in rows), [note]
    if len(columns) > 1 and all(isinstance(column, dict) for column in columns):
        return _of_records(document)
    return iter([document]), []


def _of_records(document: Row) -> tuple[Iterator[Any], list[str]]:
    """The rows of an object of objects: columns as pandas writes them, or rows by their keys."""
    if all(value and all(map(str.isdigit, value)) for value in document.values()):
        numbers = dict.fromkeys(number for value in document.values() for number in value)
        rows = ({name: value.get(n) for name, value in document.items()} for n in numbers)
        return rows, ["The file's one object holds its columns, as pandas writes them."]
    keyed = ({"key": key, **value} for key, value in document.items())
    return keyed, ["Each member of the file's one object is a row; its name is in “key”."]


def _row(value: Any) -> Row:  # noqa: ANN401 - any JSON
    """A value as a row: an array's elements are numbered, and anything else is one cell."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list):
        return {f"column_{number}": cell for number, cell in enumerate(value, 1)}
    return {"value": value}


def _batches(
    groups: Iterable[Rows], source: io.BufferedIOBase, columns: JsonColumns
) -> Iterator[Rows]:
    """Rows in batches of bounded count and size. Raises UnreadableFile: too many columns."""
    batch: list[Row] = []
    start = source.tell()
    for rows in groups:
        if isinstance(rows, FlatRows):
            if batch:
                yield batch
                batch, start = [], source.tell()
            yield from _flat(rows, columns)
            continue
        # One by one where members are new: all of the batch gets the columns of its last row.
        known = columns.know(rows)
        for some in [rows] if known else ([row] for row in rows):
            batch += some
            if not known:
                _expect(some, columns)
            room = _room(columns)
            while len(batch) >= room:
                yield batch[:room]
                batch, start = batch[room:], source.tell()
        if batch and source.tell() - start > BATCH_BYTES:
            yield batch
            batch, start = [], source.tell()
    if batch:
        yield batch


def _flat(rows: FlatRows, columns: JsonColumns) -> Iterator[FlatRows]:
    if not columns.know(rows):
        _expect([dict.fromkeys(rows.names)], columns)
    room = max(_room(columns), BATCH_CELLS // max(columns.width, 1))
    yield from (rows.part(place, room) for place in range(0, len(rows), room))


def _room(columns: JsonColumns) -> int:
    """How many rows a batch may have."""
    return max(1, min(BATCH_ROWS, BATCH_CELLS // max(columns.width, 1)))


def _expect(rows: list[Row], columns: JsonColumns) -> None:
    columns.expect(rows)
    if columns.width > MAX_COLUMNS:
        raise UnreadableFile(
            f"The objects have more than {MAX_COLUMNS:,} names together, more columns than a "
            "frame may have: turn the table around."
        )
