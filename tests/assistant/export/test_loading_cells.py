"""The first cell of an exported notebook gives the frames that the product has."""

import datetime as dt
import hashlib
from pathlib import Path
from types import SimpleNamespace

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from leonidas_jupyter.assistant.export.conversation import ProjectFile
from leonidas_jupyter.assistant.export.loading import Names, loading_cell
from leonidas_jupyter.data.frames import Frame, frame_name
from leonidas_jupyter.data.ingest import ingest
from leonidas_jupyter.kernel.conversion import to_pandas

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
TABLES = [
    *sorted((ROOT / "leonidas_jupyter" / "demo").glob("*.csv")),
    *sorted((ROOT / "tests" / "golden" / "tables").glob("*.csv")),
]
ODD = {
    "money.csv": [
        "id;price;share;when;ok",
        "1;1.234,50 €;12 %;03.01.2024;yes",
        "2;-7,25 €;7 %;15.02.2024;no",
    ],
    "signs.csv": [
        "id;booked;moved;change;lakh;when;am",
        "a;$1,234.50;99.50-;+1.5;₹1,00,000;3. März 2024;1/31/2024 1:05 pm",
        "b;($99.00);7.25;-2.5;₹12,34,567;24. Dezember 2023;2/15/2024 12:30 am",
    ],
    "quotes.csv": ["a|b", "'x|y'|1", "'it''s'|2"],
    "times.csv": [
        "t,u,z",
        "08:15:00,2024-01-02 03:04:05,2024-01-02T03:04:05Z",
        "23:59:59,2024-05-06 07:08:09,2024-05-06T07:08:09Z",
    ],
    "minus.csv": ["k;x;d", "a;\u22121.5;31-JAN-2024", "b;2.5;15-FEB-2024"],
    "gaps.csv": [
        "n,flag,big,text",
        "1,true,9007199254740993,NA",
        ",,,",
        'N/A,false,9223372036854775807,"a"',
    ],
    "comments.csv": ["# made by a machine", "# on a Sunday", "x,y", "1,2", "3,4"],
    "tabs.tsv": ["name\tnote", 'Ann\tsays "hi"', "Bo\t"],
    "pd.csv": ["load,pd,name", "1,2,x", "3,4,y"],
}


def _project_file(source: Path, folder: Path) -> tuple[ProjectFile, pd.DataFrame]:
    folder.mkdir(exist_ok=True)
    parquet = folder / f"{source.stem}.parquet"
    report = ingest(source, parquet, filename=source.name, override=None, progress=lambda _: None)
    frame = Frame(
        name=frame_name(source.name),
        file_id=source.stem,
        filename=source.name,
        frame_hash=report.frame_hash,
        content_version=1,
        profile=report.profile,
    )
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    return ProjectFile(frame, report.dialect, digest), to_pandas(pq.read_table(parquet))


def _loaded(file: ProjectFile, folder: Path, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    monkeypatch.chdir(folder)
    names: dict = {}
    exec(loading_cell("A “project”", [file], Names([file])), names)  # noqa: S102 - our own code
    return names[file.frame.name]


def _same(left: pd.DataFrame, right: pd.DataFrame) -> None:
    assert list(left.columns) == list(right.columns)
    for name in left.columns:
        a, b = left[name], right[name]
        assert a.isna().tolist() == b.isna().tolist(), name
        kinds = {str(a.dtype).lower(), str(b.dtype).lower()}
        assert len({kind.split("[")[0].rstrip("0123456789") for kind in kinds}) == 1, (name, kinds)
        assert a.dropna().tolist() == b.dropna().tolist(), name


@pytest.mark.parametrize("source", TABLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_pandas_alone_reads_real_tables_as_the_product_does(source, tmp_path, monkeypatch) -> None:
    file, expected = _project_file(source, tmp_path)
    _same(_loaded(file, source.parent, monkeypatch), expected)


@pytest.mark.parametrize("name", sorted(ODD))
def test_pandas_alone_reads_odd_layouts_as_the_product_does(name, tmp_path, monkeypatch) -> None:
    source = tmp_path / name
    source.write_text("\n".join([*ODD[name], ""]), encoding="utf-8")
    file, expected = _project_file(source, tmp_path)
    _same(_loaded(file, tmp_path, monkeypatch), expected)


def _excel(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Data"
    for row in (
        ["Prices, as of March"], [],
        [None, "item", None, "price", "sold", "day", "at", "ok", "code"],
        [None, "tea", None, 2.5, 3, dt.date(2024, 1, 2), dt.time(8, 30), True, "007"],
        [None, "rum", None, "n/a", 4, dt.date(2024, 1, 3), dt.time(9), False, 7],
        [], [None, "gin", None, 9, None, None, None, None, None],
    ):  # fmt: skip
        sheet.append(row)
    book.create_sheet("Other").append(["a"])
    book.save(path)


def _parquet(path: Path) -> None:
    table = pa.table(
        {
            "n": pa.array([1, None, 2**62], pa.int64()),
            "x": [1.5, None, 2.0],
            "d": [dt.date(2024, 1, 2), None, dt.date(2024, 1, 3)],
            "t": pa.array([0, 1, None], pa.timestamp("us", "UTC")),
            "b": [True, None, False],
            "w": pa.array(["a", None, "b"]).dictionary_encode(),
            "l": [[1, 2], None, []],
        }
    )
    pq.write_table(table, path)


def _json_lines(path: Path) -> None:
    rows = ['{"n": 1, "x": 1.5, "d": "2024-01-02", "o": {"a": [1]}, "t": "yes"}', "oops"]
    path.write_text("\n".join([*rows, '{"n": null, "x": 2, "t": "", "b": true}', ""]))


def _json_object(path: Path) -> None:
    path.write_text('{"count": 2, "items": [{"A": 1, "a": "x"}, {"A": 2}]}')


WRITERS = {"b.xlsx": _excel, "p.parquet": _parquet, "l.jsonl": _json_lines, "o.json": _json_object}


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_pandas_alone_reads_other_formats_as_the_product_does(name, tmp_path, monkeypatch) -> None:
    WRITERS[name](tmp_path / name)
    file, expected = _project_file(tmp_path / name, tmp_path / "frames")
    _same(_loaded(file, tmp_path, monkeypatch), expected)


def test_another_file_of_that_name_is_not_taken(tmp_path, monkeypatch) -> None:
    source = tmp_path / "penguins.csv"
    source.write_text("a,b\n1,2\n", encoding="utf-8")
    file, _ = _project_file(source, tmp_path)
    source.write_text("a,b\n1,3\n", encoding="utf-8")
    asked = []

    connection = SimpleNamespace(frames={"penguins": "by Leonidas"})
    monkeypatch.setattr(
        "leonidas_jupyter.connect", lambda project: asked.append(project) or connection
    )
    assert _loaded(file, tmp_path, monkeypatch) == "by Leonidas"
    assert asked == ["A “project”"]
