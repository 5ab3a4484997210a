"""Cells of an exported notebook that load files whose values have types: JSON, Parquet, Excel."""

from leonidas_jupyter.assistant.export.conversation import ProjectFile
from leonidas_jupyter.data.dialect import ColumnDialect
from leonidas_jupyter.data.profile import ColumnProfile

GIVEN = '''

def given(column, kind, missing=(), format=None):
    """A column whose values the file has typed, with the type that Leonidas gives it."""
    values = [None if is_missing(value) or value in missing else value for value in column]
    if kind == "text":
        return pd.Series([as_text(value) for value in values], dtype="str", index=column.index)
    if kind in ("date", "datetime"):
        return pd.to_datetime(pd.Series(values, index=column.index), format=format)
    if kind == "time":
        return pd.Series(values, index=column.index, dtype="object")
    if kind == "number":
        values = [None if value is None else float(value) for value in values]
        return pd.Series(values, index=column.index, dtype="float64")
    if kind == "integer":
        values = [None if value is None else int(value) for value in values]
    plain, nullable = {"integer": ("int64", "Int64"), "boolean": ("bool", "boolean")}[kind]
    return pd.Series(values, index=column.index, dtype=nullable if None in values else plain)


def is_missing(value):
    """Whether a cell holds nothing; a list is no such cell, however short."""
    return pd.api.types.is_scalar(value) and bool(pd.isna(value))


def as_text(value):
    """A cell as text: nested values as JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    import json

    value = value.tolist() if hasattr(value, "tolist") else value  # an array of numpy
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str).strip('"')
'''

ROWS = '''

def rows(path, encoding):
    """The rows of a JSON file: one in each line, in one list, or in a list of an object."""
    import json

    text = path.read_text(encoding)
    try:
        found = json.loads(text)
    except ValueError:
        found = []
        for line in text.split("\\n"):
            try:
                found.append(json.loads(line.strip().rstrip(",")))
            except ValueError:
                continue  # Leonidas leaves such lines out, too, and says so
    if isinstance(found, dict):
        lists = [v for v in found.values() if isinstance(v, list) and v and isinstance(v[0], dict)]
        found = max(lists, key=len) if lists else [found]
    if not all(isinstance(row, dict) for row in found):
        raise ValueError(f"{path} holds no objects: load it by Leonidas.")
    return found
'''

HELPERS = {"rows(": ROWS, "given(": GIVEN}


def reading_lines(file: ProjectFile) -> list[str]:
    """Python that reads the file into ``table``, its columns named as in the frame."""
    columns = file.frame.profile.columns
    lines = {"json": _json, "excel": _excel}.get(file.dialect.format, _columnar)(file)
    return [*lines, f"    table.columns = {[column.name for column in columns]!r}"]


def typing_line(column: ColumnProfile, file: ProjectFile) -> str:
    """Python that types the column ``name`` of ``table``."""
    marks = file.dialect.columns.get(column.name, ColumnDialect())
    missing = f", missing={marks.null_words!r}" if marks.null_words else ""
    pattern = (marks.format or "").replace("%g", "%f").replace("%-", "%")
    form = f", format={pattern!r}" if pattern else ""
    return f"given(table[name], {column.type!r}{missing}{form})"


def _json(file: ProjectFile) -> list[str]:
    encoding = "utf-8-sig" if file.dialect.bom else file.dialect.encoding
    members = [column.original_name for column in file.frame.profile.columns]
    return [
        f"    found = rows(path, {encoding!r})",
        f"    members = {members!r}",
        "    cells = [[row.get(name) for name in members] for row in found]",
        "    table = pd.DataFrame(cells, dtype=object)",
    ]


def _excel(file: ProjectFile) -> list[str]:
    dialect, profile = file.dialect, file.frame.profile
    return [
        "    table = pd.read_excel(",
        f"        path, sheet_name={dialect.sheet!r}, header=None, skiprows={dialect.skip_rows},",
        '        dtype=object, engine="calamine", keep_default_na=False, na_values=[""],',
        "    )",
        '    table = table.dropna(how="all").dropna(axis="columns", how="all")',
        f"    table = table.iloc[{dialect.header_rows} :][: {profile.rows}].reset_index(drop=True)",
    ]


def _columnar(file: ProjectFile) -> list[str]:
    module = "feather" if file.dialect.format == "arrow" else "parquet"
    return [
        f"    from pyarrow import {module}",
        "",
        f"    table = {module}.read_table(path).to_pandas(",
        "        ignore_metadata=True, integer_object_nulls=True, date_as_object=False",
        "    )",
    ]
