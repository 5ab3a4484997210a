"""Workbooks as Excel saved them before 2007 (.xls), and as it saves large ones (.xlsb).

``books/old.xls`` was written by xlwt 1.3.0 (BSD): a title, a header over two rows with a merged
cell, dates, money, shares and truth; an empty sheet, a hidden one, and one with moments.
"""

import datetime as dt
from pathlib import Path

from leonidas_jupyter.data.dialect import DialectOverride
from tests.data.binary_workbook import DAY, binary_book

OLD = (Path(__file__).parent / "books" / "old.xls").read_bytes()
JANUARY_2 = 45293.0
"""The second of January 2024, as sheets count days."""


def test_an_old_workbook(load):
    loaded = load(OLD, "old.xls")
    assert loaded.types == {
        "day": "date", "Amount net": "number", "Amount share": "number", "paid": "boolean",
    }  # fmt: skip
    assert loaded.rows == [
        (dt.date(2024, 1, 2), 1234.5, 0.25, True),
        (dt.date(2024, 1, 3), -7.25, 0.5, False),
        (dt.date(2024, 2, 29), None, 1.0, True),
    ]
    assert loaded.report.sheets == ["More"]
    assert any("Hidden sheets are left out: “Secret”" in s for s in loaded.report.dialect.assumed)


def test_another_sheet_of_an_old_workbook(load):
    loaded = load(OLD, "old.xls", override=DialectOverride(sheet="More"))
    assert loaded.types == {"id": "integer", "when": "datetime", "text": "text"}
    assert loaded.columns["when"][1] == dt.datetime.fromisoformat("2024-01-02T12:30")
    assert loaded.columns["text"] == ["żółw 1", "żółw 2", "żółw 3"]


def test_a_binary_workbook(load):
    rows = [
        ["name", "n", "v", "ok", "day"],
        ["Żółw", 1.0, 0.5, True, (JANUARY_2, DAY)],
        ["00501", 2.0, None, False, (JANUARY_2 + 1, DAY)],
    ]
    content = binary_book({"Data": rows, "Off": [["x"], [1.0]]}, hidden=("Off",))
    loaded = load(content, "t.xlsb")
    assert loaded.types == {
        "name": "text", "n": "integer", "v": "number", "ok": "boolean", "day": "date",
    }  # fmt: skip
    assert loaded.rows == [
        ("Żółw", 1, 0.5, True, dt.date(2024, 1, 2)),
        ("00501", 2, None, False, dt.date(2024, 1, 3)),
    ]
    assert any("Hidden sheets are left out: “Off”" in s for s in loaded.report.dialect.assumed)
