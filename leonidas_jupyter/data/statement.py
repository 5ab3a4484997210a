"""Which SQL may run: one query over frames; nothing that writes, reads files or sets anything."""

import difflib
import re
from functools import cache
from typing import TYPE_CHECKING

from leonidas_jupyter.data.errors import SqlRefused
from leonidas_jupyter.data.sqlfunctions import FUNCTIONS, TABLE_FUNCTIONS

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.dialects.dialect import Dialect

MAX_STATEMENT = 100_000
"""Longest statement that is parsed, in characters."""

REFUSED_FUNCTIONS = re.compile(
    r"(read_|parquet_|duckdb_|pragma_|sqlite_|postgres_|mysql_|pg_read|st_read|iceberg_|delta_|"
    r"arrow_scan|pandas_scan|python_|getenv|getvariable|current_setting|set_config|glob$|sniff_csv|"
    r"query$|query_table|json_execute|which_secret|nextval|currval|write_log|load_|copy_|"
    r"checkpoint|force_checkpoint|sql_auto_complete|seq_scan|index_scan|add_parquet_key|"
    r"from_substrait|get_substrait|pg_get_|pg_sleep|sleep_ms|json_serialize_|json_deserialize_|"
    r"to_aggregate_state|variant_bytes_to_variant)",
    re.I,
)
"""What is refused also where the parser knows it by a name of its own, and never suggested."""

FILE_NAME = re.compile(
    r"[/\\*?:]|\.(csv|tsv|txt|parquet|json|jsonl|ndjson|db|duckdb|xlsx?|gz|zst)$", re.I
)
WRITTEN = "name"
"""Where the parser keeps a function's name as it is written."""

LONE_SURROGATE = re.compile("[\ud800-\udfff]")
CATALOG_NAME = re.compile(r"(duckdb_|pragma_|sqlite_|pg_)", re.I)
SCHEMAS = frozenset(("", "main"))
INFORMATION = frozenset(("tables", "columns", "schemata"))
"""What may be read of information_schema; its views would tell where the frames' files lie."""

ONLY_QUERIES = (
    "Only one query over the project's frames can run here: "
    "write a single SELECT, WITH … SELECT, SUMMARIZE, DESCRIBE or PIVOT statement."
)


def check_statement(sql: str) -> str:
    """The statement's text without a closing semicolon, if it is one query over frames.

    This is the first of two walls: the worker's DuckDB can reach nothing outside the frames either.

    Raises:
        SqlRefused: it is empty, several statements, not a query, or uses what a query may not use.
    """
    from sqlglot import exp

    root = _parse(sql)
    allowed = (exp.Query, exp.Summarize, exp.Describe, exp.Pivot, exp.Values)
    if not isinstance(root, allowed) or (isinstance(root, exp.Describe) and not root.this):
        raise SqlRefused(ONLY_QUERIES)
    for node in root.walk():
        _check_node(node)
    return sql.strip().rstrip(";").rstrip()


def _parse(sql: str) -> "exp.Expr":
    import sqlglot
    from sqlglot.errors import SqlglotError

    if len(sql) > MAX_STATEMENT:
        raise SqlRefused(f"The SQL is longer than {MAX_STATEMENT:,} characters: shorten it.")
    if "\0" in sql:
        raise SqlRefused("The SQL holds a NUL character: remove it.")
    if LONE_SURROGATE.search(sql):
        raise SqlRefused("The SQL holds half of a character (a lone surrogate): remove it.")
    try:
        statements = [
            found for found in sqlglot.parse(sql, dialect=_dialect()) if found is not None
        ]
    except (SqlglotError, RecursionError) as error:
        reason = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).split("\n")[0][:200]
        raise SqlRefused(f"This is not SQL that can be read here: {reason}") from None
    if not statements:
        raise SqlRefused("The SQL is empty: write a SELECT statement.")
    if len(statements) > 1:
        raise SqlRefused("Only one statement at a time: remove what follows the semicolon.")
    return statements[0]


@cache
def _dialect() -> "type[Dialect]":
    """DuckDB's SQL, with the functions' names kept as they are written."""
    from sqlglot.dialects.duckdb import DuckDB

    # Before sqlglot 30 it is a switch; from then on, the key that the name is kept under.
    names = {"PRESERVE_ORIGINAL_NAMES": True, "ORIGINAL_NAME_META_KEY": WRITTEN}
    return type("DuckDBAsWritten", (DuckDB,), names)


def _check_node(node: "exp.Expr") -> None:
    from sqlglot import exp

    changes = (
        exp.Command, exp.DDL, exp.DML, exp.Copy, exp.Attach, exp.Detach, exp.Set, exp.Pragma,
        exp.Drop, exp.Alter, exp.Use, exp.LoadData, exp.Into, exp.Parameter, exp.Placeholder,
    )  # fmt: skip
    if isinstance(node, changes) and not isinstance(node, exp.Query):
        raise SqlRefused(ONLY_QUERIES)
    if isinstance(node, exp.Table):
        _check_table(node)
    elif isinstance(node, exp.Func):
        _check_function(node)


def _check_function(function: "exp.Func") -> None:
    """Refuse what is not known to compute from its arguments and no more.

    The parser's own nodes without a written name (CASE, CAST, operators …) are grammar.
    """
    from sqlglot import exp

    parsed = _function_name(function)
    written = str(function.meta.get(WRITTEN, "")).lower()
    name = written or parsed
    called = written or isinstance(function, exp.Anonymous)
    if REFUSED_FUNCTIONS.match(parsed) or REFUSED_FUNCTIONS.match(name):
        raise SqlRefused(f"The function {name} is not available here: query the frames only.")
    if called and name not in FUNCTIONS:
        near = difflib.get_close_matches(name, FUNCTIONS, n=2)
        hint = f"did you mean {' or '.join(near)}?" if near else "compute it in another way."
        raise SqlRefused(f"There is no function {name} here: {hint}")


def _check_table(table: "exp.Table") -> None:
    from sqlglot import exp

    if isinstance(table.this, exp.Func):
        name = _function_name(table.this)
        if name not in TABLE_FUNCTIONS:
            raise SqlRefused(
                f"The table function {name} is not available here: name one of the frames."
            )
        return
    if FILE_NAME.search(table.name):
        raise SqlRefused(
            f"“{table.name}” looks like a file: files cannot be read here, name one of the frames."
        )
    schema = table.db.lower()
    known = schema in SCHEMAS or (
        schema == "information_schema" and table.name.lower() in INFORMATION
    )
    if table.catalog not in ("", "memory") or not known:
        raise SqlRefused(f"“{table.sql()}” is outside the frames: name one of the frames.")
    if CATALOG_NAME.match(table.name):
        raise SqlRefused(f"The catalogue table {table.name} is not available here.")


def _function_name(function: "exp.Func") -> str:
    from sqlglot import exp

    if isinstance(function, exp.Anonymous):
        return str(function.name).lower()
    return str(function.sql_name()).lower()
