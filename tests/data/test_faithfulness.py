"""What the frame holds, written back under its dialect, equals the cells; or the column is text."""

import csv
import datetime
import io
import re
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leonidas_jupyter.data.dialect import ColumnDialect, DialectOverride
from leonidas_jupyter.data.ingest import ingest

QUICK = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

digits = st.integers(0, 10**18).map(str)
near_numbers = st.one_of(
    digits,
    st.integers(-(10**20), 10**20).map(str),
    st.floats(allow_nan=True, allow_infinity=True).map(repr),
    st.decimals(-(10**6), 10**6, places=2).map(str),
    st.decimals(-(10**6), 10**6, places=2).map(lambda d: f"{d:,}"),
    st.decimals(-(10**4), 10**4, places=1).map(lambda d: str(d).replace(".", ",")),
    st.decimals(0, 10**5, places=2).map(lambda d: f"${d:,}"),
    st.decimals(0, 100, places=1).map(lambda d: f"{d}%"),
    st.from_regex(r"\A-?0{0,2}\d{0,4}[.,]?\d{0,3}([eE][+-]?\d{1,2})?\Z"),
    st.sampled_from(["NA", "", "-", "null", "NaN", "inf", "-0", "0", "1", "00501", "1e5", " 7 "]),
)
amounts = st.decimals(0, 10**7, places=2)
signed = st.sampled_from(
    ["({})", "${}", "(${})", "{}-", "+{}", "-{}", "\u2212{}", "{}%", "({}%)", "{} €"]
).flatmap(
    lambda mark: st.lists(
        st.one_of(
            st.tuples(st.sampled_from([mark, mark, "{}", "-{}"]), amounts).map(
                lambda pair: pair[0].format(f"{pair[1]:,}")
            ),
            st.sampled_from(["", "-", "0", "+0", "(0)", "00501", "1,00,000", "12,34,567.5"]),
        ),
        min_size=1,
        max_size=8,
    )
)
dates = st.dates(datetime.date(1900, 1, 1), datetime.date(2100, 1, 1))
moments = dates.flatmap(
    lambda day: st.times().map(lambda clock: datetime.datetime.combine(day, clock))
)
FORMATS = ["%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%y", "%d %b %Y", "%Y%m%d"]
CLOCKS = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%d/%m/%Y %I:%M %p", "%Y-%m-%dT%H:%M:%SZ"]
words = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8)
truth = st.sampled_from(["yes", "no", "Yes", "TRUE", "FALSE", "true", "false", "y", "n", "t", ""])


def formatted(values: st.SearchStrategy[Any], patterns: list[str]) -> st.SearchStrategy[list[str]]:
    """Columns of one format, sometimes with a cell of another one."""
    return st.sampled_from(patterns).flatmap(
        lambda pattern: st.lists(
            st.one_of(values.map(lambda v: v.strftime(pattern)), st.sampled_from(["", "NA"])),
            min_size=1,
            max_size=12,
        )
    )


MONTHS = [
    ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre",
     "octubre", "noviembre", "diciembre"],
    ["Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez"],
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
]  # fmt: skip
worded = st.tuples(
    st.sampled_from(MONTHS),
    st.sampled_from(["{d} {m} {y}", "{d:02d}-{m}-{y}", "{d}. {m} {y}", "{d} de {m} de {y}"]),
).flatmap(
    lambda pair: st.lists(
        st.one_of(
            dates.map(lambda day: pair[1].format(d=day.day, m=pair[0][day.month - 1], y=day.year)),
            st.sampled_from(["", "NA", "31 Feb 2024", "mayo"]),
        ),
        min_size=1,
        max_size=8,
    )
)
columns = st.one_of(
    signed,
    worded,
    st.lists(near_numbers, min_size=1, max_size=12),
    st.lists(digits, min_size=1, max_size=12),
    formatted(dates, FORMATS),
    formatted(moments, CLOCKS),
    st.lists(truth, min_size=1, max_size=12),
    st.lists(words, min_size=1, max_size=12),
)


def with_minus(cell: str, marks: ColumnDialect) -> str:
    """The cell with a plain minus, by what its column's dialect says of signs and of no others."""
    if marks.plus:
        above = any(digit in cell for digit in "123456789") and not cell.startswith("-")
        assert cell.startswith("+") == above
        return cell.removeprefix("+")
    if marks.negative == "()":
        assert "-" not in cell
        assert ("(" in cell) == cell.endswith(")")
        return cell.replace("(", "-").replace(")", "")
    if marks.negative == "after":
        return "-" + cell[:-1] if cell.endswith("-") else cell
    return cell if marks.negative == "-" else cell.replace(marks.negative, "-")


def number_equals(value: Any, cell: str, marks: ColumnDialect) -> bool:
    if marks.format:
        return marks.format % value == cell
    plain = with_minus(cell, marks)
    plain = plain.replace(marks.prefix, "").replace(marks.suffix, "")
    plain = plain.replace(marks.thousands, "") if marks.thousands else plain
    plain = plain.replace(marks.decimal, ".")
    if not re.fullmatch(r"-?(0|[1-9]\d*)?(\.\d*)?([eE][+-]?\d+)?", plain):
        return False
    return Decimal(repr(value)) == Decimal(plain)


def written(value: Any, marks: ColumnDialect) -> str:
    pattern = marks.format or ""
    if marks.months:
        pattern = pattern.replace("%B", marks.months[value.month - 1])
    upper = "%^b" in pattern
    zone = pattern.removesuffix("Z") != pattern
    if isinstance(value, datetime.time):
        value = datetime.datetime.combine(datetime.date(1970, 1, 1), value)
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        assert zone
    pattern = pattern.replace("%^b", "%b").replace(
        "%g", f"{getattr(value, 'microsecond', 0) // 1000:03d}"
    )
    text = value.strftime(pattern)
    return text.upper() if upper else text


def survives(value: Any, cell: str, kind: str, marks: ColumnDialect) -> bool:
    bare = cell.strip(" ")
    if kind == "text":
        return value == (cell or None)
    if value is None:
        return bare == "" or bare in marks.null_words
    if kind == "boolean":
        return bare == (marks.true_word if value else marks.false_word)
    if kind in ("integer", "number"):
        return number_equals(value, bare, marks)
    return written(value, marks) == bare


@QUICK
@given(
    st.lists(st.lists(st.sampled_from(["x", "7", "2.5"]), min_size=1, max_size=5), min_size=4),
)
def test_every_row_is_kept_and_those_that_do_not_fit_are_counted(rows: list[list[str]]) -> None:
    import pyarrow.parquet as pq

    said = DialectOverride(
        encoding="utf-8", delimiter=",", quote="", escape="", comment="",
        skip_rows=0, header_rows=1, footer_rows=0,
    )  # fmt: skip
    text = "\n".join(["a,b,c", "1,2,3", "4,5,6", "7,8,9", *map(",".join, rows)]) + "\n"
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "t.csv", Path(folder) / "t.parquet"
        source.write_text(text, encoding="utf-8", newline="")
        report = ingest(source, target, filename="t.csv", override=said, progress=lambda _: None)
        frame = pq.read_table(target)
    width = frame.num_columns
    lines = [*text.splitlines()[1:]]
    misfits = [number for number, line in enumerate(lines, 2) if line.count(",") + 1 != width]
    assert frame.num_rows == len(lines)
    assert (report.bad_rows.count if report.bad_rows else 0) == len(misfits)
    shown = report.bad_rows.first if report.bad_rows else []
    assert [row.line for row in shown] == misfits[:10]
    assert [row.text for row in shown] == [lines[number - 2] for number in misfits[:10]]


@QUICK
@given(st.lists(columns, min_size=1, max_size=4), st.sampled_from(",;\t"))
def test_every_cell_survives(table: list[list[str]], delimiter: str) -> None:
    import pyarrow.parquet as pq

    length = max(map(len, table))
    cells = [[f"k{i}" for i in range(length)]] + [
        column + [""] * (length - len(column)) for column in table
    ]
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow([f"name{i}" for i in range(len(cells))])
    writer.writerows(zip(*cells, strict=True))
    said = DialectOverride(
        encoding="utf-8", delimiter=delimiter, quote='"', escape='"', comment="",
        skip_rows=0, header_rows=1, footer_rows=0,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "t.csv", Path(folder) / "t.parquet"
        source.write_text(buffer.getvalue(), encoding="utf-8", newline="")
        report = ingest(source, target, filename="t.csv", override=said, progress=lambda _: None)
        frame = pq.read_table(target)
    assert report.bad_rows is None
    assert frame.num_rows == length
    for profile, column, original in zip(report.profile.columns, frame.columns, cells, strict=True):
        marks = report.dialect.columns.get(profile.name, ColumnDialect())
        for value, cell in zip(column.to_pylist(), original, strict=True):
            assert survives(value, cell, profile.type, marks), (profile.type, marks, value, cell)
