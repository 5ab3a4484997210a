"""Errors of tools as a model may know them: classified by us, without a word of the data."""

import asyncio
import builtins
import difflib
import re
from typing import TYPE_CHECKING

from pydantic import BaseModel

from leonidas_jupyter.data.frames import Frame

if TYPE_CHECKING:
    from leonidas_jupyter.assistant.tools.base import Tool, ToolContext

UNKNOWN = re.compile(r"not found|does not exist|there is no (column|frame)|referenced", re.I)
GROUPING = re.compile(r"must appear in the GROUP BY|cannot be mixed with aggreg", re.I)
TYPES = re.compile(
    r"convert|cast|type|no function matches|cannot compare|out of range|overflow|invalid input",
    re.I,
)
TOO_MUCH = re.compile(r"longer than .* seconds|more memory", re.I)
SYNTAX = re.compile(r"syntax|parser", re.I)

GENERIC = (
    "The tool failed; its message may quote the data and is shown to the user, not to you. Check "
    "the names and types against the frames and try again."
)
MAX_COLUMNS = 12

NAMING = frozenset({"encode", "pivot", "melt", "group", "resample", "join"})
"""Steps of a recipe that name columns after values, or may bring such columns in."""


async def explained(
    tool: "Tool", arguments: BaseModel, sentence: str, context: "ToolContext"
) -> str:
    """What went wrong, in our own words and names that stand in the frames or in the call.

    Args:
        tool: which failed.
        arguments: with which.
        sentence: what it said; it only decides which of our sentences is given.
        context: its frames.
    """
    if tool.name == "python":
        kind = exception_type(sentence)
        return f"The code failed with {kind}; the message is shown to the user, not to you."
    sql = getattr(arguments, "sql", None)
    if not isinstance(sql, str):
        return GENERIC
    told = [frame for frame in context.frames if not frame.generated]
    return await asyncio.to_thread(_of_query, sql, sentence, told)


def made_of_names(arguments: BaseModel, context: "ToolContext") -> bool:
    """Whether no name that a call's error may list can be made out of cells.

    Some steps of a recipe make columns out of values, and so may have what a saved result is of.
    """
    told = arguments.model_dump(mode="json", include={"steps", "frame"})
    saved = {frame.name.lower() for frame in context.frames if frame.generated}
    named = {str(told.get("frame")), *(str(step.get("frame")) for step in told.get("steps", ()))}
    plain = all(step["op"] not in NAMING for step in told.get("steps", ()))
    return plain and saved.isdisjoint(name.lower() for name in named)


def exception_type(sentence: str) -> str:
    """The name of Python's exception that an error begins with; any other is just an error.

    Code can make classes of any name, also one that it reads in the data.
    """
    name = sentence.split(":", 1)[0].strip()
    known = getattr(builtins, name, None) if name.isidentifier() else None
    is_exception = isinstance(known, type) and issubclass(known, BaseException)
    return name if is_exception else "an error"


def _of_query(sql: str, sentence: str, frames: list[Frame]) -> str:
    tables, columns = _names_in(sql)
    if TOO_MUCH.search(sentence):
        return "The query took too long or too much memory: aggregate or filter earlier."
    if UNKNOWN.search(sentence):
        return _unknown(tables, columns, frames)
    if GROUPING.search(sentence):
        return "A column stands neither in GROUP BY nor inside an aggregate: add it to one of them."
    if TYPES.search(sentence):
        used = [
            f"{column.name} ({column.type})"
            for frame in frames
            for column in frame.profile.columns
            if column.name.lower() in columns
        ]
        listed = ", ".join(used[:MAX_COLUMNS]) or "none of the frames' columns"
        return f"A type does not fit. The query uses: {listed}. Use TRY_CAST where it converts."
    if SYNTAX.search(sentence):
        return "This is not SQL that DuckDB can read: check the syntax."
    return GENERIC


def _names_in(sql: str) -> tuple[set[str], set[str]]:
    """The names of tables and columns in a query, in lower case; none where it does not parse."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        parsed = sqlglot.parse_one(sql, dialect="duckdb")
    except (SqlglotError, RecursionError):
        return set(), set()
    own = {cte.alias.lower() for cte in parsed.find_all(exp.CTE)}
    tables = {table.name.lower() for table in parsed.find_all(exp.Table)} - own
    aliases = {alias.alias.lower() for alias in parsed.find_all(exp.Alias)}
    return tables, {column.name.lower() for column in parsed.find_all(exp.Column)} - aliases


def _unknown(tables: set[str], columns: set[str], frames: list[Frame]) -> str:
    known_frames = {frame.name.lower(): frame.name for frame in frames}
    known = {c.name.lower(): c.name for frame in frames for c in frame.profile.columns}
    parts = []
    for what, wanted, there in (("frame", tables, known_frames), ("column", columns, known)):
        for name in sorted(wanted - there.keys()):
            near = difflib.get_close_matches(name, there, n=3, cutoff=0.5)
            hint = f"; near: {', '.join(there[each] for each in near)}" if near else ""
            parts.append(f"There is no {what} {name[:80]!r}{hint}.")
    return " ".join(parts[:5]) or "A name in the query is not known: check it against the frames."
