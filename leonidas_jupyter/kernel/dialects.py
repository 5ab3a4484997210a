"""Correcting how a file is read: what a person says of it, and what that changed."""

from collections.abc import Callable
from typing import Any

from leonidas_jupyter.kernel.client import Client, path_of
from leonidas_jupyter.kernel.listing import shape_text
from leonidas_jupyter.kernel.replies import Json
from leonidas_jupyter.kernel.wire import File

SHOWN = {
    "sheet": "sheet",
    "encoding": "encoding",
    "delimiter": "separator",
    "quote": "quote",
    "escape": "escape",
    "comment": "comments",
    "skip_rows": "rows before the header",
    "header_rows": "rows of the header",
    "footer_rows": "rows at the end that are no data",
}
"""What is said when it changes, by the dialect's fields."""

_LINES = 5
_ENCODING = "The encoding"
_SIGNS = {"\t": "tab", " ": "space"}
_NAMED = {"tab": "\t", "\\t": "\t", "space": " ", "comma": ",", "semicolon": ";", "pipe": "|"}


def how_read(file: File) -> list[str]:
    """What was assumed when a file was read, a sentence each; none for a plain CSV.

    UTF-8 with commas is what everybody expects, so that only something else is said; rows that do
    not fit the table are counted, with the lines where the first of them stand.
    """
    dialect = file.dialect
    told = []
    if dialect.get("encoding", "utf-8") not in {"utf-8", "ascii"}:
        told.append(f"encoding {dialect['encoding']}")
    delimiter = str(dialect.get("delimiter") or ",")
    if dialect.get("format", "csv") == "csv" and delimiter != "," and file.columns > 1:
        told.append(f"separator {_SIGNS.get(delimiter) or repr(delimiter)}")
    if any(column.get("decimal") == "," for column in _columns(file).values()):
        told.append("decimal comma")
    first = [f"Read with {', '.join(told)}."] if told else []
    assumed = [note for note in map(str, dialect.get("assumed") or ()) if note[:12] != _ENCODING]
    return [*first, *assumed, *_misfits(file)]


def _misfits(file: File) -> list[str]:
    count = int(file.bad_rows.get("count") or 0)
    if not count:
        return []
    lines = [f"{row['line']:,}" for row in file.bad_rows.get("first") or ()][:_LINES]
    where = f"line{'' if len(lines) == 1 else 's'} {', '.join(lines)}"
    more = f" and {count - len(lines):,} more" if count > len(lines) else ""
    rows = "1 row does" if count == 1 else f"{count:,} rows do"
    return [
        f"{rows} not have the table's number of cells, and stand in it all the same: {where}{more}."
    ]


def separator(text: str) -> str:
    r"""A separator as people type it: itself, ``\t``, or its name."""
    return _NAMED.get(text.lower(), text)


def read_again(
    client: Client, file: File, said: Json, wait: Callable[[File], File], *, reset: bool
) -> tuple[File, str]:
    """Have a file read as ``said`` besides what was said before, and wait for it.

    Args:
        client: of the server.
        file: which.
        said: fields of the API's DialectOverride.
        wait: until the file is read.
        reset: whether what was said before is forgotten.

    Returns:
        The file as it is then, and what changed, in words; empty where it was read so already.

    Raises:
        LeonidasError: it cannot be read so; the frame stands as it was.
    """
    before = {name: value for name, value in file.override.items() if value is not None}
    wanted = said if reset else {**before, **said}
    if wanted == before and file.status == "COMPLETED":
        return file, ""
    path = path_of("/files/{file_id}/dialect", file_id=file.file_id)
    now = wait(File.read(client.call("PUT", path, body=wanted)))
    return now, changes(file, now)


def changes(before: File, now: File) -> str:
    """What reading a file again has changed, in words."""
    told = [
        f"{name} {_shown(before.dialect.get(field))} → {_shown(now.dialect.get(field))}"
        for field, name in SHOWN.items()
        if before.dialect.get(field) != now.dialect.get(field)
    ]
    marks = _columns(before), _columns(now)
    if marks[0] != marks[1]:
        names = [n for n in {**marks[0], **marks[1]} if marks[0].get(n) != marks[1].get(n)]
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        told.append(f"cells are read otherwise in {shown}")
    shapes = shape_text(before.rows, before.columns), shape_text(now.rows, now.columns)
    if before.frame_hash and shapes[0] != shapes[1]:
        told.append(f"{shapes[0]} → {shapes[1]}")
    if not told:
        told.append("which changes nothing" if before.frame_hash else "and now it can be")
    return f"{now.filename} was read again: {'; '.join(told)}."


def _columns(file: File) -> dict[str, Any]:
    return dict(file.dialect.get("columns") or {})


def _shown(value: object) -> str:
    return repr(value) if isinstance(value, str) else str(value)
