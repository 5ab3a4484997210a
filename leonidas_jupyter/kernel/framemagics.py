"""``%leonidas load`` and ``%leonidas save``: frames into variables, and variables into files."""

import argparse
from typing import Any

from leonidas_jupyter.kernel.arguments import check_variable
from leonidas_jupyter.kernel.connection import Connection
from leonidas_jupyter.kernel.errors import LeonidasError
from leonidas_jupyter.kernel.listing import Note, shape_text

DIALECT = (
    "sheet",
    "delimiter",
    "encoding",
    "decimal",
    "thousands",
    "quote",
    "comment",
    "skip_rows",
    "header_rows",
    "footer_rows",
    "null_words",
    "text_columns",
)
"""Options of ``load`` that say how a file is written, named as the API names them."""


def load_frame(shell: Any, connection: Connection, arguments: argparse.Namespace) -> Note:  # noqa: ANN401 - IPython is not typed
    """Put a frame into a variable, read again first where its dialect is corrected.

    Raises:
        LeonidasError: in one sentence, why not.
    """
    variable = _after_as(arguments.as_variable, "%leonidas load FRAME as NAME")
    file = connection.file(arguments.name)
    variable = variable or file.frame_name
    check_variable(variable)
    said = {n: getattr(arguments, n) for n in DIALECT if getattr(arguments, n) is not None}
    changed = ""
    if said or arguments.reset:
        changed = connection.read_again(file.filename, reset=arguments.reset, **said)
    frame = connection.load(
        file.filename,
        arguments.columns,
        where=arguments.where,
        engine=arguments.engine,
        dtype_backend=arguments.dtype_backend,
        any_size=arguments.any_size,
    )
    shell.push({variable: frame})
    return Note("\n".join(filter(None, [changed, f"{variable}: {_told(frame, arguments.engine)}"])))


def save_table(shell: Any, connection: Connection, arguments: argparse.Namespace) -> Note:  # noqa: ANN401 - IPython is not typed
    """Save a variable's table as a file of the project.

    Raises:
        LeonidasError: in one sentence, why not.
    """
    name = arguments.variable
    if name not in shell.user_ns:
        raise LeonidasError(f"There is no variable {name!r} here.", code="usage")
    filename = _after_as(arguments.as_file, "%leonidas save VARIABLE as NAME.csv") or name
    saved = connection.save(
        shell.user_ns[name], filename, replace=arguments.replace, guard=arguments.guard
    )
    return Note(repr(saved))


def _told(frame: Any, engine: str) -> str:  # noqa: ANN401 - a table of the engine's
    """How large a table is, where that is known without computing it."""
    if engine == "duckdb":
        return f"a DuckDB relation of {_counted(len(frame.columns), 'column')}"
    if engine == "dask":
        return f"a dask DataFrame of {_counted(frame.npartitions, 'partition')}"
    return shape_text(*frame.shape)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _after_as(words: list[str], usage: str) -> str | None:
    if not words:
        return None
    if len(words) != 2 or words[0] != "as":
        raise LeonidasError(f"Write {usage}.", code="usage")
    return words[1]
