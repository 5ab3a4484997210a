"""The first cells of an exported notebook: the frames, by pandas alone or through Leonidas."""

import csv
from collections.abc import Sequence
from typing import Any

from leonidas_jupyter.assistant.export import given
from leonidas_jupyter.assistant.export.conversation import ProjectFile
from leonidas_jupyter.data.dayhalves import HALVES, POINTED
from leonidas_jupyter.data.dialect import ColumnDialect, Dialect
from leonidas_jupyter.data.profile import ColumnProfile

_LOAD = '''\
import hashlib
from pathlib import Path

import pandas as pd

PROJECT = {project!r}


def load(name, filename, sha256, read):
    """A file's frame: by pandas if the file stands beside this notebook, else by Leonidas."""
    path = Path(filename)
    if path.is_file():
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() == sha256:
                return read(path)
    try:
        from leonidas_jupyter import connect
    except ImportError:
        raise FileNotFoundError(
            f"Put {{filename}} beside this notebook, or install leonidas-jupyter."
        ) from None
    return connect(PROJECT).frames[name]
'''

_CELLS = '''

def cells(column, missing=()):
    """A column's text with what means "missing" taken out."""
    column = column.str.strip(" ")
    return column.mask(column.isin(["", *missing]))
'''

_NUMBERS = '''

def numbers(
    column, missing=(), decimal=".", thousands="", prefix="", suffix="", negative="-", whole=False
):
    """Numbers as they are written in the file."""
    column = cells(column, missing)
    if negative == "after":
        column = column.str.replace(r"^(.*)-$", r"-\\1", regex=True)
    elif negative != "-":
        column = column.str.replace(negative[0], "-", regex=False)
        column = column.str.replace(")", "", regex=False)
    for mark in (prefix, suffix, thousands):
        column = column.str.replace(mark, "", regex=False) if mark else column
    column = column.str.replace(decimal, ".", regex=False)
    if not whole:
        return column.astype("float64")
    whole = [None if pd.isna(cell) else int(cell) for cell in column]
    return pd.Series(whole, dtype="Int64" if column.hasnans else "int64", index=column.index)
'''

_DATES = '''

def moments(column, missing=(), format="ISO8601", utc=False, months=()):
    """Dates and times as they are written in the file."""
    column = cells(column, missing)
    numbers = {month: f"{number:02d}" for number, month in enumerate(months, 1)}
    for month in sorted(months, key=len, reverse=True):
        column = column.str.replace(month, numbers[month], regex=False)
    return pd.to_datetime(column, format=format, utc=utc)
'''

_TRUTH = '''

def truth(column, missing=(), words=()):
    """Yes and no as they are written in the file."""
    column = cells(column, missing).map(dict(zip(words, (True, False)))).astype("boolean")
    return column if column.hasnans else column.astype("bool")
'''

_QUERY = '''\
import duckdb
import pyarrow as pa

database = duckdb.connect()
for name, frame in {frames}.items():
    database.register(name, pa.Table.from_pandas(frame, preserve_index=False))


def {query}(sql):
    """The result of SQL over the frames."""
    return database.sql(sql).df()
'''

_CHART = '''

def {chart}(spec, rows):
    """Show a Vega-Lite chart of a query's rows."""
    import json

    from IPython.display import display

    values = json.loads(rows.to_json(orient="records", date_format="iso"))
    full = {{**json.loads(spec), "data": {{"values": values}}}}
    display({{"application/vnd.vegalite.v5+json": full, "text/plain": "a chart"}}, raw=True)
'''


class Names:
    """What the notebook calls its own things, so that no frame takes their place."""

    def __init__(self, files: Sequence[ProjectFile]) -> None:
        taken = {file.frame.name for file in files}
        self.frames, self.query, self.chart = (
            name if name not in taken else f"{name}_" for name in ("frames", "query", "chart")
        )


def loading_cell(project: str, files: Sequence[ProjectFile], names: Names) -> str:
    """Python that loads the frames by name, as DataFrames."""
    readers = [_reader(number, file) for number, file in enumerate(files)]
    used = "".join(readers)
    helpers = {"numbers(": _NUMBERS, "moments(": _DATES, "truth(": _TRUTH, **given.HELPERS}
    loads = [
        f"    {file.frame.name!r}: load({file.frame.name!r}, {file.frame.filename!r}, "
        f"{file.sha256!r}, read_{number}),"
        for number, file in enumerate(files)
    ]
    # All are read before the first name is given: it may be the name of something used above.
    named = [f"{file.frame.name} = {names.frames}[{file.frame.name!r}]" for file in files]
    parts = [_LOAD.format(project=project), _CELLS]
    parts += [text for name, text in helpers.items() if name in used]
    ending = "\n".join([f"{names.frames} = {{", *loads, "}", *named])
    return "".join([*parts, *readers, "\n\n", ending])


def query_cell(names: Names, *, charts: bool) -> str:
    """Python that makes SQL run over the loaded frames."""
    text = _QUERY.format(frames=names.frames, query=names.query)
    return text + _CHART.format(chart=names.chart) if charts else text


def _reader(number: int, file: ProjectFile) -> str:
    lines = [
        "",
        "",
        f"def read_{number}(path):",
        f'    """{_docstring(file.frame.filename)} as a table, typed as Leonidas types it."""',
    ]
    if file.dialect.drawn:  # what Leonidas alone reads
        lines += [
            "    from leonidas_jupyter import connect",
            "",
            f"    return connect(PROJECT).frames[{file.frame.name!r}]",
        ]
        return "\n".join([*lines, ""])
    typed: dict[str, list[str]] = {}
    if plain := file.dialect.format == "csv":
        lines += [*_read_lines(file), '    table = table.mask(table == "")']
    else:
        lines += given.reading_lines(file)
    for column in file.frame.profile.columns:
        conversion = _typed(column, file.dialect) if plain else given.typing_line(column, file)
        typed.setdefault(conversion, []).append(column.name)
    for conversion, columns in typed.items():
        if conversion:
            lines += [f"    for name in {columns!r}:", f"        table[name] = {conversion}"]
    return "\n".join([*lines, "    return table", ""])


def _docstring(filename: str) -> str:
    return filename.replace("\\", "_").replace('"', "_")


_PLAIN = {
    "sep": ",",
    "encoding": "utf-8",
    "compression": None,
    "skipinitialspace": False,
    "quotechar": '"',
}
"""What pandas takes for granted."""


def _read_lines(file: ProjectFile) -> list[str]:
    """How pandas reads every cell as text. Rows that do not fit are beyond it."""
    dialect, profile = file.dialect, file.frame.profile
    options: dict[str, Any] = {
        "sep": dialect.delimiter,
        "encoding": "utf-8-sig" if dialect.bom else dialect.encoding,
        "compression": None if dialect.compression == "none" else dialect.compression,
        "skiprows": dialect.skip_rows + dialect.header_rows,
        "nrows": profile.rows,
        "header": None,
        "names": [column.name for column in profile.columns],
        "index_col": False,
        "dtype": "str",
        "keep_default_na": False,
        "skipinitialspace": dialect.skip_space,
        **_quoting(dialect),
    }
    if dialect.comment:
        options["comment"] = dialect.comment
    said = {name: value for name, value in options.items() if _PLAIN.get(name, ...) != value}
    return [
        "    table = pd.read_csv(",
        "        path,",
        *(f"        {name}={value!r}," for name, value in said.items()),
        "    )",
    ]


def _quoting(dialect: Dialect) -> dict[str, Any]:
    if not dialect.quote:
        return {"quoting": csv.QUOTE_NONE}
    if dialect.escape and dialect.escape != dialect.quote:
        escaped = {"escapechar": dialect.escape, "doublequote": False}
        return {"quotechar": dialect.quote, **escaped}
    return {"quotechar": dialect.quote}


def _typed(column: ColumnProfile, dialect: Dialect) -> str:
    """Python that types the column ``name`` of ``table``; nothing for text."""
    marks = dialect.columns.get(column.name, ColumnDialect())
    cell = "table[name]"
    if any(code in (marks.format or "") for code in POINTED):
        cell += r'.str.replace(r"([AaPp])\. ?[Mm]\.", r"\1M", regex=True)'
    missing = f", missing={marks.null_words!r}" if marks.null_words else ""
    if column.type in ("integer", "number"):
        return f"numbers({cell}{missing}{_number_marks(column, marks)})"
    if column.type in ("date", "datetime"):
        form = f", format={_python_format(marks)!r}" if marks.format else ""
        form += f", months={marks.months!r}" if marks.months else ""
        zoned = ", utc=True" if str(column.min).endswith(("Z", "+00:00")) else ""
        return f"moments({cell}{missing}{form}{zoned})"
    if column.type == "time":
        form = f", format={_python_format(marks)!r}" if marks.format else ""
        return f"pd.to_datetime(cells({cell}){form}).dt.time"
    if column.type == "boolean":
        return f"truth({cell}{missing}, words=({marks.true_word!r}, {marks.false_word!r}))"
    return ""


def _number_marks(column: ColumnProfile, marks: ColumnDialect) -> str:
    given = {
        name: value
        for name in ("decimal", "thousands", "prefix", "suffix", "negative")
        if (value := getattr(marks, name)) != getattr(ColumnDialect(), name)
    }
    text = "".join(f", {name}={value!r}" for name, value in given.items())
    return text + (", whole=True" if column.type == "integer" else "")


def _python_format(marks: ColumnDialect) -> str:
    """DuckDB's format in Python's notation, which has no milliseconds of their own.

    Python reads words of months and halves of days in small and in capital letters alike.
    """
    pattern = (marks.format or "").replace("%g", "%f").replace("%-", "%").replace("%^b", "%b")
    for code in HALVES:
        pattern = pattern.replace(code, "%p")
    return pattern.replace("%B", "%m") if marks.months else pattern
