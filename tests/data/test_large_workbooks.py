"""A workbook that needs more memory than there is for reading ends in a sentence."""

import asyncio
import zipfile

import pytest

from leonidas_jupyter.data.errors import IngestFailed
from leonidas_jupyter.data.worker import WorkerLimits, run_ingest

MIB = 2**20
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType="application/'
    'vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/'
    'vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
KINDS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="{}/{}" Target="{}"/></Relationships>'
)


def large_workbook(path, rows, columns):
    """A workbook of one sheet of numbers, as its XML, which no library needs to hold."""
    cells = "".join("<c><v>1234.5</v></c>" for _ in range(columns))
    row = f"<row>{cells}</row>".encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        book.writestr("[Content_Types].xml", TYPES)
        book.writestr("_rels/.rels", RELATIONS.format(KINDS, "officeDocument", "xl/workbook.xml"))
        book.writestr(
            "xl/_rels/workbook.xml.rels",
            RELATIONS.format(KINDS, "worksheet", "worksheets/sheet1.xml"),
        )
        book.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{MAIN}" xmlns:r="{KINDS}"><sheets>'
            '<sheet name="Data" sheetId="1" r:id="rId1"/></sheets></workbook>',
        )
        with book.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(f'<worksheet xmlns="{MAIN}"><sheetData>'.encode())
            for _ in range(rows):
                sheet.write(row)
            sheet.write(b"</sheetData></worksheet>")
    return path


def read(path, memory_bytes):
    limits = WorkerLimits(memory_bytes=memory_bytes)
    return asyncio.run(
        run_ingest(
            path, path.with_name("frame.parquet"), filename="book.xlsx", override=None,
            limits=limits, on_progress=None,
        )
    )  # fmt: skip


def test_a_large_workbook_is_read_with_memory_enough(tmp_path):
    report = read(large_workbook(tmp_path / "book.xlsx", 3000, 40), 1024 * MIB)
    assert (report.rows, report.columns) == (3000, 40)


def test_a_workbook_beyond_the_memory_ends_in_a_sentence(tmp_path):
    path = large_workbook(tmp_path / "book.xlsx", 60_000, 40)
    with pytest.raises(IngestFailed, match=r"needs more than the limit of 160 MiB of memory"):
        read(path, 160 * MIB)
    assert [each.name for each in tmp_path.iterdir()] == ["book.xlsx"]
