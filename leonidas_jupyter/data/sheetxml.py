"""What of a sheet's XML its cells do not tell: errors, and formulas that nobody has computed.

The names are those of Office Open XML (ECMA-376, part 1, 18.3.1): a cell ``c`` of type ``e`` holds
an error; one with a formula ``f`` and no value ``v`` was never computed. Both come as empty cells.
"""

import html
import posixpath
import re
import zipfile
from pathlib import Path

CHUNK = 1 << 20
MAX_INDEX = 1 << 24
"""The largest list of sheets that is read, in bytes."""

LONGEST_CELL = 1 << 18
ERROR = re.compile(rb'<(?:\w+:)?c\s[^>]*\bt="e"')
NO_VALUE = re.compile(
    rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f(?:\s[^>]*)?/>)"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?</(?:\w+:)?c>"
)
SHEET = re.compile(r"<(?:\w+:)?sheet\s([^>]*)>")
RELATION = re.compile(r"<(?:\w+:)?Relationship\s([^>]*)>")
ATTRIBUTE = re.compile(r'([\w:]+)="([^"]*)"')


def notes_on(path: Path, sheet: str) -> list[str]:
    """Sentences on cells of a sheet that hold nothing but should; none for other formats."""
    try:
        with zipfile.ZipFile(path) as archive:
            part = _part(archive, sheet)
            errors, formulas = _counts(archive, part) if part else (0, 0)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError):
        return []  # calamine reads it, or says why not
    notes = []
    if errors:
        notes.append(f"Cells with an error, such as #N/A, are read as missing: {errors:,}.")
    if formulas:
        notes.append(
            f"Cells whose formula was never computed are read as missing: {formulas:,}. "
            "Open the workbook in a spreadsheet program, save it and upload it again."
        )
    return notes


def _part(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """The name of the part that holds a sheet's cells."""
    names = set(archive.namelist())
    index, relations = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
    if not {index, relations} <= names:
        return None
    if max(archive.getinfo(name).file_size for name in (index, relations)) > MAX_INDEX:
        return None
    for found in SHEET.findall(archive.read(index).decode("utf-8", "replace")):
        told = dict(ATTRIBUTE.findall(found))
        if html.unescape(told.get("name", "")) == sheet:
            wanted = next((value for name, value in told.items() if name.endswith(":id")), "")
            break
    else:
        return None
    for found in RELATION.findall(archive.read(relations).decode("utf-8", "replace")):
        told = dict(ATTRIBUTE.findall(found))
        if told.get("Id") == wanted:
            part = posixpath.normpath(posixpath.join("xl", html.unescape(told.get("Target", ""))))
            return part.lstrip("/") if part.lstrip("/") in names else None
    return None


def _counts(archive: zipfile.ZipFile, part: str) -> tuple[int, int]:
    """How many cells hold an error, and how many a formula without a value."""
    errors = formulas = 0
    rest = b""
    with archive.open(part) as source:
        while chunk := source.read(CHUNK):
            text = rest + chunk
            end = max(text.rfind(b"c>") + 2, len(text) - LONGEST_CELL, 0)
            whole, rest = text[:end], text[end:]
            errors += len(ERROR.findall(whole))
            formulas += len(NO_VALUE.findall(whole))
    return errors, formulas
