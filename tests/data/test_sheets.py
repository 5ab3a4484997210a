"""Workbooks: the table of a sheet is found, and its cells keep the types that the sheet gives."""

import datetime as dt
import io
import zipfile

import openpyxl
import pytest

from leonidas_jupyter.data import workbook as module
from leonidas_jupyter.data.dialect import DialectOverride
from leonidas_jupyter.data.errors import UnreadableFile

ROWS = [["name", "n"], ["Ann", 1], ["Bo", 2]]
DAYS = [dt.date(2024, 1, 2), dt.date(1999, 3, 1)]
NOON = dt.datetime.fromisoformat("2024-01-02T12:00:00.250000")


def book(*sheets: tuple[str, list[list]], change=None) -> bytes:
    """A workbook of sheets from their rows; ``change`` sees it before it is saved."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets:
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    if change is not None:
        change(workbook)
    sink = io.BytesIO()
    workbook.save(sink)
    return sink.getvalue()


def cells(load, values, **options):
    return load(book(("S", [["x"], *([value] for value in values)])), "t.xlsx", **options)


def test_a_plain_sheet(load):
    loaded = load(book(("Data", ROWS)), "t.xlsx")
    assert loaded.columns == {"name": ["Ann", "Bo"], "n": [1, 2]}
    dialect = loaded.report.dialect
    assert (dialect.format, dialect.sheet, dialect.assumed) == ("excel", "Data", [])
    assert loaded.report.sheets == []


@pytest.mark.parametrize(
    ("values", "expected", "found"),
    [
        ([1, 2.0, -3], "integer", [1, 2, -3]),
        ([0.1 + 0.7, 1], "number", [0.1 + 0.7, 1.0]),
        ([1e20, 1], "number", [1e20, 1.0]),
        ([True, False], "boolean", [True, False]),
        ([dt.date(2024, 1, 2), dt.date(1999, 3, 1)], "date", DAYS),
        ([dt.date(2024, 1, 2), NOON], "datetime", [NOON.replace(hour=0, microsecond=0), NOON]),
        ([dt.time(8, 30), dt.time(0, 0)], "time", [dt.time(8, 30), dt.time(0, 0)]),
        ([dt.timedelta(hours=26, seconds=5)], "text", ["26:00:05"]),
        (["00501", "02134"], "text", ["00501", "02134"]),
        (["1", "2"], "text", ["1", "2"]),
        (["2024-01-05", "2024-02-06"], "date", [dt.date(2024, 1, 5), dt.date(2024, 2, 6)]),
        ([1, "2", 3], "integer", [1, 2, 3]),
        ([1, "two", 3.5], "text", ["1", "two", "3.5"]),
        ([0.1 + 0.7, "n/a"], "number", [0.1 + 0.7, None]),
        ([dt.date(2024, 1, 2), "-"], "date", [dt.date(2024, 1, 2), None]),
        ([dt.date(2024, 1, 2), 5], "text", ["2024-01-02", "5"]),
    ],
)  # fmt: skip
def test_cells_keep_their_types(load, values, expected, found):
    loaded = cells(load, values)
    assert loaded.types == {"x": expected}
    assert loaded.columns == {"x": found}


def test_words_for_missing_values_are_said(load):
    dialect = cells(load, [1, "n/a", 2]).report.dialect
    assert dialect.columns["x"].null_words == ["n/a"]


def test_columns_said_to_be_text_are(load):
    loaded = cells(load, [1, 2.5], override=DialectOverride(text_columns=["x"]))
    assert loaded.columns == {"x": ["1", "2.5"]}


def test_what_stands_around_the_table(load):
    rows = [
        [],
        [None, None, "Sales by region, 2024"],
        [],
        [None, None, "region", None, "units", "day"],
        *([None, None, f"R{n}", None, n, dt.date(2024, 1, 1 + n)] for n in range(12)),
        [],
        *([None, None, f"Q{n}", None, n, dt.date(2024, 2, 1 + n)] for n in range(12)),
        [],
        [None, None, "Source: the office of statistics, as of March"],
    ]
    loaded = load(book(("S", rows)), "t.xlsx")
    assert loaded.types == {"region": "text", "units": "integer", "day": "date"}
    assert loaded.report.rows == 24
    dialect = loaded.report.dialect
    assert (dialect.skip_rows, dialect.header_rows, dialect.footer_rows) == (3, 1, 1)
    assert any("Source: the office" in sentence for sentence in dialect.assumed)
    assert "Blank rows between the rows are left out: 1." in dialect.assumed


def test_a_total_is_kept_and_said(load):
    rows = [["region", "units"], *([f"R{n}", n] for n in range(9)), ["Total", 36]]
    loaded = load(book(("S", rows)), "t.xlsx")
    assert loaded.rows[-1] == ("Total", 36)
    assert any("looks like a total" in sentence for sentence in loaded.report.dialect.assumed)


def test_merged_cells(load):
    rows = [
        ["region", "units", None, "ok"],
        [None, "2023", "2024", None],
        ["N", 1, 2, True],
        [None, 3, 4, False],
        ["S", 5, 6, True],
        ["W", 7, 8, True],
    ]

    def merge(workbook):
        for area in ("B1:C1", "A1:A2", "A3:A4"):
            workbook["S"].merge_cells(area)

    loaded = load(book(("S", rows), change=merge), "t.xlsx", DialectOverride(header_rows=2))
    assert loaded.names[:3] == ["region", "units 2023", "units 2024"]
    assert loaded.columns["region"] == ["N", "N", "S", "W"]


def test_the_first_sheet_that_holds_something_and_the_others(load):
    def hide(workbook):
        workbook["Secret"].sheet_state = "hidden"
        workbook.create_chartsheet("Chart")

    content = book(
        ("Cover", []), ("Data", ROWS), ("Secret", ROWS), ("More", [["a"], [1]]), ("Blank", [[" "]]),
        change=hide,
    )  # fmt: skip
    loaded = load(content, "t.xlsx")
    assert loaded.names == ["name", "n"]
    assert loaded.report.sheets == ["More"]
    assert loaded.report.dialect.assumed == [
        "This is the sheet “Data” of the workbook; it also has “More”.",
        "Hidden sheets are left out: “Secret”.",
    ]
    more = load(content, "t.xlsx", DialectOverride(sheet="more"))
    assert (more.columns, more.report.sheets) == ({"a": [1]}, [])
    assert load(content, "t.xlsx", DialectOverride(sheet="Secret")).names == ["name", "n"]


def test_what_a_person_says_of_the_layout(load):
    content = book(("S", [["x", "y"], ["a", "b"], ["c", "d"], ["end", None]]))
    said = DialectOverride(skip_rows=1, header_rows=0, footer_rows=1)
    assert load(content, "t.xlsx", said).rows == [("a", "b"), ("c", "d")]


def test_a_sheet_of_a_header_only(load):
    loaded = load(book(("S", [["a", "b"]])), "t.xlsx")
    assert (loaded.names, loaded.report.rows) == (["a", "b"], 0)


def test_many_rows_in_batches(load, monkeypatch):
    monkeypatch.setattr("leonidas_jupyter.data.sheettable.BATCH_ROWS", 70)
    rows = [["n", "late"], *([n, None] for n in range(1500)), [1500, "x"], [1500.5, "y"]]
    loaded = load(book(("S", rows)), "t.xlsx")
    assert loaded.types == {"n": "number", "late": "text"}
    assert loaded.columns["n"][-2:] == [1500.0, 1500.5]
    assert loaded.columns["late"][-3:] == [None, "x", "y"]


def test_errors_and_formulas_that_nobody_computed_are_said(load, monkeypatch):
    monkeypatch.setattr("leonidas_jupyter.data.sheetxml.CHUNK", 97)
    rows = [["n", "x"], *([n, n / 2] for n in range(40)), [1, "=1/0"], [2, "=SUM(A2:A5)"], [3, 1.5]]

    def fail(workbook):
        for row in (5, 9, 30):
            workbook["A & B"].cell(row, 2, "#DIV/0!").data_type = "e"
        workbook["A & B"].cell(12, 2, 't="e"').data_type = "s"

    loaded = load(book(("First", [["a"]]), ("A & B", rows), change=fail), "t.xlsx", SECOND)
    assert loaded.columns["x"][3] is None
    assert loaded.columns["x"][10] == 't="e"'
    assert loaded.report.dialect.assumed[1:] == [
        "Cells with an error, such as #N/A, are read as missing: 3.",
        "Cells whose formula was never computed are read as missing: 2. "
        "Open the workbook in a spreadsheet program, save it and upload it again.",
    ]


SECOND = DialectOverride(sheet="A & B")
OPEN_DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2">
<office:body><office:spreadsheet><table:table table:name="Blatt">
<table:table-row>
<table:table-cell office:value-type="string"><text:p>day</text:p></table:table-cell>
<table:table-cell office:value-type="string"><text:p>n</text:p></table:table-cell></table:table-row>
<table:table-row><table:table-cell office:value-type="date" office:date-value="2024-01-02"/>
<table:table-cell office:value-type="float" office:value="1.5"/></table:table-row>
</table:table></office:spreadsheet></office:body></office:document-content>"""


def test_open_document(load):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", OPEN_DOCUMENT.replace("\n", ""))
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    loaded = load(sink.getvalue(), "t.ods")
    assert loaded.columns == {"day": [dt.date(2024, 1, 2)], "n": [1.5]}
    assert loaded.report.dialect.sheet == "Blatt"


@pytest.mark.parametrize(
    ("content", "override", "words"),
    [
        (book(("S", ROWS))[:-200], None, "damaged"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 600, None, "damaged"),
        (book(("S", [])), None, "No visible sheet"),
        (book(("S", [])), DialectOverride(sheet="S"), "“S” is empty"),
        (book(("S", ROWS)), DialectOverride(sheet="T"), "no sheet “T”: there are “S”"),
        (book(("S", ROWS)), DialectOverride(encoding="utf-8"), "leave out encoding"),
    ],
)
def test_what_cannot_be_read_says_why(load, content, override, words):
    with pytest.raises(UnreadableFile, match=words) as caught:
        load(content, "t.xlsx", override)
    assert caught.value.sentence.endswith(".")


def bomb() -> bytes:
    sink = io.BytesIO(book(("S", ROWS)))
    with zipfile.ZipFile(sink, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/zeros", b"0" * (100 << 20), compresslevel=9)
    return sink.getvalue()


def test_a_bomb_is_refused_before_it_is_opened(load, monkeypatch):
    monkeypatch.setattr(module, "_open", lambda _: pytest.fail("the bomb was opened"))
    with pytest.raises(UnreadableFile, match="times its size"):
        load(bomb(), "t.xlsx")


SMALL = [["day", "n", "v"], [1, 1, 2.5], [2, 2, 3.5], [3, 3, 4.5]]
LARGE = [["product", "price", "stock", "shop"], *([f"p{n}", n / 4, n, "A"] for n in range(1, 6))]


@pytest.mark.parametrize("blank", [0, 1, 3])
def test_the_larger_of_two_tables_below_one_another_is_kept_and_said(load, blank):
    between: list[list] = [[] for _ in range(blank)]
    below = load(book(("S", SMALL + between + LARGE)), "t.xlsx")
    above = load(book(("S", LARGE + between + SMALL)), "t.xlsx")
    for loaded in (below, above):
        assert loaded.types == {
            "product": "text", "price": "number", "stock": "integer", "shop": "text",
        }  # fmt: skip
        assert len(loaded.rows) == 5
        assert any("it is left out" in said for said in loaded.report.dialect.assumed)
    instead = DialectOverride(skip_rows=0)
    first = load(book(("S", SMALL + between + LARGE)), "t.xlsx", override=instead)
    assert (first.names, len(first.rows)) == (["day", "n", "v"], 3)
    whole = load(book(("S", SMALL + LARGE)), "t.xlsx", override=DialectOverride(footer_rows=0))
    assert len(whole.rows) == 9


def test_two_tables_side_by_side_are_one_frame_of_all_their_columns(load):
    rows = [
        [*(SMALL[at] if at < len(SMALL) else [None] * 3), None, *row]
        for at, row in enumerate(LARGE)
    ]
    loaded = load(book(("S", rows)), "t.xlsx")
    assert loaded.columns["v"] == [2.5, 3.5, 4.5, None, None]
    assert loaded.columns["stock"] == [1, 2, 3, 4, 5]
