"""A query's whole result as a CSV file, written by the SQL worker itself.

The file is made to be read back as it was: every text is quoted as it needs, missing cells are
empty, and what CSV cannot tell (which columns are text) is said beside it. Cells are not changed
for spreadsheets, which take text that begins with ``=`` for a formula: who saves is told of them.
"""

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leonidas_jupyter.data.cells import projection
from leonidas_jupyter.data.errors import SqlFailed, SqlRefused
from leonidas_jupyter.data.statement import ONLY_QUERIES

if TYPE_CHECKING:
    import duckdb

WATCH_SECONDS = 0.05
"""How often the growing file is looked at."""

MOMENT = "%Y-%m-%d %H:%M:%S.%f"
"""One format for every moment: a column in which some have no fraction would be read as text."""

TYPED = ("BOOLEAN", "DATE", "TIME", "TIMESTAMP", "DOUBLE", "FLOAT", "DECIMAL")
"""What is recognised again by reading; whole numbers are, too, and everything else is text."""


class Watch:
    """Interrupts a query whose file grows beyond a limit."""

    def __init__(
        self, connection: "duckdb.DuckDBPyConnection", target: Path, max_bytes: int
    ) -> None:
        self._connection = connection
        self._target = target
        self._max_bytes = max_bytes
        self._done = threading.Event()
        self.over = False

    def __enter__(self) -> "Watch":
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self.over = self.over or self._size() > self._max_bytes

    def _look(self) -> None:
        while not self._done.wait(WATCH_SECONDS):
            if self._size() > self._max_bytes:
                self.over = True
                self._connection.interrupt()
                return

    def _size(self) -> int:
        return self._target.stat().st_size if self._target.exists() else 0


def export(
    connection: "duckdb.DuckDBPyConnection", sql: str, target: Path, max_bytes: int
) -> dict[str, Any]:
    """Write the whole result of one checked statement to ``target``.

    ``connection`` may write this file and nothing else. Returns how many ``rows`` there are, and
    which columns are text (``text_columns``).

    Raises:
        SqlRefused: it is no SELECT.
        SqlFailed: the file would be larger than ``max_bytes``.
        duckdb.Error: whatever stands against the query.
    """
    import duckdb

    if [each.type for each in connection.extract_statements(sql)] != [duckdb.StatementType.SELECT]:
        raise SqlRefused(ONLY_QUERIES)
    described = connection.execute(f"DESCRIBE {sql}").fetchall()
    names, kinds = [str(row[0]) for row in described], [str(row[1]) for row in described]
    columns = ", ".join(f'"{name.replace(chr(34), chr(34) * 2)}"' for name in names)
    # A projection into text renames the columns, so they are named again around it.
    query = f"SELECT * FROM (\n{projection(sql, kinds)}\n) AS result({columns})"  # noqa: S608 - checked
    literal = "'" + str(target).replace("'", "''") + "'"
    with Watch(connection, target, max_bytes) as watch:
        try:
            written = connection.execute(
                f"COPY ({query}) TO {literal} (FORMAT csv, HEADER, TIMESTAMPFORMAT '{MOMENT}')"
            ).fetchone()
        except duckdb.InterruptException:
            if not watch.over:
                raise
    if watch.over:
        target.unlink(missing_ok=True)
        raise SqlFailed(
            f"The result is larger than {max_bytes / 1e6:,.1f} MB as a file: aggregate or filter "
            "it first, or delete files that are not needed any more."
        )
    text = [name for name, kind in zip(names, kinds, strict=True) if _is_text(kind)]
    return {"rows": 0 if written is None else written[0], "text_columns": text}


def _is_text(kind: str) -> bool:
    whole = kind.endswith(("INT", "INTEGER"))
    return not whole and (not kind.startswith(TYPED) or kind.endswith("]"))
