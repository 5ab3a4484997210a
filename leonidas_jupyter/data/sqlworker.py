"""The process that answers SQL: ``python -m leonidas_jupyter.data.sqlworker``.

In: ``{"settings": …}`` once, then ``{"id", "frames", "sql", "limit"}``, or with ``target`` and
``max_bytes`` in place of ``limit`` for a CSV file of the whole result, or with ``arrow``, a path,
beside ``limit`` for a file of typed rows, or ``{"cancel": id}``.
Out: ``{"ready": true}``, then per query ``{"id", "result"}``, or ``{"id", "refused"}`` or
``{"id", "failed"}`` with a sentence.
"""

import queue
import time
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leonidas_jupyter.data.cells import MAX_RESULT_CHARACTERS, Converter, converters, projection
from leonidas_jupyter.data.errors import SqlFailed, SqlRefused
from leonidas_jupyter.data.inside import Speaker, claim_stdout, limit_memory, listen
from leonidas_jupyter.data.sqlarrow import write_arrow
from leonidas_jupyter.data.sqlerrors import sentence_for
from leonidas_jupyter.data.sqlexport import export
from leonidas_jupyter.data.statement import ONLY_QUERIES, check_statement

if TYPE_CHECKING:
    import duckdb

KEPT_CONNECTIONS = 4
"""How many sets of frames keep their connection open; making one takes about 20 ms."""

ARROW_SHARE = 4
"""The part of a query's memory that a result of typed rows may take is one in so many."""

FETCH_ROWS = 1000
MIB = 1024 * 1024


def quoted(name: str) -> str:
    """A name as SQL's quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL's string literal."""
    return "'" + text.replace("'", "''") + "'"


def open_frames(
    frames: dict[str, str], settings: dict[str, Any], target: str | None = None
) -> "duckdb.DuckDBPyConnection":
    """A connection that sees the frames as views and may write ``target``; it reaches no more."""
    import duckdb

    connection = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": f"{settings['memory_bytes'] // MIB}MiB",
            "threads": settings["threads"],
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "temp_directory": "",
            "python_enable_replacements": False,
        },
    )
    connection.execute("SET TimeZone = 'UTC'")
    # The order matters: a view over Parquet is bound when it is made and when it is used, so its
    # path must be allowed before external access goes, and the lock comes last.
    reachable = [*frames.values(), *([target] if target else [])]
    paths = ", ".join(literal(path) for path in reachable)
    connection.execute(f"SET allowed_paths = [{paths}]")
    for name, path in frames.items():
        connection.execute(
            f"CREATE VIEW {quoted(name)} AS SELECT * FROM read_parquet({literal(path)})"  # noqa: S608 - quoted above
        )
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


class Answerer:
    """Runs the queries of this process, one at a time, and takes interrupts from another thread."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._settings = settings
        self._connections: OrderedDict[str, duckdb.DuckDBPyConnection] = OrderedDict()
        self._running: tuple[int, duckdb.DuckDBPyConnection] | None = None

    def interrupt(self, query_id: int) -> None:
        """Stop the query if it runs now."""
        running = self._running
        if running is not None and running[0] == query_id:
            running[1].interrupt()

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The reply to one request; every error becomes a sentence."""
        frames: dict[str, str] = request["frames"]
        try:
            sql = check_statement(request["sql"])
            if "target" in request:
                return {"result": self._export(request, sql)}
            connection = self._connection(frames)
            self._running = (request["id"], connection)
            if "arrow" in request:
                return {"result": self._arrow(connection, request, sql)}
            return {"result": run(connection, sql, request["limit"], self._settings["cell"])}
        except SqlRefused as error:
            return {"refused": error.sentence}
        except SqlFailed as error:
            return {"failed": error.sentence}
        except Exception as error:  # noqa: BLE001 - whatever DuckDB raises is one failed query
            self._drop_broken(frames)
            return {"failed": sentence_for(error, frames, self._settings["memory_bytes"])}
        finally:
            self._running = None

    def _export(self, request: dict[str, Any], sql: str) -> dict[str, Any]:
        """Write the result into a file, over a connection that may write this one alone."""
        target = request["target"]
        connection = open_frames(request["frames"], self._settings, target)
        try:
            self._running = (request["id"], connection)
            return export(connection, sql, Path(target), request["max_bytes"])
        finally:
            connection.close()

    def _arrow(
        self, connection: "duckdb.DuckDBPyConnection", request: dict[str, Any], sql: str
    ) -> dict[str, Any]:
        """Write typed rows into a file; DuckDB itself may not, so that any connection will do."""
        return write_arrow(
            connection,
            sql,
            Path(request["arrow"]),
            limit=request["limit"],
            max_bytes=self._settings["memory_bytes"] // ARROW_SHARE,
        )

    def _drop_broken(self, frames: dict[str, str]) -> None:
        """Let go of a connection that a fatal error left unusable, which the next query opens anew.

        After a fatal error DuckDB answers every later query with the same error.
        """
        import duckdb

        key = _key(frames)
        connection = self._connections.get(key)
        if connection is None:
            return
        try:
            connection.execute("SELECT 1")
        except duckdb.Error:
            self._connections.pop(key).close()

    def _connection(self, frames: dict[str, str]) -> "duckdb.DuckDBPyConnection":
        key = _key(frames)
        connection = self._connections.pop(key, None)
        if connection is None:
            connection = open_frames(frames, self._settings)
        self._connections[key] = connection
        while len(self._connections) > KEPT_CONNECTIONS:
            self._connections.popitem(last=False)[1].close()
        return connection


def _key(frames: dict[str, str]) -> str:
    return repr(sorted(frames.items()))


def run(
    connection: "duckdb.DuckDBPyConnection", sql: str, limit: int, cell_characters: int
) -> dict[str, Any]:
    """Run one checked statement; returns a QueryResult as JSON-able values."""
    import duckdb

    started = time.perf_counter()
    statements = connection.extract_statements(sql)
    kinds = [statement.type for statement in statements]
    if kinds not in ([duckdb.StatementType.SELECT], [duckdb.StatementType.MULTI]):
        raise SqlRefused(ONLY_QUERIES)
    if kinds == [duckdb.StatementType.SELECT]:
        described = connection.execute(f"DESCRIBE {sql}").fetchall()
        names = [(str(row[0]), str(row[1])) for row in described]
        connection.execute(projection(sql, [kind for _, kind in names]))
    else:
        connection.execute(sql)
        names = [(str(column[0]), str(column[1])) for column in connection.description or []]
    rows, truncated = fetch(
        connection, converters([kind for _, kind in names], cell_characters), limit
    )
    return {
        "columns": [{"name": name, "type": kind} for name, kind in names],
        "rows": rows,
        "truncated": truncated,
        "elapsed_ms": round((time.perf_counter() - started) * 1000, 3),
    }


def fetch(
    connection: "duckdb.DuckDBPyConnection", columns: list[Converter], limit: int
) -> tuple[list[list[Any]], bool]:
    """Up to ``limit`` rows as JSON cells, and whether there were more."""
    rows: list[list[Any]] = []
    characters = 0
    while chunk := connection.fetchmany(min(FETCH_ROWS, limit + 1 - len(rows))):
        for raw in chunk:
            if len(rows) == limit or characters > MAX_RESULT_CHARACTERS:
                return rows, True
            row = [
                None if cell is None else convert(cell)
                for cell, convert in zip(raw, columns, strict=True)
            ]
            characters += sum(len(cell) for cell in row if isinstance(cell, str))
            rows.append(row)
    return rows, False


def main() -> None:
    """Answer queries until the parent goes away."""
    speaker = Speaker(claim_stdout())
    inbox: queue.Queue[dict[str, Any]] = queue.Queue()
    answerers: list[Answerer] = []

    def handle(message: dict[str, Any]) -> None:
        if "cancel" in message:
            for answerer in answerers:
                answerer.interrupt(message["cancel"])
        else:
            inbox.put(message)

    listen(handle)
    settings = inbox.get()["settings"]
    import duckdb  # noqa: F401 - loaded before the first query, not during it
    import sqlglot  # noqa: F401

    # DuckDB keeps to its own limit; this one is for what Python and the parser take beside it.
    limit_memory(2 * settings["memory_bytes"])
    answerers.append(Answerer(settings))
    speaker.say({"ready": True})
    while True:
        request = inbox.get()
        speaker.say({"id": request["id"], **answerers[0].answer(request)})


if __name__ == "__main__":
    main()
