"""A writer of the least that is an .xlsb workbook: binary parts in a zip (MS-XLSB, 2.1 and 2.4)."""

import io
import struct
import zipfile

_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?><Types '
    'xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"'
    '/><Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>'
)
_RELATIONS = (
    '<?xml version="1.0" encoding="UTF-8"?><Relationships '
    'xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
)
_SHEET = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"
_STYLES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles"
DAY = 1
"""The style of cells that are dates."""

Cell = str | bool | float | tuple[float, int] | None


def _record(number: int, body: bytes = b"") -> bytes:
    head = bytes([number]) if number < 128 else bytes([number & 0x7F | 0x80, number >> 7])
    size, left = b"", len(body)
    while True:
        size += bytes([left & 0x7F | (0x80 if left > 0x7F else 0)])
        left >>= 7
        if not left:
            return head + size + body


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def _cell(column: int, cell: Cell) -> bytes:
    """BrtCellBool, BrtCellReal or BrtCellSt; a number with a style is a pair."""
    value, style = cell if isinstance(cell, tuple) else (cell, 0)
    place = struct.pack("<II", column, style)
    if value is None:
        return _record(1, place)
    if isinstance(value, bool):
        return _record(4, place + bytes([value]))
    if isinstance(value, str):
        return _record(6, place + _wide(value))
    return _record(5, place + struct.pack("<d", value))


def _sheet(rows: list[list[Cell]]) -> bytes:
    size = struct.pack("<IIII", 0, len(rows) - 1, 0, max(map(len, rows)) - 1)
    parts = [_record(129), _record(148, size), _record(145)]
    for number, row in enumerate(rows):
        parts.append(_record(0, struct.pack("<I", number) + bytes(13)))
        parts += [_cell(column, cell) for column, cell in enumerate(row)]
    return b"".join([*parts, _record(146), _record(130)])


def _styles() -> bytes:
    """Two formats of cells (BrtXF): general, and the built-in date, number 14."""
    formats = [struct.pack("<HHHHH", 0, number, 0, 0, 0) + bytes(6) for number in (0, 14)]
    count = struct.pack("<I", len(formats))
    return b"".join([
        _record(278), _record(617, count), *(_record(47, each) for each in formats), _record(618),
        _record(279),
    ])  # fmt: skip


def binary_book(sheets: dict[str, list[list[Cell]]], hidden: tuple[str, ...] = ()) -> bytes:
    """The bytes of a workbook of those sheets."""
    bundle = b"".join(
        _record(156, struct.pack("<II", name in hidden, n) + _wide(f"rId{n}") + _wide(name))
        for n, name in enumerate(sheets, 1)
    )
    book = _record(131) + _record(143) + bundle + _record(144) + _record(132)
    relations = "".join(
        f'<Relationship Id="rId{n}" Type="{_SHEET}" Target="worksheets/sheet{n}.bin"/>'
        for n in range(1, len(sheets) + 1)
    )
    relations += f'<Relationship Id="rIdS" Type="{_STYLES}" Target="styles.bin"/>'
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("xl/workbook.bin", book)
        archive.writestr("xl/_rels/workbook.bin.rels", _RELATIONS.format(relations))
        archive.writestr("xl/styles.bin", _styles())
        for n, rows in enumerate(sheets.values(), 1):
            archive.writestr(f"xl/worksheets/sheet{n}.bin", _sheet(rows))
    return sink.getvalue()
