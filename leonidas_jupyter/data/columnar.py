"""Parquet and Arrow files: typed already, brought to the types of frames without losing a value.

Every cast is exact, and whether it is depends on the values where the type alone does not say:
decimals become numbers where each survives (``Decimal(repr(value)) == Decimal(cell)``), nanoseconds
become microseconds where none is left over, unsigned numbers become integers where they fit. What
does not survive becomes text.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from leonidas_jupyter.data.advance import Rising, Watched
from leonidas_jupyter.data.dialect import Dialect, DialectOverride
from leonidas_jupyter.data.errors import UnreadableFile
from leonidas_jupyter.data.formats import NAMES, Opened, Outcome
from leonidas_jupyter.data.headings import column_names
from leonidas_jupyter.data.plans import Plan, literal
from leonidas_jupyter.data.recognise import MAX_COLUMNS
from leonidas_jupyter.data.stacks import write_stacked
from leonidas_jupyter.data.typing_pass import WIDE, Column, Typing, write_typed

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb
    import pyarrow as pa

BATCH_ROWS = 65_536
BATCH_CELLS = 1_000_000
CHECKED_COLUMNS = 100
"""How many columns' values are looked at in one query."""

SMALL = frozenset(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"))
LARGE = frozenset(("UBIGINT", "HUGEINT", "UHUGEINT"))
FLOATS = frozenset(("FLOAT", "DOUBLE"))
AS_THEY_ARE = frozenset(("BOOLEAN", "VARCHAR", "TIME"))
MOMENTS = {
    "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMP",
    "TIMESTAMP_S": "TIMESTAMP",
    "TIMESTAMP_MS": "TIMESTAMP",
    "TIMESTAMP_NS": "TIMESTAMP",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP WITH TIME ZONE",
}
NESTED = ("STRUCT", "MAP", "UNION", "VARIANT", "JSON")
DECIMAL = re.compile(r"DECIMAL\(\d+,(\d+)\)")


@dataclass
class Cast(Plan):
    """A plan that turns a typed value into another type, exactly; nothing of it can misfit."""

    def sql(self, cell: str, otherwise: str) -> str:  # noqa: ARG002 - no cell misfits
        """SQL of the value."""
        return self.convert.replace("{v}", cell)


class Casts(Typing):
    """The casts of all columns of a file that has types of its own."""

    def __init__(self, names: list[str], plans: list[Plan]) -> None:
        self.assumed = []
        self.columns = [
            Column(name, [], plan, fixed=True) for name, plan in zip(names, plans, strict=True)
        ]


def read_columnar(
    connection: "duckdb.DuckDBPyConnection",
    opened: Opened,
    override: DialectOverride | None,
    typed: Path,
    progress: Rising,
) -> Outcome:
    """Write the frame of a Parquet or Arrow file to ``typed``.

    Raises:
        UnreadableFile: the file is damaged, or has no columns or too many.
    """
    import pyarrow as pa

    dialect = Dialect(format=opened.format, compression=opened.compression)
    try:
        raw, written = _as_parquet(opened, typed.with_name("raw.parquet"))
        progress(0.2)
        names, _ = column_names([written], len(written))
        source = f"read_parquet({literal(str(raw))}) AS t({_aliases(len(names))})"
        as_text = set(override.text_columns or ()) if override else set()
        plans = _plans(connection, source, names, as_text, dialect.assumed)
        casts = Casts(names, plans)
        say = progress.towards(0.7)
        if len(names) > WIDE:
            write_stacked(connection, casts, raw, typed, say)
        else:
            with Watched(connection, say):
                write_typed(connection, casts, source, typed)
    except pa.ArrowMemoryError:
        raise
    except (*_damages(), pa.ArrowException, OSError) as error:
        raise UnreadableFile(_damage(opened, error)) from error
    return Outcome(dialect, dict(zip(names, written, strict=True)))


def _damages() -> tuple[type[Exception], ...]:
    """What DuckDB raises because of the file, and not because of what it is asked."""
    import duckdb

    return (
        duckdb.IOException,
        duckdb.InvalidInputException,
        duckdb.NotImplementedException,
        duckdb.SerializationException,
    )


def _damage(opened: Opened, error: Exception) -> str:
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    # The path is that of a working copy, which says nothing to anybody.
    shown = first.replace(str(opened.plain), "the file")[:200]
    name = NAMES[opened.format].removeprefix("a ").removeprefix("an ")
    return f"The {name} is damaged or of an unknown kind ({shown}): write it again."


def _aliases(width: int) -> str:
    return ", ".join(f"c{number}" for number in range(width))


def _as_parquet(opened: Opened, target: Path) -> tuple[Path, list[str]]:
    """The file as Parquet that DuckDB can read in slices, and its columns' names as written."""
    import pyarrow.parquet as pq

    if opened.format == "parquet":
        file = pq.ParquetFile(opened.plain)
        schema = file.schema_arrow
        names = _counted(schema.names)
        if len(names) <= WIDE:
            return opened.plain, names
        rows = max(64, BATCH_CELLS // len(names))
        _rewrite(file.iter_batches(rows), schema, target)
        return target, names
    schema, batches = _arrow_batches(opened.plain)
    names = _counted(schema.names)
    _rewrite(batches, schema, target)
    return target, names


def _arrow_batches(path: Path) -> "tuple[pa.Schema, Iterable[pa.RecordBatch]]":
    """The record batches of an Arrow file or stream, one after the other."""
    import pyarrow as pa

    source = pa.OSFile(str(path))  # a mapped file would count as memory in use
    with path.open("rb") as handle:
        if handle.read(6) != b"ARROW1":
            stream = pa.ipc.open_stream(source)
            return stream.schema, stream
    file = pa.ipc.open_file(source)
    return file.schema, (file.get_batch(number) for number in range(file.num_record_batches))


def _rewrite(batches: "Iterable[pa.RecordBatch]", schema: "pa.Schema", target: Path) -> None:
    """Write batches to a Parquet file whose columns are called ``c0``, ``c1`` and so on."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    plain = pa.schema([schema.field(n).with_name(f"c{n}") for n in range(len(schema.names))])
    with pq.ParquetWriter(target, plain, compression="snappy") as writer:
        for batch in batches:
            for start in range(0, batch.num_rows, BATCH_ROWS):
                part = batch.slice(start, BATCH_ROWS)
                writer.write_batch(pa.RecordBatch.from_arrays(part.columns, schema=plain))


def _counted(names: list[str]) -> list[str]:
    if not names:
        raise UnreadableFile("The file has no columns: check that it is a table.")
    if len(names) > MAX_COLUMNS:
        raise UnreadableFile(
            f"The file has {len(names):,} columns, more than the {MAX_COLUMNS:,} that a frame may "
            "have: turn the table around."
        )
    return list(names)


def _plans(
    connection: "duckdb.DuckDBPyConnection",
    source: str,
    names: list[str],
    as_text: set[str],
    assumed: list[str],
) -> list[Plan]:
    """How each column is cast, after a look at the values where the type leaves that open."""
    described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608
    kinds = [str(row[1]) for row in described]
    lost = _counts(connection, source, [_check(kind, n) for n, kind in enumerate(kinds)])
    nans = [f"isnan(c{n})" if kind in FLOATS else "" for n, kind in enumerate(kinds)]
    missing = _counts(connection, source, nans)
    plans: list[Plan] = []
    for name, kind, odd, nan in zip(names, kinds, lost, missing, strict=True):
        plan = _plan(kind, odd)
        if name in as_text and plan.sql_type != "VARCHAR":
            plan = _text()
        elif odd:
            assumed.append(_note(name, kind))
        if nan and plan.sql_type == "DOUBLE":
            assumed.append(
                f"The values of “{name}” that are no number (NaN) are read as missing: {nan:,}."
            )
        plans.append(plan)
    return plans


def _counts(
    connection: "duckdb.DuckDBPyConnection", source: str, conditions: list[str]
) -> list[int]:
    """How many rows meet each condition; 0 for an empty one."""
    counts = [0] * len(conditions)
    asked = [number for number, condition in enumerate(conditions) if condition]
    for start in range(0, len(asked), CHECKED_COLUMNS):
        batch = asked[start : start + CHECKED_COLUMNS]
        listed = ", ".join(f"count(*) FILTER (WHERE {conditions[number]})" for number in batch)
        found = connection.execute(f"SELECT {listed} FROM {source}").fetchall()[0]  # noqa: S608
        for number, count in zip(batch, found, strict=True):
            counts[number] = int(count)
    return counts


def _check(kind: str, number: int) -> str:
    """A condition that finds the values which the type's usual cast would not hold."""
    column = f"c{number}"
    decimal = DECIMAL.fullmatch(kind)
    if kind in LARGE or (decimal and decimal[1] == "0"):
        return f"{column} NOT BETWEEN -9223372036854775808 AND 9223372036854775807"
    if kind in FLOATS:
        return f"isinf({column})"
    if kind in MOMENTS:
        if kind == "TIMESTAMP_NS":
            return f"epoch_ns({column}) % 1000 <> 0"
        # What Python, pandas and the readers of JSON can tell.
        return f"NOT ({column} >= '0001-01-01' AND {column} < '10000-01-01')"
    if decimal:
        return f"CAST(CAST(CAST({column} AS DOUBLE) AS VARCHAR) AS {kind}) <> {column}"
    return f"{column} IS NOT NULL AND TRY(decode({column})) IS NULL" if kind == "BLOB" else ""


def _plan(kind: str, odd: int) -> Plan:
    """The cast of a column of DuckDB's type ``kind``, ``odd`` of whose values did not pass."""
    if kind.endswith("]") or kind.startswith(NESTED):
        return _text("CAST(to_json({v}) AS VARCHAR)")
    if kind == "BLOB":
        return _text("lower(hex({v}))" if odd else "decode({v})")
    if odd:
        return _text()
    if kind in FLOATS:
        return Cast(convert="CASE WHEN NOT isnan({v}) THEN {v} END", sql_type="DOUBLE")
    decimal = DECIMAL.fullmatch(kind)
    if decimal or kind in SMALL or kind in LARGE:
        return Cast(sql_type="DOUBLE" if decimal and decimal[1] != "0" else "BIGINT")
    if kind in MOMENTS:
        return Cast(sql_type=MOMENTS[kind])
    return Cast(sql_type=kind) if kind in AS_THEY_ARE else _text()


def _text(convert: str = "{v}") -> Plan:
    return Cast(convert=convert, sql_type="VARCHAR")


def _note(name: str, kind: str) -> str:
    """What is worth a word of a column some of whose values no number or date holds."""
    if kind == "BLOB":
        return f"“{name}” holds bytes that are no text; they are written as hexadecimal digits."
    if kind in FLOATS:
        return f"“{name}” holds infinite values, which no frame has as numbers; it is read as text."
    return f"“{name}” holds values that no number or date keeps exactly; it is read as text."
